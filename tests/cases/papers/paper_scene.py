"""A parked van whose matter went its way: party, officers, notice, defence, decision, service, and a press to print on.

The steps are taken as the table allows; whether they may be taken is the gates' and tested where they are.
"""

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from cases.casework import steps
from cases.casework.steps import By
from cases.law import catalogue
from cases.papers import documents
from cases.papers.documents import Press
from cases.passwords import hashed
from evidence.at_hand import AtHand
from evidence.vault import Vault
from models.case_files import (
    CaseFile,
    DefencePoint,
    FileDecision,
    FileHearing,
    FileNotice,
    FileOfficer,
    PaperService,
)
from models.database import Sessions, transaction
from models.enums import (
    CaseSource,
    FileAct,
    GoodsKind,
    MeasureKind,
    Offence,
    OutcomeKind,
    PartyKind,
    PartyNumberKind,
    PartyRole,
    Procedure,
    Role,
    ServedPaper,
    ServiceMode,
    SpareGround,
)
from models.parties import FileParty, GoodsItem, GoodsMeasure, Party
from models.people import User
from models.personal_data import PersonalDataKey
from tests.cases.parked_van import park_van
from tests.rows import add_user, after

KEY = PersonalDataKey(b"k" * 32)
PASSWORD, OTHER_PASSWORD = "correct horse battery", "a quite different phrase"
PASSWORD_HASH = hashed(PASSWORD)
ITEM = "03.01.001"
FROM_PATROL: dict[str, Any] = {"source": CaseSource.PATROL}
OPENED_AT = after(3600)
BUREAU = """
name = "东城市综合行政执法局"
address = "东城市府前街1号"
phone = "0571-88880000"
reconsideration_body = "东城市人民政府"
court = "东城市人民法院"
enforcement_court = "东城市人民法院"
pay_to = "东城银行 待报解预算收入 1234 5678"
pay_url = "https://pay.example/q"
objection_url = "https://street.example/say"
"""


