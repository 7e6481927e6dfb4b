"""Whether a manifest agrees with itself: what its parts say about each other, checked as values.

The manifest may come from anybody, so nothing about its form is taken for granted.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from evidence import fence_terms
from evidence.bundle_files import DRAFT, EXHIBITS, FORMAT_1, PROOF, signed_parts
from evidence.contents import MOST_FILES
from evidence.digest import is_sha256

PARTS: dict[str, type | tuple[type, ...]] = {
    "format": str,
    "made_at": str,
    "software": str,
    "incident": dict,
    "camera": dict,
    "geofence": dict,
    "recording": (dict, type(None)),
    "analysis": (dict, type(None)),
    "sightings": list,
    "events": list,
    "decisions": list,
    "exhibits": list,
    "draft": (dict, type(None)),
    "custody": list,
    "sufficiency": list,
    "files": dict,
}
# what older bundles of this format do not have; where it is there, it is of this kind
LATER_PARTS: dict[str, type | tuple[type, ...]] = {"seen_with": (dict, type(None)), "deleted": list}
DELETED_PARTS: dict[str, type | tuple[type, ...]] = {"kind": str, "sha256": str}
SEEN_WITH_PARTS: dict[str, type | tuple[type, ...]] = {"model": dict, "clock": dict}
EXHIBIT_PARTS: dict[str, type | tuple[type, ...]] = {
    "file": str,
    "kind": str,
    "sha256": str,
    "size_bytes": int,
    "recipe": dict,
}
PROOFS_PARTS: dict[str, type | tuple[type, ...]] = {
    "keys": list,
    "signed_by": (str, type(None)),
    "statements": list,
    "head": (dict, type(None)),
    "witnessed": (dict, type(None)),
    "log": (str, type(None)),
    "authorities": (str, type(None)),
}
KEY_PARTS: dict[str, type | tuple[type, ...]] = {
    "key_id": str,
    "file": str,
    "valid_from": str,
    "valid_to": (str, type(None)),
}
SIGNED_PARTS: dict[str, type | tuple[type, ...]] = {
    "file": str,
    "signature": (str, type(None)),
    "key_id": (str, type(None)),
    "signed_at": (str, type(None)),
    "token": (str, type(None)),
    "token_at": (str, type(None)),
    "why_no_token": (str, type(None)),
}
LISTS = ("files", "exhibits", "deleted")  # of each entry is asked what the others say: a huge one would take hours
_SHELL_PLAIN = re.compile(r"proof/[A-Za-z0-9_.]+")  # these names stand in the commands of VERIFY.txt
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")


def malformed(claims: Any) -> list[str]:
    """Where it does not have the form of its format; only if this is empty may the rest be asked."""
    if not isinstance(claims, dict):
        return ["it is not an object"]
    later = {name: kinds for name, kinds in LATER_PARTS.items() if name in claims}
    proofs = {} if claims.get("format") == FORMAT_1 else {"proofs": dict}
    return [*_form_of(claims, PARTS | proofs | later, "")] or [
        *(f"{name} has more entries than any bundle" for name in LISTS if len(claims.get(name, ())) > MOST_FILES),
        *_form_of_incident(claims["incident"]),
        *_form_of_files(claims["files"]),
        *(line for n, exhibit in enumerate(claims["exhibits"]) for line in _form_of_exhibit(n, exhibit)),
        *(line for each in claims.get("deleted", []) for line in _form_of_deleted(each)),
        *(_form_of(claims["draft"], {"file": str}, "draft.") if claims["draft"] is not None else ()),
        *_form_of_seen_with(claims.get("seen_with")),
        *(_form_of_proofs(claims["proofs"]) if proofs else ()),
    ]


def contradictions(claims: Mapping[str, Any]) -> list[str]:
    """Where two of its parts do not agree."""
    exhibits = claims["exhibits"]
    return [
        *_exhibits_and_files(exhibits, claims["files"]),
        *_origins(exhibits, claims.get("deleted", [])),
        *_draft_and_files(claims),
        *_custody_and_exhibits(claims["custody"], exhibits, claims.get("deleted", [])),
        *_events_and_what_they_fix(claims),
        *_clock_and_camera(claims.get("seen_with"), claims["camera"]),
        *_proofs_and_files(claims),
    ]


def _form_of(value: Mapping[str, Any], parts: Mapping[str, type | tuple[type, ...]], where: str) -> Iterator[str]:
    for name, kinds in parts.items():
        if name not in value:
            yield f"{where}{name} is missing"
        elif not isinstance(value[name], kinds):
            yield f"{where}{name} is not of the right kind"


def _form_of_incident(incident: Mapping[str, Any]) -> Iterator[str]:
    yield from _form_of(incident, {"id": str}, "incident.")


def _form_of_seen_with(seen_with: Any) -> Iterator[str]:
    if seen_with is not None:
        yield from _form_of(seen_with, SEEN_WITH_PARTS, "seen_with.")


def _form_of_deleted(each: Any) -> Iterator[str]:
    if isinstance(each, dict):
        yield from _form_of(each, DELETED_PARTS, "deleted.")
    else:
        yield "deleted: not an object"


def _form_of_files(files: Mapping[str, Any]) -> Iterator[str]:
    for name, entry in files.items():
        if (
            not isinstance(entry, dict)
            or not is_sha256(entry.get("sha256"))
            or type(entry.get("size_bytes")) is not int
        ):
            yield f"files: the entry of {name!a} has no digest and size"


def _form_of_exhibit(number: int, exhibit: Any) -> Iterator[str]:
    if isinstance(exhibit, dict):
        yield from _form_of(exhibit, EXHIBIT_PARTS, f"exhibits[{number}].")
    else:
        yield f"exhibits[{number}] is not an object"


def _form_of_proofs(proofs: Mapping[str, Any]) -> Iterator[str]:
    """What names a file or a moment here goes into the commands of VERIFY.txt, so it must be plainly that."""
    wrong = [*_form_of(proofs, PROOFS_PARTS, "proofs.")]
    if wrong:
        yield from wrong
        return
    named = [(key, KEY_PARTS, f"proofs.keys[{n}].") for n, key in enumerate(proofs["keys"])]
    named += [
        (each, SIGNED_PARTS | {"exhibit": str}, f"proofs.statements[{n}].")
        for n, each in enumerate(proofs["statements"])
    ]
    named += [
        (proofs[name], SIGNED_PARTS, f"proofs.{name}.") for name in ("head", "witnessed") if proofs[name] is not None
    ]
    files = [proofs["log"], proofs["authorities"]]
    moments: list[Any] = []
    for each, parts, where in named:
        if not isinstance(each, dict):
            yield f"{where[:-1]} is not an object"
            continue
        yield from _form_of(each, parts, where)
        files += [each.get("file"), each.get("signature"), each.get("token")]
        moments += [each.get(name) for name in ("valid_from", "valid_to", "signed_at", "token_at")]
    for name in files:
        if isinstance(name, str) and not _SHELL_PLAIN.fullmatch(name):
            yield f"proofs: {name!a} is no name of a proof"
    for moment in moments:
        if moment is not None and not is_instant(moment):
            yield f"proofs: {moment!a} is no moment"


def is_instant(text: Any) -> bool:
    """Whether this is a moment as evidence/canonical.py writes it; text in that form sorts in its order."""
    if not isinstance(text, str):
        return False
    if not _INSTANT.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _proofs_and_files(claims: Mapping[str, Any]) -> Iterator[str]:
    """Every file under proof/ is named once by `proofs`, and every exhibit has one statement at most."""
    if claims["format"] == FORMAT_1:
        return
    proofs = claims["proofs"]
    signed = signed_parts(proofs)
    named = [key["file"] for key in proofs["keys"]] + [proofs["log"], proofs["authorities"]]
    named += [each[name] for each in signed for name in ("file", "signature", "token")]
    cited = sorted(name for name in named if name is not None)
    if cited != sorted(name for name in claims["files"] if name.startswith(PROOF)):
        yield "the proofs that are named and the proofs that are there are not the same"
    exhibits = [exhibit["file"] for exhibit in claims["exhibits"]]
    for each in proofs["statements"]:
        if each["exhibit"] not in exhibits:
            yield f"{each['file']!a} speaks of no exhibit of this bundle"
    if len({each["exhibit"] for each in proofs["statements"]}) != len(proofs["statements"]):
        yield "an exhibit has two statements"
    if (proofs["head"] is None) != (proofs["log"] is None) or (proofs["witnessed"] and not proofs["head"]):
        yield "the log and its head are not both there"
    if len({key["key_id"] for key in proofs["keys"]}) != len(proofs["keys"]):
        yield "a key is named twice"


def _exhibits_and_files(exhibits: list[Any], files: Mapping[str, Any]) -> Iterator[str]:
    cited = Counter(exhibit["file"] for exhibit in exhibits)
    for exhibit in exhibits:
        entry = files.get(exhibit["file"])
        if entry is None:
            yield f"exhibit {exhibit['file']!a} is not among the files"
        elif (entry["sha256"], entry["size_bytes"]) != (exhibit["sha256"], exhibit["size_bytes"]):
            yield f"exhibit {exhibit['file']!a} and its file are given different digests or sizes"
    for name in files:
        if name.startswith(EXHIBITS) and cited[name] != 1:
            yield f"{name!a} is cited by {cited[name]} exhibits"


def _origins(exhibits: list[Any], deleted: list[Any]) -> Iterator[str]:
    """A still names the clip it was decoded from, a derivative its original: there, or deleted by rule and said so."""
    clips = {other["sha256"] for other in [*exhibits, *deleted] if other["kind"] == "clip"}
    named_in = {"still": "clip_sha256", "close_up": "clip_sha256", "derivative": "original_sha256"}
    for exhibit in exhibits:
        needs = named_in.get(exhibit["kind"])
        original = exhibit["recipe"].get(needs) if needs else None
        if needs is not None and not (isinstance(original, str) and original in clips):
            yield f"{exhibit['file']!a} names an original that is not a clip of this bundle"


def _draft_and_files(claims: Mapping[str, Any]) -> Iterator[str]:
    named = {claims["draft"]["file"]} if claims["draft"] else set()
    if named != {DRAFT} & set(claims["files"]):
        yield "the draft that is named and the draft that is there are not the same"


def _events_and_what_they_fix(claims: Mapping[str, Any]) -> Iterator[str]:
    """The event that opened the incident names the fence by digest, the one of a decision the draft it was made on."""
    draft, files = claims["draft"], claims["files"]
    for event in claims["events"]:
        facts = event.get("facts") if isinstance(event, dict) else None
        if not isinstance(facts, dict):
            continue
        fence, decided_on = facts.get(fence_terms.FACT), facts.get("draft")
        if fence is not None and fence != fence_terms.digest_of(claims["geofence"]):
            yield "the fence is not the one by which the incident was opened"
        if draft is None or DRAFT not in files or not isinstance(decided_on, dict):
            continue
        if decided_on.get("version") == draft.get("version") and decided_on.get("sha256") != files[DRAFT]["sha256"]:
            yield "the draft is not the one that was decided on"


def _clock_and_camera(seen_with: Mapping[str, Any] | None, camera: Mapping[str, Any]) -> Iterator[str]:
    """The camera's clock is told twice, both times as it was when the incident was opened."""
    if seen_with is None:
        return
    for name in ("offset_s", "error_s"):
        if seen_with["clock"].get(name) != camera.get(f"clock_{name}"):
            yield f"seen_with and camera do not agree on the {name} of the clock"


def _custody_and_exhibits(custody: list[Any], exhibits: list[Any], deleted: list[Any]) -> Iterator[str]:
    """What was sealed is here or was deleted, and what was deleted is said to be in the register too."""
    sealed, gone = _objects_of(custody, "sealed"), _objects_of(custody, "deleted")
    for exhibit in exhibits:
        if exhibit["sha256"] not in sealed:
            yield f"no custody entry says who sealed {exhibit['file']!a}"
    for sha256 in sorted(sealed - {each["sha256"] for each in [*exhibits, *deleted]}):
        yield f"sha256:{sha256!a} was sealed, and it is neither among the exhibits nor said to be deleted"
    for sha256 in sorted({each["sha256"] for each in deleted} - gone):
        yield f"no custody entry says that sha256:{sha256!a} was deleted"
    if not custody or not isinstance(custody[-1], dict) or custody[-1].get("act") != "exported":
        yield "the last custody entry is not the export of this bundle"


def _objects_of(custody: list[Any], act: str) -> set[str]:
    said = [entry.get("sha256") for entry in custody if isinstance(entry, dict) and entry.get("act") == act]
    return {sha256 for sha256 in said if isinstance(sha256, str)}
