"""The search for weights: settings, folder from the environment, the user's cache, then Ultralytics by name.

The first that holds a usable model wins; which one is in use, by name and digest, is in every manifest.
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


def cache_folder() -> Path:
    return user_cache_path("streetwitness") / "weights"


def find_detector(weights: str | None, *, cache: Path | None = None) -> OpenVinoDetector:
    """The detector on the best weights at hand. Raises NoWeights, saying everything that was tried.

    weights: a folder (an exported model, or a folder that holds one), a .pt file, or a name such as `yolo11s`;
    None looks in the cache and then asks Ultralytics for `yolo11n`. What is named and unusable is not replaced
    silently by something else.
    """
    cache = cache or cache_folder()
    wanted = weights or DEFAULT_NAME
    path = Path(wanted).expanduser()
    if path.is_dir():
        return OpenVinoDetector(_model_folder(path))
    if path.is_file():
        # by digest: a site's best.pt of today is not the best.pt of last month
        return OpenVinoDetector(_exported(path, cache / f"{path.stem}-{sha256_of(path)[:16]}"))
    tried = [f"{wanted} (no such folder or file)" if weights else "the settings (no weights named)"]
    if not NAME.fullmatch(wanted):
        raise NoWeights(tried)
    try:
        return OpenVinoDetector(_exported(f"{wanted}.pt", cache / wanted))
    except UnusableWeights as error:
        tried += [f"{cache / wanted} (nothing there)", f"Ultralytics' download of {wanted}.pt ({error.why})"]
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
    known = sorted(folder.glob("*/metadata.yaml"))
    if known:
        return known[0].parent
    return export_to_openvino(weights.resolve() if isinstance(weights, Path) else weights, folder)
