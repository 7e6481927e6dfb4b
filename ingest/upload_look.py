"""The first look into a file that was handed in, in a process of its own that has given up nearly everything.

`look_into` starts it and judges how it ended; `python -m ingest.upload_look` is that process: it takes the whole
container apart, decodes a picture every few seconds, and prints what it found, a line of JSON each.
"""

import json
import re
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from ingest.confinement import Limits, confine, leave_with_parent
from ingest.decoding import FrameDecoder
from ingest.errors import FileQuarantined, IngestError, LookCutShort
from ingest.packet_source import PacketSource, open_file

MEGABYTE = 1_000_000
MEMORY_BYTES = 1_500 * MEGABYTE
CPU_S, BYTES_A_CPU_S = 20, 100 * MEGABYTE  # what a recording of ordinary bit rate needs is a tenth of it
WALL_TIMES_CPU = 6  # other work on the same machine
MAX_PIXELS = 8192 * 8192
MAX_STREAMS = 32
LONGEST_S = 24 * 3600.0
A_PICTURE_EVERY_S = 5.0
LONGEST_ANSWER = 64 * 1024
START = datetime(1970, 1, 1, tzinfo=UTC)  # pictures are counted here, not dated
PLACE_TAGS = ("com.apple.quicktime.location.ISO6709", "location", "location-eng")
ISO_6709 = re.compile(r"([+-]\d{1,3}(?:\.\d+)?)([+-]\d{1,3}(?:\.\d+)?)")
KILLED_FROM_OUTSIDE = {-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT, -signal.SIGHUP}
TOO_LONG = "looking into it takes more time than any recording does"


@dataclass(frozen=True)
class Looked:
    """What a file is. started_at: as the container claims, ISO 8601."""

    codec: str
    container: str
    width: int
    height: int
    duration_s: float
    started_at: str | None
    pictures: int
    unreadable: int
    sound: bool
    place: tuple[float, float] | None = None  # as the container says: latitude, longitude

    @property
    def begins_at(self) -> datetime | None:
        return None if self.started_at is None else datetime.fromisoformat(self.started_at)


