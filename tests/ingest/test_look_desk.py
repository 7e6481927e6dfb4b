"""Many cameras, one detector: nobody waits for ever, nothing grows, and what is left out is counted."""

import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from fractions import Fraction

import numpy as np
import pytest

from detectors.frame import Frame
from detectors.geometry import Box
from detectors.sightings import Detection, Look, ObjectRole
from ingest.look_desk import LookDesk
from tests.patience import PATIENCE_S

NOON = datetime(2026, 11, 2, 4, tzinfo=UTC)


def look(media_s: float) -> Look:
    frame = Frame(np.zeros((6, 4), np.uint8), media_s, 0, Fraction(1, 25), NOON)
    return Look(frame, (Box(0, 0, 4, 4),))


class PatientDetector:
    """Looks when it is told to, and remembers at what."""

    name, digest = "patient", "0" * 64

    def __init__(self) -> None:
        self.may_look = threading.Semaphore(0)
        self.began = threading.Semaphore(0)
        self.shown: list[list[float]] = []

    def detect(self, looks: Sequence[Look]) -> list[list[Detection]]:
        self.began.release()
        self.may_look.acquire()
        self.shown.append([each.frame.media_s for each in looks])
        return [[Detection(Box(0, 0, 1, 1), ObjectRole.VEHICLE, "car", each.frame.media_s / 100)] for each in looks]


class BrokenDetector(PatientDetector):
    def detect(self, looks: Sequence[Look]) -> list[list[Detection]]:
        raise RuntimeError(f"no memory for {len(looks)} looks")


def test_each_camera_gets_back_what_was_found_in_its_own_looks():
    detector = PatientDetector()
    with LookDesk(detector) as desk:
        one, other = desk.seat(), desk.seat()
        one.show(look(1.0))
        detector.began.acquire()
        other.show(look(50.0))
        detector.may_look.release(2)
        assert one.wait(PATIENCE_S)
        assert other.wait(PATIENCE_S)
        [(seen, [found])] = one.seen()
        assert (seen.frame.media_s, found.confidence) == (1.0, 0.01)
        [(seen, [found])] = other.seen()
        assert (seen.frame.media_s, found.confidence) == (50.0, 0.5)
        assert one.seen() == []


def test_under_overload_the_oldest_look_goes_and_is_counted():
    detector = PatientDetector()
    with LookDesk(detector, looks_at_once=1) as desk:
        busy, seat = desk.seat(), desk.seat()
        busy.show(look(0.0))
        detector.began.acquire()
        for second in range(1, 6):
            seat.show(look(float(second)))
        assert not seat.wait(0)
        detector.may_look.release(2)
        assert seat.wait(PATIENCE_S)
        assert [each.frame.media_s for each, _ in seat.seen()] == [5.0]
        assert seat.dropped == 4
        assert busy.dropped == 0


def test_cameras_take_turns_however_often_one_of_them_asks():
    detector = PatientDetector()
    with LookDesk(detector, looks_at_once=1) as desk:
        eager, modest = desk.seat(), desk.seat()
        eager.show(look(0.0))
        detector.began.acquire()
        eager.show(look(1.0))
        modest.show(look(10.0))
        eager.show(look(2.0))
        detector.may_look.release(3)
        assert eager.wait(PATIENCE_S)
        assert modest.wait(PATIENCE_S)
        assert detector.shown == [[0.0], [2.0], [10.0]]


def test_a_detector_that_fails_is_heard_of_by_every_camera():
    with LookDesk(BrokenDetector()) as desk:
        one, other = desk.seat(), desk.seat()
        one.show(look(0.0))
        assert one.wait(PATIENCE_S)
        with pytest.raises(RuntimeError, match="no memory"):
            one.seen()
        with pytest.raises(RuntimeError, match="no memory"):
            other.show(look(1.0))


def test_who_looks_back_is_answered_before_the_looks_that_wait():
    detector = PatientDetector()
    with LookDesk(detector) as desk:
        camera = desk.seat()
        camera.show(look(1.0))
        detector.began.acquire()
        answers: list[list[list[Detection]]] = []
        asking = threading.Thread(target=lambda: answers.append(desk.ask([look(30.0), look(30.5)])))
        asking.start()
        while not desk._asked:
            asking.join(0.01)
        camera.show(look(3.0))
        detector.may_look.release(3)
        asking.join(PATIENCE_S)
        assert camera.wait(PATIENCE_S)
    assert detector.shown == [[1.0], [30.0, 30.5], [3.0]]
    assert [[found.confidence for found in each] for each in answers[0]] == [[0.3], [0.305]]


def test_who_looks_back_is_told_what_ended_the_desk():
    with LookDesk(BrokenDetector()) as desk, pytest.raises(RuntimeError, match="no memory for 1 looks"):
        desk.ask([look(1.0)])
