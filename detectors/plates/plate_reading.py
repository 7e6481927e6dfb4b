"""Reading plates: from a picture to texts with a confidence that means what it says.

find → straighten → read in several views by two recognisers → decode along the grammar → colour → calibrate. What is
not read surely at the first look is looked for once more, enlarged. Nothing is ever corrected to a plate that is
known: what this says was read off the picture.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from detectors.frame import Bytes
from detectors.geometry import Box
from detectors.plates.calibration import Signs, confidence_of
from detectors.plates.constrained_decoding import Hypothesis, decode
from detectors.plates.grammar import Grammar, PlateKind, grammar_seen
from detectors.plates.plate_colour import colours_of, not_ruled_out
from detectors.plates.plate_finder import LEAST_SCORE, LEAST_SCORE_AGAIN, FoundPlate, find_plates
from detectors.plates.plate_weights import FINDER, network
from detectors.plates.recognisers import read_all, recognisers
from detectors.plates.rectified import Strip, side_lengths, strips

HOME = ("cn",)  # what a site reads; others only where somebody asks for them
LOOK_PX = 1280  # long side of a picture at the first look
SECOND_LOOK_PX, SECOND_LOOK_MOST = 1920, 3.0  # long side and enlargement at the second
SURE = 0.9
FITS = 0.5  # another country's grammar is not tried
VEHICLE_LOOK_PX, VEHICLE_SCALES = 640, (0.5, 2.0)  # long side of a vehicle's part, and how far it is scaled for it
LEAST_CONFIDENCE = 0.1  # below it nothing was read
LEAST_HEIGHT_PX = 9.0
CUT_OUT_MOST_PX, CUT_OUT_ASPECT = 160, (1.2, 6.5)  # a picture of this height and shape may be a plate and nothing else
WHOLE_PICTURE_SCORE = 0.6
ALONE_MARGIN = 1.0  # where nothing else was thought of, little is known


@dataclass(frozen=True)
class PlateReading:
    """One plate of one picture. text has no separators. confidence: probability that all of text is right.

    others: further plates it may be, with their share of what was considered.
    """

    text: str
    confidence: float
    kind: PlateKind
    colour: str
    box: Box
    corners: tuple[tuple[float, float], ...]
    height_px: float
    signs: Signs
    others: tuple[tuple[str, float], ...] = ()

    @property
    def prominence(self) -> float:
        """What a picture is about: the plate that is large and read."""
        return self.box.area * (0.5 + self.confidence)

    def moved(self, x: float, y: float) -> "PlateReading":
        """The same in a picture of which the one that was read begins at x, y."""
        box = Box(self.box.x1 + x, self.box.y1 + y, self.box.x2 + x, self.box.y2 + y)
        return replace(self, box=box, corners=tuple((left + x, top + y) for left, top in self.corners))


def prepare() -> None:
    """Loads what finds plates; what reads them is only seen to be there, and loaded with the first plate found.

    Raises NoPlateWeights.
    """
    network(FINDER)
    for recogniser in recognisers():
        recogniser.file.path()


def read_plates(picture: Bytes, countries: tuple[str, ...] = HOME) -> list[PlateReading]:
    """The plates of a BGR picture, the most prominent first. Raises NoPlateWeights, NoSuchGrammar.

    countries: whose grammars are tried, in this order, until one fits.
    """
    prepare()
    long_side = max(picture.shape[:2])
    first = min(LOOK_PX / long_side, 1.0)
    second = min(SECOND_LOOK_PX / long_side, SECOND_LOOK_MOST)
    found = find_plates(picture, first, LEAST_SCORE_AGAIN)
    sure, unsure = [[each for each in found if (each.score >= LEAST_SCORE) is wanted] for wanted in (True, False)]
    readings = [*_read_each(picture, sure, countries), *_cut_out(picture, countries)]
    if not any(each.confidence >= SURE for each in readings):
        again = find_plates(picture, second, LEAST_SCORE_AGAIN)
        readings += _read_each(picture, [*unsure, *again], countries)
    return _best_of_each_place(readings)


def read_at(picture: Bytes, found: FoundPlate, countries: tuple[str, ...] = HOME) -> PlateReading | None:
    """What the plate at this place says; None where it says nothing that a plate may say."""
    across, up = side_lengths(found.corners)
    if up < LEAST_HEIGHT_PX or across < up:
        return None
    views = list(strips(picture, found.corners))
    colours = colours_of(views[0].picture)
    best: PlateReading | None = None
    for country in countries:
        for rows in sorted({view.rows for view in views}):
            of_rows = [view for view in views if view.rows == rows]
            grammar = grammar_seen(country, rows, not_ruled_out(colours))
            hypotheses = _decoded(of_rows, grammar, colours) if grammar.kinds else []
            if hypotheses:
                reading = _reading(found, hypotheses, colours, up, rows)
                if best is None or reading.confidence > best.confidence:
                    best = reading
        if best is not None and best.confidence >= FITS:
            break
    return best


def _decoded(views: Sequence[Strip], grammar: Grammar, colours: Mapping[str, float]) -> list[Hypothesis]:
    characters = "".join(sorted(grammar.characters))
    steps = read_all([view.picture for view in views], characters)
    # views of one plate fail together: they count once, whatever their number
    return decode([replace(each, weight=each.weight / len(views)) for each in steps], grammar, colours)


def _reading(
    found: FoundPlate,
    hypotheses: Sequence[Hypothesis],
    colours: dict[str, float],
    up: float,
    rows: int,
) -> PlateReading:
    best = hypotheses[0]
    second = hypotheses[1].score if len(hypotheses) > 1 else best.score - ALONE_MARGIN
    fitting = max(colours[name] for name in best.kind.colours)
    signs = Signs(
        margin=best.score - second,
        agreement=best.agreement,
        grammar_cost=best.cost,
        found=found.score,
        height_px=up / rows,
        colour=fitting - max(colours.values()),
    )
    return PlateReading(
        text=best.text,
        confidence=confidence_of(signs),
        kind=best.kind,
        colour=max(best.kind.colours, key=lambda name: colours[name]),
        box=found.box,
        corners=tuple((round(float(x), 1), round(float(y), 1)) for x, y in found.corners),
        height_px=round(up, 1),
        signs=signs,
        others=tuple((each.text, round(each.share, 4)) for each in hypotheses[1:]),
    )


def _read_each(picture: Bytes, found: Sequence[FoundPlate], countries: tuple[str, ...]) -> Iterator[PlateReading]:
    for each in found:
        reading = read_at(picture, each, countries)
        if reading is not None:
            yield reading


def _cut_out(picture: Bytes, countries: tuple[str, ...]) -> Iterator[PlateReading]:
    """The whole picture as one plate, where its size and shape allow it."""
    height, width = picture.shape[:2]
    if height > CUT_OUT_MOST_PX or not CUT_OUT_ASPECT[0] <= width / height <= CUT_OUT_ASPECT[1]:
        return
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    reading = read_at(picture, FoundPlate(corners, WHOLE_PICTURE_SCORE), countries)
    if reading is not None:
        yield reading


def _best_of_each_place(readings: Sequence[PlateReading]) -> list[PlateReading]:
    """Of what overlaps the surest; nothing that is hardly read at all."""
    kept: list[PlateReading] = []
    for one in sorted(readings, key=lambda each: -each.confidence):
        if one.confidence >= LEAST_CONFIDENCE and all(one.box.share_of_smaller(other.box) < 0.3 for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda each: -each.prominence)


def plates_of_vehicle(picture: Bytes) -> list[PlateReading]:
    """The plates in a picture of one vehicle, the surest first: one look, and no more than that. Raises NoPlateWeights.

    For the road, which has further pictures of the same vehicle; read_plates looks again instead.
    """
    scale = min(max(VEHICLE_LOOK_PX / max(picture.shape[:2]), VEHICLE_SCALES[0]), VEHICLE_SCALES[1])
    return sorted(_read_each(picture, find_plates(picture, scale), HOME), key=lambda each: -each.confidence)
