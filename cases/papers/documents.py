"""Documents: papers of a case file made from its rows, kept by digest, brought out as DOCX, PDF or slip.

A paper that would be the same as its newest version is that version. While nobody has signed it, a new version keeps
its number; what was signed under a number stands, and is made anew only under another (cases/papers/registry.py).
"""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from cases import parties
from cases.casework import steps
from cases.casework.errors import UnknownFile
from cases.casework.steps import By
from cases.papers import contents, registry
from cases.papers.bureau import read_bureau
from cases.papers.composer import Composer, values
from cases.papers.errors import PaperDamaged, PaperRefused
from cases.papers.filling import Template, fill, template_of
from cases.papers.kinds import KINDS, OF, Kind, Need, about, fits, is_record, lacking
from cases.papers.matter import Matter, load
from cases.papers.paper_pdf import pdf_of
from cases.papers.rights import rights_on
from cases.papers.slip import slip_of
from cases.papers.terms import terms_on
from cases.records import reading
from evidence import custody
from evidence.at_hand import AtHand
from evidence.digest import sha256_of_bytes
from evidence.errors import EvidenceError
from evidence.sealing import keep_object
from evidence.vault import PendingObject, Vault
from models.case_files import CaseFile
from models.enums import CustodyAct, FileAct, PaperKind, PartyAct, SheetState
from models.exhibits import SealedObject
from models.papers import FilePaper, NumberedSheet, PaperSignature
from models.parties import FileParty, Party
from models.personal_data import PersonalDataKey

DOCX_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PDF_TYPE = "application/pdf"
Form = Literal["docx", "pdf", "slip"]


@dataclass
class Press:
    """Where papers are made. folder: the site's own of papers; key: what opens names and addresses.

    Made by `opened`, which settles what was kept once the caller has committed.
    """

    vault: Vault
    at_hand: AtHand
    folder: Path | None = None
    key: PersonalDataKey | None = None
    kept: list[PendingObject] = field(default_factory=list)

    def keep(self, session: Session, held: bytes, suffix: str, media_type: str, *, at: datetime) -> SealedObject:
        pending = self.vault.take(lambda path: _write(path, held), suffix)
        self.kept.append(pending)
        return keep_object(session, self.vault, pending, media_type, at=at)


@contextmanager
def opened(at_hand: AtHand, *, folder: Path | None, key: PersonalDataKey | None) -> Iterator[Press]:
    """The transaction is inside of it, so that what is kept is settled after its commit. Raises VaultError."""
    with Vault.open(at_hand.vault_root) as vault:
        press = Press(vault, at_hand, folder, key)
        try:
            yield press
        except BaseException:
            for pending in press.kept:
                vault.discard(pending)
            raise
        for pending in press.kept:
            vault.settle(pending)


@dataclass(frozen=True)
class Possible:
    """A paper that a case file of this kind can have. lacks: what it still needs; newest: its newest version."""

    kind: Kind
    about: str
    lacks: tuple[Need, ...]
    newest: FilePaper | None


def possible(session: Session, matter: Matter) -> list[Possible]:
    """Every paper there can be, in the order of a matter's way."""
    newest = _newest(session, matter.file.id)
    found = []
    for kind in KINDS:
        if not fits(kind, matter) and not any(key[0] is kind.kind for key in newest):
            continue
        abouts = about(kind, matter)
        older = [key[1] for key in newest if key[0] is kind.kind and key[1] not in abouts]
        lacks = lacking(kind, matter)
        found += [Possible(kind, each, (), newest[kind.kind, each]) for each in older]
        found += [Possible(kind, each, lacks, newest.get((kind.kind, each))) for each in abouts or ("",)]
    return found


