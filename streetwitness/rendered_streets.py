"""The demo's own streets: drawn by the program itself, rendered once into the data folder, then recordings like any.

They need no footage from anywhere, so that a demo without any still has something to watch.
"""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from detectors.rendered_street.film import Film
from detectors.rendered_street.stories import STORIES
from ingest.rendered_clip import write_rendered_clip

BEGINS = time(10, 0)  # local time at which the stories begin: it is day in them
RENDERED = "rendered:"  # in the demo's site file: before the name of a story, in place of a path


def story_of(source: str) -> str | None:
    """The story that a camera of the demo's site file shows, or None for one that shows a clip of somebody's."""
    return source.removeprefix(RENDERED) if source.startswith(RENDERED) else None


def clip_of(folder: Path, story: str) -> Path:
    return folder / f"{story}.mp4"


def last_begin(at: datetime, zone: ZoneInfo) -> datetime:
    """The newest moment before `at` at which the clock of the place showed BEGINS."""
    local = at.astimezone(zone)
    today = datetime.combine(local.date(), BEGINS, zone)
    return today if today < local else today - timedelta(days=1)


def render(folder: Path, story: str, began_at: datetime, on_progress: Callable[[float], None]) -> Path:
    """The clip of the story, rendered now unless an earlier start did. What `on_progress` raises ends it.

    Raises NotRendered; OSError passes (a full disk).
    """
    folder.mkdir(parents=True, exist_ok=True)
    clip = clip_of(folder, story)
    if not clip.is_file():
        write_rendered_clip(Film(STORIES[story]), clip, began_at, on_progress)
    return clip
