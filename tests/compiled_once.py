"""What a statement becomes as SQL, kept for all the databases of one process.

A process of a site has one engine all its life, and turns each statement into SQL once. In a process of the tests each
test has a database with an engine of its own, and most of its time would go into turning the same statements into the
same SQL again. SQLAlchemy keeps SQL by dialect; here all engines of a kind have the same one.
"""

from typing import Any

from sqlalchemy import Engine
from sqlalchemy.engine import Dialect
from sqlalchemy.util import LRUCache

STATEMENTS = 2000  # of the whole suite, a few of which are made anew

_KEPT: dict[str, tuple[Dialect, LRUCache[Any, Any]]] = {}


def compiled_once(engine: Engine) -> Engine:
    """The engine, which takes over what was compiled for others of its kind. It must not have been used yet."""
    kind = engine.dialect.name
    if kind not in _KEPT:
        engine.connect().close()  # a dialect learns what server it speaks to
        _KEPT[kind] = engine.dialect, LRUCache(STATEMENTS)
    engine.dialect, compiled = _KEPT[kind]
    engine.update_execution_options(compiled_cache=compiled)
    return engine
