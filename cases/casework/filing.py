"""Filing: how a matter gets onto the register, from an accepted incident or by one of the six other ways.

Whether it becomes a case is a step of its own (FILE), with its gates and its chain. The exhibits of the incident are
those of the case file: nothing is copied.
"""

import uuid
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from cases.casework.approvals import lock
from cases.casework.errors import DatedWrongly, FileRefused, StepRefused
from cases.casework.rights import require_role
from cases.casework.steps import By, note, open_file
from cases.casework.table import MAY_TAKE
from cases.errors import UnknownIncident
from models.case_files import CaseFile
from models.enums import (
    CaseSource,
    Decision,
    FileAct,
    FileState,
    IncidentState,
    Offence,
    Procedure,
    ReviewGround,
    SecondVerdict,
)
from models.exhibits import Exhibit
from models.incidents import Incident, ReviewDecision
from models.people import User
from models.places import Camera, GeofenceVersion, Site
from models.second_reviews import SecondReview

LONGEST = {"title": 200, "place": 300, "law_code": 32, "source_note": 400, "facts": 20_000}
# until it is investigated, what it is about may be said otherwise; afterwards it is what the party was told
MAY_BE_SAID = frozenset({FileState.REGISTERED, FileState.FILED})


@dataclass(frozen=True)
class Matter:
    """What a matter is about. facts: what happened, in sentences; no names, which are those of its parties.

    review_grounds: why the law asks for a legal review before the decision, as far as a person has to say so.
    """

    law_code: str
    title: str
    facts: str
    place: str
    conduct_from_at: datetime
    conduct_to_at: datetime
    offence: Offence | None = None
    area_id: str | None = None
    review_grounds: Collection[ReviewGround] = ()


def register_from_incident(
    session: Session,
    incident_id: uuid.UUID,
    *,
    law_code: str,
    by: User,
    at: datetime,
    procedure: Procedure = Procedure.ORDINARY,
    title: str = "",
    facts: str = "",
) -> CaseFile:
    """A matter from an incident that was accepted, and that a second person agreed to (cases/second_review.py).

    title: as the camera and the geofence are called where none is given. Raises UnknownIncident, FileRefused,
    NotEntitled.
    """
    incident = session.get(Incident, incident_id, with_for_update=True, populate_existing=True)
    if incident is None:
        raise UnknownIncident(incident_id)
    if incident.state is not IncidentState.ACCEPTED:
        raise FileRefused("incident_not_accepted")
    if not _second_agreed(session, incident_id):
        raise FileRefused("second_review_missing")
    if session.scalar(select(CaseFile.id).where(CaseFile.incident_id == incident_id)) is not None:
        raise FileRefused("incident_has_a_file")
    camera = session.get_one(Camera, incident.camera_id, options=[joinedload(Camera.site)])
    version = session.get_one(
        GeofenceVersion, incident.geofence_version_id, options=[joinedload(GeofenceVersion.geofence)]
    )
    place = f"{camera.name} {version.geofence.name}"
    matter = Matter(
        law_code=law_code,
        title=title.strip() or (f"{place} {incident.plate}" if incident.plate else place),
        facts=facts,
        place=place,
        conduct_from_at=incident.stopped_at or incident.first_seen_at,
        conduct_to_at=incident.left_at or incident.last_seen_at,
        offence=incident.offence,
        area_id=camera.area_id,
    )
    file = _file_of(matter, CaseSource.CAMERA, "", procedure, camera.site.timezone, at)
    file.incident_id, file.camera_id = incident_id, camera.id
    return _open(session, file, by=by, at=at)


def register(
    session: Session,
    matter: Matter,
    *,
    source: CaseSource,
    source_note: str,
    procedure: Procedure,
    by: User,
    at: datetime,
) -> CaseFile:
    """A matter by any other way than a camera. source_note: who found it on which patrol, the number of the complaint
    or of the letter.

    Raises FileRefused, DatedWrongly for a conduct that lies ahead, NotEntitled.
    """
    if source is CaseSource.CAMERA:
        raise FileRefused("camera_needs_incident")
    if not source_note.strip():
        raise FileRefused("no_source_note")
    timezone = session.scalar(select(Site.timezone).order_by(Site.id).limit(1)) or "UTC"
    return _open(session, _file_of(matter, source, source_note.strip(), procedure, timezone, at), by=by, at=at)


