"""Each clock of a case file against dates worked out by hand, on the notices of 2024 to 2026, with its article."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from cases.casework.clock_rules import RULES, Moment, read_rules, rules, use_rules_of
from cases.casework.clocks import Clock, ClockFacts, ClockState, Extension, Fact, Light, Stop, clocks
from cases.casework.limits import limits_on
from cases.errors import LawDataUnusable
from cases.goods_terms import term_of
from cases.service.terms import term
from models.enums import CaseSource, MeasureKind, Procedure, StopCause

M = Moment


def facts_of(
    *facts: Fact, procedure: Procedure = Procedure.ORDINARY, source: CaseSource = CaseSource.PATROL
) -> ClockFacts:
    return ClockFacts(procedure, source, facts)


def the(name: str, facts: ClockFacts, on: date) -> Clock:
    (clock,) = [clock for clock in clocks(facts, on) if clock.name == name]
    return clock


PATROL, CAMERA, SIMPLE = facts_of(), facts_of(source=CaseSource.CAMERA), facts_of(procedure=Procedure.SIMPLE)

# clock, article, what it begins with, its last day
BY_HAND = [
    # 行政处罚法 36: two years; no 29 February in 2026
    ("limitation", "penalty-36", (Fact(M.CONDUCT_ENDED, date(2024, 2, 29)),), date(2026, 2, 28), PATROL),
    # Wed 23 Sep: Thu 24 | 25-27 off | Mon 28, Tue 29, Wed 30 | 1-7 Oct off | Thu 8
    ("record_review", "police-procedure-level", (Fact(M.CONDUCT_ENDED, date(2026, 9, 23)),), date(2026, 10, 8), CAMERA),
    # 15 days end on Sat 3 Oct, within National Day
    ("filing", "construction-filing", (Fact(M.REGISTERED, date(2026, 9, 18)),), date(2026, 10, 8), PATROL),
    # 行政处罚法 60: 8 days of February, 31, 30, 21 of May
    ("decision", "penalty-60", (Fact(M.FILED, date(2026, 2, 20)),), date(2026, 5, 21), PATROL),
    # Fri 24 Apr: 27, 28, 29, 30 | 1-5 May off | Wed 6
    ("party_told", "police-procedure-level", (Fact(M.FILED, date(2026, 4, 24)),), date(2026, 5, 6), PATROL),
    # Thu 18 Jun | 19-21 off | Mon 22, Tue 23, Wed 24
    ("defence", "local-defence", (Fact(M.NOTICE_SERVED, date(2026, 6, 18)),), date(2026, 6, 24), PATROL),
    # Fri 3 Apr | 4-6 off | 7, 8, 9, 10 | Mon 13
    (
        "objection_answer",
        "police-procedure-level",
        (Fact(M.DEFENCE_SAID, date(2026, 4, 3), "1"),),
        date(2026, 4, 13),
        PATROL,
    ),
    # 行政处罚法 64(1), 85: Thu 12 Feb: Fri 13, Sat 14 (worked) | 15-23 off | Tue 24, Wed 25, Thu 26
    ("hearing_request", "penalty-64", (Fact(M.HEARING_OFFERED, date(2026, 2, 12)),), date(2026, 2, 26), PATROL),
    # 行政处罚法 64(2), 85: Sat 28 Feb (worked), 2-6 March, and Mon 9 itself are the seven
    (
        "hearing_announcement",
        "penalty-64",
        (Fact(M.HEARING_ASKED, date(2026, 2, 13), "h"), Fact(M.HEARING_DAY, date(2026, 3, 9), "h")),
        date(2026, 2, 27),
        PATROL,
    ),
    # 行政处罚法 56, 85: Fri 26 Sep: Sun 28 (worked), 29, 30 | 1-8 Oct off | 9, 10, Sat 11 (worked), Mon 13
    ("preservation", "penalty-56", (Fact(M.PRESERVED, date(2025, 9, 26), "m"),), date(2025, 10, 13), PATROL),
    # 行政强制法 25: thirty days are a limit and end in National Day
    ("seizure", "coercion-25", (Fact(M.SEIZED, date(2026, 9, 3), "m"),), date(2026, 10, 3), PATROL),
    # Sat 10 Oct (worked), Mon 12
    ("report", "local-report", (Fact(M.DECIDED, date(2026, 10, 9)),), date(2026, 10, 12), SIMPLE),
    # 行政处罚法 61, 85: Fri 24 Jan: Sun 26 (worked), Mon 27 | 28 Jan - 4 Feb off | 5, 6, 7, Sat 8 (worked), Mon 10
    ("service", "penalty-61", (Fact(M.DECIDED, date(2025, 1, 24)),), date(2025, 2, 10), PATROL),
    ("service_of_no_penalty", "penalty-61", (Fact(M.SPARED, date(2025, 1, 24)),), date(2025, 2, 10), PATROL),
    # 行政处罚法 67: the 15th day is Sun 15 Feb, the first of Spring Festival
    ("payment", "penalty-67", (Fact(M.FINE_DUE, date(2026, 1, 31)),), date(2026, 2, 24), PATROL),
    # 行政处罚法 71, 85: taken on a day off: Thu 8, Fri 9
    ("cash_to_bureau", "penalty-71", (Fact(M.CASH_TAKEN, date(2026, 10, 3), "p"),), date(2026, 10, 9), PATROL),
    # 行政处罚法 71, 85: Sat 10 (worked), Mon 12
    ("cash_to_bank", "penalty-71", (Fact(M.CASH_HANDED_IN, date(2026, 10, 9), "p"),), date(2026, 10, 12), PATROL),
    # 行政复议法 20: 30 of January, 29 of February 2024, and 1
    ("reconsideration", "reconsideration-20", (Fact(M.DECISION_SERVED, date(2024, 1, 1)),), date(2024, 3, 1), PATROL),
    # 行政诉讼法 46: no 31 February; Sat 28 is worked
    ("suit", "litigation-46", (Fact(M.DECISION_SERVED, date(2025, 8, 31)),), date(2026, 2, 28), PATROL),
    # 行政诉讼法 45: Sat 10 Oct is worked
    (
        "suit_after_reconsideration",
        "litigation-45",
        (Fact(M.RECONSIDERATION_ANSWERED, date(2026, 9, 25)),),
        date(2026, 10, 10),
        PATROL,
    ),
    # 行政强制法 54, 69: ten are working days: 13, 14 (worked) | 24, 25, 26, 27, 28 (worked) Feb, 2, 3, 4 March
    ("demand", "coercion-54", (Fact(M.DEMAND_SERVED, date(2026, 2, 12)),), date(2026, 3, 4), PATROL),
    # 行政强制法 53: six months for the suit end on 24 Feb 2026 (from 15 Feb, a day off); three more on Sun 24 May
    (
        "court_application",
        "coercion-53",
        (Fact(M.DECISION_SERVED, date(2025, 8, 15)), Fact(M.FINE_DUE, date(2025, 8, 15))),
        date(2026, 5, 25),
        PATROL,
    ),
    # 行政处罚法 48, 85: Thu 3 Apr | 4-6 off | 7, 8, 9
    ("publication_withdrawal", "penalty-48", (Fact(M.REVOKED, date(2025, 4, 3)),), date(2025, 4, 9), PATROL),
]


@pytest.mark.parametrize(
    ("name", "article", "begun", "last", "of"), BY_HAND, ids=[f"{case[0]}_{case[1]}" for case in BY_HAND]
)
def test_a_clock_ends_on_the_day_counted_by_hand(
    name: str, article: str, begun: tuple[Fact, ...], last: date, of: ClockFacts
) -> None:
    facts = replace(of, facts=begun)
    clock = the(name, facts, last)
    assert (clock.due_on, clock.article_id, clock.is_over) == (last, article, False)
    after = the(name, facts, date(2026, 6, 1) if last < date(2026, 6, 1) else date(2026, 11, 23))
    assert after.state is (ClockState.LAPSED if clock.rule.lapses else ClockState.RUNS)
    assert after.is_over is not clock.rule.lapses


def test_every_clock_of_the_rules_was_counted_by_hand() -> None:
    assert {case[0] for case in BY_HAND} == {rule.name for rule in rules().clock}


def test_what_other_parts_read_of_the_law_is_as_long_as_the_clocks() -> None:
    on, by_name = date(2026, 11, 23), {rule.name: rule for rule in rules().clock}
    for name, theirs in (
        ("payment", "payment"),
        ("cash_to_bureau", "cash_to_bureau"),
        ("cash_to_bank", "cash_to_bank"),
        ("demand", "demand"),
        ("court_application", "ask_the_court"),
        ("reconsideration", "reconsideration"),
        ("suit", "suit"),
        ("suit_after_reconsideration", "suit_after_reconsideration"),
    ):
        served = term(theirs, on)
        assert (served.amount, served.unit) == (by_name[name].length, by_name[name].unit), name
    for name, measure in (("preservation", MeasureKind.PRIOR_REGISTRATION), ("seizure", MeasureKind.SEIZURE)):
        taken = term_of(measure, on)
        assert (taken.days, taken.kind) == (by_name[name].length, by_name[name].day_kind), name
    assert limits_on(on).limitation_years.value == by_name["limitation"].length


# --- what stops, and what extends ---

FILED = Fact(M.FILED, date(2026, 3, 2))
HEARD = (Fact(M.HEARING_ASKED, date(2026, 4, 1), "h"), Fact(M.HEARING_ENDED, date(2026, 4, 21), "h"))


def test_the_decision_stands_while_a_hearing_is_on_and_gets_its_days_back() -> None:
    asked = facts_of(FILED, HEARD[0])
    during = the("decision", asked, date(2026, 4, 11))
    assert (during.state, during.stopped, during.left) == (ClockState.STANDS, StopCause.HEARING, 60)
    later = the("decision", asked, date(2026, 4, 18))
    assert later.left == during.left  # however long it lasts
    # penalty-60: 90 days would end on Sun 31 May; 20 that do not count make it Sat 20 June, in Dragon Boat Festival
    after = the("decision", facts_of(FILED, *HEARD), date(2026, 4, 22))
    assert (after.state, after.due_on) == (ClockState.RUNS, date(2026, 6, 22))


def test_a_hearing_given_up_the_day_it_was_asked_for_costs_no_day() -> None:
    facts = facts_of(FILED, HEARD[0], Fact(M.HEARING_ENDED, date(2026, 4, 1), "h"))
    assert the("decision", facts, date(2026, 4, 2)).due_on == date(2026, 6, 1)


def test_an_appraisal_and_an_extension_add_up() -> None:
    facts = facts_of(Fact(M.FILED, date(2025, 11, 3)))
    on = date(2025, 12, 1)
    assert the("decision", facts, on).due_on == date(2026, 2, 2)  # penalty-60: 1 February is a Sunday
    longer = replace(facts, extensions=(Extension("decision", "", 30, "many witnesses", "Leader", on),))
    assert the("decision", longer, on).due_on == date(2026, 3, 3)
    appraised = Stop(StopCause.APPRAISAL, date(2025, 11, 10), date(2025, 11, 24), "decision")
    assert the("decision", replace(longer, stops=(appraised,)), on).due_on == date(2026, 3, 17)


def test_what_was_over_is_not_saved_by_a_stop() -> None:
    late = Stop(StopCause.APPRAISAL, date(2026, 6, 1), None, "decision")  # penalty-60: its last day
    clock = the("decision", replace(facts_of(FILED), stops=(late,)), date(2026, 6, 8))
    assert (clock.state, clock.due_on, clock.light) == (ClockState.RUNS, date(2026, 6, 1), Light.RED)
    in_time = replace(late, began_on=date(2026, 5, 29))
    assert the("decision", replace(facts_of(FILED), stops=(in_time,)), date(2026, 6, 8)).state is ClockState.STANDS


def test_two_stops_that_overlap_are_counted_once() -> None:
    stop = Stop(StopCause.APPRAISAL, date(2026, 4, 11), date(2026, 5, 1), "decision")  # 10 days more than the hearing
    clock = the("decision", replace(facts_of(FILED, *HEARD), stops=(stop,)), date(2026, 5, 2))
    assert clock.due_on == date(2026, 6, 30)


def test_of_working_days_only_working_days_are_given_back() -> None:
    # penalty-61: Fri 9 Oct 2026: Sat 10 (worked), Mon 12 | stands 12 to 19 | 20, 21, 22, 23, 26
    stop = Stop(StopCause.PUBLIC_NOTICE, date(2026, 10, 12), date(2026, 10, 19), "service")
    facts = replace(facts_of(Fact(M.DECIDED, date(2026, 10, 9))), stops=(stop,))
    assert the("service", facts, date(2026, 10, 20)).due_on == date(2026, 10, 26)


def test_a_stop_of_one_measure_leaves_the_other_running() -> None:
    stop = Stop(StopCause.APPRAISAL, date(2026, 9, 10), date(2026, 9, 20), "seizure", "a")
    taken = (Fact(M.SEIZED, date(2026, 9, 3), "a"), Fact(M.SEIZED, date(2026, 9, 3), "b"))
    found = clocks(replace(facts_of(*taken), stops=(stop,)), date(2026, 9, 30))
    due = {clock.of: clock.due_on for clock in found if clock.name == "seizure"}
    assert due == {"a": date(2026, 10, 13), "b": date(2026, 10, 3)}  # coercion-25(3)


def test_a_last_day_that_a_paper_names_holds() -> None:
    taken = Fact(M.SEIZED, date(2026, 9, 3), "a", due_on=date(2026, 11, 2))  # coercion-25: extended by thirty days
    assert the("seizure", facts_of(taken), date(2026, 10, 20)).due_on == date(2026, 11, 2)
    put_off = Fact(M.FINE_DUE, date(2026, 1, 31), due_on=date(2026, 6, 30))  # penalty-66
    assert the("payment", facts_of(put_off), date(2026, 3, 1)).due_on == date(2026, 6, 30)


# --- how a clock ends ---


def test_what_was_done_in_time_is_met_and_what_was_late_stays_missed() -> None:
    begun = Fact(M.DECIDED, date(2025, 1, 24))  # penalty-61: until 10 February
    on = date(2025, 3, 3)
    met = the("service", facts_of(begun, Fact(M.DECISION_SERVED, date(2025, 2, 10))), on)
    missed = the("service", facts_of(begun, Fact(M.DECISION_SERVED, date(2025, 2, 11))), on)
    assert (met.state, missed.state) == (ClockState.MET, ClockState.MISSED)
    assert (met.light, missed.light) == (None, None)


def test_what_the_future_holds_ends_nothing_today() -> None:
    facts = facts_of(Fact(M.DECIDED, date(2025, 1, 24)), Fact(M.DECISION_SERVED, date(2025, 2, 10)))
    assert the("service", facts, date(2025, 2, 7)).state is ClockState.RUNS


def test_a_matter_that_was_withdrawn_owes_no_decision() -> None:
    ended = the("decision", facts_of(FILED, Fact(M.WITHDRAWN, date(2026, 4, 1))), date(2026, 8, 1))
    assert (ended.state, ended.ended_on) == (ClockState.CALLED_OFF, date(2026, 4, 1))


def test_a_party_keeps_its_time_to_go_against_a_case_that_is_closed() -> None:
    facts = facts_of(Fact(M.DECISION_SERVED, date(2026, 5, 6)), Fact(M.CLOSED, date(2026, 5, 8)))
    assert the("reconsideration", facts, date(2026, 6, 1)).state is ClockState.RUNS  # reconsideration-20
    assert the("suit", facts, date(2026, 6, 1)).state is ClockState.RUNS  # litigation-46


def test_a_hearing_asked_for_too_late_does_not_bring_the_right_back() -> None:
    offered = Fact(M.HEARING_OFFERED, date(2026, 2, 12))  # penalty-64: until 26 February
    late = the("hearing_request", facts_of(offered, Fact(M.HEARING_ASKED, date(2026, 2, 27), "h")), date(2026, 3, 2))
    assert late.state is ClockState.LAPSED


def test_no_court_is_asked_while_the_party_may_still_sue() -> None:
    served = (Fact(M.DECISION_SERVED, date(2025, 8, 15)), Fact(M.FINE_DUE, date(2025, 8, 15)))
    names = [clock.name for clock in clocks(facts_of(*served), date(2026, 2, 24))]
    assert "court_application" not in names  # coercion-53
    sued = facts_of(*served, Fact(M.SUIT_BROUGHT, date(2026, 1, 5)))
    assert "court_application" not in [clock.name for clock in clocks(sued, date(2026, 8, 1))]


def test_without_a_fine_there_is_nothing_to_ask_a_court_for() -> None:
    warned = facts_of(Fact(M.DECISION_SERVED, date(2025, 8, 15)))
    assert "court_application" not in [clock.name for clock in clocks(warned, date(2026, 4, 1))]


def test_against_a_decision_on_the_spot_reconsideration_comes_first() -> None:
    served = (Fact(M.DECISION_SERVED, date(2026, 4, 1)), Fact(M.FINE_DUE, date(2026, 4, 1)))
    found = {clock.name: clock for clock in clocks(facts_of(*served, procedure=Procedure.SIMPLE), date(2026, 6, 8))}
    assert "suit" not in found
    # reconsideration-20: 60 days end on Sun 31 May; coercion-53: three months from Mon 1 June
    assert found["reconsideration"].due_on == date(2026, 6, 1)
    assert found["court_application"].due_on == date(2026, 9, 1)


def test_a_payment_put_off_puts_the_court_off() -> None:
    served = (Fact(M.DECISION_SERVED, date(2025, 8, 15)), Fact(M.FINE_DUE, date(2025, 8, 15)))
    facts = facts_of(*served, Fact(M.PAYMENT_PUT_OFF_TO, date(2026, 3, 31)))
    clock = the("court_application", facts, date(2026, 4, 1))
    assert (clock.begins_on, clock.due_on) == (date(2026, 3, 31), date(2026, 6, 30))  # penalty-72(2)


def test_the_newest_notice_is_what_the_party_answers_to() -> None:
    served = (Fact(M.HEARING_OFFERED, date(2026, 3, 2)), Fact(M.HEARING_OFFERED, date(2026, 4, 13)))
    assert the("hearing_request", facts_of(*served), date(2026, 4, 14)).begins_on == date(2026, 4, 13)


def test_a_rule_holds_for_what_began_under_it() -> None:
    begun = Fact(M.DECIDED, date(2021, 7, 14))  # the law of 2021 came into force a day later
    assert clocks(facts_of(begun), date(2021, 7, 20)) == ()


# --- lights ---

TERM = facts_of(Fact(M.FILED, date(2026, 2, 20)))  # 90 days, until 21 May


@pytest.mark.parametrize(
    ("on", "light", "left"),
    [
        (date(2026, 2, 20), Light.GREEN, 90),
        (date(2026, 4, 5), Light.GREEN, 46),
        (date(2026, 4, 6), Light.YELLOW, 45),
        (date(2026, 5, 21), Light.YELLOW, 0),
        (date(2026, 5, 22), Light.RED, -1),
    ],
)
def test_green_until_half_is_gone_then_yellow_and_red_when_over(on: date, light: Light, left: int) -> None:
    clock = the("decision", TERM, on)
    assert (clock.light, clock.left) == (light, left)


def test_another_site_sees_red_before_the_end() -> None:
    ours = rules()
    theirs = ours.model_copy(update={"lights": ours.lights.model_copy(update={"yellow_from": 0.3, "red_from": 0.8})})
    lights = [
        next(clock.light for clock in clocks(TERM, on, theirs) if clock.name == "decision")
        for on in (date(2026, 3, 18), date(2026, 3, 19), date(2026, 5, 2), date(2026, 5, 3))
    ]
    assert lights == [Light.GREEN, Light.YELLOW, Light.YELLOW, Light.RED]


def test_days_off_do_not_bring_the_end_of_working_days_nearer() -> None:
    facts = facts_of(Fact(M.DECIDED, date(2026, 2, 12)))  # penalty-61: 13, 14 | 15-23 off | 24, 25, 26, 27, 28
    before, behind = the("service", facts, date(2026, 2, 14)), the("service", facts, date(2026, 2, 23))
    assert (before.left, before.light) == (behind.left, behind.light) == (5, Light.GREEN)


def test_what_is_over_since_a_weekend_is_over() -> None:
    facts = facts_of(Fact(M.DECIDED, date(2026, 11, 11)))  # until Fri 20
    clock = the("service", facts, date(2026, 11, 21))
    assert (clock.light, clock.left) == (Light.RED, -1)


def test_a_day_that_no_notice_speaks_of_yet_makes_the_end_provisional() -> None:
    settled = the("decision", TERM, date(2026, 3, 1))
    assumed = the("decision", facts_of(Fact(M.FILED, date(2026, 11, 10))), date(2026, 11, 23))
    assert not settled.provisional
    # 8 February 2027 lies in Spring Festival as the law fixes it, to 10 February; days worked instead are not known
    assert (assumed.provisional, assumed.due_on) == (True, date(2027, 2, 11))


@pytest.mark.parametrize(
    ("found", "put", "why"),
    [
        ('article = "penalty-60"', 'article = "penalty-6"', "cites penalty-6"),
        ("yellow_from = 0.5", "yellow_from = 1.0", "before red_from"),
        ('begins = "filed"', 'starts = "filed"', "starts"),
        ('begins_when_lapsed = ["suit', 'begins_when_lapsed = ["publication_withdrawal", "suit', "put it behind"),
        ('first = "hearing_asked", last = "hearing_ended"', 'first = "hearing_asked"', "`first` and `last`"),
    ],
    ids=["no_such_article", "no_room_for_yellow", "misspelt", "follows_on_a_later_one", "stops_for_ever"],
)
def test_rules_that_do_not_hold_together_are_refused(tmp_path: Path, found: str, put: str, why: str) -> None:
    text = RULES.read_text("utf-8")
    assert found in text
    (tmp_path / "clocks.toml").write_text(text.replace(found, put, 1), "utf-8")
    with pytest.raises(LawDataUnusable, match=why):
        read_rules(tmp_path / "clocks.toml")


@pytest.fixture
def as_it_was() -> Iterator[None]:
    yield
    use_rules_of(RULES.parent)


@pytest.mark.usefixtures("as_it_was")
def test_a_bureau_replaces_lengths_and_colours_by_its_own(tmp_path: Path) -> None:
    text = RULES.read_text("utf-8").replace("length = 90", "length = 60").replace('yellow = "amber"', 'yellow = "blue"')
    (tmp_path / "clocks.toml").write_text(text, "utf-8")
    use_rules_of(tmp_path)
    assert the("decision", TERM, date(2026, 3, 1)).due_on == date(2026, 4, 21)
    assert rules().lights.colours.yellow == "blue"


def test_own_rules_without_a_clock_that_gates_ask_for_are_refused(tmp_path: Path) -> None:
    (tmp_path / "clocks.toml").write_text(
        RULES.read_text("utf-8").replace('name = "payment"', 'name = "paying"'), "utf-8"
    )
    with pytest.raises(LawDataUnusable, match="lacks payment"):
        use_rules_of(tmp_path)
