"""The exhibits of one moment: its clip, its still, the close-up, and a copy for browsers where one is needed.

All are made from the same packets. They wait in the vault's incoming folder until their incident's transaction
seals them.
"""

import shutil
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Generic, TypeVar

from detectors.frame import Frame
from detectors.geometry import Box
from evidence.sealing import PendingExhibit
from evidence.vault import Vault
from ingest.act_look import ActSeen
from ingest.browser_copy import browser_copy_recipe, write_browser_copy
from ingest.clip_cut import ClipRange, clip_recipe, container_of, write_clip
from ingest.decoding import FrameDecoder
from ingest.errors import CutFailed
from ingest.packet_source import Stream, TimedPacket
from ingest.stills import (
    CHOSEN_WITHIN_S,
    MOST_OTHERS,
    Choice,
    choose,
    close_up_box,
    sharpness,
    still_recipe,
    write_close_up,
    write_still,
)
from models.enums import ExhibitKind, ExhibitMoment

STILL_TYPE, STILL_SUFFIX = "image/jpeg", ".jpg"
FRAMES_KEPT = 2
KEYFRAMES_KEPT = MOST_OTHERS + 1
EXHIBITS_KEPT = 8

Value = TypeVar("Value")


@dataclass(frozen=True)
class _Newest(Generic[Value]):
    """The last few things that were made; what is made again soon is not made twice."""

    kept: int
    held: dict[Hashable, Value] = field(default_factory=dict)

    def remember(self, key: Hashable, value: Value) -> Value:
        self.held.pop(key, None)
        if len(self.held) >= self.kept:
            self.held.pop(next(iter(self.held)))
        self.held[key] = value
        return value


