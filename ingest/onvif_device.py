"""An ONVIF device: who it is, what its clock says, where its streams are, how its dome moves.

The one home of onvif-zeep on the looking side. The package gives the WSDL files and the service proxy; everything
that goes over the wire goes through `device_http.py`, because as it comes the package waits for ever, reads whatever
is sent, and takes the password digest to whatever host the device names.

Addresses that the device names are pinned to the configured one. Behind address translation a camera names its inner
address, which leads nowhere or, worse, to another machine; so the path it names is kept and the host is ours, for its
services and snapshots with the configured port (the one known to be forwarded; another port only where the device
names the configured host itself), for streams with the port it names. No digest ever goes to another host.

Every public function is answered within `deadline_s` as a whole, or raises DeviceTooSlow. All errors are of
ingest/errors.py, and none holds a password. Devices that speak only Media2 (ver20) are told apart as a refusal: the
package has no WSDL for it; their RTSP URL is then given by hand.
"""

import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import zeep
from zeep.exceptions import Fault
from zeep.wsdl import Document
from zeep.wsse.username import UsernameToken

from ingest.camera_address import Address, StreamUrl, parse_onvif_url, parse_stream_url
from ingest.device_http import Deadline, DeviceHttp
from ingest.errors import CredentialsRefused, DeviceError, IdentityMissing, ReplyRefused, RequestRefused, UrlRefused
from ingest.onvif_xml import check_xml

# onvif-zeep calls logging.basicConfig when it is imported, which does nothing while the root has a handler
_keeps_the_root_as_it_is = logging.NullHandler()
logging.root.addHandler(_keeps_the_root_as_it_is)
import onvif  # noqa: E402
from onvif.definition import SERVICES  # noqa: E402

logging.root.removeHandler(_keeps_the_root_as_it_is)

log = logging.getLogger(__name__)

DEADLINE_S = 10.0
MOST_REPLY_BYTES = 8 << 20
MOST_SNAPSHOT_BYTES = 16 << 20
MOST_PROFILES = 256
LONGEST_TEXT = 256  # an ONVIF token has at most 64 characters, names may be longer
DEVICE_PATH = "/onvif/device_service"  # ONVIF Core 5.10.1: the one address that every device has

CLOCK_POLL_S = 0.2
CLOCK_WITHIN_S = 1.5
GOOD_CLOCK_ERROR_S = 0.2
CLOCK_STEP_S = 1.0  # GetSystemDateAndTime counts whole seconds
SKEW_WORTH_A_RETRY_S = 2.0

# ONVIF PTZ annex A: -1 and 1 are the edges of what the picture shows now, up and right are positive
FIELD_OF_VIEW = "http://www.onvif.org/ver10/tptz/PanTiltSpaces/TranslationSpaceFov"
JPEG_START = b"\xff\xd8\xff"
NOT_AUTHORIZED = ("notauthorized", "failedauthentication", "invalidsecurity")  # ONVIF Core 5.8, WS-Security 12


@dataclass(frozen=True)
class DeviceFacts:
    manufacturer: str
    model: str
    firmware: str
    serial: str


@dataclass(frozen=True)
class ClockReading:
    """`offset_s` is our UTC minus the camera's; the true offset lies within `error_s` of it."""

    offset_s: float
    error_s: float
    measured_at: datetime


@dataclass(frozen=True)
class ClockPoll:
    """One look at the camera's clock, which shows whole seconds, between two moments of ours."""

    sent_at: datetime
    received_at: datetime
    shown: datetime


@dataclass(frozen=True)
class Profile:
    token: str
    name: str
    codec: str | None  # as the device writes it: H264, H265, JPEG
    width: int | None
    height: int | None
    frame_rate: float | None
    stream: StreamUrl | None  # None: the device gives no RTSP stream of this profile
    has_ptz: bool


@dataclass(frozen=True)
class Preset:
    token: str
    name: str


