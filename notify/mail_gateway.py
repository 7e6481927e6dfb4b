"""E-mail by SMTP: to a recipient who is an address, else to the mailbox of the duty room.

The Message-ID is made from the key, so that the same message sent twice is one to mail programs that go by it. An SMTP
server cannot be asked what it took.
"""

import hashlib
import smtplib
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Any
from urllib.parse import unquote, urlsplit

from notify.errors import DestinationRefused, GatewayRefused, GatewayUnavailable, GatewayUnreachable
from notify.gateway import Letter
from notify.gateway_http import DEADLINE_S, GatewayNetworks, dial, wrapped

SUBJECT_CHARACTERS = 60


@dataclass(frozen=True)
class MailGateway:
    """url: smtps://user:password@host:465, or smtp://… with STARTTLS. mailbox: of the duty room.

    clock: the time now, aware.
    """

    url: str = field(repr=False)
    sender: str
    mailbox: str
    networks: GatewayNetworks
    clock: Callable[[], datetime]
    deadline_s: float = DEADLINE_S

    def send(self, key: str, letter: Letter) -> str:
        mail = self._mail(key, letter)
        parts = urlsplit(self.url)
        if parts.scheme not in ("smtp", "smtps") or parts.hostname is None:
            raise DestinationRefused("the mail server is written smtps://user:password@host:465; correct the settings")
        host, encrypted = parts.hostname, parts.scheme == "smtps"
        line = _Line(self.networks, host, encrypted=encrypted, ends_at_s=time.monotonic() + self.deadline_s)
        handed_over = False
        try:
            line.connect(host, parts.port or (465 if encrypted else 587))
            if not encrypted and line.may_encrypt():
                line.encrypt()
            if parts.username:
                line.login(unquote(parts.username), unquote(parts.password or ""))
            handed_over = True
            line.send_message(mail)
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPResponseException) as error:
            raise _ours(host, error) from error
        except (OSError, smtplib.SMTPException, ssl.SSLError) as error:
            kind = GatewayUnavailable if handed_over else GatewayUnreachable
            raise kind(f"{host}: the mail was not taken for certain; it is tried again") from error
        finally:
            line.close()
        return str(mail["Message-ID"])

    def find(self, key: str, letter: Letter, since: datetime) -> str | None:  # noqa: ARG002
        """It cannot be asked."""
        return None

    def _mail(self, key: str, letter: Letter) -> EmailMessage:
        mail = EmailMessage()
        mail["From"] = self.sender
        mail["To"] = letter.to if "@" in letter.to else self.mailbox
        first = letter.text.partition("\n")[0]
        mail["Subject"] = first if len(first) <= SUBJECT_CHARACTERS else f"{first[: SUBJECT_CHARACTERS - 1]}…"
        mail["Date"] = format_datetime(self.clock())
        domain = parseaddr(self.sender)[1].rpartition("@")[2] or "localhost"
        mail["Message-ID"] = f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@{domain}>"
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday answers
        mail.set_content(letter.text)
        return mail


class _Line(smtplib.SMTP):
    """SMTP over a connection to the checked address, of which no read outlasts the deadline."""

    def __init__(self, networks: GatewayNetworks, host: str, *, encrypted: bool, ends_at_s: float) -> None:
        super().__init__(local_hostname="localhost", timeout=max(ends_at_s - time.monotonic(), 0.001))
        self._networks, self._name, self._encrypted, self._ends_at_s = networks, host, encrypted, ends_at_s
        self._address_is_ours = False

    def _get_socket(self, host: str, port: int, timeout: Any) -> socket.socket:  # noqa: ARG002
        # STARTTLS encrypts before anything is said, and where it is missing only our own networks are spoken to
        address = self._networks.address_of(host, port, secret=True)
        self._address_is_ours = any(address in network for network in self._networks.allowed)
        return dial(address, port, host if self._encrypted else None, self._ends_at_s)

    def may_encrypt(self) -> bool:
        """Raises DestinationRefused where numbers would travel the internet in clear."""
        self.ehlo()
        if self.has_extn("starttls"):
            return True
        if not self._address_is_ours:
            raise DestinationRefused(f"{self._name}: offers no encryption, and numbers do not travel in clear")
        return False

    def encrypt(self) -> None:
        """RFC 3207: what the server said before is forgotten."""
        code, said = self.docmd("STARTTLS")
        if code != 220:
            raise smtplib.SMTPResponseException(code, said)
        assert isinstance(self.sock, socket.socket)
        self.sock = wrapped(self.sock, self._name, self._ends_at_s)
        self.file = None
        self.helo_resp = self.ehlo_resp = None
        self.esmtp_features = {}
        self.does_esmtp = False
        self.ehlo()


def _ours(host: str, error: Exception) -> GatewayUnavailable | GatewayRefused:
    """Never the server's sentence: it repeats addresses. RFC 5321 4.2.1: 4yz may pass, 5yz will not."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in error.recipients.values()]
    else:
        assert isinstance(error, smtplib.SMTPResponseException)
        codes = [error.smtp_code]
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return GatewayUnavailable(f"{host}: does not accept our user or password; correct the settings")
    said = f"{host}: answers {', '.join(map(str, codes))}"
    if all(500 <= code < 600 for code in codes):
        return GatewayRefused(f"{said}; the mail is not taken as it is")
    return GatewayUnavailable(f"{said}; it is tried again")
