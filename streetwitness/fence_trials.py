"""Trials of fences: a recording through the road once more, with an edited fence beside the one in force.

`try_fence` is the job. It makes a scratch data folder with a database of its own, in which the camera has the two
fences and nothing else, and has `python -m streetwitness.fence_trials` take the recording through it: a process that
can call nobody and write nowhere else. Nothing of the real site is written but the trial's own row and pictures.
"""

import json
import logging
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import cv2
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import select, text
from sqlalchemy.orm import Session, joinedload, selectinload

from cases import fence_trials, fences
from cases.fence_trials import Found
from cases.newest_pictures import PictureFolders
from cases.site_rows import BEGINNING
from detectors.errors import DetectorError
from evidence.vault import Vault
from ingest.confinement import leave_with_parent
from ingest.errors import IngestError
from ingest.media_clock import utc_of
from models.database import reading, transaction
from models.enums import ExhibitKind, ExhibitMoment, RecordingState
from models.exhibits import Exhibit
from models.fence_trials import FenceTrial
from models.incidents import Incident, Recording
from models.places import Camera, Geofence, GeofenceVersion, Site
from streetwitness.analysis import analyse, detector_on, weights_of
from streetwitness.confined_analysis import TOO_MUCH_MEMORY, WALL_TIMES_CPU, confine_analysis, cpu_s_of, harm_of
from streetwitness.errors import BeingAnalysed, StartError
from streetwitness.settings import PREFIX, load_settings
from streetwitness.workplace import Workplace, now, opened_workplace

log = logging.getLogger(__name__)

NOW, EDITED = "in-force", "edited"  # the two fences of the scratch site
SAYS_EVERY_S, ASKS_EVERY_S = 1.0, 1.0
LONGEST_LINE = 4_000_000
MOST_FOUND = 300  # of one fence; a street has fewer vehicles in an hour
PICTURE_WIDTH, JPEG_QUALITY = 640, 80
LARGEST_PICTURE = 1_000_000
# what a trial needs of the settings; passwords and addresses are none of it
NEEDED = ("WEIGHTS", "LOOK_S")
FOUND_IN = "found"  # below the scratch folder
FOUND = TypeAdapter(list[Found])


def try_fence(workplace: Workplace, trial_id: uuid.UUID) -> None:
    """Works a trial off. One that is over, cancelled, or in other hands is left alone."""
    with transaction(workplace.sessions) as session:
        trial = fence_trials.begin(session, trial_id, at=now())
        if trial is None:
            return
    recording = trial.recording
    folder = workplace.data.pictures.trials
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(prefix=".scratch-", dir=folder, ignore_cleanup_errors=True) as place:
        scratch = Path(place)
        try:
            _make_scratch_site(workplace, scratch, trial, recording)
            said = _watched(workplace, scratch, trial, recording)
        except (OSError, StartError) as error:
            said = {"failed": str(error)}
        if said is None:  # nobody wants it any more
            return
        _put_on_record(workplace, scratch, trial.id, said)


def _make_scratch_site(workplace: Workplace, scratch: Path, trial: FenceTrial, recording: Recording) -> None:
    """One camera, two fences that do not know of each other, one recording."""
    if not Path(recording.path).is_file():
        raise StartError("the recording's file is not on this machine any more; choose a newer one")
    settings = workplace.settings.model_copy(update={"data_dir": scratch, "database_url": None})
    with opened_workplace(settings, make=True) as made, transaction(made.sessions) as session:
        camera = recording.camera
        site = Site(name="trial", timezone=camera.site.timezone)
        session.add(site)
        session.flush()
        session.add(
            Camera(
                id=camera.id,
                site_id=site.id,
                name=camera.name,
                source="trial",
                kind=camera.kind,
                clock_offset_s=camera.clock_offset_s,
                clock_error_s=camera.clock_error_s,
            )
        )
        session.flush()
        if trial.against is not None:
            _add_fence(session, camera.id, NOW, {name: getattr(trial.against, name) for name in _columns(trial)})
        _add_fence(session, camera.id, EDITED, _columns(trial))
        session.add(
            Recording(
                id=recording.id,
                camera_id=camera.id,
                path=recording.path,
                sha256=recording.sha256,
                size_bytes=recording.size_bytes,
                started_at=recording.started_at,
                clock_source=recording.clock_source,
                state=RecordingState.QUEUED,
            )
        )


