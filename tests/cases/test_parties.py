"""Parties: entered once, found again, sealed; witnesses; credit notes that lead to nothing by themselves."""

import threading
import uuid
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from cases import credit_notes, parties, party_numbers, witnesses
from cases.casework import steps
from cases.casework.errors import DatedWrongly, FileRefused, LikelyDouble, StepRefused
from cases.casework.steps import By
from cases.entitlements import EVERYTHING, Limit, Scope
from cases.errors import LawDataUnusable
from cases.parties import Entry, Identity
from cases.scope import is_within
from cases.site_file import VehicleEntry
from cases.vehicle_register import register_vehicle
from cases.witnesses import Heard
from evidence.audit import Brought, audit
from models import resealing
from models.case_files import FileDecision, FileEvent, FileNotice
from models.database import reading, transaction
from models.dispatch import Area
from models.enums import (
    AreaLevel,
    CaseSource,
    FileAct,
    FileState,
    OutcomeKind,
    PartyAct,
    PartyKind,
    PartyNoteKind,
    PartyNumberKind,
    PartyRole,
)
from models.parties import Party, PartyEvent
from models.personal_data import load_or_make_key, rotate
from tests.cases.file_scene import COMPANY_CODE, KEY, LI_ID, TODAY, ZHANG_ID, Desk, days_later, open_desk, open_file
from tests.conftest import Database
from tests.rows import NOON, add_street, after

RESIDENT, CODE, OTHER = PartyNumberKind
PHONE, ADDRESS = "13800000000", "临海市古城街道东门后街 12 号"
ZHANG = Entry(PartyKind.PERSON, "张三", RESIDENT, ZHANG_ID, PHONE, ADDRESS)
PERSONAL = ("张三", ZHANG_ID, PHONE, "东门后街")
LAST_YEAR = date(2025, 3, 2)


def enter_zhang(session: Session, desk: Desk) -> Party:
    party = parties.enter(session, KEY, ZHANG, by=desk.by, at=after(60))
    parties.link(session, desk.file, party, PartyRole.PARTY, by=desk.by, at=after(60))
    return party


def decide_a_fine(session: Session, desk: Desk, **differs: object) -> FileDecision:
    said = {
        "file_id": desk.file.id,
        "outcome": OutcomeKind.FINE,
        "fine_fen": 5_000,
        "provision_id": "vending-2021",
        "correction": "",
        "reasons": "",
        "proposed": {},
        "made_by_id": desk.officer.id,
        "made_at": after(120),
    }
    notice = FileNotice(**said, version=1, hearing_offered=False)
    session.add(notice)
    session.flush()
    decision = FileDecision(**(said | {"notice_id": notice.id, "decided_on": TODAY} | differs))
    session.add(decision)
    session.flush()
    return decision


@pytest.mark.parametrize(
    ("kind", "typed", "kept"),
    [
        (RESIDENT, "11010519491231002x", ZHANG_ID),
        (RESIDENT, " 440524 18800101 0014 ", LI_ID),
        (RESIDENT, "１１０１０５１９４９１２３１００２Ｘ", ZHANG_ID),
        (CODE, "9135 0100 M000 100Y 43", COMPANY_CODE),
        (OTHER, "e-1234567", "E1234567"),
    ],
    ids=["small_x", "in_groups", "full_width", "credit_code", "passport"],
)
def test_a_number_is_kept_in_one_form(kind: PartyNumberKind, typed: str, kept: str) -> None:
    assert party_numbers.number_of(kind, typed) == kept


@pytest.mark.parametrize(
    ("kind", "typed", "why"),
    [
        (RESIDENT, "110105194912310021", "resident_id_wrong"),
        (RESIDENT, "11010519491231020X", "resident_id_wrong"),
        (RESIDENT, "110105491231002", "resident_id_wrong"),
        (RESIDENT, "110105194902310024", "resident_id_wrong"),
        (CODE, "91350100M000100Y44", "credit_code_wrong"),
        (CODE, "91350100I000100Y43", "credit_code_wrong"),
        (OTHER, "??", "number_unreadable"),
    ],
    ids=[
        "check_digit",
        "two_digits_swapped",
        "fifteen_digits",
        "no_such_day",
        "code_check",
        "letter_not_used",
        "signs",
    ],
)
def test_a_number_that_cannot_be_is_refused(kind: PartyNumberKind, typed: str, why: str) -> None:
    with pytest.raises(FileRefused) as refused:
        party_numbers.number_of(kind, typed)
    assert refused.value.why == why


