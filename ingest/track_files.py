"""Track files: where a moving camera was, from the side file that its maker writes beside the recording.

Read here are DJI's subtitles (.srt), GPX 1.1 (.gpx) and NMEA 0183 sentences RMC and GGA (.nmea). Pure: bytes in, a
track out; nothing in such a file is followed, and what is too much of it is refused.
"""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from lxml import etree

from ingest.errors import TrackUnreadable
from ingest.start_time import StartClaim
from models.enums import ClockSource, TrackSource

MOST_BYTES = 64_000_000
MOST_POINTS = 500_000  # a day of five a second
KEPT_POINTS = 500
MOVED_M = 30.0  # places of one that stands still lie closer together, under open sky
OUTLIERS = 0.05  # at each end of each axis: reflections off walls
METRES_A_DEGREE = 111_320.0
SATELLITE_ERROR_S, LOCAL_CLOCK_ERROR_S = 1.0, 2.0
FITS_WITHIN_S = 5.0  # of a track that begins and ends with its recording

SUFFIXES = {".srt": TrackSource.SRT, ".gpx": TrackSource.GPX, ".nmea": TrackSource.NMEA}


@dataclass(frozen=True)
class TrackPoint:
    """at: when, where the file says it. media_s: at which second of the recording, where the file says it."""

    lat: float
    lon: float
    at: datetime | None = None
    media_s: float | None = None


@dataclass(frozen=True)
class Track:
    """by_satellite: its times are theirs, and not those of the camera's own clock."""

    source: TrackSource
    points: tuple[TrackPoint, ...]
    by_satellite: bool

    @property
    def times(self) -> list[datetime]:
        return [point.at for point in self.points if point.at is not None]


def read_track(suffix: str, data: bytes, zone: tzinfo) -> Track:
    """zone: of the site: what .srt files write their times in. Raises TrackUnreadable."""
    source = SUFFIXES.get(suffix.lower())
    if source is None:
        raise TrackUnreadable(f"{suffix} is no track; .srt, .gpx and .nmea are")
    if len(data) > MOST_BYTES:
        raise TrackUnreadable(f"a track of more than {MOST_BYTES // 1_000_000} MB is none")
    if source is TrackSource.GPX:
        points = _gpx(data)
    else:
        text = data.decode("utf-8", errors="replace")
        points = _srt(text, zone) if source is TrackSource.SRT else _nmea(text)
    if not points:
        raise TrackUnreadable("it names no place")
    if len(points) > MOST_POINTS:
        raise TrackUnreadable(f"a track of more than {MOST_POINTS} places is none")
    return Track(source, tuple(points), by_satellite=source is not TrackSource.SRT)


