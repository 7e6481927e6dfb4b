"""One incident: the page it is judged on, the bundle.

Deciding is in review_ui/decision_routes.py, the draft in review_ui/draft_pages.py, who has it in hand in
review_ui/claim_routes.py.
"""

import logging
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, BinaryIO

from fastapi import APIRouter, Form, Query, Request
from fastapi import Path as InPath
from fastapi.responses import FileResponse, HTMLResponse, StreamingResponse
from sqlalchemy.orm import Session

from cases import (
    claims,
    dumping_act,
    holding_back,
    holds,
    loop_shown,
    plate_record,
    queue,
    reasons,
    review,
    vending_reasons,
    viewing,
)
from cases.casework import filing
from cases.casework.days import local_date
from cases.entitlements import Right, Scope, may, scope_of
from cases.errors import CaseError, TransitionRefused
from cases.grounds import ACT_OF, GROUNDS, Choice
from cases.happenings import Happening, happenings
from cases.languages import Language
from cases.law import catalogue
from cases.law.items import LawItem
from cases.lifecycle import CAN_BE_TAKEN_BACK, NEEDS_A_PERSON, NEXT, newest_event
from cases.neighbours import neighbours
from cases.queue import IncidentPage
from cases.scope import is_within
from evidence import bundle, case_rows, remedies, sufficiency
from evidence.errors import EvidenceError, NoSuchIncident
from models.case_files import CaseFile
from models.database import reading, transaction
from models.desk import Claim, PassedOn
from models.enums import (
    Act,
    AnnouncementState,
    Ground,
    IncidentState,
    NoticeStatus,
    ReasonKind,
    SightingKind,
    StepOutcome,
)
from models.incidents import OPEN_STATES, Incident
from models.people import UserSession
from review_ui.beside_pages import beside_of
from review_ui.derivative_pages import offers
from review_ui.desk import Desk, Now, TheDesk
from review_ui.doorkeeper import CheckedForm, SignedIn
from review_ui.errors import BytesMissing, ExportNotMade, NoExportReason, NotFound
from review_ui.looking import Looking, Purpose, ask_reason, stated_reason
from review_ui.narrowing import MAX_WITHIN, address, asked, understood
from review_ui.permissions import needs
from review_ui.picture import (
    boxes_over_time,
    clips_on_page,
    main_stream_size,
    pictures_on_page,
    plates_over_time,
    runs_of,
    timeline_of,
    track_of,
)

log = logging.getLogger(__name__)
routes = APIRouter()

MARKS = ("stopped", "dwell_complete", "grace_end", "left")
POINTS = ("true", "clear", "complete", "accurate")
MAX_REASON = 4000
MAX_EXPORT_REASON = 500
MOST_ATTACHMENTS = 1000  # of a statement, and more than any has
CHUNK_BYTES = 1 << 18
LOOK_S = 2.0  # a reading of the plate is drawn while the clip is this near to it
REFUSED = 409


@dataclass(frozen=True)
class Typed:
    """What a person had put into the decision form when it was refused. within: the queue it was come from."""

    decision: Choice | None = None
    reason: str = ""
    points: frozenset[str] = frozenset()
    ground: Ground | None = None
    within: str = ""


@dataclass(frozen=True)
class Decided:
    """The incident decided just before, and why that is not taken back any more; None: it may be."""

    incident: Incident
    act: Act
    stands_because: str | None


@routes.get("/incidents/{incident_id}", dependencies=[needs(Right.SEE_INCIDENTS)])
def incident_page(
    request: Request,
    desk: TheDesk,
    opened: SignedIn,
    at: Now,
    incident_id: uuid.UUID,
    within: Annotated[str, Query(max_length=MAX_WITHIN)] = "",
    decided: uuid.UUID | None = None,
) -> HTMLResponse:
    """The page; its pictures only to who said what for, and that they were shown goes on record and on the page.

    within: the queue it was opened from, where the way back and the next one lead. decided: the one before, which may
    yet be taken back.
    """
    if stated_reason(desk, opened, incident_id) is not None:
        ask_reason(desk, opened, at, incident_id)
    return _page(request, desk, opened, at, incident_id, Typed(within=asked(understood(within))), None, decided)


