"""The catalogue as rows: in force on its days, followed and never edited, found while one types."""

import threading
import uuid
from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from cases.law import catalogue
from cases.law.catalogue import By
from cases.law.errors import LawRefused, UnknownLaw
from cases.law.import_law import LawFile, starting_catalogue
from cases.law.items import LawItem
from cases.law.pinyin import initials
from cases.law.search import indexed
from evidence import audit
from evidence.audit import Brought
from models.database import Sessions, reading, transaction
from models.enums import LawAct, LawEditionState, LogKind, Offence
from models.law_catalogue import LawEdition, LawEvent, LawVersion
from models.proof import LogEntry
from tests.conftest import Database
from tests.rows import NOON, add_user, after

WANG = By("wang")
TODAY = date(2026, 3, 2)
PARKING = "03.01.001"
STARTING = {item.code: item for item in starting_catalogue().items}


def version(code: str = PARKING, **differs: object) -> LawItem:
    return STARTING[code].model_copy(update=differs)


def file_of(*items: LawItem, name: str = "law.csv") -> LawFile:
    return LawFile(name, "0" * 64, "某市公布", items)


def in_force(sessions: Sessions, *items: LawItem, at: float = 60) -> uuid.UUID:
    with transaction(sessions) as session:
        row = catalogue.take_in(session, file_of(*items), by=WANG, at=after(at))
        catalogue.bring_into_force(session, row.id, by=WANG, reason="局务会决定", at=after(at + 1))
        return row.id


def start(sessions: Sessions) -> None:
    with transaction(sessions) as session:
        catalogue.start(session, by=WANG, reason="起始目录", at=NOON)


def text_on(sessions: Sessions, on: date, code: str = PARKING) -> str | None:
    with reading(sessions) as session:
        found = catalogue.item(session, code, on)
    return found.act.zh if found else None


def new_act(words: str) -> object:
    return STARTING[PARKING].act.model_copy(update={"zh": words})


def test_an_item_holds_on_its_days_and_another_follows_it_without_a_word_of_it_being_edited(
    database: Database,
) -> None:
    start(database.sessions)
    with reading(database.sessions) as session:
        before = session.scalars(select(LawVersion).where(LawVersion.code == PARKING)).one().terms
    in_force(database.sessions, version(valid_from=date(2026, 6, 1), act=new_act("新的违停")))
    assert text_on(database.sessions, date(2026, 5, 31)) == STARTING[PARKING].act.zh
    assert text_on(database.sessions, date(2026, 6, 1)) == "新的违停"
    assert text_on(database.sessions, date(2021, 7, 14)) is None, "before the first"
    with reading(database.sessions) as session:
        newest, oldest = catalogue.versions(session, PARKING)
        row = session.get_one(LawVersion, uuid.UUID(oldest.item.version_id))
        assert (row.terms, row.valid_to) == (before, None)
    assert (oldest.ends_on, oldest.end_reason, newest.ends_on) == (date(2026, 6, 1), "局务会决定", None)


def test_what_was_only_taken_in_holds_nothing_and_can_be_discarded(sqlite_database: Database) -> None:
    sessions = sqlite_database.sessions
    with transaction(sessions) as session:
        row = catalogue.take_in(session, starting_catalogue(), by=WANG, at=NOON)
        assert row.state is LawEditionState.READ
    assert text_on(sessions, TODAY) is None
    with transaction(sessions) as session:
        catalogue.discard(session, row.id, by=WANG, reason="先换成本局的编码", at=after(5))
    with transaction(sessions) as session, pytest.raises(LawRefused) as refused:
        catalogue.bring_into_force(session, row.id, by=WANG, reason="还是用吧", at=after(9))
    assert refused.value.why == "not_waiting"
    with reading(sessions) as session, pytest.raises(UnknownLaw):
        catalogue.versions(session, PARKING)


def test_only_what_differs_is_taken_in_and_nothing_new_is_refused(sqlite_database: Database) -> None:
    sessions = sqlite_database.sessions
    start(sessions)
    whole = [*STARTING.values()]
    with transaction(sessions) as session, pytest.raises(LawRefused) as refused:
        catalogue.take_in(session, file_of(*whole), by=WANG, at=after(9))
    assert refused.value.why == "nothing_new"
    later = [each for each in whole if each.code != PARKING]
    edition_id = in_force(sessions, *later, version(valid_from=date(2026, 6, 1)))
    with reading(sessions) as session:
        assert [each.code for each in catalogue.items_of(session, edition_id)] == [PARKING]


