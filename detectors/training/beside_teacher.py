"""The first part of the training: each convolution of a network with random weights by itself, beside a teacher.

No labels, no trainer: pictures in, steps down to the end of the schedule, and a checkpoint every so many that a stop at
any moment leaves whole.
"""

import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from detectors.training.classes import CLASSES
from detectors.training.errors import UnusableMaterial
from detectors.training.feature_teacher import FeatureTeacher
from detectors.training.imitation import Imitated, each_by_itself, together
from detectors.training.pictures import read_picture
from detectors.training.views import view
from models.whole_file import whole_file

log = logging.getLogger(__name__)

FURTHEST = 5  # so many are named in the log


@dataclass(frozen=True)
class ConvolutionLearning:
    """The schedule. sides_px: the longer side that a picture is brought to, from and to; see views.py."""

    picture_px: int = 320
    steps: int = 2500
    batch: int = 16
    learning_rate: float = 0.003
    # What is shown of a channel is set by few numbers (scale and offset of each channel), which have a long way to go.
    scales_faster: float = 4.0
    warmup: int = 100
    sides_px: tuple[float, float] = (300.0, 800.0)
    kept_every: int = 250  # steps


def learn_convolutions(
    pictures: Sequence[Path],
    folder: Path,
    network: Any,
    teacher: FeatureTeacher,
    schedule: ConvolutionLearning,
    *,
    seed: int,
) -> Path:
    """Teaches a network of Ultralytics all that the teacher tells, and returns its weights.

    On from folder/checkpoint.pt if that is there. Raises UnusableMaterial where there are fewer pictures than make a
    batch.
    """
    done = folder / "learnt.pt"
    if done.is_file():
        return done
    if len(pictures) < schedule.batch:
        raise UnusableMaterial(folder, f"needs {schedule.batch} pictures to learn from, and has {len(pictures)}")
    folder.mkdir(parents=True, exist_ok=True)
    network = network.to(memory_format=torch.channels_last).train()
    optimizer = _optimizer(network)
    average = {name: value.clone() for name, value in network.state_dict().items()}
    imitated = Imitated(teacher)
    checkpoint, first = folder / "checkpoint.pt", 0
    if checkpoint.is_file():
        saved = torch.load(checkpoint, weights_only=True)
        network.load_state_dict(saved["network"])
        optimizer.load_state_dict(saved["optimizer"])
        average, imitated.varies, first = saved["average"], saved["varies"], saved["step"]
    for step, batch in _batches(pictures, schedule, seed, first):
        told = teacher.teach(batch)
        shown = torch.from_numpy(batch).contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            said = each_by_itself(network, shown, told)
        losses = imitated.losses(said, told)
        # what a thing is takes five convolutions to say, and nobody tells what is to come out between them
        _step(network, optimizer, together(losses) + losses["scores"], _rate(step, schedule), schedule)
        _follow(average, network, step)
        if step % schedule.kept_every == 0:
            log.info("step %d of %d: %s", step, schedule.steps, said_of(losses))
            state = {
                "network": network.state_dict(),
                "optimizer": optimizer.state_dict(),
                "average": average,
                "varies": imitated.varies,
                "step": step,
            }
            _write(checkpoint, state)
    network.load_state_dict(average)
    network.names = dict(enumerate(CLASSES))
    _write(done, {"model": network.half(), "ema": None, "epoch": -1, "train_args": dict(network.args)})
    return done


def said_of(losses: Mapping[str, torch.Tensor]) -> str:
    """Their sum, and those that are furthest from what was told."""
    values = {name: float(loss.detach()) for name, loss in losses.items()}
    furthest = sorted(values, key=values.__getitem__, reverse=True)[:FURTHEST]
    return f"{sum(values.values()):.3f} away; " + ", ".join(f"{name} {values[name]:.3f}" for name in furthest)


def _optimizer(network: nn.Module) -> torch.optim.Optimizer:
    shapes = [parameter for parameter in network.parameters() if parameter.ndim > 1]
    scales = [parameter for parameter in network.parameters() if parameter.ndim <= 1]
    return torch.optim.AdamW([{"params": shapes, "weight_decay": 1e-3}, {"params": scales, "weight_decay": 0.0}])


def _rate(step: int, schedule: ConvolutionLearning) -> float:
    down = 0.5 * (1 + math.cos(math.pi * step / schedule.steps))
    return schedule.learning_rate * min(step / schedule.warmup, 1.0) * (0.02 + 0.98 * down)


def _step(
    network: nn.Module, optimizer: torch.optim.Optimizer, loss: torch.Tensor, rate: float, schedule: ConvolutionLearning
) -> None:
    for group, faster in zip(optimizer.param_groups, (1.0, schedule.scales_faster), strict=True):
        group["lr"] = rate * faster
    optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(network.parameters(), 10.0)
    optimizer.step()


def _follow(average: dict[str, torch.Tensor], network: nn.Module, step: int) -> None:
    """The moving average, short at the beginning, when the last step is worth more than all before."""
    share = 1 - min(0.998, step / (step + 20))
    for name, value in network.state_dict().items():
        if value.is_floating_point():
            average[name].lerp_(value, share)
        else:
            average[name] = value.clone()


def _write(path: Path, state: Mapping[str, Any]) -> None:
    buffer = BytesIO()
    torch.save(dict(state), buffer)
    with whole_file(path) as file:
        file.write(buffer.getvalue())


def _batches(
    pictures: Sequence[Path], schedule: ConvolutionLearning, seed: int, done: int
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """(step from 1, (batch, 3, side, side) RGB in 0..1) for the steps after `done`; the same for the same seed."""
    a_round = len(pictures) // schedule.batch

    def made(step: int) -> NDArray[np.float32]:
        lap, at = divmod(step - 1, a_round)
        order = np.random.default_rng([seed, lap]).permutation(len(pictures))
        rng = np.random.default_rng([seed, lap, at])
        chosen = order[at * schedule.batch : (at + 1) * schedule.batch]
        side_px, sides_px = schedule.picture_px, schedule.sides_px
        views = np.stack([view(read_picture(pictures[int(each)]), side_px, sides_px, rng) for each in chosen])
        return np.ascontiguousarray(views[..., ::-1].transpose(0, 3, 1, 2), np.float32) / np.float32(255)

    with ThreadPoolExecutor(1) as beside:
        ahead = beside.submit(made, done + 1)
        for step in range(done + 1, schedule.steps + 1):
            batch = ahead.result()
            if step < schedule.steps:
                ahead = beside.submit(made, step + 1)
            yield step, batch
