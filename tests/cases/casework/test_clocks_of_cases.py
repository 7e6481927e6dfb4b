"""The clocks of whole cases: what follows from the rows, what people do to a clock, what is due, who is reminded."""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select

from cases import deadlines, hooks
from cases.casework import clock_acts, due, reminders
from cases.casework.clock_rules import rules
from cases.casework.clocks import Clock, ClockState, Light
from cases.casework.due import Group
from cases.casework.errors import DatedWrongly, FileRefused, UnknownFile
from cases.entitlements import EVERYTHING, Limit, Scope
from cases.hooks import Wanted
from models.case_files import CaseFile
from models.database import Sessions, reading, transaction
from models.dispatch import Area
from models.enums import (
    AreaLevel,
    FileAct,
    HookAct,
    MeasureKind,
    OutboxState,
    OutcomeKind,
    ReplyMeaning,
    ServedPaper,
    StopCause,
)
from models.parties import GoodsMeasure
from models.promises import OutboxMessage
from models.replies import DoNotContact, InboundReply
from notify import messages
from tests.cases.casework.case_scene import Bureau, day_of, noon
from tests.conftest import Database, sqlite_copy
from tests.notify.scene import KEY, Killed, Provider, relay_of
from tests.notify.scene import Clock as Hand

PHONE, ANOTHER = "+8613700000001", "+8613700000002"


@pytest.fixture(scope="module")
def founded(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Bureau, Path]:
    """A bureau as each of these stories begins with it, and its database."""
    folder = tmp_path_factory.mktemp("bureau")
    (begun,) = [Bureau(database.sessions) for database in sqlite_copy(migrated_sqlite, folder)]
    return begun, folder / "streetwitness.db"


def gone_on_with(founded: tuple[Bureau, Path], folder: Path) -> Iterator[Bureau]:
    for database in sqlite_copy(founded[1], folder):
        begun = copy(founded[0])
        begun.sessions = database.sessions
        yield begun


@pytest.fixture
def bureau(founded: tuple[Bureau, Path], tmp_path: Path) -> Iterator[Bureau]:
    yield from gone_on_with(founded, tmp_path)


def found(bureau: Bureau, file_id: uuid.UUID, on: int) -> dict[str, Clock]:
    with reading(bureau.sessions) as session:
        clocks = due.clocks_of(session, session.get_one(CaseFile, file_id), noon(on))
    return {clock.name: clock for clock in clocks}


def states(bureau: Bureau, file_id: uuid.UUID, on: int) -> dict[str, ClockState]:
    return {name: clock.state for name, clock in found(bureau, file_id, on).items()}


# --- what follows from the rows ---


def test_a_case_starts_its_clocks_as_it_goes_and_ends_them(bureau: Bureau) -> None:
    file_id = bureau.register()
    assert states(bureau, file_id, 1) == {"limitation": ClockState.MET, "filing": ClockState.RUNS}
    bureau.day = 3
    bureau.step(file_id, FileAct.FILE, "zhao", "sun", "wu")
    assert states(bureau, file_id, 3)["filing"] is ClockState.MET
    decision = found(bureau, file_id, 3)["decision"]
    assert (decision.begins_on, decision.due_on) == (date(2026, 3, 5), date(2026, 6, 3))  # penalty-60


def test_a_notice_begins_the_partys_time_and_a_point_of_its_defence_ours(bureau: Bureau) -> None:
    file_id = bureau.noticed(bureau.outcome(hearing_offered=True))  # served on Tuesday 3 March
    running = found(bureau, file_id, 1)
    assert running["hearing_request"].due_on == date(2026, 3, 10)  # penalty-64(1)
    assert running["defence"].due_on == date(2026, 3, 6)
    bureau.day = 2
    point = bureau.say(file_id)
    assert found(bureau, file_id, 2)["objection_answer"].due_on == date(2026, 3, 11)
    assert states(bureau, file_id, 2)["defence"] is ClockState.MET
    bureau.answer(point)
    assert states(bureau, file_id, 2)["objection_answer"] is ClockState.MET


