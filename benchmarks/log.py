"""The log: what it costs to write and to audit ten thousand entries, and what sealing a clip costs beside encoding it.

    python -m benchmarks.log [--entries 10000] [--rounds 3] [--clips DIR]

On SQLite, in a folder of its own. The clip is drawn: 30 s of 1080p25, 4 Mbit/s (benchmarks/street_clips.py); it is
encoded again with x264's `veryfast`, the cheapest that anybody would call encoding. Processor time, medians; the wall
time of sealing beside it, since most of that is waiting for the disk. The last line is for scripts.
"""

import argparse
import json
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median

import av
from sqlalchemy import select

from benchmarks.street_clips import streets
from evidence import custody, log, merkle
from evidence.audit import Brought, audit
from evidence.keys import key_in_use
from evidence.sealing import PendingExhibit, seal
from evidence.tree_heads import sign_head
from evidence.vault import Vault
from models.database import Sessions, open_database, reading, sessions_of, sqlite_url, transaction, upgrade
from models.enums import CustodyAct, ExhibitKind, ExhibitMoment, IncidentState, Offence
from models.incidents import Incident
from models.places import Camera, Geofence, GeofenceVersion, Site

AT = datetime(2026, 1, 1, tzinfo=UTC)
A_TRANSACTION = 100  # custody entries written together; a site writes one to a handful
INCIDENTS = 20


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--entries", type=int, default=10_000)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--clips", type=Path, help="where drawn clips are kept between runs")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="log-benchmark-") as name:
        folder = Path(name)
        engine = open_database(sqlite_url(folder / "log.db"))
        upgrade(engine)
        sessions = sessions_of(engine)
        incidents = [_incident(sessions, number) for number in range(INCIDENTS)]
        figures = entries(sessions, incidents, given.entries, folder)
        figures |= sealing(sessions, incidents, folder, given.clips or folder / "clips", given.rounds)
        engine.dispose()
    print(json.dumps(figures))


def entries(sessions: Sessions, incidents: list[uuid.UUID], count: int, folder: Path) -> dict[str, float]:
    def write() -> None:
        for start in range(0, count, A_TRANSACTION):
            with transaction(sessions) as session:
                for number in range(start, min(start + A_TRANSACTION, count)):
                    custody.record(
                        session,
                        incidents[number % INCIDENTS],
                        CustodyAct.VIEWED,
                        actor="li.na",
                        at=AT + timedelta(seconds=number),
                        reason="to review",
                    )

    def order() -> None:
        with transaction(sessions) as session:
            log.sequence(session)

    def head() -> None:
        with transaction(sessions) as session:
            sign_head(session, key_in_use(session, folder / "signing.pem", at=AT), at=AT)

    def look() -> None:
        with reading(sessions) as session:
            verdict = audit(session, Brought(), at=AT)
        faults = [fault for fault in verdict.faults if fault.code != "state"]  # these incidents have no events
        assert not faults, faults[:3]

    def prove() -> None:
        with reading(sessions) as session:
            leaves = log.leaves_of(session)
        top = merkle.root(leaves)
        for index, path in enumerate(merkle.inclusion_paths(range(len(leaves)), leaves)):
            assert merkle.includes(leaves[index], index, len(leaves), path, top)

    figures = {}
    for what, work in (("written", write), ("ordered", order), ("head", head), ("audited", look), ("proven", prove)):
        cpu_s, wall_s = _timed(work)
        figures[f"{what}_ms_a_thousand"] = round(cpu_s * 1e6 / count, 2)
        print(
            f"{count} entries {what}: {cpu_s:.2f} s of processor, {wall_s:.2f} s; {cpu_s * 1e6 / count:.1f} ms a 1000"
        )
    return figures


