"""What was found a moment ago, for all who ask the same meanwhile: of many at once one looks, and the others wait."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

AT_MOST = 64  # answers; what was not asked for longest goes

Asked = TypeVar("Asked", bound=Hashable)
Found = TypeVar("Found")


class Remembering(Generic[Asked, Found]):
    """Shared by all requests of an app, so what is found is only to be read."""

    def __init__(self) -> None:
        self._found: OrderedDict[Asked, Found] = OrderedDict()
        self._looking: dict[Asked, Lock] = {}
        self._own = Lock()

    def recall(self, asked: Asked, holds: Callable[[Found], bool], look: Callable[[], Found]) -> Found:
        """What was found for `asked` where it still holds, else what `look` finds now."""
        with self._own:
            looking = self._looking.setdefault(asked, Lock())
        with looking:
            found = self._found.get(asked)
            if found is None or not holds(found):
                found = look()
            self._keep(asked, found)
        return found

    def _keep(self, asked: Asked, found: Found) -> None:
        with self._own:
            self._found[asked] = found
            self._found.move_to_end(asked)
            while len(self._found) > AT_MOST:
                oldest, _ = self._found.popitem(last=False)
                self._looking.pop(oldest, None)
