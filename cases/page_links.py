"""The pages behind messages: a link that cannot be guessed, made as the message is written, and read when it is opened.

Only the SHA-256 of its token is kept, so a copy of the table opens no page. A link says nothing of whom it is for.
"""

import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from evidence.digest import sha256_of_bytes
from models.dispatch import PageLink

TOKEN_BYTES = 12  # 96 bits: a machine that asks a thousand times a second does not find one in the age of the sun
OWNER_HAS = timedelta(days=30)  # to look, and to say something for the defence
OFFICER_HAS = timedelta(days=2)


@dataclass(frozen=True)
class PageLinks:
    """Makes links for letters. base_url: where the pages are reached from outside, `https://desk.example`."""

    base_url: str

    def __call__(self, session: Session, kind: str, payload: Mapping[str, Any], at: datetime) -> str | None:
        """The address of the page this message leads to; None where it leads to none."""
        if kind == "move_vehicle":
            link = {"notice_id": uuid.UUID(payload["notice_id"])}
            path, lasts = "m", OWNER_HAS
        elif "dispatch_id" in payload:
            link = {
                "dispatch_id": uuid.UUID(payload["dispatch_id"]),
                "officer_id": uuid.UUID(payload["officer_id"]),
            }
            path, lasts = "o", OFFICER_HAS
        else:
            return None
        token = secrets.token_urlsafe(TOKEN_BYTES)
        session.add(
            PageLink(
                token_digest=digest_of(token),
                incident_id=uuid.UUID(payload["incident_id"]),
                made_at=at,
                expires_at=at + lasts,
                **link,
            )
        )
        return f"{self.base_url}/{path}/{token}"


def digest_of(token: str) -> str:
    return sha256_of_bytes(token.encode())


def opened(session: Session, token: str, at: datetime) -> PageLink | None:
    """The link with this token, while it holds."""
    return session.scalar(select(PageLink).where(PageLink.token_digest == digest_of(token), PageLink.expires_at > at))