def test_a_hearing_stops_the_decision_by_itself(bureau: Bureau) -> None:
    file_id = bureau.noticed(bureau.outcome(hearing_offered=True))
    before = found(bureau, file_id, 1)["decision"].due_on
    bureau.day = 2
    hearing = bureau.ask_hearing(file_id)
    bureau.announce(hearing, 14)
    stood = found(bureau, file_id, 9)["decision"]
    assert (stood.state, stood.stopped) == (ClockState.STANDS, StopCause.HEARING)
    assert states(bureau, file_id, 9)["hearing_announcement"] is ClockState.MET
    assert states(bureau, file_id, 9)["hearing_request"] is ClockState.MET
    bureau.day = 14
    bureau.hold(hearing)
    after = found(bureau, file_id, 15)["decision"]
    assert (after.state, after.due_on) == (
        ClockState.RUNS,
        before + timedelta(days=14),
    )  # 1 June + 12, rolled to Monday


def test_a_decision_begins_service_and_service_begins_payment_and_appeals(bureau: Bureau) -> None:
    file_id = bureau.decided()
    assert states(bureau, file_id, 1)["decision"] is ClockState.MET
    assert found(bureau, file_id, 1)["service"].due_on == date(2026, 3, 12)  # penalty-61
    bureau.day = 4
    bureau.serve(file_id, ServedPaper.DECISION)
    running = found(bureau, file_id, 4)
    assert running["service"].state is ClockState.MET
    assert running["payment"].due_on == date(2026, 3, 23)  # penalty-67: 21 March is a Saturday
    assert running["reconsideration"].due_on == date(2026, 5, 6)  # reconsideration-20: 5 May is off
    assert running["suit"].due_on == date(2026, 9, 7)  # litigation-46: 6 September is a Sunday
    bureau.day = 10
    bureau.pay(file_id, 6_000)
    assert states(bureau, file_id, 10)["payment"] is ClockState.RUNS
    bureau.pay(file_id, 4_000)
    assert states(bureau, file_id, 10)["payment"] is ClockState.MET


def test_a_paper_served_a_second_time_begins_nothing_anew(bureau: Bureau) -> None:
    file_id = bureau.decided()
    bureau.serve(file_id, ServedPaper.DECISION)
    bureau.day = 9
    bureau.serve(file_id, ServedPaper.DECISION)
    assert found(bureau, file_id, 9)["payment"].begins_on == day_of(1)


def test_a_warning_is_to_be_served_and_not_to_be_paid(bureau: Bureau) -> None:
    warning = bureau.outcome(outcome=OutcomeKind.WARNING, fine_fen=None)
    file_id = bureau.noticed(warning)
    bureau.waive(file_id)
    bureau.step(file_id, FileAct.HEAR)
    bureau.step(file_id, FileAct.DECIDE, "zhao", "sun", "wu", facts=warning.as_facts())
    bureau.serve(file_id, ServedPaper.DECISION)
    assert "payment" not in states(bureau, file_id, 200)
    assert "court_application" not in states(bureau, file_id, 250)


def measure(bureau: Bureau, file_id: uuid.UUID, **differs: Any) -> str:
    with transaction(bureau.sessions) as session:
        li = bureau.user(session, "li")
        values: dict[str, Any] = {
            "kind": MeasureKind.SEIZURE,
            "document": f"扣决 {uuid.uuid4().hex[:6]}",
            "legal_basis": "城市市容和环境卫生管理条例",
            "reason": "占道经营",
            "urgent": False,
            "taken_on": day_of(1),
            "due_on": day_of(31),
        }
        row = GoodsMeasure(file_id=file_id, recorded_by_id=li.id, recorded_at=bureau.now, **(values | differs))
        session.add(row)
        session.flush()
        return str(row.id)


def test_a_measure_ends_when_its_paper_says_and_no_later_than_it_was_lengthened_to(bureau: Bureau) -> None:
    file_id = bureau.filed()
    measure(bureau, file_id)
    assert found(bureau, file_id, 2)["seizure"].due_on == day_of(31)
    other = bureau.filed(title="another")
    measure(bureau, other, extended_until=day_of(61), extend_reason="many things")
    assert found(bureau, other, 2)["seizure"].due_on == day_of(61)
    ended = bureau.filed(title="a third")
    measure(bureau, ended, kind=MeasureKind.PRIOR_REGISTRATION, ended_on=day_of(3), end_document="解除 1")
    assert states(bureau, ended, 4)["preservation"] is ClockState.MET


