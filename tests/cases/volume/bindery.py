"""A matter led to the archive with its pictures in a real vault, papers as PDFs among them, and what binds a volume."""

import io
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from docx import Document
from reportlab.pdfgen.canvas import Canvas
from sqlalchemy.orm import Session

from cases.languages import Language
from cases.volume import volumes
from cases.volume.making import Bindery
from cases.volume.order import read_order
from evidence import custody
from evidence.at_hand import AtHand
from evidence.sealing import PendingExhibit, keep_object, seal
from evidence.vault import Vault
from models.database import Sessions, transaction
from models.enums import CaseSource, CustodyAct, ExhibitKind, ExhibitMoment, PaperKind, Role
from models.exhibits import Exhibit
from models.papers import FilePaper
from models.people import User
from tests.cases.parked_van import park_van
from tests.cases.volume.filed import add_user, hour, lead_to_archive, lead_to_decision, open_file
from tests.rows import after

NUMBER = "温综执〔2026〕第0012号"
CLIP_BYTES = b"no video that anybody here decodes, and no PDF either"


def pdf_of_paper(words: str, pages: int = 1) -> bytes:
    file = io.BytesIO()
    canvas = Canvas(file, invariant=1)
    for page in range(1, pages + 1):
        canvas.drawString(100, 700, f"{words}, its page {page}")
        canvas.showPage()
    canvas.save()
    return file.getvalue()


@dataclass(frozen=True)
class Filed:
    """A file in the archive. lawyer: reviewed it, and is none of its officers."""

    file_id: uuid.UUID
    incident_id: uuid.UUID
    officer: User
    lawyer: User
    bindery: Bindery

    def ask(self, language: Language = "zh", reason: str = "归档") -> uuid.UUID:
        with transaction(self.bindery.sessions) as session:
            order = self.bindery.order
            row = volumes.ask(
                session, self.file_id, by=self.officer, reason=reason, language=language, order=order, at=hour(20)
            )
            return row.id


@contextmanager
def filed(sessions: Sessions, folder: Path) -> Iterator[Filed]:
    with Vault.open(folder / "vault") as vault:
        with transaction(sessions) as session:
            van = park_van(session, folder, plate="浙J12345")
            for path in van.pictures.values():
                pending = vault.take(partial(shutil.copyfile, path), ".jpg")
                vault.keep(pending)
                vault.settle(pending)
            _seal_clip(session, vault, van.incident.id)
            custody.record(session, van.incident.id, CustodyAct.VIEWED, actor="li.na", at=after(800), reason="审查")
            officer, second = (
                add_user(session, "qian", "钱一", Role.OFFICER),
                add_user(session, "sun", "孙二", Role.OFFICER),
            )
            lawyer = add_user(session, "zhou", "周三", Role.LEGAL_REVIEWER)
            file = open_file(session, officer, source=CaseSource.CAMERA, incident_id=van.incident.id, number=NUMBER)
            decision = lead_to_decision(session, file, (officer, second), lawyer)
            for kind, version, about in (
                (PaperKind.DECISION, 1, f"decision:{decision.id}"),
                (PaperKind.DECISION, 2, f"decision:{decision.id}"),
                (PaperKind.FILING_APPROVAL, 1, ""),
            ):
                _add_paper(session, vault, file.id, kind, version, about)
            _add_paper(session, vault, file.id, PaperKind.WINDOW_SLIP, 1, "").pdf_sha256 = None
            lead_to_archive(session, file, officer)
        yield Filed(file.id, van.incident.id, officer, lawyer, _bindery(sessions, vault))


@contextmanager
def copied(filed: Filed, before: Path, sessions: Sessions, folder: Path) -> Iterator[Filed]:
    """The same in another folder, with a copy of its vault. sessions: of a copy of its database."""
    shutil.copytree(before / "vault" / "objects", folder / "vault" / "objects")
    with Vault.open(folder / "vault") as vault:
        yield replace(filed, bindery=_bindery(sessions, vault))


def _bindery(sessions: Sessions, vault: Vault) -> Bindery:
    return Bindery(
        sessions,
        vault,
        AtHand(vault.root),
        read_order(),
        "streetwitness 0.1.0",
        lambda: hour(21),
        bureau="温岭市综合行政执法局",
    )


def _seal_clip(session: Session, vault: Vault, incident_id: uuid.UUID) -> None:
    pending = vault.take(lambda out: _write(out, CLIP_BYTES), ".mp4")
    clip = PendingExhibit(
        pending, ExhibitKind.CLIP, ExhibitMoment.DWELL_COMPLETE, "video/mp4", after(60), after(80), {"how": "remux"}
    )
    row = seal(session, vault, incident_id, clip, actor="streetwitness", at=after(720))
    still = session.query(Exhibit).filter_by(
        incident_id=incident_id, kind=ExhibitKind.STILL, moment=ExhibitMoment.DWELL_COMPLETE
    )
    still.one().recipe = still.one().recipe | {"clip_sha256": row.sha256}


def _add_paper(
    session: Session, vault: Vault, file_id: uuid.UUID, kind: PaperKind, version: int, about: str
) -> FilePaper:
    """With the DOCX it was filled from, and the PDF of it."""
    words = f"{kind.value} {version}"
    document = Document()
    document.add_paragraph(f"{words}, set from its DOCX")
    docx = vault.take(lambda out: document.save(str(out)), ".docx")
    content = pdf_of_paper(words, pages=2 if kind is PaperKind.DECISION else 1)
    pdf = vault.take(lambda out: _write(out, content), ".pdf")
    paper = FilePaper(
        file_id=file_id,
        kind=kind,
        about=about,
        version=version,
        sha256=keep_object(session, vault, docx, "application/msword", at=hour(6)).sha256,
        pdf_sha256=keep_object(session, vault, pdf, "application/pdf", at=hour(6)).sha256,
        template=kind.value,
        template_sha256="a" * 64,
        sources=[],
        made_by="qian",
        made_at=hour(6),
    )
    session.add(paper)
    session.flush()
    return paper


def _write(out: Path, content: bytes) -> None:
    out.write_bytes(content)
