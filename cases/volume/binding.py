"""Binding: the parts of a volume as one PDF, with page numbers across the whole and an outline to go by.

The library is pypdf: it copies the objects of each part as they are, so that pictures keep their bytes. What it writes
holds no time and no random name: the same parts give the same bytes.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pypdf import PageObject, PdfReader, PdfWriter
from pypdf.errors import PyPdfError
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from cases.volume.errors import VolumeTooLarge

MOST_BYTES = 200_000_000  # what is bound is in memory for a moment, with as much again beside it
NUMBER_FROM_EDGE = 9 * mm
NUMBER_PT = 9


@dataclass(frozen=True)
class Bound:
    """One part as a PDF of its own. title: as the outline has it; "": it goes on with the one before."""

    title: str
    path: Path


def pages_of(path: Path) -> int:
    """Raises PyPdfError for what is no PDF."""
    with PdfReader(path) as reader:
        if reader.is_encrypted:
            raise PyPdfError("it is encrypted")
        return len(reader.pages)


def bind(parts: Sequence[Bound], out: Path, *, title: str, subject: str, most_bytes: int = MOST_BYTES) -> None:
    """Raises VolumeTooLarge, PyPdfError; OSError passes (a full disk)."""
    size = sum(part.path.stat().st_size for part in parts)
    if size > most_bytes:
        raise VolumeTooLarge(size, most_bytes)
    writer = PdfWriter()
    for part in parts:
        begins = len(writer.pages)
        writer.append(part.path, import_outline=False)
        if part.title:
            writer.add_outline_item(title=part.title, page_number=begins)
    total = len(writer.pages)
    for number, page in enumerate(writer.pages, start=1):
        page.merge_page(_number(page, f"{number} / {total}"))
    writer.metadata = {"/Title": title, "/Subject": subject, "/Creator": "StreetWitness"}
    with out.open("wb") as file:
        writer.write(file)
    writer.close()


def _number(page: PageObject, text: str) -> PageObject:
    """A page of the same size with nothing but the number in its upper right corner."""
    box = page.mediabox
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=(float(box.right), float(box.top)), invariant=1)
    canvas.setFont("Helvetica", NUMBER_PT)
    canvas.drawRightString(float(box.right) - NUMBER_FROM_EDGE, float(box.top) - NUMBER_FROM_EDGE, text)
    canvas.save()
    return PdfReader(file).pages[0]
