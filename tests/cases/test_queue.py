"""The queue: order, filter, pages, what looks alike, who has what in hand, and counts, on both engines."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from cases import claims, queue, review, viewing
from cases.entitlements import EVERYTHING, Limit, Scope
from cases.errors import UnknownIncident
from cases.queue import Narrowed, Place
from cases.queue_changes import stamp
from models.database import transaction
from models.dispatch import Area
from models.enums import AreaLevel, CustodyAct, Ground, IncidentState, Offence, Role
from models.exhibits import CustodyEvent
from models.incidents import Incident
from models.places import Camera, GeofenceVersion
from tests.conftest import Database
from tests.rows import add_camera, add_event, add_incident, add_street, add_user, after

# state, camera, plate, seconds after noon at which the dwell was complete
SCENE = [
    (IncidentState.DISMISSED, "gate-3", "浙J00001", 100),
    (IncidentState.ACCEPTED, "gate-3", "浙J00002", 200),
    (IncidentState.NOTIFIED, "gate-3", "浙J00003", 300),
    (IncidentState.RETURNED, "gate-3", "浙J00004", 400),
    (IncidentState.DRAFTED, "gate-4", "浙J00005", 500),
    (IncidentState.UNCERTAIN, "gate-3", "浙J00006", 600),
]
IN_ORDER = ["returned", "drafted", "uncertain", "notified", "accepted", "dismissed"]
LATER = after(3600)
NOT_NARROWED = Narrowed()


def more(session: Session, number: object, **differs: object) -> Incident:
    """One more incident of the street."""
    values = {"conduct_key": f"more-{number}", "last_seen_at": after(100_000), "state": IncidentState.DRAFTED}
    version = session.query(GeofenceVersion).one()
    return add_incident(session, version, session.get_one(Camera, "gate-3"), **(values | differs))


@pytest.fixture
def scene(database: Database) -> Database:
    with transaction(database.sessions) as session:
        state, _, plate, at_s = SCENE[0]
        street = add_street(session, state=state, plate=plate, confirmed_at=after(at_s), last_seen_at=after(700))
        session.add(Area(id="city", name="Taizhou", level=AreaLevel.CITY))
        session.flush()
        session.add(Area(id="north", name="North district", level=AreaLevel.DISTRICT, parent_id="city"))
        session.flush()
        street.camera.area_id = "north"
        other = add_camera(session, street.site, id="gate-4", name="South gate", area_id="city")
        for number, (state, camera_id, plate, at_s) in enumerate(SCENE[1:]):
            add_incident(
                session,
                street.version,
                street.camera if camera_id == "gate-3" else other,
                street.recording,
                state=state,
                plate=plate,
                confirmed_at=after(at_s),
                last_seen_at=after(700),
                conduct_key=f"conduct-{number}",
            )
    return database


def shown(session: Session, narrowed: Narrowed = NOT_NARROWED, **asked: object) -> queue.QueuePage:
    return queue.queue_page(session, EVERYTHING, narrowed, **({"at": LATER} | asked))


def states(page: queue.QueuePage) -> list[str]:
    return [row.incident.state.value for row in page.rows]


def test_what_needs_a_person_comes_first_and_the_longest_waiting_of_it_at_the_top(scene: Database) -> None:
    with scene.sessions() as session:
        page = shown(session)
    assert states(page) == IN_ORDER
    assert (page.total, page.waiting) == (6, 3)
    assert (page.earlier, page.later) == (None, None)


def test_what_ends_sooner_is_due_sooner_and_goes_before_what_has_waited_longer(scene: Database) -> None:
    with transaction(scene.sessions) as session:
        vending = more(session, "stall", offence=Offence.STREET_VENDING, confirmed_at=after(3000))
        page = shown(session)
    assert page.rows[0].incident.id == vending.id
    assert [row.due_at for row in page.rows[:2]] == [after(3000 + 3600), after(400 + 8 * 3600)]
    assert page.rows[-1].due_at is None


def test_of_what_still_runs_the_next_step_comes_first(scene: Database) -> None:
    with transaction(scene.sessions) as session:
        running = {"state": IncidentState.NOTIFIED, "confirmed_at": after(310)}
        soon = more(session, "soon", plate="浙J1", next_step_at=after(320), **running)
        late = more(session, "late", plate="浙J2", grace_ends_at=after(9000), **running)
        found = shown(session, Narrowed(states=(IncidentState.NOTIFIED,)))
    ids = [row.incident.id for row in found.rows]
    assert (ids[1], ids[2]) == (soon.id, late.id)


def test_pages_hold_every_incident_once_and_lead_there_and_back(scene: Database) -> None:
    with scene.sessions() as session:
        first = shown(session, page_size=4)
        second = shown(session, page_size=4, after=first.later)
        back = shown(session, page_size=4, before=second.earlier)
        beyond = shown(session, page_size=4, after=second.rows[-1].place)
    assert states(first) + states(second) == IN_ORDER
    assert states(back) == states(first)
    assert (first.earlier, second.later, back.earlier) == (None, None, None)
    assert first.later == back.later == first.rows[-1].place
    assert beyond.rows == []


def test_a_page_is_found_again_though_what_was_before_it_has_gone(scene: Database) -> None:
    with transaction(scene.sessions) as session:
        first = shown(session, page_size=2)
        for row in first.rows:
            session.get_one(Incident, row.incident.id).state = IncidentState.DISMISSED
        session.flush()
        second = shown(session, page_size=2, after=first.later)
    assert states(second) == ["uncertain", "notified"]


def test_a_place_survives_the_address_and_nonsense_is_refused() -> None:
    place = Place(0, 1772424132.123457, uuid.uuid4())
    assert Place.parse(str(place)) == place
    for nonsense in ("", "0~1", "0~nan~" + uuid.uuid4().hex, "0~1.0~not-an-id", "x~1.0~" + uuid.uuid4().hex):
        with pytest.raises(ValueError):
            Place.parse(nonsense)


NARROWED = [
    (Narrowed(states=(IncidentState.DRAFTED,)), ["drafted"]),
    (Narrowed(camera_id="gate-4"), ["drafted"]),
    (Narrowed(camera_id="gate-4", states=(IncidentState.RESOLVED,)), []),
    (Narrowed(area_id="city"), IN_ORDER),
    (Narrowed(area_id="north"), [state for state in IN_ORDER if state != "drafted"]),
    (Narrowed(offence=Offence.DUMPING), []),
    (Narrowed(plate="j0000 6"), ["uncertain"]),
    (Narrowed(plate="%"), []),
    (Narrowed(text="SOUTH"), ["drafted"]),
    (Narrowed(text="no stopping"), IN_ORDER),
    (Narrowed(text="浙j00003"), ["notified"]),
    (Narrowed(text="_"), []),
]


def test_the_queue_is_narrowed_and_total_says_how_many_it_is(scene: Database) -> None:
    with scene.sessions() as session:
        for narrowed, found in NARROWED:
            page = shown(session, narrowed)
            assert (states(page), page.total) == (found, len(found)), narrowed


def test_an_incident_is_found_by_the_beginning_of_its_id(scene: Database) -> None:
    with scene.sessions() as session:
        wanted = shown(session).rows[2].incident.id
        assert [row.incident.id for row in shown(session, Narrowed(text=str(wanted)[:13])).rows] == [wanted]


def test_counts_follow_every_part_of_the_filter_but_the_state(scene: Database) -> None:
    with scene.sessions() as session:
        page = shown(session, Narrowed(states=(IncidentState.DRAFTED,), camera_id="gate-3"))
    assert (page.total, page.counts[IncidentState.DRAFTED], page.counts[IncidentState.RETURNED]) == (0, 0, 1)
    assert page.waiting == 2


def test_what_lies_outside_of_the_scope_is_neither_shown_nor_counted_nor_next(scene: Database) -> None:
    north = Scope(frozenset({Limit("north", None)}))
    with transaction(scene.sessions) as session:
        page = queue.queue_page(session, north, at=LATER)
        user = add_user(session)
        assert "drafted" not in states(page)
        assert page.counts[IncidentState.DRAFTED] == 0
        assert {camera.id for camera in queue.cameras(session, north)} == {"gate-3"}
        assert [area.id for area in queue.areas(session, north)] == ["north", "city"]
        waiting = [row.incident.id for row in page.rows if row.incident.state in queue.NEEDS_A_PERSON]
        assert queue.next_unclaimed(session, north, user, at=LATER, besides=waiting) is None


# --- what looks alike


def test_the_same_vehicle_at_the_same_fence_soon_after_stands_in_one_row_and_is_counted_all_the_same(
    scene: Database,
) -> None:
    with transaction(scene.sessions) as session:
        again = [more(session, s, plate="浙J99999", confirmed_at=after(s)).id for s in (1000, 2000, 3700)]
        much_later = more(session, "late", plate="浙J99999", confirmed_at=after(3700 + 1801)).id
        elsewhere = more(session, "there", plate="浙J99999", confirmed_at=after(1000), camera_id="gate-4").id
        page = shown(session)
    rows = [row for row in page.rows if row.incident.plate == "浙J99999"]
    alike = {row.incident.id: [other.id for other in row.alike] for row in rows}
    assert alike == {again[0]: again[1:], much_later: [], elsewhere: []}
    assert page.total == 11


def test_without_a_plate_only_the_same_place_in_the_picture_is_alike(scene: Database) -> None:
    with transaction(scene.sessions) as session:
        place = {"plate": None, "plate_confidence": None}
        first = more(session, 1, confirmed_at=after(1000), **place)
        second = more(session, 2, confirmed_at=after(1100), **place)
        more(session, 3, confirmed_at=after(1200), box_x1=1400.0, box_x2=1800.0, **place)
        rows = [row for row in shown(session).rows if row.incident.plate is None]
    assert [[other.id for other in row.alike] for row in rows] == [[second.id], []]
    assert rows[0].incident.id == first.id


def test_what_is_over_stands_in_a_row_of_its_own(scene: Database) -> None:
    with transaction(scene.sessions) as session:
        over = {"plate": "浙J99999", "state": IncidentState.DISMISSED}
        more(session, 1, confirmed_at=after(1000), **over)
        more(session, 2, confirmed_at=after(1100), **over)
        assert [row.alike for row in shown(session).rows if row.incident.plate == "浙J99999"] == [[], []]


def test_rows_alike_across_pages_are_shown_with_the_one_that_leads(scene: Database) -> None:
    with transaction(scene.sessions) as session:
        for number in range(6):
            more(session, number, plate="浙J99999", confirmed_at=after(1000 + number))
        pages = [shown(session, page_size=2)]
        while pages[-1].later is not None:
            pages.append(shown(session, page_size=2, after=pages[-1].later))
    rows = [row for page in pages for row in page.rows]
    assert len(rows) == 7
    assert sum(1 + len(row.alike) for row in rows) == 12


# --- whose turn it is


def test_the_next_is_the_most_urgent_that_nobody_else_has_in_hand(scene: Database) -> None:
    with transaction(scene.sessions) as session:
        mine, other = add_user(session), add_user(session, "wang.wei")
        first, second, third = (row.incident.id for row in shown(session).rows[:3])
        asked = {"at": LATER}
        assert queue.next_unclaimed(session, EVERYTHING, mine, **asked) == first
        claims.take(session, first, other, at=LATER)
        assert queue.next_unclaimed(session, EVERYTHING, mine, **asked) == second
        assert queue.next_unclaimed(session, EVERYTHING, other, **asked) == first
        assert queue.next_unclaimed(session, EVERYTHING, mine, at=LATER + claims.LEASE) == first
        assert queue.next_unclaimed(session, EVERYTHING, mine, besides=[second], **asked) == third
        assert queue.next_unclaimed(session, EVERYTHING, mine, Narrowed(camera_id="gate-4"), **asked) == second
        notified = Narrowed(states=(IncidentState.NOTIFIED,))
        assert queue.next_unclaimed(session, EVERYTHING, mine, notified, **asked) is None


def test_what_was_passed_on_is_next_only_for_those_it_was_passed_on_to(scene: Database) -> None:
    with transaction(scene.sessions) as session:
        monitor = add_user(session, "zhao", role=Role.MONITOR)
        reviewer, leader = add_user(session), add_user(session, "sun", role=Role.LEADER)
        first, second = (row.incident.id for row in shown(session).rows[:2])
        asked = {"ground": Ground.SENSITIVE, "reason": "an official's car", "at": LATER}
        review.pass_on(session, first, user=reviewer, **asked)
        nexts = [queue.next_unclaimed(session, EVERYTHING, user, at=LATER) for user in (monitor, reviewer, leader)]
        assert nexts == [second, second, first]
        row = shown(session).rows[0]
        assert row.passed_on is not None
        assert row.passed_on.user.name == "li.na"


def test_a_row_says_who_has_it_in_hand_until_the_claim_is_over(scene: Database) -> None:
    with transaction(scene.sessions) as session:
        user = add_user(session)
        first = shown(session).rows[0].incident.id
        claims.take(session, first, user, at=LATER)
        held = shown(session).rows[0].claim
        assert held is not None
        assert held.user.display_name == "李娜"
        assert shown(session, at=LATER + claims.LEASE).rows[0].claim is None


# --- that it changed


def test_the_stamp_changes_with_a_step_and_with_a_hand_and_not_by_looking(scene: Database) -> None:
    with transaction(scene.sessions) as session:
        user, incident = add_user(session), shown(session).rows[0].incident
        asked = {"at": LATER}
        before = stamp(session, **asked)
        viewing.put_on_record(session, incident.id, user="li.na", reason="to review", at=LATER)
        assert stamp(session, **asked) == before
        claims.take(session, incident.id, user, at=LATER)
        taken = stamp(session, **asked)
        assert taken != before
        assert claims.keep(session, incident.id, user, at=LATER + timedelta(seconds=5))
        assert stamp(session, **asked) == taken
        claims.release(session, incident.id, user, at=LATER + timedelta(seconds=9))
        released = stamp(session, **asked)
        assert released != taken
        add_event(session, incident, seq=7)
        assert stamp(session, **asked) != released


def test_the_page_of_an_unknown_incident_is_refused(scene: Database) -> None:
    with scene.sessions() as session, pytest.raises(UnknownIncident):
        queue.incident_page(session, uuid.uuid4())


def test_a_look_is_one_entry_a_person_and_hour(scene: Database) -> None:
    with transaction(scene.sessions) as session:
        incident = shown(session).rows[0].incident
        for at_s, user in [(0, "li.na"), (10, "li.na"), (20, "wu"), (3599, "li.na"), (3600, "li.na")]:
            viewing.put_on_record(session, incident.id, user=user, reason="to review", at=after(at_s))
        entries = session.query(CustodyEvent).filter_by(incident_id=incident.id).order_by(CustodyEvent.seq).all()
    assert [(entry.act, entry.actor, entry.at) for entry in entries] == [
        (CustodyAct.VIEWED, "li.na", after(0)),
        (CustodyAct.VIEWED, "wu", after(20)),
        (CustodyAct.VIEWED, "li.na", after(3600)),
    ]


def test_every_offence_has_a_time_within_which_somebody_looks() -> None:
    assert set(queue.review_within_s()) == set(Offence)
    assert min(queue.review_within_s().values()) >= 60
