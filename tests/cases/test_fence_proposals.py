"""Changes of geofences: nobody brings their own into force, what was overtaken is not approved, acts are events."""

import uuid
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError, IntegrityError

from cases import accounts, fence_proposals, fences
from cases.errors import FenceRefused, FenceUnsound, ReasonMissing
from evidence import log_contents
from evidence.audit import Brought, audit
from models.database import Sessions, reading, transaction
from models.enums import FenceAct, FenceProposalState, LogKind, Role
from models.fence_proposals import FenceEvent, FenceProposal
from models.people import User
from models.places import Geofence, GeofenceVersion
from models.proof import LogEntry
from tests.conftest import Database
from tests.rows import NOON, add_camera, add_geofence, add_geofence_version, add_site, after

PASSWORD = "correct horse battery"
WIDER = [[0.1, 0.5], [0.8, 0.5], [0.8, 0.95], [0.1, 0.95]]


def peopled(sessions: Sessions) -> Sessions:
    """gate-3 with one fence in force; chen.bo and wang.min may propose and approve, lin.li may propose alone."""
    with transaction(sessions) as session:
        camera = add_camera(session, add_site(session))
        add_geofence_version(session, add_geofence(session, camera))
        for name, role in (("chen.bo", Role.LEADER), ("wang.min", Role.LEADER), ("lin.li", Role.MONITOR)):
            accounts.add_user(session, name=name, display_name=name, password=PASSWORD, role=role, at=NOON)
    return sessions


@pytest.fixture
def street(sqlite_database: Database) -> Sessions:
    return peopled(sqlite_database.sessions)


@pytest.fixture
def on_each_engine(database: Database) -> Sessions:
    return peopled(database.sessions)


def person(session: Any, name: str) -> User:
    found: User = session.scalars(select(User).where(User.name == name)).one()
    return found


def terms(**differs: Any) -> dict[str, Any]:
    return {
        "id": "no-stopping-7",
        "camera": "gate-3",
        "name": "No stopping",
        "polygon": WIDER,
        "offences": {"illegal_parking": {"dwell_s": 60.0, "grace_s": 600.0}},
    } | differs


def propose(sessions: Sessions, by: str = "chen.bo", seen_version: int | None = 1, **differs: Any) -> uuid.UUID:
    with transaction(sessions) as session:
        entry = fences.read_entry(terms(**differs))
        proposal = fence_proposals.propose(
            session, entry, seen_version=seen_version, user=person(session, by), reason="the bus stop moved", at=NOON
        )
        return proposal.id


def act(
    sessions: Sessions,
    what: Any,
    proposal_id: uuid.UUID,
    by: str,
) -> Any:
    with transaction(sessions) as session:
        return what(session, proposal_id, user=person(session, by), reason="looked at it", at=after(60))


def polygon_in_force(sessions: Sessions) -> Any:
    with reading(sessions) as session:
        return session.scalars(select(GeofenceVersion.polygon).where(GeofenceVersion.valid_to.is_(None))).one()


def test_a_change_is_in_force_when_a_second_person_approves_and_not_before(on_each_engine: Sessions) -> None:
    proposal_id = propose(on_each_engine)
    assert polygon_in_force(on_each_engine) != WIDER
    with pytest.raises(FenceRefused) as refused:
        act(on_each_engine, fence_proposals.approve, proposal_id, "chen.bo")
    assert refused.value.why == "same_person"
    assert polygon_in_force(on_each_engine) != WIDER
    act(on_each_engine, fence_proposals.approve, proposal_id, "wang.min")
    assert polygon_in_force(on_each_engine) == WIDER
    with reading(on_each_engine) as session:
        old, new = session.scalars(select(GeofenceVersion).order_by(GeofenceVersion.version)).all()
        assert (old.valid_to, new.valid_from, new.version) == (after(60), after(60), 2)
        assert (new.changed_by, new.reason) == ("chen.bo, wang.min", "the bus stop moved")
        events = fence_proposals.events_of(session, proposal_id)
        assert [(each.act, each.actor, each.at) for each in events] == [
            (FenceAct.PROPOSED, "chen.bo", NOON),
            (FenceAct.APPROVED, "wang.min", after(60)),
        ]
        assert len({each.terms_sha256 for each in events}) == 1
        logged = session.scalars(select(LogEntry.reference).where(LogEntry.kind == LogKind.FENCE)).all()
        assert list(logged) == [log_contents.said_by(each).reference for each in events]
        faults = [each for each in audit(session, Brought(), at=after(90)).faults if "fence" in str(each)]
        assert faults == [], "every event is what its entry of the log says"


