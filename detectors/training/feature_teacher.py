"""What a YOLO11n computes on its way to boxes: what its convolutions give, from the exported model, by OpenVINO."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import torch
from numpy.typing import NDArray
from ruamel.yaml import YAML

from detectors.input_size import resized
from detectors.training.classes import CLASSES
from detectors.training.errors import UnusableMaterial

LEVELS = 3  # of the head
_HEAD = 23
# The labels call three-wheelers so, and no teacher taught on COCO knows them: there the labels alone have a say.
NOT_ASKED = frozenset({"motorcycle"})


@dataclass(frozen=True)
class Taught:
    """Of n pictures. features: by convolution, (n, channels, height, width) in bfloat16, channels last.

    boxes: (n, 64, places), what the softmax over distances is taken of; scores: (n, columns, places), what the sigmoid
    is taken of, for those classes alone that the teacher is asked for.
    """

    features: dict[str, torch.Tensor]
    boxes: torch.Tensor
    scores: torch.Tensor


class FeatureTeacher:
    """A YOLO11n that Ultralytics exported to OpenVINO, for pictures of one size. Raises UnusableMaterial."""

    def __init__(self, folder: Path, side_px: int, *, streams: int, convolutions: Sequence[str]) -> None:
        """convolutions: those it tells of, as the modules are called: "2.m.0.cv1" is within the third layer."""
        self.convolutions = tuple(convolutions)
        model = _cut_open(folder, side_px, self.convolutions)
        known = {str(name): int(at) for at, name in YAML(typ="safe").load(folder / "metadata.yaml")["names"].items()}
        asked = [name for name in CLASSES if name in known and name not in NOT_ASKED]
        self.columns = [CLASSES.index(name) for name in asked]  # of the student's scores
        self._columns = [known[name] for name in asked]
        options = {"NUM_STREAMS": streams, "INFERENCE_NUM_THREADS": streams, "ENABLE_CPU_PINNING": False}
        compiled = ov.Core().compile_model(model, "CPU", options)
        self._shapes = [tuple(output.shape)[1:] for output in compiled.outputs]
        self._queue = ov.AsyncInferQueue(compiled, streams)
        self._queue.set_callback(_keep)

    def teach(self, pictures: NDArray[np.float32]) -> Taught:
        """pictures: (n, 3, side, side) RGB in 0..1."""
        count = len(self.convolutions)
        into = [
            torch.empty((len(pictures), *shape), dtype=torch.bfloat16 if at < count else torch.float32)
            for at, shape in enumerate(self._shapes)
        ]
        # the student's memory has the channels last; beside memory laid out otherwise its arithmetic takes four times
        into = [each.contiguous(memory_format=torch.channels_last) for each in into]
        for at in range(len(pictures)):
            self._queue.start_async({0: pictures[at : at + 1]}, (into, at))
        self._queue.wait_all()
        features, head = into[:count], into[count:]
        boxes, scores = (torch.cat([each.flatten(2) for each in part], 2) for part in (head[:3], head[3:]))
        return Taught(dict(zip(self.convolutions, features, strict=True)), boxes, scores[:, self._columns])


def _keep(request: Any, place: tuple[Sequence[torch.Tensor], int]) -> None:
    into, at = place
    for number, tensor in enumerate(into):
        tensor[at].copy_(torch.from_numpy(request.get_output_tensor(number).data[0]))


def _cut_open(folder: Path, side_px: int, convolutions: Sequence[str]) -> ov.Model:
    """The exported model up to the head's last convolutions, with the outputs of these as its own."""
    paths = sorted(folder.glob("*.xml"))
    if len(paths) != 1:
        raise UnusableMaterial(folder, f"expected one .xml, found {len(paths)}")
    model = ov.Core().read_model(paths[0])
    named = {operation.get_friendly_name(): operation for operation in model.get_ordered_ops()}
    try:
        outputs = [_activated(named[_convolution(f"{name}.conv")]) for name in convolutions]
        for branch in ("cv2", "cv3"):
            outputs += [named[_convolution(f"{_HEAD}.{branch}.{level}.2")].output(0) for level in range(LEVELS)]
    except KeyError as error:
        raise UnusableMaterial(
            paths[0], "is no YOLO11n that Ultralytics exported, so its layers cannot be read"
        ) from error
    return resized(ov.Model(outputs, model.get_parameters(), "features"), side_px, side_px)


def _convolution(name: str) -> str:
    return f"__module.model.{name}/aten::_convolution/Add"


def _activated(convolution: Any) -> Any:
    """Its output behind the activation, where it has one: some within the attention have none."""
    readers = (target.get_node() for target in convolution.output(0).get_target_inputs())
    return next((node for node in readers if node.get_type_name() == "Swish"), convolution).output(0)
