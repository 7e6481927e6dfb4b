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
    FILE_NAME = "file_name"  # the recorder named the file by it
    TRACK = "track"  # the satellites' time, in the track that came with it


class RecordingState(StrEnum):
    QUEUED = "queued"
    ANALYSING = "analysing"
    ANALYSED = "analysed"
    FAILED = "failed"
    CANCELLED = "cancelled"  # a person said that it is not to be analysed, or no further
    HELD_BACK = "held_back"  # another body's: until its footage was asked for and that was approved


class UploadState(StrEnum):
    RECEIVING = "receiving"
    SEALED = "sealed"  # whole, and kept as an original; nobody has looked into it yet
    TAKEN = "taken"  # it is a recording
    QUARANTINED = "quarantined"  # not to be opened again; its row says why
    GIVEN_UP = "given_up"  # ended by its sender, or nothing came for too long; its bytes are gone


class ContainerClock(StrEnum):
    """How the time is meant that a recorder writes into its files."""

    UTC = "utc"
    LOCAL = "local"  # local time, though the format says UTC
    IGNORED = "ignored"  # of no use: the recorder writes anything


class TrackSource(StrEnum):
    """Where a recording's places are from."""

    CONTAINER = "container"
    SRT = "srt"
    GPX = "gpx"
    NMEA = "nmea"


class FolderOutcome(StrEnum):
    """What became of a file of the watched folder."""

    TAKEN = "taken"
    REFUSED = "refused"  # its row says why; tried again


class RecorderSubject(StrEnum):
    """What an event of recorders is about."""

    RECORDER = "recorder"
    RECORDING = "recording"
    REQUEST = "request"


class FootageRequestState(StrEnum):
    """Of a request for another body's footage."""

    ASKED = "asked"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


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
    WARNED = "warned"  # ended with warnings alone: the place only warns in this phase


class Act(StrEnum):
    """What was done to an incident; each is a CaseEvent."""

    CONFIRMED = "confirmed"
    GRACE_STARTED = "grace_started"
    VEHICLE_LEFT = "vehicle_left"
    STEP_TAKEN = "step_taken"  # a step of the ladder came to something
    GRACE_EXPIRED = "grace_expired"
    WARNED_ONLY = "warned_only"
    SIGHT_LOST = "sight_lost"
    SENT_BACK = "sent_back"
    REDRAFTED = "redrafted"
    ACCEPTED = "accepted"
    DISMISSED = "dismissed"
    HELD_BACK = "held_back"  # something speaks for who is accused: nobody is told, and a person looks
    RELEASED = "released"  # a person found that it does not
    PASSED_ON = "passed_on"  # to somebody who may decide more
    TAKEN_BACK = "taken_back"  # what a person decided, before it had any effect
    TAKEN_OVER = "taken_over"  # from somebody who had it in hand
    PLATE_CORRECTED = "plate_corrected"  # or confirmed, by a person
    DRAFT_EDITED = "draft_edited"
    SECOND_AGREED = "second_agreed"
    SECOND_REFUSED = "second_refused"
    SECOND_RECUSED = "second_recused"  # stood back for a conflict of interest


class SecondVerdict(StrEnum):
    """What the second reviewer of an accepted case says."""

    AGREES = "agrees"
    REFUSES = "refuses"
    RECUSED = "recused"


class LadderAct(StrEnum):
    """What the ladder does about an incident that does not stop by itself."""

    TELL_OWNER = "tell_owner"
    ANNOUNCE = "announce"
    LOOK_AGAIN = "look_again"
    TELL_OFFICER = "tell_officer"
    DRAFT = "draft"


class StepOutcome(StrEnum):
    """What a step of the ladder came to."""

    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    UNANSWERED = "unanswered"  # whether it arrived is not known
    NO_PLATE = "no_plate"  # none that is sure enough to write to somebody
    NO_PHONE = "no_phone"
    DO_NOT_CONTACT = "do_not_contact"  # the number asked for it, or is somebody else's
    ALREADY_TOLD = "already_told"  # another open matter of this vehicle at this place
    QUIET_HOURS = "quiet_hours"
    PLAYED = "played"
    UNCONFIRMED = "unconfirmed"  # handed over; whether it was played is not known
    NO_LOUDSPEAKER = "no_loudspeaker"
    STILL_THERE = "still_there"
    GONE = "gone"
    CANNOT_SEE = "cannot_see"
    TOLD = "told"
    NO_OFFICER = "no_officer"
    DONE = "done"
    HELD_BACK = "held_back"  # something speaks for who is accused


