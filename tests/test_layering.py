"""The road runs down the page: no import points up or sideways, and each library has one home."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]

# What each folder may import of ours, itself apart.
BELOW: dict[str, set[str]] = {
    "models": set(),
    "detectors": {"models"},
    "evidence": {"models"},
    "notify": {"models"},
    "cases": {"detectors", "evidence", "notify", "models"},
    "ingest": {"cases", "detectors", "evidence", "notify", "models"},
    "review_ui": {"cases", "detectors", "evidence", "notify", "models"},
    "streetwitness": {"ingest", "review_ui", "cases", "detectors", "evidence", "notify", "models"},
}

# Where a library may be imported: a folder, or one file.
HOMES: dict[str, tuple[str, ...]] = {
    "av": ("ingest/",),
    "fastapi": ("review_ui/",),
    "starlette": ("review_ui/",),
    "openvino": ("detectors/",),
    "ultralytics": ("detectors/",),
    "torch": ("detectors/training/",),  # watching a street loads no torch; making weights may
    "twilio": ("notify/sms_twilio.py",),
    "onvif": ("ingest/onvif_device.py", "notify/loudspeaker.py"),
    "prometheus_client": ("review_ui/metrics.py",),
    "rfc8785": ("evidence/canonical.py",),
    "c2pa": ("evidence/content_credentials.py",),
    "obstore": ("evidence/store.py",),
    "joserfc": ("review_ui/oidc.py",),
    "pyrage": ("evidence/encryption.py",),
}


def imports(source: str) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything imported, wherever in the file; a relative import stays in its folder."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.lineno, node.module
        elif (
            isinstance(node, ast.Call)
            and ast.unparse(node.func) in ("import_module", "importlib.import_module", "__import__")
            and node.args
            and isinstance(node.args[0], ast.Constant)
        ):
            yield node.lineno, str(node.args[0].value)


def breaches(path: str, source: str) -> list[str]:
    """What in the file at `path` (from the repository) does not keep to the road."""
    folder = path.partition("/")[0]
    is_wiring = path.endswith("/__main__.py")
    found = []
    for line, name in imports(source):
        package = name.partition(".")[0]
        if package in BELOW and package != folder and package not in BELOW[folder] and not is_wiring:
            found.append(f"{path}:{line} {folder} may not import {name}")
        if package in BELOW and name.endswith(".__main__"):
            found.append(f"{path}:{line} nobody imports a __main__")
        if package in HOMES and not path.startswith(HOMES[package]):
            found.append(f"{path}:{line} {package} is imported only in {' and '.join(HOMES[package])}")
    return found


@pytest.mark.parametrize("folder", BELOW)
def test_imports_point_down_the_road_and_libraries_stay_at_home(folder: str) -> None:
    files = sorted((REPOSITORY / folder).rglob("*.py"))
    assert files
    found = [
        breach
        for path in files
        for breach in breaches(path.relative_to(REPOSITORY).as_posix(), path.read_text("utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("path", "source", "says"),
    [
        ("models/places.py", "from cases import queue", "models may not import cases"),
        ("evidence/vault.py", "import detectors.frame", "evidence may not import detectors.frame"),
        ("notify/relay.py", "from evidence.vault import Vault", "notify may not import evidence.vault"),
        ("ingest/camera_worker.py", "def f():\n    from review_ui import app", ":2 ingest may not import review_ui"),
        (
            "cases/queue.py",
            "import importlib\nimportlib.import_module('ingest.ring')",
            "cases may not import ingest.ring",
        ),
        ("review_ui/app.py", "import streetwitness.settings", "review_ui may not import streetwitness.settings"),
        ("evidence/clip.py", "import av", "av is imported only in ingest/"),
        (
            "ingest/frames.py",
            "from ultralytics import YOLO",
            "ultralytics is imported only in detectors/",
        ),
        ("detectors/yolo_model.py", "import torch", "torch is imported only in detectors/training/"),
        ("streetwitness/run.py", "from cases.__main__ import main", "nobody imports a __main__"),
    ],
)
def test_the_check_finds_what_it_is_for(path: str, source: str, says: str) -> None:
    (found,) = breaches(path, source)
    assert says in found


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("cases/incidents.py", "from evidence.sealing import seal\nimport detectors.geometry\nimport json"),
        ("ingest/demuxing.py", "import av\nfrom av.packet import Packet\nfrom ingest.errors import IngestError"),
        ("cases/__main__.py", "from streetwitness.settings import Settings"),
        ("evidence/vault.py", "from . import errors\navid = 1"),
    ],
)
def test_the_check_lets_pass_what_keeps_to_the_road(path: str, source: str) -> None:
    assert breaches(path, source) == []
