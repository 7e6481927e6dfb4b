"""Signing: an officer's signature over a paper's digest and the number of its case, and the check of it.

What is signed is a statement, canonical JSON, that names the paper, the digests of its DOCX and of the PDF with this
name on it, who signs, at which place and when. It is no signature certified under 电子签名法: docs/papers.md says why.
"""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from cases.casework import steps
from cases.casework.days import local_date
from cases.casework.steps import By
from cases.entitlements import Right, Scope, scope_of
from cases.papers import documents, officer_keys, signature_images
from cases.papers.documents import PDF_TYPE, Press
from cases.papers.errors import PaperRefused
from cases.papers.kinds import BY_HAND, OF, OFFICERS, Place
from cases.papers.paper_pdf import Signed, pdf_of
from cases.papers.wording import day, minute
from cases.records import reading
from cases.scope import files_within
from evidence import signature as ed25519
from evidence.at_hand import AtHand
from evidence.canonical import canonical, instant
from evidence.digest import sha256_of_bytes
from models.case_files import CaseFile, FileHearing, FileOfficer
from models.enums import FileAct, RecordKind, Role, SheetState
from models.papers import FilePaper, OfficerKey, PaperSignature
from models.people import User
from models.personal_data import PersonalDataKey
from models.records import FileRecord

WHAT = "streetwitness paper signature 1"
KEY_SHOWN = 16


@dataclass(frozen=True)
class Verdict:
    """Of one signature. faults: keys of what does not hold; none: it holds."""

    signature_id: uuid.UUID
    name: str
    place: Place
    signed_at: datetime
    key_id: str
    faults: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return not self.faults


def places_for(session: Session, paper: FilePaper, user: User) -> tuple[Place, ...]:
    """Where this user may sign this paper, of the places nobody has signed at yet."""
    taken = set(session.scalars(select(PaperSignature.place).where(PaperSignature.paper_id == paper.id)))
    wanted = [place for place in OF[paper.kind].places if place not in BY_HAND and place.value not in taken]
    if not wanted:
        return ()
    record = reading.record_of(session, paper.about)
    if record is not None:
        return tuple(place for place in wanted if place in _of_record(record, user))
    officers = {
        row.user_id: Place(f"officer_{row.place}")
        for row in session.scalars(
            select(FileOfficer).where(FileOfficer.file_id == paper.file_id, FileOfficer.ended_at.is_(None))
        )
    }
    own = {officers[user.id]} if user.id in officers else set()
    if user.id not in officers:
        own |= _by_role(session, paper, user)
    return tuple(place for place in wanted if place in own)


def sign(
    session: Session,
    paper_id: uuid.UUID,
    *,
    user: User,
    password: str,
    at: datetime,
    press: Press,
    place: Place | None = None,
) -> PaperSignature:
    """Signs the newest version of a paper. place: None: the first that is this user's.

    Raises PaperRefused: no place for this user, a newer version, a voided number, the wrong password; PaperDamaged.
    """
    key_row, private = _key(session, user, password, at, press)
    return _sign(session, paper_id, user, (key_row, private), place, at, press)


def sign_all(
    session: Session, paper_ids: Sequence[uuid.UUID], *, user: User, password: str, at: datetime, press: Press
) -> list[PaperSignature]:
    """Each at the first place that is this user's, all or none: opening the key is most of the work. Raises as
    `sign` does.
    """
    key = _key(session, user, password, at, press)
    return [_sign(session, paper_id, user, key, None, at, press) for paper_id in paper_ids]


def _key(
    session: Session, user: User, password: str, at: datetime, press: Press
) -> tuple[OfficerKey, Ed25519PrivateKey]:
    if press.key is None:
        raise PaperRefused("no_key")
    return officer_keys.opened(session, user, password, key=press.key, at=at)