def spread_m(points: Sequence[TrackPoint]) -> float:
    """How far apart the places lie: the diagonal of what holds all but the outliers."""
    if not points:
        return 0.0
    lats, lons = sorted(point.lat for point in points), sorted(point.lon for point in points)
    north_m = _inner(lats) * METRES_A_DEGREE
    east_m = _inner(lons) * METRES_A_DEGREE * math.cos(math.radians(lats[len(lats) // 2]))
    return math.hypot(north_m, east_m)


def _inner(ordered: Sequence[float]) -> float:
    left_out = int(len(ordered) * OUTLIERS)
    return ordered[len(ordered) - 1 - left_out] - ordered[left_out]


def moved(points: Sequence[TrackPoint]) -> bool:
    return spread_m(points) > MOVED_M


def thinned(points: Sequence[TrackPoint], began_at: datetime) -> list[list[float | None]]:
    """At most KEPT_POINTS of them: seconds from the start, latitude, longitude."""
    step = max(math.ceil(len(points) / KEPT_POINTS), 1)
    line: list[list[float | None]] = []
    for point in points[::step]:
        media_s = point.media_s
        if media_s is None and point.at is not None:
            media_s = (point.at - began_at).total_seconds()
        line.append([None if media_s is None else round(media_s, 1), round(point.lat, 6), round(point.lon, 6)])
    return line


def start_of(track: Track, length_s: float) -> StartClaim | None:
    """When the recording began by its track. None where the track cannot say.

    Where each place has its second of the recording, the median of the differences; else the first time, if the track
    is about as long as the recording, so that both can be taken to have begun together.
    """
    both = [
        point.at - timedelta(seconds=point.media_s) for point in track.points if point.at and point.media_s is not None
    ]
    error_s = SATELLITE_ERROR_S if track.by_satellite else LOCAL_CLOCK_ERROR_S
    if both:
        return StartClaim(sorted(both)[len(both) // 2], ClockSource.TRACK, error_s)
    times = track.times
    if not times:
        return None
    differs_s = abs((times[-1] - times[0]).total_seconds() - length_s)
    return StartClaim(times[0], ClockSource.TRACK, error_s + differs_s) if differs_s <= FITS_WITHIN_S else None


# --- DJI subtitles: a block a picture or a second, its place in brackets or as GPS(longitude,latitude,…)

_BLOCK_TIME = re.compile(r"(\d{2}):(\d{2}):(\d{2})[,.](\d{3})\s*-->")
_STAMP = re.compile(r"(20\d\d)[-./](\d\d)[-./](\d\d) (\d\d):(\d\d):(\d\d)(?:[.,:](\d{1,3}))?")
_LATITUDE = re.compile(r"\[?latitude\s*:\s*(-?\d+(?:\.\d+)?)", re.IGNORECASE)
_LONGITUDE = re.compile(r"\[?longt?itude\s*:\s*(-?\d+(?:\.\d+)?)", re.IGNORECASE)  # some models write longtitude
_GPS = re.compile(r"GPS\s*\(\s*(-?\d+(?:\.\d+)?)\s*,\s*(-?\d+(?:\.\d+)?)")


def _srt(text: str, zone: tzinfo) -> list[TrackPoint]:
    points = []
    for block in re.split(r"\r?\n\s*\r?\n", text):
        shown, place = _BLOCK_TIME.search(block), _place_of_block(block)
        if shown is None or place is None:
            continue
        hours, minutes, seconds, milliseconds = (int(part) for part in shown.groups())
        media_s = hours * 3600 + minutes * 60 + seconds + milliseconds / 1000
        points.append(TrackPoint(*place, _stamp(block, zone), media_s))
    return points


def _place_of_block(block: str) -> tuple[float, float] | None:
    lat, lon = _LATITUDE.search(block), _LONGITUDE.search(block)
    if lat is not None and lon is not None:
        return _place(float(lat[1]), float(lon[1]))
    found = _GPS.search(block)
    return None if found is None else _place(float(found[2]), float(found[1]))


def _place(lat: float, lon: float) -> tuple[float, float] | None:
    """None for what is no place, and for 0, 0: what is written while no satellite is seen."""
    return (lat, lon) if abs(lat) <= 90 and abs(lon) <= 180 and (lat, lon) != (0.0, 0.0) else None


def _stamp(block: str, zone: tzinfo) -> datetime | None:
    found = _STAMP.search(block)
    if found is None:
        return None
    try:
        whole = datetime(*(int(part) for part in found.groups()[:6]), tzinfo=zone)  # type: ignore[arg-type,misc]
    except ValueError:
        return None
    return (whole + timedelta(seconds=float(f"0.{found[7] or 0}"))).astimezone(UTC)


# --- GPX 1.1


class _TrackPoints:
    """A target for lxml's parser: it keeps the places of a track, and stops at a DTD or at too much."""

    def __init__(self) -> None:
        self.points: list[TrackPoint] = []
        self._place: tuple[float, float] | None = None
        self._at: datetime | None = None
        self._text: list[str] | None = None

    def doctype(self, _name: str, _public: str | None, _system: str | None) -> None:
        raise TrackUnreadable("it has a DOCTYPE, which no track has")

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition("}")[2]
        if name == "trkpt":
            try:
                self._place = _place(float(attributes["lat"]), float(attributes["lon"]))
            except (KeyError, ValueError):
                self._place = None
            self._at = None
        elif name == "time":
            self._text = []

    def data(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text[:64])

    def end(self, tag: str) -> None:
        name = tag.rpartition("}")[2]
        if name == "time":
            self._at = _iso("".join(self._text or [])[:64])
            self._text = None
        elif name == "trkpt" and self._place is not None:
            self.points.append(TrackPoint(*self._place, self._at))
            if len(self.points) > MOST_POINTS:
                raise TrackUnreadable(f"a track of more than {MOST_POINTS} places is none")

    def close(self) -> list[TrackPoint]:
        return self.points


def _iso(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)  # GPX 1.1: UTC where none is named


def _gpx(data: bytes) -> list[TrackPoint]:
    target = _TrackPoints()
    parser = etree.XMLParser(target=target, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise TrackUnreadable("it is no GPX") from error
    return target.points


# --- NMEA 0183: $..RMC has date and time, $..GGA the time alone

_NAUTICAL = re.compile(r"\$(?P<body>[A-Z]{2}(?P<kind>RMC|GGA),[^*\r\n]*)\*(?P<sum>[0-9A-Fa-f]{2})")


def _nmea(text: str) -> list[TrackPoint]:
    points: dict[tuple[datetime | None, float, float], TrackPoint] = {}
    day: datetime | None = None
    for found in _NAUTICAL.finditer(text):
        if _sum(found["body"]) != int(found["sum"], 16):
            continue
        fields = found["body"].split(",")
        if found["kind"] == "RMC" and len(fields) > 9 and fields[2] == "A":
            day = _nautical_day(fields[9])
            place = _nautical_place(fields[3:7])
        elif found["kind"] == "GGA" and len(fields) > 6 and fields[6] not in ("", "0"):
            place = _nautical_place(fields[2:6])
        else:
            continue
        if place is not None:
            at = _nautical_time(day, fields[1])
            points.setdefault((at, *place), TrackPoint(*place, at))
    return list(points.values())


def _sum(body: str) -> int:
    """NMEA 0183: the exclusive or of the characters between $ and *."""
    total = 0
    for character in body.encode("ascii", errors="replace"):
        total ^= character
    return total


def _nautical_day(text: str) -> datetime | None:
    try:
        return datetime(2000 + int(text[4:6]), int(text[2:4]), int(text[:2]), tzinfo=UTC)
    except ValueError:
        return None


def _nautical_time(day: datetime | None, text: str) -> datetime | None:
    if day is None:
        return None
    try:
        return day + timedelta(hours=int(text[:2]), minutes=int(text[2:4]), seconds=float(text[4:]))
    except ValueError:
        return None


def _nautical_place(fields: Iterable[str]) -> tuple[float, float] | None:
    """Degrees and minutes in one number: 3015.50,N is 30° 15.50' north."""
    lat, north, lon, east = fields
    try:
        lat_deg = int(lat[:2]) + float(lat[2:]) / 60
        lon_deg = int(lon[:3]) + float(lon[3:]) / 60
    except ValueError:
        return None
    return _place(-lat_deg if north == "S" else lat_deg, -lon_deg if east == "W" else lon_deg)
