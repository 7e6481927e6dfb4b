"""Serving: every way the law knows, and what each of them asks for."""

import uuid
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from cases import holds
from cases.casework.errors import DatedWrongly, FileRefused
from cases.casework.steps import By
from cases.service import addresses, serving
from cases.service.addresses import Place, Signed
from cases.service.serving import Attempt
from evidence import retention_rows
from evidence.errors import HoldRefused
from models.case_files import CaseFile, PaperService
from models.database import reading, transaction
from models.enums import ConsentChannel, FileAct, Role, ServedPaper, ServedTo, ServiceMode
from models.personal_data import PersonalDataKey
from models.retention import ServedDecision
from models.serving import ServiceConsent, ServiceDetail
from tests import rows
from tests.cases.casework.case_scene import Bureau, day_of
from tests.cases.service.conftest import Decided

KEY = PersonalDataKey(b"s" * 32)
HOME = Place("张三丰", "台州市府前街 12 号 3 幢 401 室")


class Post:
    """Serves papers of one case of a bureau, as the officer in charge."""

    def __init__(self, bureau: Bureau, file_id: uuid.UUID) -> None:
        self.bureau, self.file_id = bureau, file_id

    @property
    def today(self) -> date:
        return day_of(self.bureau.day)

    def by(self, session: Any) -> By:
        return By.person(self.bureau.user(session, "li"))

    def begin(self, mode: ServiceMode, paper: ServedPaper = ServedPaper.DECISION, **differs: Any) -> uuid.UUID:
        values: dict[str, Any] = {"begun_on": self.today, "place": HOME}
        with transaction(self.bureau.sessions) as session:
            attempt = Attempt(paper, mode, **(values | differs))
            by, at = self.by(session), self.bureau.now
            return serving.begin(session, KEY, self.file_id, attempt, by=by, at=at).id

    def served(self, service_id: uuid.UUID, taken_by: ServedTo = ServedTo.PARTY, on: date | None = None) -> None:
        with transaction(self.bureau.sessions) as session:
            serving.served(
                session,
                service_id,
                taken_by=taken_by,
                on=on or self.today,
                reference="送达回证 7",
                by=self.by(session),
                at=self.bureau.now,
            )

    def failed(self, service_id: uuid.UUID) -> None:
        with transaction(self.bureau.sessions) as session:
            by = self.by(session)
            serving.failed(session, service_id, on=self.today, failure="无人在家", by=by, at=self.bureau.now)

    def consent(self) -> uuid.UUID:
        with transaction(self.bureau.sessions) as session:
            signed = Signed(self.today, "同意书 3")
            channel, number = ConsentChannel.EMAIL, "zhang@mail.example"
            by, at = self.by(session), self.bureau.now
            return addresses.consent(session, KEY, self.file_id, channel, number, signed, by=by, at=at).id

    def service(self, service_id: uuid.UUID) -> PaperService:
        with reading(self.bureau.sessions) as session:
            return session.get_one(PaperService, service_id)


@pytest.fixture
def post(decided: Decided) -> Post:
    return Post(decided.bureau, decided.fined)


def test_a_decision_handed_over_is_served_and_every_attempt_is_on_record(post: Post) -> None:
    tried = post.begin(ServiceMode.PERSONAL)
    post.failed(tried)
    post.bureau.day += 1
    again = post.begin(ServiceMode.PERSONAL)
    post.served(again, ServedTo.FAMILY)
    assert post.service(tried).failure == "无人在家"
    assert post.service(again).served_on == post.today
    told = [each for each in post.bureau.events(post.file_id) if (each.facts.get("service")) == str(again)]
    assert [each.act for each in told] == [FileAct.FACTS_SAID, FileAct.PAPER_SERVED]
    assert told[1].facts == {"service": str(again), "paper": "decision", "mode": "personal"}
    with pytest.raises(FileRefused, match="service has ended"):
        post.served(again)


def test_names_and_addresses_are_sealed_and_stand_nowhere_in_clear(post: Post) -> None:
    post.begin(ServiceMode.LEFT, because="当事人拒收", witnesses=("见证人甲", "见证人乙"))
    with reading(post.bureau.sessions) as session:
        service, detail = session.execute(
            select(PaperService, ServiceDetail).join(ServiceDetail, ServiceDetail.service_id == PaperService.id)
        ).one()
        assert serving.place_of(KEY, detail) == HOME
        assert serving.witnesses_of(KEY, detail) == ["见证人甲", "见证人乙"]
        shown = f"{service.receiver} {service.address} {[each.facts for each in post.bureau.events(post.file_id)]}"
    assert "三丰" not in shown
    assert "401 室" not in shown
    assert "见证人" not in shown


def test_mail_needs_its_waybill_and_counts_from_the_day_of_the_receipt(post: Post) -> None:
    with pytest.raises(FileRefused, match="no waybill"):
        post.begin(ServiceMode.MAIL)
    sent = post.begin(ServiceMode.MAIL, waybill="EMS 1234567890123")
    post.bureau.day += 3
    post.served(sent, ServedTo.MAILROOM, on=day_of(post.bureau.day - 1))
    assert post.service(sent).served_on == day_of(post.bureau.day - 1)
    assert post.service(sent).reference == "EMS 1234567890123; 送达回证 7"


