"""Beside an incident: which picture of a camera near by is the nearest that is held, and for whom there is none."""

import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from cases import newest_pictures, recorders
from cases.beside import FARTHEST, Held, Source, held_beside, is_beside
from cases.entitlements import EVERYTHING, Limit, Scope
from cases.recorders import Reading
from models.database import transaction
from models.dispatch import Area
from models.enums import (
    AreaLevel,
    ClockSource,
    ExhibitKind,
    ExhibitMoment,
    Offence,
    RecordingState,
    UploadState,
)
from models.exhibits import Exhibit, SealedObject
from models.incidents import Incident, Recording
from models.retention import Deletion
from models.uploads import Upload
from tests.conftest import Database
from tests.rows import NOON, Street, add_camera, add_incident, add_recording, add_street, add_user, after

MOMENT_S = 72  # after noon: the moment of the incident of `add_street`
METRES = 1 / 111_195  # degrees of latitude
STILL, CLIP, COPY = ExhibitKind.STILL, ExhibitKind.CLIP, ExhibitKind.DERIVATIVE


def sealed(session: Session, name: str) -> str:
    sha256 = hashlib.sha256(name.encode()).hexdigest()
    session.add(SealedObject(sha256=sha256, size_bytes=10, media_type="video/mp4", suffix=".mp4", sealed_at=NOON))
    session.flush()
    return sha256


def saw(session: Session, street: Street, camera_id: str, at_s: float, **differs: Any) -> Incident:
    """An incident that a camera near by saw, confirmed then."""
    camera = add_camera(
        session, street.site, id=camera_id, lat=28.65 + 40 * METRES, area_id=differs.pop("area_id", None)
    )
    at = after(at_s)
    times = {"first_seen_at": at, "stopped_at": None, "confirmed_at": at, "last_seen_at": at}
    return add_incident(session, street.version, camera, conduct_key=camera_id, **(times | differs))


def cited(
    session: Session,
    incident: Incident,
    kind: ExhibitKind,
    from_s: float,
    to_s: float,
    moment: ExhibitMoment = ExhibitMoment.DWELL_COMPLETE,
    **recipe: Any,
) -> Exhibit:
    sha256 = sealed(session, f"{incident.id} {kind} {moment}")
    exhibit = Exhibit(
        incident_id=incident.id,
        sha256=sha256,
        kind=kind,
        moment=moment,
        from_at=after(from_s),
        to_at=after(to_s),
        recipe=recipe,
    )
    session.add(exhibit)
    session.flush()
    return exhibit


def filmed(
    session: Session, street: Street, camera_id: str, from_s: float, length_s: float, **differs: Any
) -> Recording:
    camera = add_camera(session, street.site, id=camera_id, lat=28.65 + 40 * METRES)
    values: dict[str, Any] = {"sha256": sealed(session, camera_id), "started_at": after(from_s), "length_s": length_s}
    return add_recording(session, camera, path=f"/recordings/{camera_id}.mp4", **(values | differs))


def found(
    session: Session,
    street: Street,
    *cameras: str,
    looks: Scope | None = EVERYTHING,
    live: Scope | None = EVERYTHING,
    pictures: Path | None = None,
) -> dict[str, Held]:
    incident = session.get_one(Incident, street.incident.id)
    return held_beside(session, incident, cameras, looks=looks, live=live, pictures=pictures, at=after(900))


@pytest.fixture
def street(database: Database) -> tuple[Database, Street]:
    with transaction(database.sessions) as session:
        return database, add_street(session)


def test_of_what_is_held_the_nearest_in_time_is_found_whatever_it_is(
    street: tuple[Database, Street], tmp_path: Path
) -> None:
    database, here = street
    with transaction(database.sessions) as session:
        stills = saw(session, here, "stills", 60)
        cited(session, stills, STILL, MOMENT_S - 30, MOMENT_S - 30, ExhibitMoment.ENTRY)
        nearest = cited(session, stills, STILL, MOMENT_S + 10, MOMENT_S + 10)
        films = saw(session, here, "films", 90)
        cited(session, films, STILL, MOMENT_S + 5, MOMENT_S + 5)
        clip = cited(session, films, CLIP, MOMENT_S - 12, MOMENT_S + 18)
        unplayable = saw(session, here, "unplayable", 90)
        cited(session, unplayable, CLIP, MOMENT_S - 12, MOMENT_S + 18, plays_in_browser=False)
        close_up = cited(session, unplayable, ExhibitKind.CLOSE_UP, MOMENT_S, MOMENT_S)
        still = cited(session, unplayable, STILL, MOMENT_S + 5, MOMENT_S + 5)
        copied = saw(session, here, "copied", 90)
        cited(session, copied, CLIP, MOMENT_S - 2, MOMENT_S + 18, plays_in_browser=False)
        copy = cited(session, copied, COPY, MOMENT_S - 2, MOMENT_S + 18)
        recording = filmed(session, here, "recorded", -600, 660)
        newest_pictures.keep(tmp_path, "recorded", b"jpeg", after(MOMENT_S + 90))
        newest_pictures.keep(tmp_path, "stills", b"jpeg", after(MOMENT_S + 90))
        add_camera(session, here.site, id="live", lat=28.65)
        newest_pictures.keep(tmp_path, "live", b"jpeg", after(MOMENT_S - 90))
        add_camera(session, here.site, id="blind", lat=28.65)
        names = ("stills", "films", "unplayable", "copied", "recorded", "live", "blind")
        held = found(session, here, *names, pictures=tmp_path)
        told = {name: (each.source, each.apart_s, each.into_s) for name, each in held.items()}
        assert told == {
            "stills": (Source.STILL, 10, 0),
            "films": (Source.CLIP, 0, 12),
            "unplayable": (Source.STILL, 5, 0),
            "copied": (Source.CLIP, 0, 2),
            "recorded": (Source.RECORDING, -12, 660),
            "live": (Source.NEWEST, -90, 0),
        }
        shown = [held[name].exhibit for name in ("stills", "films", "unplayable", "copied")]
        assert shown == [nearest, clip, still, copy]
        assert close_up not in shown
        assert held["recorded"].recording_id == recording.id
        assert [each.is_evidence for each in held.values()].count(False) == 1


