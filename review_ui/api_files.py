"""The API of case files: listed, searched, one with what belongs to it; papers and volumes handed out on record.

What is told of a person is masked. A paper and a volume name everybody in full, so each that is handed out is a SHARED
event of the case file: what, to which token, why.
"""

import uuid
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from cases import parties
from cases.api_tokens import Holder
from cases.casework import due, steps
from cases.casework.errors import FileError
from cases.casework.steps import By
from cases.entitlements import Right, Scope
from cases.languages import Language
from cases.papers import documents
from cases.volume import search, volumes
from cases.volume.search import Asked, Found
from cases.volume.sharing import shared
from evidence.errors import EvidenceError
from models.case_files import CaseFile, FileDecision, FileOfficer
from models.database import reading, transaction
from models.enums import FileState, Offence
from models.incidents import Incident
from models.papers import FilePaper
from models.personal_data import PersonalDataKey
from models.volumes import FileVolume
from review_ui.api_file_shapes import (
    ClockLine,
    DecisionTold,
    FileDetail,
    FileEventLine,
    FileLine,
    Files,
    PaperLine,
    PartyLine,
    PartySearch,
    Sharing,
    VolumeLine,
    VolumeWanted,
)
from review_ui.api_guard import TheHolder, by_token
from review_ui.api_routes import LONGEST_ID, REFUSALS
from review_ui.api_shapes import Words
from review_ui.desk import Now, TheDesk
from review_ui.errors import ApiRefused, BytesMissing, NotFound
from review_ui.volume_pages import handed_out

routes = APIRouter(prefix="/api/v1", responses=REFUSALS)

MOST_PAGES = 1_000_000
MOST_AT_ONCE = 200
A_PDF: dict[int | str, dict[str, Any]] = {200: {"content": {"application/pdf": {}}, "description": "The PDF."}}
SeesFiles = Annotated[Scope, by_token(Right.SEE_FILES)]
Text = Annotated[Words, Query(max_length=200)]


@routes.get("/cases")
def files(
    desk: TheDesk,
    scope: SeesFiles,
    q: Text = "",
    place: Text = "",
    law_code: Annotated[Words, Query(max_length=LONGEST_ID)] = "",
    state: Annotated[FileState | None, Query()] = None,
    offence: Annotated[Offence | None, Query()] = None,
    officer: Annotated[Words, Query(max_length=100)] = "",
    from_at: Annotated[AwareDatetime | None, Query()] = None,
    to_at: Annotated[AwareDatetime | None, Query()] = None,
    page: Annotated[int, Query(ge=1, le=MOST_PAGES)] = 1,
    limit: Annotated[int, Query(ge=1, le=MOST_AT_ONCE)] = 50,
) -> Files:
    """The newest first. q: words, a case number, a plate. officer: an account. from_at, to_at: the conduct reaches into
    that time; to_at is the first moment that is not asked for.
    """
    asked = Asked(
        words=q,
        place=place,
        law_code=law_code,
        state=state,
        offence=offence,
        officer=officer,
        first_at=from_at,
        end_at=to_at,
    )
    with reading(desk.settings.sessions) as session:
        return _files(search.search(session, asked, scope, page=page, page_size=limit))


@routes.post("/cases/search")
def by_party(desk: TheDesk, scope: SeesFiles, said: PartySearch) -> Files:
    """By who is party to them; no address ever names a person."""
    with reading(desk.settings.sessions) as session:
        key = desk.settings.personal_data_key
        return _files(search.search(session, Asked(party=said.party), scope, key, page=said.page))


@routes.get("/cases/{file_id}", dependencies=[by_token(Right.SEE_FILES)])
def one(desk: TheDesk, at: Now, file_id: uuid.UUID) -> FileDetail:
    key = desk.settings.personal_data_key
    with reading(desk.settings.sessions) as session:
        file = session.get_one(CaseFile, file_id)
        plate = session.scalar(select(Incident.plate).where(Incident.id == file.incident_id))
        return FileDetail(
            case=_line(file, plate),
            facts=file.facts,
            officers=_officers(session, file_id),
            events=[FileEventLine.model_validate(each) for each in steps.events_of(session, file)],
            decision=_decision(session, file_id),
            papers=[_paper(each) for each in documents.papers_of(session, file_id)],
            parties=_parties(session, file_id, key),
            clocks=_clocks(session, file, at),
            volumes=[VolumeLine.model_validate(each) for each in volumes.volumes_of(session, file_id)],
        )


