"""Pictures of a story, one after the other, as a camera would write them.

Between two pictures little moves: only the parts in which something did are painted, the rest is taken from a picture
of everything that stands. Labels are exact and cost nothing until they are asked for.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import combinations

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.frame import Bytes
from detectors.rendered_street.layers import Layer, Window, carried_on, shared, within
from detectors.rendered_street.motion import Drive, Where
from detectors.rendered_street.raster import Pose
from detectors.rendered_street.scene import Label, Placed, Scene
from detectors.rendered_street.sensor import Sensor, through_lens
from detectors.rendered_street.story import Actor, Story
from detectors.rendered_street.thing import Thing

RATE = 12  # pictures a second
NOISES, NOISE_ROWS = 6, 64  # fields of noise, each somewhat higher than a picture, so that none comes twice alike
MARGIN_PX = 6  # round what is painted anew: the lens spreads it
MOVING_FINENESS = 1.4
FLICKER = 1.2  # 8-bit steps by which the exposure is unsteady
SENSOR = Sensor(softness=0.6, noise=1.3, corners=0.12)


class Film:
    """Every picture can be had on its own; in order they cost least."""

    def __init__(self, story: Story, sensor: Sensor = SENSOR) -> None:
        self.story, self._sensor = story, sensor
        self._still: tuple[list[object], Bytes] | None = None
        self._put_together: dict[tuple[str, Pose], list[Thing]] = {}
        self._driven: tuple[int, dict[str, tuple[Layer, Pose]]] | None = None

    @cached_property
    def scene(self) -> Scene:
        return self.story.scene()

    @property
    def size(self) -> tuple[int, int]:
        return self.scene.view.width, self.scene.view.height

    @property
    def pictures(self) -> int:
        return round(self.story.seconds * RATE)

    def placed(self, number: int) -> list[Placed]:
        """Everything that is in the street in that picture."""
        return [placed for _, placed, _ in self._cast(number)]

    def _cast(self, number: int) -> list[tuple[str, Placed, bool]]:
        """Name, thing and whether it drives; what stands has a key and does not."""
        second, found = number / RATE, []
        for actor in self.story.actors:
            if not actor.motion.present(second):
                continue
            where = actor.motion.at(second)
            lifted = actor.carried_m if second < actor.carried_until else 0.0
            pose = Pose(where.x, where.y, where.heading, lifted)
            stands = where.stands and not lifted
            for part, thing in enumerate(self._things(actor, where, pose)):
                name = f"{actor.name} {part}"
                drives = isinstance(actor.motion, Drive) and not stands
                found.append((name, Placed(thing, pose, (name, pose) if stands else None), drives))
        return found

    def _things(self, actor: Actor, where: Where, pose: Pose) -> list[Thing]:
        """What stands is put together once."""
        if not where.stands:
            return actor.shape(where.gone_m, False)
        if (actor.name, pose) not in self._put_together:
            self._put_together[actor.name, pose] = actor.shape(where.gone_m, True)
        return self._put_together[actor.name, pose]

    def labels(self, number: int) -> list[Label]:
        return self.scene.labels(self.placed(number))

    def planes(self, number: int) -> Bytes:
        """The picture, I420: uint8 (height * 3 / 2, width)."""
        painted = self._painted(number)
        layers = [layer for _, layer in painted]
        canvas = self._standing([each for each, _ in painted if each.key is not None]).copy()
        for window in _joined([_window_of(layer) for each, layer in painted if each.key is None], self.scene.whole):
            _put(canvas, window, self._part(layers, window))
        rng = np.random.default_rng((self.story.seed, number))
        height = self.size[1]
        field, from_row = int(rng.integers(NOISES)), int(rng.integers(NOISE_ROWS))
        noise = self._noise[field, from_row : from_row + height]
        canvas[:height] = cv2.add(canvas[:height], noise, dtype=cv2.CV_8U)
        return canvas

    def _painted(self, number: int) -> list[tuple[Placed, Layer]]:
        """What drives is painted for every second picture and moved on for the next; walkers swing their legs."""
        from_before = self._driving(number - number % 2)
        found = []
        for name, placed, drives in self._cast(number):
            layer = None
            if drives and name in from_before:
                before, pose = from_before[name]
                layer = before if pose == placed.pose else carried_on(before, pose, placed.pose, self.scene.view)
            if layer is None:
                layer = self.scene.layer(placed, None if placed.key is not None else MOVING_FINENESS)
            if layer is not None:
                found.append((placed, layer))
        return found

    def _driving(self, number: int) -> dict[str, tuple[Layer, Pose]]:
        if self._driven is None or self._driven[0] != number:
            layers = {
                name: (layer, placed.pose)
                for name, placed, drives in self._cast(number)
                if drives and (layer := self.scene.layer(placed, MOVING_FINENESS)) is not None
            }
            self._driven = number, layers
        return self._driven[1]

    def frames(self) -> Iterator[Bytes]:
        for number in range(self.pictures):
            yield self.planes(number)

    def _standing(self, placed: Sequence[Placed]) -> Bytes:
        """The picture of all that stands; painted anew when that is something else than last time."""
        keys = [each.key for each in placed]
        if self._still is None or self._still[0] != keys:
            layers = [layer for each in placed if (layer := self.scene.layer(each)) is not None]
            self._still = keys, _i420(self._part(layers, self.scene.whole))
        return self._still[1]

    def _part(self, layers: Sequence[Layer], window: Window) -> Bytes:
        """Painted with a margin, since the lens mixes what is near."""
        rows, columns = window
        width, height = self.size
        wider = (
            slice(max(rows.start - MARGIN_PX, 0), min(rows.stop + MARGIN_PX, height)),
            slice(max(columns.start - MARGIN_PX, 0), min(columns.stop + MARGIN_PX, width)),
        )
        seen = through_lens(self.scene.part(layers, wider), wider, self._sensor, width, height)
        return np.ascontiguousarray(seen[within(window, wider)])

    @cached_property
    def _noise(self) -> NDArray[np.int16]:
        rng = np.random.default_rng(self.story.seed)
        width, height = self.size
        fields = rng.standard_normal((NOISES, height + NOISE_ROWS, width), dtype=np.float32) * self._sensor.noise
        fields += rng.normal(0, FLICKER, (NOISES, 1, 1)).astype(np.float32)
        return fields.round().astype(np.int16)


def _i420(bgr: Bytes) -> Bytes:
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2YUV_I420), np.uint8)


def _put(canvas: Bytes, window: Window, bgr: Bytes) -> None:
    """Puts a part of even place and size into the planes of a picture."""
    part = _i420(bgr)
    width, height = canvas.shape[1], canvas.shape[0] * 2 // 3
    rows, columns = window
    high, wide = bgr.shape[:2]
    canvas[rows, columns] = part[:high]
    chroma = canvas[height:].reshape(2, height // 2, width // 2)
    half_rows, half_columns = (slice(each.start // 2, each.stop // 2) for each in (rows, columns))
    chroma[:, half_rows, half_columns] = part[high:].reshape(2, high // 2, wide // 2)


def _window_of(layer: Layer) -> Window:
    windows = [layer.window, *([layer.shadow.window] if layer.shadow is not None else [])]
    return _round_all(windows)


def _round_all(windows: Sequence[Window]) -> Window:
    rows, columns = (
        slice(min(each[axis].start for each in windows), max(each[axis].stop for each in windows)) for axis in (0, 1)
    )
    return rows, columns


def _joined(windows: Sequence[Window], whole: Window) -> list[Window]:
    """Parts of even place and size that do not overlap, round all the windows with a margin."""
    parts = [_even(window, whole) for window in windows]
    while True:
        meeting = [(one, other) for one, other in combinations(parts, 2) if shared(one, other) is not None]
        if not meeting:
            return parts
        one, other = meeting[0]
        parts = [each for each in parts if each not in (one, other)] + [_round_all([one, other])]


def _even(window: Window, whole: Window) -> Window:
    rows, columns = (
        slice(max(part.start - MARGIN_PX, 0) // 2 * 2, min((part.stop + MARGIN_PX + 1) // 2 * 2, full.stop))
        for part, full in zip(window, whole, strict=True)
    )
    return rows, columns
