"""What is drawn over a picture, and the time-line drawn as one: the numbers of the SVG, no markup.

Pure: rows go in, coordinates come out. Overlays are in pixels of the main stream, whatever the size of the
picture below; the viewBox does the scaling.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction

from cases.happenings import Happening
from evidence.seen_with import seen_with
from models.enums import ExhibitKind, ExhibitMoment, SightingKind
from models.exhibits import Exhibit
from models.incidents import Incident, Sighting
from models.plate_reads import PlateRead

TIMELINE_WIDTH = 1000.0
CHARACTER_WIDTH = 13.0  # of a label, a Chinese one: the wider of the two
LABEL_ROWS = 3
SIGN_ROWS = 2
SIGN_WIDTH = 18.0
NARROWEST = 2.0
MOMENTS = tuple(ExhibitMoment)


@dataclass(frozen=True)
class Overlay:
    """view_box: the part of the main stream the picture shows. polygon: as SVG points. box: x, y, width, height.

    track: where it touched the ground, look by look, as SVG points.
    """

    view_box: str
    polygon: str
    box: tuple[float, float, float, float]
    track: str = ""


@dataclass(frozen=True)
class ClipOnPage:
    """original: the evidence. playing: what the browser plays, a derivative where it cannot play the original.

    None: nothing that a browser plays.
    """

    original: Exhibit
    playing: Exhibit | None
    overlay: Overlay | None
    poster: Exhibit | None
    frame_s: float

    @property
    def is_derivative(self) -> bool:
        return self.playing is not None and self.playing.id != self.original.id


@dataclass(frozen=True)
class PictureOnPage:
    exhibit: Exhibit
    overlay: Overlay | None


@dataclass(frozen=True)
class Run:
    """Consecutive sightings of one kind."""

    kind: SightingKind
    from_at: datetime
    to_at: datetime
    looks: int
    confidence: float | None  # the lowest
    share_inside: float | None  # the lowest
    note: str | None


@dataclass(frozen=True)
class Bar:
    x: float
    width: float
    run: Run


@dataclass(frozen=True)
class Mark:
    """A moment that counts. row: which line its label stands on, so that labels do not cover each other."""

    x: float
    name: str
    at: datetime
    row: int
    anchor: str


@dataclass(frozen=True)
class Sign:
    """Something that was done about it. row: so that signs of nearly one time stand beside each other."""

    x: float
    row: int
    happening: Happening


@dataclass(frozen=True)
class Timeline:
    from_at: datetime
    to_at: datetime
    bars: list[Bar]
    marks: list[Mark]
    clips: list[tuple[float, float]]  # x and width of what the clips cover
    signs: list[Sign]


def main_stream_size(exhibits: Sequence[Exhibit], incident: Incident) -> tuple[int, int] | None:
    """Width and height that boxes are in; None where no row says."""
    whole = [exhibit for exhibit in exhibits if exhibit.kind in {ExhibitKind.CLIP, ExhibitKind.STILL}]
    seen = seen_with(incident)
    return next((size for size in map(size_in_recipe, whole) if size), None) or _size(seen.width, seen.height)


def size_in_recipe(exhibit: Exhibit) -> tuple[int, int] | None:
    return _size(exhibit.recipe.get("width"), exhibit.recipe.get("height"))


def _size(width: int | None, height: int | None) -> tuple[int, int] | None:
    return (width, height) if width and height else None


def overlay_of(
    exhibit: Exhibit, incident: Incident, polygon: Sequence[Sequence[float]], size: tuple[int, int] | None
) -> Overlay | None:
    if size is None or "near" in exhibit.recipe:  # a dome went near: the fence lies elsewhere in this picture
        return None
    width, height = size
    left, top, right, bottom = 0.0, 0.0, float(width), float(height)
    if exhibit.kind is ExhibitKind.CLOSE_UP:
        left, top, right, bottom = (float(edge) for edge in exhibit.recipe["box"])
    return Overlay(
        view_box=f"{left:g} {top:g} {right - left:g} {bottom - top:g}",
        polygon=" ".join(f"{x * width:g},{y * height:g}" for x, y in polygon),
        box=(incident.box_x1, incident.box_y1, incident.box_x2 - incident.box_x1, incident.box_y2 - incident.box_y1),
    )


def track_of(sightings: Sequence[Sighting]) -> str:
    """The ground points of the looks that have a box; what stands still is one point, and needs no line."""
    points = [
        f"{(seen.x1 + seen.x2) / 2:g},{seen.y2:g}"
        for seen in sightings
        if seen.x1 is not None and seen.x2 is not None and seen.y2 is not None
    ]
    return " ".join(points) if len(set(points)) > 1 else ""


def clips_on_page(
    exhibits: Sequence[Exhibit], incident: Incident, polygon: Sequence[Sequence[float]], track: str = ""
) -> list[ClipOnPage]:
    """The clips in the order of their moments, each with what plays in its place."""
    size = main_stream_size(exhibits, incident)
    by_kind = {(exhibit.kind, exhibit.moment): exhibit for exhibit in exhibits}
    clips = []
    for moment in MOMENTS:
        clip = by_kind.get((ExhibitKind.CLIP, moment))
        if clip is None:
            continue
        derivative = by_kind.get((ExhibitKind.DERIVATIVE, moment))
        plays = clip if clip.recipe.get("plays_in_browser", True) else None
        rate = float(Fraction(str(clip.recipe.get("frame_rate") or 25)))
        clips.append(
            ClipOnPage(
                original=clip,
                playing=derivative or plays,
                overlay=_with_track(overlay_of(clip, incident, polygon, size), track),
                poster=by_kind.get((ExhibitKind.STILL, moment)),
                frame_s=1 / rate,
            )
        )
    return clips


def _with_track(overlay: Overlay | None, track: str) -> Overlay | None:
    return None if overlay is None else replace(overlay, track=track)


def pictures_on_page(
    exhibits: Sequence[Exhibit], incident: Incident, polygon: Sequence[Sequence[float]]
) -> list[PictureOnPage]:
    size = main_stream_size(exhibits, incident)
    shown = [exhibit for exhibit in exhibits if exhibit.kind in {ExhibitKind.STILL, ExhibitKind.CLOSE_UP}]
    shown.sort(key=lambda exhibit: (exhibit.kind is ExhibitKind.CLOSE_UP, exhibit.from_at))
    return [PictureOnPage(exhibit, overlay_of(exhibit, incident, polygon, size)) for exhibit in shown]


def runs_of(sightings: Sequence[Sighting]) -> list[Run]:
    """The sightings, in the order of time, with equal neighbours joined. A look holds until the next one."""
    runs: list[Run] = []
    for number, sighting in enumerate(sightings):
        following = sightings[number + 1].at if number + 1 < len(sightings) else sighting.at
        until = sighting.until_at or following
        before = runs[-1] if runs else None
        if (
            before is not None
            and before.kind is sighting.kind
            and before.note == sighting.note
            and before.to_at >= sighting.at
        ):
            runs[-1] = Run(
                before.kind,
                before.from_at,
                until,
                before.looks + 1,
                _lowest(before.confidence, sighting.confidence),
                _lowest(before.share_inside, sighting.share_inside),
                before.note,
            )
        else:
            runs.append(
                Run(
                    sighting.kind,
                    sighting.at,
                    until,
                    1,
                    sighting.confidence,
                    sighting.share_inside,
                    sighting.note,
                )
            )
    return runs


def timeline_of(
    incident: Incident,
    runs: Sequence[Run],
    clips: Sequence[ClipOnPage],
    names: dict[str, str],
    happened: Sequence[Happening] = (),
) -> Timeline:
    """names: the words of the marks, whose lengths decide which labels share a line.

    What happened long after the conduct, as a decision days later, does not stretch the line: it stands at its end.
    """
    moments = {
        "stopped": incident.stopped_at,
        "dwell_complete": incident.confirmed_at,
        "grace_end": incident.grace_ends_at,
        "left": incident.left_at,
    }
    edges = [incident.first_seen_at, incident.last_seen_at, *(at for at in moments.values() if at is not None)]
    edges += [edge for run in runs for edge in (run.from_at, run.to_at)]
    edges += [edge for clip in clips for edge in (clip.original.from_at, clip.original.to_at)]
    from_at, to_at = min(edges), max(edges)
    whole_s = max((to_at - from_at).total_seconds(), 1.0)

    def x_of(at: datetime) -> float:
        return round((at - from_at).total_seconds() / whole_s * TIMELINE_WIDTH, 2)

    def span(start: datetime, end: datetime) -> tuple[float, float]:
        """Its x and width; never so narrow that it cannot be seen."""
        return x_of(start), max(x_of(end) - x_of(start), NARROWEST)

    return Timeline(
        from_at,
        to_at,
        bars=[Bar(*span(run.from_at, run.to_at), run) for run in runs],
        marks=_labelled([(x_of(at), name, at) for name, at in moments.items() if at is not None], names),
        clips=[span(clip.original.from_at, clip.original.to_at) for clip in clips],
        signs=_signs([(x_of(min(max(each.at, from_at), to_at)), each) for each in happened]),
    )


def _signs(placed: Sequence[tuple[float, Happening]]) -> list[Sign]:
    """Beside each other where they would cover each other, in rows where there is room, none beyond the ends."""
    signs: list[Sign] = []
    taken = [-SIGN_WIDTH / 2] * SIGN_ROWS
    for x, happening in sorted(placed, key=lambda one: (one[0], one[1].at)):
        row = next((row for row in range(SIGN_ROWS) if taken[row] + SIGN_WIDTH <= max(x, SIGN_WIDTH / 2)), 0)
        taken[row] = max(x, taken[row] + SIGN_WIDTH)
        signs.append(Sign(taken[row], row, happening))
    room = [TIMELINE_WIDTH - SIGN_WIDTH / 2] * SIGN_ROWS
    for place, sign in reversed(list(enumerate(signs))):
        signs[place] = replace(sign, x=min(sign.x, room[sign.row]))
        room[sign.row] = signs[place].x - SIGN_WIDTH
    return signs


def _labelled(moments: list[tuple[float, str, datetime]], names: dict[str, str]) -> list[Mark]:
    marks: list[Mark] = []
    taken = [-CHARACTER_WIDTH] * LABEL_ROWS  # how far to the right each row is written
    for x, name, at in sorted(moments):
        length = len(names[name]) * CHARACTER_WIDTH
        anchor = "end" if x + length > TIMELINE_WIDTH else "start"
        left = x - length if anchor == "end" else x
        row = next((row for row in range(LABEL_ROWS) if taken[row] + CHARACTER_WIDTH / 2 <= left), LABEL_ROWS - 1)
        taken[row] = left + length
        marks.append(Mark(x, name, at, row, anchor))
    return marks


def boxes_over_time(sightings: Sequence[Sighting]) -> list[list[float]]:
    """[[milliseconds since 1970, x, y, width, height], …]: the box of each look that has one."""
    return [
        [round(seen.at.timestamp() * 1000), seen.x1, seen.y1, round(seen.x2 - seen.x1, 1), round(seen.y2 - seen.y1, 1)]
        for seen in sightings
        if seen.x1 is not None and seen.y1 is not None and seen.x2 is not None and seen.y2 is not None
    ]


def plates_over_time(reads: Sequence[PlateRead]) -> list[list[float]]:
    """[[milliseconds since 1970, x, y, width, height], …]: where each reading was made."""
    return [
        [round(read.at.timestamp() * 1000), read.x1, read.y1, round(read.x2 - read.x1, 1), round(read.y2 - read.y1, 1)]
        for read in reads
    ]


def _lowest(one: float | None, other: float | None) -> float | None:
    known = [value for value in (one, other) if value is not None]
    return min(known) if known else None
