"""The register of custody on paper: one incident's chain as a PDF, the same bytes for the same facts.

Pure: rows in, bytes out. The font is one that PDF readers bring for Chinese (STSong-Light, named and not embedded), so
that a machine without any Chinese font still writes the paper; programs built on poppler show it where poppler-data is
installed.
"""

import io
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table

from cases.holds import Kept
from cases.languages import Bilingual, Language
from evidence.case_rows import CaseRows
from evidence.digest import sha256_of_bytes, shown
from models.exhibits import CustodyEvent
from models.people import User

WORDS = Path(__file__).parent / "custody_paper_words.toml"
SONG = "STSong-Light"
MARGIN = 16 * mm
COLUMNS = (10 * mm, 31 * mm, 19 * mm, 25 * mm, 93 * mm)


@dataclass(frozen=True)
class Paper:
    content: bytes
    sha256: str


def compose(
    rows: CaseRows, kept: Kept, *, breaks: Sequence[str], printed_by: User, printed_at: datetime, language: Language
) -> Paper:
    """breaks: where the chain does not hold, as evidence/custody_chain.py finds it; it is on the paper either way."""
    say = _Words(language, ZoneInfo(rows.incident.camera.site.timezone))
    story: list[Any] = [
        Paragraph(say("title"), _style(15, leading=20, space_after=2)),
        Paragraph(say("subtitle"), _style(9, space_after=8)),
        _facts(rows, breaks, printed_by, printed_at, say),
        Spacer(1, 6 * mm),
        _entries(rows.custody, say),
    ]
    if rows.deleted:
        story += [_heading("deletions", say), *(_line(text) for text in _deletions(rows, say))]
    if kept.holds:
        story += [_heading("holds", say), *(_line(text) for text in _holds(kept, say))]
    file = io.BytesIO()
    document = SimpleDocTemplate(
        file,
        pagesize=A4,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN,
        title=f"{say('title')} {rows.incident.id}",
        author="StreetWitness",
        invariant=1,
    )
    footer = f"{say('incident')} {rows.incident.id}"

    def number(canvas: Any, drawn: Any) -> None:
        canvas.setFont(SONG, 8)
        canvas.drawString(MARGIN, 9 * mm, footer)
        canvas.drawRightString(A4[0] - MARGIN, 9 * mm, say("page", page=drawn.page))

    _register_font()
    document.build(story, onFirstPage=number, onLaterPages=number)
    content = file.getvalue()
    return Paper(content, sha256_of_bytes(content))


class _Words:
    def __init__(self, language: Language, zone: ZoneInfo) -> None:
        self.language, self.zone = language, zone

    def __call__(self, key: str, **facts: Any) -> str:
        return _words()[key].in_(self.language).format(**facts)

    def when(self, at: datetime) -> str:
        return f"{at.astimezone(self.zone):%Y-%m-%d %H:%M:%S}"


@cache
def _words() -> dict[str, Bilingual]:
    return {key: Bilingual(**both) for key, both in tomllib.loads(WORDS.read_text("utf-8")).items()}


@cache
def _register_font() -> None:
    pdfmetrics.registerFont(UnicodeCIDFont(SONG))


def _style(size: float, leading: float | None = None, space_after: float = 0) -> ParagraphStyle:
    _register_font()
    return ParagraphStyle(
        "song",
        fontName=SONG,
        fontSize=size,
        leading=leading or size * 1.35,
        spaceAfter=space_after,
        wordWrap="CJK",  # Chinese has no blanks to break a line at, and a digest has none either
    )


def _line(text: str, size: float = 9) -> Paragraph:
    return Paragraph(_plain(text), _style(size, space_after=2))


def _heading(key: str, say: _Words) -> Paragraph:
    style = _style(11, space_after=4)
    style.spaceBefore = 12
    return Paragraph(say(key), style)


def _plain(text: str) -> str:
    """As text and never as mark-up; what cannot be printed is left out."""
    return escape(re.sub(r"[^\x20-\uffff]", " ", text))


def _facts(rows: CaseRows, breaks: Sequence[str], printed_by: User, printed_at: datetime, say: _Words) -> Table:
    incident = rows.incident
    if breaks:
        chain = say("chain_broken", what="; ".join(breaks))
    elif rows.custody:
        chain = say("chain_holds", count=len(rows.custody), digest=shown(rows.custody[-1].digest))
    else:
        chain = say("chain_empty")
    told = [
        (say("incident"), str(incident.id)),
        (say("camera"), f"{incident.camera.name} ({incident.camera.id})"),
        (say("conduct"), f"{say.when(incident.confirmed_at)} {say.zone.key}"),
        (say("plate"), incident.plate or "—"),
        (say("printed"), f"{printed_by.display_name} ({printed_by.name}), {say.when(printed_at)}"),
        (say("chain"), chain),
    ]
    table = Table([[_line(name), _line(value)] for name, value in told], colWidths=(35 * mm, sum(COLUMNS) - 35 * mm))
    table.setStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("LINEBELOW", (0, 0), (-1, -1), 0.25, colors.lightgrey)])
    return table


def _entries(custody: Sequence[CustodyEvent], say: _Words) -> Table:
    head = [_line(say(key), 8) for key in ("number", "at", "act", "actor", "why")]
    body = [
        [
            _line(str(entry.seq), 8),
            _line(say.when(entry.at), 8),
            _line(say(f"act_{entry.act.value}"), 8),
            _line(entry.actor, 8),
            [
                _line(entry.reason, 8),
                *([_line(shown(entry.sha256), 6.5)] if entry.sha256 else ()),
                _line(f"{say('entry_digest')} {entry.digest}", 6.5),
            ],
        ]
        for entry in custody
    ]
    table = Table([head, *body], colWidths=COLUMNS, repeatRows=1)
    table.setStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("GRID", (0, 0), (-1, -1), 0.25, colors.grey),
            ("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke),
            ("LEFTPADDING", (0, 0), (-1, -1), 3),
            ("RIGHTPADDING", (0, 0), (-1, -1), 3),
        ]
    )
    return table


def _deletions(rows: CaseRows, say: _Words) -> list[str]:
    return [
        say(
            "deletion",
            sha256=deletion.sha256,
            size=deletion.size_bytes,
            when=say.when(deletion.done_at) if deletion.done_at else say("deletion_intended"),
            rule=deletion.rule,
        )
        for _, deletion in rows.deleted
    ]


def _holds(kept: Kept, say: _Words) -> list[str]:
    told = []
    for hold in kept.holds:
        text = say("hold", by=hold.put_by, when=say.when(hold.put_at), reason=hold.reason)
        if hold.lifted_at is not None:
            text += say("hold_lifted", by=hold.lifted_by, when=say.when(hold.lifted_at), reason=hold.lift_reason)
        told.append(text)
    return told
