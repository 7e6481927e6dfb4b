"""The virtual camera ipycam, which others wrote, is found, asked, and read as it describes itself.

Its ONVIF differs from our simulator's in what matters: it asks for a login even for the time, refuses with HTTP 401,
answers a probe in a form of its own, and writes its dome's answers with a prefix that it never declares.
"""

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tests.media.make_clips import HEIGHT, WIDTH, Film, Films

REPOSITORY = Path(__file__).parents[2]
OWN_NETWORK = ["unshare", "--map-root-user", "--net"]
HAS_FFMPEG = shutil.which("ffmpeg") is not None


@pytest.fixture(scope="module")
def said(films: Films, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What it answered."""
    if importlib.util.find_spec("ipycam") is None:
        pytest.skip("ipycam is not installed here: it is in the dev extra")
    if shutil.which("ip") is None or shutil.which("unshare") is None:
        pytest.skip("no `ip` or no `unshare` here to give the camera a network of its own")
    if subprocess.run([*OWN_NETWORK, "true"], capture_output=True, check=False).returncode:
        pytest.skip("a network of its own is not permitted here, and this camera binds every address")
    clip = films(Film(seconds=4))
    command = [*OWN_NETWORK, sys.executable, "-m", "tests.ingest.ask_ipycam"]
    folder = tmp_path_factory.mktemp("ipycam")
    streams = "streams" if HAS_FFMPEG else "no-streams"
    done = subprocess.run(
        [*command, str(clip), str(folder), streams], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr + (folder / "ipycam.log").read_text()
    return dict(json.loads(done.stdout))


def test_it_says_who_it_is_and_what_it_offers(said: dict[str, Any]) -> None:
    assert said["facts"]["manufacturer"]
    assert said["facts"]["model"]
    main, sub = said["profiles"]
    assert (main["token"], main["codec"], main["width"], main["height"]) == ("Profile_Main", "H264", 640, 360)
    assert (sub["width"], sub["frame_rate"]) == (320, 5.0)
    assert main["stream"] == "rtsp://127.0.0.1:18554/video_main"
    assert sub["stream"] == "rtsp://127.0.0.1:18554/video_sub"


def test_its_clock_is_ours_within_the_bound(said: dict[str, Any]) -> None:
    assert abs(said["clock"]["offset_s"]) <= said["clock"]["error_s"] < 0.5


def test_its_snapshot_is_a_picture(said: dict[str, Any]) -> None:
    picture = cv2.imdecode(np.frombuffer(bytes.fromhex(said["snapshot"]), np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape == (HEIGHT, WIDTH, 3)  # as its source is


def test_its_dome_is_commanded_but_what_it_says_of_itself_cannot_be_read(said: dict[str, Any]) -> None:
    assert said["turned"] == "answered None"
    assert said["status"].startswith("ReplyRefused: 127.0.0.1:18080: its answer to GetStatus cannot be read")


def test_it_refuses_a_wrong_password(said: dict[str, Any]) -> None:
    assert said["wrong_password"] == "refused"


def test_it_is_found_by_asking_the_network(said: dict[str, Any]) -> None:
    (found,) = said["discovered"]
    assert found["url"] == "http://127.0.0.1:18080/onvif/device_service"
    assert found["endpoint"].startswith("urn:uuid:")
    assert found["name"] == "gate-3"


@pytest.mark.skipif(not HAS_FFMPEG, reason="no ffmpeg binary here, without which ipycam serves no stream")
def test_the_stream_that_it_names_is_read(said: dict[str, Any]) -> None:
    assert said["picture"] == [640, 360]
