"""Filing: what comes onto the register, from where, with what; and what is one act is not pursued twice."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cases import second_review
from cases.casework import file_facts, filing
from cases.casework.errors import DatedWrongly, FileError, GateUnmet, StepRefused
from cases.casework.filing import Matter
from cases.errors import NotEntitled, UnknownIncident
from cases.law import catalogue
from models.database import reading, transaction
from models.dispatch import Area
from models.enums import (
    AreaLevel,
    CaseSource,
    Decision,
    FileAct,
    FileState,
    Offence,
    PartyKind,
    PartyRole,
    Procedure,
    ReviewGround,
    Role,
    SecondVerdict,
)
from models.incidents import Incident
from models.parties import FileParty, FileVehicle, Party
from models.people import User
from models.places import Camera
from tests import rows
from tests.cases.casework.case_scene import PARKING, Bureau, noon
from tests.cases.parked_van import later
from tests.cases.test_review import decide, drafted
from tests.conftest import Database


def why(try_it: Callable[[], object]) -> str:
    with pytest.raises(FileError) as caught:
        try_it()
    return caught.value.why


def unmet(try_it: Callable[[], object]) -> list[str]:
    with pytest.raises(GateUnmet) as caught:
        try_it()
    return [each.code for each in caught.value.unmet]


def accepted(database: Database, folder: Path) -> tuple[uuid.UUID, User]:
    """An incident that one person accepted, and an officer."""
    incident_id, first = drafted(database, folder)
    decide(database, incident_id, first, Decision.ACCEPT)
    with transaction(database.sessions) as session:
        catalogue.start(session, by=catalogue.By("streetwitness"), reason="starting catalogue", at=rows.NOON)
        return incident_id, rows.add_user(session, "wang.qiang", display_name="王强", role=Role.OFFICER)


def test_an_accepted_incident_is_registered_once_a_second_person_has_agreed(
    sqlite_database: Database, tmp_path: Path
) -> None:
    database = sqlite_database
    incident_id, officer = accepted(database, tmp_path)

    def register() -> uuid.UUID:
        with transaction(database.sessions) as session:
            file = filing.register_from_incident(session, incident_id, law_code=PARKING, by=officer, at=later(10))
            return file.id

    assert why(register) == "second_review_missing"
    with transaction(database.sessions) as session:
        second_review.say(
            session, incident_id, SecondVerdict.AGREES, user=officer, reason="相符", no_stake=True, at=later(6)
        )
    file_id = register()
    assert why(register) == "incident_has_a_file"
    with reading(database.sessions) as session:
        file = filing.file_of_incident(session, incident_id)
        assert file is not None
        incident = session.get_one(Incident, incident_id)
        assert (file.id, file.source, file.state) == (file_id, CaseSource.CAMERA, FileState.REGISTERED)
        assert (file.camera_id, file.offence) == (incident.camera_id, incident.offence)
        assert incident.plate is not None
        assert incident.plate in file.title
        assert file.conduct_to_at == (incident.left_at or incident.last_seen_at)
        assert filing.exhibits_of(session, file)


def test_what_nobody_has_accepted_is_not_registered(sqlite_database: Database, tmp_path: Path) -> None:
    incident_id, first = drafted(sqlite_database, tmp_path)
    asked: dict[str, Any] = {"law_code": PARKING, "by": first, "at": later(10)}
    with transaction(sqlite_database.sessions) as session:
        assert why(lambda: filing.register_from_incident(session, incident_id, **asked)) == "incident_not_accepted"
        with pytest.raises(UnknownIncident):
            filing.register_from_incident(session, uuid.uuid4(), **asked)


@pytest.mark.parametrize(
    ("differs", "says"),
    [
        pytest.param({"title": "  "}, "field_missing", id="no_title"),
        pytest.param({"place": ""}, "field_missing", id="no_place"),
        pytest.param({"facts": "字" * 20_001}, "text_too_long", id="a_novel"),
        pytest.param({"conduct_to_at": noon(2)}, "in_the_future", id="a_conduct_of_tomorrow"),
        pytest.param({"conduct_from_at": noon(0) + timedelta(hours=2)}, "ends_before_it_begins", id="backwards"),
    ],
)
def test_a_matter_that_does_not_say_what_it_is_about_is_refused(
    bureau: Bureau, differs: dict[str, Any], says: str
) -> None:
    assert why(lambda: bureau.register(**differs)) == says


def test_every_other_source_says_where_it_is_from_and_a_camera_has_its_incident(bureau: Bureau) -> None:
    matter = Matter(PARKING, "停车", "", "府前街", noon(0), noon(0))
    with transaction(bureau.sessions) as session:
        asked: dict[str, Any] = {"procedure": Procedure.ORDINARY, "by": bureau.user(session, "li"), "at": bureau.now}
        for source in set(CaseSource) - {CaseSource.CAMERA}:
            said = {"source": source, "source_note": "12345 工单"} | asked
            assert filing.register(session, matter, **said).state is FileState.REGISTERED
        nothing_said = {"source": CaseSource.MEDIA, "source_note": " "} | asked
        assert why(lambda: filing.register(session, matter, **nothing_said)) == "no_source_note"
        by_camera = {"source": CaseSource.CAMERA, "source_note": "x"} | asked
        assert why(lambda: filing.register(session, matter, **by_camera)) == "camera_needs_incident"


def test_nobody_registers_a_matter_of_another_district(sqlite_database: Database) -> None:
    bureau = Bureau(sqlite_database.sessions)
    with transaction(bureau.sessions) as session:
        session.add(Area(id="city", name="市", level=AreaLevel.CITY))
        session.flush()
        session.add_all(
            Area(id=name, name=name, level=AreaLevel.DISTRICT, parent_id="city") for name in ("east", "west")
        )
        session.flush()
        for grant in bureau.user(session, "wang").grants:
            grant.area_id = "east"
    assert bureau.register(by="wang", area_id="east", place="东街")
    with pytest.raises(NotEntitled):
        bureau.register(by="wang", area_id="west", place="西街")
    with pytest.raises(NotEntitled):
        bureau.register(by="sun")


def test_what_it_is_about_is_said_anew_until_it_is_investigated(bureau: Bureau) -> None:
    file_id = bureau.filed()

    def say(**differs: Any) -> None:
        values = {"law_code": PARKING, "title": "改", "facts": "两小时", "place": "府前街 14 号"}
        times = {"conduct_from_at": noon(0), "conduct_to_at": noon(0)}
        with transaction(bureau.sessions) as session:
            matter = Matter(**(values | times | {"offence": Offence.ILLEGAL_PARKING} | differs))
            filing.say_facts(session, file_id, matter, by=bureau.user(session, "li"), at=bureau.now)

    say(review_grounds=(ReviewGround.COMPLICATED,))
    event = bureau.events(file_id)[-1]
    assert event.act is FileAct.FACTS_SAID
    assert event.facts["changed"] == ["title", "facts", "place", "conduct_to_at", "review_grounds"]
    bureau.step(file_id, FileAct.END_INVESTIGATION)
    with pytest.raises(StepRefused):
        say()
    tell = bureau.outcome().as_facts()
    assert unmet(lambda: bureau.ask(file_id, FileAct.NOTIFY, facts=tell)) == ["review_due"]
    bureau.step(file_id, FileAct.PASS_LEGAL_REVIEW, by="sun")
    bureau.step(file_id, FileAct.NOTIFY, "zhao", "wu", facts=tell)
    assert bureau.state(file_id) is FileState.NOTICED


@pytest.mark.parametrize("known_by", ["plate", "party", "merged_party"])
def test_the_same_act_is_not_pursued_in_a_second_case_file(bureau: Bureau, known_by: str) -> None:
    """Filed first, whichever it is; a withdrawn one bars nothing, another vehicle or another day neither."""
    first = bureau.filed(place=known_by)
    second = bureau.register(place=known_by)
    bureau.day = 3
    later_on = bureau.register(place=known_by, conduct_from_at=noon(2), conduct_to_at=noon(2))
    with transaction(bureau.sessions) as session:
        parties = [add_party(session) for _ in range(2)]
        for number, file_id in enumerate((first, second, later_on)):
            if known_by == "plate":
                add_vehicle(session, file_id)
            else:
                mine = parties[1 if known_by == "merged_party" and number else 0]
                session.add(link(file_id, mine))
        if known_by == "merged_party":
            parties[1].merged_into_id = parties[0].id
    assert unmet(lambda: bureau.ask(second, FileAct.FILE)) == ["same_act_elsewhere"]
    bureau.step(later_on, FileAct.FILE, "zhao", "sun", "wu")
    bureau.step(first, FileAct.WITHDRAW, "sun", "wu")
    bureau.step(second, FileAct.FILE, "zhao", "sun", "wu")


def add_party(session: Any) -> Party:
    party = Party(kind=PartyKind.COMPANY, public_name="某公司", entered_by="li", entered_at=noon(0))
    session.add(party)
    session.flush()
    return party


def link(file_id: uuid.UUID, party: Party) -> FileParty:
    return FileParty(file_id=file_id, party_id=party.id, role=PartyRole.PARTY, linked_by="li", linked_at=noon(1))


def add_vehicle(session: Any, file_id: uuid.UUID) -> None:
    session.add(
        FileVehicle(
            file_id=file_id,
            plate="浙J12345",
            vehicle_class="小型汽车",
            colour="白",
            entered_by="li",
            entered_at=noon(1),
        )
    )


def test_on_the_spot_a_company_may_be_fined_more_than_a_citizen(bureau: Bureau) -> None:
    """The item of the starting catalogue allows 20,000 yuan; art. 51 sets 200 and 3,000."""
    vending: dict[str, Any] = {
        "law_code": "02.01.001",
        "offence": Offence.STREET_VENDING,
        "procedure": Procedure.SIMPLE,
    }
    citizen, company = bureau.register(**vending, place="东街"), bureau.register(**vending, place="西街")
    with transaction(bureau.sessions) as session:
        session.add(link(company, add_party(session)))
        item = catalogue.item(session, "02.01.001", noon(0).date())
        assert item is not None
    facts = bureau.outcome(fine_fen=20_100, provision_id=item.version_id).as_facts()
    for file_id in (citizen, company):
        bureau.assign(file_id)
    assert unmet(lambda: bureau.ask(citizen, FileAct.NOTIFY, facts=facts)) == ["too_much_for_the_spot"]
    bureau.step(citizen, FileAct.MAKE_ORDINARY)
    assert bureau.file(citizen).procedure is Procedure.ORDINARY
    bureau.step(company, FileAct.NOTIFY, facts=facts)
    assert bureau.state(company) is FileState.NOTICED


def test_what_the_law_did_not_know_on_the_day_is_not_filed(bureau: Bureau) -> None:
    before = noon(-2000)
    file_id = bureau.register(conduct_from_at=before, conduct_to_at=before)
    assert unmet(lambda: bureau.ask(file_id, FileAct.FILE)) == ["no_law_on_the_day", "limitation_over"]


def test_a_camera_whose_papers_had_lapsed_discovers_and_proves_nothing(
    sqlite_database: Database, tmp_path: Path
) -> None:
    incident_id, officer = accepted(sqlite_database, tmp_path)
    with transaction(sqlite_database.sessions) as session:
        second_review.say(
            session, incident_id, SecondVerdict.AGREES, user=officer, reason="相符", no_stake=True, at=later(6)
        )
        file = filing.register_from_incident(session, incident_id, law_code=PARKING, by=officer, at=later(10))
        assert file_facts.load(session, file, later(11)).camera_lacks == ()
        session.get_one(Camera, file.camera_id).announced_on = None
        session.flush()
        assert file_facts.load(session, file, later(11)).camera_lacks == ("announced",)


def test_a_late_entry_is_refused_and_so_is_a_time_before_the_last_event(bureau: Bureau) -> None:
    file_id = bureau.filed()
    with pytest.raises(DatedWrongly) as caught:
        bureau.ask(file_id, FileAct.END_INVESTIGATION, at=noon(0))
    assert caught.value.why == "before_the_last"
    approval_id = bureau.ask(file_id, FileAct.WITHDRAW)
    assert approval_id is not None
    with pytest.raises(DatedWrongly):
        bureau.mark(approval_id, "sun", at=noon(1))
    assert bureau.rounds(file_id)[-1].marks == []