# --- what people do to a clock ---


def act(bureau: Bureau, name: str, file_id: uuid.UUID, *, by: str = "li", **asked: Any) -> None:
    with transaction(bureau.sessions) as session:
        values = {"reason": "because", "user": bureau.user(session, by), "at": bureau.now} | asked
        getattr(clock_acts, name)(session, file_id, "decision", "", **values)


def stop(bureau: Bureau, file_id: uuid.UUID, **asked: Any) -> None:
    values: dict[str, Any] = {"cause": StopCause.APPRAISAL, "on": day_of(bureau.day)} | asked
    act(bureau, "stop", file_id, **values)


def test_a_clock_that_a_person_stopped_stands_until_a_person_lets_it_run(bureau: Bureau) -> None:
    file_id = bureau.filed()
    before = found(bureau, file_id, 1)["decision"].due_on
    bureau.day = 10
    stop(bureau, file_id, reason="测绘委托书 1")
    assert states(bureau, file_id, 25)["decision"] is ClockState.STANDS
    bureau.day = 30
    act(bureau, "start", file_id, on=day_of(27))
    after = found(bureau, file_id, 30)["decision"]
    assert (after.state, after.due_on) == (ClockState.RUNS, before + timedelta(days=17))
    acts = [(event.act, event.actor, event.done_on) for event in bureau.events(file_id)[-2:]]
    assert acts == [(FileAct.CLOCK_STOPPED, "li", day_of(10)), (FileAct.CLOCK_STARTED, "li", day_of(27))]
    assert bureau.events(file_id)[-1].facts["clock"] == "decision"


def test_a_leader_extends_before_the_end_once_and_so_far(bureau: Bureau) -> None:
    file_id = bureau.filed()
    before = found(bureau, file_id, 1)["decision"].due_on
    with pytest.raises(FileRefused, match="extended by leader"):
        act(bureau, "extend", file_id, days=30)
    with pytest.raises(FileRefused, match="too far"):
        act(bureau, "extend", file_id, by="wu", days=31)
    act(bureau, "extend", file_id, by="wu", days=30)
    extended = found(bureau, file_id, 2)["decision"]
    assert (extended.due_on, extended.extensions[0].by) == (before + timedelta(days=30), "wu")
    with pytest.raises(FileRefused, match="extended before"):
        act(bureau, "extend", file_id, by="wu", days=1)
    assert bureau.events(file_id)[-1].act is FileAct.TERM_EXTENDED


def test_what_is_over_is_extended_no_more(bureau: Bureau) -> None:
    file_id = bureau.filed()
    bureau.day = 95
    with pytest.raises(FileRefused, match="clock is over"):
        act(bureau, "extend", file_id, by="wu", days=30)


def test_a_stop_is_refused_in_a_sentence(bureau: Bureau) -> None:
    file_id = bureau.filed()
    bureau.day = 5
    with pytest.raises(FileRefused, match="no reason"):
        stop(bureau, file_id, reason="  ")
    with pytest.raises(FileRefused, match="not stoppable"):
        stop(bureau, file_id, cause=StopCause.HEARING)  # that follows from the hearing itself
    with pytest.raises(DatedWrongly, match="before the clock"):
        stop(bureau, file_id, on=day_of(0))
    with pytest.raises(DatedWrongly, match="in the future"):
        stop(bureau, file_id, on=day_of(6))
    with pytest.raises(FileRefused, match="runs already"):
        act(bureau, "start", file_id, on=day_of(5))
    with pytest.raises(UnknownFile):
        stop(bureau, uuid.uuid4())
    stop(bureau, file_id)
    with pytest.raises(FileRefused, match="stands already"):
        stop(bureau, file_id)
    with pytest.raises(DatedWrongly, match="before it stopped"):
        act(bureau, "start", file_id, on=day_of(4))
    act(bureau, "start", file_id, on=day_of(5))
    bureau.day = 8
    with pytest.raises(DatedWrongly, match="before it ran again"):
        stop(bureau, file_id, on=day_of(4))
    bureau.day = 91
    with pytest.raises(DatedWrongly, match="after the clock"):
        stop(bureau, file_id)  # on its last day
    bureau.day = 95
    with pytest.raises(FileRefused, match="clock is over"):
        stop(bureau, file_id, on=day_of(50))
    bureau.step(file_id, FileAct.WITHDRAW, "sun", "wu")
    with pytest.raises(FileRefused, match="runs no more"):
        stop(bureau, file_id)


