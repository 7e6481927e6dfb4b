"""The camera's time by asking it over ONVIF: now and then, beside the thread that follows its stream.

A question may take as long as the device's deadline allows, and packets wait for nobody. So each is asked in a thread
of its own that ends with the answer, never two at a time of one camera, and never more at a time in one process than
there are places. What the answers mean is in ingest/camera_clock.py.
"""

import logging
import threading
from collections.abc import Callable
from datetime import datetime

from ingest.camera_address import Networks, parse_onvif_url, resolve
from ingest.errors import IngestError
from ingest.onvif_device import ClockReading, OnvifDevice

log = logging.getLogger(__name__)

ASK_EVERY_S = 300.0  # a quartz drifts by 0.03 s in that time
ASKED_AT_ONCE = 8  # places in a process: with every camera hanging for its 10 s, 300 of them are asked in 6 minutes


def places() -> threading.BoundedSemaphore:
    """What the askers of one process share."""
    return threading.BoundedSemaphore(ASKED_AT_ONCE)


def ask_over_onvif(
    url: str, networks: Networks, *, username: str | None, password: str | None, utc: Callable[[], datetime]
) -> ClockReading:
    """Dials only where the site allows. Raises IngestError."""
    device = parse_onvif_url(url)
    address = resolve(device, networks)[0]
    return OnvifDevice(device, address, username=username, password=password, now=utc).clock()


class ClockAsker:
    """One camera's. `turn` often, from one thread; it does not wait."""

    def __init__(
        self, question: Callable[[], ClockReading], at_once: threading.BoundedSemaphore, camera_id: str
    ) -> None:
        self._question, self._at_once, self._camera_id = question, at_once, camera_id
        self._due_s = float("-inf")
        self._asking: threading.Thread | None = None
        self._answer: ClockReading | None = None
        self._refused = False

    def turn(self, now_s: float) -> ClockReading | None:
        """Begins a question when one is due; returns an answer once, when it is there."""
        if self._asking is not None:
            if self._asking.is_alive():
                return None
            self._asking, answer, self._answer = None, self._answer, None
            return answer
        if now_s >= self._due_s and self._at_once.acquire(blocking=False):
            self._due_s = now_s + ASK_EVERY_S
            self._asking = threading.Thread(target=self._ask, name=f"clock-{self._camera_id}", daemon=True)
            self._asking.start()
        return None

    @property
    def is_asking(self) -> bool:
        """A question is under way, or its answer was not fetched yet."""
        return self._asking is not None

    def ask_soon(self) -> None:
        """What the last answer was is not to be relied on any more."""
        self._due_s = float("-inf")

    def _ask(self) -> None:
        try:
            self._answer = self._question()
            self._refused = False
        except IngestError as error:
            # one sentence for a camera that stays silent; the bound of its last answer grows by itself
            log.log(
                logging.DEBUG if self._refused else logging.WARNING,
                "camera not asked for its time: %s",
                error,
                extra={"camera": self._camera_id},
            )
            self._refused = True
        finally:
            self._at_once.release()