@routes.get("/incidents/{incident_id}/statements/{statement_id}/{position}", dependencies=[needs(Right.LOOK)])
def statement_attachment(
    desk: TheDesk,
    looking: Looking,  # noqa: ARG001 - it asks
    incident_id: uuid.UUID,
    statement_id: uuid.UUID,
    position: Annotated[int, InPath(ge=1, le=MOST_ATTACHMENTS)],
) -> FileResponse:
    """What an owner attached; never shown inside a page of ours, since anybody may have made it."""
    with reading(desk.settings.sessions) as session:
        found = loop_shown.attachment(session, incident_id, statement_id, position)
    if found is None:
        raise NotFound
    try:
        path = desk.settings.bytes.path(found.sha256, found.sealed.suffix)
    except EvidenceError as error:
        raise BytesMissing from error
    return FileResponse(path, media_type=found.sealed.media_type, filename=found.name)


@routes.post("/incidents/{incident_id}/bundle", dependencies=[needs(Right.EXPORT)])
def export(
    desk: TheDesk,
    opened: CheckedForm,
    at: Now,
    incident_id: uuid.UUID,
    reason: Annotated[str, Form(max_length=MAX_EXPORT_REASON)] = "",
) -> StreamingResponse:
    """The bundle that proves itself elsewhere. Why it leaves is in its custody record, so it must be said."""
    return exported(desk, incident_id, by=opened.user.name, at=at, reason=reason)


def exported(desk: Desk, incident_id: uuid.UUID, *, by: str, at: datetime, reason: str) -> StreamingResponse:
    """Raises NoExportReason, NotFound, ExportNotMade."""
    if not reason.strip():
        raise NoExportReason
    desk.settings.drafts_dir.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="export-", dir=desk.settings.drafts_dir))
    path = folder / f"incident-{incident_id}.zip"
    try:
        with reading(desk.settings.sessions) as session:
            desk.settings.bytes.bring_back(session, incident_id)
        with transaction(desk.settings.sessions) as session:
            bundle.export_bundle(
                session,
                desk.settings.vault_root,
                incident_id,
                path,
                actor=by,
                at=at,
                reason=reason.strip(),
                signing=desk.settings.signing,
            )
    except NoSuchIncident as error:
        shutil.rmtree(folder)
        raise NotFound from error
    except EvidenceError as error:
        shutil.rmtree(folder)
        log.exception("bundle not made", extra={"incident": str(incident_id)})
        raise ExportNotMade from error
    size, parts = path.stat().st_size, _parts(path.open("rb"))
    shutil.rmtree(folder)  # what is open can be sent all the same, and nothing stays however the sending ends
    headers = {"content-length": str(size), "content-disposition": f'attachment; filename="{path.name}"'}
    return StreamingResponse(parts, media_type="application/zip", headers=headers)


