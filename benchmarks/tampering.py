"""Tampering with a bundle, finely: one bit of every byte, every move, every forgery; and intact ones beside them.

    python -m benchmarks.tampering [--bytes-a-file 100000] [--container-step 1]

Prints how many of each were found and named, and how many were found in bundles that are as they were. The suite does
the same in coarser steps (tests/evidence/test_tampering.py).
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

from evidence.signature import SigningKey
from evidence.verification import verify
from models.database import open_database, sessions_of, upgrade
from tests.conftest import Database
from tests.evidence.scene import Scene, sealed_scene, witnessed
from tests.evidence.tampering import CONTAINER, INSIDE, contents, flips, forged, moves, named, rewritten
from tests.evidence.timestamp_authority import TimestampAuthority


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bytes-a-file", type=int, default=100_000, help="flips in one file at most")
    parser.add_argument("--container-step", type=int, default=1, help="every n-th byte round the files")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tampering-") as name:
        folder = Path(name)
        scene = prepared(folder)
        started = time.monotonic()
        missed = [
            *missed_flips(folder, given.bytes_a_file, given.container_step),
            *missed_moves(folder),
            *false_finds(scene, folder),
        ]
    print(f"missed, misnamed or falsely found: {len(missed)} in {time.monotonic() - started:.0f} s")
    for line in missed[:20]:
        print(f"  {line}")
    if missed:
        raise SystemExit(1)


def prepared(folder: Path) -> Scene:
    url = f"sqlite:///{folder / 'streetwitness.db'}"
    engine = open_database(url)
    upgrade(engine)
    scene = sealed_scene(Database(engine, sessions_of(engine), url), folder)
    scene = witnessed(scene, TimestampAuthority(folder / "authority"), folder / "signing.pem")
    scene.export(folder / "case.zip")
    scene.export(folder / "other.zip", at_s=3000)
    return scene


def missed_flips(folder: Path, bytes_a_file: int, container_step: int) -> list[str]:
    whole, tampered = (folder / "case.zip").read_bytes(), folder / "tampered.zip"
    tampered.write_bytes(whole)
    missed, tried = [], list(flips(folder / "case.zip", bytes_a_file, container_step))
    with tampered.open("r+b", buffering=0) as file:
        for flip in tried:
            os.pwrite(file.fileno(), bytes([whole[flip.position] ^ 1 << flip.bit]), flip.position)
            found = named(verify(tampered))
            if flip.owner == CONTAINER:
                good = "container" in {code for code, _ in found}
            else:
                good = found == {("changed", flip.owner)}
            if not good:
                missed.append(f"{flip}: {sorted(found)}")
            os.pwrite(file.fileno(), whole[flip.position : flip.position + 1], flip.position)
    print(f"flipped bits found and named: {len(tried) - len(missed)} of {len(tried)}")
    return missed


def missed_moves(folder: Path) -> list[str]:
    files = contents(folder / "case.zip")
    key = SigningKey.make_or_open(folder / "signing.pem")
    attempts = list(moves(files, contents(folder / "other.zip")))
    attempts += [forged(name, files, held) for name in INSIDE for held in (key, None)]
    missed = []
    for attempt in attempts:
        found = named(verify(rewritten(attempt.files, folder / "tampered.zip")))
        if found != attempt.expected:
            missed.append(f"{attempt.name}: {sorted(found)}, expected {sorted(attempt.expected)}")
    print(f"moves and forgeries found and named: {len(attempts) - len(missed)} of {len(attempts)}")
    return missed


def false_finds(scene: Scene, folder: Path) -> list[str]:
    wrong = []
    for number in range(50):
        out = folder / f"{number}.zip"
        scene.export(out, at_s=4000 + number, reason=f"reading no. {number}")
        wrong += [f"{out.name}: {fault}" for fault in verify(out).faults]
    print(f"faults found in 50 bundles that are as they were: {len(wrong)}")
    return wrong


if __name__ == "__main__":
    main()
