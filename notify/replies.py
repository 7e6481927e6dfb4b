"""Replies: what people answer to our messages. Who says stop, or that the number is wrong, gets no further message.

What a reply means goes by the words in messages.toml; whatever else it says is sealed and left for a person to read.
"""

import re
import unicodedata
import uuid
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from models.database import insert_into
from models.enums import ReplyMeaning
from models.personal_data import PersonalDataKey
from models.replies import DoNotContact, InboundReply
from notify.errors import Replayed, Unreadable
from notify.messages import wordings

LONGEST_TEXT = 2000
E164 = re.compile(r"\+[1-9][0-9]{6,14}")
NATIONAL = re.compile(r"1[3-9][0-9]{9}")  # a mobile number of the mainland


@dataclass(frozen=True)
class Reply:
    gateway: str
    provider_id: str
    phone: str = field(repr=False)
    text: str = field(repr=False)


def meaning_of(text: str) -> ReplyMeaning:
    bare = re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())
    for name, words in wordings()["reply"].items():
        if bare in words["whole"] or any(part in bare for part in words["part"]):
            return ReplyMeaning(name)
    return ReplyMeaning.OTHER


def take(session: Session, reply: Reply, key: PersonalDataKey, *, at: datetime) -> ReplyMeaning:
    """Puts the reply on record and honours it. Raises Unreadable, Replayed; then nothing is changed."""
    phone = international(reply.phone)
    if not reply.provider_id:
        raise Unreadable("the reply has no id")
    meaning, reply_id = meaning_of(reply.text), uuid.uuid4()
    written = session.scalar(
        insert_into(session, InboundReply)
        .values(
            id=reply_id,
            gateway=reply.gateway,
            provider_id=reply.provider_id,
            meaning=meaning,
            text_sealed=key.seal(reply.text[:LONGEST_TEXT], f"inbound_reply.text:{reply_id}"),
            phone_sealed=key.seal(phone, f"inbound_reply.phone:{reply_id}"),
            phone_index=key.index(phone),
            received_at=at,
        )
        .on_conflict_do_nothing()
        .returning(InboundReply.id)
    )
    if written is None:
        raise Replayed(f"this reply by {reply.gateway}")
    if meaning in (ReplyMeaning.STOP, ReplyMeaning.WRONG_NUMBER):
        row_id = uuid.uuid4()
        session.execute(
            insert_into(session, DoNotContact)
            .values(
                id=row_id,
                phone_sealed=key.seal(phone, f"do_not_contact.phone:{row_id}"),
                phone_index=key.index(phone),
                why=meaning,
                reply_id=reply_id,
                since_at=at,
            )
            .on_conflict_do_nothing()
        )
    elif meaning is ReplyMeaning.START:
        # a number that is not the owner's does not become it by wishing for messages
        session.execute(
            delete(DoNotContact).where(
                DoNotContact.phone_index.in_(key.indexes(phone)), DoNotContact.why == ReplyMeaning.STOP
            )
        )
    session.flush()
    return meaning


def is_silenced(session: Session, key: PersonalDataKey, phone: str) -> bool:
    """Whether nothing may be sent to this number any more."""
    indexes = [index for form in {phone, _or_same(phone)} for index in key.indexes(form)]
    return bool(session.scalar(select(exists().where(DoNotContact.phone_index.in_(indexes)))))


def international(phone: str) -> str:
    """The number with its country code, as owners' numbers are kept. Raises Unreadable."""
    bare = re.sub(r"[\s()-]", "", unicodedata.normalize("NFKC", phone))
    if NATIONAL.fullmatch(bare):
        return f"+86{bare}"
    if re.fullmatch(r"86(1[3-9][0-9]{9})", bare):
        return f"+{bare}"
    if not E164.fullmatch(bare):
        raise Unreadable("the sender is no phone number")
    return bare


def _or_same(phone: str) -> str:
    try:
        return international(phone)
    except Unreadable:
        return phone
