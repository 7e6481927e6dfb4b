"""The proposal for a case file: read from its rows, with a source for each fact, and the nearest decided cases."""

import uuid
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from cases.casework import proposal
from cases.casework.errors import FileRefused, StepRefused
from cases.casework.steps import By, note
from cases.entitlements import Limit, Scope
from cases.law import catalogue
from cases.law.discretion import PointsAt, Sense
from cases.law.import_law import LawFile, starting_catalogue
from models.case_files import CaseFile, DefencePoint, FileDecision, FileEvent, FileNotice
from models.database import reading, transaction
from models.enums import (
    Act,
    CaseSource,
    FileAct,
    FileState,
    IncidentState,
    NoticeStatus,
    Offence,
    OutboxState,
    OutcomeKind,
    PartyKind,
    PartyRole,
    SpareGround,
)
from models.parties import FileParty, Party
from models.people import Owner, User
from models.promises import Notice, OutboxMessage
from tests import rows
from tests.cases.file_scene import open_file
from tests.conftest import Database
from tests.rows import NOON, add_user, after

PARKING, DUMPING = "03.01.001", "01.02.003"
TODAY = date(2026, 3, 2)
AT = after(600)


class Scene:
    """A desk with the catalogue in force."""

    def __init__(self, session: Session) -> None:
        self.session = session
        catalogue.start(session, by=catalogue.By("wang"), reason="起始目录", at=NOON)
        self.user: User = add_user(session, "wang", display_name="王队员")
        self.by = By.person(self.user)

    def file(self, **differs: Any) -> CaseFile:
        values: dict[str, Any] = {"law_code": PARKING, "offence": Offence.ILLEGAL_PARKING, "title": "违停"}
        return open_file(self.session, self.user, **(values | differs))

    def decided(
        self, on: date, outcome: OutcomeKind = OutcomeKind.FINE, *, revoked: bool = False, **differs: Any
    ) -> CaseFile:
        """Another case file, with what was decided; straight into the rows."""
        decision: dict[str, Any] = differs.pop("decision", {})
        file = self.file(number=str(uuid.uuid4()), **differs)
        shared: dict[str, Any] = {
            "outcome": outcome,
            "fine_fen": 5_000 if outcome is OutcomeKind.FINE else None,
            "provision_id": "x",
            "band": "usual",
            "correction": "",
            "reasons": "停放一小时",
            "proposed": {},
            "departs_because": None,
            "made_by_id": self.user.id,
            "made_at": NOON,
        }
        shared |= decision
        notice = None
        if outcome is not OutcomeKind.NO_PENALTY:
            notice = FileNotice(file_id=file.id, version=1, hearing_offered=False, **shared)
            self.session.add(notice)
            self.session.flush()
        self.session.add(
            FileDecision(
                file_id=file.id,
                notice_id=notice.id if notice else None,
                decided_on=on,
                spare_ground=SpareGround.NO_FAULT if outcome is OutcomeKind.NO_PENALTY else None,
                revoked_at=AT if revoked else None,
                revoke_reason="撤销" if revoked else None,
                **shared,
            )
        )
        self.session.flush()
        return file

    def party(self, *files: CaseFile, kind: PartyKind = PartyKind.PERSON) -> Party:
        """Linked to these as the party, straight into the rows: entering one is another test's business."""
        company = kind is PartyKind.COMPANY
        row = Party(
            kind=kind,
            public_name="某公司" if company else None,
            name_sealed=None if company else b"sealed",
            name_index=None if company else uuid.uuid4().hex,
            entered_by="wang",
            entered_at=NOON,
        )
        self.session.add(row)
        self.session.flush()
        for file in files:
            link = FileParty(file_id=file.id, party_id=row.id, role=PartyRole.PARTY, linked_by="wang", linked_at=NOON)
            self.session.add(link)
        self.session.flush()
        return row

    def says(self, file: CaseFile, at: datetime = AT, **given: Any) -> None:
        proposal.say_circumstances(self.session, file, {"shown_by": "照片 3"} | given, by=self.by, at=at)


