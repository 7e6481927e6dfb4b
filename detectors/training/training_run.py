"""The training itself: Ultralytics' own trainer, steered through its arguments and callbacks.

From an architecture file with random weights, never from a checkpoint made by others. What we add: half-width
arithmetic on processors that have it, and a checkpoint that a stop at any moment leaves whole. Ultralytics writes
`last.pt` in place, so `checkpoint.pt` is copied from it, and only that one is resumed from.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch

from detectors.training.errors import ForeignWork, StepMissing, UnusableMaterial
from detectors.training.torchvision_operators import ensure_torchvision
from models.whole_file import whole_file

ARCHITECTURE = "yolo11n.yaml"  # as Ultralytics ships it; the number of classes comes from data.yaml


@dataclass(frozen=True)
class Stage:
    """One schedule from its first rate of learning down to nothing."""

    picture_px: int
    epochs: int
    learning_rate: float
    plain_epochs: int  # the last ones, without mosaics
    pictures: str = "data.yaml"  # which of the lists that dataset.py writes
    mosaics: float = 1.0  # the share of pictures that are made of four; a mosaic hardly ever shows a near thing whole
    warmup_epochs: int = 2
    last_rate: float = 0.01  # what is left of the rate of learning at the end


@dataclass(frozen=True)
class Settings:
    """What was chosen by measurement; docs/model-card.md has the figures."""

    seed: int = 2026
    # Most is learned from small pictures at half the cost; large ones then bring back what is small in the street. The
    # last two teach what is near, which mosaics of street pictures show only in pieces. They keep their rate to the
    # end: the average with what was learned before does what coming down would, and what is far is not forgotten.
    stages: tuple[Stage, ...] = (
        Stage(288, 40, 0.01, 0),
        Stage(416, 8, 0.005, 2),
        Stage(320, 3, 0.008, 0, "near.yaml", 0.5, 2, 1.0),
        Stage(416, 1, 0.005, 0, "near.yaml", 0.5, 1, 1.0),
    )
    shares: tuple[float, ...] = (0.0, 0.4, 0.0, 0.6)  # of each stage's weights in the average that is handed out
    batch: int = 32
    optimizer: str = "MuSGD"
    loaders: int = 1  # processes that prepare pictures; the arithmetic takes the rest of two cores


def trained_weights(work: Path) -> Path:
    """The weights of a finished training. Raises StepMissing."""
    path = work / "run" / "trained.pt"
    if not path.is_file():
        raise StepMissing(path, "train")
    return path


def train(data: Path, work: Path, settings: Settings, *, resume: bool) -> Path:
    """Trains to the end and returns the weights; with `resume`, from the last whole checkpoint.

    Raises ForeignWork where a training is already there and was not asked to go on, StepMissing where there is none
    to go on with.
    """
    folders = [work / "run" / str(number) for number in range(1, len(settings.stages) + 1)]
    if (work / "run" / "trained.pt").is_file():
        return trained_weights(work)
    begun = any((folder / "checkpoint.pt").is_file() for folder in folders)
    if resume and not begun:
        raise StepMissing(folders[0] / "checkpoint.pt", "train")
    if begun and not resume:
        raise ForeignWork(work / "run", "holds a training that was stopped")
    _keep_to_itself(work)
    ensure_torchvision()
    weights: list[Path] = []
    for folder, stage in zip(folders, settings.stages, strict=True):
        weights.append(_stage_trained(data, folder, stage, settings, weights[-1] if weights else None))
    average(dict(zip(weights, settings.shares, strict=True)), work / "run" / "trained.pt")
    return trained_weights(work)


def _stage_trained(data: Path, folder: Path, stage: Stage, settings: Settings, begin_with: Path | None) -> Path:
    """Trains one stage to its end, from where it was stopped if it was; returns its last average."""
    last, checkpoint = folder / "weights" / "last.pt", folder / "checkpoint.pt"
    if (folder / "finished").is_file():
        return last
    if checkpoint.is_file() and _at_its_end(checkpoint):
        # Stopped after the last epoch, before Ultralytics had tidied up: there is nothing left to train.
        keep_checkpoint(checkpoint, last)
    else:
        pictures = data.with_name(stage.pictures)
        overrides = arguments(pictures, folder, stage, settings, begin_with)
        if checkpoint.is_file():
            overrides = {"resume": str(checkpoint), "data": str(pictures), "cache": "ram", "save_dir": str(folder)}
        _trainer(overrides, folder, settings).train()
    (folder / "finished").touch()
    return last


def tuned(data: Path, work: Path, start: Path, stage: Stage, *, seed: int, frozen: int, batch: int) -> Path:
    """A trained network taught further on `data`, its first `frozen` layers left as they are; returns the weights."""
    _keep_to_itself(work)
    ensure_torchvision()
    folder, settings = work / "run", Settings(seed=seed, batch=batch, optimizer="AdamW")
    overrides = arguments(data, folder, stage, settings, None)
    overrides |= {"model": str(start), "pretrained": True, "freeze": frozen, "verbose": False}
    _trainer(overrides, folder, settings).train()
    return folder / "weights" / "last.pt"


def names_of(weights: Path) -> dict[int, str]:
    """The classes a checkpoint knows, by number. Raises UnusableMaterial."""
    ensure_torchvision()
    from ultralytics.nn.tasks import load_checkpoint  # noqa: PLC0415 - as DetectionTrainer below

    try:
        model, _ = load_checkpoint(weights)  # type: ignore[no-untyped-call]
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, AttributeError, UnpicklingError) as error:
        why = f"is no checkpoint of Ultralytics ({type(error).__name__})"
        raise UnusableMaterial(weights, why) from error
    return {int(number): str(name) for number, name in model.names.items()}


def _trainer(overrides: dict[str, Any], folder: Path, settings: Settings) -> Any:
    from ultralytics.models.yolo.detect import DetectionTrainer  # noqa: PLC0415 - reads the environment as it loads

    callbacks: dict[str, list[Callable[[Any], None]]] = _default_callbacks()
    callbacks["on_pretrain_routine_start"].append(lambda trainer: _allow_loaders(trainer, settings.loaders))
    callbacks["on_pretrain_routine_end"].append(_use_all_cores)
    callbacks["on_pretrain_routine_end"].append(use_half_width)
    callbacks["on_model_save"].append(lambda trainer: keep_checkpoint(Path(trainer.last), folder / "checkpoint.pt"))
    return DetectionTrainer(overrides=overrides, _callbacks=callbacks)


def _at_its_end(checkpoint: Path) -> bool:
    from ultralytics.nn.tasks import load_checkpoint  # noqa: PLC0415 - as DetectionTrainer above

    _, saved = load_checkpoint(checkpoint)  # type: ignore[no-untyped-call]
    return bool(saved["epoch"] + 1 >= saved["train_args"]["epochs"])


def arguments(data: Path, folder: Path, stage: Stage, settings: Settings, begin_with: Path | None) -> dict[str, Any]:
    """What Ultralytics is told, in its words. begin_with: weights of the stage before; None: random ones."""
    return {
        "model": ARCHITECTURE,
        "pretrained": False if begin_with is None else str(begin_with),
        "data": str(data),
        "save_dir": str(folder),
        "exist_ok": True,
        "device": "cpu",
        "seed": settings.seed,
        "deterministic": True,
        "epochs": stage.epochs,
        "patience": 0,  # the schedule is run to its end, and its last weights are taken: nothing is picked on val
        "imgsz": stage.picture_px,
        "batch": settings.batch,
        "nbs": settings.batch,  # a step for every batch: the pictures are few
        "optimizer": settings.optimizer,
        "lr0": stage.learning_rate,
        "lrf": stage.last_rate,
        "cos_lr": True,
        "warmup_epochs": stage.warmup_epochs,
        "warmup_bias_lr": 0.0,
        "momentum": 0.9,
        "mosaic": stage.mosaics,
        "close_mosaic": stage.plain_epochs,
        "scale": 0.6,  # street cameras see the same car at 15 and at 300 pixels
        "degrees": 2.0,
        "hsv_s": 0.6,
        "hsv_v": 0.5,
        "cache": "ram",
        "amp": False,  # Ultralytics' own mixed precision is for GPUs; use_half_width does it here
        "plots": False,
        "val": False,  # a fifth of the time, for figures that decide nothing; the evaluation comes at the end
    }


def _keep_to_itself(work: Path) -> None:
    """Ultralytics neither installs, downloads nor reports anything, and keeps its settings in the work folder."""
    os.environ["YOLO_AUTOINSTALL"] = "false"
    os.environ["YOLO_OFFLINE"] = "true"
    config = work / "ultralytics"
    config.mkdir(parents=True, exist_ok=True)
    os.environ["YOLO_CONFIG_DIR"] = str(config)


def _default_callbacks() -> dict[str, list[Callable[[Any], None]]]:
    from ultralytics.utils.callbacks import get_default_callbacks  # noqa: PLC0415 - as DetectionTrainer above

    return dict(get_default_callbacks())  # type: ignore[no-untyped-call]


def _allow_loaders(trainer: Any, loaders: int) -> None:
    # On a processor Ultralytics prepares the pictures between the steps; one process beside them is faster here.
    trainer.args.workers = loaders


def _use_all_cores(trainer: Any) -> None:  # noqa: ARG001 - Ultralytics hands itself to every callback
    # Ultralytics leaves one core to others, which of two is half; whoever wants to share sets the niceness.
    torch.set_num_threads(len(os.sched_getaffinity(0)))


def use_half_width(trainer: Any) -> None:
    """Lets the network compute in bfloat16 and channels-last memory, where the processor has it; the loss stays float.

    Only the live model is changed. The average that is validated and saved is a copy made before, so that a
    checkpoint holds nothing of ours and loads with Ultralytics alone.
    """
    if not torch.cpu.get_capabilities().get("avx512_bf16", False):
        return
    model = trainer.model.to(memory_format=torch.channels_last)
    forward = model.forward

    def half_width_forward(batch: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(batch, dict):
            return forward(batch, *args, **kwargs)
        with torch.autocast("cpu", torch.bfloat16):
            predictions = forward(batch["img"].contiguous(memory_format=torch.channels_last))
        return model.loss(batch, as_float(predictions))

    model.forward = half_width_forward


def as_float(value: Any) -> Any:
    """The same tensors, lists and tables in float32."""
    if isinstance(value, torch.Tensor):
        return value.float() if value.is_floating_point() else value
    if isinstance(value, dict):
        return {key: as_float(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(as_float(each) for each in value)
    return value


def average(shares: dict[Path, float], target: Path) -> None:
    """Writes the weighted mean of weights of one training, each learned from the one before; shares add up to 1.

    What the last steps of each have overshot is averaged away, and what the earlier ones saw better is kept in part
    (Izmailov et al. 2018, Wortsman et al. 2022).
    """
    from ultralytics.nn.tasks import load_checkpoint  # noqa: PLC0415 - as DetectionTrainer above

    mean: dict[str, torch.Tensor] = {}
    for path, share in shares.items():
        model, saved = load_checkpoint(path)  # type: ignore[no-untyped-call]
        for name, value in model.state_dict().items():
            # What is counted rather than learned, such as the number of batches seen, is the last one's.
            mean[name] = mean.get(name, 0.0) + share * value if value.is_floating_point() else value
    model.load_state_dict(mean)
    buffer = BytesIO()
    torch.save({**saved, "model": model.half(), "ema": None, "optimizer": None}, buffer)
    with whole_file(target) as file:
        file.write(buffer.getvalue())


def keep_checkpoint(source: Path, target: Path) -> None:
    """Replaces `target` by a copy of `source` that is on disk before it takes the name."""
    with whole_file(target) as file:
        file.write(source.read_bytes())
