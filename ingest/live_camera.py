"""One live camera, in a thread of its own: connect, follow, lose, come back, and go on where it was.

Everything of the camera belongs to this thread: connection, times, ring, views with their tracks and dwells, cutting.
It meets others only at the look desk, in the database, where its watcher tells it to stop, and where a small stream is
read and a dome is moved beside it (ingest/sub_stream.py, ingest/dome_arm.py).
"""

import logging
import math
import random
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases import cameras, incidents
from evidence.errors import EvidenceError
from evidence.seen_with import ClockThen, SeenWith
from evidence.vault import Vault
from ingest import camera_memory, leases
from ingest.back_off import BackOff
from ingest.camera_address import parse_stream_url, resolve
from ingest.camera_clock import LATENCY_S, CameraClock, ClockOffset, ClockStep
from ingest.camera_memory import CameraMemory
from ingest.clock_asker import ClockAsker, ask_over_onvif
from ingest.equipment import Equipment
from ingest.errors import (
    AddressRefused,
    HostUnknown,
    IngestError,
    LeaseLost,
    MemoryUnreadable,
    StreamError,
    StreamRefused,
    StreamSilent,
)
from ingest.live_stream import LivePacket, LiveStream, open_stream
from ingest.live_time import LiveTime
from ingest.live_views import LiveViews
from ingest.stream_figures import StreamFigures
from ingest.stream_template import StreamTemplate
from ingest.sub_stream import SubStream
from ingest.utc_axis import UtcAxis
from ingest.watched_cameras import (
    Report,
    WatchedCamera,
    keep_fingerprint,
    keep_memory,
    load_memory,
    view_forgotten_at,
)
from ingest.witness import Witness, seen_through
from models.database import reading, transaction
from models.enums import CameraState, ClockMeasure
from models.incidents import OPEN_STATES, Incident

log = logging.getLogger(__name__)

CONNECT_WITHIN_S, READ_WITHIN_S = 5.0, 5.0
TRY_EVIDENCE_AGAIN_S = 5.0
PULSE_EVERY_S = 2.0  # put on record by the watcher, for all of its cameras together
REMEMBER_EVERY_S, REMEMBER_NOTHING_EVERY_S = 10.0, 60.0  # while something dwells, and while nothing does
MEMORY_LASTS = timedelta(minutes=30)  # what stood so long ago unseen has to be seen anew


