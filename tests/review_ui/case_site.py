"""A site whose case desk has work: an accepted incident, its people with their certificates, and a clock that is set.

A case takes weeks. What is done at the desk on one day is done at that day's time; whoever comes again on another day
signs in again, as they would.
"""

import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from cases import accounts, review, second_review
from cases.casework import officers
from cases.law import catalogue
from cases.site_file import VehicleEntry
from cases.vehicle_register import register_vehicle
from evidence.vault import Vault
from models.database import transaction
from models.enums import Decision, QualificationKind, Role, SecondVerdict
from models.people import User
from models.personal_data import PersonalDataKey
from review_ui.app import ReviewSettings
from tests.conftest import Database, sqlite_copy
from tests.review_ui.conftest import PASSWORD, RunningDesk, add_reviewed_street, serve, usual_exhibits
from tests.rows import NOON, after

# name, as shown, role; those who go by the same role are different people
PEOPLE = (
    ("li.na", "李娜", Role.LEGAL_REVIEWER),
    ("zhang.wei", "张伟", Role.LEGAL_REVIEWER),
    ("wang.lei", "王磊", Role.OFFICER),
    ("chen.qiang", "陈强", Role.OFFICER),
    ("liu.fang", "刘芳", Role.OFFICER),
    ("wang.min", "王敏", Role.LEADER),
    ("zhao.jing", "赵静", Role.ADMINISTRATOR),
)
CERTIFIED = {"wang.lei": "浙J-0117", "chen.qiang": "浙J-0342", "liu.fang": "浙J-0508"}
QUALIFIED = {"li.na": "A20203301090417", "zhang.wei": "A20193301081120"}


class Clock:
    """The time at the desk: set to a day, and going on from there."""

    def __init__(self, at: datetime) -> None:
        self.set(at)

    def set(self, at: datetime) -> None:
        self._from, self._since = at, time.monotonic()

    def __call__(self) -> datetime:
        return self._from + timedelta(seconds=time.monotonic() - self._since)


@dataclass(frozen=True)
class CaseSite:
    desk: RunningDesk
    clock: Clock

    def user_id(self, name: str) -> uuid.UUID:
        with self.desk.database.sessions() as session:
            return accounts.user_named(session, name).id


def add_people(session: Session) -> dict[str, User]:
    """Everybody has the same password; it is hashed once, since that takes its time."""
    people: dict[str, User] = {}
    for name, shown, role in PEOPLE:
        user = accounts.add_user(session, name=name, display_name=shown, password=PASSWORD, role=role, at=NOON)
        people[name] = user
    for kind, numbers in ((QualificationKind.ENFORCEMENT, CERTIFIED), (QualificationKind.LEGAL, QUALIFIED)):
        for name, number in numbers.items():
            officers.record_qualification(
                session,
                people[name],
                kind,
                number,
                valid_from=date(2024, 1, 1),
                valid_to=date(2029, 1, 1),
                by="streetwitness",
                at=NOON,
            )
    return people


def accept(session: Session, incident_id: uuid.UUID, people: dict[str, User]) -> None:
    """Accepted by one and read by another, as at the review desk."""
    points = review.FourPoints(True, True, True, True)
    review.decide(
        session,
        incident_id,
        user=people["li.na"],
        decision=Decision.ACCEPT,
        reason="shown by the original pictures",
        four_points=points,
        at=after(600),
    )
    second_review.say(
        session,
        incident_id,
        SecondVerdict.AGREES,
        user=people["zhang.wei"],
        reason="read beside the clip",
        no_stake=True,
        at=after(900),
    )


def case_site(folder: Path, migrated_sqlite: Path) -> Iterator[CaseSite]:
    clock = Clock(after(3600))
    for database in sqlite_copy(migrated_sqlite, folder):
        yield from _served(folder, database, clock)


def _served(folder: Path, database: Database, clock: Clock) -> Iterator[CaseSite]:
    settings = ReviewSettings(
        database.sessions, folder / "vault", folder / "drafts", personal_data_key=PersonalDataKey(b"k" * 32)
    )
    with Vault.open(settings.vault_root) as vault, transaction(database.sessions) as session:
        street = add_reviewed_street(session, vault, usual_exhibits, {})
        people = add_people(session)
        accept(session, street.incident.id, people)
        assert settings.personal_data_key is not None
        keeper = VehicleEntry(plate="浙J12345", owner="张三", phone="+8613900000001")
        register_vehicle(session, settings.personal_data_key, keeper)
        catalogue.start(
            session, by=catalogue.By("li.na", people["li.na"]), reason="the catalogue to start from", at=after(60)
        )
        incident_id = street.incident.id
    for url in serve(settings, clock):
        with ExitStack() as closing:
            yield CaseSite(RunningDesk(url, database, settings, incident_id, closing), clock)
