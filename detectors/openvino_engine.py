"""The detector on an exported model: OpenVINO directly, without torch and without the training library.

The parts of each look are packed into one input, scaled with their sides kept, and inferred; a batch of looks runs
on as many infer requests as the machine has cores. A street is wide, and a square input would be grey for almost half:
the same graph stands ready in lower sizes too. The measurements are in docs/decisions/0002-inference-engine.md.
"""

import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from math import ceil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino.preprocess import PrePostProcessor
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from detectors.class_roles import roles_of
from detectors.compiled_model import compiled
from detectors.errors import UnusableWeights
from detectors.frame import Bytes
from detectors.geometry import Box
from detectors.input_size import FixedSize, resized
from detectors.look_region import Placed, pack, packed_at
from detectors.sightings import Detection, Look, ObjectRole
from models.digest import sha256_of

LETTERBOX_GREY = 114  # what Ultralytics trains with
LOWEST_CONFIDENCE = 0.15  # the tracker decides what a weak detection is worth; weights may ask for more of themselves
NMS_IOU = 0.6
SURE, EDGE = 0.5, 0.02  # of the sides of the part that was looked at
NESTED_SHARE = 0.8  # a box lying in a surer one of the same role to this share is a part of it
BESIDE_YOLO11N, LOWEST = "recall_beside_yolo11n", "lowest_confidence"  # keys of our own weights' metadata
MUCH_LESS = 0.95
OF_TRADE = frozenset({ObjectRole.FURNITURE, ObjectRole.WARES})
LOWER = (0.6, 0.8)  # of the model's height: 16:9 needs 0.57 of it, 4:3 0.75
MAP_PX = 32  # of the input for a point of the coarsest map; sides are multiples of it
END_TO_END_COLUMNS = 6  # x1 y1 x2 y2 score class: models that suppress doubles themselves


