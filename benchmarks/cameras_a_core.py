"""Cameras a core: how many 1080p25 cameras of 4 Mbit/s one core carries at a look every 2 s.

    python -m benchmarks.cameras_a_core [--footage DIR] [--weights DIR] [--rounds 3] [--live 10] [--seconds 60]
        [--clips DIR] [--only busy|quiet] [--idle-look SECONDS] [--sub]

Seconds of camera that a second of processor time carries (user and system, all threads and children). From a file, in
one process and taking turns, medians over the rounds: the road (packets, ring, watchdog, looks, tracks, rules, rows;
no vehicle stands long enough for an incident, whose cost is measured by itself), every picture decoded with the same
detector every 2 s, and ffmpeg in a process of its own that pipes five pictures a second of 1280x720, each shown to the
same detector. Live: `streetwitness run --only watch` over RTSP on loopback, the servers not counted, and the memory it
takes, and how that compares with the programs that read the file. With --idle-look both are done a second time, with
rarer looks while nothing dwells or stirs; with --sub the live cameras are watched once more with their small streams
(640x360) to look at, the main ones for the ring alone. The clips are made once and kept (benchmarks/street_clips.py).
The last line is for scripts.
"""

import argparse
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from statistics import median

import av
import numpy as np
from platformdirs import user_cache_path
from sqlalchemy import func, select

from benchmarks.live_site import MEGABYTE, Program, site, site_of, watched
from benchmarks.street_clips import small_ones, streets
from detectors.frame import Frame
from detectors.geometry import Box
from detectors.look_region import look_regions
from detectors.sightings import Detector, Look
from evidence.vault import Vault
from ingest.camera_health import Watchdog
from ingest.camera_worker import CameraWorker
from ingest.fences import fences_in_force
from ingest.media_clock import utc_since
from ingest.packet_ring import PacketRing
from ingest.packet_source import open_file
from ingest.sampler import Sampling
from ingest.witness import Witness
from models.database import Sessions, reading
from models.incidents import Incident
from models.places import Camera
from streetwitness.analysis import detector_on

LOOK_S = 2.0
PATIENT, IMPATIENT = (180.0, 600.0), (8.0, 6.0)  # dwell and grace: nothing becomes an incident; what stands does
PIPE_RATE, PIPE_WIDTH, PIPE_HEIGHT = 5, 1280, 720
STARTED_AT = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
SETTLES_S = 35.0  # until a ring of 30 s is full


@dataclass
class Series:
    """What a program did and used, round by round."""

    name: str
    cpu_s: list[float] = field(default_factory=list)
    watched_s: float = 0.0
    looks: int = 0

    @property
    def a_core(self) -> float:
        """Seconds of camera a second of processor."""
        return self.watched_s / median(self.cpu_s)

    def __str__(self) -> str:
        each_ms = ", ".join(f"{1000 * cpu_s / self.watched_s:.1f}" for cpu_s in self.cpu_s)
        return (
            f"{self.name}: {self.a_core:.1f} cameras a core; ms a camera-second {each_ms}; "
            f"{self.looks} looks in {self.watched_s:.0f} s"
        )


@dataclass(frozen=True)
class Done:
    looks: int
    incidents: int = 0


