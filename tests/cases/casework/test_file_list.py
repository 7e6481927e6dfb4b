"""The list of case files, on both engines: narrowed, counted, in pages, and never beyond who asks may see."""

import uuid
from collections.abc import Collection

import pytest

from cases.casework import file_list, file_shown
from cases.casework.file_list import PAGE_SIZE, FileList, Narrowed
from cases.entitlements import EVERYTHING, Limit, Scope
from models.case_files import CaseFile
from models.database import reading, transaction
from models.dispatch import Area
from models.enums import AreaLevel, FileState, Offence
from tests.cases.casework.case_scene import Bureau
from tests.conftest import Database


@pytest.fixture
def bureau(database: Database) -> Bureau:
    with transaction(database.sessions) as session:
        session.add(Area(id="east", name="东城", level=AreaLevel.CITY))
    return Bureau(database.sessions)


def listed(bureau: Bureau, by: Narrowed = Narrowed(), scope: Scope = EVERYTHING, page: int = 1) -> FileList:  # noqa: B008
    with reading(bureau.sessions) as session:
        return file_list.file_list(session, scope, by, page)


def titles(shown: FileList) -> Collection[str]:
    return {row.file.title for row in shown.rows}


def test_files_are_found_by_what_is_asked_and_counted_by_the_same_question(bureau: Bureau) -> None:
    parked = bureau.register(title="Van on the kerb", area_id="east")
    dumped = bureau.register(title="Sacks 100% full", place="by the river", offence=Offence.DUMPING)
    bureau.assign(parked)
    with reading(bureau.sessions) as session:
        lead = bureau.user(session, "li").id
        names = file_list.officers_by_file(session, [parked, dumped])
    assert names == {parked: ("li", "wang")}
    for by, expected in (
        (Narrowed(), {"Van on the kerb", "Sacks 100% full"}),
        (Narrowed(text="KERB"), {"Van on the kerb"}),
        (Narrowed(text="100%"), {"Sacks 100% full"}),
        (Narrowed(text="_an"), set()),
        (Narrowed(text="RIVER"), {"Sacks 100% full"}),
        (Narrowed(offence=Offence.DUMPING), {"Sacks 100% full"}),
        (Narrowed(officer_id=lead), {"Van on the kerb"}),
        (Narrowed(officer_id=uuid.uuid4()), set()),
        (Narrowed(states=(FileState.ARCHIVED,)), set()),
        (Narrowed(among={dumped}), {"Sacks 100% full"}),
        (Narrowed(among=()), set()),
    ):
        shown = listed(bureau, by)
        assert titles(shown) == expected, by
        assert shown.total == len(expected), by


def test_who_sees_one_area_or_one_offence_sees_and_counts_no_other(bureau: Bureau) -> None:
    bureau.register(title="Van on the kerb", area_id="east")
    bureau.register(title="Sacks", place="by the river", offence=Offence.DUMPING)
    for limit, expected in (
        (Limit("east", None), {"Van on the kerb"}),
        (Limit(None, Offence.DUMPING), {"Sacks"}),
        (Limit("east", Offence.DUMPING), set()),
    ):
        shown = listed(bureau, scope=Scope(frozenset({limit})))
        assert titles(shown) == expected
        assert shown.open_count == len(expected)


def test_a_list_has_pages_and_beyond_the_last_is_the_last(bureau: Bureau) -> None:
    for number in range(PAGE_SIZE + 1):
        bureau.register(title=f"Matter {number}", place=f"Street {number}")
    first, second = listed(bureau), listed(bureau, page=9)
    assert (first.pages, first.page, len(first.rows)) == (2, 1, PAGE_SIZE)
    assert (second.page, len(second.rows), second.total) == (2, 1, PAGE_SIZE + 1)
    assert first.counts == {FileState.REGISTERED: PAGE_SIZE + 1}
    assert first.rows[0].file.title == f"Matter {PAGE_SIZE}"  # the newest first


def test_whom_one_worked_with_last_is_proposed_and_who_cannot_be_in_charge_is_not(bureau: Bureau) -> None:
    file_id = bureau.register()
    with reading(bureau.sessions) as session:
        file = session.get_one(CaseFile, file_id)
        able = {user.name for user in file_shown.candidates(session, file, bureau.now)}
        assert file_shown.usual_second(session, bureau.user(session, "li")) is None
    assert able == {"li", "wang", "zhao"}  # one officer holds no certificate
    bureau.assign(file_id)
    with reading(bureau.sessions) as session:
        assert file_shown.usual_second(session, bureau.user(session, "li")) == bureau.user(session, "wang").id
