"""The newest picture of a camera: one every few seconds, small, of live cameras and of recordings alike."""

from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from cases import newest_pictures
from detectors.frame import Frame
from ingest.newest_picture import EVERY_S, WIDEST_PX, NewestPictureKeeper
from ingest.recordings import analyze_recording
from ingest.sampler import Sampling
from tests.conftest import Database
from tests.detectors.stand_in import StandInDetector
from tests.media.make_clips import Film, Films, parks
from tests.rows import NOON
from tests.scenarios.street import Street, open_street


def frame(at_s: float, width: int = 2560, height: int = 1440) -> Frame:
    """A street that is red all over."""
    planes = np.full((height * 3 // 2, width), 128, dtype=np.uint8)
    planes[:height] = 80
    planes.reshape(-1)[height * width * 5 // 4 :] = 220
    return Frame(planes, at_s, int(at_s * 1000), Fraction(1, 1000), NOON + timedelta(seconds=at_s))


def test_one_look_in_a_while_is_kept_small_and_in_its_colours(tmp_path: Path) -> None:
    keeper = NewestPictureKeeper(tmp_path / "newest", "gate-3")
    for at_s in (0.0, 2.0, EVERY_S - 0.1):
        keeper.offer(frame(at_s), at_s)
    found = newest_pictures.find(tmp_path / "newest", "gate-3")
    assert found is not None
    assert found.captured_at == NOON
    picture = cv2.imread(str(found.path))
    assert picture is not None
    assert picture.shape == (720, WIDEST_PX, 3)
    blue, green, red = picture.mean(axis=(0, 1))
    assert red > green + 50
    assert red > blue + 50
    keeper.offer(frame(EVERY_S), EVERY_S)
    newer = newest_pictures.find(tmp_path / "newest", "gate-3")
    assert newer is not None
    assert newer.captured_at == NOON + timedelta(seconds=EVERY_S)


def test_a_dome_has_a_picture_of_each_preset_and_one_of_now(tmp_path: Path) -> None:
    keeper = NewestPictureKeeper(tmp_path, "dome-1")
    keeper.offer(frame(0.0), 0.0, "gate")
    keeper.offer(frame(EVERY_S), EVERY_S, "corner")
    found = {preset: newest_pictures.find(tmp_path, "dome-1", preset) for preset in ("gate", "corner", "")}
    at = {preset: each.captured_at for preset, each in found.items() if each is not None}
    assert at == {"gate": NOON, "corner": frame(EVERY_S).captured_at, "": frame(EVERY_S).captured_at}


def test_where_it_cannot_be_kept_the_watching_goes_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "newest").write_text("a file where the folder should be")
    NewestPictureKeeper(tmp_path / "newest", "gate-3").offer(frame(0.0), 0.0)
    assert "the newest picture is not kept" in caplog.text
    NewestPictureKeeper(None, "gate-3").offer(frame(0.0), 0.0)


def test_the_analysis_of_a_recording_leaves_a_picture_to_draw_on(sqlite_database: Database, tmp_path: Path) -> None:
    open_street(sqlite_database.sessions)
    film = Films(tmp_path)(Film((parks("red"),), seconds=3))
    recording = Street(sqlite_database.sessions, tmp_path / "vault").take(film)
    analyze_recording(
        sqlite_database.sessions,
        recording,
        detector=StandInDetector,
        vault_root=tmp_path / "vault",
        sampling=Sampling(look_s=2.0),
        on_progress=lambda _done_s, _total_s: None,
        newest_pictures=tmp_path / "newest",
    )
    found = newest_pictures.find(tmp_path / "newest", "gate-3")
    assert found is not None
    assert NOON <= found.captured_at <= NOON + timedelta(seconds=3)
