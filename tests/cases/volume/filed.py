"""Case files to start from, led step by step as the desk would lead them: what this folder's tests bind and search."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from cases.casework import steps
from cases.casework.steps import By
from models.case_files import CaseFile, FileDecision, FileNotice, FileOfficer
from models.dispatch import Area
from models.enums import AreaLevel, CaseSource, FileAct, Offence, OutcomeKind, Procedure, Role
from models.people import User
from tests import rows
from tests.rows import after

BEGINS = after(3600)


def add_user(session: Session, name: str, display_name: str, role: Role, area_id: str | None = None) -> User:
    user = rows.add_user(session, name, display_name=display_name, role=role)
    user.grants[0].area_id = area_id
    return user


def add_area(session: Session, area_id: str) -> Area:
    area = Area(id=area_id, name=area_id, level=AreaLevel.CITY)
    session.add(area)
    session.flush()
    return area


def open_file(session: Session, by: User, at: datetime = BEGINS, **differs: Any) -> CaseFile:
    values: dict[str, Any] = {
        "number": None,
        "source": CaseSource.PATROL,
        "source_note": "巡查发现",
        "procedure": Procedure.ORDINARY,
        "offence": Offence.ILLEGAL_PARKING,
        "law_code": "parking-on-pavement",
        "title": "人行道违法停车案",
        "facts": "一辆白色面包车停放在人行道上，妨碍行人通行。",
        "place": "东城街道环城东路 12 号",
        "camera_id": None,
        "area_id": None,
        "timezone": "Asia/Shanghai",
        "conduct_from_at": after(12),
        "conduct_to_at": after(700),
    }
    return steps.open_file(session, CaseFile(**(values | differs)), by=By.person(by), at=at, facts={})


def lead_to_decision(session: Session, file: CaseFile, officers: tuple[User, User], lawyer: User) -> FileDecision:
    """Through the ordinary procedure to a fine of 100 yuan, an hour between steps, two officers from the start."""
    first, second = officers
    for place, officer in enumerate(officers, start=1):
        session.add(
            FileOfficer(file_id=file.id, user_id=officer.id, place=place, certificate=f"33-{place}", assigned_at=BEGINS)
        )
    steps.note(session, file, FileAct.OFFICER_ASSIGNED, by=By.person(first), at=hour(0), facts={"place": 1})
    steps.note(session, file, FileAct.OFFICER_ASSIGNED, by=By.person(second), at=hour(0), facts={"place": 2})
    steps.take_step(session, file, FileAct.FILE, by=By.person(first), at=hour(1))
    steps.take_step(session, file, FileAct.END_INVESTIGATION, by=By.person(first), at=hour(2))
    steps.take_step(session, file, FileAct.PASS_LEGAL_REVIEW, by=By.person(lawyer), at=hour(3))
    said: dict[str, Any] = {
        "file_id": file.id,
        "outcome": OutcomeKind.FINE,
        "fine_fen": 10_000,
        "spare_ground": None,
        "provision_id": "parking-2021",
        "band": "light",
        "correction": "责令立即改正",
        "reasons": "当事人经短信通知后未在十分钟内驶离。",
        "proposed": {},
        "departs_because": None,
        "made_by_id": first.id,
    }
    notice = FileNotice(**said, made_at=hour(4), version=1, hearing_offered=False)
    session.add(notice)
    steps.take_step(session, file, FileAct.NOTIFY, by=By.person(first), at=hour(4))
    steps.take_step(session, file, FileAct.HEAR, by=By.person(second), at=hour(5))
    decision = FileDecision(**said, made_at=hour(6), notice_id=notice.id, decided_on=hour(6).date())
    session.add(decision)
    steps.take_step(session, file, FileAct.DECIDE, by=By.person(first), at=hour(6))
    return decision


def lead_to_archive(session: Session, file: CaseFile, officer: User) -> None:
    for number, step in enumerate([FileAct.SERVE, FileAct.PERFORM, FileAct.CLOSE, FileAct.ARCHIVE], start=7):
        steps.take_step(session, file, step, by=By.person(officer), at=hour(number))


def hour(number: int) -> datetime:
    return BEGINS + timedelta(hours=number)
