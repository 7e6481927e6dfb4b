"""Learning from what the teacher computes on the way, and not only from what it says at the end.

A few thousand pictures with boxes teach a network with random weights little about people. But each convolution of a
teacher of the same architecture says for every place of every picture what is to come out there. So each of them learns
first by itself, all at once, fed with what the teacher's was fed with (block-wise distillation: Li et al. 2020,
arXiv:1911.13053, with the smallest of blocks); then, while labels are learned, the network is held to the teacher's
answers (Hinton et al. 2015, arXiv:1503.02531). No weight of the teacher is copied.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from detectors.training.feature_teacher import FeatureTeacher, Taught

DISTANCES = 16  # steps in which the head tells how far each side of a box is
# The head's branch that says what a thing is, is narrower for few classes than the teacher's for eighty: there only the
# first convolutions have a counterpart.
_CLASS_BRANCH, _ITS_FIRST = "23.cv3.", "0.0"
_LEVELS = ("16.cv2", "19.cv2", "22.cv2")  # what the head reads; the labels' loss asks how large each of them is

Losses = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Said:
    """By a student of n pictures. features: by convolution; boxes, scores: (n, 64 or classes, places) of its head."""

    features: dict[str, torch.Tensor]
    boxes: torch.Tensor
    scores: torch.Tensor


class Imitated:
    """The losses of a student beside its teacher; each is a share of how much the teacher's own values vary."""

    def __init__(self, teacher: FeatureTeacher) -> None:
        self.teacher = teacher
        self.varies: Losses = {}  # by convolution, in the first pictures; a part of what a checkpoint keeps

    def losses(self, said: Said, told: Taught) -> Losses:
        found: Losses = {name: self._apart(name, said.features[name], its) for name, its in told.features.items()}
        found["boxes"], found["scores"] = _answers(said.boxes, said.scores[:, self.teacher.columns], told)
        return found

    def _apart(self, name: str, student: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor:
        if name not in self.varies:
            self.varies[name] = teacher.float().var(dim=(0, 2, 3)).mean()
        distance: torch.Tensor = _MeanSquare.apply(  # type: ignore[no-untyped-call]
            student.to(torch.bfloat16), teacher
        )
        return distance / self.varies[name]


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
    """One number to come down from: each convolution and each answer counts the same."""
    return torch.stack(list(losses.values())).sum()


def convolutions(network: Any) -> list[str]:
    """Those of a network of Ultralytics that the teacher has too, each with its normalisation and activation."""
    from ultralytics.nn.modules.conv import Conv  # noqa: PLC0415 - takes seconds to import

    names = [name.removeprefix("model.") for name, module in network.named_modules() if isinstance(module, Conv)]
    return [name for name in names if not name.startswith(_CLASS_BRANCH) or name.split(".", 3)[3] == _ITS_FIRST]


def each_by_itself(network: Any, pictures: torch.Tensor, told: Taught) -> Said:
    """What each convolution of the student makes of the teacher's input to it."""
    with _overheard(network, told.features, handed_on=told.features) as features:
        answers = network.predict(pictures)
    return Said(features, answers["boxes"], answers["scores"])


def whole(network: Any, pictures: torch.Tensor) -> Said:
    """What the student makes of the pictures by itself."""
    with _overheard(network, _LEVELS) as features:
        answers = network.predict(pictures)
    return Said(features, answers["boxes"], answers["scores"])


@contextmanager
def _overheard(
    network: Any, names: Iterable[str], handed_on: Mapping[str, torch.Tensor] | None = None
) -> Iterator[dict[str, torch.Tensor]]:
    """What these convolutions give as the network computes. handed_on: what those behind them are to get instead."""
    given: dict[str, torch.Tensor] = {}

    def listener(name: str) -> Callable[[nn.Module, Any, torch.Tensor], torch.Tensor]:
        def listen(_module: nn.Module, _fed_with: Any, output: torch.Tensor) -> torch.Tensor:
            given[name] = output
            return output if handed_on is None else handed_on[name]

        return listen

    with ExitStack() as hooks:
        for name in names:
            hook = network.get_submodule(f"model.{name}").register_forward_hook(listener(name))
            hooks.callback(hook.remove)
        yield given


def held_to_the_teacher(
    model: Any, imitated: Imitated
) -> Callable[[Any], tuple[torch.Tensor, dict[str, torch.Tensor]]]:
    """A loss for Ultralytics' trainer: that of the labels, and how far its answers are from the teacher's."""

    def loss(batch: Any) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        pictures = batch["img"]
        told = imitated.teacher.teach(pictures.float().contiguous().numpy())
        with torch.autocast("cpu", torch.bfloat16):
            said = whole(model, pictures.contiguous(memory_format=torch.channels_last))
        answers = {"boxes": said.boxes, "scores": said.scores, "feats": [said.features[at] for at in _LEVELS]}
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
