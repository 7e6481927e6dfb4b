"""The queue of each loudspeaker: what waits is made into sound, sealed, played once, and its end written down.

1. Settle: one that was being played when its player died is unconfirmed; it is not said a second time by itself.
2. Choose: a person's press before the program's own, the older first. What came too late, or speaks of a matter that is
   over, is skipped. Between what the program says by itself there is silence of `cooldown_s`.
3. Speak: words become sound, and the sound with its words goes into the vault, before anybody hears it.
4. Claim: the row says `playing`, with a lease that outlasts the driver, and a fence that counts up.
5. Play, outside of any transaction, and record the answer under the same fence.

Several processes may work on the same loudspeakers: its row is locked for 1, 2 and 4, and the schema knows one that
plays. Killed before 4 it is done again; killed after 4 it is 1.
"""

import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from cases import speaking
from cases.languages import Language
from cases.lifecycle import PROGRAM
from evidence import custody
from evidence.at_hand import AtHand
from evidence.errors import EvidenceError
from evidence.sealing import keep_object
from evidence.vault import PendingObject, Vault
from models.announcements import Announcement
from models.database import Sessions, reading, transaction
from models.enums import AnnouncementState, CustodyAct, OutboxState
from models.incidents import OPEN_STATES, Incident
from models.personal_data import PersonalDataError, PersonalDataKey
from models.places import Camera, Loudspeaker
from models.promises import OutboxMessage
from models.watching import CameraConnection
from notify.digest_access import Login
from notify.errors import GatewayRefused, GatewayUnavailable, GatewayUnreachable, NoVoice, SoundRefused
from notify.horn import MARGIN_S
from notify.loudspeaker import Horn, HornAddress
from notify.outbox import SPOKEN
from notify.sound import LONGEST_S, Sound, chime, read_wav
from notify.speech import Voice, speak

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=LONGEST_S + 3 * MARGIN_S)  # a driver takes the sound's own length and one margin
AGAIN_AFTER = timedelta(seconds=5)
MAX_TRIES = 4
WAV, SUFFIX = "audio/wav", ".wav"
CHIME = "chime"
LONGEST_DETAIL = 500
HEARD = (AnnouncementState.PLAYED, AnnouncementState.UNCONFIRMED)


@dataclass(frozen=True)
class ToSpeak:
    """Words that are no sound yet."""

    id: uuid.UUID
    text: str
    language: str


@dataclass(frozen=True)
class Claim:
    """An announcement taken for one try. fence: what the answer has to be recorded under."""

    id: uuid.UUID
    address: HornAddress
    sha256: str
    volume: int
    fence: int


