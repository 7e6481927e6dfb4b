"""`streetwitness reproduce`: the road once more on the clips of a bundle, and whether the same incident follows."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from typer.testing import CliRunner, Result

from detectors.rendered_street.stories import STORIES
from detectors.weights import OWN, find_detector
from evidence.bundle import export_bundle
from evidence.bundle_reading import unpack
from evidence.verdict import Outcome
from evidence.verification import verify
from ingest.errors import CannotReproduce
from ingest.reproduction import ClipOfBundle, Reproduction, claimed_by, clips_of, reproduce
from models.enums import ExhibitKind, ExhibitMoment
from models.incidents import Incident
from models.places import GeofenceVersion
from streetwitness.command import app
from tests.conftest import Database, sqlite_copy
from tests.detectors.stand_in import StandInDetector
from tests.media.make_clips import Film, parks
from tests.rows import after
from tests.scenarios.street import KERB, Street, open_street

DWELL_S, GRACE_S = 45.0, 20.0
STAYS = Film((parks("red", stops_s=6.0),), seconds=85)


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Film], Path]:
    folder = tmp_path_factory.mktemp("films")

    def film(what: Film) -> Path:
        path = folder / f"{abs(hash(what))}.mp4"
        if not path.exists():
            what.write(path)
        return path

    return film


@pytest.fixture(scope="module")
def watched(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory, films: Callable[[Film], Path]) -> Path:
    """A folder with the database and the vault of a street in which a vehicle stayed."""
    folder = tmp_path_factory.mktemp("watched")
    for database in sqlite_copy(migrated_sqlite, folder):
        open_street(database.sessions, dwell_s=DWELL_S, grace_s=GRACE_S, kerb=KERB)
        assert Street(database.sessions, folder / "vault").watch(films(STAYS)).incident.state == "drafted"
    return folder


@pytest.fixture
def case(watched: Path, tmp_path: Path) -> "Iterator[Case]":
    shutil.copytree(watched / "vault", tmp_path / "vault")
    for database in sqlite_copy(watched / "streetwitness.db", tmp_path):
        yield Case(Street(database.sessions, tmp_path / "vault"), tmp_path)


class Case:
    """A drafted incident, and its bundle as it is or after somebody wrote to the rows."""

    def __init__(self, street: Street, folder: Path) -> None:
        self.street, self.folder = street, folder

    def altered(self, change: Callable[[Incident, GeofenceVersion], None]) -> None:
        with self.street.sessions.begin() as session:
            incident = session.scalars(select(Incident)).one()
            change(incident, session.get_one(GeofenceVersion, incident.geofence_version_id))

    def bundle(self, outcome: Outcome = Outcome.INTACT) -> Path:
        out = self.folder / "case.zip"
        with self.street.sessions.begin() as session:
            incident_id = session.scalars(select(Incident.id)).one()
            export_bundle(
                session, self.street.vault_root, incident_id, out, actor="li.na", at=after(900), reason="the court asks"
            )
        assert verify(out).outcome is outcome
        return out

    def unpacked(self, outcome: Outcome = Outcome.INTACT) -> tuple[dict[str, Any], list[ClipOfBundle]]:
        manifest = unpack(
            self.bundle(outcome), self.folder / "clips", lambda each: each["kind"] == ExhibitKind.CLIP.value
        )
        return manifest, clips_of(manifest, self.folder / "clips")

    def again(self, outcome: Outcome = Outcome.INTACT) -> Reproduction:
        manifest, clips = self.unpacked(outcome)
        return reproduce(claimed_by(manifest), clips, StandInDetector())


def points(found: Reproduction) -> dict[str, bool | None]:
    return {finding.code: finding.same for finding in found.findings}


def test_the_same_incident_follows_from_the_clips_of_its_bundle(case: Case) -> None:
    found = case.again()
    assert found.same
    assert points(found) == {
        "there": True,
        "one_vehicle": True,
        "place": True,
        "rule": True,
        "dwell": None,
        "stop": True,
        "grace_end": True,
    }
    assert [clip.moment.value for clip in found.clips] == ["entry", "dwell_complete", "grace_end"]
    assert all(clip.shown == clip.expected > 1 for clip in found.clips)
    assert all(clip.least_iou is not None and clip.least_iou > 0.9 for clip in found.clips)
    said = {finding.code: finding.says for finding in found.findings}
    assert "+0.00 s" in said["stop"]
    assert 10 < found.dwell_shown_s < DWELL_S
    assert f"{found.dwell_shown_s:.1f} s of standing, 45 s are needed; the rest rests on" in said["dwell"]


def _elsewhere(incident: Incident, _: GeofenceVersion) -> None:
    incident.box_x1, incident.box_x2 = incident.box_x1 + 90, incident.box_x2 + 90


def _beside(incident: Incident, _: GeofenceVersion) -> None:
    incident.box_x1, incident.box_x2 = incident.box_x1 + 14, incident.box_x2 + 14


def _earlier(incident: Incident, _: GeofenceVersion) -> None:
    assert incident.stopped_at is not None
    incident.stopped_at += timedelta(seconds=5)


def _another_fence(_: Incident, fence: GeofenceVersion) -> None:
    fence.polygon = [[0.7, 0.1], [0.95, 0.1], [0.95, 0.3], [0.7, 0.3]]


def _never_stopped(incident: Incident, _: GeofenceVersion) -> None:
    incident.stopped_at = None


@pytest.mark.parametrize(
    ("change", "different"),
    [
        (_elsewhere, {"there", "rule", "grace_end"}),
        (_beside, {"place"}),
        (_earlier, {"stop"}),
        (_another_fence, {"there", "rule", "grace_end"}),  # the detector is shown what lies round it
        (_never_stopped, {"stop"}),
    ],
    ids=["another_place", "a_little_beside", "another_moment", "another_fence", "always_stood_there"],
)
def test_an_incident_that_was_rewritten_before_the_export_does_not_follow(
    case: Case, change: Callable[[Incident, GeofenceVersion], None], different: set[str]
) -> None:
    """Such a bundle holds in itself, but for the fence, whose terms the confirmation fixed: whoever wrote it had the
    rows. The pictures contradict it all the same.
    """
    case.altered(change)
    found = case.again(Outcome.NOT_INTACT if change is _another_fence else Outcome.INTACT)
    assert not found.same
    assert {code for code, same in points(found).items() if same is False} == different


def test_another_vehicle_in_the_last_clip_is_another_vehicle(case: Case, films: Callable[[Film], Path]) -> None:
    manifest, clips = case.unpacked()
    assert clips[-1].moment is ExhibitMoment.GRACE_END
    other = films(Film((parks("blue", (118, 149)),), seconds=12))
    found = reproduce(claimed_by(manifest), [*clips[:-1], replace(clips[-1], path=other)], StandInDetector())
    assert {code for code, same in points(found).items() if same is False} == {"one_vehicle"}


def test_a_vehicle_that_left_in_time_is_found_up_to_then(
    sqlite_database: Database, tmp_path: Path, films: Callable[[Film], Path]
) -> None:
    """It is gone before the clip of its complete dwell ends, and entry and dwell lie in one clip."""
    open_street(sqlite_database.sessions, dwell_s=5, grace_s=20, kerb=KERB)
    street = Street(sqlite_database.sessions, tmp_path / "vault")
    assert (
        street.watch(films(Film((parks("red", stops_s=3.0, leaves_s=11.0),), seconds=30))).incident.state == "resolved"
    )
    found = Case(street, tmp_path).again()
    assert found.same
    assert (points(found)["stop"], points(found)["grace_end"]) == (True, None)
    assert any(clip.looks > clip.expected for clip in found.clips)


def test_an_empty_street_in_the_last_clip_is_told(case: Case, films: Callable[[Film], Path]) -> None:
    manifest, clips = case.unpacked()
    empty = films(Film((), seconds=12))
    found = reproduce(claimed_by(manifest), [*clips[:-1], replace(clips[-1], path=empty)], StandInDetector())
    assert {code for code, same in points(found).items() if same is False} >= {"there", "grace_end"}


def test_without_clips_or_without_what_was_looked_with_nothing_is_said(case: Case) -> None:
    manifest, clips = case.unpacked()
    claimed = claimed_by(manifest)
    with pytest.raises(CannotReproduce, match="no original clip"):
        reproduce(claimed, [], StandInDetector())
    with pytest.raises(CannotReproduce, match="with which weights"):
        claimed_by(manifest | {"seen_with": None, "analysis": None})
    dumping = manifest | {"incident": manifest["incident"] | {"offence": "dumping"}}
    with pytest.raises(CannotReproduce, match="no rule to run again for dumping"):
        claimed_by(dumping)
    entry_only = reproduce(claimed, clips[:1], StandInDetector())
    assert entry_only.same
    assert points(entry_only)["grace_end"] is None


def command(*words: object) -> Result:
    return CliRunner().invoke(app, ["reproduce", *(str(word) for word in words)])


def test_weights_that_are_not_to_be_had_are_named(case: Case) -> None:
    bundle = case.bundle()
    said = command(bundle, "--weights", OWN)
    assert said.exit_code == 2
    assert f"seen with stand-in sha256:{StandInDetector.digest}" in said.stderr
    assert find_detector(str(OWN)).digest in said.stderr
    answer = json.loads(command(bundle, "--json").stdout)
    assert answer["outcome"] == "cannot"
    assert "--weights" in answer["reason"]


def test_a_bundle_that_was_changed_is_not_looked_at(case: Case) -> None:
    bundle = case.bundle()
    data = bytearray(bundle.read_bytes())
    data[len(data) // 3] ^= 1
    bundle.write_bytes(bytes(data))
    said = command(bundle)
    assert said.exit_code == 2
    assert "does not hold, so nothing follows from it" in said.stderr
    assert command(case.folder / "nothing.zip").exit_code == 2


def test_an_analysed_clip_is_reproduced_with_the_programs_own_weights(
    sqlite_database: Database, tmp_path: Path, rendered_clips: dict[str, Path]
) -> None:
    story = STORIES["parks-and-stays"]
    open_street(sqlite_database.sessions, dwell_s=15, grace_s=15, no_stopping=story.fence_in_picture())
    street = Street(sqlite_database.sessions, tmp_path / "vault")
    street.watch(rendered_clips[story.name], detector=find_detector(str(OWN)))
    bundle = Case(street, tmp_path).bundle()
    said = command(bundle, "--json")
    assert said.exit_code == 0, said.output
    answer = json.loads(said.stdout)
    assert answer["outcome"] == "same"
    assert {finding["code"] for finding in answer["findings"] if finding["same"]} >= {"there", "place", "rule", "stop"}
    told = command(bundle, "--weights", OWN)
    assert told.exit_code == 0
    assert "the same incident follows" in told.stdout
