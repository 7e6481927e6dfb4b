"""Signature images: how a user signs by hand, as a small PNG, kept sealed; shown to that user and put on papers.

The picture is decoded and written anew, so nothing but its points is kept of what was handed in.
"""

import base64
import io
import uuid
from datetime import datetime

from PIL.PngImagePlugin import PngImageFile
from sqlalchemy import select
from sqlalchemy.orm import Session

from cases.accounts import put_on_record
from cases.papers.errors import PaperRefused
from models.enums import AccountAct
from models.papers import SignatureImage
from models.people import User
from models.personal_data import PersonalDataKey

LARGEST_BYTES = 200_000
LEAST_WIDTH, LEAST_HEIGHT = 60, 20
MOST_WIDTH, MOST_HEIGHT = 1200, 600


def put(session: Session, user: User, png: bytes, *, key: PersonalDataKey, at: datetime) -> SignatureImage:
    """In the place of the one before it. Raises PaperRefused for what is no PNG of a fit size."""
    held, width, height = written_anew(png)
    _end(session, user, at)
    row_id = uuid.uuid4()
    row = SignatureImage(
        id=row_id,
        user_id=user.id,
        image_sealed=key.seal(base64.b64encode(held).decode(), _where(row_id)),
        width_px=width,
        height_px=height,
        put_at=at,
    )
    session.add(row)
    session.flush()
    put_on_record(session, user, AccountAct.SIGNATURE_PUT, actor=user.name, at=at, image=str(row_id))
    return row


def remove(session: Session, user: User, *, at: datetime) -> bool:
    """From the next paper on; those that carry it keep it. False: there was none."""
    row = _end(session, user, at)
    if row is None:
        return False
    put_on_record(session, user, AccountAct.SIGNATURE_REMOVED, actor=user.name, at=at, image=str(row.id))
    return True


def in_use(session: Session, user_id: uuid.UUID) -> SignatureImage | None:
    return session.scalar(
        select(SignatureImage).where(SignatureImage.user_id == user_id, SignatureImage.ended_at.is_(None))
    )


def png_of(row: SignatureImage, key: PersonalDataKey) -> bytes:
    """Raises PersonalDataError."""
    return base64.b64decode(key.open(row.image_sealed, _where(row.id)))


def _where(row_id: uuid.UUID) -> str:
    return f"signature_image.image:{row_id}"


def _end(session: Session, user: User, at: datetime) -> SignatureImage | None:
    session.get_one(User, user.id, with_for_update=True)  # of two who put one at once, one is second
    row = in_use(session, user.id)
    if row is not None:
        row.ended_at = at
        session.flush()
    return row


def written_anew(png: bytes) -> tuple[bytes, int, int]:
    """Pure: the picture as a PNG of our own, with its width and height. Raises PaperRefused."""
    if len(png) > LARGEST_BYTES:
        raise PaperRefused("image_too_large", most=LARGEST_BYTES // 1000)
    try:
        # not Image.open: ultralytics puts its own in that place, which installs a package for what it does not know
        with PngImageFile(io.BytesIO(png)) as image:
            width, height = image.size
            if not (LEAST_WIDTH <= width <= MOST_WIDTH and LEAST_HEIGHT <= height <= MOST_HEIGHT):
                raise PaperRefused("image_size", width=MOST_WIDTH, height=MOST_HEIGHT)
            points = image.convert("RGBA")
    except (OSError, ValueError, SyntaxError) as error:
        raise PaperRefused("image_no_png") from error
    written = io.BytesIO()
    points.save(written, "PNG", optimize=True)
    return written.getvalue(), width, height