@dataclass(frozen=True)
class ExhibitMaker:
    """What all exhibits of one source have in common."""

    source: Stream
    decoder: FrameDecoder
    vault: Vault
    utc: Callable[[float], datetime]
    source_sha256: str | None
    # several vehicles may stand in one clip: it is written once, and its stills are decoded once
    _made: _Newest[PendingExhibit] = field(default_factory=lambda: _Newest(EXHIBITS_KEPT))
    _frames: _Newest[Frame] = field(default_factory=lambda: _Newest(FRAMES_KEPT))
    _keyframes: _Newest[Frame | None] = field(default_factory=lambda: _Newest(KEYFRAMES_KEPT))  # by pts

    def make(
        self,
        moment: ExhibitMoment,
        clip: ClipRange,
        still: Frame | float,
        box: Box,
        gaps: Sequence[tuple[float, float]],
        clearest: Frame | None = None,
    ) -> list[PendingExhibit]:
        """Clip and still of a moment; of the entry also a close-up. Raises CutFailed, VaultError.

        still: the picture itself where a look had it, or the second from which the first whole picture is taken.
        clearest: the clip's picture in which the plate was read; None: the close-up shows the sharpest instead.
        """
        made: list[PendingExhibit] = []
        try:
            part = (clip.from_s, clip.to_s, len(clip.packets))
            original = self._once(("clip", moment, part, tuple(gaps)), lambda: self._clip(moment, clip, gaps))
            made.append(original)
            sha256 = original.pending.sha256
            if not self.source.facts.plays_in_browsers:
                asked = (clip.asked_from_s, clip.asked_to_s)
                made.append(self._once(("copy", moment, sha256, asked), lambda: self._browser_copy(original, clip)))
            shown = self._shown(clip, still)
            choice = choose(shown, self._soon_after(clip, shown), box)
            made.append(self._made_still(moment, choice, sha256))
            if moment is ExhibitMoment.ENTRY:
                made.append(self._close_up(clearest or self._sharpest(clip, shown, box), box, sha256))
        except BaseException:
            for each in made:
                self.vault.discard(each.pending)
            raise
        return made

    def make_act(
        self, clip: ClipRange, act: ActSeen, thing: Box, gaps: Sequence[tuple[float, float]]
    ) -> list[PendingExhibit]:
        """Clip of an act; stills of the actor with the thing and of the place before; the actor at their clearest.

        Raises CutFailed, VaultError. What lies outside the clip is not shown from it, and left out.
        """
        made: list[PendingExhibit] = []
        try:
            original = self._clip(ExhibitMoment.ENTRY, clip, gaps)
            made.append(original)
            sha256 = original.pending.sha256
            if not self.source.facts.plays_in_browsers:
                made.append(self._browser_copy(original, clip))
            both = {"act": act.act.facts(), "thing_box": thing.as_list()}
            stills = [(ExhibitMoment.ENTRY, act.with_it), (ExhibitMoment.BEFORE, act.before)]
            for moment, frame in stills:
                if frame is not None and clip.from_s <= frame.media_s <= clip.to_s:
                    still = self._still(moment, frame, sha256)
                    made.append(replace(still, recipe=still.recipe | both))
            if clip.from_s <= act.clearest.media_s <= clip.to_s:
                made.append(self._close_up(act.clearest, act.clearest_box, sha256))
        except BaseException:
            for each in made:
                self.vault.discard(each.pending)
            raise
        return made

    def make_near(
        self, clip: ClipRange, still: Frame, box: Box, zoom: float, gaps: Sequence[tuple[float, float]]
    ) -> list[PendingExhibit]:
        """Clip and close-up of what a dome went near for; `box` is where it is in these pictures, and in no others."""
        near = {"near": {"zoom": zoom, "box": box.as_list()}}
        original = self._clip(ExhibitMoment.SHARPEST, clip, gaps)
        try:
            close_up = self._close_up(still, box, original.pending.sha256)
        except BaseException:
            self.vault.discard(original.pending)
            raise
        return [
            replace(original, recipe=original.recipe | near),
            # beside the close-up of the entry, which is the one at its sharpest
            replace(close_up, moment=ExhibitMoment.DWELL_COMPLETE, recipe=close_up.recipe | near),
        ]

    def _once(self, key: Hashable, make: Callable[[], PendingExhibit]) -> PendingExhibit:
        """What was made for another vehicle is copied: the same bytes, and the recipe they were made by."""
        before = self._made.held.get(key)
        again = None if before is None else self._copied(before)
        return self._made.remember(key, make() if again is None else again)

    def _copied(self, before: PendingExhibit) -> PendingExhibit | None:
        """None where the vault has not got it: its incident was not put on record, or it is not what it was."""
        place = Vault.path_of(self.vault.root, before.pending.sha256, before.pending.suffix)
        if not place.exists():
            return None
        pending = self.vault.take(lambda path: _copy(place, path), before.pending.suffix)
        if pending.sha256 != before.pending.sha256:
            self.vault.discard(pending)
            return None
        return replace(before, pending=pending)

    def _clip(self, moment: ExhibitMoment, clip: ClipRange, gaps: Sequence[tuple[float, float]]) -> PendingExhibit:
        container, suffix, media_type = container_of(self.source.facts)

        def write(path: Path) -> None:
            write_clip(clip.packets, self.source.stream, container, path)

        return PendingExhibit(
            pending=self.vault.take(write, suffix),
            kind=ExhibitKind.CLIP,
            moment=moment,
            media_type=media_type,
            from_at=self.utc(clip.from_s),
            to_at=self.utc(clip.to_s),
            recipe=clip_recipe(clip, self.source.facts, self.source_sha256, gaps),
        )

    def _browser_copy(self, original: PendingExhibit, clip: ClipRange) -> PendingExhibit:
        """The seconds that were asked for and not the whole GOPs, which may be half a minute long."""

        def asked(media_s: float) -> bool:
            return clip.asked_from_s <= media_s <= clip.asked_to_s

        def write(path: Path) -> None:
            write_browser_copy(self.decoder.all_of(clip.packets, asked), self.source.facts, path)

        return replace(
            original,
            pending=self.vault.take(write, ".mp4"),
            kind=ExhibitKind.DERIVATIVE,
            media_type="video/mp4",
            from_at=self.utc(clip.asked_from_s),
            to_at=self.utc(clip.asked_to_s),
            recipe=browser_copy_recipe(original.pending.sha256)
            | {
                "width": original.recipe["width"],
                "height": original.recipe["height"],
                "from_s": round(clip.asked_from_s, 6),
                "to_s": round(clip.asked_to_s, 6),
            },
        )

    def _made_still(self, moment: ExhibitMoment, choice: Choice, clip_sha256: str) -> PendingExhibit:
        """The picture may be another vehicle's too; why it was chosen is each one's own."""
        frame = choice.frame
        key = ("still", moment, clip_sha256, frame.pts)
        still = self._once(key, lambda: self._still(moment, frame, clip_sha256))
        return replace(still, recipe=still.recipe | choice.recipe())

    def _soon_after(self, clip: ClipRange, shown: Frame) -> list[Frame]:
        """Whole keyframes of the clip within a few seconds after the picture, the first few."""
        soon = [gop[0] for gop in clip.gops if shown.media_s < gop[0].media_s <= shown.media_s + CHOSEN_WITHIN_S]
        keyframes = (self._keyframe(packet) for packet in soon[:MOST_OTHERS])
        return [frame for frame in keyframes if frame is not None and not frame.corrupt]

    def _still(self, moment: ExhibitMoment, frame: Frame, clip_sha256: str) -> PendingExhibit:
        at = self.utc(frame.media_s)
        return PendingExhibit(
            pending=self.vault.take(lambda path: write_still(frame, path), STILL_SUFFIX),
            kind=ExhibitKind.STILL,
            moment=moment,
            media_type=STILL_TYPE,
            from_at=at,
            to_at=at,
            recipe=still_recipe(frame, self.source.facts.codec, clip_sha256),
        )

    def _close_up(self, frame: Frame, box: Box, clip_sha256: str) -> PendingExhibit:
        at = self.utc(frame.media_s)
        part = close_up_box(frame, box)
        recipe = still_recipe(frame, self.source.facts.codec, clip_sha256) | {
            "box": part.as_list(),
            "sharpness": round(sharpness(frame, box), 1),
        }
        recipe["width"], recipe["height"] = int(part.width), int(part.height)
        return PendingExhibit(
            pending=self.vault.take(lambda path: write_close_up(frame, box, path), STILL_SUFFIX),
            kind=ExhibitKind.CLOSE_UP,
            moment=ExhibitMoment.SHARPEST,
            media_type=STILL_TYPE,
            from_at=at,
            to_at=at,
            recipe=recipe,
        )

    def _shown(self, clip: ClipRange, still: Frame | float) -> Frame:
        """The picture itself where it can be had from the clip again; else the first whole one from its second on."""
        if isinstance(still, Frame) and not still.corrupt and clip.from_s <= still.media_s <= clip.to_s:
            return still
        at_s = still.media_s if isinstance(still, Frame) else still
        key = (clip.from_s, at_s)
        return self._frames.held.get(key) or self._frames.remember(key, self._decoded_at(clip, at_s))

    def _decoded_at(self, clip: ClipRange, at_s: float) -> Frame:
        best: Frame | None = None
        for gop in clip.gops:
            if gop is not clip.gops[-1] and max(packet.media_s for packet in gop) < at_s:
                continue
            for frame in self.decoder.all_of(gop):
                if not frame.corrupt:
                    best = frame
                    if frame.media_s >= at_s:
                        return frame
        if best is None:
            raise CutFailed(f"no whole picture at {at_s:.2f} s: every frame of the clip has concealed errors")
        return best

    def _sharpest(self, clip: ClipRange, still: Frame, box: Box) -> Frame:
        """Of the still and the clip's keyframes from then on, the one in which the vehicle is sharpest."""
        keyframes = (self._keyframe(gop[0]) for gop in clip.gops if gop[0].media_s > still.media_s)
        candidates = [still, *(frame for frame in keyframes if frame is not None and not frame.corrupt)]
        return max(candidates, key=lambda frame: sharpness(frame, box))

    def _keyframe(self, packet: TimedPacket) -> Frame | None:
        if packet.pts not in self._keyframes.held:
            self._keyframes.remember(packet.pts, self.decoder.alone(packet))
        return self._keyframes.held[packet.pts]


def _copy(place: Path, path: Path) -> None:
    shutil.copyfile(place, path)
