"""A site whose case desk has work: an accepted incident, its people with their certificates, and a clock that is set.

A case takes weeks. What is done at the desk on one day is done at that day's time; whoever comes again on another day
signs in again, as they would.
"""

import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from cases import accounts, parties, review, second_review
from cases.casework import approvals, defence, filing, officers, steps
from cases.casework.filing import Matter
from cases.casework.outcome import Outcome
from cases.casework.steps import By
from cases.law import catalogue
from cases.papers.bureau import FILE
from cases.parties import Entry
from cases.service import corrections, serving
from cases.service.addresses import Place
from cases.service.serving import Attempt
from cases.site_file import VehicleEntry
from cases.vehicle_register import register_vehicle
from evidence.vault import Vault
from models.database import transaction
from models.enums import (
    CaseSource,
    Decision,
    FileAct,
    OutcomeKind,
    PartyKind,
    PartyRole,
    Procedure,
    QualificationKind,
    Role,
    SecondVerdict,
    ServedPaper,
    ServedTo,
    ServiceMode,
)
from models.people import User
from models.personal_data import PersonalDataKey
from review_ui.app import ReviewSettings
from streetwitness.demo import DEMO_BUREAU
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
    (folder / "papers").mkdir()
    shutil.copy(DEMO_BUREAU, folder / "papers" / FILE)
    settings = ReviewSettings(
        database.sessions,
        folder / "vault",
        folder / "drafts",
        personal_data_key=PersonalDataKey(b"k" * 32),
        papers_dir=folder / "papers",
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


def fined_on_the_spot(site: CaseSite, place: str, *, fine_fen: int) -> str:
    """The address of a matter decided today in the simple procedure and handed over: for what comes after it."""
    key = site.desk.settings.personal_data_key
    assert key is not None
    with transaction(site.desk.database.sessions) as session:
        officer, second = (accounts.user_named(session, name) for name in ("wang.lei", "liu.fang"))
        at = site.clock()
        item = catalogue.item(session, "03.01.001", at.date())
        assert item is not None
        assert item.version_id is not None
        by = By.person(officer)
        matter = Matter(item.code, "人行道停车", "车辆停在人行道上，驾驶人在场。", place, at, at)
        file = filing.register(
            session,
            matter,
            source=CaseSource.PATROL,
            source_note="巡查",
            procedure=Procedure.SIMPLE,
            by=officer,
            at=at,
        )
        for number, user in enumerate((officer, second), 1):
            officers.assign(session, file.id, user, place=number, by=officer, at=at)
        party = parties.enter(session, key, Entry(PartyKind.PERSON, f"周八 {place}"), by=by, at=at)
        parties.link(session, file, party, PartyRole.PARTY, by=by, at=at)
        outcome = Outcome(
            outcome=OutcomeKind.FINE,
            fine_fen=fine_fen,
            provision_id=item.version_id,
            band="usual",
            reasons="经劝告不驶离。",
        )

        corrections.record(session, file.id, at.date(), reference="当场驶离", by=by, at=at)

        def take(step: FileAct, **facts: Any) -> None:
            approvals.ask(session, file.id, step, by=officer, reason="当场", facts=facts, at=site.clock())

        take(FileAct.NOTIFY, **outcome.as_facts())
        defence.waive(session, file.id, reference="现场笔录", waived_on=at.date(), by=officer, at=site.clock())
        take(FileAct.HEAR)
        take(FileAct.DECIDE, **outcome.as_facts())
        handed = Attempt(ServedPaper.DECISION, ServiceMode.PERSONAL, at.date(), Place("周八", place))
        attempt = serving.begin(session, key, file.id, handed, by=by, at=site.clock())
        taken_by = ServedTo.PARTY
        serving.served(session, attempt.id, taken_by=taken_by, on=at.date(), reference="回证", by=by, at=site.clock())
        take(FileAct.SERVE)
        steps.note(session, file, FileAct.REPORTED, by=by, at=site.clock())
        return f"/cases/{file.id}"
