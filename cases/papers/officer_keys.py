"""Officers' keys: an Ed25519 key for each who signs, that opens with the officer's password and in no other way.

The private key is encrypted under a key made of the password (argon2id), and what comes of that is sealed with the
site's own key: neither a copy of the database nor the site's key alone signs in anybody's name. A password that was
changed does not open the old key; then a new one is made, and what the old one signed stays checkable.
"""

import base64
import hashlib
import os
import uuid
from datetime import datetime

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import select
from sqlalchemy.orm import Session

from cases import passwords
from cases.accounts import put_on_record
from cases.papers.errors import PaperRefused
from models.enums import AccountAct
from models.papers import OfficerKey
from models.people import User
from models.personal_data import PersonalDataKey

SALT_BYTES, NONCE_BYTES, SECRET_BYTES = 16, 12, 32
# as passwords themselves are hashed, cases/passwords.py
TIME_COST, MEMORY_KIB, LANES = 2, 19 * 1024, 1


def opened(
    session: Session, user: User, password: str, *, key: PersonalDataKey, at: datetime
) -> tuple[OfficerKey, Ed25519PrivateKey]:
    """The user's key in use, made where there is none that this password opens. Raises PaperRefused.

    key: the site's.
    """
    locked = session.get_one(User, user.id, with_for_update=True)
    if not passwords.fits(locked.password_hash, password):
        raise PaperRefused("wrong_password")
    row = session.scalar(select(OfficerKey).where(OfficerKey.user_id == user.id, OfficerKey.ended_at.is_(None)))
    if row is not None:
        private = _opened(row, password, key)
        if private is not None:
            return row, private
        row.ended_at = at  # of a password from before
        session.flush()
    return _made(session, locked, password, key, at)


def _made(
    session: Session, user: User, password: str, key: PersonalDataKey, at: datetime
) -> tuple[OfficerKey, Ed25519PrivateKey]:
    private = Ed25519PrivateKey.generate()
    public = private.public_key()
    row_id = uuid.uuid4()
    salt, nonce = os.urandom(SALT_BYTES), os.urandom(NONCE_BYTES)
    secret = AESGCM(_from_password(password, salt)).encrypt(nonce, private.private_bytes_raw(), row_id.bytes)
    row = OfficerKey(
        id=row_id,
        user_id=user.id,
        key_id=hashlib.sha256(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest(),
        public_pem=public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
        private_sealed=key.seal(base64.b64encode(salt + nonce + secret).decode(), _where(row_id)),
        made_at=at,
    )
    session.add(row)
    session.flush()
    put_on_record(session, user, AccountAct.SIGNING_KEY_MADE, actor=user.name, at=at, key=row.key_id)
    return row, private


def _opened(row: OfficerKey, password: str, key: PersonalDataKey) -> Ed25519PrivateKey | None:
    held = base64.b64decode(key.open(row.private_sealed, _where(row.id)))
    salt, nonce, secret = (
        held[:SALT_BYTES],
        held[SALT_BYTES : SALT_BYTES + NONCE_BYTES],
        held[SALT_BYTES + NONCE_BYTES :],
    )
    try:
        raw = AESGCM(_from_password(password, salt)).decrypt(nonce, secret, row.id.bytes)
    except InvalidTag:
        return None
    return Ed25519PrivateKey.from_private_bytes(raw)


def _from_password(password: str, salt: bytes) -> bytes:
    return hash_secret_raw(password.encode(), salt, TIME_COST, MEMORY_KIB, LANES, SECRET_BYTES, Type.ID)


def _where(row_id: uuid.UUID) -> str:
    return f"officer_key.private:{row_id}"
