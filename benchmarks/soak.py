"""Soak: does watching eat memory, files or threads over the hours?

    python -m benchmarks.soak --minutes 120 [--cameras 4] [--footage DIR] [--weights DIR]

Cameras over RTSP on loopback, watched by the real program with rules that what stands breaks, so that incidents are
opened, drafted and closed all the while. Prints memory (together, and a camera's share), rings, threads and open files
each minute. The last line is the growth an hour of what is not in the rings, without the first three minutes, and
whether that is flat: memory comes and goes by some megabytes, and only hours tell.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
from platformdirs import user_cache_path

from benchmarks.live_site import MEGABYTE, Reading, watched
from benchmarks.street_clips import streets

WARM_AFTER = 3  # minutes: rings are full, every code path was taken
LEAST_MINUTES = 5  # after that, for a line through them
DWELL_S, GRACE_S = 8.0, 6.0
FLAT_MB, FLAT_FILES = 4.0, 1.0  # an hour: a watcher of a hundred cameras then runs for days


def growth_an_hour(minutes: list[Reading], amounts: list[float]) -> tuple[float, float]:
    """The middle one of the slopes between any two minutes (Theil and Sen), and its standard error.

    Pictures that are decoded for an incident are hundreds of megabytes for a second; a minute that happens to show
    them bends a line of least squares, and is no growth.
    """
    at_h, amount = np.array([each.wall_s / 3600 for each in minutes]), np.array(amounts)
    earlier, later = np.triu_indices(len(at_h), 1)
    growth = float(np.median((amount[later] - amount[earlier]) / (at_h[later] - at_h[earlier])))
    rest = amount - growth * at_h
    deviation = 1.4826 * np.median(np.abs(rest - np.median(rest)))  # of a normal distribution with that middle
    return growth, float(deviation / np.sqrt(np.sum((at_h - at_h.mean()) ** 2)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=int, required=True)
    parser.add_argument("--cameras", type=int, default=4)
    parser.add_argument("--footage", type=Path, help="without it the streets are drawn")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--clips", type=Path, default=user_cache_path("streetwitness") / "benchmark_clips")
    arguments = parser.parse_args()
    if arguments.minutes < WARM_AFTER + LEAST_MINUTES:
        parser.error(f"--minutes must be at least {WARM_AFTER + LEAST_MINUTES}: the first {WARM_AFTER} are not counted")
    weights = arguments.weights and arguments.weights.resolve()
    made = streets(arguments.footage, arguments.clips)
    clips = [*made.busy[-1:], *made.quiet, *made.busy[:-1]]  # where vehicles stand first, so that few cameras suffice
    minutes: list[Reading] = []
    with (
        tempfile.TemporaryDirectory(prefix="streetwitness_soak_") as folder,
        watched(Path(folder), clips, arguments.cameras, weights=weights, dwell_s=DWELL_S, grace_s=GRACE_S) as program,
    ):
        for minute in range(1, arguments.minutes + 1):
            time.sleep(60.0)
            now = program.read()
            print(
                f"minute {minute}: {now.memory_bytes / MEGABYTE:.1f} MB, "
                f"{now.memory_bytes / MEGABYTE / arguments.cameras:.1f} a camera, "
                f"{now.ring_bytes / MEGABYTE:.1f} in rings; "
                f"{now.files} files, {now.threads} threads; {now.looks} looks, {now.dropped} dropped, {now.gaps} gaps, "
                f"{now.incidents} incidents",
                flush=True,
            )
            if minute > WARM_AFTER:
                minutes.append(now)
    beside_mb = [(each.memory_bytes - each.ring_bytes) / MEGABYTE for each in minutes]
    memory_mb, error_mb = growth_an_hour(minutes, beside_mb)
    files, error = growth_an_hour(minutes, [float(each.files) for each in minutes])
    threads, threads_error = growth_an_hour(minutes, [float(each.threads) for each in minutes])
    flat = memory_mb - 2 * error_mb <= FLAT_MB and files - 2 * error <= FLAT_FILES and threads <= FLAT_FILES
    print(
        f"growth_an_hour_mb={memory_mb:.1f}+-{error_mb:.1f} growth_an_hour_files={files:.1f}+-{error:.1f} "
        f"growth_an_hour_threads={threads:.1f}+-{threads_error:.1f} verdict={'flat' if flat else 'grows'}"
    )


if __name__ == "__main__":
    main()
