"""Sufficiency: which parts of an offence's evidence set are there, and which are missing.

Pure: values in, findings out; the same facts always give the same list, in the same order. It weighs nothing: a
finding that is not ok is a thing to look at, and a person decides. The words, in Chinese and English and each with
its source, are in sufficiency_words.toml; the facts are gathered from rows in evidence/case_rows.py.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal

from models.enums import ClockMeasure, ClockSource, ExhibitKind, ExhibitMoment, Offence

LEAST_WIDTH_PX, LEAST_HEIGHT_PX = 1280, 720
STILLS_APART_S = 10.0
CLIP_LEAST_S = 10.0
CLOCK_ERROR_LIMIT_S = 1.0
PLATE_CONFIDENCE = 0.9  # below it a person confirms the plate
MOMENTS = (ExhibitMoment.ENTRY, ExhibitMoment.DWELL_COMPLETE, ExhibitMoment.GRACE_END)
SIGN_PAPER = "sign_photographed"
# Where no standard has been read: what the rules of the design look for, and art. 41 asks of every record.
# Code of the finding -> the moment and kind that it asks for.
PARTS_OF: Mapping[Offence, Mapping[str, tuple[ExhibitKind, ExhibitMoment]]] = {
    Offence.STREET_VENDING: {
        "still_began": (ExhibitKind.STILL, ExhibitMoment.ENTRY),
        "still_stayed": (ExhibitKind.STILL, ExhibitMoment.DWELL_COMPLETE),
        "still_warned": (ExhibitKind.STILL, ExhibitMoment.GRACE_END),
        "clip_began": (ExhibitKind.CLIP, ExhibitMoment.ENTRY),
        "clip_stayed": (ExhibitKind.CLIP, ExhibitMoment.DWELL_COMPLETE),
        "clip_warned": (ExhibitKind.CLIP, ExhibitMoment.GRACE_END),
    },
    Offence.DUMPING: {
        "still_before": (ExhibitKind.STILL, ExhibitMoment.BEFORE),
        "clip_act": (ExhibitKind.CLIP, ExhibitMoment.ENTRY),
        "still_act": (ExhibitKind.STILL, ExhibitMoment.ENTRY),
        "still_left_behind": (ExhibitKind.STILL, ExhibitMoment.DWELL_COMPLETE),
    },
}
# A file's own time says when it was copied, not when the street looked like that.
CLOCK_SOURCES_KNOWN = (*(source for source in ClockSource if source is not ClockSource.FILE_TIME), *ClockMeasure)

Language = Literal["zh", "en"]


@dataclass(frozen=True)
class ExhibitShown:
    """An exhibit as this check sees it. gaps_s: seconds known missing inside a clip, one number per gap.

    vehicle_whole: of a still, whether the picture's edge leaves the vehicle whole; None where nobody wrote it down.
    """

    kind: ExhibitKind
    moment: ExhibitMoment
    from_at: datetime
    to_at: datetime
    width: int | None = None
    height: int | None = None
    gaps_s: tuple[float, ...] = ()
    vehicle_whole: bool | None = None

    @property
    def length_s(self) -> float:
        return (self.to_at - self.from_at).total_seconds()

    def holds(self, at: datetime) -> bool:
        return self.from_at <= at <= self.to_at


@dataclass(frozen=True)
class SufficiencyFacts:
    """stream_*: the picture the camera delivers. clock_error_s: bound of the clock's error; None: never measured.
    clock_source: of a recording where its time comes from, of a live camera how its time was measured.
    gaps_s: seconds without a usable picture between first and last sighting, one number per gap. original_doubt: what
    speaks against the bytes of the recording it was seen in; None: nothing that is known.
    """

    offence: Offence
    exhibits: Sequence[ExhibitShown]
    stream_width: int | None
    stream_height: int | None
    clock_error_s: float | None
    clock_source: ClockSource | ClockMeasure | None
    missing_papers: Sequence[str]
    gaps_s: Sequence[float]
    plate: str | None
    plate_confidence: float | None
    plate_confirmed: bool = False
    original_doubt: str | None = None


@dataclass(frozen=True)
class Finding:
    """One part of the set. detail holds the plain values that its wording needs."""

    code: str
    ok: bool
    detail: Mapping[str, Any] = field(default_factory=dict)


def check(facts: SufficiencyFacts) -> list[Finding]:
    """Every part of the set, present or missing."""
    stills = {shown.moment: shown for shown in facts.exhibits if shown.kind is ExhibitKind.STILL}
    clips = [shown for shown in facts.exhibits if shown.kind is ExhibitKind.CLIP]
    if facts.offence in PARTS_OF:
        return [
            Finding("evidence_set", ok=False, detail={"offence": facts.offence.value}),
            *_parts(facts, stills, clips),
            _still_size(stills, facts),
            *_of_every_record(facts, clips),
        ]
    return [
        *(Finding(f"still_{moment.value}", ok=moment in stills) for moment in MOMENTS),
        _stills_apart(stills),
        _still_size(stills, facts),
        _vehicle_whole(stills),
        Finding("close_up", ok=any(shown.kind is ExhibitKind.CLOSE_UP for shown in facts.exhibits)),
        *(_clip_round(f"clip_{moment.value}", stills.get(moment), clips) for moment in MOMENTS),
        Finding("marking", ok=SIGN_PAPER not in facts.missing_papers),
        *_of_every_record(facts, clips),
        _plate(facts),
    ]


def _parts(
    facts: SufficiencyFacts, stills: Mapping[ExhibitMoment, ExhibitShown], clips: Sequence[ExhibitShown]
) -> list[Finding]:
    """The set of an offence for which no standard has been read."""
    return [
        Finding(code, ok=moment in stills)
        if kind is ExhibitKind.STILL
        else _clip_round(code, stills.get(moment), clips)
        for code, (kind, moment) in PARTS_OF[facts.offence].items()
    ]


def _of_every_record(facts: SufficiencyFacts, clips: Sequence[ExhibitShown]) -> list[Finding]:
    """What is asked of a record whatever it is about: a sound picture, unbroken, at a known time, lawfully made."""
    doubted = (
        [] if facts.original_doubt is None else [Finding("original", ok=False, detail={"why": facts.original_doubt})]
    )
    return [
        *doubted,
        _stream_size(facts),
        _gaps("gaps_in_clips", [gap for clip in clips for gap in clip.gaps_s]),
        _gaps("gaps_in_watching", facts.gaps_s),
        Finding(
            "clock_error",
            ok=facts.clock_error_s is not None and abs(facts.clock_error_s) <= CLOCK_ERROR_LIMIT_S,
            detail={"error_s": facts.clock_error_s, "limit_s": CLOCK_ERROR_LIMIT_S},
        ),
        Finding(
            "clock_source",
            ok=facts.clock_source in CLOCK_SOURCES_KNOWN,
            detail={"source": facts.clock_source.value if facts.clock_source else None},
        ),
        Finding("camera_papers", ok=not facts.missing_papers, detail={"missing": list(facts.missing_papers)}),
    ]


def _vehicle_whole(stills: Mapping[ExhibitMoment, ExhibitShown]) -> Finding:
    cut = [moment.value for moment, still in stills.items() if still.vehicle_whole is False]
    return Finding("vehicle_whole", ok=not cut, detail={"cut": cut})


def _stills_apart(stills: Mapping[ExhibitMoment, ExhibitShown]) -> Finding:
    entry, later = stills.get(ExhibitMoment.ENTRY), stills.get(ExhibitMoment.DWELL_COMPLETE)
    apart_s = (later.from_at - entry.from_at).total_seconds() if entry and later else None
    return Finding(
        "stills_apart",
        ok=apart_s is not None and apart_s >= STILLS_APART_S,
        detail={"apart_s": apart_s, "least_s": STILLS_APART_S},
    )


def _still_size(stills: Mapping[ExhibitMoment, ExhibitShown], facts: SufficiencyFacts) -> Finding:
    """As large as the standard asks, or as large as the stream allows where that is smaller."""
    least_width = min(LEAST_WIDTH_PX, facts.stream_width or LEAST_WIDTH_PX)
    least_height = min(LEAST_HEIGHT_PX, facts.stream_height or LEAST_HEIGHT_PX)
    small = [
        moment.value
        for moment, still in stills.items()
        if (still.width or 0) < least_width or (still.height or 0) < least_height
    ]
    return Finding(
        "still_size",
        ok=bool(stills) and not small,
        detail={"small": small, "least_width": least_width, "least_height": least_height},
    )


def _stream_size(facts: SufficiencyFacts) -> Finding:
    width, height = facts.stream_width, facts.stream_height
    return Finding(
        "stream_size",
        ok=width is not None and height is not None and width >= LEAST_WIDTH_PX and height >= LEAST_HEIGHT_PX,
        detail={"width": width, "height": height, "least_width": LEAST_WIDTH_PX, "least_height": LEAST_HEIGHT_PX},
    )


def _clip_round(code: str, still: ExhibitShown | None, clips: Sequence[ExhibitShown]) -> Finding:
    """A clip counts for the still it holds, whichever moment it was cut for."""
    lengths = [clip.length_s for clip in clips if still is not None and clip.holds(still.from_at)]
    longest_s = max(lengths, default=0.0)
    return Finding(
        code,
        ok=longest_s >= CLIP_LEAST_S,
        detail={"length_s": longest_s, "least_s": CLIP_LEAST_S},
    )


def _gaps(code: str, gaps_s: Sequence[float]) -> Finding:
    return Finding(code, ok=not gaps_s, detail={"gaps": len(gaps_s), "gap_s": round(sum(gaps_s), 3)})


def plate_is_sure(plate: str | None, confidence: float | None, *, confirmed: bool) -> bool:
    """Whether somebody may be written to, or spoken to, by this plate: a person confirmed it, or it was read so."""
    return plate is not None and (confirmed or (confidence or 0.0) >= PLATE_CONFIDENCE)


def _plate(facts: SufficiencyFacts) -> Finding:
    return Finding(
        "plate",
        ok=plate_is_sure(facts.plate, facts.plate_confidence, confirmed=facts.plate_confirmed),
        detail={"plate": facts.plate, "confidence": facts.plate_confidence, "least": PLATE_CONFIDENCE},
    )


@dataclass(frozen=True)
class Wording:
    """title: what is asked for. ok, missing: templates over Finding.detail. source: who asks for it."""

    title: str
    ok: str
    missing: str
    source: str


@cache
def _catalogue() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "sufficiency_words.toml").read_text("utf-8"))


def words(language: Language) -> dict[str, Wording]:
    """The words for every code."""
    return {code: Wording(**texts[language], source=texts["source"]) for code, texts in _catalogue()["finding"].items()}


def remedy_words(language: Language) -> dict[str, str]:
    """The words of evidence/remedies.py."""
    return {word: texts[language] for word, texts in _catalogue()["remedy"].items()}


def say(finding: Finding, language: Language) -> str:
    """One sentence: what is there, or what is missing and why."""
    wording = words(language)[finding.code]
    values = {name: _said(value, language) for name, value in finding.detail.items()}
    return (wording.ok if finding.ok else wording.missing).format(**values)


def _said(value: object, language: Language) -> str:
    """A value in a sentence; words of the closed lists are looked up, numbers are written without noise."""
    catalogue = _catalogue()
    if value is None:
        return str(catalogue["unknown"][language])
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    if isinstance(value, list):
        return str(catalogue["comma"][language]).join(_said(item, language) for item in value)
    text = str(value)
    return str(catalogue["term"].get(text, {}).get(language, text))