@pytest.mark.parametrize(
    ("valid_from", "valid_to", "why"),
    [
        (date(2021, 7, 15), None, "overlaps"),
        (date(2020, 1, 1), None, "overlaps"),
        (date(2020, 1, 1), date(2021, 7, 16), "overlaps"),
        (date(2020, 1, 1), date(2021, 7, 15), None),
        (date(2026, 6, 1), None, None),
    ],
    ids=["the_same_first_day", "over_it", "one_day_into_it", "up_to_it", "after_it"],
)
def test_two_versions_that_would_hold_on_one_day_are_refused(
    sqlite_database: Database, valid_from: date, valid_to: date | None, why: str | None
) -> None:
    start(sqlite_database.sessions)
    other = version(valid_from=valid_from, valid_to=valid_to, act=new_act("另一个"))
    with transaction(sqlite_database.sessions) as session:
        if why is None:
            catalogue.take_in(session, file_of(other), by=WANG, at=after(9))
        else:
            with pytest.raises(LawRefused) as refused:
                catalogue.take_in(session, file_of(other), by=WANG, at=after(9))
            assert refused.value.why == why
            assert session.scalars(select(LawEdition.file_name)).all() == ["starting_catalogue.toml"]


def test_a_version_that_should_never_have_held_is_ended_on_its_first_day_and_another_takes_its_place(
    sqlite_database: Database,
) -> None:
    sessions = sqlite_database.sessions
    start(sessions)
    with transaction(sessions) as session:
        wrong = session.scalars(select(LawVersion).where(LawVersion.code == PARKING)).one()
        catalogue.end(session, wrong.id, wrong.valid_from, by=WANG, reason="金额录错", at=after(9))
    assert text_on(sessions, TODAY) is None
    in_force(sessions, version(act=new_act("更正后")), at=20)
    assert text_on(sessions, TODAY) == "更正后"
    for day, why in ((date(2026, 1, 1), "ended_before"), (date(2020, 1, 1), "ended_before")):
        with transaction(sessions) as session, pytest.raises(LawRefused) as refused:
            catalogue.end(session, wrong.id, day, by=WANG, reason="再来", at=after(30))
        assert refused.value.why == why


def test_every_act_on_an_edition_needs_a_reason_has_a_name_and_stands_in_the_log(sqlite_database: Database) -> None:
    sessions = sqlite_database.sessions
    with transaction(sessions) as session:
        sun = add_user(session, "sun", display_name="孙法制")
        row = catalogue.take_in(session, starting_catalogue(), by=By(sun.name, sun), at=NOON)
    with transaction(sessions) as session, pytest.raises(LawRefused) as refused:
        catalogue.bring_into_force(session, row.id, by=WANG, reason="  ", at=after(1))
    assert refused.value.why == "no_reason"
    with transaction(sessions) as session:
        catalogue.bring_into_force(session, row.id, by=By(sun.name, sun), reason="局务会决定", at=after(2))
    with reading(sessions) as session:
        events = catalogue.edition(session, row.id).events
        assert [(each.act, each.user.display_name if each.user else None) for each in events] == [
            (LawAct.READ, "孙法制"),
            (LawAct.BROUGHT_INTO_FORCE, "孙法制"),
        ]
        logged = session.scalars(select(LogEntry.reference).where(LogEntry.kind == LogKind.LAW)).all()
        assert sorted(logged) == [f"law/{row.id}/1", f"law/{row.id}/2"]
        faults = audit.audit(session, Brought(), at=after(3)).faults
    assert not [fault for fault in faults if fault.where.startswith("law/")]


@pytest.mark.parametrize("table", ["law_version", "law_ending", "law_event"])
def test_nothing_of_it_is_edited_or_deleted_behind_our_back(database: Database, table: str) -> None:
    start(database.sessions)
    in_force(database.sessions, version(valid_from=date(2026, 6, 1)))
    changed = {"law_version": "code = 'x'", "law_ending": "reason = 'x'", "law_event": "reason = 'x'"}[table]
    for statement in (f"UPDATE {table} SET {changed}", f"DELETE FROM {table}"):  # noqa: S608 - names of ours
        with pytest.raises(DatabaseError), database.engine.begin() as connection:
            connection.execute(text(statement))