def camera_file(scene: Scene, **incident: Any) -> CaseFile:
    street = rows.add_street(scene.session, state=IncidentState.ACCEPTED, plate="浙J12345", **incident)
    return scene.file(
        source=CaseSource.CAMERA,
        source_note="",
        incident_id=street.incident.id,
        camera_id=street.camera.id,
        conduct_from_at=after(-60),
        conduct_to_at=NOON,
    )


def test_who_was_told_and_did_not_move_is_not_spared_and_the_record_says_why(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        scene = Scene(session)
        file = camera_file(scene)
        assert file.incident_id is not None
        incident_id = file.incident_id
        assert proposal.propose(session, file, AT).to_find_out == ("corrected", "harm", "slight")
        _deliver_notice(session, incident_id)
        incident = session.get_one(rows.Incident, incident_id)
        rows.add_event(session, incident, seq=2, act=Act.GRACE_EXPIRED, to_state=IncidentState.ACCEPTED)
        facts = proposal.circumstances(session, file, catalogue_item(session))
        assert (facts.corrected.value, facts.warnings) == (False, 1)
        assert facts.corrected.source[0].at is PointsAt.INCIDENT
        assert proposal.propose(session, file, AT).to_find_out == ()


def catalogue_item(session: Session) -> Any:
    return catalogue.item(session, PARKING, TODAY)


def _deliver_notice(session: Session, incident_id: uuid.UUID) -> None:
    owner = Owner(name_sealed=b"x", phone_sealed=b"x", phone_index="1")
    message = OutboxMessage(
        key="n:1", kind="move_vehicle", payload={}, state=OutboxState.DEAD, created_at=NOON, next_at=NOON
    )
    session.add_all([owner, message])
    session.flush()
    session.add(
        Notice(
            incident_id=incident_id,
            owner_id=owner.id,
            outbox_message_id=message.id,
            wording="move_vehicle",
            status=NoticeStatus.DELIVERED,
            promised_at=NOON,
            delivered_at=NOON,
        )
    )
    session.flush()


def test_a_vehicle_that_left_in_time_is_corrected_and_a_person_says_that_it_is_slight(
    sqlite_database: Database,
) -> None:
    with transaction(sqlite_database.sessions) as session:
        scene = Scene(session)
        file = camera_file(scene, left_at=after(100))
        scene.says(file, slight=True, harm="none")
        proposed = proposal.propose(session, file, AT)
        assert (proposed.spare_ground, proposed.spare_must) == (SpareGround.SLIGHT_AND_CORRECTED, True)
        sources = {pointer.at for pointer in proposed.reasons[0].points_at}
        assert sources == {PointsAt.ARTICLE, PointsAt.INCIDENT, PointsAt.EVENT}


def test_that_it_was_put_right_counts_where_no_grace_had_run_out_before(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        scene = Scene(session)
        file = scene.file()
        note(session, file, FileAct.CORRECTED, by=scene.by, at=after(60), facts={})
        fact = proposal.circumstances(session, file, catalogue_item(session)).corrected
        assert (fact.value, [pointer.name for pointer in fact.source]) == (True, ["2"])
        late = camera_file(scene)
        incident = session.get_one(rows.Incident, late.incident_id)
        rows.add_event(session, incident, seq=2, act=Act.GRACE_EXPIRED, to_state=IncidentState.ACCEPTED)
        note(session, late, FileAct.CORRECTED, by=scene.by, at=after(60), facts={})
        assert proposal.circumstances(session, late, catalogue_item(session)).corrected.value is None


def test_what_a_person_says_is_an_event_with_its_record_and_the_newest_counts(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        scene = Scene(session)
        file = scene.file()
        scene.says(file, corrected=True, harm="slight", present=["harm_removed"])
        assert proposal.propose(session, file, AT).spare_ground is SpareGround.FIRST_AND_CORRECTED
        scene.says(file, at=after(700), corrected=False, harm="serious", present=["fire_lane"])
        proposed = proposal.propose(session, file, after(800))
        assert (proposed.band, [each.band for each in proposed.heavier]) == ("usual", ["fire_lane"])
        events = session.query(FileEvent).filter_by(file_id=file.id, act=FileAct.FACTS_SAID).all()
        assert [event.facts["circumstances"]["shown_by"] for event in events] == ["照片 3", "照片 3"]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"corrected": True, "shown_by": ""}, "circumstances_without_record"),
        ({"harm": "enormous"}, "no_circumstances"),
        ({"present": ["rude_to_the_officer"]}, "unknown_circumstance"),
    ],
)
def test_a_circumstance_without_its_record_or_of_no_catalogue_is_refused(
    sqlite_database: Database, given: dict[str, Any], why: str
) -> None:
    with transaction(sqlite_database.sessions) as session:
        scene = Scene(session)
        file = scene.file()
        with pytest.raises(FileRefused) as refused:
            scene.says(file, **given)
        assert refused.value.why == why
        assert proposal.said_circumstances(session, file) is None