def make(
    session: Session,
    file_id: uuid.UUID,
    kind: PaperKind,
    *,
    by: By,
    at: datetime,
    press: Press,
    of: str | None = None,
) -> FilePaper:
    """The newest version of the paper, made anew where it would say something else than the last.

    of: the row it is about, where there can be several; None: the newest. Raises PaperRefused, TemplateRefused,
    UnknownFile, VaultError.
    """
    matter = _locked(session, file_id, press, at)
    abouts = about(OF[kind], matter)
    wanted = (abouts[-1] if abouts else "") if of is None else of
    _check(OF[kind], matter, wanted, abouts)
    return _make(session, matter, OF[kind], wanted, by=by, at=at, press=press)


def make_all(session: Session, file_id: uuid.UUID, *, by: By, at: datetime, press: Press) -> list[FilePaper]:
    """Every paper the case file allows now, but for those made on request alone and those that are signed.

    All or none: a template that does not fill refuses them all. Raises as `make` does.
    """
    matter = _locked(session, file_id, press, at)
    signed = _signed(session, file_id)
    made = []
    for each in possible(session, matter):
        if (each.kind.on_request and not is_record(each.about)) or each.lacks or not fits(each.kind, matter):
            continue
        if each.about not in about(each.kind, matter) or (each.newest is not None and each.newest.id in signed):
            continue
        made.append(_make(session, matter, each.kind, each.about, by=by, at=at, press=press))
    return made


def papers_of(session: Session, file_id: uuid.UUID) -> Sequence[FilePaper]:
    """Every version with its sheet and signatures, newest of each first, in the order of the kinds."""
    asked = (
        select(FilePaper)
        .where(FilePaper.file_id == file_id)
        .options(
            joinedload(FilePaper.sheet),
            selectinload(FilePaper.signatures).joinedload(PaperSignature.user),
        )
        .order_by(FilePaper.version.desc())
    )
    order = list(PaperKind)
    return sorted(session.scalars(asked), key=lambda paper: (order.index(paper.kind), paper.about, -paper.version))


def find(session: Session, paper_id: uuid.UUID) -> FilePaper | None:
    """With its sheet and signatures."""
    options = (joinedload(FilePaper.sheet), selectinload(FilePaper.signatures).joinedload(PaperSignature.user))
    return session.get(FilePaper, paper_id, options=options)


def bytes_of(session: Session, paper: FilePaper, form: Form, *, at: datetime, press: Press) -> bytes:
    """The paper as it is kept; a PDF nobody asked for before is made now. Raises PaperDamaged, VaultError.

    The PDF of a paper that was signed is the one its newest signature was set on.
    """
    if form == "docx":
        return docx_of(paper, press.at_hand)
    if form == "slip":
        if not OF[paper.kind].slip:
            raise PaperRefused("no_slip")
        return slip_of(docx_of(paper, press.at_hand), _link(paper, press))
    newest = session.scalar(
        select(PaperSignature.pdf_sha256)
        .where(PaperSignature.paper_id == paper.id)
        .order_by(PaperSignature.signed_at.desc(), PaperSignature.id)
        .limit(1)
    )
    if newest is None and paper.pdf_sha256 is None:
        held = pdf_of(docx_of(paper, press.at_hand))
        paper.pdf_sha256 = press.keep(session, held, ".pdf", PDF_TYPE, at=at).sha256
        session.flush()
        return held
    sha256 = newest or paper.pdf_sha256
    assert sha256 is not None
    return kept_pdf(sha256, press.at_hand)


def look(session: Session, paper: FilePaper, form: Form, *, by: By, at: datetime, press: Press) -> bytes:
    """As `bytes_of`, for somebody who is shown it: the party's name stands in it in clear, so the look is on record."""
    held = bytes_of(session, paper, form, at=at, press=press)
    parties_shown = select(Party).join(FileParty, FileParty.party_id == Party.id)
    shown = parties_shown.where(FileParty.file_id == paper.file_id, FileParty.ended_at.is_(None))
    reason = f"paper {paper.kind.value} version {paper.version}"
    for party in session.scalars(shown):
        parties.put_on_record(session, party, PartyAct.LOOKED, by=by, at=at, reason=reason)
    record = reading.record_of(session, paper.about)
    if record is not None:
        reading.put_on_record(session, record, by=by, reason=reason, at=at)
    return held