def test_the_day_of_birth_is_in_the_number() -> None:
    assert party_numbers.born_on(ZHANG_ID) == date(1949, 12, 31)


def test_somebody_is_entered_once_and_found_by_number_phone_or_name(database: Database) -> None:
    with transaction(database.sessions) as session:
        desk = open_desk(session)
        party = enter_zhang(session, desk)
        for typed in ("1101 0519 4912 31002x", "138 0000 0000", " 张三 "):
            assert [each.id for each in parties.search(session, KEY, typed, EVERYTHING)] == [party.id], typed
        assert parties.search(session, KEY, "李四", EVERYTHING) == []
        with pytest.raises(LikelyDouble) as known:
            parties.enter(session, KEY, ZHANG, by=desk.by, at=after(70), another=True)
        assert (known.value.why, [each.by for each in known.value.found]) == ("number_known", ["number"])
        namesake = Entry(PartyKind.PERSON, "张三", RESIDENT, LI_ID)
        with pytest.raises(LikelyDouble) as likely:
            parties.enter(session, KEY, namesake, by=desk.by, at=after(70))
        assert (likely.value.why, [each.by for each in likely.value.found]) == ("likely_double", ["name"])
        second = parties.enter(session, KEY, namesake, by=desk.by, at=after(70), another=True)
        assert second.id != party.id
        company = Entry(PartyKind.COMPANY, "临海市古城餐饮有限公司", CODE, COMPANY_CODE)
        entered = parties.enter(session, KEY, company, by=desk.by, at=after(80))
        assert parties.search(session, KEY, "古城餐饮", EVERYTHING) == [entered]
        assert parties.masked(KEY, entered) == Identity(company.name, COMPANY_CODE)


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (Entry(PartyKind.PERSON, " "), "name_missing"),
        (Entry(PartyKind.PERSON, "张三", None, ZHANG_ID), "number_of_what"),
        (Entry(PartyKind.COMPANY, "古城餐饮", RESIDENT, ZHANG_ID), "company_with_resident_id"),
        (Entry(PartyKind.PERSON, "张三", phone="12"), "phone_unreadable"),
        (Entry(PartyKind.PERSON, "张三", address="门" * 301), "address_too_long"),
    ],
    ids=["no_name", "number_of_what", "company_with_a_person's_number", "no_phone", "endless_address"],
)
def test_an_entry_that_cannot_be_is_refused(sqlite_database: Database, entry: Entry, why: str) -> None:
    with transaction(sqlite_database.sessions) as session:
        desk = open_desk(session)
        with pytest.raises(FileRefused) as refused:
            parties.enter(session, KEY, entry, by=desk.by, at=after(60))
        assert refused.value.why == why
        assert session.scalars(select(Party)).all() == []


