"""Goods: every measure, ruling, request and movement pairs up; what does not is impossible, or stands in the list."""

import threading
import uuid
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from cases import goods, goods_findings, goods_terms, parties
from cases.casework import steps
from cases.casework.errors import DatedWrongly, FileRefused
from cases.entitlements import EVERYTHING
from cases.errors import LawDataUnusable
from cases.goods import Leaving, Taking, Thing
from cases.goods_findings import Problem
from cases.parties import Entry
from evidence.audit import Brought, audit
from evidence.vault import Vault
from models.case_files import CaseFile, PaperService
from models.database import reading, transaction
from models.enums import (
    FileAct,
    FileState,
    GoodsFate,
    GoodsKind,
    GoodsMove,
    GoodsRequestState,
    MeasureKind,
    PartyKind,
    PartyRole,
    ServedPaper,
    ServiceMode,
    SheetKind,
)
from models.exhibits import SealedObject
from models.papers import NumberedSheet
from models.parties import GoodsItem, GoodsRequest
from models.people import User
from tests.cases.file_scene import KEY, TODAY, days_later, open_desk, open_file
from tests.conftest import Database
from tests.rows import NOON, after

REGISTRATION, SEIZURE, SEALING, KEEPING = MeasureKind
JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256))
CART = Thing("三轮车", GoodsKind.TOOL, "1", "辆", "八成新", "无牌")
FRUIT = Thing("苹果", GoodsKind.PERISHABLE, "12.5", "公斤", "新鲜")
ANOTHER_MOVEMENT = """
INSERT INTO goods_movement
  (item_id, seq, kind, milli, store_id, request_id, in_store_milli, out_milli, moved_on, actor, at)
SELECT item_id, 2, '{kind}', milli, store_id, NULL, {left}, 0, moved_on, actor, at FROM goods_movement WHERE seq = 1
"""
IN_A_WEEK = TODAY + timedelta(days=7)


def taking(kind: MeasureKind = SEIZURE, document: str = "扣字2026-7", **differs: object) -> Taking:
    values = {"legal_basis": "行政强制法第二十二条", "reason": "占道经营工具", "taken_on": TODAY} | differs
    return Taking(kind, document, **values)  # type: ignore[arg-type]


class Scene:
    """A seizure in force over a cart and some fruit, in one store; everything at one moment, unless said otherwise."""

    def __init__(self, session: Session) -> None:
        self.session, self.desk = session, open_desk(session)
        self.file = self.desk.file
        self.store = goods.open_store(
            session, name="城南仓库", place="城南路 1 号", area_id=None, by=self.desk.officer, at=NOON
        )
        self.measure = goods.take(session, self.file, taking(), by=self.desk.officer, at=NOON)
        goods.approve(session, self.file, self.measure, by=self.desk.leader, at=NOON)
        self.cart, self.fruit = (
            goods.enter_item(session, self.file, self.measure, thing, self.store, by=self.desk.officer, at=NOON)
            for thing in (CART, FRUIT)
        )

    def rule(self, item: GoodsItem, fate: GoodsFate, quantity: str, on: date = TODAY) -> None:
        goods.rule(
            self.session,
            self.file,
            item,
            fate,
            quantity=quantity,
            document="解扣字2026-7",
            reason="已处理",
            on=on,
            by=self.desk.officer,
            at=NOON,
        )

    def ask(self, item: GoodsItem, quantity: str, fate: GoodsFate | None = None) -> GoodsRequest:
        leaving = Leaving(quantity, "鉴定" if fate is None else "执行决定", "鉴定所", fate, None if fate else IN_A_WEEK)
        return goods.ask(self.session, KEY, self.file, item, leaving, by=self.desk.officer, at=NOON)

    def approved(self, item: GoodsItem, quantity: str, fate: GoodsFate | None = None) -> GoodsRequest:
        request = self.ask(item, quantity, fate)
        goods.decide(self.session, self.file, request, agrees=True, reason="同意", by=self.desk.second, at=NOON)
        return request

    def carry_out(self, request: GoodsRequest, on: date = TODAY) -> None:
        goods.carry_out(self.session, self.file, request, on=on, by=self.desk.officer, at=NOON)

    def found(self, days: int = 0) -> list[Problem]:
        at = days_later(days)
        return [each.problem for each in goods_findings.findings(self.session, EVERYTHING, at, file_id=self.file.id)]


