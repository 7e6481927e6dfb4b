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
    CASE_FILE = "case_file"  # a FileEvent
    LAW = "law"  # a LawEvent
    KEY = "key"  # a key that signs from then on
    OPENING = "opening"  # the log began, or a history came into it, on a database that held rows already
    # rows entered column by column, each by the name of its table
    SHEET_EVENT = "sheet_event"
    PARTY_EVENT = "party_event"
    GOODS_MOVEMENT = "goods_movement"
    RECORDER_EVENT = "recorder_event"
    INCIDENT_REASON = "incident_reason"
    PERMISSION_EVENT = "permission_event"
    RECORD_LOOK = "record_look"
    LAW_VERSION = "law_version"
    LAW_ENDING = "law_ending"


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
    SIGNING_KEY_MADE = "signing_key_made"  # the user's own, opened by the password alone
    SIGNATURE_PUT = "signature_put"  # the picture of how this user signs
    SIGNATURE_REMOVED = "signature_removed"


class HookAct(StrEnum):
    """What other systems may want to be told of an incident, or of a case file."""

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
    CLOCK_DUE = "clock_due"  # a clock of a case file runs out


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


class PermissionAct(StrEnum):
    """What was done to a permit or a temporary permission."""

    GIVEN = "given"
    ENDED = "ended"


class TrialState(StrEnum):
    """Of a recording looked at with an edited geofence."""

    ASKED = "asked"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class CaseSource(StrEnum):
    """How a matter came to the bureau."""

    CAMERA = "camera"  # an accepted draft
    PATROL = "patrol"
    COMPLAINT = "complaint"
    SUPERIOR = "superior"
    TRANSFER = "transfer"  # from another body
    MEDIA = "media"
    DIGITAL_CITY = "digital_city"  # the city-management platform


class Procedure(StrEnum):
    SIMPLE = "simple"  # decided on the spot, 行政处罚法 art. 51-53
    ORDINARY = "ordinary"  # art. 54-62


class FileState(StrEnum):
    """Where a case file stands; what may follow what is in cases/casework/table.py."""

    REGISTERED = "registered"  # its source is on record; nobody has decided yet whether to file it
    NOT_FILED = "not_filed"
    FILED = "filed"  # being investigated
    INVESTIGATED = "investigated"
    REVIEWED = "reviewed"  # the legal reviewer found nothing against it
    NOTICED = "noticed"  # the party was told what is intended, and may speak
    HEARD = "heard"  # the party was heard, or had the time to speak
    DECIDED = "decided"  # a penalty
    SPARED = "spared"  # decided that there is none
    SERVED = "served"
    PERFORMED = "performed"
    ENFORCING = "enforcing"
    CLOSED = "closed"
    ARCHIVED = "archived"
    WITHDRAWN = "withdrawn"  # the facts are not made out
    TRANSFERRED = "transferred"  # it is another body's
    REVOKED = "revoked"  # the decision holds no longer


class FileAct(StrEnum):
    """What was done to a case file; each is a FileEvent. The first block are steps, the second notes."""

    REGISTER = "register"
    FILE = "file"
    REFUSE_FILING = "refuse_filing"
    MAKE_ORDINARY = "make_ordinary"  # too much for a decision on the spot
    END_INVESTIGATION = "end_investigation"
    PASS_LEGAL_REVIEW = "pass_legal_review"  # noqa: S105 - a word, no password
    FAIL_LEGAL_REVIEW = "fail_legal_review"
    NOTIFY = "notify"
    HEAR = "hear"
    REOPEN = "reopen"  # what the party said is to be looked into: told again afterwards
    DECIDE = "decide"
    SPARE = "spare"
    SERVE = "serve"
    PERFORM = "perform"
    ENFORCE = "enforce"
    CLOSE = "close"
    ARCHIVE = "archive"
    WITHDRAW = "withdraw"
    TRANSFER = "transfer"
    REVOKE = "revoke"

    OFFICER_ASSIGNED = "officer_assigned"
    OFFICER_RECUSED = "officer_recused"
    FACTS_SAID = "facts_said"
    APPROVAL_ASKED = "approval_asked"
    APPROVAL_MARKED = "approval_marked"
    APPROVAL_WITHDRAWN = "approval_withdrawn"
    DEFENCE_SAID = "defence_said"
    DEFENCE_ANSWERED = "defence_answered"
    DEFENCE_WAIVED = "defence_waived"
    HEARING_ASKED = "hearing_asked"
    HEARING_ANNOUNCED = "hearing_announced"
    HEARING_HELD = "hearing_held"
    HEARING_GIVEN_UP = "hearing_given_up"
    CLOCK_STOPPED = "clock_stopped"
    CLOCK_STARTED = "clock_started"
    TERM_EXTENDED = "term_extended"
    PARTY_ENTERED = "party_entered"
    WITNESS_ENTERED = "witness_entered"
    RECORD_READ = "record_read"  # what was taken down was read over to who said it: from then on it stands
    RECORD_CORRECTED = "record_corrected"
    RECORD_FINISHED = "record_finished"
    RECORD_DROPPED = "record_dropped"  # a draft that was not gone on with
    GOODS_ENTERED = "goods_entered"
    GOODS_MOVED = "goods_moved"
    MEASURE_TAKEN = "measure_taken"  # seized, sealed, registered for preservation
    MEASURE_ENDED = "measure_ended"
    DOCUMENT_MADE = "document_made"
    DOCUMENT_SIGNED = "document_signed"
    PAPER_SERVED = "paper_served"
    SERVICE_FAILED = "service_failed"
    PAYMENT_MADE = "payment_made"
    PAYMENT_DEFERRED = "payment_deferred"
    CORRECTED = "corrected"  # what was wrong was put right
    DEMANDED = "demanded"
    COURT_ASKED = "court_asked"
    REPORTED = "reported"  # a decision on the spot, to the bureau
    RECONSIDERATION = "reconsideration"
    SUIT = "suit"
    VOLUME_MADE = "volume_made"
    REVIEW_SCORED = "review_scored"
    SHARED = "shared"


