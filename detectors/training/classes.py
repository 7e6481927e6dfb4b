"""The classes our own weights know, in the order of their numbers, and which of them a picture is judged on.

Stalls are left out: the pictures hold 76 boxes of push carts, none to validate on, and unlabelled real stalls.
"""

from detectors.class_roles import roles_of
from detectors.sightings import ObjectRole

CLASSES = ("person", "bicycle", "car", "motorcycle", "bus", "truck", "litter")

ROLE_OF: dict[str, ObjectRole] = {CLASSES[number]: role for number, role in roles_of(dict(enumerate(CLASSES))).items()}

# Where a source labels a role by hand throughout; elsewhere a detection that meets no label proves nothing.
TRAFFIC_SOURCES = frozenset({"bdroad", "intraffic", "oiveh", "atlroad", "coco"})
JUDGED_ON: dict[ObjectRole, frozenset[str]] = {
    ObjectRole.VEHICLE: TRAFFIC_SOURCES,
    ObjectRole.TWO_WHEELER: TRAFFIC_SOURCES,
    ObjectRole.PERSON: frozenset({"coco"}),
    ObjectRole.LITTER: frozenset({"cnlitter", "mixlitter"}),
}


def source_of(picture: str) -> str:
    """`bdroad_00012` comes from `bdroad`."""
    return picture.rsplit("_", 1)[0]