class ReasonKind(StrEnum):
    """What may speak for who is accused; each is looked for before a person looks."""

    EMERGENCY_VEHICLE = "emergency_vehicle"
    QUEUE = "queue"
    BAY = "bay"
    PERMIT = "permit"
    TIMETABLE = "timetable"
    TEMPORARY_PERMISSION = "temporary_permission"
    OBSTRUCTION = "obstruction"
    OFFICER_DIRECTING = "officer_directing"


class ReasonVerdict(StrEnum):
    HOLDS_BACK = "holds_back"
    DOUBT = "doubt"
    NOTHING_FOUND = "nothing_found"
    CANNOT_BE_JUDGED = "cannot_be_judged"


class Asker(StrEnum):
    """Who wants the camera to look again."""

    LADDER = "ladder"
    OWNER = "owner"
    DESK = "desk"


class AreaLevel(StrEnum):
    CITY = "city"
    DISTRICT = "district"
    STREET = "street"
    GRID = "grid"


class DispatchPurpose(StrEnum):
    """Why an officer is asked to come."""

    WINDOW_SLIP = "window_slip"  # the owner could not be told by message
    STILL_THERE = "still_there"  # the time that was given is over
    CASE_READY = "case_ready"  # a reviewer stands behind it


class DispatchState(StrEnum):
    ASKED = "asked"
    TAKEN = "taken"
    HANDLED = "handled"
    WITHDRAWN = "withdrawn"  # it stopped by itself, or was dismissed


class HandledAs(StrEnum):
    """What an officer found or did on site."""

    GONE = "gone"
    MOVED = "moved"  # the driver came and drove off
    SLIP_LEFT = "slip_left"
    DEALT_WITH = "dealt_with"  # settled on the spot
    NO_OFFENCE = "no_offence"
    NOT_REACHED = "not_reached"  # could not get there


class StatementKind(StrEnum):
    """What an owner says: 陈述, what happened; 申辩, why it is no offence or a slight one (行政处罚法 art. 45)."""

    STATEMENT = "statement"
    DEFENCE = "defence"


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


class DerivativeForm(StrEnum):
    """What is made from an original; the original itself is never touched."""

    STILL = "still"
    CLIP = "clip"  # every picture at its full size
    PREVIEW = "preview"  # a few seconds, small
    CONTACT_SHEET = "contact_sheet"  # all stills of an incident on one page


class DerivativeState(StrEnum):
    ASKED = "asked"
    MADE = "made"
    FAILED = "failed"


class ExhibitMoment(StrEnum):
    """Which moment of the conduct an exhibit shows (GA/T 832-2014 and practice)."""

    ENTRY = "entry"
    DWELL_COMPLETE = "dwell_complete"
    GRACE_END = "grace_end"
    LEFT = "left"  # its place without it
    BEFORE = "before"  # the place before the act
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


class CopyState(StrEnum):
    """Of a sealed object's copy in a store."""

    COPYING = "copying"  # begun; its bytes may be there
    VERIFIED = "verified"  # read back, and what was sealed
    FAILED = "failed"  # not there yet; tried again later
    DIFFERS = "differs"  # other bytes lie under its name: a person looks
    REMOVED = "removed"  # the object was deleted by rule, and the copy with it


class LogKind(StrEnum):
    """What a log entry speaks of."""

    SEAL = "seal"
    CUSTODY = "custody"
    TRANSITION = "transition"  # a CaseEvent
    DECISION = "decision"
    DELETION = "deletion"
    ACCOUNT = "account"  # an AccountEvent
    FENCE = "fence"  # a FenceEvent
    KEY = "key"  # a key that signs from then on
    OPENING = "opening"  # the log began on a database that held rows already


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


