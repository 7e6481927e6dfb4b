"""The look desk: many cameras in front of one detector.

Each camera has a seat with room for one look. A newer look takes the place of one that was not looked at yet, and the
one that went is counted: under overload looks become rarer, and neither memory nor delay grows. What the detector
found is handed back through the seat, to be taken in by the camera's own thread. Who looks back asks at once and waits
for the answer; that comes before the looks, is rare, and holds up no more than a few of them.
"""

import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from types import TracebackType
from typing import Self

from detectors.sightings import Detection, Detector, Look
from evidence.seen_with import Weights

LOOKS_AT_ONCE = 2  # as many infer requests as run side by side
Seen = tuple[Look, list[Detection]]
Asked = tuple[Sequence[Look], Future[list[list[Detection]]]]


class Seat:
    """One camera's place at the desk; made by `LookDesk.seat`."""

    def __init__(self, desk: "LookDesk") -> None:
        self._desk = desk
        self.waiting: Look | None = None
        self.being_seen = False
        self.found: deque[Seen] = deque()
        self.dropped = 0

    @property
    def is_free(self) -> bool:
        """Nothing that was shown waits to be looked at or to be taken in; asked by the camera's own thread."""
        return self.waiting is None and not self.being_seen and not self.found

    def show(self, look: Look) -> None:
        """Asks for a look. Raises what ended the desk."""
        self._desk.put(self, look)

    def seen(self) -> list[Seen]:
        """What was found since the last call, in order of time; does not wait. Raises what ended the desk."""
        return self._desk.taken_from(self)

    def wait(self, at_most_s: float) -> bool:
        """Until every look that was asked for is in `seen`; False where that takes longer."""
        return self._desk.wait_for(self, at_most_s)


class LookDesk:
    """A context manager with a thread of its own, in which the detector works."""

    def __init__(self, detector: Detector, looks_at_once: int = LOOKS_AT_ONCE) -> None:
        self._detector, self._looks_at_once = detector, looks_at_once
        self._queue: deque[Seat] = deque()  # seats with a look waiting, the longest waiting first
        self._asked: deque[Asked] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="look-desk", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()

    @property
    def weights(self) -> Weights:
        """What everything is seen with that is shown here."""
        return Weights(self._detector.name, self._detector.digest)

    def seat(self) -> Seat:
        return Seat(self)

    def put(self, seat: Seat, look: Look) -> None:
        with self._changed:
            self._check()
            if seat.waiting is None:
                self._queue.append(seat)
            else:
                seat.dropped += 1
            seat.waiting = look
            self._changed.notify_all()

    def ask(self, looks: Sequence[Look]) -> list[list[Detection]]:
        """What is found in pictures of the past; waits for it. Raises what ended the desk."""
        answer: Future[list[list[Detection]]] = Future()
        with self._changed:
            self._check()
            if self._closing:
                return [[] for _ in looks]  # nobody looks any more
            self._asked.append((looks, answer))
            self._changed.notify_all()
        return answer.result()

    def taken_from(self, seat: Seat) -> list[Seen]:
        with self._changed:
            self._check()
            found = list(seat.found)
            seat.found.clear()
            return found

    def wait_for(self, seat: Seat, at_most_s: float) -> bool:
        with self._changed:
            return self._changed.wait_for(
                lambda: self._failure is not None or (seat.waiting is None and not seat.being_seen), at_most_s
            )

    def _check(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        try:
            while (seats := self._next()) is not None:
                self._answer()
                looks = [look for _, look in seats]
                found = self._detector.detect(looks) if looks else []
                for (seat, look), detections in zip(seats, found, strict=True):
                    self._hand_back(seat, (look, detections))
        except BaseException as error:  # noqa: BLE001 - raised again in every camera's thread
            with self._changed:
                self._failure = error
                for _, answer in self._asked:
                    answer.set_exception(error)
                self._changed.notify_all()

    def _answer(self) -> None:
        """What is asked at once; a question stays in the queue until it is answered, so that a failure reaches it."""
        while self._asked:
            looks, answer = self._asked[0]
            answer.set_result(self._detector.detect(looks))
            self._asked.popleft()

    def _next(self) -> list[tuple[Seat, Look]] | None:
        """The looks that waited longest; waits for one, or for a question. None when the desk closes."""
        with self._changed:
            self._changed.wait_for(lambda: self._closing or self._queue or self._asked)
            if self._closing and not self._asked:
                return None
            chosen: list[tuple[Seat, Look]] = []
            while self._queue and len(chosen) < self._looks_at_once:
                seat = self._queue.popleft()
                assert seat.waiting is not None
                chosen.append((seat, seat.waiting))
                seat.waiting, seat.being_seen = None, True
            return chosen

    def _hand_back(self, seat: Seat, seen: Seen) -> None:
        with self._changed:
            seat.found.append(seen)
            seat.being_seen = False
            self._changed.notify_all()
