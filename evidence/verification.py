"""Verification: redoing every check of a bundle from the bundle alone.

Needs no database, no network and no weights; reads a ZIP or an unpacked folder and writes nothing. Three witnesses
name each digest (evidence/bundle_files.py); where two agree and one does not, that one changed. Signatures, tokens and
the log are checked by evidence/proof_checks.py. Whoever makes a whole bundle anew, with a key of their own, cannot be
found by the bundle alone: that takes a pin (evidence/pins.py), and the verdict says which there were.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from evidence import claims as claims_of_manifest
from evidence import custody_chain, proof_checks
from evidence.bundle_files import (
    CUSTODY,
    FORMAT,
    FORMAT_1,
    HEAD,
    MANIFEST,
    SIGNATURE,
    SUMS,
    VERIFY,
    manifest_digest_in,
    read_sums,
    sums_text,
    verify_text,
)
from evidence.canonical import canonical, read_canonical
from evidence.contents import Contents, Found, opened, shown_name
from evidence.digest import sha256_of_bytes, shown
from evidence.errors import NotABundle, NotCanonical, NotReadable
from evidence.pins import Pins
from evidence.verdict import Fault, FaultCode, Outcome, Standing, Subject, Verdict

NOTHING_PINNED = Pins()


def verify(path: Path, pins: Pins = NOTHING_PINNED) -> Verdict:
    """Every fault of the bundle at `path`; never raises for what the path may hold."""
    try:
        with opened(path) as contents:
            return _judge(path, contents, pins)
    except NotABundle as error:
        return Verdict(Outcome.NOT_A_BUNDLE, reason=str(error))


@dataclass(frozen=True)
class _Witnesses:
    """What is said about the manifest: its own digest, and what SHA256SUMS and VERIFY.txt say it is."""

    name: str | None  # the file that holds it; another one than MANIFEST where it was renamed
    actual: str | None
    sums: Mapping[str, str]
    by_sums: str | None
    by_verify: str | None

    @property
    def trusted(self) -> bool:
        """One other witness agrees, or there is none left to disagree."""
        others = [digest for digest in (self.by_sums, self.by_verify) if digest is not None]
        return self.actual is not None and (not others or self.actual in others)


def _judge(path: Path, contents: Contents, pins: Pins) -> Verdict:
    files = contents.files
    witnesses = _hear(files)
    if witnesses.name is None and not (witnesses.by_sums or {CUSTODY, VERIFY} <= files.keys()):
        refused = "; ".join(f"{shown_name(refusal.name)}: {refusal.why}" for refusal in contents.refusals[:3])
        raise NotABundle(path, f"it has no {MANIFEST}" + (f" ({refused})" if refused else ""))
    claims, faults = _read_claims(path, files, witnesses)
    expected = _expected(claims, witnesses)
    standings: list[Standing] = []
    if claims is not None:
        signature = _check_signature(claims, files, witnesses, expected)
        read = partial(_as_expected, files, expected)
        proven, standings = _check_proofs(claims, read, pins)
        faults += signature + _check_claims(claims, files) + proven
    faults = _compare(files, expected, complete=claims is not None or bool(witnesses.sums)) + faults
    not_opened = {shown_name(refusal.name) for refusal in contents.refusals}
    faults = [fault for fault in faults if not (fault.code is FaultCode.MISSING and fault.name in not_opened)]
    faults += [Fault(FaultCode.REFUSED, shown_name(refusal.name), refusal.why) for refusal in contents.refusals]
    faults += [Fault(FaultCode.CONTAINER, part, "not as it was written") for part in contents.foreign_parts(expected)]
    return Verdict(
        Outcome.NOT_INTACT if faults else Outcome.INTACT,
        tuple(faults),
        files=len(files),
        incident=str(claims["incident"]["id"]) if claims else None,
        manifest_sha256=witnesses.actual,
        standings=tuple(standings),
    )


def _as_expected(files: Mapping[str, Found], expected: Mapping[str, str], name: str) -> bytes | None:
    """The bytes of a file that is as it should be."""
    found = files.get(name)
    if found is None or found.sha256 != expected.get(name):
        return None
    try:
        return found.read()
    except NotReadable:
        return None


def _check_signature(
    claims: Mapping[str, Any], files: Mapping[str, Found], witnesses: _Witnesses, expected: dict[str, str]
) -> list[Fault]:
    """Of the manifest; adds what it and SHA256SUMS should be: the signature itself where it holds, else as summed."""
    if claims["format"] == FORMAT_1 or claims["proofs"]["signed_by"] is None:
        expected[SUMS] = sha256_of_bytes(sums_text(expected))
        return []
    manifest = _text_of(files, witnesses.name or MANIFEST)
    read = partial(_as_expected, files, expected)
    found = files.get(SIGNATURE)
    holds = proof_checks.manifest_signature_holds(claims, manifest, _text_of(files, SIGNATURE), read) if found else None
    by_sums = witnesses.sums.get(SIGNATURE)
    should_be = found.sha256 if found and holds else by_sums
    if should_be is not None:
        expected[SIGNATURE] = should_be
        expected[SUMS] = sha256_of_bytes(sums_text(expected))
    if found is None and should_be is None:
        return [Fault(FaultCode.MISSING, SIGNATURE, "is missing")]
    if found is None or holds or found.sha256 != should_be:
        return []
    if holds is False:
        return [Fault(FaultCode.SIGNATURE, SIGNATURE, f"is not the signature of {MANIFEST}")]
    if claims["proofs"]["signed_by"] in [key["key_id"] for key in claims["proofs"]["keys"]]:
        return []  # the file of the key is at fault, and named
    return [Fault(FaultCode.SIGNATURE, SIGNATURE, "is by a key that is not among the keys")]


def _check_proofs(
    claims: Mapping[str, Any], read: Callable[[str], bytes | None], pins: Pins
) -> tuple[list[Fault], list[Standing]]:
    if claims["format"] != FORMAT_1:
        return proof_checks.check(claims, read, pins)
    faults = []
    if pins.keys is not None:
        faults.append(Fault(FaultCode.PINNED, SIGNATURE, "nobody signed this bundle, and a key was given"))
    if pins.heads is not None:
        faults.append(Fault(FaultCode.PINNED, HEAD, "this bundle has no tree head, and one was given"))
    what = f"{FORMAT_1}, which has digests and a chain of custody, and no signature, timestamp or log"
    return faults, [Standing(Subject.FORMAT, pinned=False, what=what)]


def _text_of(files: Mapping[str, Found], name: str) -> bytes:
    """Empty where it is not there or is no text a bundle holds; its digest tells on it elsewhere."""
    found = files.get(name)
    try:
        return found.read() if found else b""
    except NotReadable:
        return b""


def _hear(files: Mapping[str, Found]) -> _Witnesses:
    sums = read_sums(_text_of(files, SUMS))
    by_sums, by_verify = sums.get(MANIFEST), manifest_digest_in(_text_of(files, VERIFY))
    renamed = [name for name, found in files.items() if found.sha256 in (by_sums, by_verify)]
    name = MANIFEST if MANIFEST in files else next(iter(renamed), None)
    return _Witnesses(name, files[name].sha256 if name else None, sums, by_sums, by_verify)


def _read_claims(
    path: Path, files: Mapping[str, Found], witnesses: _Witnesses
) -> tuple[dict[str, Any] | None, list[Fault]]:
    """The manifest, if it can be relied on; a fault where it was not what it should be."""
    if witnesses.name is None or not witnesses.trusted:
        return None, []
    try:
        claims = read_canonical(_text_of(files, witnesses.name))
    except NotCanonical as error:
        if witnesses.by_sums is None and witnesses.by_verify is None:
            raise NotABundle(path, f"its {MANIFEST} is not ours") from error
        return None, [Fault(FaultCode.CHANGED, MANIFEST, str(error))]
    form = claims.get("format") if isinstance(claims, dict) else None
    if form not in (FORMAT, FORMAT_1):
        raise NotABundle(path, f"its format is {form!a}, this program reads {FORMAT}; a newer one may read it")
    malformed = claims_of_manifest.malformed(claims)
    if malformed:
        return None, [Fault(FaultCode.DISAGREES, MANIFEST, line) for line in malformed]
    return claims, []


def _expected(claims: Mapping[str, Any] | None, witnesses: _Witnesses) -> dict[str, str]:
    """The digest every file should have: by the manifest where it can be relied on, else by SHA256SUMS."""
    if claims is None or witnesses.actual is None:
        expected = dict(witnesses.sums)
        if witnesses.by_verify is not None:
            expected[MANIFEST] = witnesses.by_verify
        return expected
    expected = {name: entry["sha256"] for name, entry in claims["files"].items()}
    expected[MANIFEST] = witnesses.actual
    expected[VERIFY] = sha256_of_bytes(verify_text(witnesses.actual, claims))
    return expected


def _compare(files: Mapping[str, Found], expected: Mapping[str, str], *, complete: bool) -> list[Fault]:
    """complete: `expected` names every file there should be, SHA256SUMS perhaps left out."""
    faults: list[Fault] = []
    strangers = {name: found.sha256 for name, found in files.items() if name not in expected and name != SUMS}
    names_of = {digest: name for name, digest in expected.items()}
    for name in sorted({*expected, SUMS, VERIFY, MANIFEST}):
        should_be = expected.get(name)
        if name not in files:
            now = next((other for other, digest in strangers.items() if digest == should_be), None)
            if now is None:
                faults.append(Fault(FaultCode.MISSING, shown_name(name), "is missing"))
            else:
                del strangers[now]
                faults.append(Fault(FaultCode.RENAMED, shown_name(name), f"was renamed to {shown_name(now)}"))
        elif should_be is not None and files[name].sha256 != should_be:
            other = names_of.get(files[name].sha256)
            what = f"holds the bytes of {shown_name(other)}" if other else "was changed"
            digests = f"should be {shown(should_be)}, is {shown(files[name].sha256)}"
            faults.append(Fault(FaultCode.CHANGED, shown_name(name), f"{what}: {digests}"))
    if complete:
        faults += [
            Fault(FaultCode.ADDED, shown_name(name), "does not belong to the bundle") for name in sorted(strangers)
        ]
    return faults


def _check_claims(claims: Mapping[str, Any], files: Mapping[str, Found]) -> list[Fault]:
    faults = [Fault(FaultCode.DISAGREES, MANIFEST, line) for line in claims_of_manifest.contradictions(claims)]
    faults += [
        Fault(FaultCode.CUSTODY, CUSTODY, line)
        for line in custody_chain.breaks(claims["custody"], claims["incident"]["id"])
    ]
    recorded = claims["files"].get(CUSTODY)
    if recorded is None or recorded["sha256"] != sha256_of_bytes(canonical(claims["custody"])):
        faults.append(Fault(FaultCode.DISAGREES, CUSTODY, f"is not the custody list of {MANIFEST}"))
    faults += [
        Fault(
            FaultCode.DISAGREES,
            shown_name(name),
            f"has {files[name].size} bytes, {MANIFEST} says {entry['size_bytes']}",
        )
        for name, entry in claims["files"].items()
        if name in files and files[name].sha256 == entry["sha256"] and files[name].size != entry["size_bytes"]
    ]
    return faults
