"""A camera as people write it: in the site file, in a table of cameras, on the command line.

A live camera's source is an rtsp:// or rtsps:// URL. User name and password may stand in it; they are taken out at
once, so that no source, no row and no message after this file holds a password. Whether the address may be dialled
at all is decided in ingest/camera_address.py, each time it is.
"""

import re
from datetime import date
from typing import Annotated, Any, Self
from urllib.parse import unquote_to_bytes, urlsplit, urlunsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, model_validator

from cases.timetable import days_of, minutes_of
from models.enums import CameraKind, Transport

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
URL = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
# scheme, what stands before the @, host and port, the rest
AUTHORITY = re.compile(r"([a-z]+)://(?:([^/?@]*)@)?([^/?@]+)([/?][^@]*)?", re.IGNORECASE)
STREAM_SCHEMES = ("rtsp", "rtsps")
ONVIF_SCHEMES = ("http", "https")
LONGEST_STAY_S = 24 * 3600.0
PART = {"part": True}  # context of the validation of an entry that leaves out what the rows hold
OF_LIVE_CAMERAS = (
    *("sub_source", "looks_at_sub", "transport", "username", "password"),
    *("onvif", "views", "plate_zoom", "watched"),
)

Login = tuple[str, str | None]  # user name and password


def is_url(source: str) -> bool:
    return URL.match(source) is not None


def redacted(source: str) -> str:
    """A camera's source as it may be shown: a URL loses user, password and query."""
    if not is_url(source):
        return source
    parts = urlsplit(source)
    host = f"***@{parts.netloc.rpartition('@')[2]}" if "@" in parts.netloc else parts.netloc
    return urlunsplit((parts.scheme, host, parts.path, "***" if parts.query else "", ""))


def without_login(url: str, schemes: tuple[str, ...]) -> tuple[str, Login | None]:
    """The URL without user name and password, and what was taken out. Raises ValueError, which never repeats them."""
    expected = " or ".join(f"{scheme}://" for scheme in schemes)
    found = AUTHORITY.fullmatch(url)
    if not is_url(url) or url.partition("://")[0].lower() not in schemes:
        raise ValueError(f"should start with {expected}")
    if found is None:
        # `rtsp://user:a/b@camera/` names the host `user` to one program and `camera` to the next
        raise ValueError("cannot be told apart into user, host and path; in a password write %40 for @ and %2F for /")
    scheme, login, host, rest = found.groups()
    if not url.isascii() or not url.isprintable() or re.search(r"[\s\\#]", url):
        raise ValueError("holds blanks or signs that have no place in a URL; percent-encode them")
    bare = f"{scheme.lower()}://{host}{rest or ''}"
    if login is None:
        return bare, None
    username, colon, password = login.partition(":")
    if not username:
        raise ValueError("has an @ without a user name before it; give one, or leave the @ out")
    return bare, (_decoded(username), _decoded(password) if colon and password else None)


def hosts_of(*urls: str | None) -> set[str]:
    """The machines that are dialled for these URLs."""
    return {(urlsplit(url).hostname or "").lower() for url in urls if url is not None and is_url(url)}


def _decoded(text: str) -> str:
    try:
        return unquote_to_bytes(text).decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError("has a user name or password that is not UTF-8; percent-encode it again") from error


def _id(text: str) -> str:
    if not ID.fullmatch(text):
        raise ValueError(f"`{text}` cannot be an id; use up to 64 letters, digits, dots, hyphens and underscores")
    return text


def _stream_or_path(source: str) -> str:
    return _stream(source) if is_url(source) else source


def _stream(url: str) -> str:
    return without_login(url, STREAM_SCHEMES)[0]


def _onvif(url: str) -> str:
    return without_login(url, ONVIF_SCHEMES)[0]


def _clock(text: str) -> str:
    minutes_of(text)
    return text


def _days(value: Any) -> Any:
    """A list of days or ranges is kept as one text: `[mon, wed-fri]` as `mon,wed-fri`."""
    if isinstance(value, tuple) and value and all(isinstance(each, str) for each in value):
        value = ",".join(value)
    if isinstance(value, str):
        days_of(value)
        return value.lower().replace(" ", "")
    return value


def each_once(views: tuple["ViewEntry", ...]) -> tuple["ViewEntry", ...]:
    names = [view.preset for view in views]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"preset `{twice[0]}` stands here twice; keep one")
    return views


Name = Annotated[str, Field(min_length=1, max_length=200)]
Identity = Annotated[str, AfterValidator(_id)]
Seconds = Annotated[float, Field(gt=0, le=LONGEST_STAY_S, allow_inf_nan=False)]
Preset = Annotated[str, Field(min_length=1, max_length=64)]
Day = Annotated[date, Field(strict=False)]


