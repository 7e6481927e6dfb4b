"""A site with two areas, and one of everything a path can name in each: for asking who may reach what."""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import httpx
from fastapi.routing import APIRoute
from sqlalchemy.orm import Session, joinedload

from cases import accounts, draft_case, fences, page_links, sign_in
from cases.accounts import Granted
from cases.casework import steps
from cases.casework.steps import By
from cases.entitlements import Right, may
from cases.law import catalogue
from cases.lifecycle import PROGRAM
from cases.papers import documents, registry
from cases.papers.documents import Press
from evidence.at_hand import AtHand
from evidence.sealing import seal
from evidence.vault import Vault
from models.announcements import Announcement
from models.base import Base
from models.case_files import CaseFile, DefencePoint, FileApproval, FileHearing, FileNotice, PaperService
from models.database import Sessions, transaction
from models.derivatives import Derivative
from models.dispatch import Area
from models.enums import (
    AnnouncementState,
    ApprovalState,
    AreaLevel,
    CaseSource,
    DerivativeForm,
    DerivativeState,
    FenceProposalState,
    FileAct,
    FootageRequestState,
    IncidentState,
    NoticeStatus,
    Offence,
    OutboxState,
    OutcomeKind,
    PaperKind,
    Procedure,
    Role,
    ServedPaper,
    ServiceMode,
    SheetKind,
    StatementKind,
    TrialState,
    UploadState,
    Utterance,
    VolumeState,
)
from models.exhibits import Exhibit
from models.fence_proposals import FenceProposal
from models.fence_trials import FenceTrial
from models.incidents import Incident
from models.people import Owner, User
from models.personal_data import PersonalDataKey
from models.places import Camera, GeofenceVersion, Loudspeaker, Site
from models.promises import Notice, OutboxMessage
from models.reasons import Permission
from models.recorders import FootageRequest
from models.retention import LegalHold, ViewingReason
from models.statements import OwnerStatement, StatementAttachment
from models.uploads import Upload
from models.volumes import FileVolume
from models.watching import CameraConnection, CameraView
from review_ui.app import ReviewSettings, make_app
from review_ui.desk import now
from review_ui.settings import ApiLimits
from tests import rows
from tests.conftest import sqlite_copy
from tests.patience import PATIENCE_S
from tests.review_ui.conftest import BOX, PASSWORD, serve, usual_exhibits
from tests.review_ui.people_and_goods import add_people_and_goods
from tests.review_ui.served_and_paid import add_serving_and_paying
from tests.rows import NOON, add_site, after

EAST, WEST = "east", "west"
KEY = PersonalDataKey(b"k" * 32)
EVERYWHERE = "everywhere"
LAW_CODE = "03.01.001"  # of the catalogue that a site starts from
Hands = dict[tuple[Role, str], "Hand"]

Row = TypeVar("Row", bound=Base)


@dataclass(frozen=True)
class Place:
    """ids: of the thing in this area, by the name that a path gives it. named: what tells that it was shown."""

    area: str
    ids: Mapping[str, str]
    named: str


def add_areas(session: Session) -> None:
    for area in (EAST, WEST):
        session.add(Area(id=area, name=area, level=AreaLevel.CITY))
        session.flush()
        session.add(Area(id=f"{area}-grid", name=f"{area} grid", level=AreaLevel.GRID, parent_id=area))
    session.flush()
    catalogue.start(session, by=catalogue.By("wu"), reason="the catalogue to start from", at=NOON)


def add_place(session: Session, vault: Vault, site: Site, area: str, user: User) -> Place:
    """Its camera lies in a grid of the area, so that who has the area has it from above."""
    camera = rows.add_camera(session, site, id=f"{area}-camera", name=f"Camera {area}", area_id=f"{area}-grid")
    fence = rows.add_geofence(session, camera, f"{area}-fence", name=f"Fence {area}")
    version = rows.add_geofence_version(session, fence)
    recording = rows.add_recording(session, camera, path=f"/recordings/{area}.mp4")
    incident = rows.add_incident(
        session,
        version,
        camera,
        recording,
        state=IncidentState.DRAFTED,
        grace_ends_at=after(132),
        last_seen_at=after(140),
        plate=f"浙{area.upper()}1",
        **BOX,
    )
    rows.add_event(session, incident, to_state=IncidentState.DRAFTED)
    rows.add_sighting(session, incident, at=after(140))
    for exhibit in usual_exhibits(vault):
        seal(session, vault, incident.id, exhibit, actor=PROGRAM, at=after(135))
    draft_case.compose(session, incident.id, at=after(136))
    ids = _of_the_incident(session, incident) | _of_the_camera(session, camera, version, recording.id, user)
    ids |= _of_a_case_file(session, camera, user)
    return Place(area, ids | _of_its_papers(session, vault, uuid.UUID(ids["file_id"]), user), f"Camera {area}")


