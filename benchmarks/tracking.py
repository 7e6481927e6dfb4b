"""Tracking: ByteTrack of Ultralytics and ours on the same looks, the same detections, against the truth by eye.

    python -m benchmarks.tracking --footage DIR --weights DIR

For every vehicle of the truth that stands: at how many looks of its stay a track stands for it, under how many numbers,
and which numbers stand for two vehicles. Below, what the appearance says of each vehicle's place: while it stands, and
after it has left. The last line is for scripts.
"""

import argparse
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import inf
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from ruamel.yaml import YAML

from benchmarks.accuracy import read_yaml, vehicles_of
from benchmarks.against_yolo_track import SITE_NAMES, model_folder
from benchmarks.matching import Standing
from benchmarks.road import SITES
from benchmarks.yolo_track import torchvision_or_stand_in
from detectors.appearance import Appearance
from detectors.frame import Frame
from detectors.geometry import Box, Polygon
from detectors.look_region import look_regions
from detectors.openvino_engine import OpenVinoDetector
from detectors.sightings import Detection, Look, ObjectRole
from detectors.tracker import SHOWN, Tracker
from ingest.decoding import FrameDecoder
from ingest.media_clock import utc_since
from ingest.packet_source import open_file
from ingest.sampler import Sampler, Sampling

ON_IT_IOU = 0.5
START = datetime(2026, 1, 1, tzinfo=UTC)
MARGIN_S = 0.5  # looks this near to arriving or leaving say nothing


@dataclass
class Kept:
    """What one tracker made of the vehicles of one clip: numbers by vehicle, looks at which it had one."""

    numbers: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def note(self, vehicles: Sequence[Standing], tracks: Sequence[tuple[int, Box]]) -> None:
        for vehicle in vehicles:
            best = max(tracks, key=lambda track: track[1].iou(vehicle.box), default=None)
            if best is not None and best[1].iou(vehicle.box) >= ON_IT_IOU:
                self.numbers[vehicle.id].append(best[0])

    def on_two(self) -> list[str]:
        """Pairs of vehicles that one number stood for."""
        names = sorted(self.numbers)
        return [
            f"{one}={other}"
            for at, one in enumerate(names)
            for other in names[at + 1 :]
            if set(self.numbers[one]) & set(self.numbers[other])
        ]


class Detections:
    """What BYTETracker asks of Ultralytics' results."""

    def __init__(self, xywh: Any, conf: Any, cls: Any) -> None:
        self.xywh, self.conf, self.cls = xywh, conf, cls

    @classmethod
    def of(cls, found: Sequence[Detection]) -> "Detections":
        boxes = [[*each.box.centre, each.box.width, each.box.height] for each in found]
        scores = np.array([each.confidence for each in found], np.float32)
        return cls(np.array(boxes, np.float32).reshape(-1, 4), scores, np.zeros(len(found), np.float32))

    def __len__(self) -> int:
        return len(self.conf)

    def __getitem__(self, at: Any) -> "Detections":
        return Detections(self.xywh[at], self.conf[at], self.cls[at])


def byte_tracker() -> Any:
    torchvision_or_stand_in()
    from ultralytics.trackers.byte_tracker import BYTETracker  # noqa: PLC0415 - after the stand-in
    from ultralytics.utils import ROOT  # noqa: PLC0415

    settings = read_yaml(ROOT / "cfg" / "trackers" / "bytetrack.yaml")
    return BYTETracker(SimpleNamespace(**settings))  # type: ignore[no-untyped-call]


def looks_of(clip: Path, fences: Sequence[Sequence[Sequence[float]]]) -> list[Look]:
    """The looks of the road: the sampler's frames with the parts that the fences ask for."""
    with open_file(clip) as source:
        facts = source.facts
        decoder = FrameDecoder(facts, utc_since(START))
        sampler = Sampler(decoder, Sampling(), float(1 / facts.frame_rate))
        frames: list[Frame] = [frame for packet in source.packets() for frame in sampler.offer(packet)]
        frames += sampler.finish()
    width, height = frames[0].width, frames[0].height
    regions = look_regions([Polygon.of_fractions(fence, width, height) for fence in fences], width, height)
    return [Look(frame, regions) for frame in frames]