def say_facts(session: Session, file_id: uuid.UUID, matter: Matter, *, by: User, at: datetime) -> CaseFile:
    """What the matter is about, said anew, until the investigation has ended. What the camera saw stays as it was.

    Raises UnknownFile, NotEntitled, StepRefused where it is too late, FileRefused, DatedWrongly.
    """
    file = lock(session, file_id)
    require_role(session, by, MAY_TAKE[FileAct.REGISTER], file_id, to=FileAct.FACTS_SAID)
    if file.state not in MAY_BE_SAID:
        raise StepRefused(file.state, FileAct.FACTS_SAID)
    if file.source is CaseSource.CAMERA:
        matter = replace(
            matter,
            offence=file.offence,
            area_id=file.area_id,
            conduct_from_at=file.conduct_from_at,
            conduct_to_at=file.conduct_to_at,
        )
    said = _file_of(matter, file.source, file.source_note, file.procedure, file.timezone, at)
    changed = [name for name in _SAID if getattr(file, name) != getattr(said, name)]
    for name in changed:
        setattr(file, name, getattr(said, name))
    session.flush()
    note(session, file, FileAct.FACTS_SAID, by=By.person(by), at=at, facts={"changed": changed})
    return file


def exhibits_of(session: Session, file: CaseFile) -> list[Exhibit]:
    """What the camera recorded of it, oldest first; `sealed` is loaded."""
    if file.incident_id is None:
        return []
    asked = select(Exhibit).where(Exhibit.incident_id == file.incident_id).options(joinedload(Exhibit.sealed))
    return list(session.scalars(asked.order_by(Exhibit.from_at, Exhibit.kind)))


def file_of_incident(session: Session, incident_id: uuid.UUID) -> CaseFile | None:
    return session.scalar(select(CaseFile).where(CaseFile.incident_id == incident_id))


_SAID = (
    "law_code",
    "title",
    "facts",
    "place",
    "conduct_from_at",
    "conduct_to_at",
    "offence",
    "area_id",
    "review_grounds",
)


def _file_of(
    matter: Matter, source: CaseSource, source_note: str, procedure: Procedure, timezone: str, at: datetime
) -> CaseFile:
    """A row that is in no session yet. Raises FileRefused, DatedWrongly."""
    texts = {name: getattr(matter, name).strip() for name in ("title", "place", "law_code", "facts")}
    for name, text in (texts | {"source_note": source_note}).items():
        if len(text) > LONGEST[name]:
            raise FileRefused("text_too_long", field=name, most=LONGEST[name])
    for name in ("title", "place", "law_code"):
        if not texts[name]:
            raise FileRefused("field_missing", field=name)
    if matter.conduct_to_at > at:
        raise DatedWrongly("in_the_future", matter.conduct_to_at)
    if matter.conduct_from_at > matter.conduct_to_at:
        raise DatedWrongly("ends_before_it_begins", matter.conduct_from_at)
    return CaseFile(
        source=source,
        source_note=source_note,
        procedure=procedure,
        offence=matter.offence,
        area_id=matter.area_id,
        timezone=timezone,
        conduct_from_at=matter.conduct_from_at,
        conduct_to_at=matter.conduct_to_at,
        review_grounds=[each.value for each in ReviewGround if each in matter.review_grounds],
        **texts,
    )


def _open(session: Session, file: CaseFile, *, by: User, at: datetime) -> CaseFile:
    try:
        with session.begin_nested():
            open_file(session, file, by=By.person(by), at=at, facts=_on_record(file))
    except IntegrityError as error:
        raise FileRefused("incident_has_a_file") from error
    require_role(session, by, MAY_TAKE[FileAct.REGISTER], file.id, to=FileAct.REGISTER)
    return file


def _on_record(file: CaseFile) -> dict[str, str | None]:
    return {
        "source": file.source.value,
        "procedure": file.procedure.value,
        "law_code": file.law_code,
        "incident": str(file.incident_id) if file.incident_id else None,
    }


def _second_agreed(session: Session, incident_id: uuid.UUID) -> bool:
    """Of the newest decision to accept it, which is the one that holds."""
    decided = session.scalar(
        select(ReviewDecision)
        .where(ReviewDecision.incident_id == incident_id)
        .order_by(ReviewDecision.at.desc())
        .limit(1)
    )
    if decided is None or decided.decision is not Decision.ACCEPT:
        return False
    agreed = exists().where(SecondReview.decision_id == decided.id, SecondReview.verdict == SecondVerdict.AGREES)
    return bool(session.scalar(select(agreed)))
