"""Whether a missing part can still be had: a table of moments, and no promise that nobody could keep."""

from dataclasses import replace
from datetime import timedelta

import pytest

from evidence.remedies import Chances, Remedy, remedy, say
from evidence.sufficiency import PARTS_OF, Finding, words
from models.enums import IncidentState
from tests.rows import after

LIVE = Chances(
    at=after(75),
    state=IncidentState.NOTIFIED,
    began_at=after(12),
    confirmed_at=after(72),
    grace_ends_at=after(672),
    left_at=None,
    ring_s=10.0,
    recording_kept=False,
    plate=None,
)
WAITING = replace(LIVE, at=after(7200), state=IncidentState.DRAFTED)
RECORDED = replace(WAITING, ring_s=0.0, recording_kept=True)
LEFT = replace(WAITING, state=IncidentState.RESOLVED, left_at=after(300))

CASES = {
    "grace_still_runs": ("still_grace_end", LIVE, Remedy.COMING),
    "warnings_still_run": ("clip_warned", LIVE, Remedy.COMING),
    "left_before_the_end": ("still_grace_end", replace(LIVE, left_at=after(74)), Remedy.NO_LONGER),
    "just_in_the_ring": ("clip_dwell_complete", LIVE, Remedy.RING),
    "out_of_the_ring": ("clip_entry", LIVE, Remedy.NO_LONGER),
    "out_of_the_ring_later": ("clip_dwell_complete", replace(LIVE, at=after(82.1)), Remedy.NO_LONGER),
    "recording_kept": ("clip_entry", RECORDED, Remedy.RECORDING),
    "recording_deleted": ("clip_entry", replace(RECORDED, recording_kept=False), Remedy.NO_LONGER),
    "grace_over_in_the_recording": ("still_grace_end", RECORDED, Remedy.RECORDING),
    "grace_over_and_perhaps_there": ("still_grace_end", WAITING, Remedy.ON_THE_SPOT),
    "grace_over_and_gone": ("still_grace_end", LEFT, Remedy.NO_LONGER),
    "gap_in_a_clip_of_a_recording": ("gaps_in_clips", RECORDED, Remedy.RECORDING),
    "gap_in_the_watching": ("gaps_in_watching", RECORDED, Remedy.NO_LONGER),
    "close_up_of_a_recording": ("close_up", RECORDED, Remedy.RECORDING),
    "close_up_live": ("close_up", WAITING, Remedy.ON_THE_SPOT),
    "close_up_gone": ("close_up", LEFT, Remedy.NO_LONGER),
    "small_picture": ("stream_size", WAITING, Remedy.ON_THE_SPOT),
    "plate_read_but_unsure": ("plate", replace(LEFT, plate="浙J12345"), Remedy.DESK),
    "no_plate_and_perhaps_there": ("plate", WAITING, Remedy.ON_THE_SPOT),
    "no_plate_and_gone": ("plate", LEFT, Remedy.NO_LONGER),
    "papers": ("camera_papers", LEFT, Remedy.DESK),
    "sign_not_photographed": ("marking", LEFT, Remedy.ON_THE_SPOT),
}


@pytest.mark.parametrize(("code", "chances", "expected"), CASES.values(), ids=CASES.keys())
def test_what_is_missing_can_be_had_from_there_or_not_at_all(code: str, chances: Chances, expected: Remedy) -> None:
    assert remedy(Finding(code, ok=False), chances) is expected


def test_stills_that_are_there_and_too_close_stay_too_close() -> None:
    assert remedy(Finding("stills_apart", ok=False, detail={"apart_s": 5.0}), RECORDED) is Remedy.NO_LONGER
    assert remedy(Finding("stills_apart", ok=False, detail={"apart_s": None}), RECORDED) is Remedy.RECORDING


def test_what_is_there_needs_no_remedy() -> None:
    assert all(remedy(Finding(code, ok=True), LIVE) is None for code in words("zh"))


@pytest.mark.parametrize("code", sorted(words("zh")))
def test_nothing_comes_by_itself_after_the_vehicle_has_gone(code: str) -> None:
    later = replace(LIVE, at=LIVE.at + timedelta(days=1), left_at=after(90), state=IncidentState.RESOLVED)
    assert remedy(Finding(code, ok=False), later) in {Remedy.DESK, Remedy.ON_THE_SPOT, Remedy.NO_LONGER}


def test_every_code_of_another_offence_has_a_moment_to_be_had_from() -> None:
    for parts in PARTS_OF.values():
        for code in parts:
            assert remedy(Finding(code, ok=False), RECORDED) is Remedy.RECORDING, code


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_remedy_has_its_words(language) -> None:
    assert len({say(word, language) for word in Remedy}) == len(Remedy)