def docx_of(paper: FilePaper, at_hand: AtHand) -> bytes:
    """Raises PaperDamaged."""
    return _read(at_hand, paper.sha256, ".docx")


def kept_pdf(sha256: str, at_hand: AtHand) -> bytes:
    """Raises PaperDamaged."""
    return _read(at_hand, sha256, ".pdf")


def file_name_of(paper: FilePaper, form: Form) -> str:
    """For who takes it home: `行政处罚决定书-〔2026〕城管罚决字第0001号-v1.pdf`."""
    number = f"-{paper.sheet.text}" if paper.sheet is not None else ""
    ending = {"docx": ".docx", "pdf": ".pdf", "slip": "-80mm.pdf"}[form]
    return f"{OF[paper.kind].name}{number}-v{paper.version}{ending}"


# --- one paper


def _make(session: Session, matter: Matter, kind: Kind, of: str, *, by: By, at: datetime, press: Press) -> FilePaper:
    file = matter.file
    newest = session.scalar(
        select(FilePaper)
        .where(FilePaper.file_id == file.id, FilePaper.kind == kind.kind, FilePaper.about == of)
        .options(joinedload(FilePaper.sheet))
        .order_by(FilePaper.version.desc())
        .limit(1)
    )
    sheet = _sheet(session, matter, kind, of, newest, by=by, at=at)
    on = matter.conduct_on if matter.decision is None else matter.decision.decided_on
    composer = contents.compose(
        matter,
        kind.kind,
        of,
        sheet.text if sheet is not None else _given_number(matter, kind.kind, of) or "",
        read_bureau(press.folder),
        rights_on(on),
        terms_on(on),
    )
    template = template_of(kind.kind, press.folder)
    held = fill(template, values(composer), _pictures(session, composer, press))
    if newest is not None and newest.sha256 == sha256_of_bytes(held):
        return newest
    if newest is not None and sheet is not None and _is_signed(session, newest):
        raise PaperRefused("signed_under_number", number=sheet.text)
    paper = _keep(session, composer, newest, sheet, template, held, by=by, at=at, press=press)
    if sheet is not None and sheet.state is SheetState.DRAWN:
        registry.use(session, sheet, f"file_paper:{paper.id}", by=by, at=at)
    if composer.pictures and file.incident_id is not None:
        custody.record(
            session,
            file.incident_id,
            CustodyAct.PRINTED,
            actor=by.name,
            at=at,
            reason=f"pictures in a paper of case file {file.number or file.id}: {kind.kind.value}",
        )
    return paper


def _keep(
    session: Session,
    composer: Composer,
    newest: FilePaper | None,
    sheet: NumberedSheet | None,
    template: Template,
    held: bytes,
    *,
    by: By,
    at: datetime,
    press: Press,
) -> FilePaper:
    file = composer.matter.file
    sealed = press.keep(session, held, ".docx", DOCX_TYPE, at=at)
    paper = FilePaper(
        id=uuid.uuid4(),
        file_id=file.id,
        kind=composer.kind,
        about=composer.about,
        version=newest.version + 1 if newest else 1,
        sheet_id=sheet.id if sheet else None,
        sha256=sealed.sha256,
        template=template.name,
        template_sha256=template.sha256,
        sources=[
            {"mark": mark, "kind": source.kind, "ref": source.ref, "text": source.text}
            for mark, source in composer.marks.listed()
        ],
        made_by=by.name,
        made_by_id=by.user.id if by.user else None,
        made_at=at,
    )
    paper.sheet = sheet
    session.add(paper)
    session.flush()
    facts = {
        "paper": str(paper.id),
        "kind": paper.kind.value,
        "version": paper.version,
        "number": sheet.text if sheet else None,
        "sha256": paper.sha256,
    }
    steps.note(session, file, FileAct.DOCUMENT_MADE, by=by, at=at, facts=facts)
    return paper


