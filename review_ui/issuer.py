"""The issuer of a sign-in elsewhere, as the settings name it. How it is asked is in review_ui/oidc.py."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True)
class Issuer:
    """Whose word is taken. url: exactly as its tokens say it. name: on the button of the sign-in page."""

    url: str
    client_id: str
    name: str
    client_secret: str | None = field(default=None, repr=False)


def is_safe(address: str) -> bool:
    """By HTTPS; without it only on this machine."""
    parts = urlsplit(address)
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK))
