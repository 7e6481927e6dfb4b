"""The search for weights: what is named, what was exported here before, then the weights that come with the program.

The first that holds a usable model wins; which one is in use, by name and digest, is in every manifest. Nothing is
downloaded unless it was asked for by name: a bureau's machine often has no way out, and none is tried behind its back.
"""

import re
from pathlib import Path

from platformdirs import user_cache_path

from detectors.errors import NoWeights, UnusableWeights
from detectors.openvino_engine import OpenVinoDetector
from detectors.yolo_model import export_to_openvino
from models.digest import sha256_of

DEFAULT_NAME = "yolo11n"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")  # of weights that Ultralytics publishes; anything else is a path


OWN = Path(__file__).with_name("weights")  # docs/model-card.md says what they see and what not


def cache_folder() -> Path:
    return user_cache_path("streetwitness") / "weights"


def find_detector(weights: str | None, *, cache: Path | None = None) -> OpenVinoDetector:
    """The detector on the best weights at hand. Raises NoWeights, saying everything that was tried.

    weights: a folder (an exported model, or a folder that holds one), a .pt file, or a name such as `yolo11s`, which
    Ultralytics downloads once. What is named and unusable is not replaced silently by something else. None: YOLO11n
    where it was exported here before, else the program's own weights.
    """
    cache = cache or cache_folder()
    if weights is None:
        before = _exported_before(cache / DEFAULT_NAME)
        return OpenVinoDetector(before or _model_folder(OWN))
    path = Path(weights).expanduser()
    if path.is_dir():
        return OpenVinoDetector(_model_folder(path))
    if path.is_file():
        # by digest: a site's best.pt of today is not the best.pt of last month
        return OpenVinoDetector(_exported(path, cache / f"{path.stem}-{sha256_of(path)[:16]}"))
    tried = [f"{weights} (no such folder or file)"]
    if not NAME.fullmatch(weights):
        raise NoWeights(tried)
    try:
        return OpenVinoDetector(_exported(f"{weights}.pt", cache / weights))
    except UnusableWeights as error:
        tried += [f"{cache / weights} (nothing there)", f"Ultralytics' download of {weights}.pt ({error.why})"]
        raise NoWeights(tried) from error


def _model_folder(path: Path) -> Path:
    if list(path.glob("*.xml")):
        return path
    inside = sorted(each.parent for each in path.glob("*/*.xml"))
    if not inside:
        raise UnusableWeights(path, "no exported model (.xml) in it or one folder below")
    return inside[0]


def _exported(weights: Path | str, folder: Path) -> Path:
    """The model exported into `folder`, now or at an earlier start."""
    return _exported_before(folder) or export_to_openvino(
        weights.resolve() if isinstance(weights, Path) else weights, folder
    )


def _exported_before(folder: Path) -> Path | None:
    return next((known.parent for known in sorted(folder.glob("*/metadata.yaml"))), None)
