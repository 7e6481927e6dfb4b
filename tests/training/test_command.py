"""The command: what it refuses before any work is done, in one line."""

import subprocess
import sys
from pathlib import Path

from tests.training.drawn_streets import street_folder


def recipe(work: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "detectors.training", "--work", str(work), *more],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )


def test_a_step_before_its_forerunner_is_refused_with_what_to_do(tmp_path: Path):
    street_folder(tmp_path / "streets")
    asked = ("--images", str(tmp_path / "streets"), "--teacher", str(tmp_path), "--step", "train")
    done = recipe(tmp_path / "work", *asked)
    assert done.returncode == 1
    assert "run the step `prepare`" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_teacher_that_is_no_model_is_refused(tmp_path: Path):
    street_folder(tmp_path / "streets")
    done = recipe(tmp_path / "work", "--images", str(tmp_path / "streets"), "--teacher", str(tmp_path))
    assert done.returncode == 1
    assert "expected one .xml, found 0" in done.stderr


def test_without_pictures_the_command_is_misused(tmp_path: Path):
    done = recipe(tmp_path / "work", "--teacher", str(tmp_path))
    assert done.returncode == 2
    assert "--images" in done.stderr
