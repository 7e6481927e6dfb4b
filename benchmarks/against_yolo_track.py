"""Cost: `streetwitness analyze` against `yolo track`, the same clip and the same weights.

    python -m benchmarks.against_yolo_track --footage DIR --weights DIR [--rounds 3] [--only SITE ...]

Processor time (user and system, of the whole process tree) in separate processes that take turns, medians over the
rounds. `analyze` gets a fresh data folder each time and does all of its work: hashing, clips, stills, rows, drafts.

What is compared: (a) analyze at its default look, (b) track on every picture, its plain use, (c) track with a
vid_stride that makes its looks as rare as ours: the comparison of equals, though (c) writes no evidence. Start-up is
the cost of the same program on a clip of one picture, and is taken off for the second ratio. The last line is for
scripts.
"""

import argparse
import json
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import cv2
from ruamel.yaml import YAML

from benchmarks.road import SITES, analyze, run

SITE_NAMES = ("street_traffic_25s", "lot_arrivals", "path_parked_van")
LOOK_S = 2.0


@dataclass
class Series:
    """Processor seconds of one program over the rounds."""

    name: str
    whole_s: list[float] = field(default_factory=list)
    start_s: list[float] = field(default_factory=list)

    @property
    def whole(self) -> float:
        return median(self.whole_s)

    @property
    def work(self) -> float:
        """Without start-up."""
        return self.whole - median(self.start_s)

    def throughput(self, length_s: float) -> float:
        """Hours of this recording that an hour of one core gets through, start-up excluded."""
        return length_s / self.work


def model_folder(weights: Path) -> Path:
    """The exported model in the folder of weights, or one below."""
    return next(path.parent for path in sorted(weights.rglob("metadata.yaml")))


def one_picture(clip: Path, folder: Path) -> Path:
    """The clip's first picture as a video of its own."""
    capture = cv2.VideoCapture(str(clip))
    _, frame = capture.read()
    capture.release()
    path = folder / f"{clip.stem}_one.mp4"
    height, width = frame.shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 25.0, (width, height))
    writer.write(frame)
    writer.release()
    return path


def length_s(clip: Path) -> float:
    capture = cv2.VideoCapture(str(clip))
    pictures, fps = capture.get(cv2.CAP_PROP_FRAME_COUNT), capture.get(cv2.CAP_PROP_FPS)
    capture.release()
    return float(pictures / fps)


def frames_a_look(clip: Path) -> int:
    capture = cv2.VideoCapture(str(clip))
    fps = capture.get(cv2.CAP_PROP_FPS)
    capture.release()
    return round(fps * LOOK_S)


def track(clip: Path, model: Path, stride: int) -> tuple[dict[str, object], float]:
    """What the peer says of itself, and its processor seconds."""
    command = [sys.executable, "-m", "benchmarks.yolo_track", str(clip), str(model), "--stride", str(stride)]
    out, cost = run(command, {"PYTHONPATH": str(Path(__file__).parents[1])})
    return json.loads(out.splitlines()[-1]), cost.cpu_s


def compare(site: Path, clip: Path, weights: Path, rounds: int) -> tuple[Series, Series, Series]:
    model, stride = model_folder(weights), frames_a_look(clip)
    ours, every, rare = Series("analyze"), Series("track, every picture"), Series(f"track, vid_stride {stride}")
    with tempfile.TemporaryDirectory() as folder:
        single = one_picture(clip, Path(folder))
        analyze(single, site, weights)  # once before: compiled Python and the compiled model are there for both
        track(single, model, 1)
        for _ in range(rounds):
            for source, times in ((clip, "whole_s"), (single, "start_s")):
                analysis = analyze(source, site, weights)
                getattr(ours, times).append(analysis.cost.cpu_s)
                for series, step in ((every, 1), (rare, stride)):
                    said, cpu_s = track(source, model, step)
                    getattr(series, times).append(cpu_s)
                    if source is clip and not series.whole_s[1:]:
                        print(f"  {series.name}: {said['pictures']} pictures; suppression: {said['nms']}")
                if source is clip and not ours.whole_s[1:]:
                    print(f"  analyze: {analysis.summary['looks']} looks, {len(analysis.incidents)} incidents")
    return ours, every, rare


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--footage", type=Path, required=True)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="*", default=SITE_NAMES, help="names of site files, without .yaml")
    arguments = parser.parse_args()
    last = []
    for name in arguments.only:
        site = SITES / f"{name}.yaml"
        clip = arguments.footage / YAML(typ="safe").load(site)["cameras"][0]["source"]
        print(f"{clip.name}, {name}.yaml")
        ours, every, rare = compare(site, clip, arguments.weights.resolve(), arguments.rounds)
        for series in (ours, every, rare):
            print(
                f"  {series.name}: median {series.whole:.2f} s processor time, {series.work:.2f} s without start-up; "
                f"rounds {', '.join(f'{each_s:.2f}' for each_s in series.whole_s)}"
            )
        print(
            f"  every picture / ours {every.whole / ours.whole:.1f} ({every.work / ours.work:.1f} without start-up); "
            f"equally rare / ours {rare.whole / ours.whole:.2f} ({rare.work / ours.work:.2f} without start-up)"
        )
        told = ", ".join(f"{each.name} {each.throughput(length_s(clip)):.1f}" for each in (ours, every, rare))
        print(f"  hours of this recording an hour of one core, without start-up: {told}")
        last.append(f"{clip.stem}={every.whole / ours.whole:.1f}/{every.work / ours.work:.1f}")
    print(f"ratio_whole/without_startup: {' '.join(last)}")


if __name__ == "__main__":
    main()
