"""Camera health: whether what comes from a camera still shows the street, as it should.

Pure: pictures and monotonic seconds in, a state with its beginning out. One odd look proves nothing, so a state takes
several looks to begin and to end; but from the first odd look on, looks are not `usable`: nobody is accused, and no
car is said to have left, by a picture that may be none of this street.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from ingest.view_fingerprint import Fingerprint, Fit, Glance, Luma, glance
from models.enums import CameraState

NO_PACKETS_S = 5.0
FROZEN_S = 12.0
LOOKS_TO_BEGIN, LASTS_TO_BEGIN_S, LOOKS_TO_END = 3, 4.0, 2
SAMPLE_STEP = 3  # every third point of every third row is compared
# A picture repeated by the encoder is the same to the last point. In quiet footage with 8 s between keyframes, where
# encoders leave most of the picture alone, 1.9 % of the points differ by more than this after a second.
POINT_DIFFERS, FROZEN_SHARE = 2, 0.0005
BLACK_BELOW = 32.0  # luma, all but the brightest hundredth; black itself is 16
# Measured on 19 clips of 18 views. The view itself, by night and in rain, with lights, with a bus over half of it:
# at least 0.39 of the cells alike, 0.27 at worst where it drifts; another view: at most 0.33, and 0.34 alike in all.
VIEW_CELLS, VIEW_ALIKE = 0.27, 0.3
COVERED_CELLS = 0.85
# Of the usual sharpness. The same clips stay above 0.6; with a blur of 1 % of the width, and a sensor's noise on top,
# all fall to 0.4 or below but one, which shows asphalt alone.
BLURRED_BELOW = 0.5
UNUSABLE = frozenset(
    {CameraState.NO_PACKETS, CameraState.BLACK, CameraState.FROZEN, CameraState.COVERED, CameraState.TURNED}
)


def shows_view(fit: Fit) -> bool:
    """Whether a picture that fits so is one of the view."""
    return not fit.moved and (fit.cells_alike >= VIEW_CELLS or fit.alike >= VIEW_ALIKE)


@dataclass(frozen=True)
class Health:
    """A state, and the monotonic second from which it holds."""

    state: CameraState
    since_s: float


class Watchdog:
    """One view of one camera. `packet` and `look` as they come, `tick` now and then."""

    def __init__(self, fingerprint: bytes | None = None) -> None:
        """Raises FingerprintUnreadable. Without a fingerprint the view is learned from its first looks."""
        self._view = Fingerprint() if fingerprint is None else Fingerprint.from_bytes(fingerprint)
        self._since_s: float | None = None
        self._state = CameraState.WATCHING  # by the looks; whether packets come is asked in `tick`
        self._sign_now: CameraState | None = None  # of the newest look, and of the looks before it that agree
        self._agreeing, self._agree_since_s = 0, 0.0
        self._packet_s: float | None = None
        self._still: Luma | None = None  # the picture that all have been like since `_still_since_s`
        self._still_since_s = 0.0
        self._learnt_s: float | None = None
        self.fit: Fit | None = None  # of the newest look, for whoever asks why

    @property
    def view(self) -> Fingerprint:
        return self._view

    @property
    def fingerprint(self) -> bytes | None:
        """What is known of the view, to be kept; None while that is too little."""
        return self._view.to_bytes() if self._view.is_steady else None

    @property
    def usable(self) -> bool:
        """Whether the newest look may be evidence of anything."""
        return self._sign_now not in UNUSABLE and self._state not in UNUSABLE

    def connected(self, at_s: float) -> None:
        """Packets are to be expected from now on. What was wrong with the picture has to show itself anew."""
        self._packet_s = at_s
        self._sign_now, self._agreeing = None, 0
        self._still = None
        self._state, self._since_s = CameraState.WATCHING, at_s

    def packet(self, at_s: float) -> None:
        self._packet_s = at_s
        self._since_s = at_s if self._since_s is None else self._since_s

    def look(self, luma: Luma, at_s: float) -> None:
        """The brightness of a picture, in the size it came in."""
        self.packet(at_s)
        seen = glance(luma)
        sign = self._sign(seen, repeated=self._is_repeated(luma, at_s))
        if sign is not self._sign_now:
            self._sign_now, self._agreeing, self._agree_since_s = sign, 0, at_s
        self._agreeing += 1
        self._settle(at_s, sign)
        if sign is CameraState.WATCHING and self._state is CameraState.WATCHING:
            self._view.learn(seen, 0.0 if self._learnt_s is None else at_s - self._learnt_s)
            self._learnt_s = at_s

    def tick(self, at_s: float) -> Health:
        if self._packet_s is not None and at_s - self._packet_s >= NO_PACKETS_S:
            return Health(CameraState.NO_PACKETS, self._packet_s)
        return Health(self._state, at_s if self._since_s is None else self._since_s)

    def _is_repeated(self, luma: Luma, at_s: float) -> bool:
        points = np.ascontiguousarray(luma[::SAMPLE_STEP, ::SAMPLE_STEP])
        still = self._still
        if still is not None and still.shape == points.shape:
            differ = np.count_nonzero(cv2.absdiff(points, still) > POINT_DIFFERS)
            if differ < FROZEN_SHARE * points.size:
                return True
        self._still, self._still_since_s = points, at_s
        return False

    def _sign(self, seen: Glance, *, repeated: bool) -> CameraState:
        """What this look alone speaks for."""
        self.fit = fit = self._view.fit(seen)
        if seen.brightest < BLACK_BELOW:
            return CameraState.BLACK
        if repeated:
            return CameraState.FROZEN
        if fit is None:
            return CameraState.WATCHING
        if fit.cells_empty >= COVERED_CELLS:
            return CameraState.COVERED
        if not shows_view(fit):
            return CameraState.TURNED
        return CameraState.BLURRED if fit.sharpness < BLURRED_BELOW else CameraState.WATCHING

    def _settle(self, at_s: float, sign: CameraState) -> None:
        if sign is self._state:
            return
        if sign is CameraState.WATCHING:
            if self._agreeing >= LOOKS_TO_END:
                self._state, self._since_s = sign, self._agree_since_s
            return
        began_s, lasts_s = self._agree_since_s, LASTS_TO_BEGIN_S
        if sign is CameraState.FROZEN:
            began_s, lasts_s = self._still_since_s, FROZEN_S
        if self._agreeing >= LOOKS_TO_BEGIN and at_s - began_s >= lasts_s:
            self._state, self._since_s = sign, began_s