def _of_the_incident(session: Session, incident: Incident) -> dict[str, str]:
    exhibit = session.query(Exhibit).filter_by(incident_id=incident.id, kind="still").first()
    assert exhibit is not None
    owner = _added(session, Owner(name_sealed=b"x", phone_sealed=b"x", phone_index=f"{incident.camera_id}"))
    message = _added(
        session,
        OutboxMessage(
            key=f"notice:{incident.id}:1",
            kind="move_vehicle",
            payload={"incident_id": str(incident.id)},
            state=OutboxState.DEAD,
            created_at=NOON,
            next_at=NOON,
        ),
    )
    notice = _added(
        session,
        Notice(
            incident_id=incident.id,
            owner_id=owner.id,
            outbox_message_id=message.id,
            wording="move_vehicle",
            status=NoticeStatus.UNDELIVERED,
            promised_at=NOON,
        ),
    )
    statement_id = uuid.uuid4()
    statement = _added(
        session,
        OwnerStatement(
            id=statement_id,
            incident_id=incident.id,
            notice_id=notice.id,
            kind=StatementKind.STATEMENT,
            text_sealed=KEY.seal("the bay was free", f"owner_statement.text:{statement_id}"),
            receipt=page_links.digest_of(str(incident.id))[:12],
            made_at=NOON,
        ),
    )
    session.add(StatementAttachment(statement_id=statement.id, position=1, name="photo.jpg", sha256=exhibit.sha256))
    hold = _added(session, LegalHold(incident_id=incident.id, put_by="wu", put_at=NOON, reason="appeal"))
    derivative = _added(
        session,
        Derivative(
            incident_id=incident.id,
            exhibit_id=exhibit.id,
            key=page_links.digest_of(f"derivative of {incident.id}"),
            form=DerivativeForm.STILL,
            masked=True,
            captioned=True,
            language="en",
            state=DerivativeState.MADE,
            asked_by="wu",
            asked_at=NOON,
            reason="court",
            made_at=NOON,
            sha256=exhibit.sha256,
            recipe={},
        ),
    )
    return {
        "incident_id": str(incident.id),
        "exhibit_id": str(exhibit.id),
        "message_id": str(message.id),
        "statement_id": str(statement.id),
        "hold_id": str(hold.id),
        "derivative_id": str(derivative.id),
        "sha256": exhibit.sha256,
    }


