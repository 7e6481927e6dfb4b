"""The exhibits of one moment: its clip, its still, the close-up, and a copy for browsers where one is needed.

All are made from the same packets. They wait in the vault's incoming folder until their incident's transaction
seals them.
"""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from detectors.frame import Frame
from detectors.geometry import Box
from evidence.sealing import PendingExhibit
from evidence.vault import Vault
from ingest.browser_copy import browser_copy_recipe, write_browser_copy
from ingest.clip_cut import ClipRange, clip_recipe, container_of, write_clip
from ingest.decoding import FrameDecoder
from ingest.errors import CutFailed
from ingest.packet_source import Stream, TimedPacket
from ingest.stills import close_up_box, sharpness, still_recipe, write_close_up, write_still
from models.enums import ExhibitKind, ExhibitMoment

STILL_TYPE, STILL_SUFFIX = "image/jpeg", ".jpg"
FRAMES_KEPT = 2


@dataclass(frozen=True)
class ExhibitMaker:
    """What all exhibits of one source have in common."""

    source: Stream
    decoder: FrameDecoder
    vault: Vault
    utc: Callable[[float], datetime]
    source_sha256: str | None
    # several vehicles may stand in one clip: it is encoded for browsers once, and its stills decoded once
    _copies: dict[tuple[str, float, float], Path] = field(default_factory=dict)
    _frames: dict[tuple[float, float], Frame] = field(default_factory=dict)
    _keyframes: dict[int, Frame | None] = field(default_factory=dict)  # by pts

    def make(
        self,
        moment: ExhibitMoment,
        clip: ClipRange,
        still: Frame | float,
        box: Box,
        gaps: Sequence[tuple[float, float]],
    ) -> list[PendingExhibit]:
        """Clip and still of a moment; of the entry also the sharpest close-up. Raises CutFailed, VaultError.

        still: the picture itself where a look had it, or the second from which the first whole picture is taken.
        """
        made: list[PendingExhibit] = []
        try:
            original = self._clip(moment, clip, gaps)
            made.append(original)
            if not self.source.facts.plays_in_browsers:
                made.append(self._browser_copy(original, clip))
            shown = still if isinstance(still, Frame) and not still.corrupt else self._frame_at(clip, _seconds(still))
            made.append(self._still(moment, shown, original.pending.sha256))
            if moment is ExhibitMoment.ENTRY:
                made.append(self._close_up(self._sharpest(clip, shown, box), box, original.pending.sha256))
        except BaseException:
            for each in made:
                self.vault.discard(each.pending)
            raise
        return made

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
        key = (original.pending.sha256, clip.asked_from_s, clip.asked_to_s)
        made_before = self._copies.get(key)

        def asked(media_s: float) -> bool:
            return clip.asked_from_s <= media_s <= clip.asked_to_s

        def write(path: Path) -> None:
            if made_before is not None and made_before.exists():
                shutil.copyfile(made_before, path)
            else:
                write_browser_copy(self.decoder.all_of(clip.packets, asked), self.source.facts, path)

        pending = self.vault.take(write, ".mp4")
        self._copies[key] = Vault.path_of(self.vault.root, pending.sha256, pending.suffix)
        return replace(
            original,
            pending=pending,
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

    def _frame_at(self, clip: ClipRange, at_s: float) -> Frame:
        """The first whole picture from `at_s` on; the last one before it where the clip ends there."""
        key = (clip.from_s, at_s)
        if key not in self._frames:
            if len(self._frames) >= FRAMES_KEPT:
                self._frames.pop(next(iter(self._frames)))
            self._frames[key] = self._decoded_at(clip, at_s)
        return self._frames[key]

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
        if packet.pts not in self._keyframes:
            if len(self._keyframes) >= FRAMES_KEPT:
                self._keyframes.pop(next(iter(self._keyframes)))
            self._keyframes[packet.pts] = self.decoder.alone(packet)
        return self._keyframes[packet.pts]


def _seconds(still: Frame | float) -> float:
    return still.media_s if isinstance(still, Frame) else still