@routes.post(
    "/cases/{file_id}/papers/{paper_id}",
    dependencies=[by_token(Right.EXPORT)],
    response_class=Response,
    responses=A_PDF,
)
def paper(
    desk: TheDesk, holder: TheHolder, at: Now, file_id: uuid.UUID, paper_id: uuid.UUID, said: Sharing
) -> Response:
    """The paper as it was signed, or as it would be printed. That it was handed out is an event of the case file."""
    try:
        with (
            documents.opened(desk.settings.bytes, folder=None, key=desk.settings.personal_data_key) as press,
            transaction(desk.settings.sessions) as session,
        ):
            row = documents.find(session, paper_id)
            if row is None or row.file_id != file_id:
                raise NotFound
            file = session.get_one(CaseFile, file_id)
            content = documents.bytes_of(session, row, "pdf", at=at, press=press)
            shared(
                session,
                file,
                "paper",
                by=By.person(holder.user),
                to=_to(holder),
                reason=said.reason,
                at=at,
                paper=str(row.id),
                sha256=row.sha256,
            )
    except FileError as error:
        raise ApiRefused(error) from error
    except EvidenceError as error:
        raise BytesMissing from error
    return Response(content, media_type="application/pdf")


@routes.post("/cases/{file_id}/volumes", status_code=201, dependencies=[by_token(Right.EXPORT)])
def ask_volume(desk: TheDesk, holder: TheHolder, at: Now, file_id: uuid.UUID, said: VolumeWanted) -> VolumeLine:
    """Asks for the next volume, or finds the one that is being made; look again until its state is `made`."""
    language: Language = "en" if said.language == "en" else "zh"
    try:
        with transaction(desk.settings.sessions) as session:
            row = volumes.ask(
                session,
                file_id,
                by=holder.user,
                reason=said.reason,
                language=language,
                order=desk.settings.archive_order,
                at=at,
            )
            return VolumeLine.model_validate(row)
    except FileError as error:
        raise ApiRefused(error) from error


@routes.post(
    "/cases/{file_id}/volumes/{volume_id}",
    dependencies=[by_token(Right.EXPORT)],
    response_class=Response,
    responses=A_PDF,
)
def volume(
    desk: TheDesk, holder: TheHolder, at: Now, file_id: uuid.UUID, volume_id: uuid.UUID, said: Sharing
) -> Response:
    """The volume; that it was handed out is an event of the case file, and an entry in the incident's custody."""
    with reading(desk.settings.sessions) as session:
        row = session.get(FileVolume, volume_id)
        if row is None or row.file_id != file_id:
            raise NotFound
    try:
        return handed_out(desk, volume_id, user=holder.user, to=_to(holder), reason=said.reason, at=at)
    except FileError as error:
        raise ApiRefused(error) from error


def _to(holder: Holder) -> str:
    return f"token: {holder.token.label}"


def _files(found: Found) -> Files:
    return Files(
        cases=[_line(hit.file, hit.plate) for hit in found.hits], total=found.total, page=found.page, pages=found.pages
    )


def _line(file: CaseFile, plate: str | None) -> FileLine:
    told = {name: getattr(file, name) for name in FileLine.model_fields if name != "plate"}
    return FileLine(**told, plate=plate)


def _officers(session: Session, file_id: uuid.UUID) -> list[str]:
    """Accounts; the one who leads first."""
    asked = (
        select(FileOfficer)
        .where(FileOfficer.file_id == file_id, FileOfficer.ended_at.is_(None))
        .order_by(FileOfficer.place)
        .options(joinedload(FileOfficer.user))
    )
    return [each.user.name for each in session.scalars(asked)]


def _decision(session: Session, file_id: uuid.UUID) -> DecisionTold | None:
    """The newest, revoked or not."""
    row = session.scalar(
        select(FileDecision).where(FileDecision.file_id == file_id).order_by(FileDecision.made_at.desc()).limit(1)
    )
    return None if row is None else DecisionTold.model_validate(row)


def _paper(row: FilePaper) -> PaperLine:
    return PaperLine(
        id=row.id,
        kind=row.kind,
        number=row.sheet.text if row.sheet else None,
        version=row.version,
        made_by=row.made_by,
        made_at=row.made_at,
        sha256=row.sha256,
        signed_by=[each.user.name for each in row.signatures],
    )


def _parties(session: Session, file_id: uuid.UUID, key: PersonalDataKey | None) -> list[PartyLine]:
    return [
        PartyLine(
            role=each.role,
            kind=each.party.kind,
            name=parties.masked(key, each.party).name if key else each.party.public_name or "",
        )
        for each in parties.parties_of(session, file_id)
    ]


def _clocks(session: Session, file: CaseFile, at: datetime) -> list[ClockLine]:
    return [
        ClockLine(
            name=clock.name,
            article=clock.article_id,
            begins_on=clock.begins_on,
            due_on=clock.due_on,
            state=clock.state,
            light=clock.light,
            left=clock.left,
        )
        for clock in due.clocks_of(session, file, at)
    ]
