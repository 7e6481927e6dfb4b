"""Tampering with a bundle, systematically: every way it is tried, and what should be found.

Used by the tests with coarse steps, and by `python -m benchmarks.tampering` with every byte.
"""

import copy
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from evidence.bundle_files import CUSTODY, DRAFT, MANIFEST, SIGNATURE, SUMS, VERIFY, sums_text, verify_text
from evidence.canonical import canonical
from evidence.container import member_of, write_container
from evidence.custody_chain import digest_of
from evidence.digest import sha256_of_bytes
from evidence.signature import SigningKey
from evidence.verdict import Verdict

Files = dict[str, bytes]
CONTAINER = "the ZIP itself"


@dataclass(frozen=True)
class Flip:
    """One bit of the ZIP: in which file, or in the container round them."""

    owner: str
    position: int
    bit: int


@dataclass(frozen=True)
class Attempt:
    """files: as they are after it. expected: (code, name) of everything that is to be found."""

    name: str
    files: Files
    expected: frozenset[tuple[str, str]]


def contents(bundle: Path) -> Files:
    with zipfile.ZipFile(bundle) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rewritten(files: Mapping[str, bytes], out: Path) -> Path:
    """A container as we write it, round any files."""
    with out.open("wb") as file:
        write_container(file, [member_of(name, data) for name, data in files.items()])
    return out


def resealed(files: Mapping[str, bytes], claims: dict[str, Any], key: SigningKey | None = None) -> Files:
    """As a forger would do it who knows the format: every digest fits. key: they have that too."""
    done = dict(files)
    outside = {MANIFEST, SUMS, VERIFY, SIGNATURE}
    claims["files"] = {
        name: {"sha256": sha256_of_bytes(data), "size_bytes": len(data)}
        for name, data in done.items()
        if name not in outside
    }
    done[MANIFEST] = canonical(claims)
    done[VERIFY] = verify_text(sha256_of_bytes(done[MANIFEST]), claims)
    if key:
        done[SIGNATURE] = key.sign(done[MANIFEST])
    done[SUMS] = sums_text({name: sha256_of_bytes(data) for name, data in done.items() if name != SUMS})
    return done


def named(verdict: Verdict) -> frozenset[tuple[str, str]]:
    return frozenset((fault.code.value, fault.name) for fault in verdict.faults)


def flips(bundle: Path, most_per_file: int, container_step: int) -> Iterator[Flip]:
    """One bit in each of up to `most_per_file` equal ranges of each file, and every n-th byte round them."""
    length = bundle.stat().st_size
    inside = bytearray(length)
    with zipfile.ZipFile(bundle) as archive:
        for entry in archive.infolist():
            start = entry.header_offset + 30 + len(entry.filename)
            inside[start : start + entry.file_size] = b"\1" * entry.file_size
            ranges = min(most_per_file, entry.file_size)
            for number in range(ranges):
                position = start + number * entry.file_size // ranges
                yield Flip(entry.filename, position, (position + number) % 8)
    outside = [position for position in range(length) if not inside[position]]
    for number, position in enumerate(outside[::container_step]):
        yield Flip(CONTAINER, position, number % 8)


def moves(files: Files, other: Files) -> Iterator[Attempt]:
    """Files removed, renamed, added, swapped, or taken from another bundle, by one who changes nothing else."""
    for name in files:
        less = {each: data for each, data in files.items() if each != name}
        yield Attempt(f"removed {name}", less, frozenset({("missing", name)}))
        yield Attempt(f"renamed {name}", less | {"other.bin": files[name]}, frozenset({("renamed", name)}))
    for name in ("exhibits/04_grace_end_still.jpg", "proof/04_grace_end_still.sig", "README", ".hidden"):
        yield Attempt(f"added {name}", files | {name: b"new"}, frozenset({("added", name)}))
    for suffix in (".jpg", ".json", ".sig", ".tsr"):
        names = sorted(name for name in files if name.endswith(suffix) and name not in (MANIFEST, SIGNATURE))
        for one, two in pairwise(names):
            swapped = files | {one: files[two], two: files[one]}
            yield Attempt(f"swapped {one} and {two}", swapped, frozenset({("changed", one), ("changed", two)}))
    for name in sorted(files.keys() & other.keys()):
        if files[name] != other[name] and name not in (MANIFEST, SUMS, VERIFY):
            yield Attempt(f"{name} of another bundle", files | {name: other[name]}, frozenset({("changed", name)}))


Forge = Callable[[Files, dict[str, Any]], None]


def _later(claims: dict[str, Any], part: str, field: str) -> None:
    """An hour later; microseconds and zone stay as they are."""
    moment = claims[part][0][field]
    claims[part][0][field] = f"{moment[:11]}{(int(moment[11:13]) + 1) % 24:02}{moment[13:]}"


def _custody_time(files: Files, claims: dict[str, Any]) -> None:
    """The whole chain is digested anew, as whoever owns the database can."""
    _later(claims, "custody", "at")
    _rechain(files, claims)


def _custody_dropped(files: Files, claims: dict[str, Any]) -> None:
    del claims["custody"][1]
    _rechain(files, claims)


