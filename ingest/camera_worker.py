"""The camera worker: the spine. Read it first, and a frame can be followed from the camera to a draft case.

packet → timeline and ring → frame → detections → tracks → occupancy → dwell → violation → clip cut → sealed →
incident opened → left in time, or grace over → draft. A person decides from there.

Recordings and live cameras come through here alike; the worker knows packets and media seconds, and nothing of where
they come from, or in which thread the detector looks.
"""

import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from cases.escalation import LookWanted
from detectors.dumping import Dumping
from detectors.frame import Frame
from detectors.geometry import Box
from detectors.left_objects import LEFT_OBJECT, LeftObjects
from detectors.look_region import look_regions
from detectors.occupancy import share_inside
from detectors.rules import USUALLY_FOLLOWED, Rule, Suspect
from detectors.sightings import Detection, Look, ObjectRole, Sighting
from detectors.stop_moment import Shown
from detectors.tracker import SHOWN, Track, Tracker
from detectors.unchanged import SeenBefore
from evidence.sealing import PendingExhibit
from ingest.act_look import ActSeen, Find, look_for_act, settled_s
from ingest.camera_memory import CameraMemory, StayMemory, SuspectMemory
from ingest.clip_cut import ClipRange, clip_range
from ingest.decoding import FrameDecoder
from ingest.errors import CutFailed
from ingest.exhibits import ExhibitMaker
from ingest.fences import FenceInForce
from ingest.look_back import Leaving, LookBack
from ingest.packet_ring import PacketRing
from ingest.packet_source import Stream, StreamFacts, TimedPacket
from ingest.plate_look import PlateSeen, look_for_plate
from ingest.sampler import Sampler, Sampling
from ingest.sub_sweep import FrameOfSub, SubSweep, in_main
from ingest.witness import Witness
from models.enums import ExhibitMoment, Offence, SightingKind

log = logging.getLogger(__name__)

PRE_ROLL_S, POST_ROLL_S = 5.0, 6.0  # round a still: a clip of ten seconds and a little more (GA/T 832-2014 practice)
# a look each 2 s: ten minutes are remembered of what stands, and of a dwell that is not complete six hours
LOOKS_REMEMBERED, LOOKS_ALWAYS_NEEDED = 300, 10_800
GAPS_REMEMBERED = 1000
BEARS_PLATE = frozenset({ObjectRole.VEHICLE, ObjectRole.TWO_WHEELER})
SUSPICION_S = 6.0  # a stop this long is looked into: when did it begin, and keep the packets of it

ACT_WAITS_S = 18.0  # an act this old is looked into though somebody still stands by: its packets will not wait

StayKey = tuple[str, Offence, int]  # geofence, offence, number of the suspect


@dataclass(frozen=True)
class DueCut:
    """A clip that waits for its last seconds to arrive."""

    moment: ExhibitMoment
    still: Frame | float  # the look that matters, or the second at which the past is to be looked up
    from_s: float
    to_s: float
    ends_grace: bool = False  # where there is none

    @property
    def at_s(self) -> float:
        return self.still.media_s if isinstance(self.still, Frame) else self.still


@dataclass(frozen=True)
class HeldMoment:
    """Packets and picture of a moment, all of one stream, and who makes exhibits of them."""

    clip: ClipRange
    still: Frame | float
    box: Box
    maker: ExhibitMaker


@dataclass
class Stay:
    """One thing's stay in one geofence: from suspicion to its end, with what is still to be done about it."""

    rule: Rule
    fence: FenceInForce
    suspect: Suspect
    entry: HeldMoment | None = None  # held until it is known whether the stop matters
    due: list[DueCut] = field(default_factory=list)
    incident_id: uuid.UUID | None = None
    grace_ends_s: float | None = None
    drafted: bool = False
    plate_sought: bool = False  # it is on record, or nobody goes nearer for it
    act: ActSeen | None = None  # of what was left by somebody, once that is found


