"""The site file: one YAML file that says everything about a site, read into typed values.

`read` refuses with every problem of the file at once, each with line, field and a sentence. Writing the values
into rows, and rows back into a file, is in cases/site_rows.py.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import shapely
from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from cases.camera_entry import CameraEntry, Hours, Identity, Name, Part, Preset, Seconds, is_url, without_login
from cases.errors import LadderRefused, SiteFileRefused
from cases.ladder import MOST_WARNINGS, usual_warnings
from cases.ladder import read as read_ladder
from cases.site_yaml import Document, NotYaml, Problem, named, read_yaml
from cases.site_yaml import Path as FieldPath
from detectors.dumping import AWAY_S
from detectors.geometry import OTHER_SIDE, Polygon, Side, gone_on
from models.enums import AreaLevel, Offence
from notify.loudspeaker import DRIVERS, NEEDS_URL, SCHEMES

MAX_BYTES = 1_000_000
USUAL_VOLUME, USUAL_COOLDOWN_S = 100, 20  # of a loudspeaker
MAX_CORNERS = 100
MAX_BAYS = 20  # of one rule
MAX_LINE_POINTS = 20
SMALLEST_AREA = 0.0005  # of the picture: 32 x 32 of 1920 x 1080 pixels, less than the ground under a bicycle

# GA 36-2018: province, letter of the issuing office, then five or six signs, or four and one of the special words
CHINESE_PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z]"
    r"([A-HJ-NP-Z0-9]{5,6}|[A-HJ-NP-Z0-9]{4}[挂学警港澳领])"
)
OTHER_PLATE = re.compile(r"(?=.*[0-9])[A-Z0-9]{2,10}")
PHONE = re.compile(r"\+[1-9][0-9]{6,14}")  # ITU-T E.164


# what pydantic calls the kinds of a value, and what a person calls them
EXPECTED = {
    "string_type": "text",
    "float_type": "a number",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "model_type": "a group of keys",
}


def plate_of(text: str) -> str:
    """The plate without spaces, dots and hyphens, upper case. Raises ValueError for what is not one."""
    plate = re.sub(r"[\s·•.-]", "", text).upper()
    if not CHINESE_PLATE.fullmatch(plate) and not OTHER_PLATE.fullmatch(plate):
        raise ValueError(f"`{text}` does not look like a plate; write it as 浙J12345")
    return plate


def _phone(text: str) -> str:
    if not PHONE.fullmatch(text):
        raise ValueError('not a phone number; write it with its country code and in quotes, as "+8613800000000"')
    return text


def _timezone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # OSError: a folder of the zone database
        raise ValueError(f"`{text}` is not a time zone; write for example Asia/Shanghai") from error
    return text


class OutlineRefused(ValueError):
    """The outline of a fence is none that could bind anybody. why: in a word; near: where it is wrong."""

    def __init__(self, why: str, said: str, near: tuple[float, float] | None = None) -> None:
        super().__init__(said)
        self.why, self.near = why, near


class PermissionUnsound(ValueError):
    """Its parts do not go together. field: which of them is in the way."""

    def __init__(self, field: str, said: str) -> None:
        super().__init__(said)
        self.field = field


class LineRefused(OutlineRefused):
    """The same of a shop's door line."""