def test_what_is_another_areas_offences_or_rights_is_not_found(street: tuple[Database, Street], tmp_path: Path) -> None:
    database, here = street
    with transaction(database.sessions) as session:
        for area in ("north", "south"):
            session.add(Area(id=area, name=area, level=AreaLevel.CITY))
        session.flush()
        seen = saw(session, here, "near", 72, area_id="north")
        cited(session, seen, STILL, MOMENT_S, MOMENT_S)
        newest_pictures.keep(tmp_path, "near", b"jpeg", after(MOMENT_S + 90))
        north, south = (Scope(frozenset({Limit(area, None)})) for area in ("north", "south"))
        dumping = Scope(frozenset({Limit(None, Offence.DUMPING)}))

        def source(looks: Scope | None, live: Scope | None) -> Source | None:
            held = found(session, here, "near", looks=looks, live=live, pictures=tmp_path).get("near")
            return None if held is None else held.source

        assert source(north, north) is Source.STILL
        assert source(dumping, north) is source(south, north) is source(None, north) is Source.NEWEST
        assert source(south, south) is source(None, None) is source(dumping, None) is None
        (exhibit,) = session.query(Exhibit)
        assert is_beside(session, north, here.incident.id, exhibit)
        assert not is_beside(session, south, here.incident.id, exhibit)


def test_what_is_deleted_too_old_of_unknown_time_or_not_to_be_used_is_not_found(
    street: tuple[Database, Street], tmp_path: Path
) -> None:
    database, here = street
    day_s = FARTHEST / timedelta(seconds=1)
    with transaction(database.sessions) as session:
        user = add_user(session)
        gone = cited(session, saw(session, here, "deleted", 72), STILL, MOMENT_S, MOMENT_S)
        session.add(
            Deletion(
                sha256=gone.sha256,
                size_bytes=10,
                belonged_to=[],
                why="expired",
                rule="90 days",
                actor="streetwitness",
                intended_at=after(100),
                done_at=after(101),
            )
        )
        old_s = MOMENT_S - day_s - 1
        old = cited(session, saw(session, here, "old", old_s), STILL, old_s, old_s)
        add_camera(session, here.site, id="old newest", lat=28.65)
        newest_pictures.keep(tmp_path, "old newest", b"jpeg", after(MOMENT_S + day_s + 1))
        filmed(session, here, "no time", 0, 100, clock_source=ClockSource.FILE_TIME)
        filmed(session, here, "harmful", 0, 100, state=RecordingState.FAILED)
        filmed(session, here, "police", 0, 100)
        recorders.set_reading(session, "police", Reading(body="Traffic Police"), actor="tests", at=NOON)
        quarantined = filmed(session, here, "quarantined", 0, 100)
        session.add(
            Upload(
                user_id=user.id,
                recorder_id="quarantined",
                file_name="noon.mp4",
                suffix=".mp4",
                length=10,
                offset=10,
                state=UploadState.QUARANTINED,
                why="it is no video",
                recording_id=quarantined.id,
                created_at=NOON,
                touched_at=NOON,
            )
        )
        not_kept = filmed(session, here, "not in the vault", 0, 100)
        not_kept.sha256 = hashlib.sha256(b"elsewhere").hexdigest()
        session.flush()
        names = ("deleted", "old", "old newest", "no time", "harmful", "police", "quarantined", "not in the vault")
        assert found(session, here, *names, pictures=tmp_path) == {}
        assert not is_beside(session, EVERYTHING, here.incident.id, old)
        assert found(session, here, pictures=tmp_path) == {}
