"""Where Ultralytics is used: weights by name, and a .pt exported once to OpenVINO.

Nothing here runs when an exported model is at hand: importing Ultralytics costs seconds and half a gigabyte.
"""

import os
from pathlib import Path

from detectors.errors import UnusableWeights


def export_to_openvino(weights: Path | str, folder: Path) -> Path:
    """Exports a YOLO checkpoint (a .pt file, or a name that Ultralytics can download) into `folder`.

    Returns the folder of the exported model. Raises UnusableWeights where it cannot be had or exported.
    """
    # The product never installs packages by itself, whatever the exporter would like to have.
    os.environ.setdefault("YOLO_AUTOINSTALL", "false")
    os.environ.setdefault("YOLO_VERBOSE", "false")  # what went wrong is said once, by us
    from ultralytics import YOLO  # type: ignore[attr-defined]  # noqa: PLC0415 - seconds and half a gigabyte, only here

    folder.mkdir(parents=True, exist_ok=True)
    before = Path.cwd()
    try:
        os.chdir(folder)  # Ultralytics downloads into the working folder and exports beside the checkpoint
        exported = YOLO(str(weights)).export(format="openvino", imgsz=640, half=False, verbose=False)
    except (RuntimeError, OSError, ValueError, TypeError, AssertionError, ImportError, AttributeError) as error:
        raise UnusableWeights(
            Path(str(weights)), f"Ultralytics could not export it ({type(error).__name__})"
        ) from error
    finally:
        os.chdir(before)
    return (folder / exported).resolve()
