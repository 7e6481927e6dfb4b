"""A horn: what every driver of a loudspeaker offers, and what they have in common.

`play` returns when the device has said that it took the whole sound. Raised instead: GatewayUnreachable where nothing
was handed over, GatewayRefused where the device says no, and GatewayUnavailable where nobody knows what was heard.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

from notify.digest_access import Login
from notify.errors import DestinationRefused
from notify.sound import Sound

MARGIN_S = 12.0  # beyond the length of the sound itself: for connecting, and for the answers
PART_S = 0.1
AHEAD_S = 0.5  # what a device may have before its time, so that a hiccup of ours is not heard


@dataclass(frozen=True)
class HornAddress:
    """How a loudspeaker is reached. url: without user name and password."""

    loudspeaker_id: str
    driver: str
    url: str | None
    login: Login | None = field(default=None, repr=False)

    @property
    def whole_url(self) -> str:
        """Raises DestinationRefused."""
        if self.url is None or urlsplit(self.url).hostname is None:
            raise DestinationRefused(f"loudspeaker {self.loudspeaker_id} has no url; give it one in the site file")
        return self.url


class Horn(Protocol):
    def play(self, sound: Sound, name: str) -> str:
        """What the device said. name: what the announcement is called, where it becomes a file."""
        ...


def in_its_time(data: bytes, bytes_a_second: int) -> Iterator[bytes]:
    """The data in parts, no faster than it is heard: small devices hold little and drop the rest."""
    began_s = time.monotonic()
    part = max(round(bytes_a_second * PART_S), 1)
    for start in range(0, len(data), part):
        early_s = start / bytes_a_second - (time.monotonic() - began_s) - AHEAD_S
        if early_s > 0:
            time.sleep(early_s)
        yield data[start : start + part]