def test_of_two_who_enter_the_same_number_at_once_one_is_told(database: Database) -> None:
    with transaction(database.sessions) as session:
        by = open_desk(session).by
    told: list[str] = []
    together = threading.Barrier(2)

    def enter() -> None:
        together.wait()
        try:
            with transaction(database.sessions) as session:
                parties.enter(session, KEY, ZHANG, by=by, at=after(60))
        except LikelyDouble as error:
            told.append(error.why)

    both = [threading.Thread(target=enter) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert told == ["number_known"]
    with reading(database.sessions) as session:
        assert len(session.scalars(select(Party)).all()) == 1


def test_what_names_a_person_is_masked_sealed_and_in_no_event_and_no_log(
    sqlite_database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    with transaction(sqlite_database.sessions) as session:
        desk = open_desk(session)
        party = enter_zhang(session, desk)
        heard = Heard("李四", "看见张三在此摆摊。", TODAY, "13900000000", ADDRESS, "邻居")
        witness = witnesses.add_witness(session, KEY, desk.file, heard, by=desk.officer, at=after(65))
        assert parties.masked(KEY, party) == Identity(
            "张**", "110***********002X", "+86*********00", "临海市古城街****"
        )
        assert witnesses.masked(KEY, witness) == Identity("李**", phone="+86*********00", address="临海市古城街****")
        seen = parties.look(session, KEY, party, by=desk.by, reason="送达地址核对", at=after(70))
        assert seen == Identity("张三", ZHANG_ID, f"+86{PHONE}", ADDRESS)
        said = witnesses.look(session, KEY, witness, by=desk.officer, reason="复核证言", at=after(71))
        assert said.statement == heard.statement
        looks = session.scalars(select(PartyEvent).where(PartyEvent.act == PartyAct.LOOKED).order_by(PartyEvent.id))
        assert [(each.actor, each.reason) for each in looks] == [("wang", "送达地址核对"), ("wang", "复核证言")]
        for reason in ("", "  ", "长" * 401):
            with pytest.raises(FileRefused):
                parties.look(session, KEY, party, by=desk.by, reason=reason, at=after(72))
            with pytest.raises(FileRefused):
                witnesses.look(session, KEY, witness, by=desk.officer, reason=reason, at=after(72))
        told = [event.facts for event in session.scalars(select(FileEvent))]
        told += [event.facts for event in session.scalars(select(PartyEvent))]
        assert all(word not in f"{told}{caplog.text}{ZHANG}{heard}" for word in (*PERSONAL, "李四", "摆摊"))
    with reading(sqlite_database.sessions) as session:
        assert audit(session, Brought(), at=NOON).faults == []
    sqlite_database.engine.dispose()
    folder = Path(sqlite_database.url.removeprefix("sqlite:///")).parent
    stored = b"".join(path.read_bytes() for path in folder.glob("*.db*"))
    assert "送达地址核对".encode() in stored
    assert all(word.encode() not in stored for word in (*PERSONAL, "李四", "看见张三"))


def test_looks_and_acts_on_an_entry_are_never_changed(database: Database) -> None:
    with transaction(database.sessions) as session:
        enter_zhang(session, open_desk(session))
    for statement in ("UPDATE party_event SET actor = 'nobody'", "DELETE FROM party_event"):
        with pytest.raises(DBAPIError), transaction(database.sessions) as session:
            session.execute(text(statement))


def test_a_part_in_a_case_file_is_an_event_and_ends_with_a_reason(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        desk = open_desk(session)
        party = enter_zhang(session, desk)
        with pytest.raises(FileRefused, match="linked already"):
            parties.link(session, desk.file, party, PartyRole.PARTY, by=desk.by, at=after(61))
        li = parties.enter(session, KEY, Entry(PartyKind.PERSON, "李四"), by=desk.by, at=after(62))
        for role, letter, acts_for, why in [
            (PartyRole.AGENT, None, None, "agent_without_letter"),
            (PartyRole.DRIVER, "委托书", None, "letter_of_no_agent"),
            (PartyRole.AGENT, "委托书", uuid.uuid4(), "acts_for_nobody"),
        ]:
            with pytest.raises(FileRefused) as refused:
                parties.link(session, desk.file, li, role, by=desk.by, at=after(63), letter=letter, acts_for=acts_for)
            assert refused.value.why == why
        agent = parties.link(
            session, desk.file, li, PartyRole.AGENT, by=desk.by, at=after(64), letter="委托书 1", acts_for=party.id
        )
        assert [each.role for each in parties.parties_of(session, desk.file.id)] == [PartyRole.PARTY, PartyRole.AGENT]
        parties.end_link(session, desk.file, agent, by=desk.by, reason="委托撤回", at=after(65))
        assert [each.role for each in parties.parties_of(session, desk.file.id)] == [PartyRole.PARTY]
        with pytest.raises(FileRefused, match="part ended"):
            parties.end_link(session, desk.file, agent, by=desk.by, reason="再次", at=after(66))
        acts = [event.act for event in steps.events_of(session, desk.file)]
        assert acts == [FileAct.REGISTER, *[FileAct.PARTY_ENTERED] * 3]


@pytest.mark.parametrize("state", [FileState.NOTICED, FileState.DECIDED, FileState.CLOSED])
def test_who_was_told_that_it_goes_against_them_is_not_taken_out(sqlite_database: Database, state: FileState) -> None:
    with transaction(sqlite_database.sessions) as session:
        desk = open_desk(session)
        enter_zhang(session, desk)
        (row,) = parties.parties_of(session, desk.file.id)
        desk.file.state = state
        session.flush()
        with pytest.raises(FileRefused, match="party was told"):
            parties.end_link(session, desk.file, row, by=desk.by, reason="换人", at=after(65))


def test_nobody_is_entered_into_the_archive(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        desk = open_desk(session)
        desk.file.state = FileState.ARCHIVED
        session.flush()
        with pytest.raises(StepRefused):
            enter_zhang(session, desk)


def test_history_comes_again_with_priors_in_the_look_back_and_has_no_effect(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        desk = open_desk(session)
        party = enter_zhang(session, desk)
        decision = decide_a_fine(session, desk)
        again = open_file(session, desk.officer, after(600), title="又一次")
        parties.link(session, again, party, PartyRole.DRIVER, by=desk.by, at=after(601))
        found = parties.history(session, party.id, EVERYTHING, since=LAST_YEAR)
        assert [(each.file.title, each.role, each.is_prior) for each in found.files] == [
            ("又一次", PartyRole.DRIVER, False),
            ("占道经营", PartyRole.PARTY, True),
        ]
        assert parties.history(session, party.id, EVERYTHING, but=again.id).files[0].decision == decision
        assert parties.priors(session, party.id, law_code="test-vending", since=TODAY) == 1
        assert parties.priors(session, party.id, law_code="test-parking") == 0
        assert parties.priors(session, party.id, since=date(2026, 3, 3)) == 0
        decision.revoked_at, decision.revoke_reason = after(700), "程序有误"
        session.flush()
        assert parties.priors(session, party.id) == 0


def test_who_has_one_area_sees_its_files_and_how_many_more_there_are(database: Database) -> None:
    with transaction(database.sessions) as session:
        for area in ("east", "west"):
            session.add(Area(id=area, name=area, level=AreaLevel.CITY))
        session.flush()
        desk = open_desk(session, area_id="east")
        party = enter_zhang(session, desk)
        west = open_file(session, desk.officer, area_id="west", title="西")
        parties.link(session, west, party, PartyRole.PARTY, by=desk.by, at=after(601))
        other = parties.enter(session, KEY, Entry(PartyKind.PERSON, "李四"), by=desk.by, at=after(602))
        parties.link(session, west, other, PartyRole.PARTY, by=desk.by, at=after(603))
        east = Scope(frozenset({Limit("east", None)}))
        found = parties.history(session, party.id, east)
        assert ([each.file.title for each in found.files], found.elsewhere) == (["占道经营"], 1)
        assert is_within(session, east, "party_id", str(party.id))
        assert not is_within(session, east, "party_id", str(other.id))
        assert parties.search(session, KEY, "李四", east) == []


def test_two_entries_of_one_person_are_joined_with_a_reason_and_taken_apart_again(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        desk = open_desk(session)
        party = enter_zhang(session, desk)
        by_name = parties.enter(session, KEY, Entry(PartyKind.PERSON, "张三"), by=desk.by, at=after(62), another=True)
        other_file = open_file(session, desk.officer, after(600), title="又一次")
        parties.link(session, other_file, by_name, PartyRole.PARTY, by=desk.by, at=after(601))
        with pytest.raises(FileRefused, match="reason missing"):
            parties.merge(session, by_name, party, by=desk.by, reason=" ", at=after(700))
        parties.merge(session, by_name, party, by=desk.by, reason="身份证核对为同一人", at=after(700))
        assert len(parties.history(session, party.id, EVERYTHING).files) == 2
        assert parties.search(session, KEY, "张三", EVERYTHING) == [party]
        row = parties.link(session, desk.file, by_name, PartyRole.DRIVER, by=desk.by, at=after(701))
        assert row.party_id == party.id
        for one, other, why in [(by_name, party, "merged_already"), (party, party, "merged_with_itself")]:
            with pytest.raises(FileRefused) as refused:
                parties.merge(session, one, other, by=desk.by, reason="再次", at=after(702))
            assert refused.value.why == why
        parties.unmerge(session, by_name, by=desk.by, reason="另一人，同名", at=after(703))
        assert [each.file.title for each in parties.history(session, by_name.id, EVERYTHING).files] == ["又一次"]
        with pytest.raises(FileRefused, match="not merged"):
            parties.unmerge(session, by_name, by=desk.by, reason="再次", at=after(704))
        acts = [event.act for event in parties.events_of(session, by_name.id)]
        assert acts == [PartyAct.MERGE_UNDONE, PartyAct.MERGED, PartyAct.ENTERED]


def test_two_numbers_of_a_kind_are_two_people(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        desk = open_desk(session)
        party = enter_zhang(session, desk)
        namesake = Entry(PartyKind.PERSON, "张三", RESIDENT, LI_ID)
        other = parties.enter(session, KEY, namesake, by=desk.by, at=after(70), another=True)
        shop = parties.enter(session, KEY, Entry(PartyKind.SHOP, "老张烧烤"), by=desk.by, at=after(71))
        for one, why in [(other, "numbers_differ"), (shop, "kinds_differ")]:
            with pytest.raises(FileRefused) as refused:
                parties.merge(session, one, party, by=desk.by, reason="似为同一人", at=after(72))
            assert refused.value.why == why


def test_an_entry_is_put_right_and_the_record_says_what_and_not_how(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        desk = open_desk(session)
        party = parties.enter(session, KEY, Entry(PartyKind.PERSON, "张三"), by=desk.by, at=after(60))
        parties.change(session, KEY, party, ZHANG, by=desk.by, reason="补录", at=after(61))
        assert parties.identity(KEY, party) == Identity("张三", ZHANG_ID, f"+86{PHONE}", ADDRESS)
        newest = parties.events_of(session, party.id)[0]
        assert (newest.act, newest.facts) == (PartyAct.CHANGED, {"fields": ["number", "phone", "address"]})
        li = parties.enter(session, KEY, Entry(PartyKind.PERSON, "李四"), by=desk.by, at=after(62))
        with pytest.raises(LikelyDouble):
            parties.change(session, KEY, li, ZHANG, by=desk.by, reason="补录", at=after(63))
        shop = Entry(PartyKind.SHOP, "张三")
        with pytest.raises(FileRefused, match="kind stays"):
            parties.change(session, KEY, party, shop, by=desk.by, reason="补录", at=after(64))


def test_the_keeper_of_the_vehicle_the_camera_saw_becomes_the_party_by_one_press(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        street = add_street(session)
        seen = {"source": CaseSource.CAMERA, "source_note": "", "incident_id": street.incident.id}
        desk = open_desk(session, **seen)
        assert not parties.can_take_keeper(session, desk.file)
        with pytest.raises(FileRefused, match="keeper unknown"):
            parties.take_keeper(session, KEY, desk.file, by=desk.by, at=after(60))
        register_vehicle(session, KEY, VehicleEntry(plate="浙J12345", owner="车主甲", phone="+8613800000000"))
        assert parties.can_take_keeper(session, desk.file)
        namesake = parties.enter(session, KEY, Entry(PartyKind.PERSON, "车主甲"), by=desk.by, at=after(60))
        with pytest.raises(LikelyDouble):
            parties.take_keeper(session, KEY, desk.file, by=desk.by, at=after(60))
        undone = session.begin_nested()
        joined = parties.take_keeper(session, KEY, desk.file, by=desk.by, at=after(60), same=namesake.id)
        assert joined.party_id == namesake.id
        undone.rollback()
        row = parties.take_keeper(session, KEY, desk.file, by=desk.by, at=after(60), another=True)
        assert parties.identity(KEY, row.party) == Identity("车主甲", phone="+8613800000000")
        (vehicle,) = parties.vehicles_of(session, desk.file.id)
        assert (vehicle.plate, vehicle.keeper_id) == ("浙J12345", row.party_id)
        parties.enter_vehicle(
            session, desk.file, "浙J·12345", by=desk.by, at=after(61), vehicle_class="小型汽车", colour="白"
        )
        (described,) = parties.vehicles_of(session, desk.file.id)
        assert (described.id, described.colour, described.keeper_id) == (vehicle.id, "白", None)
        for plate, keeper, why in [("?", None, "plate_unreadable"), ("浙J1", uuid.uuid4(), "keeper_takes_no_part")]:
            with pytest.raises(FileRefused) as refused:
                parties.enter_vehicle(
                    session, desk.file, plate + "12" * bool(keeper), by=desk.by, at=after(62), keeper_id=keeper
                )
            assert refused.value.why == why


def test_a_witness_bears_out_an_exhibit_or_a_fact_or_it_is_said_why_none_is_needed(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        desk = open_desk(session)
        heard = Heard("李四", "看见他收摊后又回来。", TODAY)
        witness = witnesses.add_witness(session, KEY, desk.file, heard, by=desk.officer, at=after(65))
        with pytest.raises(FileRefused, match="nothing borne out"):
            witnesses.corroborate(session, desk.file, witness, by=desk.officer, at=after(66), fact=" ")
        with pytest.raises(FileRefused, match="exhibit of another"):
            witnesses.corroborate(session, desk.file, witness, by=desk.officer, at=after(66), exhibit_id=uuid.uuid4())
        with pytest.raises(FileRefused, match="reason missing"):
            witnesses.not_needed(session, desk.file, because=" ", by=desk.officer, at=after(66))
        witnesses.corroborate(session, desk.file, witness, by=desk.officer, at=after(66), fact="经营时间")
        witnesses.not_needed(session, desk.file, because="现场录像完整", by=desk.officer, at=after(67))
        found = witnesses.corroborations_of(session, desk.file.id)
        assert [(each.fact, each.not_needed_because) for each in found] == [("经营时间", None), ("", "现场录像完整")]
        tomorrow = Heard("李四", "看见。", date(2026, 3, 3))
        with pytest.raises(DatedWrongly):
            witnesses.add_witness(session, KEY, desk.file, tomorrow, by=desk.officer, at=after(68))
        with pytest.raises(FileRefused, match="statement missing"):
            witnesses.add_witness(session, KEY, desk.file, Heard("李四", " ", TODAY), by=desk.officer, at=after(68))


def test_sealed_values_of_parties_follow_a_new_key(sqlite_database: Database, tmp_path: Path) -> None:
    key = load_or_make_key(tmp_path / "personal_data.key")
    with transaction(sqlite_database.sessions) as session:
        desk = open_desk(session)
        party = parties.enter(session, key, ZHANG, by=desk.by, at=after(60))
    newer = rotate(tmp_path / "personal_data.key")
    with reading(sqlite_database.sessions) as session:
        assert [each.id for each in parties.search(session, newer, ZHANG_ID, EVERYTHING)] == [party.id]
    resealing.reseal(sqlite_database.sessions, newer)
    with reading(sqlite_database.sessions) as session:
        again = session.get_one(Party, party.id)
        assert again.number_index == newer.index(ZHANG_ID)
        assert parties.identity(newer, again).number == ZHANG_ID


def test_a_note_holds_until_it_runs_out_or_is_removed(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        desk = open_desk(session)
        party = enter_zhang(session, desk)
        until = date(2027, 3, 2)
        note = credit_notes.add(
            session,
            KEY,
            party,
            PartyNoteKind.HARDSHIP,
            "低保户",
            legal_basis="行政处罚法第六十六条",
            from_on=TODAY,
            expires_on=until,
            by=desk.by,
            at=NOON,
        )
        (shown,) = credit_notes.hardship_of(session, KEY, desk.file.id, TODAY)
        assert shown.text == "低保户"
        assert credit_notes.hardship_of(session, KEY, desk.file.id, until) == []
        with pytest.raises(FileRefused, match="reason missing"):
            credit_notes.remove(session, note, by=desk.by, reason="", at=after(60))
        credit_notes.remove(session, note, by=desk.by, reason="情况已变", at=after(60))
        assert credit_notes.hardship_of(session, KEY, desk.file.id, TODAY) == []
        assert credit_notes.notes_of(session, party.id) == [note]
        with pytest.raises(FileRefused, match="note removed"):
            credit_notes.remove(session, note, by=desk.by, reason="再次", at=after(61))


@pytest.mark.parametrize(
    ("differs", "why"),
    [
        ({"legal_basis": " "}, "note_without_basis"),
        ({"expires_on": TODAY}, "note_without_end"),
        ({"text": " "}, "note_without_words"),
    ],
    ids=["no_basis", "no_end", "no_words"],
)
def test_a_note_without_its_basis_or_its_end_is_refused(
    sqlite_database: Database, differs: dict[str, object], why: str
) -> None:
    values = {"text": "未履行", "legal_basis": "条例第九条", "from_on": TODAY, "expires_on": date(2027, 1, 1)} | differs
    with transaction(sqlite_database.sessions) as session:
        desk = open_desk(session)
        party = enter_zhang(session, desk)
        with pytest.raises(FileRefused) as refused:
            credit_notes.add(session, KEY, party, PartyNoteKind.CREDIT, by=desk.by, at=NOON, **values)  # type: ignore[arg-type]
        assert refused.value.why == why


def test_a_credit_note_leads_to_nothing_unless_the_site_says_what_and_by_what_right(
    sqlite_database: Database, tmp_path: Path
) -> None:
    assert credit_notes.effects() == ()
    assert credit_notes.effects_of(tmp_path) == ()
    own = tmp_path / "credit_effects.toml"
    own.write_text(
        '[[effect]]\nkind = "shown_on_files"\nlegal_basis = "某市条例第九条"\n'
        "valid_from = 2026-01-01\nvalid_to = 2026-07-01\n",
        "utf-8",
    )
    configured = credit_notes.effects_of(tmp_path)
    with transaction(sqlite_database.sessions) as session:
        desk = open_desk(session)
        party = enter_zhang(session, desk)
        credit_notes.add(
            session,
            KEY,
            party,
            PartyNoteKind.CREDIT,
            "未履行",
            legal_basis="某市条例第九条",
            from_on=TODAY,
            expires_on=date(2027, 1, 1),
            by=desk.by,
            at=NOON,
        )
        shown = [
            len(credit_notes.credit_on_files(session, KEY, desk.file.id, on, effects))
            for on, effects in [(TODAY, ()), (TODAY, configured), (date(2026, 7, 1), configured)]
        ]
        assert shown == [0, 1, 0]
        assert credit_notes.hardship_of(session, KEY, desk.file.id, TODAY) == []
    own_without = tmp_path / "without.toml"
    own_without.write_text('[[effect]]\nkind = "shown_on_files"\nvalid_from = 2026-01-01\n', "utf-8")
    with pytest.raises(LawDataUnusable, match="legal_basis"):
        credit_notes.effects(own_without)
    own_without.write_text('[[effect]]\nkind = "higher_fine"\nlegal_basis = "条例"\nvalid_from = 2026-01-01\n', "utf-8")
    credit_notes.effects.cache_clear()
    with pytest.raises(LawDataUnusable, match="higher_fine"):
        credit_notes.effects(own_without)


def test_a_look_names_who_looked_days_later(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        desk = open_desk(session)
        party = enter_zhang(session, desk)
        parties.look(session, KEY, party, by=By.person(desk.leader), reason="督查", at=days_later(3))
        newest = parties.events_of(session, party.id)[0]
        assert (newest.actor, newest.at, newest.reason) == ("sun", days_later(3), "督查")
