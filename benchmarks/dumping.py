"""Dumping over every clip of the footage: the thing, the second of the act, the actor; and what was raised besides.

    python -m benchmarks.dumping --footage DIR [--weights DIR] [--only CLIP ...] [--json]

Against the truth by eye in the footage's ground_truth.yaml. A thing is found where an incident's box overlaps it by
half or more; the second is right from half a second before it touches the ground to half a second after the hand is
off it; the actor is right where the draft's act names a person at that second. benchmarks.accuracy prints the totals
with those of the other offences.
"""

import argparse
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from benchmarks.road import Analysis, analyze
from detectors.geometry import Box

FENCES = Path(__file__).with_name("dumping.yaml")
SAME_THING_IOU = 0.5
WITHIN_S = 0.5
COLUMNS = ("clip", "left", "found", "false", "act s", "act error s", "actor", "looks", "cpu s")


@dataclass(frozen=True)
class Left:
    """Truth: a thing, and the seconds between which it came from a hand to the ground."""

    what: str
    box: Box
    ground_s: float
    hand_off_s: float

    def error_s(self, act_s: float) -> float:
        """0 between touching the ground and the hand that lets go."""
        return min(act_s - self.ground_s, 0.0) + max(act_s - self.hand_off_s, 0.0)


@dataclass(frozen=True)
class ClipOfDumping:
    clip: str
    left: tuple[Left, ...]
    found: tuple[tuple[Left, dict[str, Any]], ...]
    false: tuple[dict[str, Any], ...]
    analysis: Analysis

    @property
    def errors_s(self) -> list[float]:
        return [each.error_s(incident["stopped_s"]) for each, incident in self.found]

    @property
    def seconds_right(self) -> int:
        return sum(abs(error_s) <= WITHIN_S for error_s in self.errors_s)

    @property
    def actors(self) -> int:
        return sum((incident.get("act") or {}).get("actor", {}).get("role") == "person" for _, incident in self.found)


@dataclass(frozen=True)
class DumpingTotals:
    left: int
    found: int
    false: int
    seconds_right: int
    actors: int
    worst_error_s: float

    @property
    def precision(self) -> float:
        return self.found / (self.found + self.false) if self.found + self.false else 1.0

    @property
    def recall(self) -> float:
        return self.found / self.left if self.left else 1.0

    def __str__(self) -> str:
        return (
            f"dumping: left {self.left}, found {self.found}, false {self.false}; precision {self.precision:.3f}, "
            f"recall {self.recall:.3f}; act's second right {self.seconds_right}, "
            f"worst error {self.worst_error_s:.2f} s; actor found {self.actors}"
        )


def truth_of(listed: Mapping[str, Any]) -> tuple[Left, ...]:
    return tuple(
        Left(each["what"], Box(*each["box"]), float(each["touches_ground"]), float(each["hand_off"]))
        for each in listed.get("dropped_objects") or []
        if "touches_ground" in each
    )


def matched(
    left: Sequence[Left], incidents: Sequence[dict[str, Any]]
) -> tuple[list[tuple[Left, dict[str, Any]]], list[dict[str, Any]]]:
    """Each thing with the incident that overlaps it most, and the incidents that are left over."""
    free, found = list(incidents), []
    for thing in left:
        best = max(free, key=lambda each: thing.box.iou(Box(*each["box"])), default=None)
        if best is not None and thing.box.iou(Box(*best["box"])) >= SAME_THING_IOU:
            free.remove(best)
            found.append((thing, best))
    return found, free


def run_clip(clip: Path, truth: Mapping[str, Any], weights: Path | None) -> ClipOfDumping:
    fences = YAML(typ="safe").load(FENCES)
    fence = fences["usual"] | (fences["clips"].get(clip.name) or {})
    site = {
        "site": "dumping",
        "timezone": "UTC",
        "cameras": [{"id": "camera", "name": "camera", "source": str(clip.resolve())}],
        "geofences": [
            {
                "id": "ground",
                "camera": "camera",
                "polygon": fence["polygon"],
                "offences": {"dumping": {"away_s": fence["away_s"]}},
            }
        ],
    }
    with tempfile.TemporaryDirectory(prefix="streetwitness_benchmark_") as folder:
        path = Path(folder) / "site.yaml"
        YAML(typ="safe").dump(site, path)
        analysis = analyze(clip, path, weights)
    left = truth_of(truth.get(clip.name, {}))
    found, false = matched(left, [each for each in analysis.incidents if each["offence"] == "dumping"])
    return ClipOfDumping(clip.name, left, tuple(found), tuple(false), analysis)