class OutcomeKind(StrEnum):
    """What a decision comes to."""

    NO_PENALTY = "no_penalty"
    WARNING = "warning"
    FINE = "fine"


class SpareGround(StrEnum):
    """Why there is no penalty, 行政处罚法 art. 30, 31, 33, 36."""

    SLIGHT_AND_CORRECTED = "slight_and_corrected"
    FIRST_AND_CORRECTED = "first_and_corrected"
    NO_FAULT = "no_fault"
    UNDER_AGE = "under_age"
    NOT_ACCOUNTABLE = "not_accountable"
    LIMITATION = "limitation"


class ReviewGround(StrEnum):
    """Why a case file needs the legal review before a decision, 行政处罚法 art. 58; a person says so."""

    PUBLIC_INTEREST = "public_interest"
    COMPLICATED = "complicated"
    BY_ANOTHER_LAW = "by_another_law"


class ApprovalState(StrEnum):
    OPEN = "open"
    APPROVED = "approved"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"


class ApprovalVerdict(StrEnum):
    AGREES = "agrees"
    RETURNS = "returns"


class QualificationKind(StrEnum):
    ENFORCEMENT = "enforcement"  # 行政执法证
    LEGAL = "legal"  # 国家统一法律职业资格


class ServedPaper(StrEnum):
    """What is served on a party."""

    NOTICE = "notice"
    HEARING_NOTICE = "hearing_notice"
    CORRECTION_ORDER = "correction_order"
    DECISION = "decision"
    DEMAND = "demand"
    MEASURE = "measure"


class ServiceMode(StrEnum):
    """How a paper reached the party, 行政处罚法 art. 61 and 民事诉讼法 on service."""

    PERSONAL = "personal"
    LEFT = "left"  # refused, and left before witnesses or a camera
    MAIL = "mail"
    ELECTRONIC = "electronic"  # with signed consent alone
    ENTRUSTED = "entrusted"
    PUBLIC_NOTICE = "public_notice"


class SheetKind(StrEnum):
    """A series of numbers; each sheet of it has one."""

    CASE_FILE = "case_file"  # the number of the matter itself, given with its filing
    CORRECTION_ORDER = "correction_order"
    PENALTY_NOTICE = "penalty_notice"
    HEARING_NOTICE = "hearing_notice"
    DECISION = "decision"
    SPOT_DECISION = "spot_decision"
    NO_PENALTY_DECISION = "no_penalty_decision"
    SEIZURE_DECISION = "seizure_decision"
    RELEASE_DECISION = "release_decision"
    PAYMENT_NOTICE = "payment_notice"
    PAYMENT_RECEIPT = "payment_receipt"
    DEMAND = "demand"
    COURT_APPLICATION = "court_application"
    WINDOW_SLIP = "window_slip"
    GOODS_LIST = "goods_list"  # of things taken, and of each line in it


class SheetState(StrEnum):
    """What became of a numbered sheet."""

    DRAWN = "drawn"
    USED = "used"  # something carries its number
    VOIDED = "voided"
    WRITTEN_OFF = "written_off"  # what it was used for is done, and the sheet was accounted for


