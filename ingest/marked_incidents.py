"""What a person marked on a recording, put on record: clip, stills and close-up of those seconds, and the incident.

Runs where nothing is vouched for (streetwitness/confined_analysis.py). The fences' rules have no part in it. Killed at
any point, the same call does it again; a mark with its incident is done.
"""

import hashlib
import logging
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from cases import marked_incidents, recording_acts
from cases.errors import RecordingRefused
from cases.lifecycle import PROGRAM
from cases.marked_incidents import MarkedConduct
from cases.recorders import note
from detectors.geometry import Box
from evidence.sealing import PendingExhibit, seal
from evidence.seen_with import ClockThen, SeenWith, Weights
from evidence.vault import Vault
from ingest.clip_cut import clip_range
from ingest.decoding import FrameDecoder
from ingest.errors import CutFailed, IngestError, NotAVideo
from ingest.exhibits import ExhibitMaker
from ingest.media_clock import utc_since
from ingest.packet_ring import PacketRing
from ingest.packet_source import PacketSource, open_file
from ingest.sampler import Sampling
from ingest.witness import seen_through
from models.database import Sessions, reading, transaction
from models.digest import sha256_of
from models.enums import ExhibitMoment, RecorderSubject
from models.exhibits import SealedObject
from models.incidents import Recording
from models.places import Camera
from models.recorders import RecordingMark

log = logging.getLogger(__name__)

PRE_ROLL_S, POST_ROLL_S = 5.0, 6.0
RING_BYTES = 400_000_000  # two minutes at 25 Mbit/s
BY_EYE = Weights("a person's eye", hashlib.sha256(b"").hexdigest())  # no weights
MAX_WHY = 500


def carry_out_marks(
    sessions: Sessions,
    recording_id: uuid.UUID,
    vault_root: Path,
    *,
    sampling: Sampling,
    clock: Callable[[], datetime],
    sm3: bool = False,
) -> int:
    """Makes an incident of each mark that waits; how many. What cannot be made says why in its row."""
    with reading(sessions) as session:
        recording = session.get_one(
            Recording, recording_id, options=[joinedload(Recording.camera).joinedload(Camera.site)]
        )
        marks = _waiting(session, recording_id)
    made = 0
    for mark in marks:
        try:
            with reading(sessions) as session:
                recording_acts.check_may_be_used(session, recording, at=clock())
            _carry_out(sessions, recording, mark, vault_root, sampling, clock, sm3=sm3)
            made += 1
        except (IngestError, RecordingRefused) as error:
            log.warning("nothing could be made of a mark: %s", error, extra={"mark": str(mark.id)})
            with transaction(sessions) as session:
                row = session.get_one(RecordingMark, mark.id)
                row.failure = str(error)[:MAX_WHY]
                facts = {"mark": str(mark.id), "why": row.failure}
                note(
                    session,
                    RecorderSubject.RECORDING,
                    recording_id,
                    "mark_failed",
                    actor=PROGRAM,
                    at=clock(),
                    **facts,
                )
    return made


def _waiting(session: Session, recording_id: uuid.UUID) -> Sequence[RecordingMark]:
    return session.scalars(
        select(RecordingMark)
        .where(
            RecordingMark.recording_id == recording_id,
            RecordingMark.incident_id.is_(None),
            RecordingMark.failure.is_(None),
        )
        .order_by(RecordingMark.at, RecordingMark.id)
    ).all()


def _carry_out(
    sessions: Sessions,
    recording: Recording,
    mark: RecordingMark,
    vault_root: Path,
    sampling: Sampling,
    clock: Callable[[], datetime],
    *,
    sm3: bool,
) -> None:
    camera, path = recording.camera, Path(recording.path)
    if sha256_of(path) != recording.sha256:
        raise NotAVideo(path, "the file has changed since it was taken in")
    with open_file(path) as source, Vault.open(vault_root) as vault:
        error_s = camera.clock_error_s if recording.start_error_s is None else recording.start_error_s
        seen_with = seen_through(source.facts, sampling, BY_EYE, ClockThen(camera.clock_offset_s, error_s, None))
        utc = utc_since(recording.started_at, camera.clock_offset_s)
        exhibits, conduct = _cut(source, mark, vault, utc, recording.sha256, seen_with)
        try:
            with transaction(sessions) as session:
                row = session.get_one(
                    RecordingMark,
                    mark.id,
                    options=[joinedload(RecordingMark.made_by)],
                    with_for_update={"of": RecordingMark},
                )
                if row.incident_id is not None:  # somebody was quicker
                    kept: Sequence[PendingExhibit] = ()
                else:
                    kept = exhibits
                    whole = session.get_one(Recording, recording.id)
                    incident = marked_incidents.open_marked(session, row, whole, conduct, at=clock())
                    for each in exhibits:
                        seal(session, vault, incident.id, each, actor=PROGRAM, at=clock(), sm3=sm3)
                    marked_incidents.hand_over(session, incident, at=clock())
        except BaseException:
            for each in exhibits:
                vault.discard(each.pending)
            vault.recover(lambda sha256: _is_known(sessions, sha256))
            raise
        for each in exhibits:
            if each in kept:
                vault.settle(each.pending)
            else:
                vault.discard(each.pending)


def _cut(
    source: PacketSource,
    mark: RecordingMark,
    vault: Vault,
    utc: Callable[[float], datetime],
    sha256: str,
    seen_with: SeenWith,
) -> tuple[list[PendingExhibit], MarkedConduct]:
    """Clip and stills of the first and last second that were marked; the close-up is of the part that was marked."""
    from_s, to_s = max(mark.from_s - PRE_ROLL_S, 0.0), mark.to_s + POST_ROLL_S
    ring = PacketRing(seconds=to_s - from_s + 60, max_bytes=RING_BYTES)
    for packet in source.packets():
        ring.add(packet)
        if packet.media_s > to_s and packet.keyframe:
            break
    width, height = source.facts.width // 2 * 2, source.facts.height // 2 * 2
    box = Box(mark.x1 * width, mark.y1 * height, mark.x2 * width, mark.y2 * height)
    last_s = min(mark.to_s, source.reached_s)
    if last_s <= mark.from_s:
        raise CutFailed(f"the recording ends before second {mark.from_s:g}")
    maker = ExhibitMaker(source, FrameDecoder(source.facts, utc), vault, utc, sha256)
    clip = clip_range(ring, from_s, to_s)
    made = maker.make(ExhibitMoment.ENTRY, clip, mark.from_s, box, [])
    try:
        made += maker.make(ExhibitMoment.DWELL_COMPLETE, clip, last_s, box, [])
    except BaseException:
        for each in made:
            vault.discard(each.pending)
        raise
    return made, MarkedConduct(utc(mark.from_s), utc(last_s), box, seen_with)


def _is_known(sessions: Sessions, sha256: str) -> bool:
    with reading(sessions) as session:
        return session.get(SealedObject, sha256) is not None
