"""Webhooks out: the addresses of other systems that want to be told of incidents.

What is owed to them are outbox messages (models/promises.py); notify/hooks.py sends them.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, WithId, words
from models.enums import Offence


class Hook(Base, WithId):
    """acts: words of HookAct. area_id, offence: told of what happens there and for that; None: everywhere, for all.

    address_sealed and secret_sealed are under `hook.address:<id>` and `hook.secret:<id>`: an address may hold a token
    too, so pages show `host`. tried_at, last_error: of the last message; no error means that it was taken.
    """

    __tablename__ = "hook"
    __table_args__ = (
        CheckConstraint("label <> ''", name="has_label"),
        CheckConstraint("last_error IS NULL OR tried_at IS NOT NULL", name="error_has_time"),
    )

    label: Mapped[str] = mapped_column(String(100))
    host: Mapped[str] = mapped_column(String(260))
    address_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    secret_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    acts: Mapped[list[Any]]
    area_id: Mapped[str | None] = mapped_column(ForeignKey("area.id"))
    offence: Mapped[Offence | None] = mapped_column(words(Offence, "offence"))
    made_by: Mapped[str] = mapped_column(String(100))
    made_at: Mapped[datetime]
    switched_off_at: Mapped[datetime | None]  # None: it is on
    tried_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(Text)
