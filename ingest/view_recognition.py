"""Recognising a preset: whether the picture of a dome that was turned is the one of the view it was sent to.

Pure. A view that was learnt has to be matched, and better than any other view of the same dome. One that was not is
believed when the picture stands still and is none of the others: a dome that says "done" and stays where it was would
otherwise have a street learnt under another's name, and its fences would accuse whoever stands there.
"""

from collections.abc import Mapping

from ingest.camera_health import shows_view
from ingest.view_fingerprint import Fingerprint, Fit, Glance, Mean

STANDS_ALIKE = 0.6  # of two pictures a keyframe apart, where only traffic moves


class ViewRecognition:
    """One turn of a dome. `shows` for each picture after it, in their order."""

    def __init__(self, views: Mapping[str, Fingerprint], preset: str) -> None:
        self._sought, self._others = views[preset], [view for name, view in views.items() if name != preset]
        self._before: Glance | None = None

    def shows(self, seen: Glance) -> bool:
        """Is this the view?"""
        before, self._before = self._before, seen
        fit = self._sought.fit(seen)
        others = [other for each in self._others if (other := each.fit(seen)) is not None]
        if fit is not None:
            return shows_view(fit) and all(_score(fit) >= _score(other) for other in others)
        return before is not None and _stands(before, seen) and not any(shows_view(other) for other in others)


def _score(fit: Fit) -> float:
    return 0.0 if fit.moved else fit.cells_alike + fit.alike


def _stands(before: Glance, seen: Glance) -> bool:
    fit = Mean(before.directions, before.sharpness, before.fine_px).fit(seen)
    return not fit.moved and fit.alike >= STANDS_ALIKE
