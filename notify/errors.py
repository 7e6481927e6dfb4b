"""What can go wrong when a promise to the outside world is kept."""


class NotifyError(Exception):
    """Something about a message to the outside world failed."""


class KeyReused(NotifyError):
    def __init__(self, key: str) -> None:
        super().__init__(f"the key {key} already promises something else; give the new promise a key of its own")
        self.key = key


class MessageImpossible(NotifyError):
    """The message can never be written: what it speaks of, or whom it is for, is not there."""


class GatewayUnavailable(NotifyError):
    """No answer, or "not now": whether the message was taken is to be looked up before it is sent again."""


class GatewayRefused(NotifyError):
    """A final no: sending the same again gets the same answer."""