def sealing(sessions: Sessions, incidents: list[uuid.UUID], folder: Path, clips: Path, rounds: int) -> dict[str, float]:
    """The clip into the vault with all its rows, then once through an encoder."""
    clip = streets(None, clips).busy[0]
    sealed: list[tuple[float, float]] = []
    for number in range(rounds):
        copy = folder / "cut.mp4"
        shutil.copyfile(clip, copy)
        with copy.open("ab") as file:
            file.write(bytes([number]))  # other bytes each time: the same would be known already
        sealed.append(_timed(partial(_seal, sessions, incidents[number], copy, folder / "vault")))
    seal_cpu_s, seal_wall_s = (median(each) for each in zip(*sealed, strict=True))
    encode_cpu_s, _ = _timed(partial(_encode, clip, folder / "again.mp4"))
    share = seal_cpu_s / encode_cpu_s
    size = clip.stat().st_size / 1e6
    print(f"{clip.name}, {size:.1f} MB: sealed in {seal_cpu_s * 1000:.0f} ms of processor, {seal_wall_s * 1000:.0f} ms")
    print(f"encoded again in {encode_cpu_s:.1f} s of processor: sealing is {share:.2%} of it")
    return {
        "seal_ms": round(seal_cpu_s * 1000, 1),
        "seal_wall_ms": round(seal_wall_s * 1000, 1),
        "encode_ms": round(encode_cpu_s * 1000, 1),
        "seal_of_encode": round(share, 5),
    }


def _seal(sessions: Sessions, incident_id: uuid.UUID, clip: Path, vault_root: Path) -> None:
    def write(path: Path) -> None:
        shutil.copyfile(clip, path)

    with Vault.open(vault_root) as vault:
        pending = vault.take(write, ".mp4")
        exhibit = PendingExhibit(
            pending,
            ExhibitKind.CLIP,
            ExhibitMoment.ENTRY,
            "video/mp4",
            AT,
            AT + timedelta(seconds=30),
            {"how": "remux"},
        )
        with transaction(sessions) as session:
            seal(session, vault, incident_id, exhibit, actor="streetwitness", at=AT)
        vault.settle(pending)


def _encode(clip: Path, again: Path) -> None:
    with av.open(str(clip)) as source, av.open(str(again), "w", format="mp4") as written:
        stream = written.add_stream("libx264", rate=25, options={"preset": "veryfast", "b": "4M"})
        shown = source.streams.video[0]
        stream.width, stream.height, stream.pix_fmt = shown.width, shown.height, "yuv420p"
        for frame in source.decode(shown):
            written.mux(stream.encode(frame))
        written.mux(stream.encode(None))


def _timed(work: Callable[[], None]) -> tuple[float, float]:
    """Seconds of processor and of wall."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - cpu, time.perf_counter() - wall


def _incident(sessions: Sessions, number: int) -> uuid.UUID:
    with transaction(sessions) as session:
        camera, fence = session.get(Camera, "bench"), session.scalar(select(GeofenceVersion))
        if camera is None or fence is None:
            site = Site(name="Benchmark", timezone="UTC")
            session.add(site)
            session.flush()
            camera = Camera(id="bench", site_id=site.id, name="bench", source="drawn")
            session.add(camera)
            session.flush()
            session.add(Geofence(id="kerb", camera_id=camera.id, name="kerb"))
            session.flush()
            fence = GeofenceVersion(
                geofence_id="kerb",
                version=1,
                polygon=[[0, 0], [1, 0], [1, 1]],
                offences={},
                timetable=[],
                exemptions=[],
                valid_from=AT,
                changed_by="benchmark",
                reason="benchmark",
            )
            session.add(fence)
            session.flush()
        incident = Incident(
            camera_id=camera.id,
            geofence_version_id=fence.id,
            offence=Offence.ILLEGAL_PARKING,
            state=IncidentState.OBSERVED,
            conduct_key=f"bench:{number}",
            first_seen_at=AT,
            confirmed_at=AT,
            last_seen_at=AT,
            box_x1=0.0,
            box_y1=0.0,
            box_x2=1.0,
            box_y2=1.0,
            confidence=1.0,
        )
        session.add(incident)
        session.flush()
        return incident.id


if __name__ == "__main__":
    main()