class OpenVinoDetector:
    """YOLO weights exported to OpenVINO, in a folder with metadata.yaml. Raises UnusableWeights."""

    def __init__(self, folder: Path, *, streams: int | None = None) -> None:
        models = sorted(folder.glob("*.xml"))
        if len(models) != 1:
            raise UnusableWeights(folder, f"expected one .xml, found {len(models)}")
        self.folder = folder
        self.name = models[0].stem
        self.digest = sha256_of(models[0].with_suffix(".bin"))
        metadata = _metadata(folder)
        names = {int(number): str(name) for number, name in metadata["names"].items()}
        self.weakness = _weakness(self.name, metadata.get(BESIDE_YOLO11N) or {})
        self._lowest = float(metadata.get(LOWEST, LOWEST_CONFIDENCE))
        self._roles = roles_of(names)
        self._names = names
        if not self._roles:
            raise UnusableWeights(folder, "none of its classes has a role in detectors/roles.toml")
        self._wanted = np.array(sorted(self._roles), dtype=np.int64)
        # by themselves, so that a box that is a little like a bench is a car all the same
        of_trade = np.array([self._roles[number] in OF_TRADE for number in self._wanted.tolist()])
        self._groups = [group for group in (self._wanted[~of_trade], self._wanted[of_trade]) if len(group)]
        cores = streams or len(os.sched_getaffinity(0))
        self._inputs = _inputs(models[0], self.digest, cores)

    def detect(self, looks: Sequence[Look]) -> list[list[Detection]]:
        outputs: list[NDArray[np.float32] | None] = [None] * len(looks)
        layouts = []
        for number, look in enumerate(looks):
            into, layout = self._fitting(look.regions)
            layouts.append(layout)
            into.queue.start_async({0: _canvas(look, layout, into)}, (outputs, number))
        for each in self._inputs:
            each.wait()
        return [
            self._detections(output, look, layout)
            for output, look, layout in zip(outputs, looks, layouts, strict=True)
            if output is not None
        ]

    def _fitting(self, regions: Sequence[Box]) -> "tuple[_Input, list[Placed]]":
        """The lowest input in which the parts are as large as in the highest, and their places in it."""
        *lower, highest = self._inputs
        at_best = pack(regions, highest.width, highest.height)
        for each in lower:
            layout = packed_at(regions, at_best[0].scale, each.width, each.height)
            if layout is not None:
                return each, layout
        return highest, at_best

    def _detections(self, output: NDArray[np.float32], look: Look, layout: list[Placed]) -> list[Detection]:
        corners, scores, classes = self._candidates(output)
        found = []
        for (x1, y1, x2, y2), score, number in zip(corners.tolist(), scores.tolist(), classes.tolist(), strict=True):
            part = _part_at(layout, (x1 + x2) / 2, (y1 + y2) / 2)
            if part is None:
                continue
            region, scale = part.region, part.scale
            box = Box(
                (x1 - part.left) / scale + region.x1,
                (y1 - part.top) / scale + region.y1,
                (x2 - part.left) / scale + region.x1,
                (y2 - part.top) / scale + region.y1,
            )
            inside = Box(
                max(box.x1, region.x1), max(box.y1, region.y1), min(box.x2, region.x2), min(box.y2, region.y2)
            ).within(look.frame.width, look.frame.height)
            if inside.width >= 1 and inside.height >= 1 and (score >= SURE or not _fills(inside, region)):
                found.append(Detection(inside, self._roles[number], self._names[number], score))
        return without_parts(found)

    def _candidates(
        self, output: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:
        """(n, 4) corners in pixels of the input, (n,) scores, (n,) classes, doubles suppressed per role."""
        table = output[0]
        if table.shape[-1] == END_TO_END_COLUMNS:
            keep = (table[:, 4] >= self._lowest) & np.isin(table[:, 5].astype(np.int64), self._wanted)
            return table[keep, :4], table[keep, 4], table[keep, 5].astype(np.int64)
        groups = [self._best_of(table, classes) for classes in self._groups]
        corners, scores, classes = (np.concatenate(parts) for parts in zip(*groups, strict=True))
        return corners, scores, classes

    def _best_of(
        self, table: NDArray[np.float32], among: NDArray[np.int64]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:
        """The boxes of these classes, each of the class that it is most like."""
        wanted = table[4:][among]
        best = wanted.max(axis=0)
        keep = best >= self._lowest
        scores = best[keep]
        classes = among[wanted[:, keep].argmax(axis=0)]
        middle, size = table[:2, keep].T, table[2:4, keep].T
        corners = np.concatenate([middle - size / 2, middle + size / 2], axis=1)
        roles = [list(ObjectRole).index(self._roles[int(number)]) for number in classes]
        boxes = np.concatenate([corners[:, :2], size], axis=1)
        chosen = np.array(
            cv2.dnn.NMSBoxesBatched(boxes.tolist(), scores.tolist(), roles, self._lowest, NMS_IOU), dtype=np.int64
        ).reshape(-1)
        return corners[chosen], scores[chosen], classes[chosen]


class _Input:
    """The network for one size of input, compiled where that size is wanted for the first time."""

    def __init__(self, model: Any, weights_sha256: str, streams: int) -> None:
        self._model, self._weights_sha256, self._streams = model, weights_sha256, streams
        _, self.height, self.width, _ = (int(side) for side in model.input(0).shape)

    @cached_property
    def queue(self) -> Any:
        # pinning puts two processes on the same core; one thread a stream wastes none in waiting
        options = {"NUM_STREAMS": self._streams, "INFERENCE_NUM_THREADS": self._streams, "ENABLE_CPU_PINNING": False}
        queue = ov.AsyncInferQueue(compiled(self._model, self._weights_sha256, options), self._streams)
        queue.set_callback(_keep_output)
        return queue

    def wait(self) -> None:
        if "queue" in self.__dict__:
            self.queue.wait_all()


def _inputs(path: Path, weights_sha256: str, streams: int) -> list[_Input]:
    """From the lowest to the model's own, which alone is there where its graph takes no other size."""
    own = _read(path)
    _, _, height, width = (int(side) for side in own.input(0).shape)
    models = []
    for share in LOWER:
        try:
            models.append(resized(_read(path), ceil(share * height / MAP_PX) * MAP_PX, width))
        except FixedSize:
            break
    return [_Input(_fed_with_pictures(model), weights_sha256, streams) for model in (*models, own)]


def _canvas(look: Look, layout: list[Placed], into: _Input) -> Bytes:
    canvas = np.full((1, into.height, into.width, 3), LETTERBOX_GREY, np.uint8)
    for part in layout:
        width, height = part.size
        canvas[0, part.top : part.top + height, part.left : part.left + width] = look.frame.rgb_of(
            part.region, width, height
        )
    return canvas


def without_parts(found: list[Detection]) -> list[Detection]:
    """Drops a box that lies within a surer one of the same role: half a car behind a post is not a second car."""
    kept: list[Detection] = []
    for one in sorted(found, key=lambda each: each.confidence, reverse=True):
        if not any(one.role is other.role and one.box.share_of_smaller(other.box) > NESTED_SHARE for other in kept):
            kept.append(one)
    return kept


def _fills(box: Box, region: Box) -> bool:
    """Cut off by three sides of what was looked at: a vehicle that close is seen surely, or it is made up."""
    near_x, near_y = EDGE * region.width, EDGE * region.height
    sides = (
        box.x1 - region.x1 < near_x,
        region.x2 - box.x2 < near_x,
        box.y1 - region.y1 < near_y,
        region.y2 - box.y2 < near_y,
    )
    return sum(sides) >= 3


def _part_at(layout: list[Placed], x: float, y: float) -> Placed | None:
    for part in layout:
        width, height = part.size
        if part.left <= x < part.left + width and part.top <= y < part.top + height:
            return part
    return None  # on the grey between the parts there is nothing


def _keep_output(request: Any, place: tuple[list[Any], int]) -> None:
    outputs, number = place
    outputs[number] = request.get_output_tensor(0).data.copy()


def _read(path: Path) -> Any:
    try:
        model = ov.Core().read_model(path)
    except RuntimeError as error:
        raise UnusableWeights(path, "OpenVINO cannot read it") from error
    shape = model.input(0).partial_shape
    if shape.is_dynamic:
        model.reshape([1, 3, 640, 640])
    if int(model.input(0).shape[1]) != 3 or len(model.outputs) != 1:
        raise UnusableWeights(path, f"input {model.input(0).shape} with {len(model.outputs)} outputs is not a detector")
    return model


def _fed_with_pictures(model: Any) -> Any:
    """The model with scaling and layout in its graph, fed with (1, height, width, 3) uint8 RGB."""
    steps = PrePostProcessor(model)
    steps.input().tensor().set_element_type(ov.Type.u8).set_layout(ov.Layout("NHWC"))
    steps.input().model().set_layout(ov.Layout("NCHW"))
    steps.input().preprocess().convert_element_type(ov.Type.f32).scale(255.0)
    return steps.build()


def _metadata(folder: Path) -> dict[str, Any]:
    """What the exporter wrote beside the model; `names` is in it."""
    try:
        metadata: dict[str, Any] = YAML(typ="safe").load(folder / "metadata.yaml")
        metadata["names"].items()
    except (OSError, KeyError, TypeError, AttributeError, YAMLError) as error:
        raise UnusableWeights(folder, "metadata.yaml with the class names is missing or unreadable") from error
    return metadata


def _weakness(name: str, shares: Mapping[str, float]) -> str | None:
    """One line where the weights see much less than YOLO11n; shares: of what YOLO11n finds, by role."""
    weak = {role: share for role, share in shares.items() if share < MUCH_LESS}
    if not weak:
        return None
    seen = ", ".join(f"{round(100 * share)} % of what YOLO11n sees of role {role}" for role, share in weak.items())
    return f"weights {name} find {seen}; name better ones with STREETWITNESS_WEIGHTS where they can be had"
