"""What a gateway has to do to carry our messages, whoever runs it."""

from typing import Protocol


class Gateway(Protocol):
    """Carries text messages. Raises GatewayUnavailable or GatewayRefused (notify/errors.py) and nothing foreign."""

    def send(self, key: str, to: str, text: str) -> str:
        """Hands the message over; the gateway's own id of it."""
        ...

    def find(self, key: str) -> str | None:
        """The id of a message taken earlier under `key`; None where there is none."""
        ...
