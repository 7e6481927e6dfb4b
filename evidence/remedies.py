"""Remedies: whether a missing part of the evidence set can still be had, and from where.

Pure: a finding of evidence/sufficiency.py and the chances there are at one moment go in, one word comes out. It takes
nothing itself: the camera worker cuts from the ring, a person analyses a recording again or goes there.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from evidence.sufficiency import Finding, Language, remedy_words
from models.enums import IncidentState

RUNNING = (IncidentState.OBSERVED, IncidentState.NOTIFIED)
OF_THE_END = ("still_grace_end", "clip_grace_end", "still_warned", "clip_warned")
OF_THE_DWELL = (
    "still_dwell_complete",
    "clip_dwell_complete",
    "stills_apart",
    "still_stayed",
    "clip_stayed",
    "still_left_behind",
)
OF_THE_BEGINNING = ("still_entry", "clip_entry", "still_began", "clip_began", "clip_act", "still_act", "still_before")
# a second view of the thing itself, whenever it is taken
OF_THE_THING = ("close_up", "still_size", "stream_size", "vehicle_whole")
OF_PAPER = ("evidence_set", "original", "clock_error", "clock_source", "camera_papers")
WHOLE_AGAIN = ("gaps_in_clips",)


class Remedy(StrEnum):
    COMING = "coming"  # the program takes it by itself at the end of the grace
    RING = "ring"  # the seconds are still in the ring
    RECORDING = "recording"  # the recording is still there
    DESK = "desk"  # a person at the desk looks it up, enters it, confirms it
    ON_THE_SPOT = "on_the_spot"  # only by a person who goes there
    NO_LONGER = "no_longer"


@dataclass(frozen=True)
class Chances:
    """What can still be had at the moment `at`.

    ring_s: seconds that the camera's ring holds; 0 where it is a recording. recording_kept: whether the recording it
    was seen in is still there. plate: what was read, sure or not.
    """

    at: datetime
    state: IncidentState
    began_at: datetime
    confirmed_at: datetime
    grace_ends_at: datetime | None
    left_at: datetime | None
    ring_s: float
    recording_kept: bool
    plate: str | None

    def in_ring(self, moment: datetime | None) -> bool:
        return moment is not None and timedelta(0) <= self.at - moment <= timedelta(seconds=self.ring_s)

    @property
    def still_running(self) -> bool:
        return self.state in RUNNING and (self.grace_ends_at is None or self.at <= self.grace_ends_at)

    @property
    def may_be_there(self) -> bool:
        """Nobody has shown that it left."""
        return self.left_at is None


def remedy(finding: Finding, chances: Chances) -> Remedy | None:
    """None for a part that is there."""
    if finding.ok:
        return None
    code, moment = finding.code, _moment(finding, chances)
    shown_again = moment is not None or code in WHOLE_AGAIN or code == "close_up"
    # a sign stands there after the vehicle has gone, though what it says of that day is another question
    there = chances.may_be_there or code == "marking"
    had_from = (
        (Remedy.DESK, code in OF_PAPER or (code == "plate" and chances.plate is not None)),
        (Remedy.COMING, code in OF_THE_END and chances.still_running and chances.may_be_there),
        (Remedy.RING, chances.in_ring(moment)),
        (Remedy.RECORDING, chances.recording_kept and shown_again),
        (Remedy.ON_THE_SPOT, there and code in (*OF_THE_END, *OF_THE_THING, "plate", "marking")),
    )
    return next((word for word, is_so in had_from if is_so), Remedy.NO_LONGER)


def say(word: Remedy, language: Language) -> str:
    return remedy_words(language)[word.value]


def _moment(finding: Finding, chances: Chances) -> datetime | None:
    """The moment in the street that the missing part would show, where it would show one."""
    if finding.detail.get("apart_s") is not None:
        return None  # both stills are there, and were taken when they mattered
    if finding.code in OF_THE_BEGINNING:
        return chances.began_at
    if finding.code in OF_THE_DWELL:
        return chances.confirmed_at
    return chances.grace_ends_at if finding.code in OF_THE_END else None
