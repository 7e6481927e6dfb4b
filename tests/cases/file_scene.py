"""A matter that a patrol brought, with the people of the bureau who work on it: for parties, witnesses and goods."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from cases.casework import steps
from cases.casework.steps import By
from models.case_files import CaseFile
from models.enums import CaseSource, Offence, Procedure, Role
from models.people import User
from models.personal_data import PersonalDataKey
from tests.rows import NOON, add_user, after

KEY = PersonalDataKey(b"k" * 32)
TODAY = date(2026, 3, 2)
# the example of GB 11643 itself, and another with a right check digit
ZHANG_ID, LI_ID = "11010519491231002X", "440524188001010014"
# a code with a right check digit, GB 32100
COMPANY_CODE = "91350100M000100Y43"


@dataclass(frozen=True)
class Desk:
    file: CaseFile
    officer: User
    second: User
    leader: User

    @property
    def by(self) -> By:
        return By.person(self.officer)


def open_desk(session: Session, **differs: Any) -> Desk:
    officer = add_user(session, "wang", display_name="王队员", role=Role.OFFICER)
    second = add_user(session, "zhao", display_name="赵队员", role=Role.OFFICER)
    leader = add_user(session, "sun", display_name="孙局长", role=Role.LEADER)
    return Desk(open_file(session, officer, **differs), officer, second, leader)


def open_file(session: Session, officer: User, at: datetime = NOON, **differs: Any) -> CaseFile:
    values: dict[str, Any] = {
        "source": CaseSource.PATROL,
        "source_note": "巡查发现",
        "procedure": Procedure.ORDINARY,
        "offence": Offence.STREET_VENDING,
        "law_code": "test-vending",
        "title": "占道经营",
        "facts": "在人行道上摆摊。",
        "place": "北门",
        "timezone": "Asia/Shanghai",
        "conduct_from_at": after(-60),
        "conduct_to_at": NOON,
    }
    return steps.open_file(session, CaseFile(**(values | differs)), by=By.person(officer), at=at, facts={})


def days_later(days: int) -> datetime:
    return NOON + timedelta(days=days)
