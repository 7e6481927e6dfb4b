"""Clips and pictures over HTTP: whole, in ranges, by exhibit id, only what is sealed."""

import io
import os

import av
import cv2
import numpy as np
import pytest

from evidence.vault import Vault
from models.enums import CustodyAct
from models.exhibits import CustodyEvent
from tests.review_ui.conftest import CLIP_S, FRAME_RATE, RunningDesk


def test_clip_comes_whole_with_its_type_and_its_digest_as_tag(desk: RunningDesk) -> None:
    (clip,) = desk.exhibits_of_kind("clip")
    answer = desk.signed_in().get(f"/media/{clip.id}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["etag"] == f'"{clip.sha256}"'
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-disposition"].startswith("inline")
    with av.open(io.BytesIO(answer.content)) as container:
        assert sum(1 for _ in container.decode(video=0)) == CLIP_S * FRAME_RATE


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [("bytes=0-99", 0, 100), ("bytes=100-", 100, None), ("bytes=-50", -50, None)],
    ids=["first_bytes", "from_there_on", "last_bytes"],
)
def test_a_player_that_seeks_gets_the_part_it_asks_for(
    desk: RunningDesk, asked: str, start: int, end: int | None
) -> None:
    (clip,) = desk.exhibits_of_kind("clip")
    browser = desk.signed_in()
    whole = browser.get(f"/media/{clip.id}").content
    part = browser.get(f"/media/{clip.id}", headers={"range": asked})
    assert part.status_code == 206
    assert part.content == whole[start:end]
    first = start % len(whole)
    assert part.headers["content-range"] == f"bytes {first}-{first + len(part.content) - 1}/{len(whole)}"


def test_a_range_beyond_the_end_is_refused_and_a_stale_one_answered_whole(desk: RunningDesk) -> None:
    (clip,) = desk.exhibits_of_kind("clip")
    browser = desk.signed_in()
    assert browser.get(f"/media/{clip.id}", headers={"range": "bytes=99999999-"}).status_code == 416
    stale = {"range": "bytes=0-9", "if-range": '"another digest"'}
    assert browser.get(f"/media/{clip.id}", headers=stale).status_code == 200
    fresh = {"range": "bytes=0-9", "if-range": f'"{clip.sha256}"'}
    assert browser.get(f"/media/{clip.id}", headers=fresh).status_code == 206


def test_what_the_browser_has_already_is_not_sent_again(desk: RunningDesk) -> None:
    (clip,) = desk.exhibits_of_kind("clip")
    browser = desk.signed_in()
    for path in (f"/media/{clip.id}", f"/thumbnails/{desk.exhibits_of_kind('still')[0].id}"):
        tag = browser.get(path).headers["etag"]
        again = browser.get(path, headers={"if-none-match": tag})
        assert (again.status_code, again.content) == (304, b"")


def test_asking_for_the_headers_alone_sends_no_bytes(desk: RunningDesk) -> None:
    (clip,) = desk.exhibits_of_kind("clip")
    answer = desk.signed_in().head(f"/media/{clip.id}")
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) > 1000


def test_thumbnail_is_a_small_jpeg_of_the_still_and_choosing_by_it_is_no_look(desk: RunningDesk) -> None:
    still = desk.exhibits_of_kind("still")[0]
    answer = desk.signed_in(looking=False).get(f"/thumbnails/{still.id}")
    assert answer.headers["content-type"] == "image/jpeg"
    picture = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape[1] <= 384
    assert picture.shape[1] / picture.shape[0] == pytest.approx(16 / 9, rel=0.01)
    with desk.database.sessions() as session:
        assert session.query(CustodyEvent).filter_by(act=CustodyAct.VIEWED).count() == 0


def test_a_clip_has_no_thumbnail(desk: RunningDesk) -> None:
    (clip,) = desk.exhibits_of_kind("clip")
    assert desk.signed_in().get(f"/thumbnails/{clip.id}").status_code == 404


def test_bytes_that_are_gone_from_the_vault_are_said_to_be_gone(desk: RunningDesk) -> None:
    still = desk.exhibits_of_kind("still")[0]
    Vault.path_of(desk.settings.vault_root, still.sha256, ".jpg").unlink()
    browser = desk.signed_in()
    for path in (f"/media/{still.id}", f"/thumbnails/{still.id}"):
        answer = browser.get(path)
        assert answer.status_code == 404
        assert "the vault does not hold this file" in answer.text


def test_bytes_that_somebody_changed_in_the_vault_are_not_shown(
    desk: RunningDesk, caplog: pytest.LogCaptureFixture
) -> None:
    """Nor by a player that has begun already; who reviews a clip reviews what was sealed."""
    (clip,) = desk.exhibits_of_kind("clip")
    path = Vault.path_of(desk.settings.vault_root, clip.sha256, ".mp4")
    browser = desk.signed_in()
    part = {"range": "bytes=0-99"}
    assert browser.get(f"/media/{clip.id}", headers=part).status_code == 206
    whole, times = path.read_bytes(), path.stat()
    path.chmod(0o640)
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert browser.get(f"/media/{clip.id}", headers=part).status_code == 404
    assert f"recorded as sha256:{clip.sha256}" in caplog.text


def test_a_still_that_cannot_be_decoded_is_an_answer_and_no_crash(desk: RunningDesk) -> None:
    still = desk.exhibits_of_kind("still")[0]
    path = Vault.path_of(desk.settings.vault_root, still.sha256, ".jpg")
    path.chmod(0o640)
    path.write_bytes(b"no picture")
    assert desk.signed_in().get(f"/thumbnails/{still.id}").status_code == 404