def totals_of(clips: Sequence[ClipOfDumping]) -> DumpingTotals:
    return DumpingTotals(
        left=sum(len(each.left) for each in clips),
        found=sum(len(each.found) for each in clips),
        false=sum(len(each.false) for each in clips),
        seconds_right=sum(each.seconds_right for each in clips),
        actors=sum(each.actors for each in clips),
        worst_error_s=max((abs(error_s) for each in clips for error_s in each.errors_s), default=0.0),
    )


def faults_of(run: ClipOfDumping) -> list[tuple[str, Box, float]]:
    """What went wrong: a sentence, the place and the second to look at."""
    found = [left for left, _ in run.found]
    missed = [(f"dumping missed: {each.what}", each.box, each.hand_off_s) for each in run.left if each not in found]
    false = [
        (f"dumping false: {each['state']}", Box(*each["box"]), each["stopped_s"] or each["first_seen_s"])
        for each in run.false
    ]
    late = [
        (f"dumping, second wrong by {left.error_s(each['stopped_s']):+.1f} s: {left.what}", left.box, each["stopped_s"])
        for left, each in run.found
        if abs(left.error_s(each["stopped_s"])) > WITHIN_S
    ]
    return [*missed, *false, *late]


def row_of(run: ClipOfDumping) -> list[str]:
    return [
        run.clip,
        str(len(run.left)),
        str(len(run.found)),
        str(len(run.false)),
        " ".join(f"{incident['stopped_s']:.1f}" for _, incident in run.found),
        " ".join(f"{error_s:+.2f}" for error_s in run.errors_s),
        str(run.actors) if run.left else "",
        str(run.analysis.summary["looks"]),
        f"{run.analysis.cost.cpu_s:.1f}",
    ]


def over_footage(footage: Path, weights: Path | None, only: Sequence[str] = ()) -> list[ClipOfDumping]:
    truth = YAML(typ="safe").load(footage / "ground_truth.yaml")
    return [run_clip(footage / name, truth, weights) for name in truth if not only or name in only]


def print_table(runs: Sequence[ClipOfDumping]) -> None:
    rows = [list(COLUMNS), *(row_of(run) for run in runs)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(COLUMNS))]
    rows.insert(1, ["-" * width for width in widths])
    for row in rows:
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |")
    for run in runs:
        for each in run.false:
            print(f"{run.clip}: false, at {each['stopped_s']} s, box {each['box']}")
        known = {thing.what for thing, _ in run.found}
        for thing in run.left:
            if thing.what not in known:
                print(f"{run.clip}: missed, {thing.what}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--footage", type=Path, required=True, help="folder with the clips and ground_truth.yaml")
    parser.add_argument("--weights", type=Path, help="folder of weights; default: what `streetwitness` finds")
    parser.add_argument("--only", nargs="*", default=(), help="names of clips")
    parser.add_argument("--json", action="store_true", help="one JSON object a clip instead of the table")
    arguments = parser.parse_args()
    runs = over_footage(arguments.footage, arguments.weights, arguments.only)
    if arguments.json:
        for run in runs:
            told = {"clip": run.clip, "left": len(run.left), "errors_s": run.errors_s, "actors": run.actors}
            print(json.dumps(told | {"found": len(run.found), "false": len(run.false)}))
    else:
        print_table(runs)
    total = totals_of(runs)
    print(total)
    print(f"precision={total.precision:.3f} recall={total.recall:.3f} worst_act_error_s={total.worst_error_s:.2f}")


if __name__ == "__main__":
    main()