def _columns(trial: FenceTrial) -> dict[str, Any]:
    return fences.version_values(fences.read_entry(trial.terms))


def _add_fence(session: Session, camera_id: str, fence_id: str, columns: Mapping[str, Any]) -> None:
    session.add(Geofence(id=fence_id, camera_id=camera_id, name=fence_id))
    session.flush()
    session.add(
        GeofenceVersion(
            geofence_id=fence_id, version=1, valid_from=BEGINNING, changed_by="trial", reason="trial", **columns
        )
    )


def _watched(workplace: Workplace, scratch: Path, trial: FenceTrial, recording: Recording) -> dict[str, Any] | None:
    """What the process says in the end; None where the trial was cancelled."""
    cpu_s = cpu_s_of(recording)
    command = [sys.executable, "-m", "streetwitness.fence_trials", str(recording.id), str(cpu_s)]
    given = {f"{PREFIX}{name}": os.environ[f"{PREFIX}{name}"] for name in NEEDED if f"{PREFIX}{name}" in os.environ}
    environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    process = subprocess.Popen(  # noqa: S603 - our own program
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env=environment | given | {f"{PREFIX}DATA_DIR": str(scratch)},
    )
    assert process.stdout is not None
    lines: queue.Queue[bytes] = queue.Queue()
    listening = threading.Thread(target=_listen, args=(process.stdout, lines), daemon=True)
    listening.start()
    try:
        said = _followed(workplace, trial.id, process, lines, time.monotonic() + cpu_s * WALL_TIMES_CPU)
    finally:
        process.kill()
        process.wait()
        listening.join()
        process.stdout.close()
    if said is None or said:
        return said
    harm = harm_of(process.returncode)
    return {"failed": harm or "its analysis was ended from outside; ask for it again"}


def _listen(stdout: IO[bytes], lines: "queue.Queue[bytes]") -> None:
    while line := stdout.readline(LONGEST_LINE):
        lines.put(line)


def _followed(
    workplace: Workplace,
    trial_id: uuid.UUID,
    process: "subprocess.Popen[bytes]",
    lines: "queue.Queue[bytes]",
    until_s: float,
) -> dict[str, Any] | None:
    """The last words of the process; empty where it ends without any, None where nobody wants the answer any more."""
    asks_s, progress = 0.0, dict[str, Any]()
    while True:
        ended = process.poll() is not None
        try:
            said = _read(lines.get(timeout=0.2))
        except queue.Empty:
            said = None
        if said is None and ended and lines.empty():
            return {}
        if said is not None and ("found" in said or "failed" in said):
            process.wait(timeout=60)
            return said
        progress = said or progress
        if time.monotonic() >= until_s:
            return {"failed": "its analysis takes longer than any recording of this size does"}
        if time.monotonic() >= asks_s:
            asks_s = time.monotonic() + ASKS_EVERY_S
            with transaction(workplace.sessions) as session:
                if not fence_trials.still_wanted(
                    session, trial_id, done_s=progress.get("done_s"), total_s=progress.get("total_s"), at=now()
                ):
                    return None


def _read(line: bytes) -> dict[str, Any] | None:
    try:
        said = json.loads(line)
    except ValueError:
        return None
    return said if isinstance(said, dict) else None


def _put_on_record(workplace: Workplace, scratch: Path, trial_id: uuid.UUID, said: Mapping[str, Any]) -> None:
    try:
        in_force, edited = (FOUND.validate_python(said["found"][name][:MOST_FOUND]) for name in (NOW, EDITED))
        size = [int(side) for side in said["size"]]
    except (KeyError, TypeError, ValueError, ValidationError):
        why = said.get("failed")
        with transaction(workplace.sessions) as session:
            fence_trials.fail(session, trial_id, str(why or "its analysis said nothing that could be read"), at=now())
        return
    _keep_pictures(scratch, workplace.data.pictures.trials / str(trial_id), [*in_force, *edited])
    findings = fence_trials.compare(in_force, edited).as_json() | {"size": size}
    with transaction(workplace.sessions) as session:
        fence_trials.finish(session, trial_id, findings, at=now())


def _keep_pictures(scratch: Path, folder: Path, found: list[Found]) -> None:
    """Taken out of the scratch folder, where they are what they ought to be: small files of their own."""
    folder.mkdir(exist_ok=True, mode=0o700)
    for name in {each.picture for each in found if each.picture is not None}:
        path = scratch / FOUND_IN / Path(name).name
        if path.is_file() and not path.is_symlink() and path.stat().st_size <= LARGEST_PICTURE:
            shutil.move(path, folder / path.name)