def _sign(
    session: Session,
    paper_id: uuid.UUID,
    user: User,
    key: tuple[OfficerKey, Ed25519PrivateKey],
    place: Place | None,
    at: datetime,
    press: Press,
) -> PaperSignature:
    key_row, private = key
    paper = session.get_one(FilePaper, paper_id, with_for_update=True, populate_existing=True)
    file = session.get_one(CaseFile, paper.file_id)
    session.refresh(paper, ["sheet", "signatures"])
    assert press.key is not None, "the key could not have been opened"
    _is_fit(session, paper)
    if any(each.user_id == user.id for each in paper.signatures):
        raise PaperRefused("signed_by_you")
    places = places_for(session, paper, user)
    if place is None and places:
        place = places[0]
    if place is None or place not in places:
        raise PaperRefused("no_place_for_you")
    image = signature_images.in_use(session, user.id)
    docx = documents.docx_of(paper, press.at_hand)
    signature_id = uuid.uuid4()
    pdf = _signed_pdf(session, file, paper, docx, (user, place, image, key_row.key_id, at), press.key)
    sealed = press.keep(session, pdf, ".pdf", PDF_TYPE, at=at)
    statement = canonical(
        {
            "what": WHAT,
            "signature": str(signature_id),
            "case": file.number,
            "file": str(file.id),
            "paper": str(paper.id),
            "kind": paper.kind.value,
            "version": paper.version,
            "number": paper.sheet.text if paper.sheet else None,
            "docx_sha256": paper.sha256,
            "pdf_sha256": sealed.sha256,
            "place": place.value,
            "signer": user.name,
            "signer_id": str(user.id),
            "key": key_row.key_id,
            "at": instant(at),
        }
    )
    row = PaperSignature(
        id=signature_id,
        paper_id=paper.id,
        user_id=user.id,
        place=place.value,
        key_id=key_row.id,
        image_id=image.id if image else None,
        pdf_sha256=sealed.sha256,
        statement=statement.decode(),
        signature=private.sign(statement),
        signed_at=at,
    )
    session.add(row)
    session.flush()
    facts = {
        "paper": str(paper.id),
        "kind": paper.kind.value,
        "signature": str(row.id),
        "place": place.value,
        "key": key_row.key_id,
        "docx_sha256": paper.sha256,
        "pdf_sha256": sealed.sha256,
    }
    steps.note(session, file, FileAct.DOCUMENT_SIGNED, by=By.person(user), at=at, facts=facts)
    return row


def verify(session: Session, paper_id: uuid.UUID, at_hand: AtHand) -> list[Verdict]:
    """Every signature of the paper, held against the bytes that are kept. Raises PaperDamaged where they are not
    those that were made, which nobody's signature needs to tell.
    """
    paper = session.get_one(FilePaper, paper_id, options=[joinedload(FilePaper.sheet)])
    file = session.get_one(CaseFile, paper.file_id)
    docx = documents.docx_of(paper, at_hand)
    return [
        _verdict(row, paper, file, docx, documents.kept_pdf(row.pdf_sha256, at_hand))
        for row in _signatures(session, paper_id)
    ]


def faults_of(statement: bytes, signature: bytes, public_pem: bytes, *, docx: bytes, pdf: bytes) -> tuple[str, ...]:
    """Pure: whether the key's owner signed this statement, and whether it speaks of these bytes."""
    if not ed25519.check(public_pem, statement, signature):
        return ("not_signed",)
    said: dict[str, Any] = json.loads(statement)
    faults = []
    if said.get("what") != WHAT:
        faults.append("another_statement")
    if said.get("key") != ed25519.key_id_of(public_pem):
        faults.append("another_key")
    if said.get("docx_sha256") != sha256_of_bytes(docx):
        faults.append("docx_changed")
    if said.get("pdf_sha256") != sha256_of_bytes(pdf):
        faults.append("pdf_changed")
    return tuple(faults)


