"""A bureau with everybody a case needs, and a case led through its steps as they would lead it.

Each act is a transaction of its own. Days count from noon of a Monday in Shanghai (tests/rows.py NOON).
"""

import uuid
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from cases.casework import approvals, defence, filing, hearings, officers, outcomes
from cases.casework.filing import Matter
from cases.casework.outcome import Outcome
from cases.casework.steps import By, note
from cases.law import catalogue
from models.case_files import CaseFile, FileApproval, FileEvent, PaperService
from models.database import Sessions, reading, transaction
from models.enums import (
    ApprovalVerdict,
    CaseSource,
    FileAct,
    FileState,
    Offence,
    OutcomeKind,
    PaymentMeans,
    Procedure,
    QualificationKind,
    Role,
    ServedPaper,
    ServiceMode,
)
from models.law_catalogue import LawVersion
from models.payments import Payment
from models.people import User
from tests import rows

SHANGHAI = ZoneInfo("Asia/Shanghai")
PARKING = "03.01.001"
PEOPLE = {
    "li": Role.OFFICER,
    "wang": Role.OFFICER,
    "zhao": Role.OFFICER,
    "qian": Role.OFFICER,
    "sun": Role.LEGAL_REVIEWER,
    "zhou": Role.LEGAL_REVIEWER,
    "wu": Role.LEADER,
    "zheng": Role.LEADER,
    "feng": Role.MONITOR,
    "chen": Role.OPERATOR,
    "chu": Role.ADMINISTRATOR,
}
WITHOUT_CERTIFICATE = "qian"
REASON = "与事实相符"


def noon(day: int) -> datetime:
    """Of a day, counted from that Monday."""
    return rows.NOON + timedelta(days=day)


def day_of(day: int) -> date:
    return noon(day).astimezone(SHANGHAI).date()


