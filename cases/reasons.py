"""Reasons against on record: looked for when an incident is opened and when more is known, and put into words.

Rows in the transaction of their cause. What each kind asks is in cases/reason_checks.py; what follows from one that
holds an incident back, in cases/holding_back.py.
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from cases import reason_checks
from cases.languages import Bilingual
from cases.reason_checks import Judged, Known, Permitted
from detectors.geometry import Box
from evidence import log_contents
from evidence.sufficiency import plate_is_sure
from models.dispatch import Area
from models.enums import Act, ExhibitKind, ExhibitMoment, ReasonKind, ReasonVerdict
from models.exhibits import Exhibit
from models.incidents import CaseEvent, Incident
from models.places import Camera, GeofenceVersion, Site
from models.reasons import IncidentReason, Permission

SPEAK = (ReasonVerdict.HOLDS_BACK, ReasonVerdict.DOUBT)
# a plate alone decides of these, and it may be read, or corrected, after the incident was opened
BY_PLATE = (ReasonKind.EMERGENCY_VEHICLE, ReasonKind.PERMIT)
# and of these what was permitted, which may be entered after it
BY_PERMISSION = (ReasonKind.PERMIT, ReasonKind.TEMPORARY_PERMISSION)
# the first of these that there is shows what stood round it when it was confirmed
PICTURES = (ExhibitMoment.DWELL_COMPLETE, ExhibitMoment.ENTRY, ExhibitMoment.GRACE_END)


@dataclass(frozen=True)
class ReasonShown:
    """A reason in words. boxes: x, y, width and height in fractions of the picture. picture: id of the still that
    shows it; None: there is none.
    """

    kind: ReasonKind
    verdict: ReasonVerdict
    title: Bilingual
    word: Bilingual  # of the verdict
    text: Bilingual
    source: Bilingual
    at: datetime
    boxes: tuple[tuple[float, float, float, float], ...] = ()
    picture: UUID | None = None

    @property
    def speaks(self) -> bool:
        """It speaks against the case; the others say what was looked for in vain."""
        return self.verdict in SPEAK


def look_for(session: Session, incident: Incident, facts: Mapping[str, Any], *, at: datetime) -> list[Judged]:
    """Every reason of the offence, answered and put on record. facts: of the event that opens the incident."""
    version = session.get_one(GeofenceVersion, incident.geofence_version_id)
    rule = version.offences.get(incident.offence.value, {})
    judged = reason_checks.judge(incident.offence, rule, _known(session, incident, version, facts))
    _note(session, incident, judged, moment=incident.confirmed_at, at=at)
    return judged


def look_again(session: Session, incident: Incident, kinds: Sequence[ReasonKind], *, at: datetime) -> list[Judged]:
    """More is known than when it was opened: these are answered anew. Returns the answers that changed."""
    version = session.get_one(GeofenceVersion, incident.geofence_version_id)
    rule = version.offences.get(incident.offence.value, {})
    known = _known(session, incident, version, _facts_of_opening(session, incident))
    newest = {row.kind: row for row in rows_of(session, incident.id)}
    judged = [
        each
        for each in reason_checks.judge(incident.offence, rule, known, kinds)
        if each.kind not in newest or (newest[each.kind].verdict, newest[each.kind].facts) != (each.verdict, each.facts)
    ]
    _note(session, incident, judged, moment=incident.confirmed_at, at=at)
    return judged


def went_as_a_queue(session: Session, incident: Incident, left_with: int, *, left_at: datetime, at: datetime) -> None:
    """Those that stood in a line with it went when it did."""
    version = session.get_one(GeofenceVersion, incident.geofence_version_id)
    judged = reason_checks.left_as_a_queue(
        incident.offence, version.offences.get(incident.offence.value, {}), left_with
    )
    if judged is not None:
        _note(session, incident, [judged], moment=left_at, at=at)


def rows_of(session: Session, incident_id: UUID) -> list[IncidentReason]:
    return list(
        session.scalars(
            select(IncidentReason).where(IncidentReason.incident_id == incident_id).order_by(IncidentReason.seq)
        )
    )


def reasons_of(session: Session, incident: Incident) -> list[ReasonShown]:
    """The newest answer of each kind, those that speak against the case first; for the page and the draft."""
    newest = {row.kind: row for row in rows_of(session, incident.id)}
    seen_with = incident.seen_with or {}
    size = (seen_with["width"], seen_with["height"]) if seen_with.get("width") and seen_with.get("height") else None
    picture = _picture(session, incident.id)
    order = list(ReasonVerdict)
    shown = [_shown(row, size, picture) for row in newest.values()]
    return sorted(shown, key=lambda each: (order.index(each.verdict), list(ReasonKind).index(each.kind)))


def _picture(session: Session, incident_id: UUID) -> UUID | None:
    stills = session.execute(
        select(Exhibit.moment, Exhibit.id).where(Exhibit.incident_id == incident_id, Exhibit.kind == ExhibitKind.STILL)
    )
    by_moment = {row.moment: row.id for row in stills}
    return next((by_moment[moment] for moment in PICTURES if moment in by_moment), None)


def _shown(row: IncidentReason, size: tuple[int, int] | None, picture: UUID | None) -> ReasonShown:
    boxes = row.facts.get("boxes", []) if size is not None else []
    width, height = size or (1, 1)
    words = _words()[row.kind.value]
    return ReasonShown(
        kind=row.kind,
        verdict=row.verdict,
        title=words["title"],
        word=_words()["verdict"][row.verdict.value],
        text=_filled(words["left_together" if row.facts.get("left_together") else row.verdict.value], row.facts),
        source=words["source"],
        at=row.at,
        boxes=tuple((x1 / width, y1 / height, (x2 - x1) / width, (y2 - y1) / height) for x1, y1, x2, y2 in boxes),
        picture=picture if boxes else None,
    )


def _filled(words: Bilingual, facts: Mapping[str, Any]) -> Bilingual:
    values = {name: value for name, value in facts.items() if isinstance(value, str | int)}
    if "share" in facts:
        values["share"] = f"{facts['share'] * 100:.0f}%"
    if not values.get("paper", True):
        return Bilingual(
            zh=words.zh.format(**values | {"paper": "围栏豁免名单"}),
            en=words.en.format(**values | {"paper": "exempt from the geofence"}),
        )
    return Bilingual(zh=words.zh.format(**values), en=words.en.format(**values))


def _note(session: Session, incident: Incident, judged: Iterable[Judged], *, moment: datetime, at: datetime) -> None:
    seq = len(rows_of(session, incident.id))
    noted = [
        IncidentReason(
            incident_id=incident.id,
            seq=number,
            kind=each.kind,
            verdict=each.verdict,
            facts=dict(each.facts),
            at=moment,
            noted_at=at,
        )
        for number, each in enumerate(judged, seq + 1)
    ]
    session.add_all(noted)
    session.flush()
    for row in noted:
        log_contents.enter(session, row, at=at)


def _facts_of_opening(session: Session, incident: Incident) -> Mapping[str, Any]:
    found = session.scalar(
        select(CaseEvent).where(CaseEvent.incident_id == incident.id, CaseEvent.act == Act.CONFIRMED)
    )
    return {} if found is None else found.facts


def _known(session: Session, incident: Incident, version: GeofenceVersion, facts: Mapping[str, Any]) -> Known:
    site = session.execute(
        select(Site).join(Camera, Camera.site_id == Site.id).where(Camera.id == incident.camera_id)
    ).scalar_one()
    zone = ZoneInfo(site.timezone)
    seen_with = incident.seen_with or {}
    width, height = seen_with.get("width"), seen_with.get("height")
    rule = version.offences.get(incident.offence.value, {})
    return Known(
        first_seen=incident.first_seen_at.astimezone(zone),
        confirmed=incident.confirmed_at.astimezone(zone),
        box=Box(incident.box_x1, incident.box_y1, incident.box_x2, incident.box_y2),
        size=(int(width), int(height)) if width and height else None,
        class_name=facts.get("class"),
        plate=incident.plate,
        plate_is_sure=plate_is_sure(
            incident.plate, incident.plate_confidence, confirmed=incident.plate_confirmed_by is not None
        ),
        around=facts.get("around"),
        timetable=version.timetable,
        bays=rule.get("bays") or (),
        exemptions=version.exemptions,
        permitted=_permitted(session, site, version, incident),
    )


def _permitted(session: Session, site: Site, version: GeofenceVersion, incident: Incident) -> Sequence[Permitted]:
    """What was permitted here and had not been withdrawn by then; a paper that is entered late permits all the same."""
    rows = session.scalars(
        select(Permission)
        .where(
            Permission.site_id == site.id,
            or_(
                and_(Permission.geofence_id.is_(None), Permission.area_id.is_(None)),
                Permission.geofence_id == version.geofence_id,
                Permission.area_id.in_(_areas_round(incident.camera_id)),
            ),
            (Permission.withdrawn_at.is_(None)) | (Permission.withdrawn_at > incident.confirmed_at),
        )
        .order_by(Permission.given_at, Permission.id)
    )
    return [
        Permitted(row.plate, row.from_on, row.to_on, row.hours, row.paper, row.stall)
        for row in rows
        if not row.offences or incident.offence.value in row.offences
    ]


def _areas_round(camera_id: str) -> Select[Any]:
    """The area the camera lies in, and every one above it."""
    found = select(Area.id, Area.parent_id).join(Camera, Camera.area_id == Area.id).where(Camera.id == camera_id)
    above = found.cte(recursive=True)
    above = above.union(select(Area.id, Area.parent_id).where(Area.id == above.c.parent_id))
    return select(above.c.id)


@cache
def _words() -> dict[str, dict[str, Bilingual]]:
    read = tomllib.loads(Path(__file__).with_name("reason_words.toml").read_text("utf-8"))
    return {
        kind: {code: Bilingual.model_validate(texts) for code, texts in words.items()} for kind, words in read.items()
    }