@pytest.mark.parametrize(
    ("kind", "taken_on", "due_on"),
    [
        # seven working days: Monday 2 March to Wednesday 11 March 2026 (行政处罚法 art. 56, 85)
        (REGISTRATION, date(2026, 3, 2), date(2026, 3, 11)),
        # over Labour Day 2025, closed 1 to 5 May, Sunday 27 April worked
        (REGISTRATION, date(2025, 4, 25), date(2025, 5, 8)),
        # thirty days by the calendar, and no later for a Sunday (行政强制法 art. 25, 69)
        (SEIZURE, date(2026, 3, 2), date(2026, 4, 1)),
        (SEALING, date(2026, 1, 30), date(2026, 3, 1)),
        (SEIZURE, date(2028, 1, 31), date(2028, 3, 1)),
    ],
    ids=["seven_working_days", "over_swapped_days", "thirty_days", "ends_on_a_sunday", "leap_year"],
)
def test_a_measure_ends_on_the_last_day_the_law_gives(kind: MeasureKind, taken_on: date, due_on: date) -> None:
    assert goods_terms.term_of(kind, taken_on).ends(taken_on) == due_on


def test_a_term_that_no_law_in_force_gives_is_no_term() -> None:
    with pytest.raises(LawDataUnusable, match="no term for seizure"):
        goods_terms.term_of(SEIZURE, date(2011, 12, 31))


@pytest.mark.parametrize(
    ("typed", "milli"), [("1", 1000), (" 12.5 ", 12500), ("0.001", 1), ("1000000", 10**9)], ids=str
)
def test_a_quantity_is_kept_in_thousandths(typed: str, milli: int) -> None:
    assert goods.milli_of(typed) == milli
    assert goods.milli_of(goods.told(milli)) == milli


@pytest.mark.parametrize("typed", ["", "0", "-1", "1.0001", "1000001", "many", "NaN", "Infinity", "1e99999999"])
def test_what_is_no_quantity_is_refused(typed: str) -> None:
    with pytest.raises(FileRefused, match="quantity unreadable"):
        goods.milli_of(typed)


def test_a_thing_is_taken_returned_and_the_measure_ends_with_the_last_of_it(database: Database) -> None:
    with transaction(database.sessions) as session:
        scene = Scene(session)
        assert [item.number for item in goods.items_of(session, scene.file.id)] == ["扣字2026-7-01", "扣字2026-7-02"]
        assert [(held.item, held.milli) for held in goods.still_held(session, scene.file.id)] == [
            (scene.cart, 1000),
            (scene.fruit, 12500),
        ]
        scene.rule(scene.cart, GoodsFate.RETURN, "1")
        assert scene.measure in goods.measures_standing(session, scene.file.id)
        scene.rule(scene.fruit, GoodsFate.SELL, "12")
        scene.rule(scene.fruit, GoodsFate.LOSS, "0.5")
        assert (scene.measure.ended_on, scene.measure.end_document) == (TODAY, "解扣字2026-7")
        for item, quantity, fate in [
            (scene.cart, "1", GoodsFate.RETURN),
            (scene.fruit, "12", GoodsFate.SELL),
            (scene.fruit, "0.5", GoodsFate.LOSS),
        ]:
            assert goods.still_held(session, scene.file.id)
            scene.carry_out(scene.approved(item, quantity, fate))
        assert goods.still_held(session, scene.file.id) == ()
        assert goods.measures_standing(session, scene.file.id) == ()
        moves = [move.kind for move in goods.movements_of(session, scene.fruit.id)]
        assert moves == [GoodsMove.TAKEN_IN, GoodsMove.LEFT, GoodsMove.LEFT]
        acts = [event.act for event in steps.events_of(session, scene.file)]
        assert acts.count(FileAct.MEASURE_TAKEN) == 2
        assert acts.count(FileAct.MEASURE_ENDED) == 1
        assert acts.count(FileAct.GOODS_MOVED) == 12
    with reading(database.sessions) as session:
        assert audit(session, Brought(), at=NOON).faults == []


