"""Routes: which gateway carries which kind of message, as the settings say.

`move_vehicle=twilio,aliyun officer_told=wecom *=file`: the first that is not left alone just now is taken; the star
stands for every kind that is not named.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from notify.errors import RoutesRefused

EVERY_OTHER = "*"


@dataclass(frozen=True)
class Routes:
    of_kind: Mapping[str, tuple[str, ...]]

    def gateways_for(self, kind: str) -> tuple[str, ...]:
        """In the order of preference."""
        return self.of_kind.get(kind) or self.of_kind[EVERY_OTHER]


def read_routes(text: str, gateways: Iterable[str], kinds: Iterable[str]) -> Routes:
    """Raises RoutesRefused for a kind or a gateway that there is not."""
    known_gateways, known_kinds = sorted(gateways), [*sorted(kinds), EVERY_OTHER]
    of_kind: dict[str, tuple[str, ...]] = {}
    for entry in text.split():
        kind, equals, listed = entry.partition("=")
        names = tuple(name for name in listed.split(",") if name)
        if not equals or not names:
            raise RoutesRefused(f"`{entry}` is no route; write move_vehicle=twilio or *=file")
        if kind not in known_kinds:
            raise RoutesRefused(f"`{kind}` is no kind of message; there are {', '.join(known_kinds)}")
        if kind in of_kind:
            raise RoutesRefused(f"`{kind}` is routed twice; write its gateways in one entry")
        for name in names:
            if name not in known_gateways:
                raise RoutesRefused(
                    f"the gateway `{name}` is not set up; there are {', '.join(known_gateways)}; see docs/messages.md"
                )
        of_kind[kind] = names
    if EVERY_OTHER not in of_kind:
        raise RoutesRefused("nothing is said of the other kinds of messages; end with *=file")
    return Routes(of_kind)
