"""Looking back: decoding the past from the ring, for the moment that matters and only that."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf

from detectors.appearance import Appearance
from detectors.frame import Frame
from detectors.stop_moment import PASSING_S, Search, Shown, drove_off, leave_moment, stop_moment
from ingest.decoding import FrameDecoder
from ingest.packet_ring import PacketRing
from ingest.packet_source import TimedPacket

NEARLY = 0.95  # keyframes 2 s apart are good for a look each 2 s, whatever is lost in rounding


@dataclass(frozen=True, slots=True)
class Leaving:
    """An object that stood at its place at `shown_s`, and which `absent_s` shows to be gone from there."""

    appearance: Appearance
    shown_s: float
    absent_s: float


class LookBack:
    """A second decoder over the ring; the sweep's own is left alone."""

    def __init__(self, ring: PacketRing, decoder: FrameDecoder) -> None:
        self._ring, self._decoder = ring, decoder

    def frames(self, from_s: float, to_s: float) -> Iterator[Frame]:
        """Every picture of [from_s, to_s] that the ring still has whole, at full rate."""
        for gop in self._ring.gops(from_s, to_s):
            yield from self._frames_of(gop, from_s, to_s)

    def _frames_of(self, gop: list[TimedPacket], from_s: float, to_s: float) -> Iterator[Frame]:
        # pictures that are shown later than `to_s` may come earlier in decoding order: one GOP is read to its end
        needed = gop[: _last_needed(gop, to_s) + 1]
        for frame in self._decoder.all_of(needed, lambda media_s: from_s <= media_s <= to_s):
            if not frame.corrupt:
                yield frame

    def sampled(self, from_s: float, to_s: float, every_s: float) -> Iterator[Frame]:
        """Pictures of [from_s, to_s] about `every_s` apart; of those between only what they are built on is decoded."""
        wanted: set[float] = set()
        next_s = from_s
        for media_s in sorted(packet.media_s for gop in self._ring.gops(from_s, to_s) for packet in gop):
            if next_s <= media_s <= to_s:
                wanted.add(media_s)
                next_s = media_s + every_s * NEARLY
        for gop in self._ring.gops(from_s, to_s):
            needed = gop[: _last_needed(gop, max(wanted, default=from_s)) + 1]
            for frame in self._decoder.all_of(needed, wanted.__contains__):
                if not frame.corrupt:
                    yield frame

    def stop_moment(self, appearance: Appearance, seen_s: float) -> Shown | None:
        """When the object that stands at `seen_s` came to stand.

        None where the oldest picture at hand already shows it: it stopped before, or always stood there.
        """
        return self.stop_moments([(appearance, seen_s)])[0]

    def stop_moments(self, standing: Sequence[tuple[Appearance, float]]) -> list[Shown | None]:
        """`stop_moment` of several objects: keyframes backwards first, then one GOP in full.

        A GOP is decoded once for all that came to stand in it: where a light turns red, that is a queue.
        """
        traced = [_Traced(appearance, seen_s) for appearance, seen_s in standing]
        for keyframe in reversed(self._ring.keyframes()):
            if all(each.found for each in traced):
                break
            sought = [each for each in traced if not each.found and keyframe.media_s < each.seen_s]
            asked = [each for each in sought if each.stood_until_now]
            frame = self._decoder.alone(keyframe) if asked else None
            for each in asked:
                if frame is None or frame.corrupt or each.stands_in(frame):
                    sought.remove(each)
            if sought:
                self._search_gop(keyframe.media_s, sought)
        return [stop_moment(each.shown) for each in traced]

    def _search_gop(self, from_s: float, sought: Sequence["_Traced"]) -> None:
        searches = [(each, each.search()) for each in sought]
        for frame in self.frames(from_s, max(each.shown[0].at_s for each in sought)):
            searching = [(each, search) for each, search in searches if not search.done]
            if not searching:
                break
            for each, search in searching:
                if frame.media_s <= each.shown[0].at_s:
                    search.take(frame)
        for each, search in searches:
            each.searched(search.answers())

    def looks_between(self, appearance: Appearance, from_s: float, to_s: float, every_s: float) -> list[Shown]:
        """What keyframes of that time show of an object, about as often as it would have been looked at."""
        looks: list[Shown] = []
        next_s = from_s + every_s / 2
        for keyframe in self._ring.keyframes():
            if not next_s <= keyframe.media_s < to_s:
                continue
            frame = self._decoder.alone(keyframe)
            if frame is not None and not frame.corrupt:
                looks.append(Shown(frame.media_s, there=appearance.likeness(frame).same))
                next_s = frame.media_s + every_s * NEARLY
        return looks

    def drove_off(self, appearance: Appearance, from_s: float, to_s: float) -> float | None:
        """When the object of `from_s` drove off, if it did so before another stood there at `to_s`; else None."""
        return drove_off(appearance, self.frames(from_s, to_s))

    def leave_moments(self, leaving: Sequence[Leaving]) -> list[float]:
        """Of each, the second of the last picture in which it is still there.

        A GOP is decoded once for all that may have left in it, and none in which all of them have gone already: where
        a light turns green, a queue leaves between the same two looks.
        """
        searches = [(each, Search(each.appearance)) for each in leaving]
        first_s = min((each.shown_s for each in leaving), default=inf)
        for gop in self._ring.gops(first_s, max((each.absent_s for each in leaving), default=-inf)):
            ends_s = max(packet.media_s for packet in gop)
            sought = [(each, search) for each, search in searches if each.shown_s <= ends_s and not search.gone]
            if not sought:
                continue
            for frame in self._frames_of(gop, first_s, max(each.absent_s for each, _ in sought)):
                for each, search in sought:
                    if each.shown_s <= frame.media_s <= each.absent_s and not search.gone:
                        search.take(frame)
                if all(search.gone for _, search in sought):
                    break
        return [leave_moment([Shown(each.shown_s, there=True), *search.answers()]) for each, search in searches]


class _Traced:
    """An object on the way back to where it stopped. shown: in the order of time, the last one there."""

    def __init__(self, appearance: Appearance, seen_s: float) -> None:
        self._appearance, self.seen_s = appearance, seen_s
        self.shown = [Shown(seen_s, there=True)]
        self.found = False

    @property
    def stood_until_now(self) -> bool:
        """Nothing but standing has been seen on the way back."""
        return len(self.shown) == 1

    def stands_in(self, frame: Frame) -> bool:
        stands = self._appearance.likeness(frame).same
        if stands:
            self.shown = [Shown(frame.media_s, there=True)]
        return stands

    def search(self) -> Search:
        """For the pictures up to the first of those shown."""
        return Search(self._appearance, stands_s=self.shown[0].at_s if self.shown[0].there else inf)

    def searched(self, answers: list[Shown]) -> None:
        self.shown = [*answers, *self.shown]
        stop = stop_moment(self.shown)
        if stop is None:
            self.shown = [Shown(self.shown[0].at_s, there=True)]
        else:
            # where it is not found, somebody may just have driven past in front: the GOP before tells
            self.found = stop.at_s - self.shown[0].at_s > PASSING_S


def _last_needed(gop: list[TimedPacket], to_s: float) -> int:
    """Number of the last packet, in decoding order, whose picture is shown up to `to_s`."""
    return max((number for number, packet in enumerate(gop) if packet.media_s <= to_s), default=0)
