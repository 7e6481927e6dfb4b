"""A street with a loudspeaker, a horn whose faults a test chooses, and a clock that is turned by hand."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import select

from cases import speaking
from cases.horn_queue import HornQueue
from evidence.at_hand import AtHand
from evidence.vault import DiskCalls, Vault
from models.announcements import Announcement
from models.database import Sessions, reading, transaction
from models.enums import Role
from models.people import User
from models.personal_data import PersonalDataKey
from models.places import Loudspeaker
from notify.loudspeaker import Horn, HornAddress
from notify.sound import Sound
from notify.speech import Voice
from tests import rows

KEY = PersonalDataKey(b"k" * 32)
AT = rows.after(100)
HORN = "horn-1"
TONE = Sound(8000, (9000 * np.sin(np.arange(4000) / 3)).astype(np.int16))


class Killed(BaseException):
    """Stands for kill -9: nothing in the queue may catch it."""


def nothing(_name: str) -> None:
    """Goes wrong nowhere."""


@dataclass
class Device:
    """A horn as it hangs there: what it has played it has played. before and after raise what a test wants."""

    before: Callable[[str], None] = nothing
    after: Callable[[str], None] = nothing
    played: list[tuple[str, str, float]] = field(default_factory=list)
    addresses: list[HornAddress] = field(default_factory=list)

    def horn(self, address: HornAddress) -> Horn:
        self.addresses.append(address)
        return _Hanging(self, address)


@dataclass(frozen=True)
class _Hanging:
    device: Device
    address: HornAddress

    def play(self, sound: Sound, name: str) -> str:
        self.device.before(name)
        self.device.played.append((self.address.loudspeaker_id, name, sound.seconds))
        self.device.after(name)
        return "it was played"


def failing(error: BaseException, times: int = 1) -> Callable[[str], None]:
    left = [error] * times

    def fail(_name: str) -> None:
        if left:
            raise left.pop()

    return fail


@dataclass
class Square:
    """Everything a test says about one loudspeaker."""

    sessions: Sessions
    folder: Path
    device: Device
    operator: User
    at: datetime = AT

    def passes(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)

    @contextmanager
    def queue(
        self, voice: Voice | None = None, device: Device | None = None, disk: DiskCalls | None = None
    ) -> Iterator[HornQueue]:
        """A process of its own, as far as the vault and the leases can tell. voice: None: one that hums every word."""
        (self.folder / "hum.wav").write_bytes(TONE.as_wav())
        with Vault.open(self.folder / "vault", disk) as vault:
            yield HornQueue(
                sessions=self.sessions,
                vault=vault,
                at_hand=AtHand(self.folder / "vault"),
                key=KEY,
                horn_for=(device or self.device).horn,
                voice=voice or Voice("hum", ("cat", str(self.folder / "hum.wav"))),
                language="zh",
                clock=lambda: self.at,
            )

    def works(self, **how: Any) -> None:
        """The promises are taken up, and what can be said is said."""
        with self.queue(**how) as queue:
            queue.take_up_promises()
            for horn in queue.with_work():
                queue.play_all(horn)

    def press(self, words: speaking.Words | str = "请离开", **differs: Any) -> Announcement:
        with transaction(self.sessions) as session:
            return speaking.say(
                session,
                differs.pop("loudspeaker_id", HORN),
                speaking.Typed(words) if isinstance(words, str) else words,
                by=differs.pop("by", self.operator),
                at=self.at,
                language="zh",
                **differs,
            )

    def said(self) -> list[Announcement]:
        """In the order in which they were asked for."""
        with reading(self.sessions) as session:
            return list(session.scalars(select(Announcement).order_by(Announcement.asked_at, Announcement.text)))


def make_square(sessions: Sessions, folder: Path, **loudspeaker: Any) -> Square:
    with transaction(sessions) as session:
        rows.add_street(session, recording_id=None)
        session.add(Loudspeaker(**({"id": HORN, "camera_id": "gate-3", "driver": "file"} | loudspeaker)))
        operator = rows.add_user(session, "wang.wei", role=Role.OPERATOR)
    return Square(sessions, folder, Device(), operator)
