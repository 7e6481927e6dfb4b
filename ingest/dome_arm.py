"""The arm of a dome: turns it to a preset and goes near, over ONVIF, beside the thread that follows its stream.

A command may take as long as the device's deadline allows, and packets wait for nobody; so each is done in a thread of
its own that ends with the answer, one at a time. Whether the dome is still ours to move is asked before each command:
only who has the camera's lease moves it. That a dome says it has arrived proves nothing; the picture does.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from ingest.errors import DeviceError, IngestError, ReplyRefused, RequestRefused
from ingest.onvif_device import OnvifDevice

log = logging.getLogger(__name__)

DEADLINE_S = 5.0  # of one question
STATUS_EVERY_S = 0.5
BEGINS_WITHIN_S = 1.0  # some say that they are still before they have begun to move
SETTLES_S = 4.0  # what a dome needs that cannot say whether it moves
STILL_WITHIN_S = 12.0


@dataclass(frozen=True)
class Answer:
    """refusal: why it was not done, in a sentence; None: it was, as far as the dome can tell."""

    refusal: str | None


class NotOurs(IngestError):
    """Another watcher has the camera by now."""

    def __init__(self) -> None:
        super().__init__("the camera was given up before its dome was moved; whoever has it moves it")


class NoDome(IngestError):
    """None of the camera's profiles can be moved."""

    def __init__(self) -> None:
        super().__init__("none of its ONVIF profiles can be moved; take `stay_s` away from its views")


class DomeArm:
    """One dome's. `turn` or `go_near`, then `taken` until the answer is there; none of them waits."""

    def __init__(self, connect: Callable[[], OnvifDevice], is_ours: Callable[[], bool], camera_id: str) -> None:
        self._connect, self._is_ours, self._camera_id = connect, is_ours, camera_id
        self._device: OnvifDevice | None = None
        self._profile = ""
        self._moving: threading.Thread | None = None
        self._answer = Answer(None)

    @property
    def busy(self) -> bool:
        """A command is under way, or its answer was not taken yet."""
        return self._moving is not None

    def turn(self, preset_token: str) -> None:
        """To a preset."""
        self._begin(lambda device, profile: device.go_to_preset(profile, preset_token))

    def go_near(self, x: float, y: float, zoom: float) -> None:
        """Brings a place of the picture, in fractions of it, to the middle and goes near: 1 as near as it can."""

        def near(device: OnvifDevice, profile: str) -> None:
            device.centre(profile, x, y)
            self._wait_until_still(device, profile)
            self._check()
            device.zoom(profile, zoom)

        self._begin(near)

    def taken(self) -> Answer | None:
        """The answer, once; None as long as it is not there."""
        if self._moving is None or self._moving.is_alive():
            return None
        self._moving = None
        return self._answer

    def _begin(self, move: Callable[[OnvifDevice, str], None]) -> None:
        assert not self.busy, "one command at a time"
        self._moving = threading.Thread(target=self._do, args=(move,), name=f"dome-{self._camera_id}", daemon=True)
        self._moving.start()

    def _do(self, move: Callable[[OnvifDevice, str], None]) -> None:
        try:
            device = self._asked()
            self._check()
            move(device, self._profile)
            self._wait_until_still(device, self._profile)
        except IngestError as error:
            log.warning("dome not moved: %s", error, extra={"camera": self._camera_id})
            self._device = None  # it may have been exchanged; who it is is asked anew
            self._answer = Answer(str(error))
        else:
            self._answer = Answer(None)

    def _check(self) -> None:
        if not self._is_ours():
            raise NotOurs

    def _asked(self) -> OnvifDevice:
        """The device, and which of its profiles is moved."""
        if self._device is None:
            device = self._connect()
            profile = next((each for each in device.profiles() if each.has_ptz), None)
            if profile is None:
                raise NoDome
            self._device, self._profile = device, profile.token
        return self._device

    def _wait_until_still(self, device: OnvifDevice, profile: str) -> None:
        """Until it says that it stands; as long as domes need where it does not say."""
        began_s = time.monotonic()
        says = True
        while (passed_s := time.monotonic() - began_s) < STILL_WITHIN_S:
            time.sleep(STATUS_EVERY_S)
            if says:
                moving = self._says_moving(device, profile)
                says = moving is not None
                if moving is False and passed_s + STATUS_EVERY_S >= BEGINS_WITHIN_S:
                    return
            elif passed_s + STATUS_EVERY_S >= SETTLES_S:
                return

    def _says_moving(self, device: OnvifDevice, profile: str) -> bool | None:
        try:
            return device.status(profile).moving
        except (ReplyRefused, RequestRefused) as error:
            log.debug("dome does not say whether it moves: %s", error, extra={"camera": self._camera_id})
            return None
        except DeviceError:
            return True  # too slow this time; it is asked again
