"""The closed lists of words that rows may hold.

Only words: which state may follow which is in cases/lifecycle.py, what an offence needs is in the law data.
"""

from enum import StrEnum


class CameraKind(StrEnum):
    FIXED = "fixed"
    DOME = "dome"
    HIGH_POINT = "high_point"
    VEHICLE = "vehicle"
    DRONE = "drone"
    BODY_WORN = "body_worn"


class Transport(StrEnum):
    """How RTP packets travel."""

    TCP = "tcp"
    UDP = "udp"


class CameraState(StrEnum):
    """What there is to say of a live camera; each with since when."""

    CONNECTING = "connecting"
    WATCHING = "watching"
    UNREACHABLE = "unreachable"  # no connection, or it was lost
    REFUSED = "refused"  # user name, password or path are not accepted
    NO_PACKETS = "no_packets"  # connected, and nothing comes
    FROZEN = "frozen"  # packets come, the picture stays the same
    BLACK = "black"
    COVERED = "covered"
    BLURRED = "blurred"
    TURNED = "turned"  # it looks somewhere else
    STOPPED = "stopped"  # nobody watches it


class ClockMeasure(StrEnum):
    """By what a camera's clock was measured."""

    ARRIVAL = "arrival"  # the camera does not say its time: only when its packets arrived is known
    RTCP = "rtcp"  # sender reports, RFC 3550 6.4.1
    ONVIF = "onvif"  # GetSystemDateAndTime


class ClockSource(StrEnum):
    """Where the time of a recording comes from; the sufficiency check weighs it."""

    GIVEN = "given"  # a person or the calling system said when it starts
    CONTAINER = "container"  # written into the file by the recorder
    FILE_TIME = "file_time"  # the file system's time: a guess
    CAMERA = "camera"  # measured against the camera's own clock


class RecordingState(StrEnum):
    QUEUED = "queued"
    ANALYSING = "analysing"
    ANALYSED = "analysed"
    FAILED = "failed"


class Offence(StrEnum):
    ILLEGAL_PARKING = "illegal_parking"
    STREET_VENDING = "street_vending"
    DUMPING = "dumping"


class IncidentState(StrEnum):
    OBSERVED = "observed"  # a violation is confirmed; nobody has been told yet
    NOTIFIED = "notified"  # the grace period runs
    RESOLVED = "resolved"  # self-correction: left in time, no penalty
    UNCERTAIN = "uncertain"  # what happened after is not shown; a person looks
    DRAFTED = "drafted"  # a draft case waits for a reviewer
    RETURNED = "returned"  # a reviewer sent it back for more
    ACCEPTED = "accepted"  # a named reviewer stands behind it
    DISMISSED = "dismissed"  # ended by a named reviewer, with a reason


class Act(StrEnum):
    """What was done to an incident; each is a CaseEvent."""

    CONFIRMED = "confirmed"
    GRACE_STARTED = "grace_started"
    VEHICLE_LEFT = "vehicle_left"
    GRACE_EXPIRED = "grace_expired"
    SIGHT_LOST = "sight_lost"
    SENT_BACK = "sent_back"
    REDRAFTED = "redrafted"
    ACCEPTED = "accepted"
    DISMISSED = "dismissed"


class SightingKind(StrEnum):
    SEEN = "seen"  # the detector found it
    KEPT = "kept"  # the detector missed it, the picture there is the same
    HIDDEN = "hidden"  # something stands in front
    ABSENT = "absent"  # its place is shown empty, or taken by another
    GAP = "gap"  # no usable picture


class ExhibitKind(StrEnum):
    CLIP = "clip"
    STILL = "still"
    CLOSE_UP = "close_up"
    DERIVATIVE = "derivative"


class ExhibitMoment(StrEnum):
    """Which moment of the conduct an exhibit shows (GA/T 832-2014 and practice)."""

    ENTRY = "entry"
    DWELL_COMPLETE = "dwell_complete"
    GRACE_END = "grace_end"
    SHARPEST = "sharpest"


class CustodyAct(StrEnum):
    SEALED = "sealed"
    VIEWED = "viewed"
    EXPORTED = "exported"
    SHARED = "shared"
    PRINTED = "printed"
    DERIVED = "derived"  # something was made from it; the digest is the original's
    HELD = "held"
    RELEASED = "released"
    DELETED = "deleted"  # the bytes are gone, the digest stays


class NoticeStatus(StrEnum):
    PROMISED = "promised"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"


class OutboxState(StrEnum):
    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    DEAD = "dead"


class Decision(StrEnum):
    ACCEPT = "accept"
    RETURN = "return"
    DISMISS = "dismiss"


class Role(StrEnum):
    MONITOR = "monitor"
    OPERATOR = "operator"
    OFFICER = "officer"
    LEGAL_REVIEWER = "legal_reviewer"
    LEADER = "leader"
    ADMINISTRATOR = "administrator"