class PaperKind(StrEnum):
    """A paper of a case file; what belongs to each is in cases/papers/kinds.py."""

    FILING_APPROVAL = "filing_approval"
    INSPECTION_RECORD = "inspection_record"
    INQUIRY_RECORD = "inquiry_record"
    CORRECTION_ORDER = "correction_order"
    SEIZURE_DECISION = "seizure_decision"
    SEIZURE_LIST = "seizure_list"
    RELEASE_DECISION = "release_decision"
    INVESTIGATION_REPORT = "investigation_report"
    LEGAL_OPINION = "legal_opinion"
    PENALTY_NOTICE = "penalty_notice"
    DEFENCE_RECORD = "defence_record"
    DEFENCE_REVIEW = "defence_review"
    HEARING_NOTICE = "hearing_notice"
    HEARING_RECORD = "hearing_record"
    DECISION = "decision"
    SPOT_DECISION = "spot_decision"
    NO_PENALTY_DECISION = "no_penalty_decision"
    PAYMENT_NOTICE = "payment_notice"
    SERVICE_RECEIPT = "service_receipt"
    DEMAND = "demand"
    COURT_APPLICATION = "court_application"
    CLOSING_REPORT = "closing_report"
    VOLUME_COVER = "volume_cover"
    WINDOW_SLIP = "window_slip"


class VolumeState(StrEnum):
    """Of a case file's archive volume."""

    ASKED = "asked"
    MADE = "made"
    FAILED = "failed"


class LawEditionState(StrEnum):
    """Of a file of the catalogue of offences that was read in."""

    READ = "read"  # nothing of it holds yet
    IN_FORCE = "in_force"
    DISCARDED = "discarded"


class LawAct(StrEnum):
    """What was done with an edition of the catalogue; each is a LawEvent."""

    READ = "read"
    BROUGHT_INTO_FORCE = "brought_into_force"
    DISCARDED = "discarded"
    ENDED = "ended"  # one of its versions holds no longer


class PartyKind(StrEnum):
    """Who can be party to a matter."""

    PERSON = "person"
    SHOP = "shop"  # 个体工商户: run by a person, with a code of its own
    COMPANY = "company"  # any organisation


class PartyNumberKind(StrEnum):
    RESIDENT_ID = "resident_id"  # 公民身份号码, GB 11643
    CREDIT_CODE = "credit_code"  # 统一社会信用代码, GB 32100
    OTHER = "other"  # a passport, a permit


class PartyRole(StrEnum):
    """As what somebody takes part in a case file."""

    PARTY = "party"  # 当事人, against whom it goes
    DRIVER = "driver"
    VEHICLE_OWNER = "vehicle_owner"
    LEGAL_REPRESENTATIVE = "legal_representative"
    AGENT = "agent"  # with a letter


class PartyAct(StrEnum):
    ENTERED = "entered"
    CHANGED = "changed"
    MERGED = "merged"  # found to be one with another entry
    MERGE_UNDONE = "merge_undone"
    NOTE_ENTERED = "note_entered"
    NOTE_REMOVED = "note_removed"
    LOOKED = "looked"  # somebody was shown what is sealed


class PartyNoteKind(StrEnum):
    CREDIT = "credit"  # has no effect unless the site configures one with its legal basis
    HARDSHIP = "hardship"  # shown where money is asked for


class MeasureKind(StrEnum):
    """How things came into the bureau's hands."""

    PRIOR_REGISTRATION = "prior_registration"  # 先行登记保存, 行政处罚法 art. 56
    SEIZURE = "seizure"  # 扣押, 行政强制法 art. 22-28
    SEALING = "sealing"  # 查封, the same
    TEMPORARY_KEEPING = "temporary_keeping"  # 暂扣, where a law or regulation gives it


class GoodsKind(StrEnum):
    TOOL = "tool"  # what it was done with
    MERCHANDISE = "merchandise"
    PERISHABLE = "perishable"
    VEHICLE = "vehicle"
    DOCUMENT = "document"
    OTHER = "other"


class GoodsFate(StrEnum):
    """What is decided about a thing that was taken, 行政强制法 art. 21, 27, 28."""

    RETURN = "return"
    FORFEIT = "forfeit"
    DESTROY = "destroy"
    SELL = "sell"
    HAND_OVER = "hand_over"  # to another body
    LOSS = "loss"  # found missing or spoilt; the bureau answers for it, art. 26


