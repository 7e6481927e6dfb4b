"""The training itself: each convolution beside a teacher, then Ultralytics' own trainer, steered through its arguments.

From an architecture file with random weights, never from a checkpoint made by others. What we add to the trainer: the
teacher's answers beside the labels, half-width arithmetic on processors that have it, and a checkpoint that a stop at
any moment leaves whole. Ultralytics writes `last.pt` in place, so `checkpoint.pt` is copied from it, and only that one
is resumed from.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch

from detectors.training.beside_teacher import ConvolutionLearning, learn_convolutions
from detectors.training.classes import CLASSES
from detectors.training.errors import ForeignWork, StepMissing, UnusableMaterial
from detectors.training.feature_teacher import FeatureTeacher
from detectors.training.imitation import Imitated, as_float, convolutions, held_to_the_teacher
from detectors.training.torchvision_operators import ensure_torchvision
from models.whole_file import whole_file

# What is learned beside the teacher stays as it is while labels are learned, all but the head's branch that says what a
# thing is: held to the teacher or not, labels moved the rest away from it, and persons with it.
KEPT = [*range(23), "23.cv2"]
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


@dataclass(frozen=True)
class Settings:
    """What was chosen by measurement; docs/model-card.md has the figures."""

    seed: int = 2026
    convolutions: ConvolutionLearning = field(default_factory=ConvolutionLearning)
    labels: Stage = Stage(416, 2, 0.001, 0, "near.yaml", 0.0, 1)
    batch: int = 16
    loaders: int = 1  # processes that prepare pictures; the arithmetic takes the rest of two cores


def trained_weights(work: Path) -> Path:
    """The weights of a finished training. Raises StepMissing."""
    path = work / "run" / "trained.pt"
    if not path.is_file():
        raise StepMissing(path, "train")
    return path


def train(data: Path, work: Path, teacher: Path, settings: Settings, *, resume: bool) -> Path:
    """Trains to the end and returns the weights; with `resume`, from the last whole checkpoint.

    data: data.yaml of a prepared folder; teacher: the folder of an exported YOLO11n. Raises ForeignWork where a
    training is already there and was not asked to go on, StepMissing where there is none to go on with,
    UnusableMaterial where the teacher is no YOLO11n.
    """
    run = work / "run"
    if (run / "trained.pt").is_file():
        return trained_weights(work)
    begun = any((run / step / "checkpoint.pt").is_file() for step in ("convolutions", "labels"))
    if resume and not begun:
        raise StepMissing(run / "convolutions" / "checkpoint.pt", "train")
    if begun and not resume:
        raise ForeignWork(run, "holds a training that was stopped")
    _keep_to_itself(work)
    ensure_torchvision()
    torch.set_num_threads(_cores())
    schedule, network = settings.convolutions, fresh_network(settings.seed)
    beside = FeatureTeacher(teacher, schedule.picture_px, streams=_cores(), convolutions=convolutions(network))
    pictures = sorted((data.parent / "train" / "images").glob("*.jpg"))
    learnt = learn_convolutions(pictures, run / "convolutions", network, beside, schedule, seed=settings.seed)
    last = _taught_by_labels(data, run / "labels", learnt, teacher, settings)
    keep_checkpoint(last, run / "trained.pt")
    return trained_weights(work)


def fresh_network(seed: int) -> Any:
    """The architecture with random weights."""
    from ultralytics.cfg import get_cfg  # noqa: PLC0415 - as DetectionTrainer below
    from ultralytics.nn.tasks import DetectionModel  # noqa: PLC0415

    torch.manual_seed(seed)
    network = DetectionModel(ARCHITECTURE, nc=len(CLASSES), verbose=False)  # type: ignore[no-untyped-call]
    network.args = vars(get_cfg())  # type: ignore[assignment] # what Ultralytics' own trainer puts there
    return network


def _taught_by_labels(data: Path, folder: Path, begin_with: Path, teacher: Path, settings: Settings) -> Path:
    """Ultralytics' trainer to its end, from where it was stopped if it was; returns its last average."""
    last, checkpoint, stage = folder / "weights" / "last.pt", folder / "checkpoint.pt", settings.labels
    if (folder / "finished").is_file():
        return last
    if checkpoint.is_file() and _at_its_end(checkpoint):
        # Stopped after the last epoch, before Ultralytics had tidied up: there is nothing left to train.
        keep_checkpoint(checkpoint, last)
    else:
        pictures = data.with_name(stage.pictures)
        overrides = arguments(pictures, folder, stage, settings, begin_with) | {"freeze": KEPT}
        if checkpoint.is_file():
            overrides = {"resume": str(checkpoint), "data": str(pictures), "cache": "ram", "save_dir": str(folder)}
        imitated = Imitated(FeatureTeacher(teacher, stage.picture_px, streams=_cores(), convolutions=()))
        _trainer(overrides, folder, settings, lambda trainer: _hold_to_the_teacher(trainer, imitated)).train()
    (folder / "finished").touch()
    return last