def test_more_than_was_taken_is_neither_decided_nor_asked_for_nor_moved(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        scene = Scene(session)
        with pytest.raises(FileRefused, match="more than undecided"):
            scene.rule(scene.cart, GoodsFate.RETURN, "1.001")
        with pytest.raises(FileRefused, match="more than decided"):
            scene.ask(scene.cart, "1", GoodsFate.RETURN)
        scene.rule(scene.cart, GoodsFate.RETURN, "1")
        with pytest.raises(FileRefused, match="more than undecided"):
            scene.rule(scene.cart, GoodsFate.FORFEIT, "1")
        with pytest.raises(FileRefused, match="more than decided"):
            scene.ask(scene.cart, "1", GoodsFate.FORFEIT)
        scene.approved(scene.fruit, "8")
        with pytest.raises(FileRefused, match=r"more than there \(most 4.5\)"):
            scene.ask(scene.fruit, "5")


def test_nothing_leaves_a_store_without_a_request_that_somebody_else_approved(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        scene = Scene(session)
        request = scene.ask(scene.cart, "1")
        with pytest.raises(FileRefused, match="request not approved"):
            scene.carry_out(request)
        with pytest.raises(FileRefused, match="own request"):
            goods.decide(session, scene.file, request, agrees=True, reason="", by=scene.desk.officer, at=NOON)
        with pytest.raises(FileRefused, match="reason missing"):
            goods.decide(session, scene.file, request, agrees=False, reason=" ", by=scene.desk.second, at=NOON)
        goods.decide(session, scene.file, request, agrees=False, reason="不必外出", by=scene.desk.second, at=NOON)
        with pytest.raises(FileRefused, match="request not approved"):
            scene.carry_out(request)
        with pytest.raises(FileRefused, match="request decided"):
            goods.decide(session, scene.file, request, agrees=True, reason="", by=scene.desk.leader, at=NOON)
        again = scene.approved(scene.cart, "1")
        goods.withdraw(session, scene.file, again, by=scene.desk.officer, at=NOON)
        with pytest.raises(FileRefused, match="request not approved"):
            scene.carry_out(again)
        third = scene.approved(scene.cart, "1")
        scene.carry_out(third)
        with pytest.raises(FileRefused, match="request not approved"):
            scene.carry_out(third)
        with pytest.raises(FileRefused, match="request decided"):
            goods.withdraw(session, scene.file, third, by=scene.desk.officer, at=NOON)
        assert "鉴定所" not in str([event.facts for event in steps.events_of(session, scene.file)])
        assert goods.receiver(KEY, third) == "鉴定所"


UNPAIRED = [
    (ANOTHER_MOVEMENT.format(kind="left", left=0), "out_by_request"),
    (ANOTHER_MOVEMENT.format(kind="moved", left=-1), "never_less_than_nothing"),
    ("UPDATE goods_movement SET in_store_milli = 0", "append-only"),
    ("DELETE FROM goods_movement", "append-only"),
    ("UPDATE goods_request SET decided_by_id = asked_by_id, state = 'approved'", "decided_by_another"),
    ("UPDATE goods_request SET state = 'done'", "decided_by_somebody"),
    ("UPDATE goods_item SET taken_milli = 0", "takes_something"),
]


def test_the_schema_itself_refuses_what_does_not_pair_up(database: Database) -> None:
    with transaction(database.sessions) as session:
        scene = Scene(session)
        scene.ask(scene.cart, "1")
    for statement, rule in UNPAIRED:
        with pytest.raises(DBAPIError, match=rule), transaction(database.sessions) as session:
            session.execute(text(statement))


def test_what_went_out_comes_back_in_parts_and_no_more_of_it(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        scene = Scene(session)
        request = scene.approved(scene.fruit, "10")
        scene.carry_out(request)
        assert [goods.told(held.milli) for held in goods.still_held(session, scene.file.id)] == ["1", "12.5"]
        by = scene.desk.officer
        goods.bring_back(session, scene.file, request, quantity="4", on=TODAY, by=by, at=NOON)
        assert goods.told(goods.out_by(session, request)) == "6"
        with pytest.raises(FileRefused, match=r"more than out \(most 6\)"):
            goods.bring_back(session, scene.file, request, quantity="6.5", on=TODAY, by=by, at=NOON)
        other = goods.open_store(session, name="城北仓库", place="", area_id=None, by=by, at=NOON)
        with pytest.raises(FileRefused, match="some is out"):
            goods.move(session, scene.file, scene.fruit, other, on=TODAY, by=by, at=NOON)
        goods.bring_back(session, scene.file, request, quantity="6", on=TODAY, by=by, at=NOON)
        goods.move(session, scene.file, scene.fruit, other, on=TODAY, by=by, at=NOON)
        with pytest.raises(FileRefused, match="same store"):
            goods.move(session, scene.file, scene.fruit, other, on=TODAY, by=by, at=NOON)
        counted = [(each.store.name, each.lines, each.out) for each in goods_findings.stores(session, EVERYTHING)]
        assert sorted(counted) == [("城北仓库", 1, 0), ("城南仓库", 1, 0)]
        (line,) = goods_findings.stock(session, other.id)
        assert (line.item.number, line.in_store, line.out) == ("扣字2026-7-02", 12500, 0)


@pytest.mark.parametrize(
    ("leaving", "why"),
    [
        (Leaving("1", "鉴定", "鉴定所"), "back_or_not"),
        (Leaving("1", "退还", "车主", GoodsFate.RETURN, IN_A_WEEK), "back_or_not"),
        (Leaving("1", "鉴定", "鉴定所", None, date(2026, 3, 1)), "back_before_out"),
        (Leaving("1", " ", "鉴定所", None, IN_A_WEEK), "reason_missing"),
        (Leaving("1", "鉴定", " ", None, IN_A_WEEK), "receiver_missing"),
    ],
    ids=["no_day_to_be_back", "returned_and_back", "back_yesterday", "no_reason", "no_receiver"],
)
def test_a_request_that_says_too_little_is_refused(sqlite_database: Database, leaving: Leaving, why: str) -> None:
    with transaction(sqlite_database.sessions) as session:
        scene = Scene(session)
        with pytest.raises(FileRefused) as refused:
            goods.ask(session, KEY, scene.file, scene.cart, leaving, by=scene.desk.officer, at=NOON)
        assert refused.value.why == why


def test_the_head_of_the_bureau_approves_and_lengthens_once_and_no_longer_than_the_law(
    sqlite_database: Database,
) -> None:
    with transaction(sqlite_database.sessions) as session:
        scene = Scene(session)
        measure, leader = scene.measure, scene.desk.leader
        longest = date(2026, 5, 1)
        for until, by, days, why in [
            (longest, scene.desk.officer, 1, "head_approves"),
            (longest + timedelta(days=1), leader, 1, "not_so_long"),
            (measure.due_on, leader, 1, "not_so_long"),
            (longest, leader, 31, "lengthened_too_late"),
        ]:
            with pytest.raises(FileRefused) as refused:
                goods.lengthen(session, scene.file, measure, until=until, reason="复杂", by=by, at=days_later(days))
            assert refused.value.why == why
        goods.lengthen(session, scene.file, measure, until=longest, reason="复杂", by=leader, at=days_later(1))
        with pytest.raises(FileRefused, match="lengthened before"):
            goods.lengthen(session, scene.file, measure, until=longest, reason="复杂", by=leader, at=days_later(2))
        with pytest.raises(FileRefused, match="approved before"):
            goods.approve(session, scene.file, measure, by=leader, at=days_later(2))
        other = goods.take(session, scene.file, taking(document="扣字2026-8"), by=leader, at=days_later(2))
        with pytest.raises(FileRefused, match="own measure"):
            goods.approve(session, scene.file, other, by=leader, at=days_later(2))


def test_a_registration_becomes_a_seizure_of_the_same_things_and_no_term_begins_anew(
    sqlite_database: Database,
) -> None:
    with transaction(sqlite_database.sessions) as session:
        scene = Scene(session)
        first = goods.take(session, scene.file, taking(REGISTRATION, "登字2026-1"), by=scene.desk.officer, at=NOON)
        scales = goods.enter_item(
            session,
            scene.file,
            first,
            Thing("台秤", GoodsKind.TOOL, "1", "台"),
            scene.store,
            by=scene.desk.officer,
            at=NOON,
        )
        by, at = scene.desk.officer, days_later(3)
        on = TODAY + timedelta(days=3)
        with pytest.raises(FileRefused, match="same measure again"):
            goods.follow_on(session, scene.file, first, taking(REGISTRATION, "登字2026-2", taken_on=on), by=by, at=at)
        seizure = goods.follow_on(session, scene.file, first, taking(document="扣字2026-9", taken_on=on), by=by, at=at)
        assert (first.ended_on, first.end_document, seizure.replaces_id) == (on, "扣字2026-9", first.id)
        assert (scales.measure_id, scales.number) == (seizure.id, "登字2026-1-01")
        more = goods.enter_item(session, scene.file, seizure, CART, scene.store, by=by, at=at)
        assert more.number == "扣字2026-9-01"
        with pytest.raises(FileRefused, match="measure ended"):
            goods.enter_item(session, scene.file, first, CART, scene.store, by=by, at=at)


def test_a_measure_that_took_nothing_away_is_ended_on_paper(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        scene = Scene(session)
        by = scene.desk.officer
        sealed = goods.take(session, scene.file, taking(SEALING, "封字2026-1"), by=by, at=NOON)
        with pytest.raises(FileRefused, match="things undecided"):
            goods.end(session, scene.file, scene.measure, document="解字1", on=TODAY, by=by, at=NOON)
        goods.end(session, scene.file, sealed, document="解封字1", on=TODAY, by=by, at=NOON)
        with pytest.raises(FileRefused, match="measure ended"):
            goods.end(session, scene.file, sealed, document="解封字1", on=TODAY, by=by, at=NOON)
        assert goods.measures_standing(session, scene.file.id) == (scene.measure,)


def test_a_paper_that_was_given_no_number_gets_the_next_of_its_series(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        scene = Scene(session)
        by = scene.desk.officer
        first, second = (
            goods.take(session, scene.file, taking(kind, " "), by=by, at=NOON) for kind in (SEIZURE, SEALING)
        )
        goods.end(session, scene.file, second, document="", on=TODAY, by=by, at=NOON)
        drawn = session.scalars(select(NumberedSheet).order_by(NumberedSheet.kind, NumberedSheet.number)).all()
        assert [(sheet.kind, sheet.number, sheet.text) for sheet in drawn] == [
            (SheetKind.RELEASE_DECISION, 1, second.end_document),
            (SheetKind.SEIZURE_DECISION, 1, first.document),
            (SheetKind.SEIZURE_DECISION, 2, second.document),
        ]


@pytest.mark.parametrize(
    ("differs", "why"),
    [
        ({"document": "扣字2026-7"}, "document_known"),
        ({"document": " ", "kind": REGISTRATION}, "document_missing"),
        ({"legal_basis": " "}, "basis_missing"),
        ({"taken_on": TODAY + timedelta(days=1)}, "in_the_future"),
        ({"taken_on": TODAY - timedelta(days=1)}, "before_registration"),
    ],
    ids=["document_twice", "no_document", "no_basis", "tomorrow", "yesterday"],
)
def test_a_measure_that_rests_on_nothing_is_refused(
    sqlite_database: Database, differs: dict[str, object], why: str
) -> None:
    with transaction(sqlite_database.sessions) as session:
        scene = Scene(session)
        values = {"document": "扣字2026-8"} | differs
        with pytest.raises((FileRefused, DatedWrongly)) as refused:
            goods.take(session, scene.file, taking(**values), by=scene.desk.officer, at=NOON)  # type: ignore[arg-type]
        assert refused.value.why == why


@pytest.mark.parametrize("state", [FileState.CLOSED, FileState.WITHDRAWN, FileState.TRANSFERRED])
def test_nothing_is_taken_for_a_matter_that_has_ended_and_what_is_held_still_leaves(
    sqlite_database: Database, state: FileState
) -> None:
    with transaction(sqlite_database.sessions) as session:
        scene = Scene(session)
        scene.file.state = state
        session.flush()
        by = scene.desk.officer
        with pytest.raises(FileRefused, match="file ended"):
            goods.take(session, scene.file, taking(document="扣字2026-8"), by=by, at=NOON)
        with pytest.raises(FileRefused, match="file ended"):
            goods.enter_item(session, scene.file, scene.measure, CART, scene.store, by=by, at=NOON)
        scene.rule(scene.cart, GoodsFate.RETURN, "1")
        scene.carry_out(scene.approved(scene.cart, "1", GoodsFate.RETURN))
        assert [held.item for held in goods.still_held(session, scene.file.id)] == [scene.fruit]


def test_a_measure_says_from_whom_it_took_things_who_takes_part(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        scene = Scene(session)
        person = parties.enter(session, KEY, Entry(PartyKind.PERSON, "张三"), by=scene.desk.by, at=NOON)
        from_him = taking(document="扣字2026-8", from_party_id=person.id)
        with pytest.raises(FileRefused, match="taken from nobody here"):
            goods.take(session, scene.file, from_him, by=scene.desk.officer, at=NOON)
        parties.link(session, scene.file, person, PartyRole.PARTY, by=scene.desk.by, at=NOON)
        measure = goods.take(session, scene.file, from_him, by=scene.desk.officer, at=NOON)
        assert measure.from_party_id == person.id


def test_what_does_not_pair_up_stands_in_the_list_until_it_does(database: Database) -> None:
    with transaction(database.sessions) as session:
        scene = Scene(session)
        assert scene.found() == [Problem.NOT_HANDED_OVER]
        session.add(
            PaperService(
                file_id=scene.file.id,
                paper=ServedPaper.MEASURE,
                mode=ServiceMode.PERSONAL,
                receiver="当事人",
                address="现场",
                reference="",
                begun_on=TODAY,
                served_on=TODAY,
                recorded_by_id=scene.desk.officer.id,
                recorded_at=NOON,
            )
        )
        session.flush()
        assert scene.found() == []
        assert scene.found(days=27) == [Problem.MEASURE_SOON_OVER]
        assert scene.found(days=31) == [Problem.MEASURE_OVERDUE]
        urgent = goods.take(
            session, scene.file, taking(document="扣字2026-8", urgent=True), by=scene.desk.officer, at=NOON
        )
        assert Problem.NOT_APPROVED not in scene.found(days=1)
        assert Problem.NOT_APPROVED in scene.found(days=2)
        goods.end(session, scene.file, urgent, document="解字2026-8", on=TODAY, by=scene.desk.officer, at=NOON)
        request = scene.approved(scene.fruit, "1")
        scene.carry_out(request)
        assert scene.found(days=7) == []
        assert scene.found(days=8) == [Problem.OUT_TOO_LONG]
        goods.bring_back(session, scene.file, request, quantity="1", on=TODAY, by=scene.desk.officer, at=NOON)
        assert scene.found(days=8) == []
        scene.rule(scene.cart, GoodsFate.RETURN, "1")
        assert scene.found() == []
        assert scene.found(days=1) == [Problem.DECIDED_NOT_DONE]
        scene.carry_out(scene.approved(scene.cart, "1", GoodsFate.RETURN))
        assert scene.found(days=1) == []
        scene.file.state = FileState.WITHDRAWN
        session.flush()
        (held,) = goods_findings.findings(session, EVERYTHING, NOON)
        assert (held.problem, held.about, held.is_red) == (Problem.HELD_THOUGH_ENDED, scene.fruit.number, True)


def test_a_thing_has_its_pictures_in_the_vault_and_their_digests_in_the_events(
    sqlite_database: Database, tmp_path: Path
) -> None:
    with Vault.open(tmp_path / "vault") as vault:
        for content, why in [(b"%PDF-1.7", "no_picture"), (JPEG + bytes(goods.LARGEST_PICTURE), "picture_too_large")]:
            with pytest.raises(FileRefused) as refused:
                goods.take_picture(vault, content)
            assert refused.value.why == why
        pending = goods.take_picture(vault, JPEG)
        with transaction(sqlite_database.sessions) as session:
            scene = Scene(session)
            row = goods.add_picture(session, vault, scene.file, scene.cart, pending, by=scene.desk.officer, at=NOON)
            with pytest.raises(FileRefused, match="picture there"):
                goods.add_picture(session, vault, scene.file, scene.cart, pending, by=scene.desk.officer, at=NOON)
            newest = steps.newest_event(session, scene.file)
            assert newest is not None
            assert newest.facts["picture"] == row.sha256
            assert session.get_one(SealedObject, row.sha256).media_type == "image/jpeg"
        vault.settle(pending)
    assert Vault.path_of(tmp_path / "vault", row.sha256, ".jpg").read_bytes() == JPEG


def test_of_two_who_take_the_same_thing_out_of_its_store_one_is_refused(database: Database) -> None:
    with transaction(database.sessions) as session:
        scene = Scene(session)
        request_id, file_id, user_id = scene.approved(scene.cart, "1").id, scene.file.id, scene.desk.officer.id
    told: list[str] = []
    together = threading.Barrier(2)

    def take_out() -> None:
        together.wait()
        try:
            with transaction(database.sessions) as session:
                file, user = session.get_one(CaseFile, file_id), session.get_one(User, user_id)
                request = session.get_one(GoodsRequest, request_id)
                goods.carry_out(session, file, request, on=TODAY, by=user, at=after(3600))
        except FileRefused as error:
            told.append(error.why)

    both = [threading.Thread(target=take_out) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert told == ["request_not_approved"]
    with reading(database.sessions) as session:
        moves = goods.movements_of(session, session.get_one(GoodsRequest, request_id).item_id)
        assert [move.kind for move in moves] == [GoodsMove.TAKEN_IN, GoodsMove.OUT]
        assert session.get_one(GoodsRequest, request_id).state is GoodsRequestState.DONE


def test_of_two_who_record_a_measure_under_one_number_at_once_one_is_refused(database: Database) -> None:
    with transaction(database.sessions) as session:
        scene = Scene(session)
        user_id = scene.desk.officer.id
        files = [scene.file.id, open_file(session, scene.desk.officer, title="另一件").id]
    told: list[str] = []
    together = threading.Barrier(2)

    def take(file_id: uuid.UUID) -> None:
        together.wait()
        try:
            with transaction(database.sessions) as session:
                file, user = session.get_one(CaseFile, file_id), session.get_one(User, user_id)
                goods.take(session, file, taking(document="扣字2026-8"), by=user, at=after(3600))
        except FileRefused as error:
            told.append(error.why)

    both = [threading.Thread(target=take, args=(file_id,)) for file_id in files]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert told == ["document_known"]


def test_of_two_who_ask_for_the_last_of_it_at_once_one_is_refused(database: Database) -> None:
    with transaction(database.sessions) as session:
        scene = Scene(session)
        item_id, file_id, user_id = scene.fruit.id, scene.file.id, scene.desk.officer.id
    told: list[str] = []
    together = threading.Barrier(2)

    def ask() -> None:
        together.wait()
        try:
            with transaction(database.sessions) as session:
                file, user = session.get_one(CaseFile, file_id), session.get_one(User, user_id)
                item = session.get_one(GoodsItem, item_id)
                leaving = Leaving("8", "鉴定", "鉴定所", None, IN_A_WEEK)
                goods.ask(session, KEY, file, item, leaving, by=user, at=after(3600))
        except FileRefused as error:
            told.append(error.why)

    both = [threading.Thread(target=ask) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert told == ["more_than_there"]