class Part(BaseModel):
    """One group of keys; what is not known is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Location(Part):
    lat: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
    lon: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]


class Clock(Part):
    """offset_s: our UTC minus the camera's, as measured; error_s: the bound of that measurement."""

    offset_s: Annotated[float, Field(allow_inf_nan=False)] = 0.0
    error_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None


class Passport(Part):
    """The camera's legal papers, 行政处罚法 (2021) art. 41(1)."""

    legal_review_on: Day | None = None
    technical_review_on: Day | None = None
    verified_until: Day | None = None
    sign_photographed_on: Day | None = None
    announced_on: Day | None = None


class Hours(Part):
    model_config = ConfigDict(populate_by_name=True)

    days: Annotated[str, BeforeValidator(_days)]
    from_: Annotated[str, AfterValidator(_clock), Field(alias="from")]
    to: Annotated[str, AfterValidator(_clock)]

    @model_validator(mode="after")
    def lasts(self) -> Self:
        if self.from_ == self.to:
            raise ValueError('`from` and `to` are the same; for the whole day write from: "00:00", to: "24:00"')
        if self.from_ == "24:00":
            raise ValueError('a time to start at is 00:00 to 23:59; write from: "00:00"')
        return self


class ViewEntry(Part):
    """A preset of a dome. token: what the camera calls it; stay_s: how long the tour stays, absent: not toured.

    hours: when it is toured; absent: always.
    """

    preset: Preset
    token: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    stay_s: Seconds | None = None
    hours: tuple[Hours, ...] = ()

    @model_validator(mode="after")
    def is_toured_in_its_hours(self) -> Self:
        if self.hours and self.stay_s is None:
            raise ValueError("hours of a view that is not toured; write `stay_s`, or leave them out")
        return self


Views = Annotated[tuple[ViewEntry, ...], AfterValidator(each_once)]


class CameraEntry(Part):
    """A camera whose recordings are brought in (source: a path), or a live one (source: rtsp://…).

    A password left out is the one there was, as long as user name and machine stay the same. looks_at_sub: what stands
    is looked for in the small stream, evidence is cut from the main one. plate_zoom: how near a dome goes for the plate
    of a confirmed vehicle, up to 1; absent: it does not.
    """

    id: Identity
    name: Name
    source: Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_stream_or_path)]
    kind: Annotated[CameraKind, Field(strict=False)] = CameraKind.FIXED
    device_number: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    location: Location | None = None
    area: Identity | None = None
    clock: Clock = Clock()
    passport: Passport = Passport()
    sub_source: Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_stream)] | None = None
    looks_at_sub: bool = False
    transport: Annotated[Transport, Field(strict=False)] = Transport.TCP
    username: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    password: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(default=None, repr=False)
    onvif: Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_onvif)] | None = None
    views: Views = ()
    plate_zoom: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] | None = None
    watched: bool = True

    @property
    def live(self) -> bool:
        return is_url(self.source)

    @model_validator(mode="before")
    @classmethod
    def login_apart(cls, entry: Any) -> Any:
        """Takes user name and password out of the URLs; a URL that cannot be taken apart its own field refuses."""
        if not isinstance(entry, dict):
            return entry
        written = {"source": STREAM_SCHEMES, "sub_source": STREAM_SCHEMES, "onvif": ONVIF_SCHEMES}
        bare, logins = dict(entry), set[Login]()
        for key, schemes in written.items():
            if not isinstance(entry.get(key), str):
                continue
            try:
                bare[key], login = without_login(entry[key], schemes)
            except ValueError:
                continue
            if login is not None:
                logins.add(login)
        if not logins:
            return bare
        if len(logins) > 1 or "username" in entry or "password" in entry:
            raise ValueError("user name and password are given more than once; write them once, as keys or in one URL")
        username, password = logins.pop()
        return bare | {"username": username} | ({"password": password} if password else {})

    @model_validator(mode="after")
    def belongs_together(self, info: ValidationInfo) -> Self:
        if self.password is not None and self.username is None:
            raise ValueError("a password without a user name; write both")
        beside = [name for name in OF_LIVE_CAMERAS if name in self.model_fields_set]
        if not self.live and beside:
            raise ValueError(
                f"{', '.join(beside)}: only a camera that is dialled has this; write an rtsp:// source, or leave it out"
            )
        missing = None if info.context == PART else self.what_is_missing()
        if missing is not None:
            raise ValueError(missing)
        return self

    def what_is_missing(self) -> str | None:
        """In a sentence, what another field asks for; None: nothing."""
        if self.looks_at_sub and self.sub_source is None:
            return "looks_at_sub without a small stream; write `sub_source`, or leave it out"
        if self.plate_zoom is not None and all(view.stay_s is None for view in self.views):
            return "plate_zoom of a camera without a tour; give a view its `stay_s`, or leave it out"
        return None
