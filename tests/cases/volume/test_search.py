"""Searching case files on both engines: what was said is found by parts of it, in Chinese too, by those alone who may
see the file, from the commit that says it on.
"""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cases.casework import steps
from cases.casework.steps import By
from cases.entitlements import EVERYTHING, Limit, Right, Scope, scope_of
from cases.volume import search
from cases.volume.search import Asked
from cases.volume.search_words import comparable, pieces_of, pieces_of_term, terms_of
from models.case_files import CaseFile, FileOfficer
from models.database import reading, transaction
from models.enums import CaseSource, FileAct, FileState, Offence, PartyKind, PartyRole, Role
from models.parties import FileParty, Party
from models.people import User
from models.personal_data import PersonalDataKey
from models.volumes import FileSearch
from tests import rows
from tests.cases.volume.filed import add_area, add_user, hour, lead_to_decision, open_file
from tests.conftest import Database
from tests.rows import after

KEY = PersonalDataKey(b"k" * 32)


@pytest.mark.parametrize(
    ("text", "same_as"),
    [
        ("浙J·12345", "浙j12345"),
        ("2026-03-02", "20260302"),
        ("温综执罚〔2026〕第0012号", "温综执罚 2026 第0012号"),
        ("ＡＢ　c", "ab c"),
        ("（！）", ""),
    ],
    ids=["plate", "date", "number", "full_width", "signs_alone"],
)
def test_what_is_written_in_two_ways_is_compared_as_one(text: str, same_as: str) -> None:
    assert comparable(text) == same_as


def test_every_part_of_a_text_has_its_pieces_among_those_of_the_text() -> None:
    words = comparable("一辆白色面包车停放在人行道上，车牌浙J·12345，编号 A-7。")
    there = set(pieces_of(words))
    for run in words.split():
        for begin in range(len(run)):
            for end in range(begin + 1, len(run) + 1):
                assert set(pieces_of_term(run[begin:end])) <= there
    assert not set(pieces_of_term("占道")) <= there
    assert terms_of(" 白色  面包车 白色 ") == ["白色", "面包车"]


class Street:
    """Three files: one in the east by a camera, one in the west, one that lies in no area."""

    def __init__(self, session: Session) -> None:
        for area in ("east", "west"):
            add_area(session, area)
        self.officer = add_user(session, "qian", "钱", Role.OFFICER)
        street = rows.add_street(session, plate="浙J12345")
        self.east = open_file(
            session,
            self.officer,
            source=CaseSource.CAMERA,
            incident_id=street.incident.id,
            area_id="east",
            camera_id=street.incident.camera_id,
        )
        self.west = open_file(
            session,
            self.officer,
            hour(1),
            area_id="west",
            offence=Offence.STREET_VENDING,
            law_code="vending",
            title="占道经营案",
            facts="水果摊占用人行道，经劝离后仍不离开。",
            place="西城菜市场门口 100%",
            conduct_from_at=after(90_000),
            conduct_to_at=after(90_600),
        )
        self.nowhere = open_file(session, self.officer, hour(2), offence=None, law_code="other", title="其他案件")


@pytest.fixture
def street(database: Database) -> Street:
    with transaction(database.sessions) as session:
        return Street(session)


def found(database: Database, scope: Scope = EVERYTHING, **asked: object) -> list[CaseFile]:
    with reading(database.sessions) as session:
        shown = search.search(session, Asked(**asked), scope, KEY)  # type: ignore[arg-type]
        assert shown.total == len(shown.hits), "a count tells no more than the list"
        return [hit.file for hit in shown.hits]


def test_what_a_file_says_is_found_by_part_of_a_word_and_by_several_together(
    database: Database, street: Street
) -> None:
    east, west, nowhere = (each.id for each in (street.east, street.west, street.nowhere))
    for words, wanted in (
        ("人行道", [nowhere, west, east]),
        ("水果摊", [west]),
        ("果摊占", [west]),
        ("摊", [west]),
        ("水果 劝离", [west]),
        ("水果 面包车", []),
        ("摊水果", []),
        ("浙J·12345", [east]),
        ("j123", [east]),
        ("100%", [west]),
        ("！！", []),
        ("'; DROP TABLE case_file; --", []),
        ('"', []),
        ("", [nowhere, west, east]),
    ):
        assert [file.id for file in found(database, words=words)] == wanted, words


