"""Which role each class of the weights plays, read from roles.toml."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from detectors.sightings import ObjectRole

ROLES_FILE = Path(__file__).with_name("roles.toml")


@cache
def _role_of_name() -> dict[str, ObjectRole]:
    table = tomllib.loads(ROLES_FILE.read_text(encoding="utf-8"))["roles"]
    return {name: ObjectRole(role) for role, names in table.items() for name in names}


def roles_of(names: Mapping[int, str]) -> dict[int, ObjectRole]:
    """Class number -> role, for the classes that mean something to a rule."""
    known = _role_of_name()
    return {number: known[name.lower()] for number, name in names.items() if name.lower() in known}