def _polygon(corners: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
    if len(corners) < 3:
        raise OutlineRefused("few", f"a polygon needs at least 3 corners, this one has {len(corners)}")
    if len(corners) > MAX_CORNERS:
        raise OutlineRefused("many", f"a polygon has at most {MAX_CORNERS} corners, this one has {len(corners)}")
    shape = shapely.Polygon(corners)
    if shape.convex_hull.area == 0:
        raise OutlineRefused("flat", "the corners lie on one line, so the polygon has no area")
    if not shape.is_valid:
        found = re.search(r"\[(\S+) (\S+)\]", shapely.is_valid_reason(shape))
        near = (float(found[1]), float(found[2])) if found else None
        where = f" near ({near[0]:.3f}, {near[1]:.3f})" if near else ""
        raise OutlineRefused(
            "crosses", f"the outline crosses itself{where}; list the corners in order, walking round the area", near
        )
    if shape.area < SMALLEST_AREA:
        raise OutlineRefused(
            "tiny", f"the area is {shape.area:.5f} of the picture, too little to stand in; {SMALLEST_AREA} is the least"
        )
    return corners


def _at_least_one(cameras: tuple["CameraEntry", ...]) -> tuple["CameraEntry", ...]:
    if not cameras:
        raise ValueError("a site has at least one camera")
    return cameras


def _or_defaults(value: Any) -> Any:
    return {} if value is None else value  # `illegal_parking:` with nothing behind it asks for the defaults


Plate = Annotated[str, AfterValidator(plate_of)]
Phone = Annotated[str, AfterValidator(_phone)]
Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Role = Literal["vehicle", "person", "two_wheeler", "stall", "goods", "litter", "furniture", "wares"]
Roles = Annotated[tuple[Role, ...], Field(min_length=1)]
ReasonWord = Literal[
    "emergency_vehicle",
    "queue",
    "bay",
    "permit",
    "timetable",
    "temporary_permission",
    "obstruction",
    "officer_directing",
]
OffenceWord = Literal["illegal_parking", "street_vending", "dumping"]
Day = Annotated[date, Field(strict=False)]


def _ladder(value: dict[str, Any]) -> dict[str, Any]:
    try:
        read_ladder(value)
    except LadderRefused as error:
        raise ValueError(str(error)) from error
    return value


def _driver(text: str) -> str:
    if text not in DRIVERS:
        raise ValueError(f"`{text}` is no driver; there are {', '.join(DRIVERS)}")
    return text


# as cases/ladders.toml has them; None: the one there
LadderEntry = Annotated[dict[str, Any], AfterValidator(_ladder)] | None


def _line(points: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
    if len(points) < 2 or any(one == other for one, other in pairwise(points)):
        raise LineRefused("few", "a door line has two points that are not the same, [[0.1, 0.6], [0.7, 0.6]], or more")
    if len(points) > MAX_LINE_POINTS:
        raise LineRefused("many", f"a door line has at most {MAX_LINE_POINTS} points, this one has {len(points)}")
    if not gone_on(points, by=4.0).is_simple:  # 4: past the picture, wherever in it the line ends
        raise LineRefused("crosses", "the door line crosses itself, or would where its ends go on straight")
    return points


Corners = Annotated[tuple[tuple[Fraction, Fraction], ...], AfterValidator(_polygon)]
Bays = Annotated[tuple[Corners, ...], Field(max_length=MAX_BAYS)] | None
# what a reason against does where it is found, as cases/reasons.toml says it; what is left out is as it is there
Reasons = dict[ReasonWord, Literal["hold", "hold_if_sure", "doubt", "off"]] | None


class ParkingRule(Part):
    """bays: parts of the fence, or beside it, in which parking is allowed."""

    dwell_s: Seconds = 180.0
    grace_s: Seconds = 600.0
    roles: Roles = ("vehicle",)
    ladder: LadderEntry = None
    bays: Bays = None
    reasons: Reasons = None


class VendingRule(Part):
    """line: a shop's door line; its goods beyond it, where the larger part of the fence lies, count even where nobody
    stands with them. shop_side: of the line, for who walks along it; absent: where the smaller part of the fence lies.
    market_bays: parts of the fence in which selling is allowed. grace_s: after each warning.
    """

    dwell_s: Seconds = 60.0
    warnings: Annotated[int, Field(ge=0, le=MOST_WARNINGS)] = usual_warnings(Offence.STREET_VENDING)
    grace_s: Seconds = 180.0
    roles: Roles = ("stall", "goods", "furniture", "wares", "two_wheeler", "litter")
    line: Annotated[tuple[tuple[Fraction, Fraction], ...], AfterValidator(_line)] | None = None
    shop_side: Side | None = None
    market_bays: Bays = None
    ladder: LadderEntry = None
    reasons: Reasons = None

    @model_validator(mode="after")
    def side_of_a_line(self) -> Self:
        if self.shop_side is not None and self.line is None:
            raise LineRefused("few", "shop_side is a side of the door line; write `line` too, or leave it out")
        return self


class DumpingRule(Part):
    """away_s: seconds for which the thing is shown with nobody near it."""

    away_s: Seconds = AWAY_S
    ladder: LadderEntry = None
    reasons: Reasons = None


class OffenceRules(Part):
    """What a geofence forbids, with every parameter that was left out filled in."""

    illegal_parking: Annotated[ParkingRule | None, BeforeValidator(_or_defaults)] = None
    street_vending: Annotated[VendingRule | None, BeforeValidator(_or_defaults)] = None
    dumping: Annotated[DumpingRule | None, BeforeValidator(_or_defaults)] = None

    @model_validator(mode="after")
    def forbids_something(self) -> Self:
        if not self.as_parameters():
            raise ValueError(f"name at least one offence: {', '.join(Offence)}")
        return self

    def as_parameters(self) -> dict[str, dict[str, Any]]:
        return self.model_dump(mode="json", exclude_none=True)


class GeofenceEntry(Part):
    id: Identity
    camera: str
    name: Name | None = None
    preset: Preset | None = None
    polygon: Annotated[tuple[tuple[Fraction, Fraction], ...], AfterValidator(_polygon)]
    offences: OffenceRules
    timetable: tuple[Hours, ...] = ()
    exemptions: tuple[Plate, ...] = ()
    warning_only: bool = False

    @model_validator(mode="after")
    def leaves_a_street(self) -> Self:
        rule = self.offences.street_vending
        if rule is None or rule.line is None or rule.shop_side is None:
            return self
        street = Polygon(self.polygon).parts_beside(rule.line, OTHER_SIDE[rule.shop_side])
        if max((part.area for part in street), default=0.0) < SMALLEST_AREA:
            raise LineRefused("no_street", "the whole fence lies on the shop's side of the door line; turn the side")
        return self


class VehicleEntry(Part):
    plate: Plate
    owner: Name | None = None
    phone: Phone | None = Field(default=None, repr=False)

    @model_validator(mode="after")
    def can_be_told(self) -> Self:
        if (self.owner is None) != (self.phone is None):
            raise ValueError("owner and phone belong together; write both or neither")
        return self


class PermissionEntry(Part):
    """With a plate a permit of that vehicle, without one a permission for everybody there; both days are included.

    stall: only whoever has that stall there. geofence, area: absent: every fence of the site. offences: absent:
    whatever is forbidden there. hours: absent: all day. paper: who gave it, and its number.
    """

    plate: Plate | None = None
    stall: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    geofence: Identity | None = None
    area: Identity | None = None
    offences: tuple[OffenceWord, ...] = ()
    valid_from: Day
    valid_to: Day
    hours: tuple[Hours, ...] = ()
    paper: Annotated[str, Field(min_length=1, max_length=200)]
    legal_basis: Annotated[str, Field(min_length=1, max_length=300)] | None = None

    @model_validator(mode="after")
    def permits_something(self) -> Self:
        if self.plate is None and self.geofence is None and self.area is None:
            raise PermissionUnsound(
                "place",
                "a permission is a vehicle's or a place's; write `plate`, `geofence` or both, or `area` for all of one",
            )
        if self.geofence is not None and self.area is not None:
            raise PermissionUnsound("place", "a permission is of one geofence or of one area; leave one of them out")
        if self.plate is not None and self.stall is not None:
            raise PermissionUnsound("stall", "a permission is a vehicle's or a stall's; write two")
        if self.valid_to < self.valid_from:
            raise PermissionUnsound("days", f"valid_to ({self.valid_to}) lies before valid_from ({self.valid_from})")
        return self


class AreaEntry(Part):
    """A part of the city: `level` is city, district, street or grid; all but a city name what they lie in."""

    id: Identity
    name: Name
    level: Annotated[AreaLevel, Field(strict=False)]
    parent: Identity | None = None

    @model_validator(mode="after")
    def lies_in_another(self) -> Self:
        if (self.parent is None) != (self.level is AreaLevel.CITY):
            raise ValueError("every area but a city names its `parent`, and a city has none")
        return self


class OfficerEntry(Part):
    """grid: the id of an area, or the name of one that the file does not describe. duty: absent: always."""

    name: Name
    phone: Phone = Field(repr=False)
    grid: Annotated[str, Field(min_length=1, max_length=64)]
    duty: tuple[Hours, ...] = ()


class LoudspeakerEntry(Part):
    """User name and password may stand in the url; a password left out is the one there was, as with cameras.

    quiet: hours in which nothing is said. cooldown_s: silence between what the program says by itself.
    """

    id: Identity
    camera: str
    driver: Annotated[str, AfterValidator(_driver)]
    url: Annotated[str, Field(min_length=1, max_length=1000)] | None = None
    username: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    password: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(default=None, repr=False)
    volume: Annotated[int, Field(ge=1, le=200)] = USUAL_VOLUME
    cooldown_s: Annotated[int, Field(ge=0, le=3600)] = USUAL_COOLDOWN_S
    quiet: tuple[Hours, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def login_taken_out(cls, value: Any) -> Any:
        """From the url, so that nothing after this holds it there."""
        if not isinstance(value, dict) or not isinstance(value.get("url"), str) or value.get("driver") not in SCHEMES:
            return value
        bare, login = without_login(value["url"], SCHEMES[value["driver"]])
        taken = {} if login is None else {"username": login[0]} | ({"password": login[1]} if login[1] else {})
        return taken | value | {"url": bare}

    @model_validator(mode="after")
    def can_be_reached(self) -> Self:
        if self.driver in NEEDS_URL and self.url is None:
            raise ValueError(f"a loudspeaker of driver {self.driver} needs its url, http://10.1.2.3")
        if self.password is not None and self.username is None:
            raise ValueError("a password needs its username")
        return self


class SiteValues(Part):
    site: Name
    timezone: Annotated[str, AfterValidator(_timezone)]
    cameras: Annotated[tuple[CameraEntry, ...], AfterValidator(_at_least_one)]
    areas: tuple[AreaEntry, ...] = ()
    geofences: tuple[GeofenceEntry, ...] = ()
    vehicles: tuple[VehicleEntry, ...] = ()
    officers: tuple[OfficerEntry, ...] = ()
    loudspeakers: tuple[LoudspeakerEntry, ...] = ()
    permissions: tuple[PermissionEntry, ...] = ()


@dataclass(frozen=True)
class SiteFile:
    path: Path
    values: SiteValues

    def source_of(self, camera: CameraEntry) -> str:
        """Where the camera's pictures come from: a URL without its password, or a path from the folder of this file."""
        return camera.source if camera.live else recording_path(self.path, camera.source)


def recording_path(file: Path, source: str) -> str:
    """The whole path of a recording that `file` names from its own folder."""
    return str((file.parent / Path(source).expanduser()).resolve())


def read(path: Path) -> SiteFile:
    """The site in `path`. Raises SiteFileRefused with everything that is wrong with it."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise SiteFileRefused(path, [Problem(1, "", f"cannot be read: {error.strerror}")]) from error
    if len(raw) > MAX_BYTES:
        raise SiteFileRefused(path, [Problem(1, "", f"larger than {MAX_BYTES} bytes; this is not a site file")])
    try:
        document = read_yaml(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise SiteFileRefused(path, [Problem(line, "", "this is not UTF-8 text; save the file as UTF-8")]) from error
    except NotYaml as error:
        raise SiteFileRefused(path, [error.problem]) from error
    if document is None:
        raise SiteFileRefused(path, [Problem(1, "", "the file is empty; start with `site:` and `timezone:`")])
    if not isinstance(document.value, dict):
        raise SiteFileRefused(path, [Problem(1, "", "a site file starts with `site:`, `timezone:` and `cameras:`")])
    problems = {*document.problems, *_disagreements(document)}
    try:
        values = SiteValues.model_validate(document.value)
    except ValidationError as error:
        problems |= {_problem(document, each) for each in error.errors()}
        raise SiteFileRefused(path, sorted(problems)) from error
    if problems:
        raise SiteFileRefused(path, sorted(problems))
    return SiteFile(path, values)


def _problem(document: Document, error: ErrorDetails) -> Problem:
    path: FieldPath = error["loc"]
    return Problem(document.line_of(path), named(path), sentence_of(error))


def sentence_of(error: ErrorDetails) -> str:
    """What is wrong with a value, for the person who wrote it. A password is never repeated."""
    kind = error["type"]
    if kind == "value_error":
        return str(error["ctx"]["error"])
    if kind == "extra_forbidden":
        among_offences = error["loc"][0] == "geofences" and error["loc"][-2] == "offences"
        return (
            f"unknown offence; known are {', '.join(Offence)}" if among_offences else "unknown key; check the spelling"
        )
    if kind == "missing":
        return "this is missing"
    said = f"should be {EXPECTED[kind]}" if kind in EXPECTED else re.sub(r"^(Input|String) ", "", error["msg"])
    if error["loc"][-1:] == ("password",):
        return said + ("; put it in quotes" if kind in EXPECTED else "")
    return f"{said}, found {_found(error)}"


def _found(error: ErrorDetails) -> str:
    found = error["input"]
    if error["type"] == "string_type" and isinstance(found, int | float) and not isinstance(found, bool):
        return f"the number {found}; put it in quotes"
    if isinstance(found, str) and is_url(found) and "@" in found:
        return "a URL"  # with a password in it
    if found is None:
        return "nothing"
    if isinstance(found, dict):
        return "a group of keys"
    return "a list" if isinstance(found, tuple) else f"`{str(found)[:40]}`"


def _entries(document: Document, section: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The entries of a section that are written as entries; what is not, the schema refuses by itself."""
    listed = document.value.get(section)
    for index, entry in enumerate(listed if isinstance(listed, tuple) else ()):
        if isinstance(entry, dict):
            yield index, entry


def _disagreements(document: Document) -> Iterator[Problem]:
    """What no single field can know: the same id twice, a camera that is not there, one phone with two names."""
    for section, key in (
        ("cameras", "id"),
        ("areas", "id"),
        ("geofences", "id"),
        ("vehicles", "plate"),
        ("officers", "name"),
        ("loudspeakers", "id"),
    ):
        yield from _twice(document, section, key)
    cameras = {entry.get("id") for _, entry in _entries(document, "cameras") if isinstance(entry.get("id"), str)}
    for section in ("geofences", "loudspeakers"):
        for index, entry in _entries(document, section):
            camera = entry.get("camera")
            if isinstance(camera, str) and camera not in cameras:
                path = (section, index, "camera")
                known = ", ".join(sorted(str(each) for each in cameras)) or "none"
                yield Problem(
                    document.line_of(path), named(path), f"there is no camera `{camera}` in this file; known: {known}"
                )
    yield from _areas_that_are_none(document)
    yield from _fences_that_are_none(document)
    yield from _presets_that_are_none(document)
    owners: dict[str, set[str]] = defaultdict(set)
    for index, entry in _entries(document, "vehicles"):
        owner, phone = entry.get("owner"), entry.get("phone")
        if isinstance(owner, str) and isinstance(phone, str):
            owners[phone].add(owner)
            if len(owners[phone]) == 2:
                path = ("vehicles", index, "phone")
                yield Problem(
                    document.line_of(path),
                    named(path),
                    "this phone stands above with another owner; correct one of them",
                )


def _areas_that_are_none(document: Document) -> Iterator[Problem]:
    """A camera, area or permission of one that the file does not describe, or not above it yet."""
    known: set[str] = set()
    for section, key in (("areas", "parent"), ("cameras", "area"), ("permissions", "area")):
        for index, entry in _entries(document, section):
            area = entry.get(key)
            if isinstance(area, str) and area not in known:
                path = (section, index, key)
                listed = ", ".join(sorted(known)) or "none"
                yield Problem(
                    document.line_of(path), named(path), f"there is no area `{area}` above this; known: {listed}"
                )
            if section == "areas" and isinstance(entry.get("id"), str):
                known.add(entry["id"])


def _fences_that_are_none(document: Document) -> Iterator[Problem]:
    """A permission of a place that the file does not describe."""
    known = {entry.get("id") for _, entry in _entries(document, "geofences") if isinstance(entry.get("id"), str)}
    for index, entry in _entries(document, "permissions"):
        geofence = entry.get("geofence")
        if isinstance(geofence, str) and geofence not in known:
            path = ("permissions", index, "geofence")
            listed = ", ".join(sorted(str(each) for each in known)) or "none"
            yield Problem(
                document.line_of(path), named(path), f"there is no geofence `{geofence}` in this file; known: {listed}"
            )


def _presets_that_are_none(document: Document) -> Iterator[Problem]:
    """A fence names a preset that its camera does not have; a camera that lists none is not asked."""
    presets = {
        entry.get("id"): {view.get("preset") for view in entry["views"] if isinstance(view, dict)}
        for _, entry in _entries(document, "cameras")
        if isinstance(entry.get("id"), str) and isinstance(entry.get("views"), tuple) and entry["views"]
    }
    for index, entry in _entries(document, "geofences"):
        preset, camera = entry.get("preset"), entry.get("camera")
        known = presets.get(camera) if isinstance(camera, str) else None
        if known is not None and isinstance(preset, str) and preset not in known:
            path = ("geofences", index, "preset")
            listed = ", ".join(sorted(str(each) for each in known))
            yield Problem(
                document.line_of(path), named(path), f"camera {camera} has no preset `{preset}`; known: {listed}"
            )


def _twice(document: Document, section: str, key: str) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for index, entry in _entries(document, section):
        value = entry.get(key)
        if not isinstance(value, str):
            continue
        if key == "plate":
            try:
                value = plate_of(value)
            except ValueError:
                continue  # the schema says what is wrong with it
        path = (section, index, key)
        line = document.line_of(path)
        if value in first:
            yield Problem(line, named(path), f"`{value}` is used twice (first on line {first[value]}); ids are unique")
        first.setdefault(value, line)
