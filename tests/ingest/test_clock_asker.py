"""A camera is asked for its time beside the thread that watches it: never waited for, never twice at once."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest

from ingest.camera_address import Networks
from ingest.clock_asker import ASK_EVERY_S, ClockAsker, ask_over_onvif, places
from ingest.errors import AddressRefused, DeviceUnreachable
from ingest.onvif_device import ClockReading
from tests.ingest.onvif_simulator import Handler, Simulator, listening
from tests.patience import PATIENCE_S

LOOPBACK = Networks.of(["127.0.0.0/8"])


def utc() -> datetime:
    return datetime.now(UTC)


def question(camera: Simulator, networks: Networks = LOOPBACK) -> Callable[[], ClockReading]:
    url = f"http://{camera.host}:{camera.port}/onvif/device_service"
    return lambda: ask_over_onvif(url, networks, username=None, password=None, utc=utc)


def answered(asker: ClockAsker, now_s: float, *, within_s: float = PATIENCE_S) -> ClockReading | None:
    """The answer of the question that is due or under way; None where its thread ended without one."""
    until_s = time.monotonic() + within_s
    while time.monotonic() < until_s:
        answer = asker.turn(now_s)
        if answer is not None or not asker.is_asking:
            return answer
        time.sleep(0.01)
    pytest.fail("no answer in time")


@pytest.fixture
def camera() -> Iterator[Simulator]:
    with listening(Simulator()) as simulated:
        yield simulated


def test_a_camera_whose_clock_is_wrong_is_found_out_within_the_bound(camera: Simulator) -> None:
    camera.clock_ahead = timedelta(seconds=-95)
    asker = ClockAsker(question(camera), places(), "gate-3")
    answer = answered(asker, 0.0)
    assert answer is not None
    assert abs(answer.offset_s - 95) <= answer.error_s < 2.0, (
        "half a second by what it shows, and the way there and back"
    )


def test_it_is_asked_again_after_some_minutes_and_at_once_where_the_clock_was_set(camera: Simulator) -> None:
    asker = ClockAsker(question(camera), places(), "gate-3")
    assert answered(asker, 0.0) is not None
    asked = len(camera.requests)
    assert asker.turn(ASK_EVERY_S - 1) is None
    assert not asker.is_asking
    assert len(camera.requests) == asked
    asker.ask_soon()
    assert answered(asker, ASK_EVERY_S - 1) is not None
    assert answered(asker, 2 * ASK_EVERY_S) is not None


def test_a_camera_that_takes_the_question_and_says_nothing_holds_nobody_up(camera: Simulator) -> None:
    asked, over = threading.Event(), threading.Event()

    def says_nothing(handler: Handler) -> None:
        asked.set()
        over.wait(30)
        handler.close_connection = True

    camera.instead["GetSystemDateAndTime"] = says_nothing
    asker = ClockAsker(question(camera), places(), "gate-3")
    with ExitStack() as stack:
        stack.callback(over.set)
        assert asker.turn(0.0) is None
        assert asked.wait(PATIENCE_S)
        # whole minutes go by on the watching thread's clock, and there is still one question under way
        for minute in range(60):
            assert asker.turn(60.0 * minute) is None
        assert camera.requests == ["GetSystemDateAndTime"]


def test_where_all_places_are_taken_the_question_waits_and_is_not_lost(camera: Simulator) -> None:
    at_once = threading.BoundedSemaphore(1)
    asker = ClockAsker(question(camera), at_once, "gate-3")
    with at_once:
        assert asker.turn(0.0) is None
        assert not asker.is_asking
    assert answered(asker, 0.1) is not None
    assert at_once.acquire(blocking=False), "its place is free again"


def test_a_camera_that_is_not_there_is_one_warning_and_asked_again_later(
    camera: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    there, gone = question(camera), [True]

    def now_and_then() -> ClockReading:
        if gone[0]:
            raise DeviceUnreachable("10.0.0.5:80", "no route")
        return there()

    at_once = places()
    asker = ClockAsker(now_and_then, at_once, "gate-3")
    for attempt in range(3):
        assert answered(asker, attempt * ASK_EVERY_S) is None
    assert [each.levelname for each in caplog.records] == ["WARNING"]
    gone[0] = False
    assert answered(asker, 3 * ASK_EVERY_S) is not None


def test_an_address_outside_of_the_networks_of_the_site_is_not_dialled(camera: Simulator) -> None:
    with pytest.raises(AddressRefused):
        question(camera, Networks.of(["10.0.0.0/8"]))()
    assert camera.requests == []