# --- what is due ---


def test_what_is_due_stands_by_when_with_who_is_in_charge_and_where(bureau: Bureau) -> None:
    late, today, week, later = (bureau.filed(title=title) for title in ("late", "today", "week", "later"))
    with transaction(bureau.sessions) as session:
        session.add(Area(id="east", name="东城", level=AreaLevel.CITY))
        session.flush()
        session.get_one(CaseFile, late).area_id = "east"
    for file_id, last in ((late, 7), (today, 8), (week, 13), (later, 14)):  # day 7 is a Monday
        measure(bureau, file_id, due_on=day_of(last))
    stop(bureau, later)
    with reading(bureau.sessions) as session:
        shown = due.due(session, EVERYTHING, noon(8))
        seizures = {
            group: [row.file.title for row in rows if row.clock.name == "seizure"] for group, rows in shown.rows.items()
        }
        east = due.due(session, EVERYTHING, noon(8), area_id="east")
        qians = due.due(session, EVERYTHING, noon(8), officer_id=bureau.user(session, "qian").id)
        theirs = due.due(session, Scope(frozenset({Limit("east", None)})), noon(8))
    assert seizures == {
        Group.OVER: ["late"],
        Group.TODAY: ["today"],
        Group.THIS_WEEK: ["week"],
        Group.LATER: ["later"],
        Group.STANDS: [],
    }
    assert [row.clock.name for row in shown.rows[Group.STANDS]] == ["decision"]
    (row,) = (row for row in shown.rows[Group.OVER] if row.clock.name == "seizure")
    assert (row.officers, row.area, row.clock.light) == (("li", "wang"), "东城", Light.RED)
    assert {row.file.title for rows in east.rows.values() for row in rows} == {"late"}
    assert {row.file.title for rows in theirs.rows.values() for row in rows} == {"late"}
    assert qians.rows == {}


def test_what_the_party_may_do_is_no_debt_of_ours(bureau: Bureau) -> None:
    file_id = bureau.decided()
    bureau.serve(file_id, ServedPaper.DECISION)
    bureau.pay(file_id, 10_000)
    with reading(bureau.sessions) as session:
        shown = due.due(session, EVERYTHING, noon(2))
        nearest = due.next_due(session, [session.get_one(CaseFile, file_id)], noon(2))
    assert (shown.rows, nearest) == ({}, {})


# --- who is reminded ---


def keep_phones(bureau: Bureau) -> None:
    with transaction(bureau.sessions) as session:
        for name, number in (("li", PHONE), ("wang", "13700000002")):
            reminders.keep_phone(session, KEY, bureau.user(session, name), number, at=bureau.now)


def look(sessions: Sessions, at: datetime) -> int:
    return deadlines.work_off(sessions, lambda: at)


def promised(sessions: Sessions) -> list[tuple[str, int]]:
    """Clock and stage of each reminder, as they were promised; the webhooks' left out."""
    with reading(sessions) as session:
        asked = (
            select(OutboxMessage).where(OutboxMessage.kind == reminders.CLOCK_DUE).order_by(OutboxMessage.created_at)
        )
        return [(row.payload["clock"], row.payload["stage"]) for row in session.scalars(asked)]


def decision_of(stages: list[tuple[str, int]]) -> list[int]:
    return [stage for name, stage in stages if name == "decision"]