def _of_the_camera(
    session: Session, camera: Camera, version: GeofenceVersion, recording_id: uuid.UUID, user: User
) -> dict[str, str]:
    horn = Loudspeaker(id=f"{camera.id}-horn", camera_id=camera.id, driver="file")
    session.add(horn)
    session.add(CameraConnection(camera_id=camera.id, sub_source="rtsp://10.0.0.7/2", onvif_url="http://10.0.0.7/"))
    for position, preset in enumerate(("kerb", "corner")):
        session.add(CameraView(camera_id=camera.id, preset=preset, token=preset, position=position, stay_s=40.0))
    session.flush()
    sealed = session.query(Exhibit).filter_by(kind="still").first()
    assert sealed is not None
    announcement = _added(
        session,
        Announcement(
            loudspeaker_id=horn.id,
            utterance=Utterance.TYPED,
            text="please move",
            language="en",
            asked_by="wu",
            asked_at=NOON,
            priority=0,
            next_at=NOON,
            useful_until=after(60),
            state=AnnouncementState.PLAYED,
            sha256=sealed.sha256,
            began_at=NOON,
            ended_at=after(5),
        ),
    )
    terms = fences.terms_of(
        session.get_one(GeofenceVersion, version.id, options=[joinedload(GeofenceVersion.geofence)])
    )
    asked: dict[str, Any] = {"camera_id": camera.id, "geofence_id": version.geofence_id, "terms": terms}
    proposal = _added(
        session,
        FenceProposal(
            **asked,
            base_version=1,
            reason="wider",
            proposed_by_id=user.id,
            proposed_at=NOON,
            state=FenceProposalState.OPEN,
        ),
    )
    trial = _added(
        session,
        FenceTrial(
            **asked,
            recording_id=recording_id,
            against_id=version.id,
            asked_by_id=user.id,
            asked_at=NOON,
            touched_at=NOON,
            state=TrialState.ASKED,
        ),
    )
    request = _added(
        session,
        FootageRequest(
            recorder_id=camera.id,
            body="the railway",
            from_at=NOON,
            to_at=after(60),
            legal_basis="agreement of 2026",
            purpose="to see who came",
            state=FootageRequestState.ASKED,
            asked_by_id=user.id,
            asked_at=NOON,
        ),
    )
    permission = _added(
        session,
        Permission(
            site_id=camera.site_id,
            geofence_id=version.geofence_id,
            offences=[],
            from_on=NOON.date(),
            to_on=date(2099, 12, 31),
            hours=[],
            paper=f"No. 7 for {camera.name}",
            given_at=NOON,
            given_by="wu",
        ),
    )
    upload = _added(
        session,
        Upload(
            user_id=user.id,
            recorder_id=camera.id,
            file_name="noon.mp4",
            suffix=".mp4",
            length=10,
            offset=0,
            state=UploadState.RECEIVING,
            created_at=NOON,
            touched_at=NOON,
        ),
    )
    return {
        "camera_id": camera.id,
        "geofence_id": version.geofence_id,
        "recording_id": str(recording_id),
        "loudspeaker_id": horn.id,
        "announcement_id": str(announcement.id),
        "proposal_id": str(proposal.id),
        "trial_id": str(trial.id),
        "upload_id": str(upload.id),
        "permission_id": str(permission.id),
        "request_id": str(request.id),
    }


def _of_a_case_file(session: Session, camera: Camera, user: User) -> dict[str, str]:
    """A matter that a patrol brought, with one of everything that a path can name of it."""
    file = CaseFile(
        source=CaseSource.PATROL,
        source_note="seen on patrol",
        procedure=Procedure.ORDINARY,
        offence=Offence.ILLEGAL_PARKING,
        law_code=LAW_CODE,
        title=f"Car on the pavement, {camera.name}",
        facts="A car stood on the pavement.",
        place=f"in front of {camera.name}",
        camera_id=camera.id,
        area_id=camera.area_id,
        timezone="Asia/Shanghai",
        conduct_from_at=after(12),
        conduct_to_at=after(140),
    )
    still = session.query(Exhibit).filter_by(kind="still").first()
    assert still is not None
    by = By.person(user)
    steps.open_file(session, file, by=by, at=after(200), facts={})
    steps.take_step(session, file, FileAct.FILE, by=by, at=after(210))
    approval = _added(
        session,
        FileApproval(
            file_id=file.id,
            step=FileAct.END_INVESTIGATION,
            facts={},
            chain=["officer", "legal_reviewer", "leader"],
            reason="everything is there",
            asked_by_id=user.id,
            asked_at=after(220),
            state=ApprovalState.OPEN,
        ),
    )
    notice = _added(
        session,
        FileNotice(
            file_id=file.id,
            version=1,
            outcome=OutcomeKind.FINE,
            fine_fen=10_000,
            provision_id="test-parking",
            correction="",
            reasons="as proposed",
            proposed={},
            made_by_id=user.id,
            made_at=after(220),
            hearing_offered=True,
        ),
    )
    hearing = _added(
        session,
        FileHearing(file_id=file.id, notice_id=notice.id, asked_on=after(220).date(), asked_by="party"),
    )
    service = _added(
        session,
        PaperService(
            file_id=file.id,
            paper=ServedPaper.NOTICE,
            mode=ServiceMode.MAIL,
            receiver="party",
            address="East Street 1",
            reference="EMS-1",
            begun_on=after(220).date(),
            recorded_by_id=user.id,
            recorded_at=after(220),
        ),
    )
    volume = _added(
        session,
        FileVolume(
            file_id=file.id,
            version=1,
            order="penalty-volume@2026.1",
            language="en",
            state=VolumeState.ASKED,
            asked_by_id=user.id,
            asked_at=after(220),
            reason="for the archive",
        ),
    )
    point = _added(
        session,
        DefencePoint(
            file_id=file.id,
            number=1,
            text="the bay was free",
            said_by="party",
            said_on=after(220).date(),
            entered_at=after(220),
        ),
    )
    return {
        "file_id": str(file.id),
        "approval_id": str(approval.id),
        "hearing_id": str(hearing.id),
        "service_id": str(service.id),
        "point_id": str(point.id),
        "volume_id": str(volume.id),
        **add_people_and_goods(session, KEY, file, user, area_id=camera.area_id, sha256=still.sha256),
        **add_serving_and_paying(session, KEY, file, notice, user),
    }


