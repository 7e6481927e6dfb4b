"""Loose copies: files with an incident's pictures that a process was writing outside the vault when it was killed.

A bundle or a document that is being made lies in the drafts folder for seconds. What still lies there much later is
nobody's any more, and no rule of retention knows it by name.
"""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

BEING_MADE = ("export-*", "credentials-*", ".*.part")  # of the desk, and of models/whole_file.py
NOBODYS_AFTER = timedelta(hours=1)


def clear_loose_copies(folder: Path, at: datetime) -> list[str]:
    """Removes what has lain there for longer than anything takes to be made; returns the names."""
    left = [path for pattern in BEING_MADE for path in folder.glob(pattern)]
    gone = []
    for path in sorted(left):
        if datetime.fromtimestamp(path.lstat().st_mtime, UTC) > at - NOBODYS_AFTER:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
        gone.append(path.name)
    return gone
