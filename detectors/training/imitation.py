"""Learning from what the teacher computes on the way, and not only from what it says at the end.

A few thousand pictures with boxes teach a network with random weights little about people. But each layer of a teacher
of the same architecture says for every place of every picture what is to come out there. So each layer learns first by
itself, all at once, fed with what the teacher's layer was fed with (block-wise distillation: Li et al. 2020,
arXiv:1911.13053); then, while labels are learned, the whole network is held to the teacher's features (Romero et al.
2015, arXiv:1412.6550) and answers (Hinton et al. 2015, arXiv:1503.02531). No weight of the teacher is copied.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from detectors.training.feature_teacher import LAYERS, LEVELS, FeatureTeacher, Taught

DISTANCES = 16  # steps in which the head tells how far each side of a box is
_JOINED = {13: (10, 6), 16: (13, 4), 19: (17, 13), 22: (20, 10)}  # layers that read two others
_ENLARGED = frozenset({13, 16})  # whose first one is enlarged to the size of the second

Losses = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Said:
    """By a student of n pictures. features: by layer; boxes, scores: (n, 64 or classes, places) of its head."""

    features: dict[int, torch.Tensor]
    boxes: torch.Tensor
    scores: torch.Tensor


class Imitated:
    """The losses of a student beside its teacher; each is a share of how much the teacher's own values vary."""

    def __init__(self, teacher: FeatureTeacher) -> None:
        self.teacher = teacher
        self._varies: dict[int, torch.Tensor] = {}

    def losses(self, said: Said, told: Taught) -> Losses:
        found: Losses = {f"layer {at}": self._apart(at, said.features[at], told.features[at]) for at in LAYERS}
        found["boxes"], found["scores"] = _answers(said.boxes, said.scores[:, self.teacher.columns], told)
        return found

    def _apart(self, layer: int, student: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor:
        if layer not in self._varies:
            self._varies[layer] = teacher.float().var(dim=(0, 2, 3)).mean()
        distance: torch.Tensor = _MeanSquare.apply(  # type: ignore[no-untyped-call]
            student.to(torch.bfloat16), teacher
        )
        return distance / self._varies[layer]


class _MeanSquare(torch.autograd.Function):
    """The mean squared difference. PyTorch's own gives a gradient with another layout, which costs four times."""

    @staticmethod
    def forward(ctx: Any, student: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor:
        difference = student - teacher
        ctx.save_for_backward(difference)
        norm: torch.Tensor = torch.linalg.vector_norm(difference, dtype=torch.float32)
        return norm.square() / difference.numel()

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        (difference,) = ctx.saved_tensors
        return difference * (2 * float(gradient) / difference.numel()), None


def _answers(boxes: torch.Tensor, scores: torch.Tensor, told: Taught) -> tuple[torch.Tensor, torch.Tensor]:
    """How far the boxes and scores are from the teacher's, where it sees something; 0 where they are the same."""
    said = told.scores.sigmoid()
    weight = said.amax(1)
    there = weight.sum() + 1e-6
    off = functional.binary_cross_entropy_with_logits(scores.float(), said, reduction="sum")
    at_best = functional.binary_cross_entropy(said, said, reduction="sum")
    split = (len(boxes), 4, DISTANCES, boxes.shape[2])
    meant = told.boxes.view(split).log_softmax(2)
    shown = boxes.float().view(split).log_softmax(2)
    apart = (meant.exp() * (meant - shown)).sum(2).mean(1)
    return (apart * weight).sum() / there, (off - at_best) / there


def together(losses: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """One number to come down from: each layer and each answer counts the same."""
    return torch.stack(list(losses.values())).sum()


def layer_by_layer(network: nn.Sequential, pictures: torch.Tensor, told: Taught) -> Said:
    """What each layer of the student makes of the teacher's input to it."""
    known = told.features

    def fed_with(at: int) -> torch.Tensor:
        if at == 0:
            return pictures
        if at not in _JOINED:
            return known[16] if at == 17 else known[at - 1]
        first, second = (known[each] for each in _JOINED[at])
        if at in _ENLARGED:
            first = functional.interpolate(first, scale_factor=2, mode="nearest")
        return torch.cat([first, second], 1).contiguous(memory_format=torch.channels_last)

    features = {at: network[at](fed_with(at)) for at in LAYERS}
    answers = network[-1]([known[at] for at in LEVELS])
    return Said(features, answers["boxes"], answers["scores"])


def whole(network: nn.Sequential, pictures: torch.Tensor) -> Said:
    """What the student makes of the pictures by itself."""
    made: list[torch.Tensor] = []
    for layer in list(network)[:-1]:
        before = made[-1] if made else pictures
        reads: Any = layer.f  # the number of the layer that it reads, or the numbers
        if isinstance(reads, int):
            made.append(layer(before if reads == -1 else made[reads]))
        else:
            made.append(layer([before if at == -1 else made[at] for at in reads]))
    answers = network[-1]([made[at] for at in LEVELS])
    return Said({at: made[at] for at in LAYERS}, answers["boxes"], answers["scores"])


def held_to_the_teacher(
    model: Any, imitated: Imitated
) -> Callable[[Any], tuple[torch.Tensor, dict[str, torch.Tensor]]]:
    """A loss for Ultralytics' trainer: that of the labels, and what the network is away from its teacher."""

    def loss(batch: Any) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        pictures = batch["img"]
        told = imitated.teacher.teach(pictures.float().contiguous().numpy())
        with torch.autocast("cpu", torch.bfloat16):
            said = whole(model.model, pictures.contiguous(memory_format=torch.channels_last))
        answers = {"boxes": said.boxes, "scores": said.scores, "feats": [said.features[at] for at in LEVELS]}
        by_labels, items = model.loss(batch, as_float(answers))
        away = together(imitated.losses(said, told))
        return torch.cat([by_labels, (away * len(pictures)).view(1)]), {**items, "imitation": away.detach()}

    return loss


def as_float(value: Any) -> Any:
    """The same tensors, lists and tables in float32."""
    if isinstance(value, torch.Tensor):
        return value.float() if value.is_floating_point() else value
    if isinstance(value, dict):
        return {key: as_float(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(as_float(each) for each in value)
    return value
