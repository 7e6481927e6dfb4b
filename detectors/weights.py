"""The search for weights: settings, folder from the environment, the user's cache, then Ultralytics by name.

The first that holds a usable model wins; which one is in use, by name and digest, is in every manifest.
"""

from pathlib import Path

from platformdirs import user_cache_path

from detectors.errors import NoWeights, UnusableWeights
from detectors.openvino_engine import OpenVinoDetector
from detectors.yolo_model import export_to_openvino

DEFAULT_NAME = "yolo11n"


def cache_folder() -> Path:
    return user_cache_path("streetwitness") / "weights"


def find_detector(weights: str | None, *, cache: Path | None = None) -> OpenVinoDetector:
    """The detector on the best weights at hand. Raises NoWeights, saying everything that was tried.

    weights: a folder (an exported model, or a folder that holds one), a .pt file, or a name such as `yolo11s`;
    None looks in the cache and then asks Ultralytics for `yolo11n`. What is named and unusable is not replaced
    silently by something else.
    """
    cache = cache or cache_folder()
    tried: list[str] = []
    named = weights is not None
    wanted = weights or DEFAULT_NAME
    path = Path(wanted).expanduser()
    if path.is_dir():
        return OpenVinoDetector(_model_folder(path))
    if path.is_file():
        return OpenVinoDetector(_exported(path, cache / path.stem))
    tried.append(f"{wanted} ({'no such folder or file' if named else 'nothing set'})")
    exported = sorted(cache.glob(f"{wanted}*/**/metadata.yaml"))
    if exported:
        return OpenVinoDetector(exported[0].parent)
    tried.append(f"{cache} (holds no {wanted})")
    try:
        return OpenVinoDetector(_exported(f"{wanted}.pt", cache / wanted))
    except UnusableWeights as error:
        tried.append(f"Ultralytics' download of {wanted}.pt ({error.why})")
        raise NoWeights(tried) from error


def _model_folder(path: Path) -> Path:
    if list(path.glob("*.xml")):
        return path
    inside = sorted(each.parent for each in path.glob("*/*.xml"))
    if not inside:
        raise UnusableWeights(path, "no exported model (.xml) in it or one folder below")
    return inside[0]


def _exported(weights: Path | str, folder: Path) -> Path:
    return export_to_openvino(weights.resolve() if isinstance(weights, Path) else weights, folder)