def forget_pictures(workplace: Workplace) -> None:
    """Of trials that are forgotten, and scratch folders whose worker was killed."""
    folders: PictureFolders = workplace.data.pictures
    with reading(workplace.sessions) as session:
        known = {str(each) for each in fence_trials.known(session)}
        running = session.scalars(select(FenceTrial.id).where(FenceTrial.state.in_(fence_trials.WAITING))).first()
    for path in folders.trials.glob("*") if folders.trials.is_dir() else ():
        if path.name not in known and not (path.name.startswith(".") and running is not None):
            shutil.rmtree(path, ignore_errors=True)


# --- the process


def _found(scratch: Workplace, recording_id: uuid.UUID) -> dict[str, list[dict[str, Any]]]:
    """What each fence found, with a picture of each, in the folder of pictures."""
    pictures = scratch.data.root / FOUND_IN
    pictures.mkdir()
    found: dict[str, list[dict[str, Any]]] = {NOW: [], EDITED: []}
    with reading(scratch.sessions) as session:
        recording = session.get_one(Recording, recording_id, options=[joinedload(Recording.camera)])
        start = utc_of(0.0, recording.started_at, recording.camera.clock_offset_s)
        incidents = session.scalars(
            select(Incident)
            .options(selectinload(Incident.geofence_version))
            .order_by(Incident.first_seen_at, Incident.id)
        ).all()
        for number, incident in enumerate(incidents):
            seconds = {
                f"{name}_s": None if at is None else round((at - start).total_seconds(), 3)
                for name in ("first_seen", "stopped", "confirmed", "last_seen")
                for at in [getattr(incident, f"{name}_at")]
            }
            picture = f"{number}.jpg"
            shown = _picture(session, scratch, incident.id, pictures / picture)
            found[incident.geofence_version.geofence_id].append(
                seconds
                | {
                    "offence": incident.offence.value,
                    "state": incident.state.value,
                    "box": [incident.box_x1, incident.box_y1, incident.box_x2, incident.box_y2],
                    "picture": picture if shown else None,
                }
            )
    return found


def _picture(session: Session, scratch: Workplace, incident_id: uuid.UUID, path: Path) -> bool:
    stills = session.scalars(
        select(Exhibit)
        .where(Exhibit.incident_id == incident_id, Exhibit.kind == ExhibitKind.STILL)
        .options(selectinload(Exhibit.sealed))
        .order_by(Exhibit.moment != ExhibitMoment.DWELL_COMPLETE, Exhibit.from_at)
    ).first()
    if stills is None:
        return False
    picture = cv2.imread(str(Vault.path_of(scratch.data.vault, stills.sha256, stills.sealed.suffix)))
    if picture is None:
        return False
    height, width = picture.shape[:2]
    size = (min(width, PICTURE_WIDTH), max(round(height * min(width, PICTURE_WIDTH) / width), 1))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return cv2.imwrite(str(path), small, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])


def main(recording_id: uuid.UUID, cpu_s: int) -> None:
    """The process: one JSON object a line, how far it is, and at the end what was found or why not."""
    leave_with_parent()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # its parent ends it
    says_s = 0.0

    def say(said: Mapping[str, Any]) -> None:
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()

    def on_progress(done_s: float, total_s: float | None) -> None:
        nonlocal says_s
        if time.monotonic() >= says_s:
            says_s = time.monotonic() + SAYS_EVERY_S
            say({"done_s": done_s, "total_s": total_s})

    with opened_workplace(load_settings()) as scratch:
        with reading(scratch.sessions) as session:
            session.execute(text("SELECT 1"))
            recording = session.get_one(Recording, recording_id)
        try:
            detector_on(weights_of(scratch.settings))
            confine_analysis(scratch, recording, cpu_s)
            report = analyse(scratch, recording_id, on_progress)
            found = _found(scratch, recording_id)
        except MemoryError:
            sys.exit(TOO_MUCH_MEMORY)
        except (IngestError, DetectorError, BeingAnalysed) as error:
            say({"failed": str(error)})
            return
        say({"found": found, "size": [report.analysis["width"], report.analysis["height"]]})


if __name__ == "__main__":
    main(uuid.UUID(sys.argv[1]), int(sys.argv[2]))
