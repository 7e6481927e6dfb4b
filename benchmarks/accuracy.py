"""Accuracy: the road over every clip of the footage that has a site file, against the truth by eye.

    python -m benchmarks.accuracy --footage DIR [--plates DIR] [--weights DIR] [--only SITE ...] [--json] [--html PAGE]

One line a site file, then the totals; then the same of dumping on every clip (benchmarks/dumping.py), and of plates
(benchmarks/plates.py). PAGE shows whatever went wrong as pictures. The last line is for scripts.

Vehicles lower than 32 pixels are counted apart. Incidents that the footage's own list does not know, where that list
says it is not complete, were looked at by eye and are in extra_truth.yaml: they count for precision and not for recall.
"""

import argparse
import base64
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from html import escape
from math import inf
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from ruamel.yaml import YAML

from benchmarks import dumping, plates
from benchmarks.matching import ClipResult, Reported, Standing, Totals, match, totals
from benchmarks.road import SITES, Analysis, analyze
from detectors.geometry import Box

EXTRA_TRUTH = Path(__file__).with_name("extra_truth.yaml")
COLUMNS = (
    *("site file", "clip", "dwell s", "stood", "once", "extra", "twice", "missed", "false"),
    *("lower than 32 px", "stop s", "leave s", "looks", "cpu s"),
)


@dataclass(frozen=True)
class SiteRun:
    """One site file on its clip."""

    site: str
    clip: str
    dwell_s: float
    analysis: Analysis
    result: ClipResult


def read_yaml(path: Path) -> dict[str, Any]:
    return dict(YAML(typ="safe").load(path))


def vehicles_of(truth: dict[str, Any], clip: str, *, extra: bool) -> list[Standing]:
    listed = truth.get(clip, {}).get("stationary_vehicles", [])
    if isinstance(listed, str):  # "not listed (hundreds)"
        return []
    return [
        Standing(
            id=f"+{each['id']}" if extra else str(each["id"]),
            what=each["what"],
            box=Box(*each["box"]),
            from_s=float(each["from"]),
            to_s=inf if each["to"] == "end" else float(each["to"]),
            extra=extra,
        )
        for each in listed
    ]


def reported_of(incidents: Iterable[dict[str, Any]]) -> list[Reported]:
    return [
        Reported(
            id=each["incident"],
            geofence=each["geofence"],
            box=Box(*each["box"]),
            first_seen_s=each["first_seen_s"],
            stopped_s=each["stopped_s"],
            last_seen_s=each["last_seen_s"],
            left_s=each["left_s"],
            state=each["state"],
        )
        for each in incidents
    ]


def run_site(path: Path, footage: Path, weights: Path | None, truths: Sequence[dict[str, Any]]) -> SiteRun:
    """All fences of one benchmark site have the same dwell, so that one number says who must be found."""
    site = read_yaml(path)
    clip = site["cameras"][0]["source"]
    dwells = {fence["offences"]["illegal_parking"]["dwell_s"] for fence in site["geofences"]}
    (dwell_s,) = dwells
    analysis = analyze(footage / clip, path, weights)
    own, extra = truths
    vehicles = vehicles_of(own, clip, extra=False) + vehicles_of(extra, clip, extra=True)
    result = match(vehicles, reported_of(analysis.incidents), dwell_s, analysis.summary["video_s"])
    return SiteRun(path.stem, clip, dwell_s, analysis, result)


def row_of(run: SiteRun) -> list[str]:
    large, small = totals([run.result], small=False), totals([run.result], small=True)
    return [
        run.site,
        run.clip,
        f"{run.dwell_s:g}",
        str(large.expected),
        str(large.found),
        str(large.extra),
        str(large.twice),
        str(large.missed),
        str(large.false),
        in_short(small),
        errors(large.stop_errors_s, large.stops_not_given),
        errors(large.leave_errors_s),
        str(run.analysis.summary["looks"]),
        f"{run.analysis.cost.cpu_s:.1f}",
    ]


def in_short(small: Totals) -> str:
    """Small vehicles in one cell: found of expected, then what is wrong."""
    if not (small.expected or small.extra or small.false):
        return ""
    wrong = [f"{count} {name}" for name, count in (("twice", small.twice), ("false", small.false)) if count]
    more = [f"+{small.extra} extra"] if small.extra else []
    return ", ".join([f"{small.found} of {small.expected}", *more, *wrong])


def errors(values_s: Sequence[float], not_given: int = 0) -> str:
    said = [f"{value_s:+.1f}" for value_s in values_s]
    return " ".join([*said, f"{not_given} not given"] if not_given else said)


def print_table(runs: Sequence[SiteRun]) -> None:
    """As a Markdown table, to be kept in docs/accuracy.md as it is."""
    rows = [list(COLUMNS), *(row_of(run) for run in runs)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(COLUMNS))]
    rows.insert(1, ["-" * width for width in widths])
    for row in rows:
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |")


def print_totals(name: str, total: Totals) -> None:
    print(
        f"{name}: stood {total.expected}, found once {total.found}, extra {total.extra}, twice {total.twice}, "
        f"missed {total.missed}, false {total.false}; precision {total.precision:.3f}, recall {total.recall:.3f}; "
        f"worst stop error {total.worst_stop_error_s:.2f} s, worst leave error {total.worst_leave_error_s:.2f} s"
    )