def _sheet(
    session: Session, matter: Matter, kind: Kind, of: str, newest: FilePaper | None, *, by: By, at: datetime
) -> NumberedSheet | None:
    """The one its newest version has, unless that was voided; else the one whose number was given; else the next."""
    if kind.series is None:
        return None
    if newest is not None and newest.sheet is not None and newest.sheet.state is not SheetState.VOIDED:
        return newest.sheet
    given = _given_number(matter, kind.kind, of)
    if given is not None:
        return session.scalar(
            select(NumberedSheet).where(
                NumberedSheet.text == given, NumberedSheet.state.in_((SheetState.DRAWN, SheetState.USED))
            )
        )
    return registry.draw(session, kind.series, by=by, at=at, file_id=matter.file.id)


def _given_number(matter: Matter, kind: PaperKind, of: str) -> str | None:
    """Of a measure: it was recorded under the number of its paper."""
    measure = next((each for each in matter.measures if of == f"measure:{each.id}"), None)
    if measure is None:
        return None
    return measure.end_document if kind is PaperKind.RELEASE_DECISION else measure.document


def _pictures(session: Session, composer: Composer, press: Press) -> dict[str, bytes]:
    """What is gone, or cannot be had now, stays out of the paper; its caption and its mark stay."""
    wanted = [picture["sha256"] for picture in composer.pictures]
    if not wanted:
        return {}
    found = {}
    for sealed in session.scalars(select(SealedObject).where(SealedObject.sha256.in_(wanted))):
        try:
            found[sealed.sha256] = press.at_hand.path(sealed.sha256, sealed.suffix).read_bytes()
        except EvidenceError:
            continue
    return found


def _locked(session: Session, file_id: uuid.UUID, press: Press, at: datetime) -> Matter:
    """The file's row is locked, so that versions and events have one order."""
    if session.get(CaseFile, file_id, with_for_update=True) is None:
        raise UnknownFile(file_id)
    return load(session, file_id, key=press.key, at=at)


def _check(kind: Kind, matter: Matter, wanted: str, abouts: tuple[str, ...]) -> None:
    if lacks := lacking(kind, matter):
        raise PaperRefused(f"lacks_{lacks[0].value}")
    if wanted not in abouts:
        raise PaperRefused("about_nothing")


def _newest(session: Session, file_id: uuid.UUID) -> dict[tuple[PaperKind, str], FilePaper]:
    found: dict[tuple[PaperKind, str], FilePaper] = {}
    for paper in papers_of(session, file_id):
        found.setdefault((paper.kind, paper.about), paper)
    return found


def _signed(session: Session, file_id: uuid.UUID) -> set[uuid.UUID]:
    asked = select(PaperSignature.paper_id).join(FilePaper, FilePaper.id == PaperSignature.paper_id)
    return set(session.scalars(asked.where(FilePaper.file_id == file_id)))


def _is_signed(session: Session, paper: FilePaper) -> bool:
    return session.scalar(select(PaperSignature.id).where(PaperSignature.paper_id == paper.id).limit(1)) is not None


def _link(paper: FilePaper, press: Press) -> str:
    """What the QR picture of a slip leads to; "": it has none."""
    bureau = read_bureau(press.folder)
    return bureau.objection_url if paper.kind is PaperKind.WINDOW_SLIP else bureau.pay_url


def _read(at_hand: AtHand, sha256: str, suffix: str) -> bytes:
    try:
        return at_hand.path(sha256, suffix).read_bytes()
    except EvidenceError as error:
        raise PaperDamaged(str(error)) from error


def _write(path: Path, held: bytes) -> None:
    path.write_bytes(held)