def cpu_s() -> float:
    """Of this process, its threads, and the children that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def our_road(
    clip: Path, detector: Detector, rule: tuple[float, float], idle_look_s: float | None = None
) -> tuple[float, Done]:
    """The live road without the network; processor seconds without making the database it writes to."""
    with ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="streetwitness_benchmark_")))
        sessions = stack.enter_context(site(data, site_of([str(clip)], *rule)))
        vault = stack.enter_context(Vault.open(data / "vault"))
        began_s = cpu_s()
        looks = followed(clip, detector, sessions, vault, Sampling(look_s=LOOK_S, idle_look_s=idle_look_s))
        used_s = cpu_s() - began_s
        with reading(sessions) as session:
            incidents = session.scalar(select(func.count()).select_from(Incident)) or 0
    return used_s, Done(looks, incidents)


def followed(clip: Path, detector: Detector, sessions: Sessions, vault: Vault, sampling: Sampling) -> int:
    with reading(sessions) as session:
        camera = session.scalars(select(Camera)).one()
        session.refresh(camera, ["site"])
        fences = fences_in_force(session, camera, datetime.now(UTC))
    witness = Witness(sessions, vault, camera.id, None, utc_since(STARTED_AT))
    worker = CameraWorker(fences, witness, sampling=sampling, ring=PacketRing())
    watchdog = Watchdog()
    with open_file(clip) as source:
        worker.connected(source)
        watchdog.connected(0.0)
        for packet in source.packets():
            for look in worker.take(packet):
                watchdog.look(look.frame.luma, packet.media_s)
                if watchdog.usable:
                    worker.take_in(look, None if worker.shows_as_before(look) else detector.detect([look])[0])
            watchdog.packet(packet.media_s)
            watchdog.tick(packet.media_s)
        return worker.end("the clip ends here").looks


def every_picture(clip: Path, detector: Detector) -> tuple[float, Done]:
    """Decodes all there is, and shows one picture in two seconds to the detector."""
    began_s, looks, next_s = cpu_s(), 0, 0.0
    with av.open(str(clip)) as source:
        stream = source.streams.video[0]
        stream.codec_context.thread_count = 1
        for picture in source.decode(stream):
            assert picture.time is not None
            if picture.time >= next_s:
                detector.detect([shown(picture.to_ndarray(), picture.time)])
                looks, next_s = looks + 1, next_s + LOOK_S
    return cpu_s() - began_s, Done(looks)


def piped(clip: Path, detector: Detector) -> tuple[float, Done]:
    """ffmpeg scales and pipes five pictures a second, and all are shown to the detector."""
    began_s, looks = cpu_s(), 0
    size = PIPE_WIDTH * PIPE_HEIGHT * 3 // 2
    scaled = f"fps={PIPE_RATE},scale={PIPE_WIDTH}:{PIPE_HEIGHT}"
    command = ["ffmpeg", "-v", "error", "-threads", "1", "-i", str(clip), "-vf", scaled]
    with subprocess.Popen([*command, "-pix_fmt", "yuv420p", "-f", "rawvideo", "-"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        while len(raw := process.stdout.read(size)) == size:
            planes = np.frombuffer(raw, np.uint8).reshape(PIPE_HEIGHT * 3 // 2, PIPE_WIDTH)
            detector.detect([shown(planes, looks / PIPE_RATE)])
            looks += 1
    if process.returncode:
        raise SystemExit(f"ffmpeg ended with {process.returncode}")
    return cpu_s() - began_s, Done(looks)


def shown(planes: np.ndarray, media_s: float) -> Look:
    frame = Frame(planes, media_s, round(media_s * 90_000), Fraction(1, 90_000), STARTED_AT)
    whole = Box(0.0, 0.0, float(frame.width), float(frame.height))
    return Look(frame, look_regions([], frame.width, frame.height) or (whole,))


def compared(clips: Sequence[Path], detector: Detector, rounds: int, idle_look_s: float | None) -> list[Series]:
    """The programs over the clips of one kind of street, in turns."""
    programs: list[tuple[Series, Callable[[Path], tuple[float, Done]]]] = [
        (Series("our road, from the file"), lambda clip: our_road(clip, detector, PATIENT)),
        (Series("every picture decoded, a look each 2 s"), lambda clip: every_picture(clip, detector)),
    ]
    if idle_look_s is not None:
        name = f"our road, a look each {idle_look_s:g} s while nothing dwells or stirs"
        programs.append((Series(name), lambda clip: our_road(clip, detector, PATIENT, idle_look_s)))
    if shutil.which("ffmpeg"):
        programs.append((Series("ffmpeg pipe, 5 looks a second"), lambda clip: piped(clip, detector)))
    else:
        print("  no ffmpeg here: its pipe is left out; install ffmpeg to compare")
    length_s = sum(seconds_of(clip) for clip in clips)
    for _ in range(rounds):
        for series, program in programs:
            results = [program(clip) for clip in clips]
            series.cpu_s.append(sum(used_s for used_s, _ in results))
            series.looks, series.watched_s = sum(done.looks for _, done in results), length_s
            if any(done.incidents for _, done in results):
                raise SystemExit("a vehicle became an incident where none should: the figures would not compare")
    return [series for series, _ in programs]


def seconds_of(clip: Path) -> float:
    with open_file(clip) as source:
        return source.facts.duration_s or 0.0


def an_incident(clips: Sequence[Path], detector: Detector, rounds: int) -> str:
    """What an incident costs: the same clips with a rule that what stands breaks, less those without."""
    extra_s, incidents = [], 0
    for _ in range(rounds):
        with_, without = ([our_road(clip, detector, rule) for clip in clips] for rule in (IMPATIENT, PATIENT))
        incidents = sum(done.incidents for _, done in with_)
        extra_s.append(sum(used_s for used_s, _ in with_) - sum(used_s for used_s, _ in without))
    if not incidents:
        return "  nothing stands in these clips: what an incident costs is not measured"
    each_ms = 1000 * median(extra_s) / incidents
    return f"  an incident with its exhibits and draft: {each_ms:.0f} ms ({incidents} in a round)"


@dataclass(frozen=True)
class Live:
    a_core: float
    memory_mb: float


def live(
    clips: Sequence[Path],
    cameras: int,
    seconds: float,
    weights: Path | None,
    *,
    idle_look_s: float | None = None,
    small: Sequence[Path] | None = None,
) -> Live:
    settings = {"STREETWITNESS_WATCHERS": "1"}
    if idle_look_s is not None:
        settings["STREETWITNESS_IDLE_LOOK_S"] = str(idle_look_s)
    with tempfile.TemporaryDirectory(prefix="streetwitness_benchmark_") as folder:
        empty_mb = resident_without_cameras(Path(folder), weights)
        with watched(Path(folder), clips, cameras, weights=weights, settings=settings, small=small) as program:
            time.sleep(SETTLES_S)
            before = program.read()
            time.sleep(seconds)
            after = program.read()
    watched_s, used_s = after.watched_s - before.watched_s, after.cpu_s - before.cpu_s
    memory_mb = (after.memory_bytes / MEGABYTE - empty_mb) / cameras
    print(
        f"  {cameras} cameras: {watched_s / used_s:.1f} cameras a core, {1000 * used_s / watched_s:.1f} ms a "
        f"camera-second; {watched_s:.0f} of {cameras * (after.wall_s - before.wall_s):.0f} s received, "
        f"{after.looks - before.looks} looks, {after.dropped - before.dropped} dropped, "
        f"{after.gaps - before.gaps} gaps, {after.incidents} incidents"
    )
    print(
        f"  {memory_mb:.1f} MB a camera ({after.ring_bytes / cameras / MEGABYTE:.1f} of them in its ring) beside "
        f"{empty_mb:.0f} MB without one; {after.threads} threads, {after.files} open files"
    )
    return Live(watched_s / used_s, memory_mb)


def resident_without_cameras(folder: Path, weights: Path | None) -> float:
    """Of a watcher whose one camera is nowhere to be reached."""
    data = folder / "nobody"
    content = site_of(["rtsp://127.0.0.1:9/nobody"], *PATIENT)
    with (
        site(data, content) as sessions,
        Program(data, sessions, weights, {"STREETWITNESS_WATCHERS": "1"}) as program,
    ):
        time.sleep(10.0)
        return program.read().memory_bytes / MEGABYTE


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--footage", type=Path, help="without it the streets are drawn")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--clips", type=Path, default=user_cache_path("streetwitness") / "benchmark_clips")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--live", type=int, default=10, help="cameras over RTSP; 0: none")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long these are watched")
    parser.add_argument("--only", choices=("busy", "quiet"))
    parser.add_argument("--idle-look", type=float, help="seconds; absent: always a look every 2 s")
    parser.add_argument("--sub", action="store_true", help="live also with small streams to look at")
    arguments = parser.parse_args()
    weights = arguments.weights and arguments.weights.resolve()
    detector = detector_on(str(weights) if weights else None)
    made = streets(arguments.footage, arguments.clips)
    kinds = [
        (kind, clips) for kind, clips in (("busy", made.busy), ("quiet", made.quiet)) if arguments.only in (None, kind)
    ]
    last, beside = [], {}
    for kind, clips in kinds:
        print(f"{kind}: {', '.join(clip.name for clip in clips)}")
        our_road(clips[0], detector, PATIENT)  # once before, so that nobody pays for what is loaded at first use
        ours, *others = compared(clips, detector, arguments.rounds, arguments.idle_look)
        for series in (ours, *others):
            print(f"  {series}" + ("" if series is ours else f"; ours / this {ours.a_core / series.a_core:.1f}"))
        print(an_incident(clips, detector, min(arguments.rounds, 2)), flush=True)
        last.append(f"{kind}_file={ours.a_core:.1f}")
        beside[kind] = [series for series in others if not series.name.startswith("our road")]
        if arguments.idle_look is not None:
            last.append(f"{kind}_file_idle={others[1].a_core:.1f}")
    for kind, clips in kinds if arguments.live else ():
        ways: list[tuple[str, str, float | None, Sequence[Path] | None]] = [("", "a look every 2 s", None, None)]
        if arguments.idle_look is not None:
            rarely = f"a look every {arguments.idle_look:g} s while nothing dwells or stirs"
            ways.append(("_idle", rarely, arguments.idle_look, None))
        if arguments.sub:
            ways.append(("_sub", "a look every 2 s at the small stream", None, small_ones(clips, arguments.clips)))
        for suffix, how, idle_look_s, small in ways:
            print(f"{kind}, live, {how}", flush=True)
            figures = live(clips, arguments.live, arguments.seconds, weights, idle_look_s=idle_look_s, small=small)
            for series in beside[kind]:
                print(f"  live / {series.name}: {figures.a_core / series.a_core:.1f}", flush=True)
            last.append(f"{kind}_live{suffix}={figures.a_core:.1f} {kind}{suffix}_mb_a_camera={figures.memory_mb:.1f}")
    print(" ".join(last))


if __name__ == "__main__":
    main()
