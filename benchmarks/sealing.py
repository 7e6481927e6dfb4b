"""What sealing a clip costs beside re-encoding it: `python -m benchmarks.sealing [--rounds N] [--seconds N]`.

A clip of 30 s at 4 Mbit/s is made once. Then, alternating: cut from its packets and sealed (remux, digest, fsync, into
the vault, rows, custody, statement, log entry, commit), and re-encoded with x264's default preset, which is what a
recorder that burns in a caption does. Processor seconds of this process and wall seconds; the ratio of the medians is
the last line.
"""

import argparse
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable
from datetime import datetime
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.stream import VideoStream

from evidence.sealing import PendingExhibit
from evidence.vault import Vault
from ingest.clip_cut import clip_range, clip_recipe, write_clip
from ingest.packet_ring import PacketRing
from ingest.packet_source import PacketSource, open_file
from ingest.witness import Witness
from models.database import Sessions, open_database, sessions_of, sqlite_url, transaction, upgrade
from models.enums import ExhibitKind, ExhibitMoment
from tests.rows import add_incident, add_street, after

WIDTH, HEIGHT, RATE, BIT_RATE, GOP = 1920, 1080, 25, 4_000_000, 50


def film(path: Path, seconds: int) -> None:
    """A noisy street with things that move, at a steady bit rate."""
    rng = np.random.default_rng(7)
    noise = rng.integers(-12, 12, (8, HEIGHT, WIDTH), dtype=np.int16)
    street = rng.integers(60, 160, (HEIGHT // 40, WIDTH // 40), dtype=np.int16).repeat(40, 0).repeat(40, 1)
    with av.open(str(path), "w", format="mp4") as output:
        stream = output.add_stream("libx264", rate=RATE, options={"preset": "ultrafast", "g": str(GOP)})
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.bit_rate = BIT_RATE
        for number in range(seconds * RATE):
            luma = street + noise[number % len(noise)]
            luma[400:700, (number * 6) % 1500 : (number * 6) % 1500 + 300] = 40
            planes = np.full((HEIGHT * 3 // 2, WIDTH), 128, np.uint8)
            planes[:HEIGHT] = np.clip(luma, 0, 255)
            picture = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            picture.pts, picture.time_base = number, Fraction(1, RATE)
            output.mux(stream.encode(picture))
        output.mux(stream.encode(None))


def reencode(clip: Path, out: Path) -> None:
    with av.open(str(clip)) as source, av.open(str(out), "w", format="mp4") as output:
        stream = output.add_stream("libx264", rate=RATE)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.bit_rate = BIT_RATE
        for frame in source.decode(video=0):
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


def seal(source: PacketSource, ring: PacketRing, sessions: Sessions, vault: Vault, incident_id: uuid.UUID) -> None:
    """As the camera worker does it, from packets in the ring to the settled object."""

    def utc(media_s: float) -> datetime:
        return after(media_s)

    clip = clip_range(ring, 0.0, ring.newest_s or 0.0)
    pending = vault.take(lambda path: write_clip(clip.packets, source.stream, "mp4", path), ".mp4")
    recipe = clip_recipe(clip, source.facts, None, [])
    exhibit = PendingExhibit(
        pending, ExhibitKind.CLIP, ExhibitMoment.ENTRY, "video/mp4", utc(clip.from_s), utc(clip.to_s), recipe
    )
    Witness(sessions, vault, "gate-3", None, utc).sealed(incident_id, [exhibit])


def cost(do: Callable[[], None]) -> tuple[float, float]:
    """Processor and wall seconds."""
    cpu, wall = time.process_time(), time.perf_counter()
    do()
    return time.process_time() - cpu, time.perf_counter() - wall


def main(rounds: int, seconds: int) -> None:
    with tempfile.TemporaryDirectory(prefix="sealing-", dir=Path.cwd()) as name:
        folder = Path(name)
        film(folder / "clip.mp4", seconds)
        size = (folder / "clip.mp4").stat().st_size
        print(f"{seconds} s, {size / 1e6:.1f} MB, {size * 8 / seconds / 1e6:.2f} Mbit/s")
        engine = open_database(sqlite_url(folder / "streetwitness.db"))
        upgrade(engine)
        sessions = sessions_of(engine)
        with transaction(sessions) as session:
            street = add_street(session)
            incidents = [
                add_incident(session, street.version, street.camera, conduct_key=f"benchmark:{number}").id
                for number in range(rounds)
            ]
        sealing: list[tuple[float, float]] = []
        encoding: list[tuple[float, float]] = []
        with Vault.open(folder / "vault") as vault:
            for incident_id in incidents:
                with open_file(folder / "clip.mp4") as source:
                    ring = PacketRing(seconds * 2.0, size * 2)
                    for packet in source.packets():
                        ring.add(packet)
                    sealing.append(cost(lambda: seal(source, ring, sessions, vault, incident_id)))  # noqa: B023
                encoding.append(cost(lambda: reencode(folder / "clip.mp4", folder / "again.mp4")))
        engine.dispose()
    for what, costs in (("sealing", sealing), ("re-encoding", encoding)):
        cpu_s, wall_s = (statistics.median(each) for each in zip(*costs, strict=True))
        print(f"{what}: {cpu_s * 1000:.0f} ms of processor, {wall_s * 1000:.0f} ms of time")
    cpu, wall = (
        statistics.median(each[part] for each in sealing) / statistics.median(each[part] for each in encoding)
        for part in (0, 1)
    )
    print(f"sealing takes {cpu:.2%} of the processor time and {wall:.2%} of the time of re-encoding; at most 5 %")


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--seconds", type=int, default=30)
    given = arguments.parse_args()
    main(given.rounds, given.seconds)
