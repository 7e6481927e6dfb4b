"""The tour of a dome, in numbers: when it goes on, when it waits, and that nothing holds it up for ever."""

from datetime import UTC, datetime, timedelta

import pytest

from ingest.tour import (
    BY_HAND_S,
    LEAST_STAY_S,
    LONGER_S,
    NEAR_S,
    REFUSED_S,
    TURNED_WITHIN_S,
    Phase,
    Stop,
    Tour,
)

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def always(_at: datetime) -> bool:
    return True


def in_the_afternoon(at: datetime) -> bool:
    return at.hour >= 13


GATE, CORNER, MARKET = (
    Stop(name, name[0], stay_s, always) for name, stay_s in (("gate", 40.0), ("corner", 20.0), ("market", 30.0))
)


def at(now_s: float) -> datetime:
    return NOON + timedelta(seconds=now_s)


def turned(tour: Tour, now_s: float, **asked: object) -> str | None:
    """Where the dome is asked to look now."""
    turn = tour.next_turn(now_s, at(now_s), **asked)  # type: ignore[arg-type]
    return None if turn is None else turn.stop.preset


def arrive(tour: Tour, now_s: float) -> None:
    tour.answered(now_s, done=True)
    tour.recognised(now_s)
    assert tour.binds


def at_the_gate(*stops: Stop) -> Tour:
    tour = Tour(stops or (GATE, CORNER, MARKET))
    assert turned(tour, 0.0) == "gate"
    arrive(tour, 5.0)
    return tour


def test_it_goes_round_in_its_order_and_stays_as_long_as_is_said():
    tour = at_the_gate()
    assert turned(tour, 44.9) is None
    assert turned(tour, 45.0) == "corner"
    arrive(tour, 50.0)
    assert turned(tour, 69.9) is None
    assert turned(tour, 70.0) == "market"
    arrive(tour, 75.0)
    assert turned(tour, 105.0) == "gate"


def test_no_fence_binds_from_the_asking_until_the_picture_is_recognised():
    tour = at_the_gate()
    assert turned(tour, 45.0) == "corner"
    assert not tour.binds
    tour.answered(50.0, done=True)
    assert not tour.binds, "that the dome says it is there proves nothing"
    tour.recognised(52.0)
    assert tour.binds


def test_a_picture_recognised_before_the_dome_has_answered_is_the_one_it_is_about_to_leave():
    tour = at_the_gate()
    turned(tour, 45.0)
    tour.recognised(46.0)
    assert not tour.binds


def test_a_view_that_is_not_recognised_is_left_out_this_time():
    tour = at_the_gate()
    turned(tour, 45.0)
    tour.answered(50.0, done=True)
    assert turned(tour, 50.0 + TURNED_WITHIN_S - 0.1) is None
    assert turned(tour, 50.0 + TURNED_WITHIN_S) == "market"


def test_a_dome_that_refuses_is_asked_again_after_a_while():
    tour = at_the_gate()
    turned(tour, 45.0)
    tour.answered(46.0, done=False)
    assert not tour.binds
    assert turned(tour, 46.0 + REFUSED_S - 0.1) is None
    assert turned(tour, 46.0 + REFUSED_S) == "market"


def test_a_dome_that_has_not_answered_is_not_asked_something_else():
    tour = at_the_gate()
    turned(tour, 45.0)
    assert turned(tour, 1000.0) is None


def test_views_out_of_their_hours_are_left_out():
    tour = at_the_gate(GATE, Stop("corner", "c", 20.0, in_the_afternoon), MARKET)
    assert turned(tour, 45.0) == "market"
    arrive(tour, 50.0)
    arrive_at_one = 3600.0
    assert turned(tour, arrive_at_one) == "gate"
    arrive(tour, arrive_at_one + 5)
    assert turned(tour, arrive_at_one + 45) == "corner"


def test_where_nothing_is_in_its_hours_no_fence_binds_until_something_is():
    tour = Tour([Stop("gate", "g", 40.0, in_the_afternoon)])
    assert turned(tour, 0.0) is None
    assert not tour.binds
    assert turned(tour, 3600.0) == "gate"


def test_a_view_whose_hours_end_binds_no_longer_when_its_stay_is_over():
    tour = Tour([Stop("gate", "g", 40.0, lambda when: not in_the_afternoon(when))])
    assert turned(tour, 3590.0) == "gate"
    arrive(tour, 3595.0)
    assert turned(tour, 3635.0) is None
    assert not tour.binds


def test_a_tour_of_one_view_stays_without_being_moved():
    tour = at_the_gate(GATE)
    for now_s in (45.0, 85.0, 1000.0):
        assert turned(tour, now_s) is None
        assert tour.binds


def test_a_view_that_is_waited_for_comes_before_its_turn_and_soon():
    tour = at_the_gate()
    assert turned(tour, 5.0 + LEAST_STAY_S - 0.1, wanted={"market"}) is None
    assert turned(tour, 5.0 + LEAST_STAY_S, wanted={"market"}) == "market"


def test_a_view_that_is_itself_waited_for_is_not_left_early_for_another():
    tour = at_the_gate()
    assert turned(tour, 5.0 + LEAST_STAY_S, wanted={"gate", "market"}) is None


def test_a_clip_that_needs_its_last_seconds_is_waited_for_and_not_for_ever():
    tour = at_the_gate()
    assert turned(tour, 45.0 + LONGER_S - 0.1, holds=True) is None
    assert turned(tour, 45.0 + LONGER_S, holds=True) == "corner"


def test_who_takes_the_dome_by_hand_has_it_for_a_while_and_then_it_is_called_back():
    tour = at_the_gate()
    tour.shows(20.0, its_view=False)
    tour.shows(21.0, its_view=False)
    assert turned(tour, 50.0) is None, "the tour does not go on over the operator's head"
    assert turned(tour, 20.0 + BY_HAND_S) == "gate"


def test_a_bus_in_front_is_no_hand():
    tour = at_the_gate()
    tour.shows(20.0, its_view=False)
    tour.shows(22.0, its_view=True)
    assert turned(tour, 45.0) == "corner"


def test_after_a_lost_connection_it_goes_first_where_it_was():
    tour = at_the_gate()
    turned(tour, 45.0)
    arrive(tour, 50.0)
    tour.begin()
    assert not tour.binds
    assert turned(tour, 55.0) == "corner"


def test_from_near_it_goes_back_to_the_same_view():
    tour = at_the_gate()
    tour.approach(20.0)
    assert not tour.binds
    tour.answered(25.0, done=True)
    assert not tour.is_near_enough(25.0 + NEAR_S - 0.1)
    assert tour.is_near_enough(25.0 + NEAR_S)
    assert tour.back(25.0 + NEAR_S).stop is GATE
    assert tour.phase is Phase.ASKED


def test_a_dome_that_cannot_go_near_is_sent_back_at_once():
    tour = at_the_gate()
    tour.approach(20.0)
    tour.answered(22.0, done=False)
    assert turned(tour, 22.0) == "gate"


def test_nothing_is_gone_near_for_while_no_view_is_on():
    tour = at_the_gate()
    turned(tour, 45.0)
    with pytest.raises(ValueError, match="goes near nothing"):
        tour.approach(46.0)