def test_a_new_fence_binds_from_its_approval_and_not_the_past(street: Sessions) -> None:
    proposal_id = propose(street, seen_version=None, id="kerb", name=None)
    with reading(street) as session:
        assert session.get(Geofence, "kerb") is None
    act(street, fence_proposals.approve, proposal_id, "wang.min")
    with reading(street) as session:
        version = fences.newest_version(session, "kerb")
        assert version is not None
        assert (version.version, version.valid_from, version.geofence.name) == (1, after(60), "kerb")


def test_a_proposed_end_ends_the_fence_and_leaves_its_history(street: Sessions) -> None:
    with transaction(street) as session:
        ending = fence_proposals.propose_end(
            session, "no-stopping-7", user=person(session, "chen.bo"), reason="the street is closed", at=NOON
        ).id
    act(street, fence_proposals.approve, ending, "wang.min")
    with reading(street) as session:
        assert fences.in_force_on(session, "gate-3") == []
        assert [each.valid_to for each in fences.versions_of(session, "no-stopping-7")] == [after(60)]


@pytest.mark.parametrize("what", ["declined", "withdrawn"])
def test_what_is_declined_or_withdrawn_is_over_and_another_may_be_proposed(street: Sessions, what: str) -> None:
    proposal_id = propose(street)
    other_way, other = {
        "declined": (fence_proposals.decline, "wang.min"),
        "withdrawn": (fence_proposals.withdraw, "chen.bo"),
    }[what]
    wrong = "chen.bo" if what == "declined" else "wang.min"
    with pytest.raises(FenceRefused):
        act(street, other_way, proposal_id, wrong)
    ended = act(street, other_way, proposal_id, other)
    assert ended.state is FenceProposalState(what)
    with pytest.raises(FenceRefused) as refused:
        act(street, fence_proposals.approve, proposal_id, "wang.min")
    assert refused.value.why == "not_open"
    propose(street, by="lin.li")


def test_what_a_site_file_overtook_is_not_approved(street: Sessions) -> None:
    proposal_id = propose(street)
    with transaction(street) as session:
        fences.put_in_force(
            session,
            fences.read_entry(terms(warning_only=True)),
            actor="streetwitness",
            reason="imported",
            at=after(30),
            first_from=NOON,
        )
    with pytest.raises(FenceRefused) as refused:
        act(street, fence_proposals.approve, proposal_id, "wang.min")
    assert refused.value.why == "overtaken"


@pytest.mark.parametrize(
    ("why", "differs"),
    [
        ("another_open", {}),
        ("other_camera", {"camera": "gate-4"}),
        ("changed_meanwhile", {"id": "kerb", "seen_version": 1}),
    ],
    ids=["another_open", "other_camera", "changed_meanwhile"],
)
def test_what_cannot_be_proposed_is_refused_by_name(street: Sessions, why: str, differs: dict[str, Any]) -> None:
    with transaction(street) as session:
        camera = add_camera(session, add_site(session, name="Other"), id="gate-4")
        assert camera.id == "gate-4"
    propose(street)
    with pytest.raises(FenceRefused) as refused:
        propose(street, by="wang.min", **differs)
    assert refused.value.why == why