def faults_of(run: SiteRun) -> list[tuple[str, Box, float]]:
    """What went wrong: a sentence, the place and the second to look at."""
    result = run.result
    faults = [(f"missed: {each.id}, {each.what}", each.box, each.from_s + run.dwell_s / 2) for each in result.missed]
    for pair in result.twice:
        what = f"twice: {pair.vehicle.id}, {pair.vehicle.what}"
        faults.append((what, pair.incident.box, pair.incident.last_seen_s))
    for each in result.false:
        what = f"false: geofence {each.geofence}, {each.first_seen_s:.1f} to {each.last_seen_s:.1f} s, {each.state}"
        faults.append((what, each.box, (each.first_seen_s + each.last_seen_s) / 2))
    return faults


def figure_of(clip: Path, what: str, box: Box, at_s: float) -> str:
    """A fault as a figure of the page, its picture inside."""
    picture = base64.b64encode(picture_of(clip, box, at_s)).decode()
    words = escape(f"{what} — {clip.name} at {at_s:.1f} s, box {box.as_list()}")
    return (
        f'<figure><img alt="{words}" src="data:image/jpeg;base64,{picture}"><figcaption>{words}</figcaption></figure>'
    )


def write_html(path: Path, parts: Sequence[str]) -> None:
    body = "\n".join(parts) or "<p>Nothing missed, nothing doubled, nothing false.</p>"
    head = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Accuracy: what went wrong</title>'
    path.write_text(f"{head}\n<h1>What went wrong</h1>\n{body}\n</html>\n", encoding="utf-8")


def picture_of(clip: Path, box: Box, at_s: float) -> bytes:
    """JPEG of the surroundings of the box at that second, the box drawn in."""
    capture = cv2.VideoCapture(str(clip))
    frame: Any = None
    for _ in range(int(at_s * capture.get(cv2.CAP_PROP_FPS)) + 1):  # seeking is not exact, reading is
        whole, read = capture.read()
        if not whole:
            break
        frame = read
    capture.release()
    height, width = frame.shape[:2]
    x1, y1, x2, y2 = (round(side) for side in box.as_list())
    cv2.rectangle(frame, (x1, y1), (x2, y2), (0, 255, 255), 1)
    part = box.padded(1.5).within(width, height)
    cut = frame[int(part.y1) : int(part.y2), int(part.x1) : int(part.x2)]
    larger = cv2.resize(cut, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.imencode(".jpg", larger)[1]).tobytes()


def as_json(run: SiteRun) -> dict[str, Any]:
    sizes = {name: totals([run.result], small=small) for name, small in (("large", False), ("small", True))}
    return {
        "site": run.site,
        "clip": run.clip,
        "dwell_s": run.dwell_s,
        **{name: asdict(total) for name, total in sizes.items()},
        "faults": [{"what": what, "box": box.as_list(), "at_s": at_s} for what, box, at_s in faults_of(run)],
        "cpu_s": run.analysis.cost.cpu_s,
        "summary": run.analysis.summary,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--footage", type=Path, required=True, help="folder with the clips and ground_truth.yaml")
    parser.add_argument("--plates", type=Path, help="folder with photographs of plates and truth.csv")
    parser.add_argument("--weights", type=Path, help="folder of weights; default: what `streetwitness` finds")
    parser.add_argument("--only", nargs="*", help="names of site files, without .yaml")
    parser.add_argument("--json", action="store_true", help="one JSON object a line instead of the table")
    parser.add_argument("--html", type=Path, help="write a page with pictures of what went wrong")
    arguments = parser.parse_args()
    truths = (read_yaml(arguments.footage / "ground_truth.yaml"), read_yaml(EXTRA_TRUTH))
    chosen = [path for path in sorted(SITES.glob("*.yaml")) if not arguments.only or path.stem in arguments.only]
    runs = [run_site(path, arguments.footage, arguments.weights, truths) for path in chosen]
    results = [run.result for run in runs]
    large, small = totals(results, small=False), totals(results, small=True)
    if arguments.json:
        for run in runs:
            print(json.dumps(as_json(run), ensure_ascii=False))
    else:
        print_table(runs)
        for run in runs:
            for what, box, at_s in faults_of(run):
                print(f"{run.site}: {what}, at {at_s:.1f} s, box {box.as_list()}")
        print_totals("32 px and higher", large)
        print_totals("lower than 32 px", small)
    dumped = [] if arguments.only else dumping.over_footage(arguments.footage, arguments.weights)
    if dumped:
        if not arguments.json:
            dumping.print_table(dumped)
        print(dumping.totals_of(dumped))
    read = plates.read_folder(arguments.plates) if arguments.plates else []
    if read:
        print(f"plates: {json.dumps(plates.figures(read))}")
    if arguments.html:
        faults = [(run.clip, f"{run.site}: {what}", box, at_s) for run in runs for what, box, at_s in faults_of(run)]
        faults += [(run.clip, *fault) for run in dumped for fault in dumping.faults_of(run)]
        parts = [figure_of(arguments.footage / clip, what, box, at_s) for clip, what, box, at_s in faults]
        write_html(arguments.html, [*parts, plates.misses(read)])
    print(
        f"precision={large.precision:.3f} recall={large.recall:.3f} worst_stop_error_s={large.worst_stop_error_s:.2f}"
    )


if __name__ == "__main__":
    main()
