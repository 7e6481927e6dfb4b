"""A watcher and a dome in a network of their own, until what the test waits for is on record.

    python -m tests.scenarios.dome_driver DATABASE_URL VAULT CLIP FOLDER

The kerb is to the lower middle of the street, the wall to its upper right; nothing stands at the wall.
"""

import sys
from pathlib import Path

from sqlalchemy import select

from models.database import Sessions, open_database, reading, sessions_of
from models.enums import ExhibitKind, ExhibitMoment
from models.exhibits import Exhibit
from tests.media.dome_camera import dome
from tests.scenarios.live_street import incidents, wait_for, watching

PRESETS = {"1": (0.0, -0.4, 0.15), "2": (0.9, 0.9, 0.4)}  # kerb and wall
INCIDENT_WITHIN_S, NEAR_WITHIN_S = 90.0, 60.0


def seen_from_near(sessions: Sessions) -> bool:
    with reading(sessions) as session:
        kinds = {(row.kind, row.moment) for row in session.execute(select(Exhibit.kind, Exhibit.moment))}
    return (ExhibitKind.CLIP, ExhibitMoment.SHARPEST) in kinds


def main() -> None:
    url, vault, clip, folder = sys.argv[1:]
    sessions = sessions_of(open_database(url))
    with dome(Path(folder), Path(clip), PRESETS), watching(sessions, Path(vault), look_s=1.0):
        wait_for(lambda: incidents(sessions), INCIDENT_WITHIN_S, "the van is found")
        wait_for(lambda: seen_from_near(sessions), NEAR_WITHIN_S, "its plate is looked for from near")


if __name__ == "__main__":
    main()