def _parts(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while part := file.read(CHUNK_BYTES):
            yield part


def refused(
    request: Request,
    desk: Desk,
    opened: UserSession,
    at: datetime,
    incident_id: uuid.UUID,
    typed: Typed,
    words: str,
    error: CaseError | None = None,
) -> HTMLResponse:
    """The page again, with what was typed and why nothing was done: a key of the catalogue, or the sentence itself."""
    catalog = desk.catalog_for(request)
    facts = {"state": catalog.say(f"state.{error.state.value}")} if isinstance(error, TransitionRefused) else {}
    said = catalog.say(words, **facts) if words in catalog.sentences else words
    return _page(request, desk, opened, at, incident_id, typed, said)


def _page(
    request: Request,
    desk: Desk,
    opened: UserSession,
    at: datetime,
    incident_id: uuid.UUID,
    typed: Typed,
    refusal: str | None,
    decided: uuid.UUID | None = None,
) -> HTMLResponse:
    """The incident page; `refusal` is the sentence of a decision that was not recorded."""
    catalog = desk.catalog_for(request)
    scope = scope_of(opened.user, Right.SEE_INCIDENTS)
    with reading(desk.settings.sessions) as session:
        shown = queue.incident_page(session, incident_id)
        looking = viewing.reason_of(session, opened, incident_id)
        kept = holds.kept(session, incident_id, at)
        case_file = filing.file_of_incident(session, incident_id)
        law_items = _law_items(session, opened, shown.rows.incident) if case_file is None else []
        sees_file = case_file is not None and _sees(session, opened, case_file)
        derivatives = offers(session, incident_id, shown.rows.exhibits, catalog.language)
        key = desk.settings.personal_data_key if looking is not None else None
        plates = plate_record.plates_read(session, shown.rows.incident)
        found = reasons.reasons_of(session, shown.rows.incident)
        seen_as = [*vending_reasons.why(session, shown.rows.incident), *dumping_act.why(shown.rows.events)]
        waits_held = holding_back.is_held_back(session, shown.rows.incident)
        what_was_done = loop_shown.shown(session, incident_id, key)
        incident = shown.rows.incident
        happened = happenings(session, incident)
        near = neighbours(session, scope, incident)
        beside = beside_of(session, desk, opened, incident, near, at)
        held = claims.holder(session, incident_id, at=at)
        left = review.passed_on(session, incident_id)
        following = _following(session, opened, typed.within, incident_id, at)
        before = _decided(session, scope, opened, decided)
        stands = review.stands_because(session, incident, newest_event(session, incident), opened.user)
    polygon = incident.geofence_version.polygon
    clips = clips_on_page(shown.rows.exhibits, incident, polygon, track_of(shown.rows.sightings))
    runs = runs_of(shown.rows.sightings)
    names = {mark: catalog.say(f"mark.{mark}") for mark in MARKS}
    terms = incident.geofence_version.offences.get(incident.offence.value, {})
    return desk.page(
        request,
        "incident.html",
        opened,
        status=REFUSED if refusal else 200,
        shown=shown,
        clips=clips,
        pictures=pictures_on_page(shown.rows.exhibits, incident, polygon),
        looking=looking,
        purposes=tuple(Purpose),
        kept=kept,
        may_speak=may(opened.user, Right.SPEAK),
        may_hold=may(opened.user, Right.HOLD),
        may_record_service=case_file is None and may(opened.user, Right.RECORD_SERVICE),
        runs=runs,
        timeline=timeline_of(incident, runs, clips, names, happened),
        boxes=boxes_over_time(shown.rows.sightings),
        names=names,
        kinds=tuple(SightingKind),
        stood_s=(incident.last_seen_at - (incident.stopped_at or incident.first_seen_at)).total_seconds(),
        allowed_s=terms.get("dwell_s"),
        seen=shown.rows.seen_with,
        say=sufficiency.say,
        wordings=sufficiency.words(catalog.language),
        remedies=_remedies(shown, at, catalog.language),
        case_file=case_file if sees_file else None,
        is_registered=case_file is not None,
        law_items=law_items,
        derivatives=derivatives,
        loop_shown=what_was_done,
        plates_read=plates,
        credentials=desk.settings.credentials is not None,
        against=_against(shown, catalog.language),
        reasons=found,
        seen_as=seen_as,
        held_back=waits_held,
        choices=_choices(opened, incident, left, at_work=held),
        grounds=GROUNDS,
        held=held,
        left=left,
        decides=may(opened.user, Right.DECIDE),
        waits=incident.state in NEEDS_A_PERSON,
        plate_open=incident.state in (*NEEDS_A_PERSON, *OPEN_STATES),
        following=following,
        decided=before,
        stands_because=stands,
        taken_back={event.facts.get("decision") for event in shown.rows.events if event.act is Act.TAKEN_BACK},
        neighbours=near,
        beside=beside,
        queue_address=address(understood(typed.within)),
        stream_size=main_stream_size(shown.rows.exhibits, incident),
        look_s=LOOK_S,
        reads=plates_over_time(plates),
        came_to=_came_to,
        redraftable=(incident.state, Act.REDRAFTED) in NEXT,
        points=POINTS,
        typed=typed,
        refusal=refusal,
    )


def _sees(session: Session, opened: UserSession, file: CaseFile) -> bool:
    """Whether the reader may see this case file; who sees the incident need not."""
    if not may(opened.user, Right.SEE_FILES):
        return False
    return is_within(session, scope_of(opened.user, Right.SEE_FILES), "file_id", str(file.id))


def _law_items(session: Session, opened: UserSession, incident: Incident) -> list[LawItem]:
    """What it may be registered as, where it was accepted and the reader works on case files."""
    if incident.state is not IncidentState.ACCEPTED or not may(opened.user, Right.WORK_FILES):
        return []
    return catalogue.items_for(
        session, incident.offence, local_date(incident.last_seen_at, incident.camera.site.timezone)
    )


def _following(
    session: Session, opened: UserSession, within: str, incident_id: uuid.UUID, at: datetime
) -> uuid.UUID | None:
    if not may(opened.user, Right.DECIDE):
        return None
    scope = scope_of(opened.user, Right.DECIDE)
    return queue.next_unclaimed(session, scope, opened.user, understood(within), at=at, besides=[incident_id])


def _decided(session: Session, scope: Scope, opened: UserSession, decided: uuid.UUID | None) -> Decided | None:
    if decided is None or not is_within(session, scope, "incident_id", str(decided)):
        return None
    incident = session.get_one(Incident, decided)
    last = newest_event(session, incident)
    if last is None or last.act not in CAN_BE_TAKEN_BACK or last.actor != opened.user.name:
        return None
    return Decided(incident, last.act, review.stands_because(session, incident, last, opened.user))


def _choices(opened: UserSession, incident: Incident, left: PassedOn | None, *, at_work: Claim | None) -> list[Choice]:
    """What this person may decide now; somebody else's work is not decided over their head."""
    if not may(opened.user, Right.DECIDE) or not review.may_decide(opened.user, left):
        return []
    if at_work is not None and at_work.user_id != opened.user.id:
        return []
    found = [choice for choice, act in ACT_OF.items() if (incident.state, act) in NEXT]
    passes_on = incident.state in NEEDS_A_PERSON and left is None
    return [*found, Choice.ESCALATE] if passes_on else found


def _came_to(happening: Happening) -> str | None:
    """The key of what it came to, in the words that the word's own list has."""
    match happening.came_to:
        case None:
            return None
        case NoticeStatus():
            return f"notice_status.{happening.came_to.value}"
        case AnnouncementState():
            return f"announcement_state.{happening.came_to.value}"
        case StepOutcome():
            return f"outcome.{happening.came_to.value}"
        case Act():
            return f"act.{happening.came_to.value}"


def _against(shown: IncidentPage, language: Language) -> list[str]:
    """The reasons against that the draft found, apart from those that the check beside them says already."""
    said = {sufficiency.say(finding, language) for finding in shown.findings}
    kinds = {kind.value for kind in ReasonKind}  # shown with their pictures
    against = shown.draft.against if shown.draft else ()
    found = [reason.text.in_(language) for reason in against if reason.code not in kinds]
    return [text for text in found if text not in said]


def _remedies(shown: IncidentPage, at: datetime, language: Language) -> dict[str, str]:
    """Of each missing part, in words, whether it can still be had."""
    chances = case_rows.remedy_chances(shown.rows, at)
    said = {finding.code: remedies.remedy(finding, chances) for finding in shown.findings}
    return {code: remedies.say(word, language) for code, word in said.items() if word is not None}