class Bureau:
    """day: which it is now. Whoever acts is named as in PEOPLE."""

    def __init__(self, sessions: Sessions) -> None:
        self.sessions = sessions
        self.day = 1
        self._seconds = 0
        with transaction(sessions) as session:
            rows.add_street(session)
            catalogue.start(session, by=catalogue.By("streetwitness"), reason="starting catalogue", at=rows.NOON)
            for name, role in PEOPLE.items():
                user = rows.add_user(session, name, display_name=name, role=role)
                if role is Role.OFFICER and name != WITHOUT_CERTIFICATE:
                    self._qualify(session, user, QualificationKind.ENFORCEMENT)
                if role is Role.LEGAL_REVIEWER:
                    self._qualify(session, user, QualificationKind.LEGAL)
            session.flush()
            versions = session.scalars(select(LawVersion).where(LawVersion.code == PARKING)).one()
            self.provision_id = str(versions.id)

    def _qualify(self, session: Any, user: User, kind: QualificationKind) -> None:
        officers.record_qualification(
            session,
            user,
            kind,
            f"{kind.value}-{user.name}",
            valid_from=date(2025, 1, 1),
            valid_to=date(2027, 12, 31),
            by="chu",
            at=rows.NOON,
        )

    @property
    def now(self) -> datetime:
        """Later with every look at it, so that nothing happens at the same time."""
        self._seconds += 1
        return noon(self.day) + timedelta(seconds=self._seconds)

    def user(self, session: Any, name: str) -> User:
        asked = select(User).where(User.name == name).options(selectinload(User.grants))
        found: User = session.scalars(asked).one()
        return found

    def register(self, **differs: Any) -> uuid.UUID:
        """On the first day, of a conduct an hour before; the procedure is ordinary unless it is said otherwise."""
        procedure = differs.pop("procedure", Procedure.ORDINARY)
        by = differs.pop("by", "li")
        values: dict[str, Any] = {
            "law_code": PARKING,
            "title": "浙J12345 人行道停车",
            "facts": "车辆停在人行道上。",
            "place": "府前街 12 号",
            "conduct_from_at": noon(0),
            "conduct_to_at": noon(0) + timedelta(hours=1),
            "offence": Offence.ILLEGAL_PARKING,
        }
        with transaction(self.sessions) as session:
            file = filing.register(
                session,
                Matter(**(values | differs)),
                source=CaseSource.PATROL,
                source_note="巡查 2026-03-02",
                procedure=procedure,
                by=self.user(session, by),
                at=self.now,
            )
            return file.id

    def outcome(self, **differs: Any) -> Outcome:
        values: dict[str, Any] = {
            "outcome": OutcomeKind.FINE,
            "fine_fen": 10_000,
            "provision_id": self.provision_id,
            "band": "usual",
            "correction": "立即驶离",
            "reasons": "车辆停放一小时，驾驶人不在现场。",
        }
        return Outcome(**(values | differs))

    # --- acts

    def assign(self, file_id: uuid.UUID, *names: str) -> None:
        for place, name in enumerate(names or ("li", "wang"), 1):
            with transaction(self.sessions) as session:
                by = self.user(session, "li")
                officers.assign(session, file_id, self.user(session, name), place=place, by=by, at=self.now)

    def ask(
        self, file_id: uuid.UUID, step: FileAct, *, by: str = "li", facts: dict[str, Any] | None = None, at: Any = None
    ) -> uuid.UUID | None:
        with transaction(self.sessions) as session:
            asked = approvals.ask(
                session, file_id, step, by=self.user(session, by), reason=REASON, facts=facts, at=at or self.now
            )
            return asked.id if asked else None

    def mark(
        self, approval_id: uuid.UUID, by: str, verdict: ApprovalVerdict = ApprovalVerdict.AGREES, at: Any = None
    ) -> None:
        with transaction(self.sessions) as session:
            approvals.mark(session, approval_id, verdict, by=self.user(session, by), reason=REASON, at=at or self.now)

    def step(
        self, file_id: uuid.UUID, step: FileAct, *approvers: str, by: str = "li", facts: dict[str, Any] | None = None
    ) -> None:
        """Asked for, and agreed to by each of them in turn."""
        approval_id = self.ask(file_id, step, by=by, facts=facts)
        for name in approvers:
            assert approval_id is not None, "nobody was asked to agree"
            self.mark(approval_id, name)

    def serve(self, file_id: uuid.UUID, paper: ServedPaper) -> None:
        """Handed over today."""
        at = self.now
        with transaction(self.sessions) as session:
            row = PaperService(
                file_id=file_id,
                paper=paper,
                mode=ServiceMode.PERSONAL,
                receiver="当事人",
                address="府前街",
                reference="回证 1",
                begun_on=day_of(self.day),
                served_on=day_of(self.day),
                recorded_by_id=self.user(session, "li").id,
                recorded_at=at,
            )
            session.add(row)
            file = session.get_one(CaseFile, file_id)
            told = {"service": "1", "paper": paper.value}
            note(session, file, FileAct.PAPER_SERVED, by=By("li"), at=at, facts=told)

    def pay(self, file_id: uuid.UUID, fen: int) -> None:
        at = self.now
        with transaction(self.sessions) as session:
            file = session.get_one(CaseFile, file_id)
            decision = file_decision(session, file_id)
            session.add(
                Payment(
                    file_id=file_id,
                    decision_id=decision,
                    order_id=None,
                    means=PaymentMeans.BANK,
                    amount_fen=fen,
                    paid_on=day_of(self.day),
                    reference=f"bank-{uuid.uuid4()}",
                    receipt=None,
                    recorded_at=at,
                )
            )
            note(session, file, FileAct.PAYMENT_MADE, by=By("li"), at=at, facts={"amount_fen": fen})

    def noted(self, file_id: uuid.UUID, act: FileAct) -> None:
        """What another part puts on record."""
        with transaction(self.sessions) as session:
            note(session, session.get_one(CaseFile, file_id), act, by=By("li"), at=self.now, facts={})

    def say(self, file_id: uuid.UUID, text: str = "我只停了一会儿") -> uuid.UUID:
        with transaction(self.sessions) as session:
            point = defence.say(
                session,
                file_id,
                text=text,
                said_by="当事人",
                said_on=day_of(self.day),
                by=self.user(session, "li"),
                at=self.now,
            )
            return point.id

    def answer(self, point_id: uuid.UUID, *, accepted: bool = False) -> None:
        with transaction(self.sessions) as session:
            by = self.user(session, "wang")
            defence.answer(session, point_id, text="录像显示停了一小时。", accepted=accepted, by=by, at=self.now)

    def waive(self, file_id: uuid.UUID, *, hearing: bool = False) -> None:
        with transaction(self.sessions) as session:
            defence.waive(
                session,
                file_id,
                reference="放弃声明 1",
                waived_on=day_of(self.day),
                by=self.user(session, "li"),
                at=self.now,
                hearing=hearing,
            )

    def ask_hearing(self, file_id: uuid.UUID) -> uuid.UUID:
        with transaction(self.sessions) as session:
            asked = hearings.ask_for(
                session,
                file_id,
                asked_by="当事人",
                asked_on=day_of(self.day),
                by=self.user(session, "li"),
                at=self.now,
            )
            return asked.id

    def announce(self, hearing_id: uuid.UUID, to_be_held: int, chair: str = "zhou") -> None:
        with transaction(self.sessions) as session:
            hearings.announce(
                session,
                hearing_id,
                to_be_held_at=noon(to_be_held),
                place="二楼会议室",
                chair=self.user(session, chair),
                announced_on=day_of(self.day),
                by=self.user(session, "li"),
                at=self.now,
            )

    def hold(self, hearing_id: uuid.UUID, chair: str = "zhou") -> None:
        with transaction(self.sessions) as session:
            by = self.user(session, chair)
            hearings.hold(session, hearing_id, opinion="维持拟处罚意见", held_on=day_of(self.day), by=by, at=self.now)

    # --- the road

    def filed(self, **differs: Any) -> uuid.UUID:
        """Filed, with two officers in charge."""
        file_id = self.register(**differs)
        self.step(file_id, FileAct.FILE, "zhao", "sun", "wu")
        self.assign(file_id)
        return file_id

    def noticed(self, outcome: Outcome | None = None, **differs: Any) -> uuid.UUID:
        """Investigated, and the party told of a fine of 100 yuan; the notice is served."""
        file_id = self.filed(**differs)
        self.step(file_id, FileAct.END_INVESTIGATION)
        self.step(file_id, FileAct.NOTIFY, "zhao", "wu", facts=(outcome or self.outcome()).as_facts())
        self.serve(file_id, ServedPaper.NOTICE)
        return file_id

    def heard(self, **differs: Any) -> uuid.UUID:
        file_id = self.noticed(**differs)
        self.waive(file_id)
        self.step(file_id, FileAct.HEAR)
        return file_id

    def decided(self, outcome: Outcome | None = None, **differs: Any) -> uuid.UUID:
        file_id = self.heard(**differs)
        self.step(file_id, FileAct.DECIDE, "zhao", "sun", "wu", facts=(outcome or self.outcome()).as_facts())
        return file_id

    # --- what became of it

    def state(self, file_id: uuid.UUID) -> FileState:
        with reading(self.sessions) as session:
            return session.get_one(CaseFile, file_id).state

    def file(self, file_id: uuid.UUID) -> CaseFile:
        with reading(self.sessions) as session:
            return session.get_one(CaseFile, file_id)

    def events(self, file_id: uuid.UUID) -> list[FileEvent]:
        with reading(self.sessions) as session:
            asked = select(FileEvent).where(FileEvent.file_id == file_id).order_by(FileEvent.seq)
            return list(session.scalars(asked))

    def rounds(self, file_id: uuid.UUID) -> list[FileApproval]:
        with reading(self.sessions) as session:
            return approvals.approvals_of(session, file_id)


def file_decision(session: Any, file_id: uuid.UUID) -> uuid.UUID:
    decision = outcomes.holding_decision(session, session.get_one(CaseFile, file_id))
    assert decision is not None, "nothing was decided"
    return decision.id