def _of_its_papers(session: Session, vault: Vault, file_id: uuid.UUID, user: User) -> dict[str, str]:
    by, at = By.person(user), after(10_000)
    press = Press(vault, AtHand(vault.root), key=KEY)
    paper = documents.make(session, file_id, PaperKind.FILING_APPROVAL, by=by, at=at, press=press)
    for pending in press.kept:
        vault.settle(pending)
    sheet = registry.draw(session, SheetKind.DECISION, by=by, at=at, file_id=file_id)
    return {"paper_id": str(paper.id), "sheet_id": str(sheet.id)}


def _added(session: Session, row: Row) -> Row:
    session.add(row)
    session.flush()
    return row


@dataclass(frozen=True)
class Hand:
    """A browser in which somebody is signed in, with the token of its forms."""

    browser: httpx.Client
    csrf_token: str
    user_id: uuid.UUID
    token: str


@dataclass(frozen=True)
class Desk:
    url: str
    sessions: Sessions
    routes: list[APIRoute]
    places: Mapping[str, Place]
    hands: Hands
    closing: ExitStack

    def stranger(self) -> httpx.Client:
        return self.closing.enter_context(browser(self.url))

    def enter(self, user: User) -> Hand:
        """Signed in, and where the user may look, having said for both incidents what for."""
        with transaction(self.sessions) as session:
            opened = sign_in.sign_in(session, user.name, PASSWORD, at=now())
            assert opened is not None
            for place in self.places.values() if may(user, Right.LOOK) else ():
                incident_id = uuid.UUID(place.ids["incident_id"])
                row = ViewingReason(token_digest=opened[0].token_digest, incident_id=incident_id, reason="review")
                session.add(row)
                row.at = now()
        client = self.stranger()
        client.cookies.set("session", opened[1], domain="127.0.0.1")
        return Hand(client, opened[0].csrf_token, user.id, opened[1])

    def user(self, name: str, *granted: Granted) -> User:
        with transaction(self.sessions) as session:
            user = accounts.add_user(session, name=name, display_name=name, password=PASSWORD, role=None, at=now())
            for each in granted:
                accounts.grant(session, user, each, by="streetwitness", at=now())
        return user


def browser(url: str) -> httpx.Client:
    return httpx.Client(base_url=url, headers={"sec-fetch-site": "same-origin"}, trust_env=False, timeout=PATIENCE_S)


def running_desk(folder: Path, migrated_sqlite: Path) -> Iterator[Desk]:
    """Where for each role there is somebody who has it for the one area."""
    for database in sqlite_copy(migrated_sqlite, folder):
        settings = ReviewSettings(
            database.sessions,
            folder / "vault",
            folder / "drafts",
            personal_data_key=KEY,
            api_limits=ApiLimits(of_token=100_000, of_user=100_000),  # a test asks in a second what people do in a day
        )
        with Vault.open(settings.vault_root) as vault, transaction(database.sessions) as session:
            site = add_site(session)
            add_areas(session)
            wu = accounts.add_user(session, name="wu", display_name="吴", password=PASSWORD, role=None, at=now())
            places = {area: add_place(session, vault, site, area, wu) for area in (EAST, WEST)}
        routes = [route for route in make_app(settings).routes if isinstance(route, APIRoute)]
        with ExitStack() as closing:
            for url in serve(settings):
                desk = Desk(url, database.sessions, routes, places, {}, closing)
                for role in Role:
                    east = desk.user(f"east-{role.value}", Granted(role, EAST))
                    desk.hands[role, EAST] = desk.enter(east)
                desk.hands[Role.ADMINISTRATOR, EVERYWHERE] = desk.enter(
                    desk.user("everywhere", Granted(Role.ADMINISTRATOR))
                )
                yield desk
                closing.close()