@dataclass(frozen=True)
class PtzStatus:
    """Where the dome looks, in ONVIF's generic spaces (pan, tilt -1..1, zoom 0..1); None where it does not say."""

    moving: bool | None
    pan: float | None
    tilt: float | None
    zoom: float | None


def utc_now() -> datetime:
    return datetime.now(UTC)


def clock_from(polls: Sequence[ClockPoll]) -> ClockReading:
    """What the polls together prove about the offset.

    Shown second T means that the camera's clock stood in [T, T+1) at some moment between sending and receiving, so
    the offset lies between sent - (T+1) and received - T. Every poll must agree, and a change of the second between
    two polls makes the common range narrow. Polls that do not agree saw the clock being set: the last one counts.
    """
    base = polls[-1]
    lows = [(poll.sent_at - poll.shown).total_seconds() - CLOCK_STEP_S for poll in polls]
    highs = [(poll.received_at - poll.shown).total_seconds() for poll in polls]
    low, high = max(lows), min(highs)
    if low > high:
        low, high = lows[-1], highs[-1]
    return ClockReading((low + high) / 2, (high - low) / 2, base.received_at)


class OnvifDevice:
    """One device at its configured URL and its checked address."""

    def __init__(
        self,
        url: StreamUrl,
        address: Address,
        *,
        username: str | None = None,
        password: str | None = None,
        deadline_s: float = DEADLINE_S,
        now: Callable[[], datetime] = utc_now,
        certificate: Path | None = None,
    ) -> None:
        """`address` is one that `camera_address.resolve` gave for `url`; `now` is our UTC, which clocks are held to."""
        path = DEVICE_PATH if url.path == "/" else url.path
        self._url = replace(url, path=path, username=None, password=None)
        self._address = address
        self._username, self._password = username, password
        self._deadline_s, self._now = deadline_s, now
        self._http = DeviceHttp(address, username=username, password=password, certificate=certificate)
        self._skew_s = 0.0  # our UTC minus the camera's, once a refusal made us ask
        self._services = {"devicemgmt": self._url}

    def __repr__(self) -> str:
        return f"OnvifDevice({self._url.place})"

    def device_facts(self) -> DeviceFacts:
        """Who the device says it is. Raises IdentityMissing when it says nothing: an empty answer is no camera."""
        answer = self._ask("devicemgmt", "GetDeviceInformation", {}, self._deadline())
        names = ("Manufacturer", "Model", "FirmwareVersion", "SerialNumber")
        manufacturer, model, firmware, serial = (self._text(getattr(answer, name, None)) for name in names)
        if not (manufacturer or model or serial):
            raise IdentityMissing(self._url.place)
        return DeviceFacts(manufacturer, model, firmware, serial)

    def clock(self, within_s: float = CLOCK_WITHIN_S) -> ClockReading:
        """The device's clock against ours: asked again, for at most `within_s`, until its second is seen to change."""
        deadline = self._deadline()
        began_s = time.monotonic()
        polls = [self._clock_poll(deadline)]
        while clock_from(polls).error_s > GOOD_CLOCK_ERROR_S:
            if time.monotonic() + CLOCK_POLL_S - began_s > within_s:
                break
            time.sleep(CLOCK_POLL_S)
            polls.append(self._clock_poll(deadline))
        return clock_from(polls)

    def profiles(self) -> list[Profile]:
        """The media profiles that carry video, in the device's order, with the URL of their RTSP stream."""
        deadline = self._deadline()
        found = self._ask("media", "GetProfiles", {}, deadline) or []
        if len(found) > MOST_PROFILES:
            raise ReplyRefused(self._url.place, f"it names {len(found)} profiles")
        return [
            self._profile(profile, deadline)
            for profile in found
            if getattr(profile, "VideoEncoderConfiguration", None) is not None
        ]

    def snapshot(self, profile_token: str) -> bytes:
        """A JPEG of now, in the size the device likes."""
        deadline = self._deadline()
        answer = self._ask("media", "GetSnapshotUri", {"ProfileToken": profile_token}, deadline)
        url = self._pinned(self._text(getattr(answer, "Uri", None), longest=None))
        picture = self._http.exchange("GET", url, deadline=deadline, most_bytes=MOST_SNAPSHOT_BYTES, basic_allowed=True)
        if picture.status in (401, 403):
            raise CredentialsRefused(self._url.place)
        if picture.status != 200:
            raise RequestRefused(self._url.place, "a snapshot", f"HTTP {picture.status}")
        if not picture.body.startswith(JPEG_START):
            raise ReplyRefused(self._url.place, "its snapshot is no JPEG")
        return picture.body

    def presets(self, profile_token: str) -> list[Preset]:
        found = self._ask("ptz", "GetPresets", {"ProfileToken": profile_token}, self._deadline()) or []
        return [Preset(self._text(preset.token), self._text(preset.Name)) for preset in found if preset.token]

    def go_to_preset(self, profile_token: str, preset_token: str) -> None:
        """Asks the dome to turn; it arrives later, see `status`."""
        wanted = {"ProfileToken": profile_token, "PresetToken": preset_token}
        self._ask("ptz", "GotoPreset", wanted, self._deadline())

    def status(self, profile_token: str) -> PtzStatus:
        answer = self._ask("ptz", "GetStatus", {"ProfileToken": profile_token}, self._deadline())
        position, movement = getattr(answer, "Position", None), getattr(answer, "MoveStatus", None)
        pan_tilt, zoom = getattr(position, "PanTilt", None), getattr(position, "Zoom", None)
        said = [self._text(getattr(movement, axis, None)).upper() for axis in ("PanTilt", "Zoom")]
        moving: bool | None = None
        if "MOVING" in said:
            moving = True
        elif "IDLE" in said and set(said) <= {"IDLE", ""}:
            moving = False
        return PtzStatus(
            moving,
            *(
                self._number(value)
                for value in (getattr(pan_tilt, "x", None), getattr(pan_tilt, "y", None), getattr(zoom, "x", None))
            ),
        )

    def zoom(self, profile_token: str, to: float) -> None:
        """Asks for a zoom of `to` (0 wide, 1 as near as it goes), without turning."""
        if not 0 <= to <= 1:
            raise ValueError(f"zoom is from 0 to 1, not {to}")
        wanted = {"ProfileToken": profile_token, "Position": {"Zoom": {"x": to}}}
        self._ask("ptz", "AbsoluteMove", wanted, self._deadline())

    def centre(self, profile_token: str, x: float, y: float) -> None:
        """Asks the dome to turn so that a place of its picture, in fractions of it, comes to the middle.

        Not every dome can; one that cannot raises RequestRefused or turns by something else: look at the picture.
        """
        if not (0 <= x <= 1 and 0 <= y <= 1):
            raise ValueError(f"a place in the picture is from 0 to 1, not {x}, {y}")
        pan_tilt = {"x": 2 * x - 1, "y": 1 - 2 * y, "space": FIELD_OF_VIEW}
        wanted = {"ProfileToken": profile_token, "Translation": {"PanTilt": pan_tilt}}
        self._ask("ptz", "RelativeMove", wanted, self._deadline())

    def _deadline(self) -> Deadline:
        return Deadline.after(self._deadline_s)

    def _profile(self, profile: Any, deadline: Deadline) -> Profile:
        token = self._text(profile.token)
        encoder = profile.VideoEncoderConfiguration
        size, rate = getattr(encoder, "Resolution", None), getattr(encoder, "RateControl", None)
        wanted = {"StreamSetup": {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}, "ProfileToken": token}
        stream: StreamUrl | None = None
        try:
            answer = self._ask("media", "GetStreamUri", wanted, deadline)
            stream = self._pinned_stream(self._text(getattr(answer, "Uri", None), longest=None))
        except RequestRefused as refusal:  # a profile may be set up without being streamed; the others are
            log.warning("profile without stream", extra={"device": self._url.place, "why": refusal.why})
        width, height = self._number(getattr(size, "Width", None)), self._number(getattr(size, "Height", None))
        return Profile(
            token,
            self._text(profile.Name),
            self._text(encoder.Encoding).upper() or None,
            None if width is None else int(width),
            None if height is None else int(height),
            self._number(getattr(rate, "FrameRateLimit", None)),
            stream,
            getattr(profile, "PTZConfiguration", None) is not None,
        )

    def _clock_poll(self, deadline: Deadline) -> ClockPoll:
        # ONVIF Core 5.12: needs no login, so that a client can log in by the camera's clock; some ask for one anyway
        transport = _Transport(self._http, self._url, deadline, self._now)
        try:
            answer = self._spoken("devicemgmt", "GetSystemDateAndTime", {}, transport, None)
        except CredentialsRefused:
            answer = self._spoken("devicemgmt", "GetSystemDateAndTime", {}, transport, self._token())
        try:
            date, clock = answer.UTCDateTime.Date, answer.UTCDateTime.Time
            # a leap second is shown as 60
            shown = datetime(date.Year, date.Month, date.Day, clock.Hour, clock.Minute, tzinfo=UTC) + timedelta(
                seconds=clock.Second
            )
        except (AttributeError, TypeError, ValueError, OverflowError) as error:
            raise ReplyRefused(self._url.place, "its clock shows no date and time of UTC") from error
        return ClockPoll(transport.sent_at, transport.received_at, shown)

    def _ask(self, service: str, request: str, wanted: dict[str, Any], deadline: Deadline) -> Any:
        """One request, logged in; once more by the camera's own clock where that may be why it was refused.

        WS-Security puts the time into the digest, and a camera whose clock is wrong takes ours for a replay.
        """
        if service not in self._services:
            self._find_services(deadline)
        transport = _Transport(self._http, self._url, deadline, self._now)
        try:
            return self._spoken(service, request, wanted, transport, self._token())
        except CredentialsRefused:
            if self._username is None:
                raise
            skew_s = clock_from([self._clock_poll(deadline)]).offset_s
            if abs(skew_s - self._skew_s) < SKEW_WORTH_A_RETRY_S:
                raise
            self._skew_s = skew_s
            log.warning("camera clock is off", extra={"device": self._url.place, "offset_s": round(skew_s, 1)})
            return self._spoken(service, request, wanted, transport, self._token())

    def _find_services(self, deadline: Deadline) -> None:
        answer = self._ask("devicemgmt", "GetCapabilities", {"Category": "All"}, deadline)
        for service, capability in (("media", "Media"), ("ptz", "PTZ")):
            named = self._text(getattr(getattr(answer, capability, None), "XAddr", None), longest=None)
            if named:
                self._services[service] = self._pinned(named)

    def _token(self) -> UsernameToken | None:
        if self._username is None:
            return None
        created = self._now() - timedelta(seconds=self._skew_s)
        return UsernameToken(
            self._username, self._password or "", use_digest=True, created=created, zulu_timestamp=True
        )

    def _spoken(
        self, service: str, request: str, wanted: dict[str, Any], transport: "_Transport", token: UsernameToken | None
    ) -> Any:
        place = self._url.place
        if service not in self._services:
            raise RequestRefused(place, request, f"it names no {service} service")
        client = zeep.Client(_wsdl(service), wsse=token, transport=transport, settings=_settings())
        binding = "{{{ns}}}{binding}".format(**SERVICES[service])
        url = self._services[service].source
        proxy = onvif.ONVIFService(url, None, None, _wsdl_file(service), zeep_client=client, binding_name=binding)
        try:
            return getattr(proxy, request)(wanted)
        except onvif.ONVIFError as error:
            cause = error.__context__
            if isinstance(cause, DeviceError):
                raise cause from error
            if isinstance(cause, Fault):
                raise self._refusal(request, cause) from error
            raise ReplyRefused(place, f"its answer to {request} cannot be read") from error

    def _refusal(self, request: str, fault: Fault) -> DeviceError:
        names = [str(fault.code or ""), *(str(code) for code in fault.subcodes or ())]
        said = "".join(names).lower() + str(fault.message or "").lower().replace(" ", "")
        if any(name in said for name in NOT_AUTHORIZED):
            return CredentialsRefused(self._url.place)
        said = " ".join(str(fault.message or "no reason given").split())
        reason = "".join(letter for letter in said if letter.isprintable())
        return RequestRefused(self._url.place, request, reason[:LONGEST_TEXT])

    def _pinned(self, named: str) -> StreamUrl:
        """An address that the device named, on the machine that was configured."""
        try:
            url = parse_onvif_url(named)
        except UrlRefused as error:
            raise ReplyRefused(self._url.place, f"it names an address that is none ({error.why})") from error
        ours = url.scheme == self._url.scheme and url.host in (self._url.host, str(self._address))
        return replace(self._url, path=url.path, port=url.port if ours else self._url.port)

    def _pinned_stream(self, named: str) -> StreamUrl:
        try:
            url = parse_stream_url(named)
        except UrlRefused as error:
            raise ReplyRefused(self._url.place, f"it names a stream that is none ({error.why})") from error
        return replace(url, host=self._url.host, username=None, password=None)

    def _text(self, value: Any, longest: int | None = LONGEST_TEXT) -> str:
        """A word of the device on one line; it goes to screens and rows."""
        text = "" if value is None else " ".join(str(value).split())
        if not text.isprintable() or (longest is not None and len(text) > longest):
            raise ReplyRefused(self._url.place, "a name in its answer is too long or holds control characters")
        return text

    @staticmethod
    def _number(value: Any) -> float | None:
        try:
            number = float(value)
        except (TypeError, ValueError):
            return None
        return number if math.isfinite(number) else None


