"""Volumes as rows: asked for with a reason, made once by a worker, kept in the vault, handed out with a record of it.

Who asks writes a row and goes on; a worker makes it (cases/volume/making.py). A case file has as many as were asked
for, one after the other; what was made is never made otherwise.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from cases.casework import steps
from cases.casework.steps import By
from cases.errors import CaseError
from cases.languages import Language
from cases.volume.errors import VolumeRefused
from cases.volume.order import Order
from cases.volume.sharing import reason_of, shared
from evidence import custody
from evidence.digest import shown as digest_shown
from evidence.sealing import keep_object
from evidence.vault import PendingObject, Vault
from models.case_files import CaseFile
from models.enums import CustodyAct, FileAct, VolumeState
from models.people import User
from models.volumes import FileVolume

MEDIA_TYPE, SUFFIX = "application/pdf", ".pdf"
LONGEST_FAILURE, LONGEST_ENTRY = 500, 500


def ask(
    session: Session, file_id: uuid.UUID, *, by: User, reason: str, language: Language, order: Order, at: datetime
) -> FileVolume:
    """The row of what is wanted: the one that waits already, or the next. Raises VolumeRefused without a reason."""
    said = reason_of(reason)
    session.get_one(CaseFile, file_id, with_for_update=True)
    waiting = session.scalar(
        select(FileVolume).where(FileVolume.file_id == file_id, FileVolume.state == VolumeState.ASKED)
    )
    if waiting is not None:
        return waiting
    last = session.scalar(select(func.max(FileVolume.version)).where(FileVolume.file_id == file_id)) or 0
    row = FileVolume(
        file_id=file_id,
        version=last + 1,
        order=order.title,
        language=language,
        state=VolumeState.ASKED,
        asked_by_id=by.id,
        asked_at=at,
        reason=said,
    )
    session.add(row)
    session.flush()
    return row


def volumes_of(session: Session, file_id: uuid.UUID) -> Sequence[FileVolume]:
    """The newest first, each with its bytes' row and who asked."""
    return session.scalars(
        select(FileVolume)
        .where(FileVolume.file_id == file_id)
        .order_by(FileVolume.version.desc())
        .options(joinedload(FileVolume.sealed), joinedload(FileVolume.asked_by))
    ).all()


def find(session: Session, volume_id: uuid.UUID) -> FileVolume | None:
    """With its file, its bytes' row and who asked."""
    return session.scalar(
        select(FileVolume)
        .where(FileVolume.id == volume_id)
        .options(joinedload(FileVolume.sealed), joinedload(FileVolume.asked_by), joinedload(FileVolume.file))
    )


def to_do(session: Session) -> list[uuid.UUID]:
    """What is asked for and not made yet, oldest first."""
    asked = select(FileVolume.id).where(FileVolume.state == VolumeState.ASKED)
    return list(session.scalars(asked.order_by(FileVolume.asked_at, FileVolume.id)))


def came_to(session: Session, volume_id: uuid.UUID, done: int, parts: int) -> None:
    """How far the making has come."""
    row = session.get_one(FileVolume, volume_id)
    if row.state is VolumeState.ASKED:
        row.done, row.parts = done, parts


def made(
    session: Session,
    vault: Vault,
    volume_id: uuid.UUID,
    pending: PendingObject,
    *,
    pages: int,
    contents: list[Any],
    pictures: Sequence[str],
    at: datetime,
) -> bool:
    """Keeps it, with an event of the file and an entry of custody for each original that it shows; False where that was
    done before. pictures: their digests.

    Raises VaultFull or VaultFailed, and then the transaction is to end.
    """
    row = _locked(session, volume_id)
    if row is None:
        return False
    file = session.get_one(CaseFile, row.file_id)
    sealed = keep_object(session, vault, pending, MEDIA_TYPE, at=at)
    row.sha256, row.pages, row.contents = sealed.sha256, pages, contents
    row.state, row.made_at, row.done = VolumeState.MADE, at, row.parts
    facts = {"volume": str(row.id), "version": row.version, "sha256": sealed.sha256, "pages": pages, "order": row.order}
    steps.note(session, file, FileAct.VOLUME_MADE, by=By.person(row.asked_by), at=at, facts=facts)
    if file.incident_id is not None:
        what = f"volume {row.version} of the case file, {digest_shown(sealed.sha256)}: {row.reason}"
        for sha256 in dict.fromkeys(pictures):
            custody.record(
                session,
                file.incident_id,
                CustodyAct.DERIVED,
                actor=row.asked_by.name,
                at=at,
                reason=what[:LONGEST_ENTRY],
                sha256=sha256,
            )
    return True


def failed(session: Session, volume_id: uuid.UUID, why: str) -> None:
    row = _locked(session, volume_id)
    if row is not None:
        row.state, row.failure = VolumeState.FAILED, why[:LONGEST_FAILURE]


def taken_along(session: Session, volume_id: uuid.UUID, *, by: By, to: str, reason: str, at: datetime) -> FileVolume:
    """What is handed out, once that is on record: with the file, and with the incident whose pictures are in it.

    to: who gets it, in words. Raises VolumeRefused for one that is not made, or without a reason.
    """
    row = find(session, volume_id)
    if row is None or row.state is not VolumeState.MADE or row.sha256 is None:
        raise VolumeRefused("not_made")
    shared(session, row.file, "volume", by=by, to=to, reason=reason, at=at, volume=str(row.id), sha256=row.sha256)
    if row.file.incident_id is not None:
        custody.record(
            session,
            row.file.incident_id,
            CustodyAct.EXPORTED,
            actor=by.name,
            at=at,
            reason=f"volume {row.version} of the case file, {digest_shown(row.sha256)}: {reason_of(reason)}"[
                :LONGEST_ENTRY
            ],
        )
    return row


def _locked(session: Session, volume_id: uuid.UUID) -> FileVolume | None:
    """The row that waits; its file is locked first, as everybody does who writes an event."""
    file_id = session.scalar(select(FileVolume.file_id).where(FileVolume.id == volume_id))
    if file_id is None:
        raise CaseError(f"there is no volume {volume_id}")
    session.get_one(CaseFile, file_id, with_for_update=True)
    row = session.get_one(
        FileVolume, volume_id, options=[joinedload(FileVolume.asked_by)], with_for_update={"of": FileVolume}
    )
    return row if row.state is VolumeState.ASKED else None
