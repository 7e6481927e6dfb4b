"""A disk that fills up at any moment: said as what it is, nothing half-written, and with room again it goes on."""

import errno
import os
import shutil
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from evidence.errors import VaultFull
from evidence.vault import DiskCalls
from models.database import open_database, reading, sessions_of, sqlite_url
from models.enums import RecordingState
from models.incidents import Recording
from tests.compiled_once import compiled_once
from tests.conftest import Database
from tests.media.make_clips import Film, Films, parks
from tests.scenarios.street import Street, open_street

FILM = Film((parks("red", stops_s=1.5),), seconds=15)
NEED_ROOM = ("fsync", "make_folder", "rename", "link")  # what a full disk refuses; removing always goes


class FillingDisk:
    """The disk's own calls, until the n-th that needs room; from then on, or that once, there is none."""

    def __init__(self, full_at: int | None, *, for_good: bool) -> None:
        self.full_at, self._for_good = full_at, for_good
        self.calls = 0

    def disk(self) -> DiskCalls:
        plain = DiskCalls()
        return DiskCalls(
            **{
                each.name: self._counted(getattr(plain, each.name))
                if each.name in NEED_ROOM
                else getattr(plain, each.name)
                for each in fields(DiskCalls)
            }
        )

    def _counted(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*paths: Path) -> None:
            self.calls += 1
            full = self.full_at is not None and (
                self.calls >= self.full_at if self._for_good else self.calls == self.full_at
            )
            if full:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(paths[0]))
            call(*paths)

        return counted


@pytest.fixture
def street_with_recording(sqlite_database: Database, tmp_path: Path, films: Films) -> tuple[Path, Any]:
    open_street(sqlite_database.sessions, dwell_s=3.0, grace_s=3.0)
    recording_id = Street(sqlite_database.sessions, tmp_path / "vault").take(films(FILM))
    sqlite_database.engine.dispose()
    return tmp_path / "streetwitness.db", recording_id


@pytest.mark.parametrize(
    ("for_good", "every"), [(False, 1), (True, 5)], ids=["at_one_call", "until_somebody_makes_room"]
)
def test_full_at_any_call_the_run_ends_with_that_and_the_next_completes_it(
    street_with_recording: tuple[Path, Any], tmp_path: Path, for_good: bool, every: int
) -> None:
    template, recording_id = street_with_recording

    def street_at(name: str) -> Street:
        folder = tmp_path / name
        folder.mkdir()
        shutil.copyfile(template, folder / "streetwitness.db")
        return Street(
            sessions_of(compiled_once(open_database(sqlite_url(folder / "streetwitness.db")))), folder / "vault"
        )

    whole = street_at("whole")
    counting = FillingDisk(None, for_good=False)
    whole.analyze(recording_id, disk=counting.disk())
    undisturbed = whole.everything()
    assert [each["state"] for each in undisturbed["incidents"]] == ["drafted"]
    assert counting.calls > 30

    for number in range(1, counting.calls + 1, every):
        street = street_at(f"full-at-{number}")
        with pytest.raises(VaultFull, match="no room left"):
            street.analyze(recording_id, disk=FillingDisk(number, for_good=for_good).disk())
        on_disk = set(street.objects_on_disk())
        if not for_good:
            assert on_disk == street.objects_in_rows(), f"full at {number}"
        with reading(street.sessions) as session:
            assert session.get_one(Recording, recording_id).state is not RecordingState.ANALYSED
        street.analyze(recording_id)
        assert street.everything() == undisturbed, f"full at {number}"
        street.assert_whole()