ANSWER = TypeAdapter(Looked)
# some modules are loaded when they are first needed
OWN_LIBRARIES = [Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")]


def look_into(path: Path) -> Looked:
    """Raises FileQuarantined for what is no recording or does harm, LookCutShort where it should be tried again."""
    (found,) = look_into_all([path])
    if isinstance(found, IngestError):
        raise found
    return found


def look_into_all(paths: Sequence[Path]) -> list[Looked | FileQuarantined | LookCutShort]:
    """What each is. One process looks into one after the other, and another goes on behind a file that ended it."""
    found: list[Looked | FileQuarantined | LookCutShort] = []
    while len(found) < len(paths):
        found += _looked_in_a_process(paths[len(found) :])
    return found


def _looked_in_a_process(paths: Sequence[Path]) -> list[Looked | FileQuarantined | LookCutShort]:
    """Answers for the first of them, one at least."""
    cpu_s = CPU_S + sum(path.stat().st_size for path in paths) // BYTES_A_CPU_S
    command = [sys.executable, "-m", "ingest.upload_look", str(cpu_s), *(str(path.absolute()) for path in paths)]
    with subprocess.Popen(  # noqa: S603
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            said, complained = process.communicate(timeout=cpu_s * WALL_TIMES_CPU)
            ended = _verdict(process.returncode, complained)
        except subprocess.TimeoutExpired:
            process.kill()
            said, _ = process.communicate()
            ended = FileQuarantined("looking into it does not come to an end")
    answers: list[Looked | FileQuarantined | LookCutShort] = [_read(line) for line in said.splitlines()[: len(paths)]]
    return answers if len(answers) == len(paths) else [*answers, ended]


def _verdict(status: int, complained: bytes) -> FileQuarantined | LookCutShort:
    """On the file at which the process ended before it had answered."""
    if status in KILLED_FROM_OUTSIDE:
        return LookCutShort(f"the look into it was killed by signal {-status}")
    if status < 0:
        return FileQuarantined(TOO_LONG if status == -signal.SIGXCPU else f"it crashes the decoder (signal {-status})")
    last = complained.decode(errors="replace").strip().rpartition("\n")[2][:200]
    return LookCutShort(f"the look into it ended without an answer ({last or status})")


def _read(line: bytes) -> Looked | FileQuarantined:
    """The process is not trusted either: what it answers is read as data of a known form."""
    try:
        said = json.loads(line[:LONGEST_ANSWER])
        return FileQuarantined(str(said["refused"])) if "refused" in said else ANSWER.validate_python(said["looked"])
    except (ValueError, TypeError, KeyError):
        return FileQuarantined("looking into it ends in an answer that cannot be read")


def _looked(path: Path) -> Looked:
    with open_file(path) as source:
        facts = source.facts
        streams = source.streams
        if streams > MAX_STREAMS:
            raise FileQuarantined(f"it has {streams} streams; a recording has a few")
        if facts.width * facts.height > MAX_PIXELS:
            raise FileQuarantined(
                f"its pictures would have {facts.width}x{facts.height} pixels; no recorder makes such"
            )
        pictures, unreadable = _pictures(source)
        if pictures == 0:
            raise FileQuarantined("not one of its pictures can be decoded")
        return Looked(
            codec=facts.codec,
            container=facts.container,
            width=facts.width,
            height=facts.height,
            duration_s=source.reached_s + 1 / float(facts.frame_rate),
            started_at=facts.started_at.isoformat() if facts.started_at else None,
            pictures=pictures,
            unreadable=unreadable,
            sound=source.has_sound,
            place=place_of(source.tags),
        )


def place_of(tags: Mapping[str, str]) -> tuple[float, float] | None:
    """Where it was filmed, as phones and drones write it: ISO 6709, `+28.6500+121.2600+005.000/`."""
    for name in PLACE_TAGS:
        found = ISO_6709.match(tags.get(name, ""))
        if found is not None:
            lat, lon = float(found[1]), float(found[2])
            if abs(lat) <= 90 and abs(lon) <= 180 and (lat, lon) != (0.0, 0.0):
                return lat, lon
    return None


def _pictures(source: PacketSource) -> tuple[int, int]:
    """How many were decoded, and how many keyframes gave none. Every packet is read."""
    decoder = FrameDecoder(source.facts, lambda media_s: START + timedelta(seconds=media_s))
    pictures = unreadable = 0
    next_s = 0.0
    for packet in source.packets():
        if packet.media_s > LONGEST_S:
            raise FileQuarantined(
                f"it goes on for more than {LONGEST_S / 3600:g} hours; cut it where the recorder does"
            )
        if packet.keyframe and packet.media_s >= next_s:
            if decoder.alone(packet) is None:
                unreadable += 1
            else:
                pictures, next_s = pictures + 1, packet.media_s + A_PICTURE_EVERY_S
    return pictures, unreadable


def _answer(path: Path) -> dict[str, Any]:
    try:
        return {"looked": asdict(_looked(path))}
    except FileQuarantined as error:
        return {"refused": str(error)}
    except IngestError as error:
        return {"refused": str(error).removeprefix(f"{path}: ")}
    except MemoryError:
        return {"refused": "looking into it takes more memory than any recording does"}


def main(cpu_s: int, paths: Sequence[Path]) -> None:
    """The process. What it needs is loaded by now; from here on it opens these files, its libraries, no other."""
    leave_with_parent()
    confine(Limits(MEMORY_BYTES, cpu_s), readable=[*paths, *OWN_LIBRARIES])
    for path in paths:
        sys.stdout.write(json.dumps(_answer(path), ensure_ascii=True) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), [Path(each) for each in sys.argv[2:]])