def _verdict(row: PaperSignature, paper: FilePaper, file: CaseFile, docx: bytes, pdf: bytes) -> Verdict:
    statement = row.statement.encode()
    faults = faults_of(statement, row.signature, row.key.public_pem.encode(), docx=docx, pdf=pdf)
    if "not_signed" not in faults:
        said: dict[str, Any] = json.loads(statement)
        expected = {
            "case": file.number,
            "paper": str(paper.id),
            "file": str(file.id),
            "kind": paper.kind.value,
            "version": paper.version,
            "number": paper.sheet.text if paper.sheet else None,
            "signer_id": str(row.user_id),
            "place": row.place,
            "at": instant(row.signed_at),
        }
        # a file gets its number after its first papers: what was signed before it has one says so
        faults += tuple(
            f"other_{name}"
            for name, value in expected.items()
            if said.get(name) != value and not (name == "case" and said.get(name) is None)
        )
    return Verdict(row.id, row.user.display_name, Place(row.place), row.signed_at, row.key.key_id, faults)


def _signatures(session: Session, paper_id: uuid.UUID) -> Sequence[PaperSignature]:
    options = (joinedload(PaperSignature.user), joinedload(PaperSignature.key), joinedload(PaperSignature.image))
    asked = select(PaperSignature).where(PaperSignature.paper_id == paper_id).options(*options)
    return session.scalars(asked.order_by(PaperSignature.signed_at, PaperSignature.id)).all()


def _is_fit(session: Session, paper: FilePaper) -> None:
    newer = select(FilePaper.id).where(
        FilePaper.file_id == paper.file_id,
        FilePaper.kind == paper.kind,
        FilePaper.about == paper.about,
        FilePaper.version > paper.version,
    )
    if session.scalar(newer.limit(1)) is not None:
        raise PaperRefused("not_the_newest")
    if paper.sheet is not None and paper.sheet.state is SheetState.VOIDED:
        raise PaperRefused("number_voided", number=paper.sheet.text)


def _of_record(record: FileRecord, user: User) -> set[Place]:
    """Of the two it names: officers, or at a hearing its chair and its clerk."""
    places = (Place.CHAIR, Place.CLERK) if record.kind is RecordKind.HEARING else OFFICERS
    named = (record.first_id, record.second_id)
    return {place for place, user_id in zip(places, named, strict=True) if user_id == user.id}


def _by_role(session: Session, paper: FilePaper, user: User) -> set[Place]:
    """Of somebody who does not investigate this matter."""
    found = set()
    for place, right, role in (
        (Place.LEGAL_REVIEWER, Right.REVIEW_FILES, Role.LEGAL_REVIEWER),
        (Place.LEADER, Right.APPROVE_FILES, Role.LEADER),
        (Place.CLERK, Right.WORK_FILES, Role.OFFICER),
    ):
        if role in user.roles and _is_within(session, paper, scope_of(user, right)):
            found.add(place)
    chairs = select(FileHearing.chair_id).where(FileHearing.file_id == paper.file_id)
    if user.id in set(session.scalars(chairs)):
        found = (found - {Place.CLERK}) | {Place.CHAIR}
    return found


def _is_within(session: Session, paper: FilePaper, scope: Scope) -> bool:
    return session.scalar(select(CaseFile.id).where(CaseFile.id == paper.file_id, files_within(scope))) is not None


def _signed_pdf(
    session: Session,
    file: CaseFile,
    paper: FilePaper,
    docx: bytes,
    last: tuple[User, Place, Any, str, datetime],
    key: PersonalDataKey,
) -> bytes:
    """With every name on it so far, the one that is being added among them."""
    said = [
        (row.user.display_name, Place(row.place), row.image, row.key.key_id, row.signed_at)
        for row in _signatures(session, paper.id)
    ]
    user, place, image, key_id, at = last
    said.append((user.display_name, place, image, key_id, at))
    signatures = {
        place.value: Signed(
            name,
            day(local_date(signed_at, file.timezone)),
            signature_images.png_of(image, key) if image is not None else None,
        )
        for name, place, image, _, signed_at in said
    }
    lines = [f"本文书的电子文件：sha256:{paper.sha256}"]
    lines += [
        f"{name} 于{minute(signed_at, file.timezone)}电子签名（Ed25519，密钥 {key_id[:KEY_SHOWN]}…）"
        for name, _, _, key_id, signed_at in said
    ]
    return pdf_of(docx, signatures, lines)
