"""Back-off: how long to wait before a camera is tried again.

Pure: chance is an argument. Half of each wait is fixed and half is chance, so that the cameras of a street whose
switch comes back do not all call at once, and none calls again immediately.
"""

from ingest.errors import AddressRefused, IngestError, StreamRefused

FIRST_S, LONGEST_S = 0.5, 10.0
AFTER_REFUSAL_S = 60.0  # a wrong password or address does not get better, and cameras lock accounts that keep trying
HEALTHY_S = 30.0  # of pictures before a failure counts as the first again


class BackOff:
    """One camera's tries."""

    def __init__(self) -> None:
        self._failures = 0

    def failed(self, error: IngestError, healthy_s: float, chance: float) -> float:
        """Seconds to wait before the next try.

        healthy_s: for how long pictures came before this failure; chance: anything from 0 to 1.
        """
        if healthy_s >= HEALTHY_S:
            self._failures = 0
        wait_s = min(FIRST_S * 2.0**self._failures, LONGEST_S)
        if wait_s < LONGEST_S:
            self._failures += 1
        if isinstance(error, StreamRefused | AddressRefused):
            wait_s = AFTER_REFUSAL_S
        return wait_s * (1 + chance) / 2