def test_the_other_fields_narrow_what_the_words_find(database: Database, street: Street) -> None:
    east, west = street.east.id, street.west.id
    with transaction(database.sessions) as session:
        session.add(
            FileOfficer(file_id=west, user_id=street.officer.id, place=1, certificate="33-1", assigned_at=hour(2))
        )
    for asked, wanted in (
        ({"place": "菜市场"}, [west]),
        ({"place": "100%"}, [west]),
        ({"place": "1__"}, []),
        ({"law_code": "vend"}, [west]),
        ({"offence": Offence.ILLEGAL_PARKING}, [east]),
        ({"officer": "qian"}, [west]),
        ({"officer": "nobody"}, []),
        ({"state": FileState.FILED}, []),
        ({"first_at": after(90_100)}, [west]),
        ({"end_at": after(13), "offence": Offence.ILLEGAL_PARKING}, [east]),
        ({"end_at": after(12)}, []),
        ({"words": "人行道", "law_code": "vend"}, [west]),
    ):
        assert [file.id for file in found(database, **asked)] == wanted, asked
    with reading(database.sessions) as session:
        assert [user.name for user in search.officers(session, EVERYTHING)] == ["qian"]
        assert search.officers(session, Scope(frozenset({Limit("east", None)}))) == []


def test_what_is_decided_later_is_found_from_its_commit_on(database: Database, street: Street) -> None:
    with transaction(database.sessions) as session:
        lawyer = add_user(session, "zhou", "周", Role.LEGAL_REVIEWER)
        second = add_user(session, "sun", "孙", Role.OFFICER)
        file = session.get_one(CaseFile, street.east.id)
        lead_to_decision(session, file, (session.get_one(User, street.officer.id), second), lawyer)
    assert [file.id for file in found(database, words="短信通知 驶离")] == [street.east.id]
    with database.sessions() as session:
        file = session.get_one(CaseFile, street.west.id)
        file.facts = "后来改写的事实"
        steps.note(session, file, FileAct.FACTS_SAID, by=By.person(street.officer), at=hour(9))
        session.rollback()
    assert found(database, words="改写的事实") == []
    with transaction(database.sessions) as session:
        file = session.get_one(CaseFile, street.west.id)
        steps.note(session, file, FileAct.FACTS_SAID, by=By.person(street.officer), at=hour(9))
        with session.begin_nested():
            file.facts = "写在事件之后的事实"
    assert [file.id for file in found(database, words="事件之后")] == [street.west.id]
    assert found(database, words="水果") == [], "what was written otherwise is gone from the index"


def test_who_may_see_one_area_finds_and_counts_nothing_of_another(database: Database, street: Street) -> None:
    with transaction(database.sessions) as session:
        eastern = add_user(session, "east", "东", Role.OFFICER, "east")
        scope = scope_of(eastern, Right.SEE_FILES)
    assert [file.id for file in found(database, scope, words="人行道")] == [street.east.id]
    assert [file.id for file in found(database, scope)] == [street.east.id]
    assert found(database, scope, words="水果摊") == []
    assert found(database, Scope(frozenset({Limit("east", Offence.DUMPING)}))) == []


def test_a_person_is_found_by_the_whole_name_alone_and_stands_in_no_index(database: Database, street: Street) -> None:
    with transaction(database.sessions) as session:
        party = Party(
            kind=PartyKind.PERSON,
            name_sealed=KEY.seal("欧阳明珠", "party.name:x"),
            name_index=KEY.index("欧阳明珠"),
            entered_by="qian",
            entered_at=hour(1),
        )
        company = Party(
            kind=PartyKind.COMPANY, public_name="台州顺达物流有限公司", entered_by="qian", entered_at=hour(1)
        )
        session.add_all([party, company])
        session.flush()
        for each in (party, company):
            session.add(
                FileParty(
                    file_id=street.west.id, party_id=each.id, role=PartyRole.PARTY, linked_by="qian", linked_at=hour(2)
                )
            )
        file = session.get_one(CaseFile, street.west.id)
        steps.note(session, file, FileAct.PARTY_ENTERED, by=By.person(street.officer), at=hour(3))
    east_only = Scope(frozenset({Limit("east", None)}))
    assert [file.id for file in found(database, party="欧阳明珠")] == [street.west.id]
    assert found(database, party="欧阳") == []
    assert found(database, words="欧阳明珠") == []
    assert found(database, east_only, party="欧阳明珠") == []
    assert [file.id for file in found(database, party="顺达物流")] == [street.west.id]
    assert [file.id for file in found(database, words="顺达物流")] == [street.west.id]
    with reading(database.sessions) as session:
        assert not search.search(session, Asked(party="欧阳明珠"), EVERYTHING, None).hits, (
            "without the key there is no way"
        )
        assert not any("欧阳" in words for words in session.scalars(select(FileSearch.words)))


def test_pages_follow_one_another_and_one_past_the_end_is_the_last(database: Database, street: Street) -> None:
    with reading(database.sessions) as session:
        pages = [search.search(session, Asked(), EVERYTHING, page=page, page_size=2) for page in (1, 2, 9)]
    assert [[hit.file.id for hit in shown.hits] for shown in pages] == [
        [street.nowhere.id, street.west.id],
        [street.east.id],
        [street.east.id],
    ]
    assert [(shown.total, shown.page, shown.pages) for shown in pages] == [(3, 1, 2), (3, 2, 2), (3, 2, 2)]
    assert pages[1].hits[0].plate == "浙J12345"
