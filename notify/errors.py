"""What can go wrong when a promise to the outside world is kept, and with what comes back."""


class NotifyError(Exception):
    """Something about a message to the outside world failed."""


class KeyReused(NotifyError):
    def __init__(self, key: str) -> None:
        super().__init__(f"the key {key} already promises something else; give the new promise a key of its own")
        self.key = key


class MessageImpossible(NotifyError):
    """The message can never be written: what it speaks of, or whom it is for, is not there."""


class RoutesRefused(NotifyError):
    """Which gateway carries what is not written as it has to be."""


class GatewayUnavailable(NotifyError):
    """No answer, or "not now": whether the message was taken is to be looked up before it is sent again."""


class GatewayUnreachable(GatewayUnavailable):
    """Nothing was handed over: there was no connection. Another gateway may take the message."""


class DestinationRefused(GatewayUnreachable):
    """The address is none that may be dialled; nothing was handed over."""


class GatewayRefused(NotifyError):
    """A final no: sending the same again gets the same answer."""


class SoundRefused(NotifyError):
    """A sound that no loudspeaker is given."""


class NoVoice(NotifyError):
    """Nothing here can speak, or it did not."""


class RegisterUnavailable(NotifyError):
    """The register of vehicles gave no usable answer; ask again later."""


class WebhookRefused(NotifyError):
    """What came in is not believed, or came before: nothing is changed by it."""


class Forged(WebhookRefused):
    """The signature, the token or the account is not that of our provider."""


class Unreadable(WebhookRefused):
    """It does not say what such a message has to say."""


class Replayed(WebhookRefused):
    def __init__(self, what: str) -> None:
        super().__init__(f"{what} came before; it is on record once and changes nothing twice")


class UnknownMessage(WebhookRefused):
    def __init__(self) -> None:
        super().__init__("it speaks of a message that this site did not send")