class Ground(StrEnum):
    """Why a person decided so, as a word that can be counted; which go with which decision is in cases/grounds.py."""

    AS_DRAFTED = "as_drafted"
    DOUBTS_WEIGHED = "doubts_weighed"
    PLATE_UNREADABLE = "plate_unreadable"
    PICTURE_UNCLEAR = "picture_unclear"
    EVIDENCE_MISSING = "evidence_missing"
    TIME_UNCERTAIN = "time_uncertain"
    PLACE_UNCERTAIN = "place_uncertain"
    NO_OFFENCE = "no_offence"
    LEFT_IN_TIME = "left_in_time"
    COULD_NOT_GO = "could_not_go"
    EXEMPT_VEHICLE = "exempt_vehicle"
    PERMITTED = "permitted"
    WRONGLY_SEEN = "wrongly_seen"
    DUPLICATE = "duplicate"
    SLIGHT = "slight"
    CONFLICT_OF_INTEREST = "conflict_of_interest"
    LAW_UNCLEAR = "law_unclear"
    SENSITIVE = "sensitive"
    OTHER = "other"  # says nothing by itself: needs words


class Role(StrEnum):
    MONITOR = "monitor"
    OPERATOR = "operator"
    OFFICER = "officer"
    LEGAL_REVIEWER = "legal_reviewer"
    LEADER = "leader"
    ADMINISTRATOR = "administrator"


class AccountAct(StrEnum):
    """What was done to an account, or with it."""

    ADDED = "added"
    CHANGED = "changed"  # name to be shown, email
    ROLE_GRANTED = "role_granted"
    ROLE_WITHDRAWN = "role_withdrawn"
    DISABLED = "disabled"
    ENABLED = "enabled"
    PASSWORD_GIVEN = "password_given"  # by somebody else: it must be changed  # noqa: S105 - a word, no password
    PASSWORD_CHANGED = "password_changed"  # by its user  # noqa: S105
    SIGNED_IN = "signed_in"
    LOCKED = "locked"  # too many failures
    UNLOCKED = "unlocked"
    SESSION_ENDED = "session_ended"
    IDENTITY_LINKED = "identity_linked"  # known to another house's sign-in from then on
    TOKEN_MADE = "token_made"  # noqa: S105
    TOKEN_REVOKED = "token_revoked"  # noqa: S105
    HOOK_MADE = "hook_made"  # by this user, as an administrator
    HOOK_SWITCHED_ON = "hook_switched_on"
    HOOK_SWITCHED_OFF = "hook_switched_off"
    HOOK_TESTED = "hook_tested"


class HookAct(StrEnum):
    """What other systems may want to be told of an incident."""

    OPENED = "opened"
    NOTIFIED = "notified"  # the grace period runs
    WARNED = "warned"
    RESOLVED = "resolved"
    UNCERTAIN = "uncertain"
    DRAFTED = "drafted"
    ACCEPTED = "accepted"
    RETURNED = "returned"
    DISMISSED = "dismissed"
    TAKEN_BACK = "taken_back"  # what a person decided: the state of before holds again


class ReplyMeaning(StrEnum):
    """What a person who answered one of our messages wants."""

    STOP = "stop"  # no further messages
    WRONG_NUMBER = "wrong_number"  # the number is not the owner's
    START = "start"  # messages again, after a stop
    OTHER = "other"  # for a person to read


class LookupSource(StrEnum):
    """Where the owner of a vehicle was looked up."""

    OWN_REGISTER = "own_register"
    HTTP = "http"
    IMPORT = "import"  # a list was taken in


class LookupOutcome(StrEnum):
    FOUND = "found"
    NO_PHONE = "no_phone"  # the vehicle is known, nobody can be written to
    UNKNOWN = "unknown"
    UNAVAILABLE = "unavailable"  # no answer


class Utterance(StrEnum):
    """What a loudspeaker is to say."""

    SENTENCE = "sentence"  # one of notify/announcements.toml
    TYPED = "typed"  # an operator's own words, spoken by the voice of the site
    RECORDED = "recorded"  # an operator's own voice


class AnnouncementState(StrEnum):
    WAITING = "waiting"
    PLAYING = "playing"  # handed to the loudspeaker; its answer is not there yet
    PLAYED = "played"  # and the device said so
    UNCONFIRMED = "unconfirmed"  # handed over; whether it was heard is not known, and it is not said again
    SKIPPED = "skipped"  # not said: quiet hours, too late, or of no use any more
    FAILED = "failed"  # certainly not said


class FenceProposalState(StrEnum):
    """Of a change of a geofence."""

    OPEN = "open"  # a second person is to look at it
    IN_FORCE = "in_force"  # it became a version
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"  # by who proposed it


class FenceAct(StrEnum):
    """What was done to a proposed change of a geofence."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class TrialState(StrEnum):
    """Of a recording looked at with an edited geofence."""

    ASKED = "asked"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