@dataclass(frozen=True)
class HornQueue:
    """voice: None: a chime is played instead of words. clock: the time now, aware; each step asks it."""

    sessions: Sessions
    vault: Vault
    at_hand: AtHand
    key: PersonalDataKey
    horn_for: Callable[[HornAddress], Horn]
    voice: Voice | None
    language: Language
    clock: Callable[[], datetime]

    def take_up_promises(self) -> int:
        """What ladders have promised gets its place in the queues; how many were taken up."""
        due = (
            select(OutboxMessage)
            .where(
                OutboxMessage.kind.in_(SPOKEN),
                OutboxMessage.state == OutboxState.PENDING,
                OutboxMessage.next_at <= self.clock(),
            )
            .order_by(OutboxMessage.next_at)
            .limit(1)
        )
        taken = 0
        while True:
            with reading(self.sessions) as session:
                if session.scalar(due.with_only_columns(OutboxMessage.id)) is None:
                    return taken
            with transaction(self.sessions) as session:
                message = session.scalar(due.with_for_update(skip_locked=True))
                if message is None:
                    return taken
                speaking.take_up(session, message, language=self.language, at=self.clock())
                taken += 1

    def with_work(self) -> list[str]:
        """Loudspeakers that have something to say by now, or to settle."""
        now = self.clock()
        waits = or_(
            (Announcement.state == AnnouncementState.WAITING) & (Announcement.next_at <= now),
            (Announcement.state == AnnouncementState.PLAYING) & (Announcement.lease_until < now),
        )
        with reading(self.sessions) as session:
            return list(session.scalars(select(Announcement.loudspeaker_id).where(waits).distinct()))

    def play_all(self, loudspeaker_id: str) -> int:
        """Everything that can be said through it just now; how many steps it took."""
        steps = 0
        while self.play_next(loudspeaker_id):
            steps += 1
        return steps

    def play_next(self, loudspeaker_id: str) -> bool:
        """One step for one loudspeaker; False where there is nothing to do just now."""
        with transaction(self.sessions) as session:
            step = self._next_step(session, loudspeaker_id)
        if step is None:
            return False
        if isinstance(step, ToSpeak):
            self._make_sound(step)
        else:
            self._play(step)
        return True

    def _next_step(self, session: Session, loudspeaker_id: str) -> ToSpeak | Claim | None:
        """Settles what was cut off, skips what is of no use, and says what is next."""
        now = self.clock()
        loudspeaker = session.scalar(
            select(Loudspeaker)
            .where(Loudspeaker.id == loudspeaker_id)
            .options(joinedload(Loudspeaker.camera, innerjoin=True).joinedload(Camera.site, innerjoin=True))
            .with_for_update(of=Loudspeaker)
        )
        assert loudspeaker is not None, "announcements refer to it"
        if not self._settled(session, loudspeaker_id, now):
            return None
        waiting = session.scalars(
            select(Announcement)
            .where(Announcement.loudspeaker_id == loudspeaker_id, Announcement.state == AnnouncementState.WAITING)
            .order_by(Announcement.priority, Announcement.asked_at, Announcement.id)
            .with_for_update()
        ).all()
        quiet_until = self._quiet_until(session, loudspeaker)
        for each in waiting:
            useless = self._why_useless(session, each, loudspeaker, now)
            if useless is not None:
                self._end(session, each, AnnouncementState.SKIPPED, useless, now)
            elif each.next_at <= now and (each.priority == speaking.BEFORE_THE_PROGRAM or quiet_until <= now):
                return self._step_for(session, each, loudspeaker, now)
        return None

    def _settled(self, session: Session, loudspeaker_id: str, now: datetime) -> bool:
        """False: it says something just now."""
        playing = session.scalar(
            select(Announcement)
            .where(Announcement.loudspeaker_id == loudspeaker_id, Announcement.state == AnnouncementState.PLAYING)
            .with_for_update()
        )
        if playing is None:
            return True
        if playing.lease_until is None or playing.lease_until >= now:
            return False
        log.warning("an announcement was cut off, nobody knows what was heard", extra={"announcement": str(playing.id)})
        why = "whoever played it was cut off; what was heard is not known"
        self._end(session, playing, AnnouncementState.UNCONFIRMED, why, now)
        return True

    def _quiet_until(self, session: Session, loudspeaker: Loudspeaker) -> datetime:
        last = session.scalar(
            select(Announcement.ended_at)
            .where(Announcement.loudspeaker_id == loudspeaker.id, Announcement.state.in_(HEARD))
            .order_by(Announcement.ended_at.desc())
            .limit(1)
        )
        return self.clock() if last is None else last + timedelta(seconds=loudspeaker.cooldown_s)

    def _why_useless(
        self, session: Session, waiting: Announcement, loudspeaker: Loudspeaker, now: datetime
    ) -> str | None:
        if waiting.useful_until < now:
            return "it came to its turn too late to be of any use"
        if speaking.is_quiet(loudspeaker, loudspeaker.camera.site.timezone, now):
            return "quiet hours of the loudspeaker"
        if waiting.outbox_message_id is not None and waiting.incident_id is not None:
            incident = session.get_one(Incident, waiting.incident_id)
            if incident.state not in OPEN_STATES:
                return "the matter is over"
        return None

    def _step_for(
        self, session: Session, waiting: Announcement, loudspeaker: Loudspeaker, now: datetime
    ) -> ToSpeak | Claim | None:
        if waiting.sha256 is None:
            return ToSpeak(waiting.id, waiting.text, waiting.language)
        try:
            address = self._address_of(session, loudspeaker)
        except PersonalDataError as error:
            self._end(session, waiting, AnnouncementState.FAILED, str(error), now)
            return None
        waiting.state, waiting.began_at, waiting.lease_until = AnnouncementState.PLAYING, now, now + LEASE
        waiting.fence += 1
        waiting.tries += 1
        session.flush()
        return Claim(waiting.id, address, waiting.sha256, loudspeaker.volume, waiting.fence)

    def _address_of(self, session: Session, loudspeaker: Loudspeaker) -> HornAddress:
        """A camera's own loudspeaker is reached as the camera is. Raises PersonalDataError."""
        url, username, sealed = loudspeaker.url, loudspeaker.username, loudspeaker.password_sealed
        where = f"loudspeaker.password:{loudspeaker.id}"
        if url is None and loudspeaker.driver == "onvif":
            url = loudspeaker.camera.source
            connection = session.get(CameraConnection, loudspeaker.camera_id)
            if username is None and connection is not None:
                username, sealed = connection.username, connection.password_sealed
                where = f"camera_connection.password:{loudspeaker.camera_id}"
        password = "" if sealed is None else self.key.open(sealed, where)
        login = None if username is None else Login(username, password)
        return HornAddress(loudspeaker.id, loudspeaker.driver, url, login)

    def _make_sound(self, words: ToSpeak) -> None:
        """The sound, sealed with its words. Whoever else made it a moment ago was first; what fails is put off."""
        voice, sound = self._spoken(words)
        try:
            pending = self.vault.take(lambda path: _write(path, sound.as_wav(words.text)), SUFFIX)
            try:
                with transaction(self.sessions) as session:
                    self._seal(session, words.id, pending, voice)
            except BaseException:
                self.vault.discard(pending)
                raise
            self.vault.settle(pending)
        except EvidenceError as error:
            log.error("an announcement cannot be sealed and is not said", extra={"why": str(error)})  # noqa: TRY400
            with transaction(self.sessions) as session:
                row = session.get_one(Announcement, words.id, with_for_update=True)
                if row.state is AnnouncementState.WAITING:
                    row.next_at, row.detail = self.clock() + AGAIN_AFTER, str(error)[:LONGEST_DETAIL]

    def _seal(self, session: Session, announcement_id: uuid.UUID, pending: PendingObject, voice: str) -> None:
        row = session.get_one(Announcement, announcement_id, with_for_update=True)
        if row.sha256 is not None or row.state is not AnnouncementState.WAITING:
            return
        now = self.clock()
        row.sha256 = keep_object(session, self.vault, pending, WAV, at=now).sha256
        row.voice = voice
        if row.incident_id is not None:
            reason = f"announcement {row.id} for loudspeaker {row.loudspeaker_id}"
            custody.record(
                session, row.incident_id, CustodyAct.SEALED, actor=PROGRAM, at=now, reason=reason, sha256=row.sha256
            )

    def _spoken(self, words: ToSpeak) -> tuple[str, Sound]:
        """What spoke, and the sound."""
        if self.voice is None:
            log.error("nothing here can speak, a chime is played", extra={"announcement": str(words.id)})
            return CHIME, chime()
        try:
            return self.voice.name, speak(self.voice, words.text, words.language)
        except NoVoice as error:
            log.error(  # noqa: TRY400 - the sentence says it all
                "the voice did not speak, a chime is played", extra={"announcement": str(words.id), "why": str(error)}
            )
            return CHIME, chime()

    def _play(self, claim: Claim) -> None:
        where = {"announcement": str(claim.id), "loudspeaker": claim.address.loudspeaker_id}
        try:
            sound = read_wav(self.at_hand.path(claim.sha256, SUFFIX).read_bytes()).at_volume(claim.volume)
            log.info("announcement handed over", extra=where | {"seconds": round(sound.seconds, 1)})
            said = self.horn_for(claim.address).play(sound, str(claim.id))
        except GatewayUnreachable as error:
            self._not_reached(claim, str(error))
        except GatewayUnavailable as error:
            self._record(claim, AnnouncementState.UNCONFIRMED, str(error))
        except (GatewayRefused, SoundRefused, EvidenceError, OSError) as error:
            self._record(claim, AnnouncementState.FAILED, str(error))
        else:
            self._record(claim, AnnouncementState.PLAYED, said)

    def _not_reached(self, claim: Claim, why: str) -> None:
        """Nothing was handed over: it waits for another try, while there is any use in it."""
        with transaction(self.sessions) as session:
            row = self._claimed(session, claim)
            if row is None:
                return
            now = self.clock()
            if row.tries >= MAX_TRIES:
                self._end(session, row, AnnouncementState.FAILED, why, now)
                return
            row.state, row.lease_until, row.detail = AnnouncementState.WAITING, None, why[:LONGEST_DETAIL]
            row.next_at = now + AGAIN_AFTER
        log.warning("a loudspeaker was not reached", extra={"announcement": str(claim.id), "why": why})

    def _record(self, claim: Claim, state: AnnouncementState, detail: str) -> None:
        with transaction(self.sessions) as session:
            row = self._claimed(session, claim)
            if row is not None:
                self._end(session, row, state, detail, self.clock())

    def _claimed(self, session: Session, claim: Claim) -> Announcement | None:
        """The row, while it is ours to write on."""
        row = session.scalar(
            select(Announcement)
            .where(
                Announcement.id == claim.id,
                Announcement.fence == claim.fence,
                Announcement.state == AnnouncementState.PLAYING,
            )
            .with_for_update()
        )
        if row is None:
            log.warning("answer came too late, another has settled it", extra={"announcement": str(claim.id)})
        return row

    def _end(self, session: Session, row: Announcement, state: AnnouncementState, detail: str, at: datetime) -> None:
        """The end of the announcement, and of the promise that it kept or did not."""
        log.info("announcement ended", extra={"announcement": str(row.id), "state": state.value, "why": detail})
        row.state, row.ended_at, row.lease_until, row.detail = state, at, None, detail[:LONGEST_DETAIL]
        if row.outbox_message_id is not None:
            message = session.get_one(OutboxMessage, row.outbox_message_id, with_for_update=True)
            message.lease_until = None
            if state is AnnouncementState.PLAYED:
                message.state, message.answered_at, message.last_error = OutboxState.SENT, at, None
                message.provider_id = str(row.id)
            else:
                message.state, message.last_error = OutboxState.DEAD, detail[:LONGEST_DETAIL]
        session.flush()


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)