def standing_at(vehicles: Sequence[Standing], at_s: float) -> list[Standing]:
    return [
        each
        for each in vehicles
        if (each.from_s == 0 or each.from_s + MARGIN_S <= at_s) and at_s <= each.to_s - MARGIN_S
    ]


def follow(looks: Sequence[Look], found: Sequence[list[Detection]], vehicles: Sequence[Standing]) -> tuple[Kept, Kept]:
    theirs, ours = Kept(), Kept()
    peer, tracker = byte_tracker(), Tracker()
    for look, detections in zip(looks, found, strict=True):
        there = standing_at(vehicles, look.frame.media_s)
        cars = [each for each in detections if each.role is ObjectRole.VEHICLE]
        rows = peer.update(Detections.of(cars))
        theirs.note(there, [(int(row[4]), Box(*(float(side) for side in row[:4]))) for row in rows])
        tracker.update(look, detections)
        newest = [track for track in tracker.tracks if track.sightings[-1].kind in SHOWN]
        ours.note(there, [(track.id, track.place) for track in newest])
    return theirs, ours


def print_appearance(looks: Sequence[Look], vehicles: Sequence[Standing]) -> None:
    """What the appearance says of each place: lowest and highest while the vehicle stands, and once it is gone."""
    for vehicle in vehicles:
        there = [look.frame for look in looks if vehicle in standing_at([vehicle], look.frame.media_s)]
        gone = [look.frame for look in looks if look.frame.media_s > vehicle.to_s + 1]
        if len(there) < 2:
            continue
        appearance = Appearance.of(there[0], vehicle.box)
        for name, frames in (("stands", there[1:]), ("gone", gone)):
            if frames:
                likeness = [appearance.likeness(frame) for frame in frames]
                same = sum(each.same for each in likeness)
                print(
                    f"  {vehicle.id} {name}: correlation {min(each.correlation for each in likeness):.2f} to "
                    f"{max(each.correlation for each in likeness):.2f}, colour "
                    f"{min(each.colour for each in likeness):.1f} to {max(each.colour for each in likeness):.1f}; "
                    f"taken for the same at {same} of {len(frames)} looks"
                )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--footage", type=Path, required=True)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--only", nargs="*", default=SITE_NAMES, help="names of site files, without .yaml")
    arguments = parser.parse_args()
    detector = OpenVinoDetector(model_folder(arguments.weights))
    truth = read_yaml(arguments.footage / "ground_truth.yaml")
    sums = {name: [0, 0, 0] for name in ("ByteTrack", "ours")}
    expected = 0
    for name in arguments.only:
        site = YAML(typ="safe").load(SITES / f"{name}.yaml")
        clip = site["cameras"][0]["source"]
        vehicles = vehicles_of(truth, clip, extra=False)
        looks = looks_of(arguments.footage / clip, [fence["polygon"] for fence in site["geofences"]])
        wanted = {each.id: sum(each in standing_at([each], look.frame.media_s) for look in looks) for each in vehicles}
        expected += sum(wanted.values())
        print(f"{clip}: {len(looks)} looks")
        for tracker, kept in zip(sums, follow(looks, detector.detect(looks), vehicles), strict=True):
            cells = [
                f"{vehicle} {len(kept.numbers[vehicle])}/{count} looks, {len(set(kept.numbers[vehicle]))} number(s)"
                for vehicle, count in wanted.items()
                if count
            ]
            switches = sum(max(len(set(numbers)) - 1, 0) for numbers in kept.numbers.values())
            print(f"  {tracker}: {'; '.join(cells)}; on two vehicles: {', '.join(kept.on_two()) or 'none'}")
            found = sum(len(numbers) for numbers in kept.numbers.values())
            for at, count in enumerate((found, switches, len(kept.on_two()))):
                sums[tracker][at] += count
        print_appearance(looks, [each for each in vehicles if each.from_s < inf])
    print(
        " ".join(
            f"{name}: {found} of {expected} looks held, {switches} changes of number, {two} numbers on two vehicles;"
            for name, (found, switches, two) in sums.items()
        )
    )


if __name__ == "__main__":
    main()