@pytest.fixture(scope="module")
def with_a_case(founded: tuple[Bureau, Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[Bureau, Path]:
    folder = tmp_path_factory.mktemp("watched")
    for begun in gone_on_with(founded, folder):
        begun.filed()
        keep_phones(begun)
    return begun, folder / "streetwitness.db"


@pytest.fixture
def watched(with_a_case: tuple[Bureau, Path], tmp_path: Path) -> Iterator[Bureau]:
    """A case filed on Tuesday 3 March, to be decided until Monday 1 June; both officers want to be reminded."""
    yield from gone_on_with(with_a_case, tmp_path)


def test_who_is_in_charge_is_reminded_more_often_the_closer_the_end(watched: Bureau) -> None:
    for day in range(55, 100):
        look(watched.sessions, noon(day))
    # 30 days before is Saturday of Labour Day: the next working day says it, and 7 and 5 before, on weekends, likewise
    stages = decision_of(promised(watched.sessions))
    assert stages[::2] == stages[1::2], "one to each of the two"
    assert stages[::2] == [30, 14, 7, 5, 3, 0, -1, -2, -3, -4]


def test_however_often_it_is_looked_one_message_comes(watched: Bureau) -> None:
    for minutes in range(0, 240, 20):
        look(watched.sessions, noon(77) + timedelta(minutes=minutes))
    assert decision_of(promised(watched.sessions)) == [14, 14]


def test_a_process_that_was_away_for_weeks_sends_one_message_and_not_all_it_missed(watched: Bureau) -> None:
    look(watched.sessions, noon(87))
    assert decision_of(promised(watched.sessions)) == [5, 5]


@pytest.mark.parametrize(
    ("at", "comes"),
    [
        (noon(77) - timedelta(hours=3, minutes=31), False),  # 08:29
        (noon(77) - timedelta(hours=3, minutes=30), True),
        (noon(77) + timedelta(hours=5, minutes=59), True),
        (noon(77) + timedelta(hours=6), False),  # 18:00
        (noon(75), False),  # a Saturday
        (noon(68), True),  # a Saturday that is worked
    ],
    ids=["too_early", "as_it_opens", "before_it_shuts", "as_it_shuts", "saturday", "worked_saturday"],
)
def test_nobody_is_reminded_at_night_or_on_a_day_off(watched: Bureau, at: datetime, *, comes: bool) -> None:
    look(watched.sessions, at)
    assert bool(promised(watched.sessions)) is comes
    look(watched.sessions, noon(78))
    assert promised(watched.sessions), "and in the hours it comes"


def test_a_clock_that_stands_reminds_nobody(watched: Bureau) -> None:
    with reading(watched.sessions) as session:
        (file_id,) = session.scalars(select(CaseFile.id))
    watched.day = 20
    stop(watched, file_id)
    for day in (61, 65, 77, 84, 91, 92):
        look(watched.sessions, noon(day))
    assert decision_of(promised(watched.sessions)) == []


def test_an_extension_is_a_new_end_to_be_reminded_of(watched: Bureau) -> None:
    look(watched.sessions, noon(77))
    with reading(watched.sessions) as session:
        (file_id,) = session.scalars(select(CaseFile.id))
    watched.day = 78
    act(watched, "extend", file_id, by="wu", days=30)
    for day in (79, 91, 107):
        look(watched.sessions, noon(day))
    assert decision_of(promised(watched.sessions))[::2] == [14, 30, 14]


def test_the_message_names_the_case_and_not_the_party(watched: Bureau) -> None:
    look(watched.sessions, noon(77))
    provider = Provider()
    assert relay_of(watched.sessions, provider, Hand(noon(77))).deliver_due() == 2
    (_, to, text), (_, other, _) = provider.taken
    assert {to, other} == {PHONE, ANOTHER}
    with reading(watched.sessions) as session:
        (number,) = session.scalars(select(CaseFile.number))
    assert text == f"【城管】案件{number}：办案期限于2026-06-01到期，请及时办理。"


def test_a_reminder_that_could_not_be_sent_today_is_not_sent_at_night(watched: Bureau) -> None:
    look(watched.sessions, noon(77))
    provider = Provider()
    relay_of(watched.sessions, provider, Hand(noon(77) + timedelta(hours=7))).deliver_due()
    with reading(watched.sessions) as session:
        left = set(session.scalars(select(OutboxMessage.state)))
    assert (provider.taken, left) == ([], {OutboxState.DEAD})


def test_who_asked_for_no_messages_gets_none(watched: Bureau) -> None:
    with transaction(watched.sessions) as session:
        reply = InboundReply(
            gateway="file",
            provider_id="1",
            meaning=ReplyMeaning.STOP,
            text_sealed=b"-",
            phone_sealed=b"-",
            phone_index=KEY.index(PHONE),
            received_at=noon(2),
        )
        session.add(reply)
        session.flush()
        session.add(
            DoNotContact(
                phone_sealed=b"-",
                phone_index=KEY.index(PHONE),
                why=ReplyMeaning.STOP,
                reply_id=reply.id,
                since_at=noon(2),
            )
        )
    look(watched.sessions, noon(77))
    provider = Provider()
    relay_of(watched.sessions, provider, Hand(noon(77))).deliver_due()
    assert [to for _, to, _ in provider.taken] == [ANOTHER]


def test_who_leaves_no_number_or_takes_it_back_is_not_written_to(watched: Bureau) -> None:
    with transaction(watched.sessions) as session:
        li = watched.user(session, "li")
        assert reminders.phone_kept(session, KEY, li) == "+86*********01"
        reminders.keep_phone(session, KEY, li, " ", at=watched.now)
        assert reminders.phone_kept(session, KEY, li) is None
        with pytest.raises(FileRefused, match="no phone number"):
            reminders.keep_phone(session, KEY, li, "the one of my wife", at=watched.now)
    look(watched.sessions, noon(77))
    assert len(promised(watched.sessions)) == 1


def test_other_systems_are_told_where_they_asked_for_it_and_nothing_of_the_party(watched: Bureau) -> None:
    with transaction(watched.sessions) as session:
        session.add(Area(id="west", name="西城", level=AreaLevel.CITY))
        session.flush()
        chu = watched.user(session, "chu")
        everywhere = Wanted("Board", "https://board.example/in", (HookAct.CLOCK_DUE,))
        elsewhere = replace(everywhere, label="West", area_id="west")
        others = replace(everywhere, label="Other", acts=(HookAct.OPENED,))
        for wanted in (everywhere, elsewhere, others):
            hooks.add(session, KEY, wanted, "board.example", user=chu, at=noon(1))
    look(watched.sessions, noon(77))
    look(watched.sessions, noon(77) + timedelta(hours=1))
    with reading(watched.sessions) as session:
        asked = select(OutboxMessage).where(OutboxMessage.kind == "hook_event")
        (message,) = session.scalars(asked)
    told = {name: message.payload[name] for name in ("act", "clock", "due_on", "stage")}
    assert told == {"act": "clock_due", "clock": "decision", "due_on": "2026-06-01", "stage": 14}


def test_every_clock_that_reminds_has_its_words() -> None:
    words = messages.wordings()["clock"]
    assert set(words) == {rule.name for rule in rules().clock if rule.remind}
    assert all(word.keys() == {"zh", "en"} for word in words.values())


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_two_that_look_at_once_promise_once(database: Database) -> None:
    bureau = Bureau(database.sessions)
    for title in ("one", "two", "three"):
        bureau.filed(title=title)
    keep_phones(bureau)
    together = Barrier(2)

    def one() -> int:
        together.wait()
        return look(bureau.sessions, noon(77))

    with ThreadPoolExecutor(2) as both:
        made = [job.result() for job in [both.submit(one), both.submit(one)]]
    assert len(promised(bureau.sessions)) == 6  # three cases, two officers
    assert sum(made) == 6


def test_a_process_that_dies_half_way_owes_nothing_and_loses_nothing(watched: Bureau) -> None:
    with reading(watched.sessions) as session:
        (file_id,) = session.scalars(select(CaseFile.id))

    def dies() -> None:
        with transaction(watched.sessions) as session:
            assert reminders.remind(session, file_id, at=noon(77)) == 2
            raise Killed

    with pytest.raises(Killed):
        dies()
    assert promised(watched.sessions) == []
    look(watched.sessions, noon(77))
    assert decision_of(promised(watched.sessions)) == [14, 14]