@dataclass
class Scene:
    """The clock goes on a second with every look at it, so that events have an order."""

    sessions: Sessions
    folder: Path
    file_id: uuid.UUID
    users: dict[str, uuid.UUID]
    seconds: int = 0

    @property
    def at(self) -> Any:
        self.seconds += 1
        return OPENED_AT + timedelta(seconds=self.seconds)

    @property
    def site_folder(self) -> Path:
        return self.folder / "papers"

    @contextmanager
    def press(self) -> Iterator[tuple[Press, Session]]:
        at_hand = AtHand(self.folder / "vault")
        opened = documents.opened(at_hand, folder=self.site_folder, key=KEY)
        with opened as press, transaction(self.sessions) as session:
            yield press, session

    def user(self, session: Session, name: str) -> User:
        asked = select(User).where(User.id == self.users[name]).options(selectinload(User.grants))
        return session.scalars(asked.execution_options(populate_existing=True)).one()

    def by(self, session: Session, name: str = "wang") -> By:
        return By.person(self.user(session, name))

    def file(self, session: Session) -> CaseFile:
        return session.get_one(CaseFile, self.file_id)

    def step(self, session: Session, *acts: FileAct, name: str = "wang") -> None:
        for act in acts:
            steps.take_step(session, self.file(session), act, by=self.by(session, name), at=self.at)

    def outcome(self, **differs: Any) -> dict[str, Any]:
        values: dict[str, Any] = {
            "file_id": self.file_id,
            "outcome": OutcomeKind.FINE,
            "fine_fen": 10_000,
            "provision_id": "illegal-parking-2021",
            "correction": "立即驶离，不得在人行道上停放机动车",
            "reasons": "初次违法，按裁量基准从轻。",
            "proposed": {},
            "made_by_id": self.users["wang"],
            "made_at": self.at,
        }
        return values | differs

    def investigated(self, session: Session) -> None:
        self.step(session, FileAct.FILE, FileAct.END_INVESTIGATION)
        self.step(session, FileAct.PASS_LEGAL_REVIEW, name="qian")
        self.file(session).number = "〔2026〕城管立字第0001号"

    def noticed(self, session: Session, *, hearing: bool = False, **differs: Any) -> FileNotice:
        notice = FileNotice(version=1, hearing_offered=hearing, **self.outcome(**differs))
        session.add(notice)
        self.step(session, FileAct.NOTIFY)
        return notice

    def said(
        self, session: Session, text: str = "当时在卸货，只停了几分钟。", answer: str | None = None
    ) -> DefencePoint:
        answered = (
            {}
            if answer is None
            else {
                "answer": answer,
                "accepted": False,
                "answered_by_id": self.users["wang"],
                "answered_at": self.at,
            }
        )
        point = DefencePoint(
            file_id=self.file_id,
            number=1,
            text=text,
            said_by="张三",
            said_on=date(2026, 3, 2),
            entered_at=self.at,
            **answered,
        )
        session.add(point)
        session.flush()
        return point

    def decided(self, session: Session, notice: FileNotice | None, **differs: Any) -> FileDecision:
        decision = FileDecision(
            notice_id=notice.id if notice else None, decided_on=date(2026, 3, 2), **self.outcome(**differs)
        )
        session.add(decision)
        spared = decision.outcome is OutcomeKind.NO_PENALTY
        self.step(session, FileAct.SPARE if spared else FileAct.DECIDE)
        return decision

    def spared(self, session: Session) -> FileDecision:
        differs = {
            "outcome": OutcomeKind.NO_PENALTY,
            "fine_fen": None,
            "spare_ground": SpareGround.FIRST_AND_CORRECTED,
            "reasons": "经提醒后自行驶离。",
        }
        return self.decided(session, None, **differs)

    def served(
        self, session: Session, paper: ServedPaper = ServedPaper.DECISION, served_on: date | None = date(2026, 3, 2)
    ) -> PaperService:
        service = PaperService(
            file_id=self.file_id,
            paper=paper,
            mode=ServiceMode.PERSONAL,
            receiver="张三",
            address="东城市南街9号",
            reference="签收",
            begun_on=date(2026, 3, 2),
            served_on=served_on,
            recorded_by_id=self.users["wang"],
            recorded_at=self.at,
        )
        session.add(service)
        session.flush()
        return service

    def heard_in_person(self, session: Session, notice: FileNotice) -> FileHearing:
        hearing = FileHearing(
            file_id=self.file_id,
            notice_id=notice.id,
            asked_on=date(2026, 3, 2),
            asked_by="张三",
            announced_on=date(2026, 3, 2),
            to_be_held_at=after(86_400 * 12),
            place="本局二楼听证室",
            chair_id=self.users["qian"],
        )
        session.add(hearing)
        session.flush()
        return hearing

    def took(self, session: Session, document: str = "〔2026〕城管扣决字第0007号") -> GoodsMeasure:
        measure = GoodsMeasure(
            file_id=self.file_id,
            kind=MeasureKind.SEIZURE,
            document=document,
            legal_basis="《行政强制法》第二十二条",
            reason="占道经营的工具，防止证据灭失",
            urgent=False,
            taken_on=date(2026, 3, 2),
            due_on=date(2026, 4, 1),
            recorded_by_id=self.users["wang"],
            recorded_at=self.at,
        )
        session.add(measure)
        session.flush()
        session.add(
            GoodsItem(
                file_id=self.file_id,
                measure_id=measure.id,
                number=f"{document}-1",
                name="三轮车",
                kind=GoodsKind.TOOL,
                unit="辆",
                taken_milli=1000,
                condition="旧，可用",
                remarks="",
                entered_at=self.at,
            )
        )
        session.flush()
        return measure