def test_a_paper_is_left_before_two_witnesses_or_a_recording_and_only_when_it_was_refused(post: Post) -> None:
    refused: list[dict[str, Any]] = [
        {"because": "当事人拒收"},
        {"because": "当事人拒收", "witnesses": ("见证人甲",)},
        {"because": "当事人拒收", "witnesses": ("见证人甲", "见证人甲")},
        {"recording": "sha256:00"},
    ]
    for differs in refused:
        with pytest.raises(FileRefused, match="left without"):
            post.begin(ServiceMode.LEFT, **differs)
    left = post.begin(ServiceMode.LEFT, because="当事人拒收", recording="sha256:00")
    with pytest.raises(FileRefused, match="taken by whom"):
        post.served(left, ServedTo.PARTY)
    post.served(left, ServedTo.NOBODY)
    assert post.service(left).served_on == post.today


def test_wire_needs_a_signed_consent_that_names_the_channel_and_holds(post: Post) -> None:
    """行政处罚法 art. 61(2)."""
    with pytest.raises(FileRefused, match="no consent"):
        post.begin(ServiceMode.ELECTRONIC)
    post.bureau.day += 1
    consent_id = post.consent()
    with pytest.raises(FileRefused, match="consent is there"):
        post.consent()
    with pytest.raises(FileRefused, match="consent came later"):
        post.begin(ServiceMode.ELECTRONIC, consent_id=consent_id, begun_on=day_of(post.bureau.day - 1))
    sent = post.begin(ServiceMode.ELECTRONIC, consent_id=consent_id)
    post.served(sent)
    assert post.service(sent).address.startswith("zha")
    assert "@mail" not in post.service(sent).address
    with transaction(post.bureau.sessions) as session:
        addresses.withdraw_consent(session, consent_id, post.today, by=post.by(session), at=post.bureau.now)
    with pytest.raises(FileRefused, match="consent is withdrawn"):
        post.begin(ServiceMode.ELECTRONIC, consent_id=consent_id)


def test_the_consent_of_one_case_serves_no_other(post: Post, decided: Decided) -> None:
    other = Post(post.bureau, decided.on_the_spot)
    with pytest.raises(FileRefused, match="no consent"):
        other.begin(ServiceMode.ELECTRONIC, consent_id=post.consent())


def test_a_decision_to_seize_never_goes_by_wire_whatever_was_signed(post: Post) -> None:
    """行政强制法 art. 24: handed over on the spot."""
    consent_id = post.consent()
    with pytest.raises(FileRefused, match="never electronic"):
        post.begin(ServiceMode.ELECTRONIC, ServedPaper.MEASURE, consent_id=consent_id)


def test_a_public_notice_comes_last_and_serves_when_its_thirty_days_are_over(post: Post) -> None:
    """民事诉讼法 (2023) art. 95; the thirtieth day, 5 April 2026, is a holiday, and so is the 6th."""
    with pytest.raises(FileRefused, match="not tried before"):
        post.begin(ServiceMode.PUBLIC_NOTICE, because="下落不明")
    post.failed(post.begin(ServiceMode.PERSONAL))
    with pytest.raises(FileRefused, match="mail"):
        post.begin(ServiceMode.PUBLIC_NOTICE, because="下落不明")
    post.failed(post.begin(ServiceMode.MAIL, waybill="EMS 1"))
    post.bureau.day = 4
    posted = post.begin(ServiceMode.PUBLIC_NOTICE, because="下落不明")
    assert post.today == date(2026, 3, 6)
    post.bureau.day += 30
    with pytest.raises(FileRefused, match="notice still runs"):
        post.served(posted, ServedTo.NOBODY)
    post.bureau.day += 2
    post.served(posted, ServedTo.NOBODY)
    assert post.service(posted).served_on == date(2026, 4, 7)


def test_days_are_not_ahead_not_before_the_paper_and_nothing_is_served_that_is_not_made(post: Post) -> None:
    with pytest.raises(DatedWrongly, match="in the future"):
        post.begin(ServiceMode.PERSONAL, begun_on=day_of(post.bureau.day + 1))
    with pytest.raises(DatedWrongly, match="before it could be"):
        post.begin(ServiceMode.PERSONAL, begun_on=day_of(0))
    for paper in (ServedPaper.DEMAND, ServedPaper.HEARING_NOTICE):
        with pytest.raises(FileRefused, match="nothing to serve"):
            post.begin(ServiceMode.PERSONAL, paper)


def test_a_new_address_confirmation_ends_the_one_before_it(post: Post) -> None:
    for address in ("府前街 12 号", "中山路 88 号"):
        with transaction(post.bureau.sessions) as session:
            signed = Signed(post.today, "地址确认书")
            by, at = post.by(session), post.bureau.now
            addresses.confirm_address(session, KEY, post.file_id, Place("张三丰", address), signed, by=by, at=at)
    with reading(post.bureau.sessions) as session:
        holds_now = addresses.address_of(session, session.get_one(CaseFile, post.file_id))
        assert holds_now is not None
        assert addresses.place_of(KEY, holds_now).address == "中山路 88 号"
        assert session.scalars(select(ServiceConsent)).all() == []


def test_the_service_of_the_decision_tells_how_long_the_evidence_is_kept_and_nobody_else_does(post: Post) -> None:
    bureau = post.bureau
    incident_id = bureau.file(post.file_id).incident_id
    assert incident_id is not None
    bureau.day += 2
    post.served(post.begin(ServiceMode.PERSONAL))
    with reading(bureau.sessions) as session:
        told = session.scalars(select(ServedDecision)).one()
        assert (told.incident_id, told.served_on, told.recorded_by) == (incident_id, post.today, "li")
        facts = retention_rows.facts_of(session, [incident_id])[incident_id]
        assert facts.served_on == post.today
    with transaction(bureau.sessions) as session:
        user = rows.add_user(session, "kong", role=Role.LEADER)
        with pytest.raises(HoldRefused, match="case file"):
            holds.decision_served(session, incident_id, user=user, served_on=post.today, document="1", at=bureau.now)
