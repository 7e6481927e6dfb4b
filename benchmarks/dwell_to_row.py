"""From the picture in which a dwell completes to the row of its incident, with many cameras on one machine.

    python -m benchmarks.dwell_to_row [--cameras 100] [--minutes 5] [--idle-look 10] [--footage DIR] [--weights DIR]

One camera in ten shows the street in which vehicles come to stand, the others are quiet; the rule is broken after eight
seconds, so that many dwells complete. The real program over RTSP on loopback. A row counts from when another process
can read it, looked for ten times a second; the picture's time is its capture time. The servers run on the same
machine and take their share of it. The last line is for scripts.
"""

import argparse
import tempfile
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles

from platformdirs import user_cache_path
from sqlalchemy import select

from benchmarks.live_site import watched
from benchmarks.street_clips import streets
from models.database import Sessions, reading
from models.incidents import Incident

ONE_BUSY_IN = 10
DWELL_S, GRACE_S = 8.0, 600.0
SETTLES_S = 20.0  # what connecting costs is not asked
EVERY_S = 0.1


def waits(sessions: Sessions, seconds: float) -> list[float]:
    """Of every incident that appears in that time: seconds from its picture to its row."""
    known = {incident_id for incident_id, _ in incidents(sessions)}
    found: list[float] = []
    until_s = time.monotonic() + seconds
    while time.monotonic() < until_s:
        for incident_id, confirmed_at in incidents(sessions):
            if incident_id not in known:
                known.add(incident_id)
                found.append((datetime.now(UTC) - confirmed_at).total_seconds())
        time.sleep(EVERY_S)
    return found


def incidents(sessions: Sessions) -> list[tuple[uuid.UUID, datetime]]:
    with reading(sessions) as session:
        newest = select(Incident.id, Incident.confirmed_at).order_by(Incident.confirmed_at.desc()).limit(200)
        return [(row.id, row.confirmed_at) for row in session.execute(newest)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cameras", type=int, default=100)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--idle-look", type=float, default=10.0)
    parser.add_argument("--footage", type=Path, help="without it the streets are drawn, and nothing stands in them")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--clips", type=Path, default=user_cache_path("streetwitness") / "benchmark_clips")
    arguments = parser.parse_args()
    weights = arguments.weights and arguments.weights.resolve()
    made = streets(arguments.footage, arguments.clips)
    clips = [made.busy[-1], *[made.quiet[0]] * (ONE_BUSY_IN - 1)]
    settings = {"STREETWITNESS_IDLE_LOOK_S": str(arguments.idle_look)}
    with (
        tempfile.TemporaryDirectory(prefix="streetwitness_dwell_to_row_") as folder,
        watched(
            Path(folder),
            clips,
            arguments.cameras,
            weights=weights,
            settings=settings,
            dwell_s=DWELL_S,
            grace_s=GRACE_S,
        ) as program,
    ):
        time.sleep(SETTLES_S)
        before = program.read()
        found = waits(program.sessions, 60 * arguments.minutes)
        after = program.read()
    print(
        f"{arguments.cameras} cameras, {after.looks - before.looks} looks, {after.dropped - before.dropped} dropped, "
        f"{(after.cpu_s - before.cpu_s) / (after.wall_s - before.wall_s):.2f} cores used by the watchers"
    )
    if len(found) < 2:
        raise SystemExit("fewer than two dwells were completed: nothing can be said; more minutes, or the footage")
    cut = quantiles(found, n=100, method="inclusive")
    print(f"dwell_to_row_s p50={cut[49]:.2f} p95={cut[94]:.2f} max={max(found):.2f} of={len(found)}")


if __name__ == "__main__":
    main()