def tuned(data: Path, work: Path, start: Path, stage: Stage, *, seed: int, frozen: int, batch: int) -> Path:
    """A trained network taught further on `data`, its first `frozen` layers left as they are; returns the weights."""
    _keep_to_itself(work)
    ensure_torchvision()
    folder, settings = work / "run", Settings(seed=seed, batch=batch)
    overrides = arguments(data, folder, stage, settings, start)
    overrides |= {"model": str(start), "pretrained": True, "freeze": frozen, "verbose": False}
    _trainer(overrides, folder, settings, use_half_width).train()
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


def _trainer(overrides: dict[str, Any], folder: Path, settings: Settings, prepared: Callable[[Any], None]) -> Any:
    """prepared: what is done to the trainer when its network is there."""
    from ultralytics.models.yolo.detect import DetectionTrainer  # noqa: PLC0415 - reads the environment as it loads

    callbacks: dict[str, list[Callable[[Any], None]]] = _default_callbacks()
    callbacks["on_pretrain_routine_start"].append(lambda trainer: _allow_loaders(trainer, settings.loaders))
    callbacks["on_pretrain_routine_end"].append(_use_all_cores)
    callbacks["on_pretrain_routine_end"].append(prepared)
    callbacks["on_model_save"].append(lambda trainer: keep_checkpoint(Path(trainer.last), folder / "checkpoint.pt"))
    return DetectionTrainer(overrides=overrides, _callbacks=callbacks)


def _at_its_end(checkpoint: Path) -> bool:
    from ultralytics.nn.tasks import load_checkpoint  # noqa: PLC0415 - as DetectionTrainer above

    _, saved = load_checkpoint(checkpoint)  # type: ignore[no-untyped-call]
    return bool(saved["epoch"] + 1 >= saved["train_args"]["epochs"])


def arguments(data: Path, folder: Path, stage: Stage, settings: Settings, begin_with: Path) -> dict[str, Any]:
    """What Ultralytics is told, in its words."""
    return {
        "model": ARCHITECTURE,
        "pretrained": str(begin_with),
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
        "optimizer": "AdamW",
        "lr0": stage.learning_rate,
        "lrf": 0.01,
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
    torch.set_num_threads(_cores())


def _cores() -> int:
    return len(os.sched_getaffinity(0))


def _hold_to_the_teacher(trainer: Any, imitated: Imitated) -> None:
    """Only the live model is changed, as in use_half_width."""
    model = trainer.model.to(memory_format=torch.channels_last)
    forward, loss = model.forward, held_to_the_teacher(model, imitated)
    model.forward = lambda batch, *args, **kwargs: (
        loss(batch) if isinstance(batch, dict) else forward(batch, *args, **kwargs)
    )


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


def keep_checkpoint(source: Path, target: Path) -> None:
    """Replaces `target` by a copy of `source` that is on disk before it takes the name."""
    with whole_file(target) as file:
        file.write(source.read_bytes())