class LiveCamera:
    """`start`, and `stop` when another is to have it. `lease_until_s` is put off as long as it is ours."""

    def __init__(self, camera: WatchedCamera, fence: int, equipment: Equipment, lease_until_s: float) -> None:
        self.camera, self.fence, self._equipment = camera, fence, equipment
        self.lease_until_s = lease_until_s  # monotonic
        self.failure: BaseException | None = None
        self.report: Report | None = None  # the newest
        self._dwelling = 0
        self._learnt = {view.preset: view.fingerprint for view in camera.views}  # as far as it is on record
        self._forgotten_at = self._to_forget = camera.forgotten_at
        self._state: CameraState | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"camera-{camera.camera_id}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()

    def learn_anew(self, forgotten_at: datetime) -> None:
        """Somebody said at that time that the view was turned on purpose; said twice it is one."""
        self._to_forget = forgotten_at

    def join(self, at_most_s: float) -> bool:
        """Whether its thread has ended."""
        self._thread.join(at_most_s)
        return not self._thread.is_alive()

    @property
    def dwelling(self) -> int:
        """How many dwells would have to go on elsewhere if it were given up."""
        return self._dwelling

    def _run(self) -> None:
        try:
            while self._ours():
                self._watch_while_evidence_can_be_kept()
        except LeaseLost as error:
            log.warning("camera given up: %s", error, extra={"camera": self.camera.camera_id})
        except BaseException as error:
            log.exception("camera thread failed", extra={"camera": self.camera.camera_id})
            self.failure = error  # the watcher ends with it, and the supervisor starts it anew

    def _watch_while_evidence_can_be_kept(self) -> None:
        """A full disk ends the watching of this camera alone, and it goes on from its memory when there is room."""
        try:
            with Vault.open(self._equipment.vault_root, self._equipment.disk) as vault:
                self._watch(vault)
        except EvidenceError as error:
            log.error("%s", error, extra={"camera": self.camera.camera_id})  # noqa: TRY400 - the sentence says it all
            self._condition(CameraState.STOPPED, str(error))
            self._stopping.wait(TRY_EVIDENCE_AGAIN_S)

    def _watch(self, vault: Vault) -> None:
        self._begin(vault)
        with self._sub or nullcontext():
            self._come_back_again_and_again()
        if self._lease_runs():
            self._remember()
            self._condition(CameraState.STOPPED)

    def _come_back_again_and_again(self) -> None:
        back_off = BackOff()
        while self._ours():
            self._condition(CameraState.CONNECTING)
            began_s = time.monotonic()
            try:
                self._connect_and_follow()
            except (StreamError, AddressRefused, HostUnknown) as error:
                log.warning("stream lost: %s", error, extra={"camera": self.camera.camera_id})
                self._condition(_state_after(error), str(error))
                wait_s = back_off.failed(error, time.monotonic() - began_s, random.random())
                self._stopping.wait(wait_s)

    def _ours(self) -> bool:
        return not self._stopping.is_set() and self._lease_runs()

    def _lease_runs(self) -> bool:
        return time.monotonic() < self.lease_until_s

    def _begin(self, vault: Vault) -> None:
        """Takes up what the watcher before this one knew."""
        equipment, camera_id = self._equipment, self.camera.camera_id
        self._memory = self._left_by_the_last()
        began_at = next((memory.began_at for memory in self._memory.values()), equipment.clock.utc())
        self._began_at = began_at
        self._axis, self._time, self._clock = (
            UtcAxis(began_at),
            LiveTime(self._now_s(), time.monotonic()),
            CameraClock(),
        )
        self._clock_asker = self._asker_of_this_camera()
        self._witness = Witness(
            equipment.sessions,
            vault,
            camera_id,
            None,
            self._axis.utc,
            clock=equipment.clock.utc,
            seen_with=self._seen_with,
            may_write=lambda session, at: leases.holds(session, camera_id, self.fence, at),
            sm3=equipment.sm3,
        )
        recovered = vault.recover(self._witness.knows)
        if recovered.writers:
            log.warning("took away what a killed writer left", extra={"orphans": len(recovered.orphans)})
        self._figures = StreamFigures()
        self._views = LiveViews(
            self.camera,
            equipment,
            self._witness,
            vault,
            self._learnt,
            utc=self._axis.utc,
            is_ours=self._ours,
            looked=self._figures.looked,
        )
        self._sub = self._small_stream()
        self._pulse_due_s = self._memory_due_s = 0.0
        self._remembered_s, self._remembered_dwelling = -math.inf, False
        self._remembered_incidents: set[uuid.UUID] = set()
        if not self._memory:
            self._say_that_nobody_followed()

    def _small_stream(self) -> SubStream | None:
        source = self.camera.sub_source
        return None if source is None else SubStream(lambda: self._dialled(source), self.camera.camera_id)

    def _asker_of_this_camera(self) -> ClockAsker | None:
        camera, equipment = self.camera, self._equipment
        url = camera.onvif_url
        if url is None:
            return None
        return ClockAsker(
            lambda: ask_over_onvif(
                url, equipment.networks, username=camera.username, password=camera.password, utc=equipment.clock.utc
            ),
            equipment.asked_at_once,
            camera.camera_id,
        )

    def _now_s(self) -> float:
        """Media second of this moment, as far as it is known without a packet."""
        return (self._equipment.clock.utc() - self._began_at).total_seconds()

    def _left_by_the_last(self) -> dict[str, CameraMemory]:
        """Of each view, by preset."""
        with reading(self._equipment.sessions) as session:
            row = load_memory(session, self.camera.camera_id)
        if row is None or self._equipment.clock.utc() - row.at > MEMORY_LASTS:
            return {}
        try:
            return camera_memory.decode_views(row.content)
        except MemoryUnreadable as error:
            log.warning("%s", error, extra={"camera": self.camera.camera_id})
            return {}

    def _dialled(self, source: str) -> LiveStream:
        """One of the camera's streams. Raises StreamError, AddressRefused or HostUnknown."""
        camera, url = self.camera, parse_stream_url(source)
        address = resolve(url, self._equipment.networks)[0]
        return open_stream(
            url.at(address, camera.username, camera.password),
            transport=camera.transport.value,
            connect_within_s=CONNECT_WITHIN_S,
            read_within_s=READ_WITHIN_S,
            name=camera.camera_id,
        )

    def _connect_and_follow(self) -> None:
        with self._dialled(self.camera.source) as stream:
            self._connected(stream)
            try:
                self._follow(stream)
            finally:
                self._disconnected()

    def _connected(self, stream: LiveStream) -> None:
        self._facts = facts = stream.facts
        self._time.connected(facts.time_base, float(1 / facts.frame_rate))
        self._figures.connected(facts)
        self._first_of_connection = True
        memory, self._memory = self._memory, {}
        self._views.connected(StreamTemplate(facts, stream.stream), memory, self._now_s())
        if self._sub is not None:  # what it sent while the main stream was away is worth nothing now
            self._views.small_stream(each for each in self._sub.news() if not isinstance(each, LivePacket))
        if memory:
            self._say_that_nobody_followed()
        self._condition(CameraState.WATCHING)

    def _follow(self, stream: LiveStream) -> None:
        for packet in stream.packets():
            if not self._ours():
                return
            if packet.keyframe and self._to_forget != self._forgotten_at:
                self._forget_the_view()
            self._take(packet)
            if self._sub is not None:
                self._views.small_stream(self._sub.news())
            if self._views.take_in_what_was_seen() and not self._views.followed() <= self._remembered_incidents:
                self._remember()  # or who goes on after a crash would open an incident of its own
            wrong = self._views.drive()
            if wrong is not None:
                self._condition(CameraState.TURNED, wrong)
            self._now_and_then()

    def _forget_the_view(self) -> None:
        """Nothing that stood in the old picture is where it was: none of it goes on, and none is said to have left."""
        log.info("learning a view anew", extra={"camera": self.camera.camera_id})
        self._forgotten_at, self._learnt = self._to_forget, dict.fromkeys(self._learnt)
        self._views.forget("the camera was turned on purpose", self._now_s())
        self._remember()

    def _take(self, packet: LivePacket) -> None:
        placed = self._time.place(packet.pts, packet.dts, packet.arrival_s)
        if placed.gap is not None:
            self._views.gap(placed.gap)
            self._figures.gap(placed.gap)
        step = self._clock.packet(placed.media_s, self._equipment.clock.utc(packet.arrival_s), packet.camera_utc)
        if step is not None:
            self._clock_stepped(step)
        base = self._clock.base
        assert base is not None
        if self._first_of_connection:
            self._axis.connected(placed.media_s, base)
            self._first_of_connection = False
        else:
            self._axis.correct(placed.media_s, base)
        timed = packet.timed(placed)
        self._figures.packet(timed, packet.arrival_s)
        self._views.take(timed, packet)
        self._note_health(packet.arrival_s)

    def _clock_stepped(self, step: ClockStep) -> None:
        """Our own times do not follow the camera's; whoever compares them with those in the picture is told."""
        log.warning("the camera's clock was set", extra={"camera": self.camera.camera_id, "by_s": step.by_s})
        if self._state is CameraState.WATCHING:
            at = step.at.isoformat(sep=" ", timespec="seconds")
            self._condition(CameraState.WATCHING, f"its clock was set by {step.by_s:+.1f} s, noticed at {at}")
        if self._clock_asker is not None:
            self._clock_asker.ask_soon()

    def _ask_for_its_time(self, now_s: float) -> None:
        answer = None if self._clock_asker is None else self._clock_asker.turn(now_s)
        if answer is None:
            return
        step = self._clock.asked(answer.offset_s, answer.error_s, answer.measured_at)
        if step is not None:
            self._clock_stepped(step)

    def _note_health(self, at_s: float) -> None:
        """A picture that shows something else than the street, or nothing, is a state of the camera."""
        health = self._views.health(at_s)
        if health is not None and health.state is not self._state:
            log.warning("camera state", extra={"camera": self.camera.camera_id, "state": health.state.value})
            self._condition(health.state, since_s=health.since_s)

    def _disconnected(self) -> None:
        """What was seen before the connection went is taken in, and what is due is cut from what there is."""
        self._views.wait_for_looks()
        if not self._lease_runs():
            return
        try:
            self._views.disconnected()
        finally:
            self._remember()  # where the disk is full, too: what is known of an incident that is on record already

    def _now_and_then(self) -> None:
        now_s = time.monotonic()
        self._ask_for_its_time(now_s)
        if now_s >= self._pulse_due_s:
            self._pulse_due_s = now_s + PULSE_EVERY_S
            self.report = self._reported()
            self._views.see_what_is_waited_for()
        if now_s >= self._memory_due_s:
            self._memory_due_s = now_s + REMEMBER_EVERY_S
            nothing = not self._views.dwelling and not self._remembered_dwelling
            if not nothing or now_s - self._remembered_s >= REMEMBER_NOTHING_EVERY_S:
                self._remember()

    def _reported(self) -> Report:
        self._dwelling = self._views.dwelling
        clock, at = self._equipment.clock, self._equipment.clock.utc()
        pulse = self._figures.pulse(
            utc=self._axis.utc,
            utc_of_arrival=clock.utc,
            looks_dropped=self._views.looks_dropped,
            dwelling=self._dwelling,
            ring_bytes=self._views.ring_bytes,
            weights=self._equipment.desk.weights,
        )
        return Report(pulse, self._clock_offset(at), at)

    def _clock_offset(self, at: datetime) -> ClockOffset:
        """Of a camera that does not say its time, only when its packets came is known."""
        return self._clock.offset(at) or ClockOffset(0.0, LATENCY_S, ClockMeasure.ARRIVAL)

    def _seen_with(self) -> SeenWith:
        known = self._clock_offset(self._equipment.clock.utc())
        # to the microsecond, as times on record are
        clock = ClockThen(round(known.offset_s, 6), round(known.error_s, 6), known.measure)
        return seen_through(self._facts, self._equipment.sampling, self._equipment.desk.weights, clock)

    def _remember(self) -> None:
        at = self._equipment.clock.utc()
        self._remembered_s, self._remembered_dwelling = time.monotonic(), self._views.dwelling > 0
        self._remembered_incidents = self._views.followed()
        # what was not recalled yet is still what is remembered
        known = self._views.memories(self._began_at) | self._memory
        camera_id, content = self.camera.camera_id, camera_memory.encode_views(known)
        learnt = self._views.learnt()
        with self._writing(at) as session:
            forgotten_at = view_forgotten_at(session, camera_id)
            if forgotten_at not in (None, self._forgotten_at):
                self._to_forget = forgotten_at  # what is remembered is of the old view
                return
            keep_memory(session, camera_id, fence=self.fence, content=content, at=at)
            for preset, fingerprint in learnt.items():
                keep_fingerprint(session, camera_id, preset, fingerprint, at)
        self._learnt |= {preset: fingerprint for preset, fingerprint in learnt.items() if fingerprint is not None}

    def _condition(self, state: CameraState, detail: str | None = None, since_s: float | None = None) -> None:
        """since_s: our monotonic second; absent: now."""
        self._state = state
        with self._writing(self._equipment.clock.utc()) as session:
            cameras.note_condition(session, self.camera.camera_id, state, detail, self._equipment.clock.utc(since_s))

    def _say_that_nobody_followed(self) -> None:
        """Open incidents of this camera whose vehicles were not remembered: what became of them is not shown."""
        followed = self._views.followed()
        at = self._equipment.clock.utc()
        with self._writing(at) as session:
            left = session.scalars(
                select(Incident).where(
                    Incident.camera_id == self.camera.camera_id,
                    Incident.recording_id.is_(None),
                    Incident.state.in_(OPEN_STATES),
                )
            )
            for incident in left:
                if incident.id not in followed:
                    incidents.sight_lost(
                        session, incident, last_seen_at=incident.last_seen_at, why="the watching was interrupted", at=at
                    )

    @contextmanager
    def _writing(self, at: datetime) -> Iterator[Session]:
        """A transaction that holds only as long as this watcher has the camera. Raises LeaseLost."""
        with transaction(self._equipment.sessions) as session:
            leases.holds(session, self.camera.camera_id, self.fence, at)
            yield session


def _state_after(error: IngestError) -> CameraState:
    if isinstance(error, StreamRefused | AddressRefused):
        return CameraState.REFUSED
    return CameraState.NO_PACKETS if isinstance(error, StreamSilent) else CameraState.UNREACHABLE
