"""Sufficiency as a table: the whole set is sufficient, and each thing taken away is named, alone."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from evidence.sufficiency import MOMENTS, PARTS_OF, ExhibitShown, SufficiencyFacts, check, say, words
from models.enums import ClockMeasure, ClockSource, ExhibitKind, ExhibitMoment, Offence

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
AT_S = {ExhibitMoment.ENTRY: 100.0, ExhibitMoment.DWELL_COMPLETE: 160.0, ExhibitMoment.GRACE_END: 760.0}
ENTRY, DWELL_COMPLETE, GRACE_END = MOMENTS


def shown(kind: ExhibitKind, moment: ExhibitMoment, from_s: float, to_s: float) -> ExhibitShown:
    return ExhibitShown(kind, moment, NOON + timedelta(seconds=from_s), NOON + timedelta(seconds=to_s), 1920, 1080)


def whole_set() -> list[ExhibitShown]:
    exhibits = [shown(ExhibitKind.CLOSE_UP, ExhibitMoment.SHARPEST, 120, 120)]
    for moment, at_s in AT_S.items():
        exhibits.append(shown(ExhibitKind.CLIP, moment, at_s - 5, at_s + 5))
        exhibits.append(shown(ExhibitKind.STILL, moment, at_s, at_s))
    return exhibits


FACTS = SufficiencyFacts(
    offence=Offence.ILLEGAL_PARKING,
    exhibits=whole_set(),
    stream_width=1920,
    stream_height=1080,
    clock_error_s=1.0,
    clock_source=ClockSource.CONTAINER,
    missing_papers=[],
    gaps_s=[],
    plate="浙J12345",
    plate_confidence=0.9,
)


def without(kind: ExhibitKind, moment: ExhibitMoment) -> list[ExhibitShown]:
    return [exhibit for exhibit in whole_set() if (exhibit.kind, exhibit.moment) != (kind, moment)]


def changed(
    kind: ExhibitKind, moment: ExhibitMoment, change: Callable[[ExhibitShown], ExhibitShown]
) -> SufficiencyFacts:
    return replace(
        FACTS,
        exhibits=[
            change(exhibit) if (exhibit.kind, exhibit.moment) == (kind, moment) else exhibit for exhibit in whole_set()
        ],
    )


def missing(facts: SufficiencyFacts) -> set[str]:
    return {finding.code for finding in check(facts) if not finding.ok}


PLACE = shown(ExhibitKind.STILL, ExhibitMoment.BEFORE, -3, 0)  # before the act
OTHERS = {code for parts in PARTS_OF.values() for code in parts}  # asked for of other offences


def test_the_whole_set_is_sufficient() -> None:
    assert missing(FACTS) == set()
    assert {finding.code for finding in check(FACTS)} == set(words("zh")) - {"evidence_set", "original"} - OTHERS


CASES = {
    "no_entry_still": (
        replace(FACTS, exhibits=without(ExhibitKind.STILL, ENTRY)),
        {"still_entry", "stills_apart", "clip_entry"},
    ),
    "no_grace_end_still": (
        replace(FACTS, exhibits=without(ExhibitKind.STILL, GRACE_END)),
        {"still_grace_end", "clip_grace_end"},
    ),
    "no_clip_at_entry": (replace(FACTS, exhibits=without(ExhibitKind.CLIP, ENTRY)), {"clip_entry"}),
    "no_close_up": (replace(FACTS, exhibits=without(ExhibitKind.CLOSE_UP, ExhibitMoment.SHARPEST)), {"close_up"}),
    "clip_a_millisecond_short": (
        changed(ExhibitKind.CLIP, ENTRY, lambda clip: replace(clip, to_at=clip.to_at - timedelta(milliseconds=1))),
        {"clip_entry"},
    ),
    "clip_does_not_hold_its_still": (
        changed(ExhibitKind.CLIP, GRACE_END, lambda clip: replace(clip, to_at=clip.from_at + timedelta(seconds=4))),
        {"clip_grace_end"},
    ),
    "stills_9.9_s_apart": (
        changed(
            ExhibitKind.STILL,
            ENTRY,
            lambda still: replace(
                still, from_at=NOON + timedelta(seconds=150.1), to_at=NOON + timedelta(seconds=150.1)
            ),
        ),
        {"stills_apart", "clip_entry"},
    ),
    "still_smaller_than_the_stream": (
        changed(ExhibitKind.STILL, ENTRY, lambda still: replace(still, width=640, height=360)),
        {"still_size"},
    ),
    "gap_in_a_clip": (changed(ExhibitKind.CLIP, ENTRY, lambda clip: replace(clip, gaps_s=(0.4,))), {"gaps_in_clips"}),
    "gap_in_the_watching": (replace(FACTS, gaps_s=[4.0]), {"gaps_in_watching"}),
    "clock_1.01_s_out": (replace(FACTS, clock_error_s=1.01), {"clock_error"}),
    "clock_never_measured": (replace(FACTS, clock_error_s=None), {"clock_error"}),
    "file_time": (replace(FACTS, clock_source=ClockSource.FILE_TIME), {"clock_source"}),
    "camera_that_does_not_say_its_time": (replace(FACTS, clock_source=ClockMeasure.ARRIVAL), set()),
    "camera_compared_by_rtcp": (replace(FACTS, clock_source=ClockMeasure.RTCP), set()),
    "nobody_said_how_it_was_measured": (replace(FACTS, clock_source=None), {"clock_source"}),
    "original_doubted": (replace(FACTS, original_doubt="its md5 is another"), {"original"}),
    "papers": (replace(FACTS, missing_papers=["announced"]), {"camera_papers"}),
    "no_plate": (replace(FACTS, plate=None, plate_confidence=None), {"plate"}),
    "plate_unsure": (replace(FACTS, plate_confidence=0.89), {"plate"}),
    "plate_confirmed": (replace(FACTS, plate_confidence=0.4, plate_confirmed=True), set()),
    "small_stream": (
        replace(
            FACTS,
            stream_width=640,
            stream_height=352,
            exhibits=[replace(exhibit, width=640, height=352) for exhibit in whole_set()],
        ),
        {"stream_size"},
    ),
    "nothing_at_all": (
        replace(FACTS, exhibits=[]),
        {
            *(f"still_{moment}" for moment in ("entry", "dwell_complete", "grace_end")),
            *(f"clip_{moment}" for moment in ("entry", "dwell_complete", "grace_end")),
            "stills_apart",
            "still_size",
            "close_up",
        },
    ),
    "cut_off_by_the_picture": (
        changed(ExhibitKind.STILL, GRACE_END, lambda still: replace(still, vehicle_whole=False)),
        {"vehicle_whole"},
    ),
    "no_photograph_of_the_sign": (
        replace(FACTS, missing_papers=["sign_photographed"]),
        {"camera_papers", "marking"},
    ),
    "dumping_with_everything": (
        replace(FACTS, offence=Offence.DUMPING, exhibits=[*whole_set(), PLACE]),
        {"evidence_set"},
    ),
    "dumping_without_the_act": (
        replace(FACTS, offence=Offence.DUMPING, exhibits=[*without(ExhibitKind.CLIP, ENTRY), PLACE]),
        {"evidence_set", "clip_act"},
    ),
    "dumping_without_the_place_before": (
        replace(FACTS, offence=Offence.DUMPING),
        {"evidence_set", "still_before"},
    ),
    "vending_with_everything": (replace(FACTS, offence=Offence.STREET_VENDING, plate=None), {"evidence_set"}),
    "vending_without_a_clip_of_the_stay": (
        replace(FACTS, offence=Offence.STREET_VENDING, exhibits=without(ExhibitKind.CLIP, DWELL_COMPLETE)),
        {"evidence_set", "clip_stayed"},
    ),
    "vending_not_shown_after_the_warnings": (
        replace(FACTS, offence=Offence.STREET_VENDING, exhibits=without(ExhibitKind.STILL, GRACE_END)),
        {"evidence_set", "still_warned", "clip_warned"},
    ),
}


@pytest.mark.parametrize(("facts", "expected"), CASES.values(), ids=CASES.keys())
def test_what_is_missing_is_named_and_nothing_else(facts: SufficiencyFacts, expected: set[str]) -> None:
    assert missing(facts) == expected


def test_a_longer_clip_counts_for_the_still_of_another_moment() -> None:
    long = shown(ExhibitKind.CLIP, DWELL_COMPLETE, 90, 800)
    stills = [exhibit for exhibit in whole_set() if exhibit.kind is not ExhibitKind.CLIP]
    assert missing(replace(FACTS, exhibits=[*stills, long])) == set()


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("facts", [FACTS, *(facts for facts, _ in CASES.values())], ids=["whole", *CASES])
def test_every_finding_has_its_sentence_with_the_values_in_it(facts: SufficiencyFacts, language) -> None:
    for finding in check(facts):
        sentence = say(finding, language)
        assert sentence
        assert not set("{}") & set(sentence)
        assert "None" not in sentence


def test_the_words_exist_in_both_languages_and_name_their_source() -> None:
    zh, en = words("zh"), words("en")
    assert zh.keys() == en.keys()
    for code in zh:
        assert zh[code].source == en[code].source != ""
        assert all(
            any("\u4e00" <= letter <= "\u9fff" for letter in text) for text in (zh[code].title, zh[code].missing)
        )


def test_numbers_are_said_without_noise() -> None:
    (finding,) = [f for f in check(replace(FACTS, clock_error_s=1.2300001)) if f.code == "clock_error"]
    assert say(finding, "en") == "the clock's error is 1.23 (s); it is to be measured and at most 1 s"
    (papers,) = [f for f in check(replace(FACTS, missing_papers=["announced", "verification"])) if not f.ok]
    assert "设置地点公告、检定（有效期内）" in say(papers, "zh")
