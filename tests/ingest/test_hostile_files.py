"""Files that are no recordings get a sentence; no playlist, script or odd name makes us open anything else."""

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from ingest.errors import IngestError, NotAVideo, NoVideoStream, SourceMissing
from ingest.packet_source import open_file
from ingest.recordings import analyze_recording, take_recording
from ingest.sampler import Sampling
from models.database import reading, transaction
from models.enums import RecordingState
from models.incidents import Recording
from tests.conftest import Database
from tests.detectors.stand_in import StandInDetector
from tests.media.make_clips import Film, Films, broken_off, parks, sound_only
from tests.rows import NOON
from tests.scenarios.street import open_street

SECONDS = 4
Make = Callable[[Path, Path], None]  # (where to write it, a sound video in the same folder)


def text(content: str) -> Make:
    return lambda path, _: void(path.write_text(content))


def void(_: object) -> None:
    return None


def random_bytes(path: Path, _: Path) -> None:
    path.write_bytes(np.random.default_rng(5).bytes(200_000))


def picture(path: Path, _: Path) -> None:
    path.write_bytes(cv2.imencode(".png", np.zeros((48, 64, 3), np.uint8))[1].tobytes())


def head_only(path: Path, video: Path) -> None:
    broken_off(video, path, 0.5)


def bare_stream(path: Path, _: Path) -> None:
    Film(seconds=2, container="h264").write(path)


CONCAT = "ffconcat version 1.0\nfile 'canary.mp4'\n"
HLS = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\ncanary.ts\n#EXT-X-ENDLIST\n"
DASH = (
    '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period><AdaptationSet>'
    '<Representation id="1" bandwidth="1"><BaseURL>canary.mp4</BaseURL></Representation></AdaptationSet></Period></MPD>'
)
SDP = "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n"

NO_RECORDINGS: dict[str, tuple[str, Make, type[IngestError]]] = {
    "empty": ("empty.mp4", text(""), NotAVideo),
    "text_that_calls_itself_a_video": ("notes.mp4", text("not a video\n" * 400), NotAVideo),
    "text": ("notes.txt", text("not a video\n" * 400), NotAVideo),
    "web_page": ("clip.mp4", text("<html><body>404 Not Found</body></html>" * 9), NotAVideo),
    "random_bytes": ("noise.mp4", random_bytes, NotAVideo),
    "picture": ("still.png", picture, NotAVideo),
    "picture_with_a_number_pattern": ("still%03d.png", picture, NotAVideo),
    "sound_only": ("sound.mp4", lambda path, _: sound_only(path), NoVideoStream),
    "cut_off_before_its_index": ("half.mp4", head_only, NotAVideo),
    "bare_stream_without_times": ("dump.h264", bare_stream, NotAVideo),
    "concat_script": ("list.ffconcat", text(CONCAT), NotAVideo),
    "concat_script_that_calls_itself_a_video": ("list.mp4", text(CONCAT), NotAVideo),
    "playlist": ("list.m3u8", text(HLS), NotAVideo),
    "playlist_that_calls_itself_a_video": ("hls.mp4", text(HLS), NotAVideo),
    "dash_manifest": ("list.mpd", text(DASH), NotAVideo),
    "session_description": ("camera.sdp", text(SDP), NotAVideo),
}


@pytest.fixture
def video(tmp_path: Path, films: Films) -> Path:
    """A sound video, and the canary that the scripts and playlists name, beside it."""
    sound = films(Film((parks("red"),), seconds=SECONDS))
    (tmp_path / "canary.mp4").write_bytes(sound.read_bytes())
    stream = films(Film((parks("red"),), seconds=SECONDS, container="mpegts"))
    (tmp_path / "canary.ts").write_bytes(stream.read_bytes())
    return tmp_path / "canary.mp4"


def last_read(path: Path) -> int:
    return path.stat().st_atime_ns


def never_read(path: Path) -> int:
    """Sets the time of the last reading far back: the next reading moves it (relatime does so after a day)."""
    os.utime(path, ns=(10**9, path.stat().st_mtime_ns))
    return last_read(path)


