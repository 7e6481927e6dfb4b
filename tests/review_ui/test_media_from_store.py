"""The desk where the vault's bytes were moved away: clips play and seek, pictures show, bundles leave all the same."""

import io
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from evidence.at_hand import AtHand
from evidence.copies import Copier
from evidence.encryption import StoreKeys, make_key_file
from evidence.store import Store, StoreAddress
from tests.review_ui.conftest import RunningDesk, serve, token_in
from tests.rows import after


@dataclass(frozen=True)
class FarDesk:
    """desk: one that reads from a store. clips: what the vault held before it was emptied, by digest."""

    desk: RunningDesk
    before: dict[str, bytes]
    folder: Path

    def forget(self) -> None:
        """The store is gone too."""
        for path in self.folder.glob("objects/*/*"):
            path.unlink()


@pytest.fixture
def far(desk: RunningDesk, tmp_path: Path) -> Iterator[FarDesk]:
    make_key_file(tmp_path / "store.key")
    keys, store = StoreKeys.open(tmp_path / "store.key"), Store.open(StoreAddress(f"file://{tmp_path / 'archive'}"))
    Copier(desk.database.sessions, desk.settings.vault_root, store, keys, lambda: after(3000)).copy_due()
    before = {}
    for path in (desk.settings.vault_root / "objects").glob("*/*"):
        before[path.parent.name + path.stem] = path.read_bytes()
        path.unlink()
    settings = replace(desk.settings, at_hand=AtHand(desk.settings.vault_root, store, keys))
    for url in serve(settings):
        with ExitStack() as closing:
            yield FarDesk(replace(desk, url=url, settings=settings, closing=closing), before, tmp_path / "archive")


def test_a_clip_that_was_moved_away_plays_and_seeks(far: FarDesk) -> None:
    (clip,) = far.desk.exhibits_of_kind("clip")
    browser = far.desk.signed_in()
    part = browser.get(f"/media/{clip.id}", headers={"range": "bytes=100-299"})
    assert part.status_code == 206
    assert part.content == far.before[clip.sha256][100:300]
    assert browser.get(f"/media/{clip.id}").content == far.before[clip.sha256]


def test_pictures_and_bundles_come_from_there_too(far: FarDesk) -> None:
    still = far.desk.exhibits_of_kind("still")[0]
    browser = far.desk.signed_in()
    assert browser.get(f"/thumbnails/{still.id}").headers["content-type"] == "image/jpeg"
    form = {"csrf_token": token_in(browser.get(f"/incidents/{far.desk.incident_id}").text), "reason": "the court asks"}
    answer = browser.post(f"/incidents/{far.desk.incident_id}/bundle", data=form)
    assert answer.status_code == 200
    with zipfile.ZipFile(io.BytesIO(answer.content)) as bundle:
        held = {bundle.read(name) for name in bundle.namelist() if name.startswith("exhibits/")}
    assert held == set(far.before.values())


def test_a_changed_copy_is_not_shown(far: FarDesk) -> None:
    for path in far.folder.glob("objects/*/*"):
        data = bytearray(path.read_bytes())
        data[-20] ^= 1
        path.write_bytes(bytes(data))
    (clip,) = far.desk.exhibits_of_kind("clip")
    assert far.desk.signed_in().get(f"/media/{clip.id}").status_code == 404


def test_what_is_nowhere_is_said_to_be_missing(far: FarDesk) -> None:
    far.forget()
    (clip,) = far.desk.exhibits_of_kind("clip")
    answer = far.desk.signed_in().get(f"/media/{clip.id}")
    assert answer.status_code == 404
    assert "the vault does not hold this file" in answer.text
