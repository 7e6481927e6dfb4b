"""Horns by HTTP: those that speak as Axis' (VAPIX, audio/transmit.cgi) and Hikvision's (ISAPI, TwoWayAudio) do.

Both take G.711 µ-law. Who has a user name is asked for the challenge first, with nothing in hand, so that the sound is
sent once and to a device that will take it.
"""

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import urlsplit

from notify.digest_access import answer_to
from notify.errors import GatewayRefused, GatewayUnavailable, GatewayUnreachable
from notify.gateway_http import NOT_NOW, GatewayHttp, GatewayNetworks, Reply
from notify.horn import MARGIN_S, HornAddress, in_its_time
from notify.sound import TELEPHONE_HZ, Sound

log = logging.getLogger(__name__)

AXIS_TRANSMIT = "/axis-cgi/audio/transmit.cgi"
HIKVISION_CHANNEL = "/ISAPI/System/TwoWayAudio/channels/1"
SESSION = re.compile(r"<sessionId>\s*([\w.-]{1,64})\s*</sessionId>")
UNAUTHORIZED = 401
ASK_S = 4.0  # three of them and the sound fit into the lease of cases/horn_queue.py


@dataclass(frozen=True)
class _Device:
    """One horn. asking: for what is answered at once; http: for the sound, which takes its time."""

    address: HornAddress
    asking: GatewayHttp
    http: GatewayHttp

    @property
    def host(self) -> str:
        return urlsplit(self.address.whole_url).hostname or ""

    def url(self, path: str) -> str:
        parts = urlsplit(self.address.whole_url)
        own = f"{parts.path}?{parts.query}" if parts.query else parts.path
        return f"{parts.scheme}://{parts.netloc}{path or own}"

    def ask(self, method: str, path: str, authorization: str | None = None) -> Reply:
        """Nothing is handed over yet, so what fails here may be tried again. Raises GatewayUnreachable."""
        headers = {"Content-Length": "0"} | ({"Authorization": authorization} if authorization else {})
        try:
            return self.asking.exchange(method, self.url(path), headers=headers)
        except GatewayUnreachable:
            raise
        except GatewayUnavailable as error:
            raise GatewayUnreachable(f"{error}; nothing was played yet") from error

    def hand_over(self, method: str, path: str, sound: bytes, media_type: str, authorization: str | None) -> Reply:
        headers = {"Content-Type": media_type, "Content-Length": str(len(sound))}
        parts: Iterable[bytes] = in_its_time(sound, TELEPHONE_HZ)
        if authorization is not None:
            headers["Authorization"] = authorization
        return self.http.exchange(method, self.url(path), body=parts, headers=headers)

    def authorization(self, challenge: str, method: str, path: str) -> str | None:
        login = self.address.login
        if login is None:
            return None
        url = urlsplit(self.url(path))
        uri = (url.path or "/") + (f"?{url.query}" if url.query else "")
        return answer_to(challenge, login, method, uri, secret=url.scheme == "https")

    def refuse(self, reply: Reply, *, handed_over: bool) -> NoReturn:
        """Raises what a status of 400 and above means; with the sound in its hands, what was heard is not known."""
        if reply.status == UNAUTHORIZED:
            raise GatewayRefused(f"{self.host} does not take the user name and password; correct them in the site file")
        if reply.status >= 500 or reply.status in NOT_NOW:
            if handed_over:
                raise GatewayUnavailable(f"{self.host} was given the sound and answers {reply.status}")
            raise GatewayUnreachable(f"{self.host} answers {reply.status}; somebody may be speaking through it")
        raise GatewayRefused(f"{self.host} answers {reply.status}; check driver and url of the loudspeaker")


def _device(address: HornAddress, networks: GatewayNetworks, sound: Sound) -> _Device:
    handing_over = GatewayHttp(networks, deadline_s=sound.seconds + MARGIN_S)
    return _Device(address, GatewayHttp(networks, deadline_s=ASK_S), handing_over)


@dataclass(frozen=True)
class AxisHorn:
    """url: http(s)://host, or with the whole path where it is another than AXIS_TRANSMIT."""

    address: HornAddress
    networks: GatewayNetworks

    def play(self, sound: Sound, name: str) -> str:  # noqa: ARG002 - it keeps no files
        device = _device(self.address, self.networks, sound)
        path = "" if urlsplit(self.address.whole_url).path.strip("/") else AXIS_TRANSMIT
        authorization = None
        if self.address.login is not None:
            asked = device.ask("POST", path)
            if asked.status == UNAUTHORIZED:
                authorization = device.authorization(asked.headers.get("www-authenticate", ""), "POST", path)
            elif asked.status >= 400:
                device.refuse(asked, handed_over=False)
        reply = device.hand_over("POST", path, sound.mu_law(), "audio/basic", authorization)
        if reply.status >= 400:
            device.refuse(reply, handed_over=True)
        return f"{device.host} took the whole sound and answered {reply.status}"


@dataclass(frozen=True)
class HikvisionHorn:
    """url: http(s)://host. The channel's audio has to be set to G.711ulaw in the device."""

    address: HornAddress
    networks: GatewayNetworks

    def play(self, sound: Sound, name: str) -> str:  # noqa: ARG002 - it keeps no files
        device = _device(self.address, self.networks, sound)
        challenge = ""
        opened = device.ask("PUT", f"{HIKVISION_CHANNEL}/open")
        if opened.status == UNAUTHORIZED and self.address.login is not None:
            challenge = opened.headers.get("www-authenticate", "")
            path = f"{HIKVISION_CHANNEL}/open"
            opened = device.ask("PUT", path, device.authorization(challenge, "PUT", path))
        if opened.status >= 400:
            device.refuse(opened, handed_over=False)
        session = SESSION.search(opened.text)
        query = f"?sessionId={session[1]}" if session else ""

        def authorized(path: str) -> str | None:
            return device.authorization(challenge, "PUT", path) if challenge else None

        data, close = f"{HIKVISION_CHANNEL}/audioData{query}", f"{HIKVISION_CHANNEL}/close{query}"
        try:
            reply = device.hand_over("PUT", data, sound.mu_law(), "application/octet-stream", authorized(data))
        except GatewayUnavailable:
            _let_go(device, close, authorized(close))
            raise
        if reply.status >= 400:
            _let_go(device, close, authorized(close))
            device.refuse(reply, handed_over=True)
        try:
            closed = device.ask("PUT", close, authorized(close))
        except GatewayUnreachable as error:
            raise GatewayUnavailable(f"{device.host} took the sound and said nothing at its end") from error
        if closed.status >= 400:
            raise GatewayUnavailable(f"{device.host} took the sound and answers {closed.status} at its end")
        return f"{device.host} took the whole sound and closed the channel"


def _let_go(device: _Device, path: str, authorization: str | None) -> None:
    """A channel left open would be busy for everybody until the device forgets it."""
    try:
        device.ask("PUT", path, authorization)
    except GatewayUnreachable as error:
        log.warning("a channel may be left open", extra={"host": device.host, "why": str(error)})