@pytest.mark.parametrize("what", NO_RECORDINGS)
def test_what_is_no_recording_is_refused_in_a_sentence(what: str, tmp_path: Path, video: Path) -> None:
    name, make, refusal = NO_RECORDINGS[what]
    path = tmp_path / name
    make(path, video)
    with pytest.raises(refusal) as caught:
        open_file(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    assert len(message) > len(str(path)) + 20


@pytest.mark.parametrize(
    "what", [name for name in NO_RECORDINGS if "script" in name or "list" in name or "dash" in name]
)
def test_no_script_or_playlist_opens_the_file_it_names(what: str, tmp_path: Path, video: Path) -> None:
    name, make, _ = NO_RECORDINGS[what]
    make(tmp_path / name, video)
    canaries = [video, video.with_suffix(".ts")]
    before = [never_read(each) for each in canaries]
    with pytest.raises(NotAVideo):
        open_file(tmp_path / name)
    assert [last_read(each) for each in canaries] == before


def test_the_canary_would_sing(video: Path) -> None:
    """Otherwise the test above proves nothing: on this file system reading leaves a trace."""
    before = never_read(video)
    video.read_bytes()
    if last_read(video) == before:
        pytest.skip("this file system keeps no times of reading")


@pytest.fixture
def doorbell() -> Iterator[socket.socket]:
    """A listener on loopback that nobody should ever ring."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.2)
        yield listening


@pytest.mark.parametrize(
    "content",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nhttp://127.0.0.1:{port}/part.ts\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile 'http://127.0.0.1:{port}/part.mp4'\n",
        "ffconcat version 1.0\nfile 'tcp://127.0.0.1:{port}'\n",
    ],
    ids=["playlist", "concat_over_http", "concat_over_tcp"],
)
@pytest.mark.parametrize("suffix", [".m3u8", ".mp4", ".ffconcat"])
def test_no_file_makes_us_call_a_host(tmp_path: Path, doorbell: socket.socket, content: str, suffix: str) -> None:
    path = tmp_path / f"list{suffix}"
    path.write_text(content.format(port=doorbell.getsockname()[1]))
    with pytest.raises(IngestError):
        open_file(path)
    with pytest.raises(TimeoutError):
        doorbell.accept()


def test_a_missing_file_is_named() -> None:
    with pytest.raises(SourceMissing, match=r"no-such-file\.mp4: there is no such file"):
        open_file(Path("no-such-file.mp4"))


def test_a_folder_is_no_video(tmp_path: Path) -> None:
    with pytest.raises(SourceMissing):
        open_file(tmp_path)


@pytest.mark.parametrize("name", ["gate:3.mp4", "concat:canary.mp4", "http:canary.mp4", "-i.mp4", "停车 1.mp4"])
def test_an_odd_name_is_a_name_and_no_instruction(
    tmp_path: Path, video: Path, films: Films, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(films(Film((parks("red"),), seconds=2)).read_bytes())
    with open_file(Path(name)) as source:
        assert len(list(source.packets())) == 20


@pytest.mark.parametrize("what", ["empty", "sound_only", "concat_script"])
def test_nothing_is_put_on_record_about_what_is_no_recording(
    what: str, tmp_path: Path, video: Path, sqlite_database: Database
) -> None:
    name, make, refusal = NO_RECORDINGS[what]
    make(tmp_path / name, video)
    open_street(sqlite_database.sessions)
    with pytest.raises(refusal), transaction(sqlite_database.sessions) as session:
        take_recording(session, "gate-3", tmp_path / name, NOON)
    with reading(sqlite_database.sessions) as session:
        assert session.query(Recording).count() == 0


def test_a_file_that_was_exchanged_after_it_was_taken_in_is_refused_and_the_row_says_why(
    tmp_path: Path, films: Films, sqlite_database: Database
) -> None:
    open_street(sqlite_database.sessions)
    path = tmp_path / "street.mp4"
    path.write_bytes(films(Film((parks("red"),), seconds=SECONDS)).read_bytes())
    with transaction(sqlite_database.sessions) as session:
        recording_id = take_recording(session, "gate-3", path, NOON).id
    path.write_bytes(films(Film((parks("blue"),), seconds=SECONDS)).read_bytes())
    with pytest.raises(NotAVideo, match="changed since it was taken in"):
        analyze_recording(
            sqlite_database.sessions,
            recording_id,
            detector=StandInDetector,
            vault_root=tmp_path / "vault",
            sampling=Sampling(),
            on_progress=lambda _done_s, _total_s: None,
        )
    with reading(sqlite_database.sessions) as session:
        row = session.get_one(Recording, recording_id)
        assert row.state is RecordingState.FAILED
        assert row.failure is not None
        assert "changed since it was taken in" in row.failure
