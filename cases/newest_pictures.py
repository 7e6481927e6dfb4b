"""The newest picture of each camera, small, for drawing fences on and for the wall. Not evidence, and not kept.

A folder outside the vault with one file for each view, replaced by a newer one and gone after a week. The watchers and
the analyses write, the desk reads; the time of capture is the time of the file.
"""

import hashlib
import os
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from models.watching import HOME

SUFFIX = ".jpg"
KEPT = timedelta(days=7)


@dataclass(frozen=True)
class PictureFolders:
    """Pictures that are no evidence, below one folder of the data folder.

    proposals: what somebody drew a fence on. trials: of incidents that a trial of a fence found.
    """

    root: Path

    @property
    def newest(self) -> Path:
        return self.root / "newest"

    @property
    def proposals(self) -> Path:
        return self.root / "proposals"

    @property
    def trials(self) -> Path:
        return self.root / "trials"


@dataclass(frozen=True)
class NewestPicture:
    path: Path
    captured_at: datetime
    version: str  # another one for every picture


def place_of(folder: Path, camera_id: str, preset: str = HOME) -> Path:
    """Ids of cameras are good file names; what people call a preset need not be."""
    view = f"@{hashlib.sha256(preset.encode()).hexdigest()[:16]}" if preset != HOME else ""
    return folder / f"{camera_id}{view}{SUFFIX}"


def find(folder: Path | None, camera_id: str, preset: str = HOME) -> NewestPicture | None:
    """None where nobody keeps pictures, or there is none of this view."""
    if folder is None:
        return None
    path = place_of(folder, camera_id, preset)
    try:
        there = path.stat()
    except FileNotFoundError:
        return None
    captured_at = datetime.fromtimestamp(there.st_mtime, UTC)
    return NewestPicture(path, captured_at, f"{there.st_mtime_ns:x}-{there.st_size:x}")


def keep(folder: Path, camera_id: str, jpeg: bytes, captured_at: datetime, preset: str = HOME) -> bool:
    """Whole or not at all, and without waiting for the disk: a lost one is replaced in seconds. Raises OSError.

    Whether it was kept: an older picture than the one there is not.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    known = find(folder, camera_id, preset)
    if known is not None and known.captured_at > captured_at:
        return False
    place = place_of(folder, camera_id, preset)
    part = place.with_name(f".{place.name}.{uuid.uuid4().hex}.part")
    try:
        part.write_bytes(jpeg)
        at_s = captured_at.timestamp()
        os.utime(part, (at_s, at_s))
        part.replace(place)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return True


def forget_old(folder: Path, *, at: datetime) -> int:
    """How many went: pictures that nothing replaced for a week, and what a killed writer left."""
    gone = 0
    for path in folder.glob("*") if folder.is_dir() else ():
        captured_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        if captured_at < at - KEPT:
            path.unlink(missing_ok=True)
            gone += 1
    return gone
