"""From trained weights to the INT8 OpenVINO model that the product's engine loads without torch.

Ultralytics exports the graph in full width; NNCF then measures what flows through it on pictures that were never
trained on, letterboxed as the engine does it, and narrows it to INT8. The decoding of boxes behind the last
convolutions stays in full width: a coordinate of 640 has no room in 8 bits.
"""

import shutil
from collections.abc import Iterable, Sequence
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import openvino as ov
from numpy.typing import NDArray
from ruamel.yaml import YAML

from detectors.frame import Bytes
from detectors.openvino_engine import LETTERBOX_GREY
from detectors.training.classes import CLASSES
from detectors.training.errors import QuantiserMissing, StepMissing, UnusableMaterial
from detectors.training.pictures import read_picture
from detectors.training.torchvision_operators import ensure_torchvision
from models.digest import sha256_of

NAME = "street11n"
LICENCE = "AGPL-3.0-or-later"
MOST_TO_CALIBRATE = 128


def model_folder(work: Path, letterbox_px: int) -> Path:
    return work / "export" / f"{NAME}_{letterbox_px}_int8_openvino_model"


def exported_models(work: Path) -> list[Path]:
    """The models that were exported. Raises StepMissing where there is none."""
    found = sorted(path.parent for path in (work / "export").glob(f"{NAME}_*/metadata.yaml"))
    if not found:
        raise StepMissing(work / "export", "export")
    return found


def letterboxed(picture: Bytes, side_px: int) -> NDArray[np.float32]:
    """(1, 3, side, side) RGB in 0..1: a BGR picture, its sides kept, grey around it."""
    height, width = picture.shape[:2]
    by = side_px / max(height, width)
    wide, high = round(width * by), round(height * by)
    canvas = np.full((side_px, side_px, 3), LETTERBOX_GREY, np.uint8)
    left, top = (side_px - wide) // 2, (side_px - high) // 2
    how = cv2.INTER_AREA if by < 1 else cv2.INTER_LINEAR
    canvas[top : top + high, left : left + wide] = cv2.resize(picture, (wide, high), interpolation=how)
    rgb = canvas[..., ::-1].transpose(2, 0, 1)[None]
    return np.ascontiguousarray(rgb, dtype=np.float32) / np.float32(255)


def export(weights: Path, calibration: Path, work: Path, letterbox_px: int) -> Path:
    """Writes the INT8 model for one letterbox size and returns its folder; `calibration` holds pictures.

    Raises UnusableMaterial where the weights or pictures to calibrate on are not there, QuantiserMissing without NNCF.
    """
    if not weights.is_file():
        raise UnusableMaterial(weights, "is no file of trained weights")
    pictures = sorted(calibration.glob("*.jpg"))
    if not pictures:
        raise UnusableMaterial(calibration, "holds no pictures to calibrate on")
    _nncf()  # before the long way
    narrow = _quantised(_full_width(weights, work, letterbox_px), pictures, letterbox_px)
    folder = model_folder(work, letterbox_px)
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    ov.save_model(narrow, part / f"{NAME}.xml", compress_to_fp16=False)
    _write_metadata(part, weights, letterbox_px)
    shutil.rmtree(folder, ignore_errors=True)
    part.replace(folder)
    return folder


def narrowed(model: Path, calibration: Path) -> Path:
    """A full-width model that Ultralytics exported, as INT8 in a folder beside it, with the same metadata.

    calibration: a folder of pictures. Raises QuantiserMissing without NNCF.
    """
    [full] = model.glob("*.xml")
    folder = model.with_name(f"{full.stem}_int8_openvino_model")
    metadata = YAML(typ="safe").load(model / "metadata.yaml")
    pictures = sorted(calibration.glob("*.jpg"))[:MOST_TO_CALIBRATE]
    narrow = _quantised(full, pictures, int(metadata["imgsz"][0]))
    folder.mkdir()
    ov.save_model(narrow, folder / full.name, compress_to_fp16=False)
    shutil.copyfile(model / "metadata.yaml", folder / "metadata.yaml")
    return folder


def _quantised(full: Path, pictures: Sequence[Path], side_px: int) -> ov.Model:
    nncf = _nncf()
    return nncf.quantize(
        ov.Core().read_model(full),
        nncf.Dataset([letterboxed(read_picture(path), side_px) for path in pictures]),
        preset=nncf.QuantizationPreset.MIXED,
        subset_size=len(pictures),
        ignored_scope=nncf.IgnoredScope(names=decoding_names(ov.Core().read_model(full))),
    )


def _nncf() -> Any:
    # Only whoever makes weights needs it; it is not among the product's dependencies.
    try:
        return import_module("nncf")
    except ImportError as error:
        raise QuantiserMissing from error


def decoding_names(model: ov.Model) -> list[str]:
    """The operations of the detection head that turn its convolutions' answers into boxes and scores."""
    operations = [(op.get_friendly_name(), op.get_type_name()) for op in model.get_ordered_ops()]
    sigmoids = [name for name, kind in operations if kind == "Sigmoid"]
    head = sigmoids[-1].split("/", 1)[0]  # the scores' sigmoid is the last; its module is the head
    return sorted({*sigmoids, *(name for name, _ in operations if name.startswith((f"{head}/", f"{head}.dfl")))})


def _full_width(weights: Path, work: Path, letterbox_px: int) -> Path:
    """The .xml of the full-width model, exported in a folder of its own because Ultralytics writes beside weights."""
    ensure_torchvision()
    from ultralytics import YOLO  # type: ignore[attr-defined]  # noqa: PLC0415 - half a gigabyte, only for training

    folder = work / "export" / "full_width"
    folder.mkdir(parents=True, exist_ok=True)
    own = folder / f"{NAME}_{letterbox_px}.pt"
    shutil.copyfile(weights, own)
    exported = Path(YOLO(str(own)).export(format="openvino", imgsz=letterbox_px, verbose=False))
    return next(exported.glob("*.xml"))


def _write_metadata(folder: Path, weights: Path, letterbox_px: int) -> None:
    """What the engine reads and what a reader may ask; nothing of the machine it was made on."""
    facts = {
        "description": "StreetWitness street weights, trained from random initialisation with YOLO11n as teacher",
        "license": LICENCE,
        "architecture": "YOLO11n",
        "task": "detect",
        "stride": 32,
        "batch": 1,
        "imgsz": [letterbox_px, letterbox_px],
        "names": dict(enumerate(CLASSES)),
        "trained_weights_sha256": sha256_of(weights),
        "made_with": versions(("torch", "ultralytics", "openvino", "nncf")),
    }
    YAML().dump(facts, folder / "metadata.yaml")


def versions(packages: Iterable[str]) -> dict[str, str]:
    return {name: version(name) for name in packages}
