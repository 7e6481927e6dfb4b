"""Threads and processes: the same cameras in one watcher process and shared out over several.

    python -m benchmarks.threads_and_processes [--footage DIR] [--weights DIR] [--cameras 8] [--watchers 1 2]
        [--seconds 60] [--rounds 2] [--overload-look 0.2]

The real program over RTSP on loopback, taking turns; within a watcher every camera has its thread, and the watchers
share the cameras by their leases. First at a look every 2 s, then looking so often that two cores cannot keep up: there
it is seen who drops how many looks. Processor time of all watchers, without the servers. The last line is for scripts.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from platformdirs import user_cache_path

from benchmarks.live_site import MEGABYTE, watched
from benchmarks.street_clips import streets

SHARED_OUT_S = 35.0  # until every watcher has its share, and rings of 30 s are full


def measured(
    clips: Sequence[Path], cameras: int, watchers: int, look_s: float, seconds: float, weights: Path | None
) -> float:
    """Milliseconds of processor a camera-second."""
    settings = {"STREETWITNESS_WATCHERS": str(watchers), "STREETWITNESS_LOOK_S": str(look_s)}
    with (
        tempfile.TemporaryDirectory(prefix="streetwitness_benchmark_") as folder,
        watched(Path(folder), clips, cameras, weights=weights, settings=settings) as program,
    ):
        time.sleep(SHARED_OUT_S)
        before = program.read()
        time.sleep(seconds)
        after = program.read()
    watched_s, wall_s = after.watched_s - before.watched_s, after.wall_s - before.wall_s
    cpu_s, looks, dropped = after.cpu_s - before.cpu_s, after.looks - before.looks, after.dropped - before.dropped
    each_ms = 1000 * cpu_s / watched_s
    print(
        f"  {watchers} watchers: {each_ms:.1f} ms a camera-second, {cpu_s / wall_s:.2f} cores; {looks} looks, "
        f"{dropped} dropped ({dropped / max(looks + dropped, 1):.0%}); {watched_s:.0f} of {cameras * wall_s:.0f} s "
        f"received; {after.memory_bytes / MEGABYTE:.0f} MB, {after.threads} threads",
        flush=True,
    )
    return each_ms


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--footage", type=Path, help="without it the streets are drawn")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--clips", type=Path, default=user_cache_path("streetwitness") / "benchmark_clips")
    parser.add_argument("--cameras", type=int, default=8)
    parser.add_argument("--watchers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--overload-look", type=float, default=0.2)
    arguments = parser.parse_args()
    weights = arguments.weights and arguments.weights.resolve()
    clips = streets(arguments.footage, arguments.clips).busy
    last = []
    for load, look_s in (("usual", 2.0), ("overload", arguments.overload_look)):
        print(f"{load}: {arguments.cameras} cameras, a look every {look_s:g} s")
        figures: dict[int, list[float]] = {number: [] for number in arguments.watchers}
        for _ in range(arguments.rounds):
            for number in arguments.watchers:
                figures[number].append(measured(clips, arguments.cameras, number, look_s, arguments.seconds, weights))
        last += [f"{load}_{number}={median(each_ms):.1f}ms" for number, each_ms in figures.items()]
    print(" ".join(last))


if __name__ == "__main__":
    main()
