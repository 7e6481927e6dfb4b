"""Reproduction: detector and rule once more on the clips of a bundle, and whether the same incident follows.

The road's own code looks again: sampler, detector, tracker, occupancy, dwell, the stop looked for in the packets. What
is said about the incident comes from the manifest; what is found is compared with it, point by point. The clips cover
the moments round entry, complete dwell and end of the grace and not the time between: that the dwell was complete can
be shown from them only as far as they reach, and the finding says how far that is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cases.timetable import covers
from detectors.appearance import Appearance
from detectors.frame import Frame
from detectors.geometry import Box, Polygon
from detectors.illegal_parking import IllegalParking
from detectors.look_region import look_regions
from detectors.occupancy import is_inside, share_inside
from detectors.rules import USUALLY_FOLLOWED
from detectors.sightings import Detector, Look, ObjectRole
from detectors.tracker import PLACE_IOU, SHOWN, SURE_IOU, Track, Tracker
from ingest.decoding import FrameDecoder
from ingest.errors import CannotReproduce
from ingest.look_back import LookBack
from ingest.packet_ring import PacketRing
from ingest.packet_source import StreamFacts, open_file
from ingest.sampler import Sampler, Sampling
from models.enums import ClockSource, ExhibitKind, ExhibitMoment, Offence, SightingKind

WHOLE_CLIP_S, WHOLE_CLIP_BYTES = 600.0, 1_000_000_000
LEAST_SHOWN = 0.5  # of the looks in which the manifest has it standing
NOT_EXPECTED = (SightingKind.HIDDEN, SightingKind.GAP, SightingKind.ABSENT)


@dataclass(frozen=True)
class ClipOfBundle:
    file: str
    path: Path
    moment: ExhibitMoment
    from_at: datetime


@dataclass(frozen=True)
class Claimed:
    """What the manifest says of the incident, as far as it can be looked for again."""

    box: Box
    first_seen_at: datetime
    stopped_at: datetime | None
    confirmed_at: datetime
    last_seen_at: datetime
    grace_ends_at: datetime | None
    left_at: datetime | None
    geofence_id: str
    polygon: Sequence[Sequence[float]]
    dwell_s: float
    roles: frozenset[ObjectRole]
    timetable: Sequence[Mapping[str, str]]
    timezone: str
    look_s: float
    model_name: str
    model_digest: str
    unseen: Sequence[tuple[datetime, datetime]]  # when it was hidden, absent or not looked at

    def in_force(self, at: datetime) -> bool:
        return covers(self.timetable, at.astimezone(ZoneInfo(self.timezone)))

    def expected(self, at: datetime) -> bool:
        """Whether a look at this moment has to show it standing."""
        until = self.left_at or self.last_seen_at
        stands = (self.stopped_at or self.first_seen_at) <= at <= until
        return stands and not any(from_at <= at <= to_at for from_at, to_at in self.unseen)


def claimed_by(manifest: Mapping[str, Any]) -> Claimed:
    """From a manifest that was verified. Raises CannotReproduce where it does not say what it was seen with."""
    incident, geofence = manifest["incident"], manifest["geofence"]
    seen = manifest["seen_with"] or manifest["analysis"] or {}
    model, look_s = seen.get("model"), seen.get("look_s")
    rule = geofence["offences"].get(Offence.ILLEGAL_PARKING.value)
    if incident["offence"] != Offence.ILLEGAL_PARKING or rule is None:
        raise CannotReproduce(f"there is no rule to run again for {incident['offence'].replace('_', ' ')}")
    if not model or not look_s:
        raise CannotReproduce("the manifest does not say with which weights and how often was looked")
    recording = manifest["recording"]
    guessed = recording is not None and recording["clock_source"] == ClockSource.FILE_TIME.value
    return Claimed(
        box=Box(*incident["box"]),
        first_seen_at=_at(incident["first_seen_at"]),
        stopped_at=_at_or_none(incident["stopped_at"]),
        confirmed_at=_at(incident["confirmed_at"]),
        last_seen_at=_at(incident["last_seen_at"]),
        grace_ends_at=_at_or_none(incident["grace_ends_at"]),
        left_at=_at_or_none(incident["left_at"]),
        geofence_id=geofence["id"],
        polygon=geofence["polygon"],
        dwell_s=float(rule["dwell_s"]),
        roles=frozenset(ObjectRole(role) for role in rule.get("roles", [ObjectRole.VEHICLE.value])),
        timetable=() if guessed else geofence["timetable"],  # as the analysis took it: the time is a guess
        timezone=manifest["camera"]["timezone"],
        look_s=float(look_s),
        model_name=model["name"],
        model_digest=model["digest"],
        unseen=[
            (_at(each["at"]) - timedelta(seconds=look_s), _at(each["until"] or each["at"]) + timedelta(seconds=look_s))
            for each in manifest["sightings"]
            if SightingKind(each["kind"]) in NOT_EXPECTED
        ],
    )


def clips_of(manifest: Mapping[str, Any], folder: Path) -> list[ClipOfBundle]:
    """The original clips that lie in `folder` under their names in the bundle, in the order of their time."""
    clips = [
        ClipOfBundle(each["file"], folder / each["file"], ExhibitMoment(each["moment"]), _at(each["from_at"]))
        for each in manifest["exhibits"]
        if each["kind"] == ExhibitKind.CLIP.value and (folder / each["file"]).is_file()
    ]
    return sorted(clips, key=lambda clip: (clip.from_at, clip.moment is not ExhibitMoment.ENTRY))


@dataclass(frozen=True)
class Finding:
    """One point of comparison. same: None where the clips can show neither. says: for people."""

    code: str
    same: bool | None
    says: str


@dataclass(frozen=True)
class ClipSeen:
    """looks: pictures looked at; expected: in which it has to stand; shown: of those, in which it was found."""

    file: str
    moment: ExhibitMoment
    looks: int
    expected: int
    shown: int
    least_iou: float | None  # of the found boxes with the box of the incident


@dataclass(frozen=True)
class Reproduction:
    clips: tuple[ClipSeen, ...]
    findings: tuple[Finding, ...]
    dwell_shown_s: float

    @property
    def same(self) -> bool:
        return all(finding.same is not False for finding in self.findings)


def reproduce(claimed: Claimed, clips: Sequence[ClipOfBundle], detector: Detector) -> Reproduction:
    """Looks again. Raises CannotReproduce where there is no clip, IngestError where one cannot be opened."""
    if not clips:
        raise CannotReproduce("the bundle holds no original clip to look at")
    again = _SecondLook(claimed, detector, clips[0].from_at)
    for clip in clips:
        again.watch(clip)
    return again.reproduction()


@dataclass(frozen=True)
class _Seen:
    """The vehicle at one look."""

    at: datetime
    clip: ClipOfBundle
    track: int | None
    shown: bool
    iou: float | None
    suspected: bool


@dataclass
class _SecondLook:
    """The road again from packets to dwell, one clip after the other; times are seconds since the first clip began."""

    claimed: Claimed
    detector: Detector
    began_at: datetime
    _tracker: Tracker = field(default_factory=Tracker)
    _rule: IllegalParking | None = None
    _size: tuple[int, int] | None = None
    _last_s: float | None = None
    _seen: list[_Seen] = field(default_factory=list)
    _place: Box | None = None
    _dwells_s: dict[str, float] = field(default_factory=dict)
    _stop: Finding | None = None
    _stood: tuple[Appearance, float] | None = None  # what it looks like, and since when it is known to stand

    @property
    def _sampling(self) -> Sampling:
        return Sampling(look_s=self.claimed.look_s)

    def watch(self, clip: ClipOfBundle) -> None:
        offset_s = (clip.from_at - self.began_at).total_seconds()

        def utc(media_s: float) -> datetime:
            return clip.from_at + timedelta(seconds=media_s)

        with open_file(clip.path) as source:
            rule, regions = self._fitted_to(source.facts)
            sampler = Sampler(FrameDecoder(source.facts, utc), self._sampling, float(1 / source.facts.frame_rate))
            ring = PacketRing(WHOLE_CLIP_S, WHOLE_CLIP_BYTES)
            frames: list[Frame] = []
            for packet in source.packets():
                ring.add(packet)
                frames += sampler.offer(packet)
            frames += sampler.finish()
            # clips overlap where two moments lie close together: what was seen is not looked at twice
            looks = [
                Look(replace(frame, media_s=frame.media_s + offset_s), regions)
                for frame in frames
                if self._last_s is None or frame.media_s + offset_s > self._last_s
            ]
            self._look(clip, rule, looks)
            if clip.moment is ExhibitMoment.ENTRY and self._stop is None:
                look_back = LookBack(ring, FrameDecoder(source.facts, utc))
                self._stop = self._stop_found(clip, look_back, offset_s)

    def reproduction(self) -> Reproduction:
        dwell_s = sum(self._dwells_s.values())
        findings = [
            self._there(),
            self._one_vehicle(),
            self._at_the_place(),
            self._rule_follows(),
            self._dwell(dwell_s),
            self._stop or Finding("stop", None, "no clip of the entry: when it stopped cannot be shown"),
            self._after_the_grace(),
        ]
        return Reproduction(tuple(self._clips()), tuple(findings), round(dwell_s, 3))

    def _fitted_to(self, facts: StreamFacts) -> tuple[IllegalParking, tuple[Box, ...]]:
        """Rule and regions for pictures of this size, as the camera worker fits them."""
        width, height = facts.width // 2 * 2, facts.height // 2 * 2
        polygon = Polygon.of_fractions(self.claimed.polygon, width, height)
        if self._rule is None or self._size is None:
            longest_s = self._sampling.longest_step_s
            claimed = self.claimed
            self._rule = IllegalParking(claimed.geofence_id, polygon, claimed.dwell_s, longest_s, claimed.roles)
        elif self._size != (width, height):
            self._tracker.rescale(width / self._size[0], height / self._size[1])
            self._rule.fence = polygon
        self._size = (width, height)
        return self._rule, look_regions([polygon], width, height)

    def _look(self, clip: ClipOfBundle, rule: IllegalParking, looks: list[Look]) -> None:
        if not looks:
            return
        first_s = looks[0].frame.media_s
        if self._last_s is not None and first_s - self._last_s > self._sampling.longest_step_s:
            self._tracker.gap(self._last_s, first_s, "between two clips")
        for look, detections in zip(looks, self.detector.detect(looks), strict=True):
            self._tracker.update(look, [each for each in detections if each.role in USUALLY_FOLLOWED])
            at_s, at = look.frame.media_s, look.frame.captured_at
            rule.update(self._tracker.tracks, at_s=at_s, in_force=self.claimed.in_force(at))
            self._last_s = at_s
            track = self._vehicle()
            if track is None or track.sightings[-1].at_s != at_s:
                self._seen.append(_Seen(at, clip, None, shown=False, iou=None, suspected=False))
                continue
            newest = track.sightings[-1]
            suspect = rule.suspects.get(track.id)
            shown = newest.kind in SHOWN
            iou = newest.box.iou(self.claimed.box) if newest.box is not None and shown else None
            self._seen.append(_Seen(at, clip, track.id, shown=shown, iou=iou, suspected=suspect is not None))
            if track.stands:
                self._place = track.place
            if suspect is not None:
                self._stood = self._stood or (track.appearance, suspect.from_s)
                self._dwells_s[f"{track.id}:{suspect.from_s}"] = rule.dwell(suspect).shown_s

    def _vehicle(self) -> Track | None:
        """What stands where the incident has it."""
        at_place = [track for track in self._tracker.tracks if track.place.iou(self.claimed.box) >= PLACE_IOU]
        return max(at_place, key=lambda track: track.place.iou(self.claimed.box), default=None)

    def _expected(self) -> list[_Seen]:
        return [seen for seen in self._seen if self.claimed.expected(seen.at)]

    def _clips(self) -> list[ClipSeen]:
        files = dict.fromkeys(seen.clip for seen in self._seen)
        return [self._clip(clip, [seen for seen in self._seen if seen.clip is clip]) for clip in files]

    def _clip(self, clip: ClipOfBundle, seen: list[_Seen]) -> ClipSeen:
        expected = [each for each in seen if self.claimed.expected(each.at)]
        ious = [each.iou for each in expected if each.iou is not None]
        shown = sum(each.shown for each in expected)
        return ClipSeen(clip.file, clip.moment, len(seen), len(expected), shown, round(min(ious), 3) if ious else None)

    def _there(self) -> Finding:
        counted = [(clip.file, clip.shown, clip.expected) for clip in self._clips() if clip.expected]
        told = "; ".join(f"{file}: in {shown} of {expected} looks" for file, shown, expected in counted)
        same = all(shown >= LEAST_SHOWN * expected for _, shown, expected in counted) if counted else None
        return Finding("there", same, f"a vehicle is found at the place ({told or 'no look falls into its stay'})")

    def _one_vehicle(self) -> Finding:
        tracks = {seen.track for seen in self._expected() if seen.shown}
        if not tracks:
            return Finding("one_vehicle", None, "no look shows it, so nothing is said about which vehicle it is")
        same = len(tracks) == 1
        told = "the same vehicle stands there in every clip" if same else f"{len(tracks)} vehicles follow each other"
        return Finding("one_vehicle", same, told)

    def _at_the_place(self) -> Finding:
        if self._place is None:
            return Finding("place", None, "nothing stands there, so there is no box to compare")
        iou = self._place.iou(self.claimed.box)
        found, claimed = self._place.as_list(), self.claimed.box.as_list()
        return Finding("place", iou >= SURE_IOU, f"box {found}, the incident says {claimed}: IoU {iou:.3f}")

    def _rule_follows(self) -> Finding:
        share = 0.0 if self._place is None or self._rule is None else share_inside(self._rule.fence, self._place)
        suspected = any(seen.suspected for seen in self._seen)
        same = suspected and is_inside(share, was_inside=False)
        told = "the dwell runs" if suspected else "no dwell runs"
        return Finding("rule", same, f"{share:.0%} of its ground contact lies in {self.claimed.geofence_id}; {told}")

    def _dwell(self, shown_s: float) -> Finding:
        needed_s = self.claimed.dwell_s
        told = f"the clips themselves show {shown_s:.1f} s of standing, {needed_s:.0f} s are needed"
        if shown_s >= needed_s:
            return Finding("dwell", same=True, says=told)
        return Finding("dwell", None, f"{told}; the rest rests on the sightings in the manifest")

    def _stop_found(self, clip: ClipOfBundle, look_back: LookBack, offset_s: float) -> Finding:
        claimed_at = self.claimed.stopped_at
        if self._stood is None:
            return Finding("stop", None, "nothing is found standing in the clip of the entry")
        appearance, from_s = self._stood
        stop = look_back.stop_moment(appearance, from_s - offset_s)
        if stop is None:
            told = "it stands there from the first picture of the clip on"
            if claimed_at is None:
                return Finding("stop", same=True, says=f"{told}, and the incident claims no stop")
            before = claimed_at <= clip.from_at
            return Finding("stop", None if before else False, f"{told}; the incident says {_told(claimed_at)}")
        found_at = clip.from_at + timedelta(seconds=stop.at_s)
        if claimed_at is None:
            return Finding("stop", same=False, says=f"it stopped at {_told(found_at)}; the incident claims no stop")
        apart_s = (found_at - claimed_at).total_seconds()
        same = abs(apart_s) <= self.claimed.look_s
        return Finding("stop", same, f"it stopped at {_told(found_at)}, {apart_s:+.2f} s from what the incident says")

    def _after_the_grace(self) -> Finding:
        ends_at = self.claimed.grace_ends_at
        after = [seen for seen in self._seen if ends_at is not None and seen.at >= ends_at]
        if not after or (self.claimed.left_at or self.claimed.last_seen_at) < after[0].at:
            return Finding("grace_end", None, "no clip shows a time after the grace in which it is said to be there")
        shown = [seen for seen in after if seen.shown]
        told = f"shown at {_told(shown[0].at)}, after its grace" if shown else "not shown after its grace"
        return Finding("grace_end", bool(shown), told)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _at_or_none(text: str | None) -> datetime | None:
    return None if text is None else _at(text)


def _told(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")