def test_a_fault_half_way_leaves_no_version_no_ending_and_no_event(sqlite_database: Database) -> None:
    sessions = sqlite_database.sessions
    start(sessions)

    def counted() -> tuple[int, int]:
        with reading(sessions) as session:
            return len(session.scalars(select(LawVersion.id)).all()), len(session.scalars(select(LawEvent.seq)).all())

    before = counted()
    coming = file_of(version(valid_from=date(2026, 6, 1)))

    def broken() -> None:
        with transaction(sessions) as session:
            row = catalogue.take_in(session, coming, by=WANG, at=after(9))
            catalogue.bring_into_force(session, row.id, by=WANG, reason="x", at=after(9))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        broken()
    assert counted() == before
    assert text_on(sessions, date(2026, 7, 1)) == STARTING[PARKING].act.zh


def test_of_two_who_bring_overlapping_editions_into_force_at_once_one_is_refused(database: Database) -> None:
    sessions = database.sessions
    with transaction(sessions) as session:
        editions = [
            catalogue.take_in(session, file_of(version(act=new_act(words))), by=WANG, at=NOON).id
            for words in ("甲", "乙")
        ]
    came: list[str] = []
    together = threading.Barrier(2)

    def bring(edition_id: uuid.UUID) -> None:
        together.wait()
        try:
            with transaction(sessions) as session:
                catalogue.bring_into_force(session, edition_id, by=WANG, reason="x", at=after(5))
            came.append("in force")
        except LawRefused as error:
            came.append(error.why)

    threads = [threading.Thread(target=bring, args=(each,)) for each in editions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(came) == ["in force", "overlaps"]
    assert text_on(sessions, TODAY) in {"甲", "乙"}


@pytest.fixture(scope="module")
def searched() -> Callable[[str], list[str]]:
    """The starting catalogue looked through as the rows are."""
    entries = [(item.code, indexed(item)) for item in STARTING.values()]
    return lambda words: catalogue.searching.best(entries, words, 50)


@pytest.mark.parametrize(
    ("words", "first"),
    [
        (PARKING, PARKING),
        ("03", PARKING),
        ("违停", PARKING),
        ("wt", PARKING),
        ("WT", PARKING),
        ("rxdtc", PARKING),
        ("parking", PARKING),
        ("停放 人行道", PARKING),
        ("第九十三条", PARKING),
        ("建筑垃圾", "01.02.004"),
        ("jzlj", "01.02.004"),
        ("渣土", "01.02.004"),
        ("生活垃圾", "01.02.003"),
        ("占用城市道路", "02.01.001"),
        ("zycsdl", "02.01.001"),
    ],
)
def test_an_item_is_found_by_code_keyword_article_and_pinyin(
    searched: Callable[[str], list[str]], words: str, first: str
) -> None:
    assert searched(words)[0] == first


def test_every_word_has_to_be_found_and_nothing_is_found_by_what_is_not_there(
    searched: Callable[[str], list[str]],
) -> None:
    assert searched("垃圾 停放") == []
    assert searched("qqqq") == []
    assert searched("") == sorted(STARTING)


@pytest.mark.parametrize(
    ("text_", "letters"),
    [("违停", "wt"), ("重复违法", "cfwf"), ("重大", "zd"), ("LED 屏", "ledp"), ("第56条", "d56t")],
)
def test_a_character_with_two_readings_is_read_as_its_word_asks(text_: str, letters: str) -> None:
    assert initials(text_) == letters


def test_a_search_asks_for_a_day_and_an_offence_for_its_items(sqlite_database: Database) -> None:
    start(sqlite_database.sessions)

    def codes(session: Session, on: date) -> list[str]:
        return [each.code for each in catalogue.search(session, "parking", on)]

    with reading(sqlite_database.sessions) as session:
        assert codes(session, TODAY) == [PARKING]
        assert codes(session, date(2021, 1, 1)) == []
        vending = catalogue.items_for(session, Offence.STREET_VENDING, TODAY)
        assert [each.code for each in vending] == ["01.01.001", "02.01.001"]
        again = catalogue.item_version(session, vending[0].version_id or "")
        assert again == vending[0]
        assert catalogue.item_version(session, "nothing") is None