def _custody_added(files: Files, claims: dict[str, Any]) -> None:
    claims["custody"].insert(1, claims["custody"][1] | {"act": "viewed", "sha256": None})
    _rechain(files, claims)


def _rechain(files: Files, claims: dict[str, Any]) -> None:
    previous = None
    for number, entry in enumerate(claims["custody"], start=1):
        entry |= {"seq": number, "previous": previous}
        previous = entry["digest"] = digest_of(entry)
    files[CUSTODY] = canonical(claims["custody"])


def _sealing_time(_files: Files, claims: dict[str, Any]) -> None:
    _later(claims, "exhibits", "sealed_at")


def _exhibit_time(_files: Files, claims: dict[str, Any]) -> None:
    _later(claims, "exhibits", "from_at")


def _event_time(_files: Files, claims: dict[str, Any]) -> None:
    _later(claims, "events", "at")


def _decision_reversed(_files: Files, claims: dict[str, Any]) -> None:
    claims["decisions"][0]["decision"] = "accept"


def _decision_dropped(_files: Files, claims: dict[str, Any]) -> None:
    claims["decisions"].clear()


def _event_dropped(_files: Files, claims: dict[str, Any]) -> None:
    claims["events"].pop()


def _recipe(_files: Files, claims: dict[str, Any]) -> None:
    claims["exhibits"][0]["recipe"]["gaps"] = [[1.0, 2.0]]


def _token_time(_files: Files, claims: dict[str, Any]) -> None:
    _later(claims["proofs"], "statements", "token_at")


def _token_of_another(files: Files, claims: dict[str, Any]) -> None:
    first, second = claims["proofs"]["statements"][:2]
    files[first["token"]] = files[second["token"]]


def _token_resigned(files: Files, claims: dict[str, Any]) -> None:
    """The last bytes of a token are its signature."""
    name = claims["proofs"]["statements"][0]["token"]
    files[name] = files[name][:-1] + bytes([files[name][-1] ^ 1])


def _token_dated_anew(files: Files, claims: dict[str, Any]) -> None:
    """The year inside the token, and wherever the manifest repeats it."""
    each = claims["proofs"]["statements"][0]
    year, earlier = each["token_at"][:4], str(int(each["token_at"][:4]) - 1)
    files[each["token"]] = files[each["token"]].replace(f"{year}".encode(), earlier.encode(), 1)
    each["token_at"] = earlier + each["token_at"][4:]


def _signature_of_another(files: Files, claims: dict[str, Any]) -> None:
    first, second = claims["proofs"]["statements"][:2]
    files[first["signature"]] = files[second["signature"]]


def _key_dates(_files: Files, claims: dict[str, Any]) -> None:
    claims["proofs"]["keys"][0]["valid_to"] = claims["proofs"]["keys"][0]["valid_from"]
    claims["proofs"]["keys"][0]["valid_from"] = "2020-01-01T00:00:00.000000Z"


def _old_head(files: Files, claims: dict[str, Any]) -> None:
    """The head that was published before the export, in the place of the one that covers it."""
    for ending in ("json", "sig"):
        files[f"proof/head.{ending}"] = files[f"proof/head_timestamped.{ending}"]
    claims["proofs"]["head"]["signed_at"] = claims["proofs"]["witnessed"]["signed_at"]


def _log_entry_dropped(files: Files, _claims: dict[str, Any]) -> None:
    log = json.loads(files["proof/log.json"])
    del log["entries"][2]
    files["proof/log.json"] = canonical(log)


def _log_reordered(files: Files, _claims: dict[str, Any]) -> None:
    log = json.loads(files["proof/log.json"])
    one, two = log["entries"][1], log["entries"][2]
    one["index"], two["index"] = two["index"], one["index"]
    files["proof/log.json"] = canonical(log)


def _log_rewritten(files: Files, claims: dict[str, Any]) -> None:
    """Manifest and log entry are changed alike; only the tree tells."""
    claims["decisions"][0]["reason"] = "a better reason"
    decision, incident = claims["decisions"][0], claims["incident"]["id"]
    points = [decision["four_points"][name] for name in ("true", "clear", "complete", "accurate")]
    said = {name: decision[name] for name in ("id", "draft_case", "user", "decision", "reason", "at")}
    sha256 = sha256_of_bytes(canonical(said | {"incident": incident, "four_points": points}))
    log = json.loads(files["proof/log.json"])
    for each in log["entries"]:
        if each["entry"]["reference"] == f"decision/{decision['id']}":
            each["entry"]["sha256"] = sha256
    files["proof/log.json"] = canonical(log)


def _still_replaced(files: Files, claims: dict[str, Any]) -> None:
    """Another picture, and every digest that says what it should be, the custody chain's included."""
    exhibit = claims["exhibits"][2]
    before = exhibit["sha256"]
    files[exhibit["file"]] += b"\0"
    exhibit["sha256"], exhibit["size_bytes"] = sha256_of_bytes(files[exhibit["file"]]), exhibit["size_bytes"] + 1
    for entry in claims["custody"]:
        if entry["sha256"] == before:
            entry["sha256"] = exhibit["sha256"]
    _rechain(files, claims)