class _Transport(zeep.Transport):  # type: ignore[misc]  # zeep is not typed
    """What zeep speaks through: our exchange, our deadline, our reading of XML; never anything else."""

    def __init__(self, http: DeviceHttp, device: StreamUrl, deadline: Deadline, now: Callable[[], datetime]) -> None:
        super().__init__()
        self._http, self._device, self._deadline, self._now = http, device, deadline, now
        self.sent_at = self.received_at = now()

    def post(self, address: str, message: bytes, headers: dict[str, str]) -> Any:
        url = parse_onvif_url(address)
        self.sent_at = self._now()
        answer = self._http.exchange(
            "POST", url, deadline=self._deadline, most_bytes=MOST_REPLY_BYTES, body=message, headers=headers
        )
        self.received_at = self._now()
        if answer.status in (401, 403):
            raise CredentialsRefused(self._device.place)
        if answer.status not in (200, 400, 500):  # SOAP 1.2 part 2, 7.5.2.2: faults come with 400 or 500
            raise RequestRefused(self._device.place, "ONVIF at this path", f"HTTP {answer.status}")
        if answer.content_type.lower().startswith("multipart/"):
            raise ReplyRefused(self._device.place, "its answer comes in parts, which ONVIF's do not")
        check_xml(answer.body, self._device.place)
        return _Reply(answer.status, answer.body, {"Content-Type": "application/soap+xml"})


@dataclass(frozen=True)
class _Reply:
    """As much of a response as zeep looks at."""

    status_code: int
    content: bytes
    headers: dict[str, str]
    encoding: str = "utf-8"


@lru_cache
def _wsdl(service: str) -> Document:
    """The package's description of a service, read once a process (0.05 s each)."""
    return Document(_wsdl_file(service), zeep.Transport(), settings=_settings())


def _wsdl_file(service: str) -> str:
    return str(Path(onvif.__file__).parents[1] / "wsdl" / SERVICES[service]["wsdl"])


def _settings() -> zeep.Settings:
    # not strict: cameras leave out what the schema demands
    return zeep.Settings(strict=False, forbid_dtd=True, forbid_entities=True, forbid_external=True)
