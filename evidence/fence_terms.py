"""The terms of a fence version: what it forbade, where and when; and their digest, which fixes them with the incident.

Pure, and free of the database, since a bundle's are checked by the same lines. A version is a row that nobody has a
reason to change; its digest stands in the event that opens the incident, and so in the log: who has a reason is found.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from evidence.canonical import canonical, instant
from evidence.digest import sha256_of_bytes

if TYPE_CHECKING:
    from models.places import GeofenceVersion

FACT = "geofence_sha256"  # in the facts of the event
NAMES = (
    "id",
    "version",
    "preset",
    "polygon",
    "offences",
    "timetable",
    "exemptions",
    "warning_only",
    "valid_from",
)


def terms_of(version: "GeofenceVersion") -> dict[str, Any]:
    """As the manifest tells them."""
    said = {name: getattr(version, name) for name in NAMES if name not in ("id", "valid_from")}
    return said | {"id": version.geofence_id, "valid_from": instant(version.valid_from)}


def digest_of(terms: Mapping[str, Any]) -> str:
    """What else stands beside them is left out."""
    return sha256_of_bytes(canonical({name: terms.get(name) for name in NAMES}))
