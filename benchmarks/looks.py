"""Looks: how many pictures the sampler decodes for its promise, and what that costs, against decoding all of them.

    python -m benchmarks.looks --footage DIR [--rounds 3]

No detector and no rows: demultiplexing, sampling and decoding alone, processor time, medians. The last line is for
scripts.
"""

import argparse
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from ingest.decoding import FrameDecoder
from ingest.media_clock import utc_since
from ingest.packet_source import open_file
from ingest.sampler import Attention, Sampler, Sampling

START = datetime(2026, 1, 1, tzinfo=UTC)
LOOKS_S = (1.0, 2.0, 4.0, 8.0)
SUFFIXES = (".mp4", ".avi", ".mkv")


@dataclass(frozen=True)
class Swept:
    frames: int
    decoded: int
    looks: int
    longest_step_s: float
    key_step_s: float  # longest distance of two keyframes
    cpu_s: float


def sweep(clip: Path, sampling: Sampling) -> Swept:
    began = time.process_time()
    with open_file(clip) as source:
        decoder = FrameDecoder(source.facts, utc_since(START))
        sampler = Sampler(decoder, sampling, float(1 / source.facts.frame_rate))
        frames, looked_at, keys = 0, [], []
        for packet in source.packets():
            frames += 1
            if packet.keyframe:
                keys.append(packet.media_s)
            looked_at += [frame.media_s for frame in sampler.offer(packet)]
        looked_at += [frame.media_s for frame in sampler.finish()]
        end_s = source.reached_s
    return Swept(
        frames=frames,
        decoded=decoder.decoded,
        looks=len(looked_at),
        longest_step_s=longest_step(looked_at, end_s),
        key_step_s=longest_step(keys, end_s),
        cpu_s=time.process_time() - began,
    )


def longest_step(times_s: list[float], end_s: float) -> float:
    return max(later - earlier for earlier, later in zip(times_s, [*times_s[1:], end_s], strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--footage", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    samplings = [Sampling(look_s=look_s) for look_s in LOOKS_S] + [Sampling(Attention.ALL)]
    names = [f"{look_s:g} s" for look_s in LOOKS_S] + ["all"]
    print(
        "| clip | pictures | keyframes at most s apart | " + " | ".join(f"{name}: decoded, ms" for name in names) + " |"
    )
    print("|---" * (3 + len(names)) + "|")
    decoded, every, late = 0, 0, 0.0
    for clip in sorted(path for path in arguments.footage.iterdir() if path.suffix in SUFFIXES):
        rounds = [[sweep(clip, sampling) for sampling in samplings] for _ in range(arguments.rounds)]
        costs = [median(each[at].cpu_s for each in rounds) for at in range(len(samplings))]
        first = rounds[0]
        cells = [f"{swept.decoded}, {cost_s * 1000:.0f}" for swept, cost_s in zip(first, costs, strict=True)]
        print(f"| {clip.name} | {first[0].frames} | {first[0].key_step_s:.1f} | {' | '.join(cells)} |")
        default = first[LOOKS_S.index(2.0)]
        decoded, every = decoded + default.decoded, every + default.frames
        late = max(late, default.longest_step_s)
    print(f"decoded_share={decoded / every:.3f} longest_step_s={late:.2f}")


if __name__ == "__main__":
    main()
