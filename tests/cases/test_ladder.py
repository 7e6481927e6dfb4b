"""The ladder: which step follows, as a function of what was done and when; and what no ladder may say."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cases.errors import LadderRefused
from cases.ladder import (
    POSSIBLE,
    Do,
    Expire,
    Ladder,
    Over,
    Taken,
    Wait,
    grace_of,
    ladder_of,
    next_step,
    read,
    waits_out_the_grace,
)
from models.enums import LadderAct, Offence, StepOutcome

AT = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
PARKING = ladder_of(Offence.ILLEGAL_PARKING, {})
TELL, ANNOUNCE, LOOK, OFFICER, DRAFT = LadderAct
GRACE_S = 600.0


def after(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


def taken(rung: int, act: LadderAct, outcome: StepOutcome | None, effective_s: float | None, by_s: float = 0) -> Taken:
    return Taken(rung, act, after(by_s), outcome, None if effective_s is None else after(effective_s))


def follows(*steps: Taken, at_s: float, quiet: bool = False, ladder: Ladder = PARKING) -> Do | Expire | Wait | Over:
    return next_step(ladder, steps, grace_s=GRACE_S, at=after(at_s), is_quiet=quiet)


def test_the_owner_is_told_first_and_the_ten_minutes_run_from_the_receipt() -> None:
    assert follows(at_s=0) == Do(0, TELL, 120.0)
    asked = taken(0, TELL, None, None, by_s=120)
    assert follows(asked, at_s=40) == Wait(after(120))
    delivered = taken(0, TELL, StepOutcome.DELIVERED, 45)
    assert follows(delivered, at_s=50) == Wait(after(645))
    assert follows(delivered, at_s=644.9) == Wait(after(645))
    assert follows(delivered, at_s=645) == Do(1, LOOK, 60.0)
    assert waits_out_the_grace(PARKING, [delivered])


@pytest.mark.parametrize(
    ("outcome", "instead"),
    [
        (StepOutcome.NO_PLATE, ANNOUNCE),
        (StepOutcome.NO_PHONE, OFFICER),
        (StepOutcome.UNDELIVERED, OFFICER),
        (StepOutcome.UNANSWERED, ANNOUNCE),
        (StepOutcome.DO_NOT_CONTACT, OFFICER),
        (StepOutcome.QUIET_HOURS, OFFICER),
    ],
)
def test_who_cannot_be_told_by_message_has_a_path_of_its_own(outcome: StepOutcome, instead: LadderAct) -> None:
    step = taken(0, TELL, outcome, 10)
    assert not waits_out_the_grace(PARKING, [step])
    assert follows(step, at_s=10) == Do(0, instead, 120.0)
    done = taken(0, instead, StepOutcome.UNCONFIRMED if instead is ANNOUNCE else StepOutcome.TOLD, 12)
    assert waits_out_the_grace(PARKING, [step, done])
    assert follows(step, done, at_s=12) == Wait(after(612)), "the grace runs from what was done instead"


def test_an_answer_that_does_not_come_is_an_outcome_too() -> None:
    assert follows(taken(0, TELL, None, None, by_s=120), at_s=120) == Expire(StepOutcome.UNANSWERED)
    assert follows(taken(1, LOOK, None, None, by_s=700), at_s=700) == Expire(StepOutcome.CANNOT_SEE)
    assert follows(taken(0, ANNOUNCE, None, None, by_s=30), at_s=31) == Expire(StepOutcome.UNCONFIRMED)


def test_in_quiet_hours_nobody_is_spoken_to_and_everything_else_goes_on() -> None:
    assert follows(at_s=0, quiet=True) == Do(0, TELL, 120.0, StepOutcome.QUIET_HOURS)
    assert follows(taken(0, TELL, StepOutcome.QUIET_HOURS, 0), at_s=0, quiet=True) == Do(0, OFFICER, 120.0)
    no_plate = taken(0, TELL, StepOutcome.NO_PLATE, 0)
    assert follows(no_plate, at_s=0, quiet=True) == Do(0, ANNOUNCE, 120.0, StepOutcome.QUIET_HOURS)
    assert follows(no_plate, taken(0, ANNOUNCE, StepOutcome.QUIET_HOURS, 0), at_s=600, quiet=True) == Do(1, LOOK, 60.0)


def test_after_the_last_rung_the_ladder_is_climbed() -> None:
    assert follows(taken(3, DRAFT, StepOutcome.DONE, 700), at_s=700) == Over()


def test_a_stall_is_warned_twice_with_the_grace_of_its_rule_after_each() -> None:
    vending = ladder_of(Offence.STREET_VENDING, {"grace_s": GRACE_S})
    acts = [rung.act for rung in vending.rungs]
    assert acts == [ANNOUNCE, LOOK, ANNOUNCE, LOOK, OFFICER, DRAFT]
    played = taken(0, ANNOUNCE, StepOutcome.PLAYED, 5)
    assert follows(played, at_s=100, ladder=vending) == Wait(after(5 + GRACE_S))
    assert not waits_out_the_grace(vending, [played])
    again = taken(2, ANNOUNCE, StepOutcome.PLAYED, 700)
    assert waits_out_the_grace(vending, [played, again])
    assert follows(played, again, at_s=800, ladder=vending) == Wait(after(700 + GRACE_S))


@pytest.mark.parametrize(
    ("warnings", "acts"),
    [
        (0, [OFFICER, DRAFT]),
        (1, [ANNOUNCE, LOOK, OFFICER, DRAFT]),
        (3, [ANNOUNCE, LOOK, ANNOUNCE, LOOK, ANNOUNCE, LOOK, OFFICER, DRAFT]),
    ],
)
def test_as_many_warnings_as_the_rule_says_and_the_grace_of_a_recording_is_as_long(
    warnings: int, acts: list[LadderAct]
) -> None:
    rule = {"grace_s": 180.0, "warnings": warnings}
    ladder = ladder_of(Offence.STREET_VENDING, rule)
    assert [rung.act for rung in ladder.rungs] == acts
    assert grace_of(Offence.STREET_VENDING, rule) == 180.0 * warnings
    assert grace_of(Offence.ILLEGAL_PARKING, rule) == 180.0, "a vehicle's owner is told once"


def test_a_ladder_of_the_fence_is_warned_by_as_often_as_its_rule_says() -> None:
    own = {"rungs": [{"act": "announce", "wait": "grace", "each_warning": True}, {"act": "draft"}]}
    ladder = ladder_of(Offence.STREET_VENDING, {"grace_s": 60.0, "warnings": 2, "ladder": own})
    assert [(rung.act, rung.wait_s) for rung in ladder.rungs] == [(ANNOUNCE, 60.0), (ANNOUNCE, None), (DRAFT, 0.0)]


@pytest.mark.parametrize("offence", list(Offence))
def test_whatever_steps_come_to_every_ladder_reaches_its_draft(offence: Offence) -> None:
    """Every path of outcomes through the ladder, with time passing as it asks for."""
    ladder = ladder_of(offence, {})
    paths: list[list[Taken]] = [[]]
    ends = 0
    while paths:
        steps = paths.pop()
        at = steps[-1].effective_at if steps else AT
        assert at is not None
        verdict = next_step(ladder, steps, grace_s=GRACE_S, at=at, is_quiet=False)
        while isinstance(verdict, Wait):
            assert verdict.until > at
            at = verdict.until
            verdict = next_step(ladder, steps, grace_s=GRACE_S, at=at, is_quiet=False)
        if isinstance(verdict, Over):
            assert steps[-1].act is DRAFT
            ends += 1
            continue
        assert isinstance(verdict, Do)
        assert len(steps) < 2 * len(ladder.rungs)
        ending = {StepOutcome.GONE, StepOutcome.CANNOT_SEE}  # the matter is over then
        paths += [
            [*steps, Taken(verdict.rung, verdict.act, at, outcome, at)] for outcome in POSSIBLE[verdict.act] - ending
        ]
    assert ends >= 2


SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("at", "zone", "quiet"),
    [
        (datetime(2026, 3, 2, 13, 59, tzinfo=UTC), SHANGHAI, False),
        (datetime(2026, 3, 2, 14, 0, tzinfo=UTC), SHANGHAI, True),
        (datetime(2026, 3, 2, 22, 59, tzinfo=UTC), SHANGHAI, True),
        (datetime(2026, 3, 2, 23, 0, tzinfo=UTC), SHANGHAI, False),
        # 1 October is a holiday: quiet until nine
        (datetime(2026, 10, 1, 0, 30, tzinfo=UTC), SHANGHAI, True),
        (datetime(2026, 10, 1, 1, 0, tzinfo=UTC), SHANGHAI, False),
        # a Sunday that is worked instead is no holiday
        (datetime(2026, 2, 28, 0, 30, tzinfo=UTC), SHANGHAI, False),
        # the night in which Europe's clocks go forward: 07:00 is 05:00 UTC then, and 06:00 the day before
        (datetime(2026, 3, 28, 5, 30, tzinfo=UTC), BERLIN, True),
        (datetime(2026, 3, 29, 4, 59, tzinfo=UTC), BERLIN, True),
        (datetime(2026, 3, 29, 5, 0, tzinfo=UTC), BERLIN, False),
        # and back
        (datetime(2026, 10, 25, 5, 30, tzinfo=UTC), BERLIN, True),
        (datetime(2026, 10, 25, 6, 0, tzinfo=UTC), BERLIN, False),
    ],
)
def test_quiet_hours_are_local_time_through_holidays_and_changes_of_the_clock(
    at: datetime, zone: ZoneInfo, quiet: bool
) -> None:
    holidays = {date(2026, 10, 1)}
    assert PARKING.is_quiet(at.astimezone(zone), holidays.__contains__) is quiet


LOOK_AND_DRAFT = [{"act": "look_again", "answer_within_s": 60}, {"act": "draft"}]


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ({}, "needs `rungs`"),
        ({"rungs": []}, "at least one step"),
        ({"rungs": LOOK_AND_DRAFT, "loud": True}, "knows no `loud`"),
        ({"rungs": [{"act": "shout"}]}, "`shout` is none of"),
        ({"rungs": [{"act": "draft"}, {"act": "tell_officer"}]}, "only the last"),
        ({"rungs": [{"act": "tell_owner"}]}, "only the last"),
        ({"rungs": [{"act": "announce", "wait": "soon"}, {"act": "draft"}]}, "not a number of seconds"),
        ({"rungs": [{"act": "announce", "wait": -1}, {"act": "draft"}]}, "not a number of seconds"),
        ({"rungs": [{"act": "announce", "wait": True}, {"act": "draft"}]}, "not a number of seconds"),
        (
            {"rungs": [{"act": "announce", "wait": "grace"}, {"act": "tell_owner", "wait": "grace"}, {"act": "draft"}]},
            "only one step",
        ),
        ({"rungs": [{"act": "announce", "instead": {"no_phone": "tell_officer"}}, {"act": "draft"}]}, "cannot come to"),
        (
            {"rungs": [{"act": "tell_owner", "instead": {"no_phone": "draft"}}, {"act": "draft"}]},
            "cannot stand instead",
        ),
        ({"rungs": [{"act": "announce", "patience": 3}, {"act": "draft"}]}, "unknown key `patience`"),
        ({"rungs": ["draft"]}, "not a group of keys"),
        ({"rungs": LOOK_AND_DRAFT, "quiet": [{"days": "someday", "from": "1:00", "to": "2:00"}]}, "quiet hours are"),
        ({"rungs": LOOK_AND_DRAFT, "holidays": "China"}, "two letters"),
        ({"rungs": LOOK_AND_DRAFT, "warnings": 11}, "whole number, at most 10"),
        ({"rungs": LOOK_AND_DRAFT, "warnings": 1.5}, "whole number, at most 10"),
        ({"rungs": [{"act": "draft", "each_warning": True}]}, "a draft is made once"),
        (
            {
                "rungs": [
                    {"act": "announce", "each_warning": True},
                    {"act": "tell_officer"},
                    {"act": "look_again", "each_warning": True},
                    {"act": "draft"},
                ]
            },
            "stand together",
        ),
    ],
)
def test_what_no_ladder_may_say_is_refused_with_a_sentence(value: Any, why: str) -> None:
    with pytest.raises(LadderRefused, match=why):
        read(value)


def test_a_geofence_brings_its_own_ladder() -> None:
    own = ladder_of(Offence.ILLEGAL_PARKING, {"dwell_s": 5, "ladder": {"rungs": LOOK_AND_DRAFT}})
    assert [rung.act for rung in own.rungs] == [LOOK, DRAFT]