def test_after_the_decision_nothing_is_said_otherwise(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        scene = Scene(session)
        file = scene.decided(TODAY)
        file.state = FileState.DECIDED
        with pytest.raises((FileRefused, StepRefused)) as refused:
            scene.says(file, corrected=True)
        assert isinstance(refused.value, FileRefused)
        assert refused.value.why == "circumstances_too_late"


def test_priors_are_those_of_the_same_party_or_plate_that_were_decided_before_and_hold(
    sqlite_database: Database,
) -> None:
    with transaction(sqlite_database.sessions) as session:
        scene = Scene(session)
        file = scene.file()
        before = scene.decided(TODAY - timedelta(days=30))
        also = scene.decided(TODAY - timedelta(days=60))
        revoked = scene.decided(TODAY - timedelta(days=20), revoked=True)
        spared = scene.decided(TODAY - timedelta(days=10), OutcomeKind.NO_PENALTY)
        later = scene.decided(TODAY + timedelta(days=1))
        scene.decided(TODAY - timedelta(days=5))  # of somebody else
        scene.party(file, before, also, revoked, spared, later)
        facts = proposal.circumstances(session, file, catalogue_item(session))
        assert [prior.file_id for prior in facts.priors] == [str(before.id), str(also.id)]
        proposed = proposal.propose(session, file, AT)
        assert (proposed.band, [each.band for each in proposed.heavier]) == ("usual", ["repeated"])


def test_a_party_entered_twice_is_one(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        scene = Scene(session)
        file = scene.file()
        before = scene.decided(TODAY - timedelta(days=30))
        mine, other = scene.party(file), scene.party(before)
        assert proposal.circumstances(session, file, catalogue_item(session)).priors == ()
        mine.merged_into_id = other.id
        session.flush()
        (prior,) = proposal.circumstances(session, file, catalogue_item(session)).priors
        assert prior.file_id == str(before.id)


@pytest.mark.parametrize(
    ("kind", "band"),
    [(PartyKind.PERSON, "usual_citizen"), (PartyKind.SHOP, "usual_citizen"), (PartyKind.COMPANY, "usual_organisation")],
)
def test_the_limits_are_those_of_who_the_party_is(sqlite_database: Database, kind: PartyKind, band: str) -> None:
    with transaction(sqlite_database.sessions) as session:
        scene = Scene(session)
        file = scene.file(law_code=DUMPING, offence=Offence.DUMPING)
        scene.party(file, kind=kind)
        assert proposal.propose(session, file, AT).band == band


def test_a_defence_is_shown_and_weighs_nothing(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        scene = Scene(session)
        file = scene.file()
        before = proposal.propose(session, file, AT)
        point = DefencePoint(
            file_id=file.id, number=1, text="只停一会", said_by="当事人", said_on=TODAY, entered_at=NOON
        )
        session.add(point)
        after_it = proposal.propose(session, file, AT)
        assert (after_it.outcome, after_it.band, after_it.fine_fen) == (before.outcome, before.band, before.fine_fen)
        assert after_it.reasons[-2].code == "defence_weighs_nothing"


def test_what_was_discovered_after_two_years_is_not_penalised(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        scene = Scene(session)
        old = scene.file(
            conduct_from_at=datetime(2024, 3, 1, 1, tzinfo=NOON.tzinfo),
            conduct_to_at=datetime(2024, 3, 1, 2, tzinfo=NOON.tzinfo),
        )
        fresh = scene.file(
            conduct_from_at=datetime(2024, 3, 2, 1, tzinfo=NOON.tzinfo),
            conduct_to_at=datetime(2024, 3, 2, 2, tzinfo=NOON.tzinfo),
        )
        assert proposal.propose(session, old, AT).spare_ground is SpareGround.LIMITATION
        assert proposal.propose(session, fresh, AT).outcome is OutcomeKind.FINE


def test_without_an_item_in_force_on_the_day_nothing_is_proposed(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        scene = Scene(session)
        with pytest.raises(FileRefused) as refused:
            proposal.propose(session, scene.file(law_code="99.99"), AT)
        assert (refused.value.why, refused.value.facts["code"]) == ("no_law_on_the_day", "99.99")


@pytest.mark.parametrize(
    ("fine", "code", "sense"),
    [(2_000, "law_is_milder_now", Sense.LIGHTER), (8_000, "law_changed", Sense.ASIDE)],
    ids=["milder", "not_milder"],
)
def test_a_law_that_changed_since_is_said_and_art_37_with_it(
    sqlite_database: Database, fine: int, code: str, sense: Sense
) -> None:
    """The law of the day still decides the proposal; that a milder one came is a person's to apply."""
    with transaction(sqlite_database.sessions) as session:
        scene = Scene(session)
        file = scene.file()
        parking = next(item for item in starting_catalogue().items if item.code == PARKING)
        bands = tuple(
            band.model_copy(update={"fine_min_fen": fine, "fine_max_fen": 9_000}) if band.code == "usual" else band
            for band in parking.band
        )
        newer = parking.model_copy(update={"valid_from": TODAY + timedelta(days=10), "band": bands})
        row = catalogue.take_in(session, LawFile("law.csv", "0" * 64, "新", (newer,)), by=catalogue.By("wang"), at=AT)
        catalogue.bring_into_force(session, row.id, by=catalogue.By("wang"), reason="新规定", at=AT)
        proposed = proposal.propose(session, file, NOON + timedelta(days=20))
        assert proposed.fine_fen == 5_000
        assert (proposed.reasons[-1].code, proposed.reasons[-1].sense) == (code, sense)
        assert proposed.reasons[-1].points_at[0].name == "penalty-37"
        by_now = proposal.propose(session, file, NOON + timedelta(days=20), by_now=True)
        assert (by_now.fine_fen, by_now.reasons[-1].code) == (fine, "by_the_law_of_now")
        assert by_now.provision_id != proposed.provision_id


def test_the_nearest_cases_are_ordered_by_likeness_and_date_and_never_by_amount(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        scene = Scene(session)
        file = scene.file(place="北门")
        elsewhere = {"place": "南门", "conduct_from_at": after(-9 * 3600), "conduct_to_at": after(-8 * 3600)}
        far = scene.decided(TODAY, decision={"fine_fen": 9_999, "band": "repeated"}, **elsewhere)
        newer = scene.decided(TODAY, decision={"fine_fen": 5_000}, place="北门")
        older = scene.decided(TODAY - timedelta(days=3), decision={"fine_fen": 10_000}, place="北门")
        scene.decided(TODAY, revoked=True, place="北门")
        scene.decided(TODAY, law_code=DUMPING, place="北门")
        proposed = proposal.propose(session, file, AT)
        near = proposal.alike(session, file, proposal=proposed)
        assert [each.file_id for each in near] == [newer.id, older.id, far.id]
        assert near[0].same == ("band", "place", "hour", "source")
        assert (near[1].fine_fen, near[1].outcome) == (10_000, OutcomeKind.FINE)
        only_east = Scope(frozenset({Limit("east", None)}))
        assert proposal.alike(session, file, scope=only_east) == []


def test_the_record_of_a_proposal_says_the_same_circumstances_of_a_like_case(sqlite_database: Database) -> None:
    with transaction(sqlite_database.sessions) as session:
        scene = Scene(session)
        file = scene.file()
        scene.says(file, present=["harm_removed"])
        proposed = proposal.propose(session, file, AT)
        like = scene.decided(TODAY, decision={"proposed": proposed.as_record()})
        unlike = scene.decided(TODAY, decision={"proposed": proposed.as_record() | {"reasons": []}})
    with reading(sqlite_database.sessions) as session:
        same = {each.file_id: each.same for each in proposal.alike(session, file, proposal=proposed)}
    assert "circumstances" in same[like.id]
    assert "circumstances" not in same[unlike.id]