@dataclass(frozen=True)
class Unread:
    """A vehicle of an incident whose plate no picture has shown. place: in fractions of the picture."""

    incident_id: uuid.UUID
    place: Box


@dataclass
class WorkerCounts:
    looks: int = 0
    frames_decoded: int = 0
    packets_refused: int = 0
    gaps: list[tuple[float, float, str]] = field(default_factory=list)


class CameraWorker:
    """Watches one view with the fences that are bound to it. Not for two threads.

    `connected`, then `take` for every packet and `take_in` for every look when its detections are there; a stream
    that was lost may be followed by another. `end` where nothing follows.
    """

    def __init__(
        self,
        fences: Sequence[FenceInForce],
        witness: Witness,
        *,
        sampling: Sampling,
        ring: PacketRing,
        find: Find = lambda looks: [[] for _ in looks],
    ) -> None:
        """find: shows pictures of the past to the detector at once."""
        self._fences, self._witness, self._sampling, self._ring = fences, witness, sampling, ring
        self._find, self._tracker, self._left = find, Tracker(), LeftObjects()
        self._rules: list[tuple[FenceInForce, Rule]] = []
        self._roles: frozenset[ObjectRole] = USUALLY_FOLLOWED
        self._regions: tuple[Box, ...] = ()
        self._size: tuple[int, int] | None = None
        self._stream: Stream | None = None
        self._small: SubSweep | None = None  # where looks are made of the camera's small stream
        self._awaits_keyframe = False
        self._last_look_s: float | None = None
        self._idle_since_look = False  # nothing that matters was in it
        self._before: SeenBefore | None = None  # the last look that the detector was asked about
        self._gaps_to_note: list[tuple[float, float, str]] = []
        self._stays: dict[StayKey, Stay] = {}
        self.counts = WorkerCounts()

    def connected(self, stream: Stream, source_sha256: str | None = None) -> None:
        """Packets of this stream follow. What stands goes on standing, whatever size its picture has now."""
        self._stream, self._small, self._awaits_keyframe = stream, None, False
        facts, utc = stream.facts, self._witness.utc
        self._frame_s = float(1 / facts.frame_rate)
        self._sweep_decoder, self._past_decoder = FrameDecoder(facts, utc), FrameDecoder(facts, utc)
        self._sampler = Sampler(self._sweep_decoder, self._sampling, self._frame_s)
        self._look_back = LookBack(self._ring, self._past_decoder)
        self._exhibits = ExhibitMaker(stream, self._past_decoder, self._witness.vault, utc, source_sha256)
        self._fit_to(facts.width // 2 * 2, facts.height // 2 * 2)

    def _fit_to(self, width: int, height: int) -> None:
        if self._size == (width, height):
            return
        polygons = [fence.ground(width, height) for fence in self._fences]
        self._regions = look_regions(polygons, width, height)
        if self._size is None:
            longest_s = self._sampling.longest_step_s
            self._rules = [
                (fence, fence.rule(polygon, longest_s)) for fence, polygon in zip(self._fences, polygons, strict=True)
            ]
            self._roles = USUALLY_FOLLOWED.union(*(rule.roles for _, rule in self._rules))
        else:
            self._tracker.rescale(width / self._size[0], height / self._size[1])
            for (_, rule), polygon in zip(self._rules, polygons, strict=True):
                rule.fence = polygon
        left = [rule.fence for _, rule in self._rules if ObjectRole.LITTER in rule.roles]
        self._left.watch(left, width, height)
        self._size = (width, height)

    def take(self, packet: TimedPacket) -> list[Look]:
        """A packet goes into the ring; what is to be shown to the detector comes back."""
        self._cut_what_is_complete()
        self._ring.add(packet)
        self._awaits_keyframe = self._awaits_keyframe and not packet.keyframe
        if self._small is not None or self._awaits_keyframe:
            return []
        return [Look(frame, self._regions) for frame in self._sampler.offer(packet)]

    def looks_at(self, small: StreamFacts | None) -> None:
        """Looks are made of the camera's small stream from now on, or of the main one again; after `connected`."""
        assert self._size is not None, "the size of the picture comes with the connection"
        self._count_decoded()
        if small is None:
            self._small, self._awaits_keyframe = None, True
            self._sweep_decoder = FrameDecoder(self._exhibits.source.facts, self._witness.utc)
            self._sampler = Sampler(self._sweep_decoder, self._sampling, self._frame_s)
        else:
            width, height = small.width // 2 * 2, small.height // 2 * 2
            regions = look_regions([fence.ground(width, height) for fence in self._fences], width, height)
            self._small = SubSweep(small, regions, self._sampling, self._witness.utc)

    def take_small(self, packet: TimedPacket) -> list[Look]:
        """A packet of the small stream, with its place in the main one's time."""
        return [] if self._small is None else self._small.offer(packet)

    def gap(self, from_s: float, to_s: float, why: str) -> None:
        """Nothing is known of this time. It goes on record before the look that ends it."""
        self._gaps_to_note.append((from_s, to_s, why))

    def shows_as_before(self, look: Look) -> bool:
        """Nothing matters just now, and this look shows what the last one did: the detector need not be asked.

        Only where every look that was shown to it has been taken in.
        """
        return self._idle_since_look and self._before is not None and self._before.is_shown_by(look)

    def take_in(self, look: Look, detections: Sequence[Detection] | None) -> None:
        """One look through tracks, occupancy and dwell; looks come in the order of their time.

        detections: None where it `shows_as_before`, and so what was found then.
        """
        self.counts.looks += 1
        if detections is not None:
            self._before = SeenBefore.of(look, detections)
        assert self._before is not None, "it shows as before"
        found = list(self._before.detections)
        self._note_gaps(look.frame.media_s)
        if isinstance(look.frame, FrameOfSub) and self._size is not None:
            look, found = in_main(look, found, self._size)
        self._track(look, found)
        self._ask_the_packets()
        ended: list[StayKey] = []
        for fence, rule in self._rules:
            in_force = fence.in_force(look.frame.captured_at)
            tracks = self._of_no_earlier_version(fence)
            over = rule.update(tracks, at_s=look.frame.media_s, in_force=in_force)
            ended += [_key(rule, suspect) for suspect in over]
        self._stays_ended(ended)
        self._look_into_stops()
        for _, rule in self._rules:
            for suspect in rule.confirm():
                self._confirmed(self._stays[_key(rule, suspect)], look.frame)
        wanted = self._witness.looks_wanted(self.followed())
        for stay in self._stays.values():
            self._watch_grace(stay, look.frame)
            if stay.incident_id in wanted:
                self._look_again(stay, look.frame, wanted[stay.incident_id])
        self._idle_since_look = not self._matters()
        if self._idle_since_look:
            (self._small or self._sampler).rest(look.frame.media_s)
        self._let_go_of_the_old()

    def _of_no_earlier_version(self, fence: FenceInForce) -> list[Track]:
        """A stay that was confirmed before its fence was changed is one stay, judged by the version of then."""
        followed = {
            suspect.track.id
            for earlier, rule in self._rules
            if earlier.ended and not fence.ended
            if (earlier.geofence_id, earlier.offence) == (fence.geofence_id, fence.offence)
            for suspect in rule.suspects.values()
        }
        return [track for track in self._tracker.tracks if track.id not in followed]

    def _track(self, look: Look, detections: list[Detection]) -> None:
        """What the detector found, and what was left where nothing was, into tracks."""
        left = self._left.update(look.frame, detections, self._tracker.tracks)
        self._tracker.update(look, [each for each in (*detections, *left) if each.role in self._roles])
        for track in self._tracker.tracks if left else ():
            if track.class_name == LEFT_OBJECT and track.appearance.without is None:
                track.appearance = replace(track.appearance, without=self._left.without(track.place))

    def _ask_the_packets(self) -> None:
        """What stands looks a little otherwise than before: did another take its place between two looks?"""
        for track in self._tracker.doubted():
            assert track.doubt is not None, "it is doubted"
            left_s = self._look_back.drove_off(track.appearance, track.doubt.before_s, track.doubt.since_s)
            if left_s is None:
                self._tracker.still_the_same(track)
            else:
                self._tracker.replaced(track, left_s)

    def _matters(self) -> bool:
        """Does anything stand in a fence against its rule, or may it come to stand there?"""
        return any(
            rule.suspects
            or any(
                not track.stands and track.role in rule.roles and share_inside(rule.fence, track.box) > 0
                for track in self._tracker.tracks
            )
            for _, rule in self._rules
        )

    def _let_go_of_the_old(self) -> None:
        """A vehicle may stand for days: what a rule does not need any more is put on record, and forgotten here."""
        if self.counts.looks % LOOKS_REMEMBERED:
            return
        self.counts.gaps = self.counts.gaps[-GAPS_REMEMBERED:]
        needed = {
            suspect.track.id for _, rule in self._rules for suspect in rule.suspects.values() if not suspect.confirmed
        }
        for stay in self._stays.values():
            if stay.incident_id is not None:
                self._witness.seen(stay.incident_id, stay.rule.sightings(stay.suspect.track))
        for track in self._tracker.tracks:
            track.forget(LOOKS_ALWAYS_NEEDED if track.id in needed else LOOKS_REMEMBERED)

    def _note_gaps(self, at_s: float) -> None:
        """Time in which no picture was had goes on record before the look that ends it."""
        known = [gap for gap in self._gaps_to_note if gap[0] <= at_s]
        self._gaps_to_note = [gap for gap in self._gaps_to_note if gap[0] > at_s]
        last_s, self._last_look_s = self._last_look_s, at_s
        explained = any(to_s - from_s > self._sampling.look_s for from_s, to_s, _ in known)
        longest_s = self._sampling.longest_idle_step_s if self._idle_since_look else self._sampling.longest_step_s
        if last_s is not None and at_s - last_s > longest_s and not explained:
            known.append((last_s, at_s, "no usable picture"))
        for from_s, to_s, why in known:
            self.counts.gaps.append((from_s, to_s, why))
            # looks are that far apart anyway; of a jump without length it is not known how long it was
            if to_s == from_s or to_s - from_s > self._sampling.look_s:
                self._tracker.gap(from_s, to_s, why)

    def finish(self) -> list[Look]:
        """The stream is at its end: the looks whose pictures the decoder still held back."""
        looks = [Look(frame, self._regions) for frame in self._sampler.finish()]
        last_s, newest_s = self._sampler.last_look_s, self._ring.newest_s
        dumping = any(isinstance(rule, Dumping) for _, rule in self._rules)
        if dumping and last_s is not None and newest_s is not None and newest_s - last_s > self._sampling.look_s / 2:
            # what was left just before the end is shown by the last picture or not at all
            newest = list(self._look_back.frames(newest_s - self._frame_s, newest_s))[-1:]
            looks += [Look(frame, self._regions) for frame in newest]
        return looks

    def memory(self, began_at: datetime) -> CameraMemory:
        """What another worker of this view needs to go on with what stands. What was due to be cut is not in it."""
        return CameraMemory(
            began_at=began_at,
            size=self._size,
            last_look_s=self._last_look_s,
            tracks=tuple(self._tracker.tracks),
            suspects=tuple(
                SuspectMemory(
                    fence.version_id,
                    fence.offence,
                    suspect.track.id,
                    suspect.from_s,
                    suspect.not_before_s,
                    suspect.stopped_s,
                    # one whose incident could not be written is not confirmed yet
                    suspect.confirmed and self._stays[_key(rule, suspect)].incident_id is not None,
                )
                for fence, rule in self._rules
                for suspect in rule.suspects.values()
            ),
            stays=tuple(
                StayMemory(
                    stay.fence.version_id,
                    stay.fence.offence,
                    stay.suspect.track.id,
                    stay.incident_id,
                    stay.grace_ends_s,
                    stay.drafted and not any(cut.moment is ExhibitMoment.GRACE_END for cut in stay.due),
                )
                for stay in self._stays.values()
            ),
        )

    def recall(self, memory: CameraMemory) -> None:
        """Goes on where another worker was; after `connected`.

        A fence that is another now has forgotten the dwells that were not complete: they run from the first look at
        which it is in force.
        """
        assert self._size is not None, "the size of the picture comes with the connection"
        self._tracker.resume(list(memory.tracks))
        if memory.size is not None:
            self._tracker.rescale(self._size[0] / memory.size[0], self._size[1] / memory.size[1])
        self._last_look_s = memory.last_look_s
        if memory.last_look_s is not None:
            last_look_at = memory.began_at + timedelta(seconds=memory.last_look_s)
            for version, its_rule in self._rules:
                its_rule.slept = version.valid_from is not None and version.valid_from > last_look_at
        tracks = {track.id: track for track in memory.tracks}
        rules = {(fence.version_id, fence.offence): (fence, rule) for fence, rule in self._rules}
        for each in memory.suspects:
            if (each.version_id, each.offence) in rules and each.track_id in tracks:
                suspect = Suspect(
                    tracks[each.track_id], each.from_s, each.not_before_s, each.stopped_s, confirmed=each.confirmed
                )
                rules[each.version_id, each.offence][1].suspects[each.track_id] = suspect
        for known in memory.stays:
            fence, rule = rules.get((known.version_id, known.offence), (None, None))
            if fence is not None and rule is not None and known.track_id in rule.suspects:
                suspect = rule.suspects[known.track_id]
                self._stays[_key(rule, suspect)] = Stay(
                    rule,
                    fence,
                    suspect,
                    incident_id=known.incident_id,
                    grace_ends_s=known.grace_ends_s,
                    drafted=known.drafted,
                    plate_sought=known.incident_id is not None,  # who was there before went nearer, or had no need to
                )

    @property
    def dwelling(self) -> int:
        """Things that stand in a fence against its rule just now."""
        return sum(len(rule.suspects) for _, rule in self._rules)

    def followed(self) -> set[uuid.UUID]:
        """The incidents whose vehicles are being watched."""
        return {stay.incident_id for stay in self._stays.values() if stay.incident_id is not None}

    @property
    def holds(self) -> bool:
        """Does a clip wait for its last seconds?"""
        return any(stay.due for stay in self._stays.values())

    @property
    def last_look_s(self) -> float | None:
        return self._last_look_s

    def unread(self) -> list[Unread]:
        """The vehicles of incidents whose clips are cut and show no plate; each until it `is_sought`."""
        assert self._size is not None, "the size of the picture comes with the connection"
        width, height = self._size
        return [
            Unread(stay.incident_id, stay.suspect.track.place.scaled(1 / width, 1 / height))
            for stay in self._stays.values()
            if stay.incident_id is not None
            and not (stay.plate_sought or stay.due)
            and stay.suspect.track.role in BEARS_PLATE
        ]

    def is_sought(self, incident_id: uuid.UUID) -> None:
        """Somebody goes nearer for its plate: once is enough."""
        for stay in self._stays.values():
            stay.plate_sought = stay.plate_sought or stay.incident_id == incident_id

    def disconnected(self) -> None:
        """The stream is gone, and another may come: no clip goes across, so what is due is cut with what there is."""
        if self._stream is None:
            return
        self._cut_what_is_complete(last=True)
        self._count_decoded()
        self.counts.frames_decoded += self._past_decoder.decoded
        self._ring.clear()
        self._stream = None

    def _count_decoded(self) -> None:
        """Of the decoder that made the looks until now."""
        decoder = self._small or self._sweep_decoder
        self.counts.frames_decoded += decoder.decoded
        self.counts.packets_refused += decoder.refused

    def end(self, why: str) -> WorkerCounts:
        """Nothing follows: open matters are said to be open."""
        self.disconnected()
        for stay in self._stays.values():
            if stay.incident_id is not None:
                sightings = stay.rule.sightings(stay.suspect.track)
                self._witness.lost_sight(stay.incident_id, sightings, why=why)
        return self.counts

    def keep_young_stops(self) -> None:
        """The packets are about to be lost: of stops too young to be looked into, the beginning is looked up now."""
        if self._stream is not None:
            self._look_into_stops(however_young=True)

    def _look_into_stops(self, *, however_young: bool = False) -> None:
        """Stops that last: find in the ring when they began, and have the packets round that kept."""
        due: list[tuple[FenceInForce, Rule, Suspect]] = []
        for fence, rule in self._rules:
            for suspect in list(rule.suspects.values()):
                if isinstance(rule, Dumping):
                    self._look_into_act(fence, rule, suspect)
                elif _key(rule, suspect) not in self._stays and (
                    however_young or rule.dwell(suspect).shown_s >= min(SUSPICION_S, rule.dwell_s / 2)
                ):
                    due.append((fence, rule, suspect))
        stops = self._look_back.stop_moments([(suspect.track.appearance, suspect.from_s) for _, _, suspect in due])
        for (fence, rule, suspect), stop in zip(due, stops, strict=True):
            if stop is not None:
                suspect.stopped(stop.at_s)
                if self._sampling.idle_look_s is not None:
                    self._look_at_what_was_slept_through(suspect)
            from_s = suspect.from_s
            still = stop.frame if stop is not None and stop.frame is not None and stop.at_s == from_s else from_s
            entry = DueCut(ExhibitMoment.ENTRY, still, from_s - PRE_ROLL_S, from_s + 2 * POST_ROLL_S)
            self._stays[_key(rule, suspect)] = Stay(rule, fence, suspect, due=[entry])

    def _look_into_act(self, fence: FenceInForce, rule: Dumping, suspect: Suspect) -> None:
        """Something was left: the second in which it came, at once; who left it, when they have gone.

        What lay there before, as far back as there are packets, or came with nobody near it, was dumped by nobody.
        """
        key = _key(rule, suspect)
        if key not in self._stays:
            came = self._look_back.stop_moment(suspect.track.appearance, suspect.from_s)
            if came is None:
                rule.dismiss(suspect)
                return
            act_s = settled_s(self._look_back, suspect.track, came.at_s)
            suspect.stopped(act_s)
            at_act = DueCut(ExhibitMoment.ENTRY, act_s, act_s - PRE_ROLL_S, act_s + 2 * POST_ROLL_S)
            self._stays[key] = Stay(rule, fence, suspect, due=[at_act])
        stay, newest_s = self._stays[key], suspect.track.sightings[-1].at_s
        if suspect.track.id not in rule.open_acts or suspect.stopped_s is None:
            return
        if not rule.is_alone(suspect) and newest_s - suspect.stopped_s < ACT_WAITS_S:
            return
        stay.act = look_for_act(self._look_back, self._find, self._regions, suspect.track, suspect.stopped_s, newest_s)
        if stay.act is None:
            rule.dismiss(suspect)
            del self._stays[key]
        else:
            rule.witnessed(suspect, stay.act.act)

    def _look_at_what_was_slept_through(self, suspect: Suspect) -> None:
        """Between its stop and the first look at it nobody may have looked: the packets of that time are still there.

        A keyframe that shows it is a look like others; what none shows is a gap, and not counted.
        """
        track, longest_s = suspect.track, self._sampling.longest_step_s
        first_s = track.standing_from_s
        if first_s - suspect.from_s <= longest_s or any(
            suspect.from_s < each.at_s < first_s for each in track.sightings
        ):
            return
        made, last_s = [], suspect.from_s
        looks = self._look_back.looks_between(track.appearance, suspect.from_s, first_s, self._sampling.look_s)
        for shown in [*looks, Shown(first_s, there=True)]:
            if not shown.there or shown.at_s - last_s > longest_s:
                made.append(Sighting(last_s, SightingKind.GAP, until_s=shown.at_s, note="no look was made"))
            if shown.there and shown.at_s < first_s:
                made.append(Sighting(shown.at_s, SightingKind.KEPT, track.place))
            last_s = shown.at_s
        place = next(number for number, each in enumerate(track.sightings) if each.at_s >= first_s)
        track.sightings[place:place] = made

    def _confirmed(self, stay: Stay, frame: Frame) -> None:
        """The dwell is complete: the incident is opened at once, with the exhibits there are."""
        violation = stay.rule.violation(stay.suspect)
        exhibits: list[PendingExhibit] = []
        plate: PlateSeen | None = None
        if stay.entry is not None:
            plate = self._plate_of(stay, stay.entry)
            exhibits = self._made(stay, ExhibitMoment.ENTRY, stay.entry, plate)
            stay.entry, stay.plate_sought = None, _is_read(plate)
        stay.incident_id = self._witness.confirmed(
            violation,
            stay.fence.version_id,
            grace_s=stay.fence.grace_s,
            facts=stay.rule.facts(stay.suspect) | self._looked_at(),
            exhibits=exhibits,
            plate=plate,
        )
        if self._witness.recording_id is not None:  # of a camera the ladder says when it is to look again
            stay.grace_ends_s = violation.confirmed_s + stay.fence.grace_s
        complete = _round(ExhibitMoment.DWELL_COMPLETE, frame)
        stay.drafted = stay.grace_ends_s is not None and stay.fence.grace_s == 0
        stay.due.append(replace(complete, ends_grace=stay.drafted))

    def _looked_at(self) -> dict[str, list[int]]:
        """What is to be said of looks that are not made of the stream the exhibits are cut from."""
        return {} if self._small is None else {"looked_at": list(self._small.size)}

    def _watch_grace(self, stay: Stay, frame: Frame) -> None:
        """At the first look at or after the end of the grace that shows the vehicle: still there."""
        if stay.drafted or stay.grace_ends_s is None or frame.media_s < stay.grace_ends_s:
            return
        if _shown_at(stay, frame):
            stay.drafted = True
            stay.due.append(_round(ExhibitMoment.GRACE_END, frame))

    def _look_again(self, stay: Stay, frame: Frame, wanted: LookWanted) -> None:
        """Somebody asks whether it is still there; only a look that shows the vehicle says yes.

        That it has gone is said where the stay ends. Where the answer ends the grace, it comes with its exhibits.
        """
        assert stay.incident_id is not None
        if frame.captured_at < wanted.asked_at or not _shown_at(stay, frame):
            return
        if not wanted.ends_grace:
            self._witness.still_there(
                stay.incident_id, stay.rule.sightings(stay.suspect.track), seen_s=frame.media_s, exhibits=[]
            )
        elif not any(cut.moment is ExhibitMoment.GRACE_END for cut in stay.due):
            stay.due.append(_round(ExhibitMoment.GRACE_END, frame))

    def _cut_what_is_complete(self, *, last: bool = False) -> None:
        """Cuts the clips whose last seconds have arrived; at the end, with the seconds there are."""
        newest_s = self._ring.newest_s
        for stay in self._stays.values():
            for cut in [cut for cut in stay.due if last or (newest_s is not None and newest_s >= cut.to_s)]:
                self._cut(stay, cut)
                stay.due.remove(cut)

    def _cut(self, stay: Stay, cut: DueCut) -> None:
        held: HeldMoment | None = None
        try:
            clip = clip_range(self._ring, cut.from_s, cut.to_s)
            held = HeldMoment(clip, cut.still, stay.suspect.track.place, self._exhibits)
        except CutFailed as error:
            log.warning("no packets left for a clip", extra={"moment": cut.moment.value, "why": str(error)})
        if stay.incident_id is None:
            stay.entry = held
            return
        plate = self._plate_of(stay, held) if held is not None and cut.moment is ExhibitMoment.ENTRY else None
        exhibits = [] if held is None else self._made(stay, cut.moment, held, plate)
        if cut.ends_grace or cut.moment is ExhibitMoment.GRACE_END:
            sightings = stay.rule.sightings(stay.suspect.track)
            self._witness.still_there(stay.incident_id, sightings, seen_s=cut.at_s, exhibits=exhibits)
        else:
            stay.plate_sought = stay.plate_sought or _is_read(plate)
            self._witness.sealed(stay.incident_id, exhibits, plate)

    def _plate_of(self, stay: Stay, held: HeldMoment) -> PlateSeen | None:
        if stay.act is not None:
            return stay.act.plate
        if stay.suspect.track.role not in BEARS_PLATE:
            return None
        return look_for_plate(held.maker.decoder, held.clip, stay.suspect.from_s, held.box)

    def _made(
        self, stay: Stay, moment: ExhibitMoment, held: HeldMoment, plate: PlateSeen | None
    ) -> list[PendingExhibit]:
        """The exhibits of a moment. A moment that cannot be shown is left out, and the sufficiency check says so."""
        gaps = [(from_s, to_s) for from_s, to_s, _ in self.counts.gaps]
        try:
            if stay.act is not None and moment is ExhibitMoment.ENTRY:
                return held.maker.make_act(held.clip, stay.act, held.box, gaps)
            clearest = None if plate is None else plate.clearest
            return held.maker.make(moment, held.clip, held.still, held.box, gaps, clearest)
        except CutFailed as error:
            log.warning("exhibit not made", extra={"moment": moment.value, "why": str(error)})
            return []

    def _of_leaving(self, stay: Stay, last_s: float, absent_s: float) -> list[PendingExhibit]:
        """That it has gone is shown as it was shown that it stood: the leaving, and its place without it."""
        try:
            clip = clip_range(self._ring, last_s - PRE_ROLL_S, absent_s + POST_ROLL_S)
        except CutFailed as error:
            log.warning("no packets left of a leaving", extra={"why": str(error)})
            return []
        held = HeldMoment(clip, absent_s, stay.suspect.track.place, self._exhibits)
        return self._made(stay, ExhibitMoment.LEFT, held, None)

    def _stays_ended(self, ended: list[StayKey]) -> None:
        """These stays are over, all at one look. What came to nothing leaves nothing behind."""
        gone = {
            key: Leaving(track.appearance, track.last_shown_s, track.left_s)
            for key in ended
            if key in self._stays and self._stays[key].incident_id is not None
            if (track := self._stays[key].suspect.track).left_s is not None
        }
        last_s_of = dict(zip(gone, self._look_back.leave_moments(list(gone.values())), strict=True))
        for key in ended:
            stay = self._stays.pop(key, None)
            if stay is None or stay.incident_id is None:
                continue
            for cut in stay.due:
                self._cut(stay, cut)
            sightings = stay.rule.sightings(stay.suspect.track)
            if key in gone:
                last_s, absent_s = last_s_of[key], gone[key].absent_s
                self._witness.left(
                    stay.incident_id,
                    sightings,
                    last_seen_s=last_s,
                    left_s=min(last_s + self._frame_s, absent_s),
                    left_with=stay.suspect.left_with,
                    exhibits=self._of_leaving(stay, last_s, absent_s),
                )
            else:
                self._witness.lost_sight(stay.incident_id, sightings, why="it looks like a part of another vehicle")


def _key(rule: Rule, suspect: Suspect) -> StayKey:
    return rule.geofence_id, rule.offence, suspect.number


def _shown_at(stay: Stay, frame: Frame) -> bool:
    newest = stay.suspect.track.sightings[-1]
    return newest.at_s == frame.media_s and newest.kind in SHOWN


def _is_read(plate: PlateSeen | None) -> bool:
    return plate is not None and plate.plate is not None


def _round(moment: ExhibitMoment, frame: Frame) -> DueCut:
    # a still is of the main stream: what was seen in the small one is looked up there
    still = frame.media_s if isinstance(frame, FrameOfSub) else frame
    return DueCut(moment, still, frame.media_s - PRE_ROLL_S, frame.media_s + POST_ROLL_S)