def _log_unplaced(files: Files, claims: dict[str, Any]) -> None:
    """The same, and the entry is said to wait for the next head, so that no tree is asked."""
    _log_rewritten(files, claims)
    log = json.loads(files["proof/log.json"])
    for each in log["entries"]:
        if each["entry"]["reference"].startswith("decision/"):
            each |= {"index": None, "path": []}
    files["proof/log.json"] = canonical(log)


def _exhibit_left_out(files: Files, claims: dict[str, Any]) -> None:
    """A picture that speaks against the case, with its statement and its entry in the log; the chain stays as it is."""
    exhibit = claims["exhibits"].pop(1)
    del files[exhibit["file"]]
    (statement,) = (each for each in claims["proofs"]["statements"] if each["exhibit"] == exhibit["file"])
    claims["proofs"]["statements"].remove(statement)
    for part in ("file", "signature", "token"):
        del files[statement[part]]
    log = json.loads(files["proof/log.json"])
    log["entries"] = [each for each in log["entries"] if each["entry"]["reference"] != f"seal/{exhibit['id']}"]
    files["proof/log.json"] = canonical(log)


def _exhibit_said_to_be_deleted(files: Files, claims: dict[str, Any]) -> None:
    exhibit = claims["exhibits"][1]
    _exhibit_left_out(files, claims)
    said = {"why": "dismissed", "rule": "a rule", "deletion": "none", "done_at": claims["made_at"]}
    claims["deleted"] = [{name: exhibit[name] for name in ("kind", "moment", "sha256")} | said]


def _fence_moved(_files: Files, claims: dict[str, Any]) -> None:
    claims["geofence"]["polygon"] = [[0, 0], [1, 0], [1, 1], [0, 1]]


def _draft_rewritten(files: Files, _claims: dict[str, Any]) -> None:
    files[DRAFT] = canonical(json.loads(files[DRAFT]) | {"title": "another matter"})


# By somebody who has the site's own signing key: what only statements, tokens and the log can tell.
INSIDE: dict[str, tuple[Forge, set[tuple[str, str]]]] = {
    "still_replaced": (_still_replaced, {("disagrees", "proof/03_entry_still.json"), ("log", "proof/log.json")}),
    "custody_time": (_custody_time, {("log", "proof/log.json")}),
    "custody_dropped": (_custody_dropped, {("disagrees", MANIFEST), ("log", "proof/log.json")}),
    "custody_added": (_custody_added, {("log", "proof/log.json")}),
    "sealing_time": (_sealing_time, {("disagrees", "proof/01_entry_clip.json")}),
    "exhibit_time": (_exhibit_time, {("disagrees", "proof/01_entry_clip.json")}),
    "event_time": (_event_time, {("log", "proof/log.json")}),
    "event_dropped": (_event_dropped, {("log", "proof/log.json")}),
    "decision_reversed": (_decision_reversed, {("log", "proof/log.json")}),
    "decision_dropped": (_decision_dropped, {("log", "proof/log.json")}),
    "recipe": (_recipe, {("disagrees", "proof/01_entry_clip.json")}),
    "token_time": (_token_time, {("timestamp", "proof/01_entry_clip.tsr")}),
    "token_of_another": (_token_of_another, {("timestamp", "proof/01_entry_clip.tsr")}),
    "token_resigned": (_token_resigned, {("timestamp", "proof/01_entry_clip.tsr")}),
    "token_dated_anew": (_token_dated_anew, {("timestamp", "proof/01_entry_clip.tsr")}),
    "signature_of_another": (_signature_of_another, {("signature", "proof/01_entry_clip.sig")}),
    "old_head_replayed": (_old_head, {("log", "proof/log.json"), ("log", "proof/head_timestamped.json")}),
    "log_entry_dropped": (_log_entry_dropped, {("log", "proof/log.json")}),
    "log_reordered": (_log_reordered, {("log", "proof/log.json")}),
    "log_rewritten": (_log_rewritten, {("log", "proof/log.json")}),
    "log_unplaced": (_log_unplaced, {("log", "proof/log.json")}),
    "fence_moved": (_fence_moved, {("disagrees", MANIFEST)}),
    "draft_rewritten": (_draft_rewritten, {("disagrees", MANIFEST)}),
    "exhibit_left_out": (_exhibit_left_out, {("disagrees", MANIFEST)}),
    "exhibit_said_to_be_deleted": (_exhibit_said_to_be_deleted, {("disagrees", MANIFEST)}),
}


def forged(name: str, files: Files, key: SigningKey | None) -> Attempt:
    """One of INSIDE; with no key the old signature stays, and is all that is needed to find it."""
    forge, expected = INSIDE[name]
    changed, claims = dict(files), copy.deepcopy(json.loads(files[MANIFEST]))
    forge(changed, claims)
    found = frozenset(expected) if key else frozenset({*expected, ("signature", SIGNATURE)})
    return Attempt(name, resealed(changed, claims, key), found)