def open_scene(sessions: Sessions, folder: Path, *, seen_by_camera: bool = True, **differs: Any) -> Scene:
    """A matter that is registered, with its officers and its party. differs: in the row of the case file.

    seen_by_camera: else a patrol saw it, and there are no exhibits; that is much quicker.
    """
    (folder / "papers").mkdir(exist_ok=True)
    (folder / "papers" / "bureau.toml").write_text(BUREAU, "utf-8")
    with Vault.open(folder / "vault") as vault, transaction(sessions) as session:
        catalogue.start(session, by=catalogue.By("streetwitness"), reason="starting catalogue", at=OPENED_AT)
        camera = _from_camera(session, vault, folder) if seen_by_camera else FROM_PATROL
        users = {
            name: add_user(session, name, display_name=shown, role=role, password_hash=PASSWORD_HASH)
            for name, shown, role in (
                ("wang", "王执法", Role.OFFICER),
                ("zhao", "赵协办", Role.OFFICER),
                ("zhou", "周旁人", Role.OFFICER),
                ("qian", "钱审核", Role.LEGAL_REVIEWER),
                ("sun", "孙局长", Role.LEADER),
            )
        }
        values: dict[str, Any] = {
            "source_note": "",
            "procedure": Procedure.ORDINARY,
            "offence": Offence.ILLEGAL_PARKING,
            "law_code": ITEM,
            "title": "浙J12345 在人行道上违法停放机动车",
            "facts": "2026年3月2日12时许，号牌为浙J12345的机动车停放在北门人行道上，经提醒仍未驶离。",
            "place": "东城市北门路与府前街交叉口人行道",
            "timezone": "Asia/Shanghai",
            "conduct_from_at": after(12),
            "conduct_to_at": after(700),
        }
        file = CaseFile(id=uuid.uuid4(), **(values | camera | differs))
        scene = Scene(sessions, folder, file.id, {name: user.id for name, user in users.items()})
        steps.open_file(session, file, by=By.person(users["wang"]), at=scene.at, facts={})
        for place, name in ((1, "wang"), (2, "zhao")):
            session.add(
                FileOfficer(
                    file_id=file.id,
                    user_id=users[name].id,
                    place=place,
                    certificate=f"33010{place}",
                    assigned_at=scene.at,
                )
            )
        _add_party(session, file.id, users["wang"])
    return scene


def _from_camera(session: Session, vault: Vault, folder: Path) -> dict[str, Any]:
    pictures = folder / "pictures"
    pictures.mkdir(exist_ok=True)
    van = park_van(session, pictures)
    van.draft(session)
    for path in van.pictures.values():
        pending = vault.take(partial(shutil.copyfile, path), ".jpg")
        vault.keep(pending)
        vault.settle(pending)
    return {"source": CaseSource.CAMERA, "incident_id": van.incident.id, "camera_id": van.incident.camera_id}


def _add_party(session: Session, file_id: uuid.UUID, user: User) -> None:
    party_id = uuid.uuid4()
    sealed = {
        name: KEY.seal(text, f"party.{name}:{party_id}")
        for name, text in (
            ("name", "张三"),
            ("number", "11010519491231002X"),
            ("phone", "13800000000"),
            ("address", "东城市南街9号"),
        )
    }
    session.add(
        Party(
            id=party_id,
            kind=PartyKind.PERSON,
            name_sealed=sealed["name"],
            name_index=KEY.index("张三"),
            number_kind=PartyNumberKind.RESIDENT_ID,
            number_sealed=sealed["number"],
            number_index=KEY.index("11010519491231002X"),
            phone_sealed=sealed["phone"],
            phone_index=KEY.index("13800000000"),
            address_sealed=sealed["address"],
            entered_by=user.name,
            entered_at=OPENED_AT,
        )
    )
    session.flush()
    session.add(
        FileParty(file_id=file_id, party_id=party_id, role=PartyRole.PARTY, linked_by=user.name, linked_at=OPENED_AT)
    )
    session.flush()
