"""What the proofs of a bundle prove: every signature, timestamp token, tree head and log entry, checked as values.

The bundle's page does the same, step by step (evidence/bundle_page.js): a change here is a change there. A file whose
digest is wrong has been named already; what hangs on it is left out, so that one change is one fault.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509

from evidence import merkle
from evidence.bundle_files import HEAD, SIGNATURE, signed_parts
from evidence.canonical import canonical, read_canonical
from evidence.claims import is_instant
from evidence.contents import shown_name
from evidence.digest import is_sha256, sha256_of_bytes
from evidence.errors import NotAKey, NotCanonical, TokenRefused
from evidence.pins import HeadGiven, Pins, read_head
from evidence.signature import check as signature_holds
from evidence.signature import key_id_of
from evidence.timestamp_token import checked, claimed, roots_of
from evidence.verdict import Fault, FaultCode, Standing, Subject

CLOCK_TOLERANCE = timedelta(seconds=60)  # the site's clock against the authority's
LARGEST_PATH = 64  # hashes; a path of 64 is a tree of 2**64 leaves
EXHIBIT_FIELDS = ("kind", "moment", "from_at", "to_at", "sealed_at", "sha256", "size_bytes", "media_type")


@dataclass
class _Checking:
    """read: the bytes of a file that is as the manifest says, else None."""

    claims: Mapping[str, Any]
    read: Callable[[str], bytes | None]
    pins: Pins
    faults: list[Fault] = field(default_factory=list)
    keys: dict[str, bytes] = field(default_factory=dict)
    authorities: list[x509.Certificate] = field(default_factory=list)

    @property
    def proofs(self) -> Mapping[str, Any]:
        proofs: Mapping[str, Any] = self.claims["proofs"]
        return proofs

    def fault(self, code: FaultCode, name: str, what: str) -> None:
        self.faults.append(Fault(code, shown_name(name), what))


def check(
    claims: Mapping[str, Any], read: Callable[[str], bytes | None], pins: Pins
) -> tuple[list[Fault], list[Standing]]:
    """claims: a manifest of format 2 in good form."""
    checking = _Checking(claims, read, pins)
    _read_keys(checking)
    _read_authorities(checking)
    for each in checking.proofs["statements"]:
        _check_signed(checking, each, claimed_at=_sealed_at(claims, each["exhibit"]))
        _check_statement(checking, each)
    head = _check_head(checking, checking.proofs["head"])
    _check_log(checking, head)
    return checking.faults, [_signer(checking), *_seals(checking), *_times(checking), *_log(checking, head)]


def manifest_signature_holds(
    claims: Mapping[str, Any], manifest: bytes, signature: bytes, read: Callable[[str], bytes | None]
) -> bool | None:
    """None: the key it names is not there to check with."""
    for key in claims["proofs"]["keys"]:
        pem = read(key["file"])
        if key["key_id"] == claims["proofs"]["signed_by"] and pem is not None:
            try:
                return key_id_of(pem) == key["key_id"] and signature_holds(pem, manifest, signature)
            except NotAKey:
                return None
    return None


def _read_keys(checking: _Checking) -> None:
    for key in checking.proofs["keys"]:
        pem = checking.read(key["file"])
        if pem is None:
            continue
        try:
            actual = key_id_of(pem)
        except NotAKey as error:
            checking.fault(FaultCode.SIGNATURE, key["file"], f"is no key to check by: {error}")
            continue
        if actual == key["key_id"]:
            checking.keys[actual] = pem
        else:
            checking.fault(FaultCode.SIGNATURE, key["file"], f"is the key {actual}, not {shown_name(key['key_id'])}")


def _read_authorities(checking: _Checking) -> None:
    name = checking.proofs["authorities"]
    pem = checking.read(name) if name else None
    if pem is None or name is None:
        return
    try:
        checking.authorities = roots_of(pem)
    except TokenRefused as error:
        checking.fault(FaultCode.TIMESTAMP, name, str(error))


def _check_signed(checking: _Checking, each: Mapping[str, Any], claimed_at: str | None) -> None:
    """Signature and token of a statement or head. claimed_at: when it says that it was made."""
    content = checking.read(each["file"])
    if content is None:
        return
    if each["signature"] is not None:
        _check_signature(checking, each, content)
    if each["token"] is not None:
        _check_token(checking, each, content, claimed_at)


def _check_signature(checking: _Checking, each: Mapping[str, Any], content: bytes) -> None:
    name, signature = each["signature"], checking.read(each["signature"])
    listed = [key for key in checking.proofs["keys"] if key["key_id"] == each["key_id"]]
    if not listed:
        checking.fault(FaultCode.SIGNATURE, name, "is by a key that is not among the keys")
        return
    pem = checking.keys.get(listed[0]["key_id"])
    if signature is None or pem is None:
        return
    if not signature_holds(pem, content, signature):
        checking.fault(FaultCode.SIGNATURE, name, f"is not the signature of {shown_name(each['file'])}")
    elif not _within(each["signed_at"], listed[0]):
        checking.fault(FaultCode.SIGNATURE, name, "was made at a time when its key did not sign")


def _within(moment: str | None, key: Mapping[str, Any]) -> bool:
    """Of two who sign at once, one may have looked at the clock before the other made the key."""
    if moment is None:
        return False
    at, begins = datetime.fromisoformat(moment), datetime.fromisoformat(key["valid_from"])
    ends = datetime.fromisoformat(key["valid_to"]) if key["valid_to"] else None
    return begins - at <= CLOCK_TOLERANCE and (ends is None or at - ends <= CLOCK_TOLERANCE)


def _check_token(checking: _Checking, each: Mapping[str, Any], content: bytes, claimed_at: str | None) -> None:
    name, token = each["token"], checking.read(each["token"])
    if token is None:
        return
    authorities = checking.pins.authorities or checking.authorities
    try:
        at = checked(token, content, roots=authorities) if authorities else claimed(token, content)
    except TokenRefused as error:
        checking.fault(FaultCode.TIMESTAMP, name, str(error))
        return
    if each["token_at"] is None or datetime.fromisoformat(each["token_at"]) != at:
        checking.fault(FaultCode.TIMESTAMP, name, "holds another time than the manifest says")
    elif claimed_at is not None and datetime.fromisoformat(claimed_at) - at > CLOCK_TOLERANCE:
        checking.fault(FaultCode.TIMESTAMP, name, f"is older than what it is for, which says {claimed_at}")


def _exhibit_of(claims: Mapping[str, Any], file: str) -> Mapping[str, Any] | None:
    return next((exhibit for exhibit in claims["exhibits"] if exhibit["file"] == file), None)


def _sealed_at(claims: Mapping[str, Any], file: str) -> str | None:
    exhibit = _exhibit_of(claims, file)
    at = exhibit.get("sealed_at") if exhibit else None
    return at if is_instant(at) else None


def _check_statement(checking: _Checking, each: Mapping[str, Any]) -> None:
    """The statement was made at the sealing and the manifest at the export: they must say the same."""
    content, claims = checking.read(each["file"]), checking.claims
    exhibit = _exhibit_of(claims, each["exhibit"])
    if content is None or exhibit is None:
        return
    try:
        stated = read_canonical(content)
    except NotCanonical as error:
        checking.fault(FaultCode.DISAGREES, each["file"], str(error))
        return
    says = {name: exhibit.get(name) for name in EXHIBIT_FIELDS} | {
        "exhibit": exhibit.get("id"),
        "incident": claims["incident"]["id"],
        "camera": claims["camera"].get("id"),
        "geofence": {name: claims["geofence"].get(name) for name in ("id", "version")},
        "recipe_sha256": sha256_of_bytes(canonical(exhibit["recipe"])),
    }
    stated = stated if isinstance(stated, dict) else {}
    different = sorted(name for name, value in says.items() if canonical(stated.get(name)) != canonical(value))
    if different:
        checking.fault(
            FaultCode.DISAGREES, each["file"], f"and the manifest do not say the same of {', '.join(different)}"
        )


def _check_head(checking: _Checking, each: Mapping[str, Any] | None) -> HeadGiven | None:
    content = checking.read(each["file"]) if each else None
    if each is None or content is None:
        return None
    try:
        value = read_canonical(content)
    except NotCanonical:
        value = None
    head = read_head(value)
    if head is None:
        checking.fault(FaultCode.LOG, each["file"], "is no tree head")
        return None
    at = value.get("at")
    _check_signed(checking, each, claimed_at=at if is_instant(at) else None)
    return head


def _check_log(checking: _Checking, head: HeadGiven | None) -> None:
    name = checking.proofs["log"]
    entries = _entries(checking)
    if name is None or entries is None:
        return
    if head is not None:
        for number, each in enumerate(entries, start=1):
            if each["index"] is not None and not _is_included(each, head):
                checking.fault(FaultCode.LOG, name, f"entry {number} is not in the tree of the head")
    if checking.proofs["signed_by"] is not None and any(each["index"] is None for each in entries):
        # whoever signs a bundle signs a head that has all of it
        checking.fault(FaultCode.LOG, name, "has entries without a place in the tree, in a bundle that was signed")
    _check_coverage(checking, [each["entry"] for each in entries])


def _entries(checking: _Checking) -> list[Any] | None:
    """The log's entries, if it can be read; the fault is made by the caller's first look at it."""
    name = checking.proofs["log"]
    content = checking.read(name) if name else None
    if content is None or name is None:
        return None
    log = _read_log(content)
    if log is None:
        checking.fault(FaultCode.LOG, name, "does not read as a list of log entries")
        return None
    entries: list[Any] = log["entries"]
    return entries


def _read_log(content: bytes) -> dict[str, Any] | None:
    try:
        log = read_canonical(content)
    except NotCanonical:
        return None
    good = (
        isinstance(log, dict)
        and isinstance(log.get("entries"), list)
        and isinstance(log.get("earlier"), list)
        and all(
            isinstance(each, dict)
            and isinstance(each.get("entry"), dict)
            and (each.get("index") is None or type(each["index"]) is int)
            and _is_path(each.get("path"))
            for each in log["entries"]
        )
        and all(
            isinstance(each, dict)
            and type(each.get("size")) is int
            and is_sha256(each.get("root"))
            and _is_path(each.get("path"))
            for each in log["earlier"]
        )
    )
    return log if good else None


def _is_path(path: Any) -> bool:
    return isinstance(path, list) and len(path) <= LARGEST_PATH and all(is_sha256(node) for node in path)


def _is_included(each: Mapping[str, Any], head: HeadGiven) -> bool:
    leaf = merkle.leaf_hash(canonical(each["entry"]))
    return merkle.includes(leaf, each["index"], head.size, [bytes.fromhex(node) for node in each["path"]], head.root)


def _check_coverage(checking: _Checking, entries: list[Mapping[str, Any]]) -> None:
    """What the manifest tells and what was logged as it happened must be the same, one to one."""
    name, claims = checking.proofs["log"], checking.claims
    logged: dict[str, Mapping[str, Any]] = {
        each["reference"]: each for each in entries if isinstance(each.get("reference"), str)
    }
    told = dict(_told(checking))
    for reference, sha256 in told.items():
        if reference not in logged:
            checking.fault(FaultCode.LOG, name, f"does not have {shown_name(reference)}, which the manifest tells")
        elif sha256 is not None and logged[reference].get("sha256") != sha256:
            checking.fault(FaultCode.LOG, name, f"has {shown_name(reference)} with other words than the manifest")
    incident = claims["incident"]["id"]
    told_kinds = (f"custody/{incident}/", f"transition/{incident}/", "decision/", "seal/")
    for reference in logged:
        if reference.startswith(told_kinds) and reference not in told:
            checking.fault(FaultCode.LOG, name, f"has {shown_name(reference)}, which the manifest does not tell")
    if len(logged) != len(entries):
        checking.fault(FaultCode.LOG, name, "has an entry twice, or one that says of nothing")


def _told(checking: _Checking) -> Iterator[tuple[str, str | None]]:
    """How the log names each row that the manifest tells, and the digest of what the row says; None: not at hand."""
    claims = checking.claims
    incident = claims["incident"]["id"]
    for entry in claims["custody"]:
        if isinstance(entry, dict):
            yield f"custody/{incident}/{entry.get('seq')}", sha256_of_bytes(canonical(entry))
    for event in claims["events"]:
        if isinstance(event, dict):
            content = canonical({**event, "incident": incident})
            yield f"transition/{incident}/{event.get('seq')}", sha256_of_bytes(content)
    for decision in claims["decisions"]:
        if isinstance(decision, dict):
            yield f"decision/{decision.get('id')}", sha256_of_bytes(canonical(_said_in(decision, incident)))
    for each in checking.proofs["statements"]:
        stated = checking.read(each["file"])
        exhibit = _exhibit_of(claims, each["exhibit"])
        yield f"seal/{exhibit.get('id') if exhibit else None}", sha256_of_bytes(stated) if stated is not None else None


def _said_in(decision: Mapping[str, Any], incident: str) -> dict[str, Any]:
    """A decision as evidence/log_contents.py digests it."""
    points = decision.get("four_points")
    points = points if isinstance(points, dict) else {}
    return {
        "id": decision.get("id"),
        "incident": incident,
        "draft_case": decision.get("draft_case"),
        "user": decision.get("user"),
        "decision": decision.get("decision"),
        "reason": decision.get("reason"),
        "four_points": [points.get(name) for name in ("true", "clear", "complete", "accurate")],
        "at": decision.get("at"),
    }


def _signer(checking: _Checking) -> Standing:
    key, given = checking.proofs["signed_by"], checking.pins.keys
    if given is not None and key not in given:
        checking.fault(FaultCode.PINNED, SIGNATURE, "the manifest is not signed by the key that was given")
    if key is None:
        return Standing(Subject.SIGNER, pinned=False, what="nobody signed the manifest")
    shown = shown_name(key)
    if given is not None and key in given:
        return Standing(Subject.SIGNER, pinned=True, what=f"signed by the key that was given, {shown}")
    what = f"signed by key {shown}, for which only the bundle speaks; compare it, or give the site's key"
    return Standing(Subject.SIGNER, pinned=False, what=what)


def _seals(checking: _Checking) -> Iterator[Standing]:
    exhibits, statements = len(checking.claims["exhibits"]), checking.proofs["statements"]
    signed = [each for each in statements if each["signature"]]
    given = checking.pins.keys
    by_given = given is not None and all(each["key_id"] in given for each in signed)
    what = f"{len(signed)} of {exhibits} exhibits have a statement that was signed when they were sealed"
    if signed and given is not None and not by_given:
        what += ", some by a key that was not given"
    yield Standing(Subject.SEALS, pinned=bool(signed) and by_given, what=what)


def _times(checking: _Checking) -> Iterator[Standing]:
    owed = signed_parts(checking.proofs)
    tokens = [each for each in owed if each["token"]]
    if not tokens:
        yield Standing(Subject.TIME, pinned=False, what="no time is vouched for by an authority")
        return
    what = f"{len(tokens)} of {len(owed)} statements and heads have an authority's timestamp"
    if checking.pins.authorities:
        yield Standing(Subject.TIME, pinned=True, what=f"{what}, by the authority that was given")
    elif checking.authorities:
        what += "; its certificate is the bundle's own: compare it, or give the authority's"
        yield Standing(Subject.TIME, pinned=False, what=what)
    else:
        yield Standing(Subject.TIME, pinned=False, what=f"{what}, not checked: no authority's certificate is given")


def _log(checking: _Checking, head: HeadGiven | None) -> Iterator[Standing]:
    given = checking.pins.heads
    if given is not None and checking.proofs["head"] is None:
        checking.fault(FaultCode.PINNED, HEAD, "the bundle has no tree head to compare with the one that was given")
    content = checking.read(checking.proofs["log"]) if checking.proofs["log"] else None
    log = _read_log(content) if content is not None else None
    if head is None or log is None:
        yield Standing(Subject.LOG, pinned=False, what="no log shows when this was written down")
        return
    waiting = sum(each["index"] is None for each in log["entries"])
    what = f"{len(log['entries']) - waiting} entries are in the log of {head.size}"
    if waiting:
        what += f", {waiting} wait for its next head"
    proven = _compare_heads(checking, head, log)
    if given is None:
        yield Standing(Subject.LOG, pinned=False, what=f"{what}; compare its root {head.root.hex()}, or give a head")
    elif proven:
        yield Standing(Subject.LOG, pinned=True, what=f"{what}, which goes on from {proven} of the heads given")
    else:
        yield Standing(Subject.LOG, pinned=False, what=f"{what}; none of the heads given can be compared with it")


def _compare_heads(checking: _Checking, head: HeadGiven, log: Mapping[str, Any]) -> int:
    """How many of the heads given this tree goes on from; a fault for every head, also of the bundle, it does not."""
    earlier = {}
    for each in log["earlier"]:
        older, path = HeadGiven(each["size"], bytes.fromhex(each["root"])), map(bytes.fromhex, each["path"])
        if merkle.is_consistent(older.size, head.size, older.root, head.root, list(path)):
            earlier[older.size] = older.root
        else:
            checking.fault(FaultCode.LOG, checking.proofs["log"], f"does not go on from the head of size {older.size}")
    witnessed = _check_head(checking, checking.proofs["witnessed"])
    if witnessed is not None and earlier.get(witnessed.size) != witnessed.root:
        checking.fault(FaultCode.LOG, checking.proofs["witnessed"]["file"], "is no head that this log goes on from")
    known = {0: merkle.EMPTY_ROOT, **earlier, head.size: head.root}
    proven = 0
    for each in checking.pins.heads or ():
        if each.size in known and known[each.size] == each.root:
            proven += 1
        elif each.size in known:
            what = f"the log is another one than the head given, of size {each.size}"
            checking.fault(FaultCode.PINNED, checking.proofs["head"]["file"], what)
    return proven
