"""Speaking: what is put into the queue of a loudspeaker, by a person's press or by a ladder's promise.

Nothing is played here (cases/horn_queue.py). A person goes before the program; in quiet hours nobody speaks.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, true
from sqlalchemy.orm import Session, joinedload

from cases.entitlements import Right, Scope, require
from cases.errors import AnnouncementRefused, UnknownIncident, UnknownLoudspeaker
from cases.languages import Language
from cases.lifecycle import PROGRAM
from cases.scope import of_cameras_within
from cases.timetable import covers
from evidence import custody
from evidence.sufficiency import plate_is_sure
from models.announcements import Announcement
from models.enums import AnnouncementState, CustodyAct, OutboxState, Utterance
from models.exhibits import SealedObject
from models.incidents import OPEN_STATES, Incident
from models.people import User
from models.places import Camera, GeofenceVersion, Loudspeaker, Site
from models.promises import OutboxMessage
from notify.announcements import LONGEST_TYPED, press_sentences, typed, warning
from notify.errors import SoundRefused
from notify.sound import read_wav

# a warning that comes later than this speaks to somebody else
USEFUL_FOR = timedelta(seconds=60)
BEFORE_THE_PROGRAM, OF_THE_PROGRAM = 0, 1
MOST_WAITING = 4  # presses on one loudspeaker
LONGEST_TEXT = 500
SHOWN, SHOWN_IN_HAND = 6, 20
QUIET, TOO_MANY, NOT_SPEAKABLE, NOT_A_SENTENCE = "quiet", "too_many", "not_speakable", "not_a_sentence"
NOT_A_RECORDING, TOO_LONG, SILENT = "not_a_recording", "too_long", "silent"
REFUSALS = (QUIET, TOO_MANY, NOT_SPEAKABLE, NOT_A_SENTENCE, NOT_A_RECORDING, TOO_LONG, SILENT)
LONGEST_TALK_S = 15.0  # what is spoken live, from pressing the button to letting it go


@dataclass(frozen=True)
class Sentence:
    """One of the sentences for one press each, by its name in notify/announcements.toml."""

    name: str


@dataclass(frozen=True)
class Typed:
    text: str


@dataclass(frozen=True)
class Recorded:
    """An own voice, sealed before. text: what its speaker says it says."""

    sealed: SealedObject
    text: str = ""


Words = Sentence | Typed | Recorded


def say(
    session: Session,
    loudspeaker_id: str,
    words: Words,
    *,
    by: User,
    at: datetime,
    language: Language,
    incident_id: uuid.UUID | None = None,
) -> Announcement:
    """Asks for it to be said now. incident_id: the matter it belongs to.

    Raises NotEntitled, UnknownLoudspeaker, UnknownIncident, AnnouncementRefused.
    """
    require(by, Right.SPEAK)
    check_free(session, loudspeaker_id, at=at)
    if incident_id is not None and session.get(Incident, incident_id) is None:
        raise UnknownIncident(incident_id)
    utterance, sentence, text, sealed = _of(words, language)
    announcement = Announcement(
        loudspeaker_id=loudspeaker_id,
        incident_id=incident_id,
        utterance=utterance,
        sentence=sentence,
        text=text,
        language=language,
        asked_by=by.name,
        asked_at=at,
        priority=BEFORE_THE_PROGRAM,
        next_at=at,
        useful_until=at + USEFUL_FOR,
        state=AnnouncementState.WAITING,
        sha256=sealed,
        voice=by.name if sealed else None,
    )
    session.add(announcement)
    session.flush()
    if sealed is not None and incident_id is not None:
        reason = f"announcement {announcement.id} for loudspeaker {loudspeaker_id}"
        custody.record(session, incident_id, CustodyAct.SEALED, actor=by.name, at=at, reason=reason, sha256=sealed)
    return announcement


def check_free(session: Session, loudspeaker_id: str, *, at: datetime) -> None:
    """Whether a person may have something said through it now; a voice is asked for before it is kept. Locks its row.

    Raises UnknownLoudspeaker, AnnouncementRefused.
    """
    loudspeaker = session.scalar(
        select(Loudspeaker)
        .where(Loudspeaker.id == loudspeaker_id)
        .options(joinedload(Loudspeaker.camera, innerjoin=True).joinedload(Camera.site, innerjoin=True))
        .with_for_update(of=Loudspeaker)
    )
    if loudspeaker is None:
        raise UnknownLoudspeaker(loudspeaker_id)
    if is_quiet(loudspeaker, loudspeaker.camera.site.timezone, at):
        raise AnnouncementRefused(QUIET, f"loudspeaker {loudspeaker_id} has quiet hours now; see the site file")
    waiting = session.scalar(
        select(func.count()).where(
            Announcement.loudspeaker_id == loudspeaker_id,
            Announcement.state == AnnouncementState.WAITING,
            Announcement.priority == BEFORE_THE_PROGRAM,
            Announcement.useful_until >= at,
        )
    )
    if (waiting or 0) >= MOST_WAITING:
        raise AnnouncementRefused(TOO_MANY, f"{waiting} announcements wait on {loudspeaker_id} already; wait for them")


def check_talk(raw: bytes) -> None:
    """What was spoken into a microphone just now, before it is kept: bounded, and not silence.

    Raises AnnouncementRefused.
    """
    try:
        sound = read_wav(raw)
    except SoundRefused as error:
        raise AnnouncementRefused(NOT_A_RECORDING, str(error)) from error
    if sound.seconds > LONGEST_TALK_S:
        said = f"it lasts {sound.seconds:.1f} s; say at most {LONGEST_TALK_S:.0f} s at a time"
        raise AnnouncementRefused(TOO_LONG, said)
    if sound.is_silent:
        raise AnnouncementRefused(SILENT, "nothing can be heard in it; check that the microphone is not muted")


def _of(words: Words, language: Language) -> tuple[Utterance, str | None, str, str | None]:
    """What it is, its name, its words, and the digest of its sound where there is one already."""
    match words:
        case Sentence(name):
            sentences = press_sentences(language)
            if name not in sentences:
                raise AnnouncementRefused(NOT_A_SENTENCE, f"there is no sentence {name}; choose one of the page's")
            return Utterance.SENTENCE, name, sentences[name], None
        case Typed(text):
            return Utterance.TYPED, None, _speakable(text), None
        case Recorded(sealed, text):
            return Utterance.RECORDED, None, _speakable(text) if text.strip() else "", sealed.sha256


def _speakable(text: str) -> str:
    try:
        return typed(text)
    except SoundRefused as error:
        raise AnnouncementRefused(NOT_SPEAKABLE, str(error)) from error


def is_quiet(loudspeaker: Loudspeaker, timezone: str, at: datetime) -> bool:
    return bool(loudspeaker.quiet) and covers(loudspeaker.quiet or [], at.astimezone(ZoneInfo(timezone)))


def take_up(session: Session, message: OutboxMessage, *, language: Language, at: datetime) -> Announcement | None:
    """The announcement that a ladder has promised, or why there is none; the message says which.

    A message that a person has sent again becomes a second announcement.
    """
    loudspeaker = session.get(Loudspeaker, message.payload["loudspeaker_id"])
    incident = session.scalar(
        select(Incident)
        .where(Incident.id == uuid.UUID(message.payload["incident_id"]))
        .options(joinedload(Incident.geofence_version).joinedload(GeofenceVersion.geofence))
    )
    useful_until = message.next_at + USEFUL_FOR
    why = None
    if loudspeaker is None or incident is None:
        why = "the loudspeaker or the incident is not on record any more"
    elif incident.state not in OPEN_STATES:
        why = "the matter is over"
    elif useful_until < at:
        why = "it came to its turn too late to be of any use"
    if loudspeaker is None or incident is None or why is not None:
        message.state, message.last_error = OutboxState.DEAD, why
        session.flush()
        return None
    name, text = warning(
        incident.offence,
        place=incident.geofence_version.geofence.name,
        plate=incident.plate
        if plate_is_sure(incident.plate, incident.plate_confidence, confirmed=incident.plate_confirmed_by is not None)
        else None,
        warned_before=_warned_before(session, incident.id),
        language=language,
    )
    announcement = Announcement(
        loudspeaker_id=loudspeaker.id,
        incident_id=incident.id,
        outbox_message_id=message.id,
        utterance=Utterance.SENTENCE,
        sentence=name,
        text=text[:LONGEST_TEXT],
        language=language,
        asked_by=PROGRAM,
        asked_at=message.next_at,
        priority=OF_THE_PROGRAM,
        next_at=message.next_at,
        useful_until=useful_until,
        state=AnnouncementState.WAITING,
    )
    session.add(announcement)
    message.state, message.lease_until, message.last_error = OutboxState.SENDING, useful_until, None
    message.fence += 1
    message.tries += 1
    session.flush()
    return announcement


def _warned_before(session: Session, incident_id: uuid.UUID) -> bool:
    heard = (AnnouncementState.PLAYED, AnnouncementState.UNCONFIRMED)
    earlier = select(Announcement.id).where(Announcement.incident_id == incident_id, Announcement.state.in_(heard))
    return session.scalar(earlier.limit(1)) is not None


@dataclass(frozen=True)
class HornShown:
    """A loudspeaker with what was last asked of it, newest first. quiet: nothing can be said through it now."""

    id: str
    camera_id: str
    camera: str
    driver: str
    volume: int
    quiet: bool
    last: Sequence[Announcement]


@dataclass(frozen=True)
class HornsShown:
    horns: Sequence[HornShown]
    timezone: str
    sentences: dict[str, str]
    longest: int = LONGEST_TYPED


def horns_shown(
    session: Session,
    scope: Scope,
    *,
    at: datetime,
    language: Language,
    incident_id: uuid.UUID | None = None,
    only: str | None = None,
    last: int = SHOWN,
) -> HornsShown:
    """All within the scope, with the `last` things asked of each; with an incident, those by the camera that saw it;
    with `only`, the one of that id.
    """
    by_the_camera = select(Incident.camera_id).where(Incident.id == incident_id)
    loudspeakers = session.scalars(
        select(Loudspeaker)
        .where(
            of_cameras_within(scope, Loudspeaker.camera_id),
            Loudspeaker.camera_id.in_(by_the_camera) if incident_id is not None else true(),
            Loudspeaker.id == only if only is not None else true(),
        )
        .options(joinedload(Loudspeaker.camera, innerjoin=True).joinedload(Camera.site, innerjoin=True))
        .order_by(Loudspeaker.id)
    ).all()
    return HornsShown(
        horns=[
            HornShown(
                each.id,
                each.camera_id,
                each.camera.name,
                each.driver,
                each.volume,
                is_quiet(each, each.camera.site.timezone, at),
                session.scalars(
                    select(Announcement)
                    .where(Announcement.loudspeaker_id == each.id)
                    .order_by(Announcement.asked_at.desc(), Announcement.id)
                    .limit(last)
                ).all()
                if last
                else [],
            )
            for each in loudspeakers
        ],
        timezone=session.scalar(select(Site.timezone).order_by(Site.id).limit(1)) or "UTC",
        sentences=press_sentences(language),
    )


def with_sound(session: Session, announcement_id: uuid.UUID) -> Announcement | None:
    """An announcement whose sound is there, to be listened to."""
    return session.scalar(
        select(Announcement)
        .where(Announcement.id == announcement_id, Announcement.sha256.is_not(None))
        .options(joinedload(Announcement.sealed))
    )
