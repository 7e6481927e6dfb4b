"""Discretion: which band follows from which facts, and what never follows by itself."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.law import proposal_words
from cases.law.discretion import (
    Circumstances,
    Fact,
    Pointer,
    PointsAt,
    Prior,
    Proposal,
    Sense,
    departs,
    outside,
    propose,
    raises,
)
from cases.law.import_law import starting_catalogue
from cases.law.items import LawItem, Subject
from models.enums import OutcomeKind, SpareGround

ITEMS = {item.code: item for item in starting_catalogue().items}
PARKING = ITEMS["03.01.001"]
DAY = date(2026, 3, 2)
EVENT = (Pointer(PointsAt.EVENT, "7"),)


def known(**differs: Any) -> Circumstances:
    facts: dict[str, Any] = {name: Fact(value, EVENT) if name in FACTS else value for name, value in differs.items()}
    return Circumstances(conduct_on=DAY, **facts)


FACTS = {"subject", "corrected", "slight", "harm", "no_fault", "under_14", "not_accountable", "limitation_over"}


def prior(days: int, code: str = PARKING.code) -> Prior:
    return Prior(f"file-{days}", code, DAY - timedelta(days=days))


@pytest.mark.parametrize(
    ("facts", "outcome", "band"),
    [
        ({}, OutcomeKind.FINE, "usual"),
        ({"corrected": True, "harm": "slight", "slight": False, "priors": (prior(3),)}, OutcomeKind.FINE, "usual"),
        ({"corrected": False, "harm": "slight"}, OutcomeKind.FINE, "usual"),
        ({"priors": (prior(1), prior(2))}, OutcomeKind.FINE, "usual"),
        ({"present": {"fire_lane": EVENT}}, OutcomeKind.FINE, "usual"),
        ({"harm": "serious", "corrected": False}, OutcomeKind.FINE, "usual"),
    ],
    ids=["nothing_known", "corrected_again", "not_corrected", "two_priors", "fire_lane", "serious"],
)
def test_what_follows_by_itself(facts: dict[str, Any], outcome: OutcomeKind, band: str) -> None:
    proposal = propose(PARKING, known(**facts))
    assert (proposal.outcome, proposal.band) == (outcome, band)


@pytest.mark.parametrize(
    ("facts", "ground", "must"),
    [
        ({"corrected": True, "slight": True, "harm": "none"}, SpareGround.SLIGHT_AND_CORRECTED, True),
        ({"corrected": True, "harm": "slight"}, SpareGround.FIRST_AND_CORRECTED, False),
        ({"corrected": True, "harm": "slight", "priors": (prior(400),)}, SpareGround.FIRST_AND_CORRECTED, False),
        (
            {"corrected": True, "harm": "slight", "priors": (prior(3, "01.02.001"),)},
            SpareGround.FIRST_AND_CORRECTED,
            False,
        ),
        ({"no_fault": True}, SpareGround.NO_FAULT, True),
        ({"under_14": True}, SpareGround.UNDER_AGE, True),
        ({"not_accountable": True}, SpareGround.NOT_ACCOUNTABLE, True),
        ({"limitation_over": True, "corrected": True, "slight": True, "harm": "none"}, SpareGround.LIMITATION, True),
    ],
    ids=[
        "art33_slight",
        "art33_first",
        "prior_before_the_look_back",
        "prior_for_something_else",
        "art33_no_fault",
        "art30",
        "art31",
        "art36_first",
    ],
)
def test_no_penalty_is_proposed_on_its_ground(facts: dict[str, Any], ground: SpareGround, must: bool) -> None:
    proposal = propose(PARKING, known(**facts))
    assert (proposal.outcome, proposal.spare_ground, proposal.spare_must) == (OutcomeKind.NO_PENALTY, ground, must)
    first = proposal.reasons[0]
    assert first.sense is Sense.SPARES
    assert first.points_at[0].at is PointsAt.ARTICLE
    assert Pointer(PointsAt.EVENT, "7") in first.points_at


def test_priors_are_shown_as_a_band_above_that_a_person_may_choose() -> None:
    proposal = propose(PARKING, known(priors=(prior(2), prior(365), prior(366))))
    (heavier,) = proposal.heavier
    assert (heavier.band, proposal.band) == ("repeated", "usual")
    (why,) = heavier.reasons
    assert why.sense is Sense.HEAVIER
    assert [pointer.name for pointer in why.points_at if pointer.at is PointsAt.FILE] == ["file-2", "file-365"]


def test_where_only_a_heavier_band_is_published_nothing_follows_and_a_person_chooses() -> None:
    only = PARKING.model_copy(update={"band": tuple(band for band in PARKING.band if band.code == "repeated")})
    proposal = propose(only, known(priors=(prior(2), prior(9))))
    assert (proposal.outcome, proposal.band, proposal.fine_fen) == (None, None, None)
    assert [each.band for each in proposal.heavier] == ["repeated"]
    assert proposal.reasons[0].code == "no_band_follows"


def test_what_could_make_it_lighter_is_to_be_found_out() -> None:
    assert propose(PARKING, known()).to_find_out == ("corrected", "harm", "slight")
    assert propose(PARKING, known(corrected=False)).to_find_out == ()
    household = ITEMS["01.02.003"]
    assert "subject" in propose(household, known()).to_find_out
    assert propose(household, known()).subject is Subject.CITIZEN, "meanwhile the lower limits"
    company = propose(household, known(subject=Subject.ORGANISATION))
    assert (company.band, company.fine_fen) == ("usual_organisation", 5_000_000)


def test_a_milder_circumstance_is_a_reason_with_its_article_and_a_heavier_one_without_a_band_adds_nothing() -> None:
    proposal = propose(PARKING, known(present={"harm_removed": EVENT}))
    lighter = next(reason for reason in proposal.reasons if reason.code == "weighs_lighter")
    assert lighter.points_at == (Pointer(PointsAt.ARTICLE, "penalty-32"), *EVENT)
    bare = PARKING.model_copy(update={"band": tuple(band for band in PARKING.band if band.code != "fire_lane")})
    proposal = propose(bare, known(present={"fire_lane": EVENT}))
    assert proposal.band == "usual"
    assert proposal.heavier == ()
    assert any(reason.code == "weighs_heavier" for reason in proposal.reasons)


@pytest.mark.parametrize(
    ("outcome", "fen", "why"),
    [
        (OutcomeKind.FINE, 0, "outside_the_limits"),
        (OutcomeKind.FINE, 1_999, "below_the_limits"),
        (OutcomeKind.FINE, 2_000, None),
        (OutcomeKind.FINE, 20_000, None),
        (OutcomeKind.FINE, 20_001, "outside_the_limits"),
        (OutcomeKind.FINE, None, "outside_the_limits"),
        (OutcomeKind.WARNING, None, None),
    ],
)
def test_limits_are_kept_to_the_fen(outcome: OutcomeKind, fen: int | None, why: str | None) -> None:
    assert outside(PARKING, outcome, fen, Subject.CITIZEN) == why
    assert outside(ITEMS["01.01.001"], OutcomeKind.WARNING, None, Subject.CITIZEN) == "no_warning_here"


def test_within_the_proposed_band_nobody_departs_and_above_it_everybody_does() -> None:
    proposal = propose(PARKING, known())
    assert not departs(proposal, OutcomeKind.FINE, "usual", 5_000)
    assert not departs(proposal, OutcomeKind.FINE, "usual", 10_000)
    assert departs(proposal, OutcomeKind.FINE, "usual", 10_001)
    assert departs(proposal, OutcomeKind.FINE, "repeated", 10_000)
    assert departs(proposal, OutcomeKind.WARNING, "warned", None)


FACT_VALUES = st.fixed_dictionaries(
    {
        "corrected": st.sampled_from([None, True, False]),
        "slight": st.sampled_from([None, True, False]),
        "harm": st.sampled_from([None, "none", "slight", "serious"]),
        "no_fault": st.sampled_from([None, True]),
        "subject": st.sampled_from([None, *Subject]),
    }
)
CASES = st.builds(
    lambda facts, priors, warnings, present: replace(
        known(**facts),
        priors=tuple(Prior(f"f{n}", code, DAY - timedelta(days=days)) for n, (days, code) in enumerate(priors)),
        warnings=warnings,
        present=dict.fromkeys(present, EVENT),
    ),
    FACT_VALUES,
    st.lists(st.tuples(st.integers(0, 800), st.sampled_from(sorted(ITEMS))), max_size=4),
    st.integers(0, 3),
    st.sets(st.sampled_from(["fire_lane", "blocks_the_way", "harm_removed", "coerced"])),
)
SOME_ITEM = st.sampled_from(sorted(ITEMS)).map(ITEMS.__getitem__)


def heaviness(proposal: Proposal) -> tuple[int, int]:
    if proposal.outcome is None:
        return (-1, 0)  # nothing is proposed at all
    order = (OutcomeKind.NO_PENALTY, OutcomeKind.WARNING, OutcomeKind.FINE)
    return order.index(proposal.outcome), proposal.fine_max_fen or 0


@given(SOME_ITEM, CASES)
def test_no_fine_is_proposed_outside_the_limits_of_the_clause(item: LawItem, case: Circumstances) -> None:
    proposal = propose(item, case)
    for low, high, kind in (
        (proposal.fine_min_fen, proposal.fine_max_fen, proposal.outcome),
        *((each.fine_min_fen, each.fine_max_fen, each.outcome) for each in proposal.heavier),
    ):
        for fen in (low, high):
            if kind is OutcomeKind.FINE:
                assert outside(item, kind, fen, proposal.subject) is None
            else:
                assert fen is None


@given(SOME_ITEM, CASES)
def test_no_prior_no_warning_and_no_circumstance_ever_raises_what_is_proposed_above_the_plain_case(
    item: LawItem, case: Circumstances
) -> None:
    """The plain case: as if nothing that can aggravate were there, and nothing that can spare were known."""
    proposal = propose(item, case)
    plain = propose(item, Circumstances(conduct_on=DAY, subject=case.subject))
    assert heaviness(proposal) <= max(heaviness(plain), (0, 0))
    band = item.band_named(proposal.band or "")
    assert band is None or not any(raises(condition, item) for condition in band.conditions)


@given(SOME_ITEM, CASES, st.integers(1, 9))
def test_a_defence_changes_nothing_but_what_is_said_of_it(item: LawItem, case: Circumstances, points: int) -> None:
    before, after = propose(item, case), propose(item, replace(case, defences=points))
    added = [reason for reason in after.reasons if reason not in before.reasons]
    assert all(reason.code == "defence_weighs_nothing" for reason in added)
    assert replace(after, reasons=before.reasons) == before


@given(SOME_ITEM, CASES)
def test_every_reason_points_at_something_and_can_be_said_in_both_languages(item: LawItem, case: Circumstances) -> None:
    proposal = propose(item, replace(case, defences=2))
    reasons = [*proposal.reasons, *(reason for each in proposal.heavier for reason in each.reasons)]
    assert reasons
    for reason in reasons:
        assert reason.points_at, reason
        for language in ("zh", "en"):
            assert proposal_words.sentence(reason, item, "zh" if language == "zh" else "en")
    for code in proposal.to_find_out:
        assert proposal_words.to_find_out(code, "en")
