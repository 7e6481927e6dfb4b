"""Tampering, exhaustively: whatever is done to a bundle is found, and nothing is found in one that is as it was.

In steps that fit the suite; `python -m benchmarks.tampering` goes through every byte.
"""

import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from evidence.pins import HeadGiven, Pins, keys_in
from evidence.signature import SigningKey
from evidence.verdict import FaultCode
from evidence.verification import verify
from tests.conftest import sqlite_copy
from tests.evidence.scene import Scene, sealed_scene, witnessed
from tests.evidence.tampering import (
    CONTAINER,
    INSIDE,
    Files,
    contents,
    flips,
    forged,
    moves,
    named,
    resealed,
    rewritten,
)
from tests.evidence.timestamp_authority import TimestampAuthority

RANGES_A_FILE = 12
CONTAINER_STEP = 11


@pytest.fixture
def key(bundle: Path, tmp_path: Path) -> SigningKey:
    """The site's own."""
    return SigningKey.make_or_open(tmp_path / "keys" / "signing.pem")


def test_a_flipped_bit_in_every_range_of_every_file_is_found_and_blamed_on_that_file(
    bundle: Path, tmp_path: Path
) -> None:
    whole = bundle.read_bytes()
    tampered = tmp_path / "tampered.zip"
    tampered.write_bytes(whole)
    counts: Counter[str] = Counter()
    with tampered.open("r+b", buffering=0) as file:
        for flip in flips(bundle, RANGES_A_FILE, CONTAINER_STEP):
            os.pwrite(file.fileno(), bytes([whole[flip.position] ^ 1 << flip.bit]), flip.position)
            verdict = verify(tampered)
            if flip.owner == CONTAINER:
                assert FaultCode.CONTAINER in {fault.code for fault in verdict.faults}, (flip, verdict)
            else:
                assert named(verdict) == {("changed", flip.owner)}, (flip, verdict)
            counts[flip.owner] += 1
            os.pwrite(file.fileno(), whole[flip.position : flip.position + 1], flip.position)
    print(f"\nflips found and named: {sum(counts.values())} of {sum(counts.values())}: {dict(counts)}")  # noqa: T201 - the figure is asked for
    assert set(counts) == contents(bundle).keys() | {CONTAINER}
    assert verify(tampered).exit_status == 0


def test_files_removed_renamed_added_swapped_or_from_another_bundle_are_found_and_named(
    bundle: Path, scene: Scene, tmp_path: Path
) -> None:
    files = contents(bundle)
    scene.export(tmp_path / "other.zip", at_s=3000)
    attempts = list(moves(files, contents(tmp_path / "other.zip")))
    for attempt in attempts:
        verdict = verify(rewritten(attempt.files, tmp_path / "moved.zip"))
        assert named(verdict) == attempt.expected, attempt.name
        assert verdict.exit_status == 1
    print(f"\nmoves found and named: {len(attempts)} of {len(attempts)}")  # noqa: T201 - the figure is asked for
    assert len(attempts) > 2 * len(files)


@pytest.fixture
def scene_of_another(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Scene]:
    folder = tmp_path / "another"
    folder.mkdir()
    for database in sqlite_copy(migrated_sqlite, folder):
        yield sealed_scene(database, folder, grey=90)


def test_a_still_of_another_bundle_is_found(
    bundle: Path, scene_of_another: Scene, authority: TimestampAuthority, tmp_path: Path
) -> None:
    """With its statement, signature and token, which all hold: they speak of another incident."""
    files = contents(bundle)
    witnessed(scene_of_another, authority, tmp_path / "other keys" / "signing.pem").export(tmp_path / "other.zip")
    other = contents(tmp_path / "other.zip")
    names = [name for name in other if "03_entry_still" in name]
    verdict = verify(rewritten(files | {name: other[name] for name in names}, tmp_path / "swapped.zip"))
    changed = {("changed", name) for name in names if other[name] != files[name]}
    assert len(changed) == 4
    assert named(verdict) == changed


def test_a_forger_with_the_signing_key_is_found_by_statements_tokens_and_log(
    bundle: Path, key: SigningKey, tmp_path: Path
) -> None:
    """And one without it by the signature as well."""
    files = contents(bundle)
    for name in INSIDE:
        for held in (key, None):
            attempt = forged(name, files, held)
            assert named(verify(rewritten(attempt.files, tmp_path / "forged.zip"))) == attempt.expected, (name, held)
    print(f"\nforgeries found and named: {2 * len(INSIDE)} of {2 * len(INSIDE)}")  # noqa: T201 - the figure is asked for


def made_anew(files: Files, forger: SigningKey, *, proofs: bool) -> Files:
    """The whole bundle by a forger: another picture, and nothing kept that speaks against it but what must be."""
    claims = json.loads(files["manifest.json"])
    kept = {name: data for name, data in files.items() if not name.startswith("proof/")}
    pem = f"proof/key_{forger.key_id[:16]}.pem"
    kept[pem] = forger.public_pem
    claims["proofs"] |= {"statements": [], "head": None, "witnessed": None, "log": None, "authorities": None}
    claims["proofs"]["keys"] = [
        {"key_id": forger.key_id, "file": pem, "valid_from": "2020-01-01T00:00:00.000000Z", "valid_to": None}
    ]
    claims["proofs"]["signed_by"] = forger.key_id if proofs else None
    if not proofs:
        del kept["manifest.sig"], kept[pem]
        claims["proofs"]["keys"] = []
    claims["incident"]["plate"] = "浙J99999"
    return resealed(kept, claims, forger if proofs else None)


@pytest.mark.parametrize("proofs", [True, False], ids=["own_key", "no_key"])
def test_a_bundle_made_anew_is_whole_and_says_so_and_a_pin_finds_it(
    bundle: Path, key: SigningKey, tmp_path: Path, proofs: bool
) -> None:
    forger = SigningKey.make_or_open(tmp_path / "forger" / "signing.pem")
    out = rewritten(made_anew(contents(bundle), forger, proofs=proofs), tmp_path / "anew.zip")
    verdict = verify(out)
    assert verdict.faults == ()
    assert not any(standing.pinned for standing in verdict.standings)
    said = " ".join(str(standing) for standing in verdict.standings)
    assert (forger.key_id in said) is proofs
    for words in ("0 of 3 exhibits", "no time is vouched for", "no log shows"):
        assert words in said
    pinned = verify(out, Pins(keys=keys_in(key.public_pem)))
    assert named(pinned) == {("pinned", "manifest.sig")}
    assert pinned.exit_status == 1
    assert named(verify(out, Pins(heads=[HeadGiven(3, b"\1" * 32)]))) == {("pinned", "proof/head.json")}


def test_nothing_is_found_in_bundles_that_are_as_they_were(bundle: Path, scene: Scene, tmp_path: Path) -> None:
    files = contents(bundle)
    for number in range(5):
        scene.export(tmp_path / f"{number}.zip", at_s=3000 + number, reason=f"reading no. {number}")
        assert verify(tmp_path / f"{number}.zip").faults == ()
    assert verify(rewritten(files, tmp_path / "again.zip")).faults == ()