def test_a_change_that_changes_nothing_is_not_one(street: Sessions) -> None:
    with reading(street) as session:
        newest = fences.newest_version(session, "no-stopping-7")
        assert newest is not None
        same = fences.terms_of(newest)
    with pytest.raises(FenceRefused) as refused:
        propose(street, **same)
    assert refused.value.why == "unchanged"


def test_a_reason_is_asked_for_every_act(street: Sessions) -> None:
    proposal_id = propose(street)
    for what, by in (
        (fence_proposals.approve, "wang.min"),
        (fence_proposals.decline, "wang.min"),
        (fence_proposals.withdraw, "chen.bo"),
    ):
        with pytest.raises(ReasonMissing), transaction(street) as session:
            what(session, proposal_id, user=person(session, by), reason="  ", at=after(60))
    with reading(street) as session:
        assert fence_proposals.find(session, proposal_id).state is FenceProposalState.OPEN


@pytest.mark.parametrize(
    ("field", "why", "differs"),
    [
        ("polygon", "crosses", {"polygon": [[0.1, 0.1], [0.9, 0.9], [0.9, 0.1], [0.1, 0.9]]}),
        ("polygon", "tiny", {"polygon": [[0.1, 0.1], [0.12, 0.1], [0.12, 0.12]]}),
        ("polygon", "few", {"polygon": [[0.1, 0.1], [0.9, 0.9]]}),
        ("polygon", "flat", {"polygon": [[0.1, 0.1], [0.2, 0.2], [0.9, 0.9]]}),
        ("polygon", "many", {"polygon": [[0.5 + n / 300, (n % 2) / 10] for n in range(101)]}),
        ("polygon", None, {"polygon": [[0.1, 0.1], [0.2, 1.5], [0.9, 0.9]]}),
        ("number", None, {"offences": {"illegal_parking": {"dwell_s": -1.0}}}),
        ("ladder", None, {"offences": {"dumping": {"ladder": {"rungs": []}}}}),
        ("offences", None, {"offences": {}}),
        ("timetable", None, {"timetable": [{"days": "someday", "from": "07:00", "to": "22:00"}]}),
        ("exemptions", None, {"exemptions": ["!"]}),
        ("id", None, {"id": "no/stopping"}),
    ],
)
def test_a_fence_that_cannot_be_is_told_by_its_field(field: str, why: str | None, differs: dict[str, Any]) -> None:
    with pytest.raises(FenceUnsound) as unsound:
        fences.read_entry(terms(**differs))
    assert [(each.field, each.why) for each in unsound.value.problems] == [(field, why)]


def test_what_is_read_and_written_again_is_the_same() -> None:
    entry = fences.read_entry(terms(timetable=[{"days": "mon-fri", "from": "07:00", "to": "22:00"}]))
    assert fences.read_entry(fences.terms_of_entry(entry)) == entry


def test_who_may_approve_is_everybody_entitled_but_the_proposer(street: Sessions) -> None:
    with reading(street) as session:
        proposer = person(session, "chen.bo").id
        assert [each.name for each in fence_proposals.who_may_approve(session, "gate-3", proposer)] == ["wang.min"]


def test_the_schema_itself_lets_nobody_approve_their_own(on_each_engine: Sessions) -> None:
    proposal_id = propose(on_each_engine)
    with on_each_engine() as session:
        row = session.get_one(FenceProposal, proposal_id)
        row.state, row.ended_by_id = FenceProposalState.IN_FORCE, row.proposed_by_id
        row.ended_at, row.became_version = after(60), 2
        with pytest.raises(IntegrityError):
            session.commit()


@pytest.mark.parametrize("verb", ["UPDATE fence_event SET actor = 'somebody'", "DELETE FROM fence_event"])
def test_events_are_never_edited(on_each_engine: Sessions, verb: str) -> None:
    propose(on_each_engine)
    with pytest.raises(DatabaseError, match="append-only"), transaction(on_each_engine) as session:
        session.execute(text(verb))
    with reading(on_each_engine) as session:
        assert session.scalars(select(FenceEvent.actor)).all() == ["chen.bo"]