class GoodsMove(StrEnum):
    TAKEN_IN = "taken_in"
    MOVED = "moved"  # to another store
    OUT = "out"  # to come back
    BACK = "back"
    LEFT = "left"  # for good


class GoodsRequestState(StrEnum):
    ASKED = "asked"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    DONE = "done"  # carried out: it left the store


class ServedTo(StrEnum):
    """Who took a paper, 民事诉讼法 art. 88-95."""

    PARTY = "party"
    FAMILY = "family"  # an adult of the household
    REPRESENTATIVE = "representative"  # the legal representative, or who leads the organisation
    MAILROOM = "mailroom"  # who takes in the mail of the organisation
    AGENT = "agent"
    NAMED = "named"  # whom the party named in the address confirmation
    NOBODY = "nobody"  # left behind, or made public


class ConsentChannel(StrEnum):
    """By which channel a party agreed to be served."""

    EMAIL = "email"
    FAX = "fax"
    SMS = "sms"
    PLATFORM = "platform"  # the account of an online service platform


class PaymentMeans(StrEnum):
    QR = "qr"
    POS = "pos"
    BANK = "bank"  # over the counter, with the slip
    CASH = "cash"  # to the officer, where 行政处罚法 art. 68 or 69 allow it


class OrderState(StrEnum):
    """Of an order by which a fine is to be paid, at who collects it."""

    PROMISED = "promised"  # to be handed over
    ASKED = "asked"  # handed over; the answer is not there yet
    OPEN = "open"  # can be paid
    PAID = "paid"
    CLOSED = "closed"  # ran out, or was called off, unpaid
    REFUSED = "refused"


class CashGround(StrEnum):
    """Why an officer may take the fine on the spot."""

    SMALL = "small"  # 行政处罚法 art. 68(1)
    HARD_LATER = "hard_later"  # art. 68(2)
    REMOTE = "remote"  # art. 69, at the party's own wish


class PlanState(StrEnum):
    """Of a request to pay later, or in parts."""

    ASKED = "asked"
    GRANTED = "granted"
    REFUSED = "refused"
    REPLACED = "replaced"  # by another plan


class RefundState(StrEnum):
    PROMISED = "promised"
    ASKED = "asked"  # handed over; the answer is not there yet
    DONE = "done"
    REFUSED = "refused"


class RefundGround(StrEnum):
    OVERPAID = "overpaid"
    CHANGED = "changed"  # the fine was lowered
    REVOKED = "revoked"


class AppealKind(StrEnum):
    RECONSIDERATION = "reconsideration"
    SUIT = "suit"


class AppealResult(StrEnum):
    UPHELD = "upheld"
    CHANGED = "changed"
    REVOKED = "revoked"
    UNLAWFUL = "unlawful"  # found unlawful, and left standing
    WITHDRAWN = "withdrawn"
    NOT_ADMITTED = "not_admitted"


class CourtResult(StrEnum):
    """Of an application to have a decision executed."""

    GRANTED = "granted"
    REFUSED = "refused"
    NOT_ADMITTED = "not_admitted"
    WITHDRAWN = "withdrawn"


class StopCause(StrEnum):
    """Why a clock of a case file stands."""

    HEARING = "hearing"  # from the asking to its end, by itself
    APPRAISAL = "appraisal"  # testing, inspection, appraisal
    PUBLIC_NOTICE = "public_notice"
    OBSTACLE = "obstacle"  # nobody can act: force majeure, the matter waits for another body
    NOT_DUE = "not_due"  # there is nothing to do, or it was done and stands nowhere else


class RecordKind(StrEnum):
    """What officers take down of a case file, 行政处罚法 art. 55 and 64."""

    INSPECTION = "inspection"  # 现场检查（勘验）笔录
    INQUIRY = "inquiry"  # 询问笔录
    HEARING = "hearing"  # 听证笔录


class RecordState(StrEnum):
    DRAFT = "draft"
    READ = "read"  # to who was asked: from here on its lines are only added to
    FINISHED = "finished"
    DROPPED = "dropped"  # a draft that was not gone on with


class RecordEnding(StrEnum):
    """What who was asked did when it had been read over."""

    SIGNS = "signs"
    REFUSES = "refuses"
    ABSENT = "absent"  # nobody was there to sign


class RecordSpeaker(StrEnum):
    """Whose words a line of a hearing is, 行政处罚法 art. 64."""

    CHAIR = "chair"
    INVESTIGATOR = "investigator"
    PARTY = "party"
    AGENT = "agent"
    WITNESS = "witness"
    OTHER = "other"
