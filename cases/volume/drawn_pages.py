"""The pages that a volume draws itself: cover, catalogue, pictures with captions, record of the proceedings, back note.

Pure apart from reading pictures: values in, a PDF out, the same bytes for the same facts. The font is one that PDF
readers bring for Chinese, as on the register of custody (cases/custody_paper.py). Pictures are placed as they are: what
is in the PDF are the bytes that were sealed.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from reportlab.lib import colors
from reportlab.lib.enums import TA_CENTER
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Image, KeepTogether, Paragraph, SimpleDocTemplate, Spacer, Table

from cases.languages import Bilingual, Language
from cases.volume.contents import Contents, Shown
from cases.volume.order import Order
from evidence.digest import shown as digest_shown
from models.enums import ExhibitKind, FileAct, OutcomeKind, PaperKind
from models.volumes import FileVolume

WORDS = Path(__file__).parent / "volume_words.toml"
SONG = "STSong-Light"
MARGIN = 18 * mm
WIDTH = A4[0] - 2 * MARGIN
PICTURE_HEIGHT = 100 * mm
CATALOGUE_COLUMNS = (11 * mm, 48 * mm, 58 * mm, 21 * mm, 13 * mm, 23 * mm)
EVENT_COLUMNS = (11 * mm, 36 * mm, 74 * mm, 53 * mm)
FEN = 100
DIGEST_SHOWN = 12


class VolumeWords:
    """Words in one language, and times as they were at the place."""

    def __init__(self, language: Language, zone: ZoneInfo) -> None:
        self.language, self.zone = language, zone

    def __call__(self, key: str, **facts: Any) -> str:
        return _words()[key].in_(self.language).format(**facts)

    def when(self, at: datetime) -> str:
        return f"{at.astimezone(self.zone):%Y-%m-%d %H:%M:%S}"

    def day(self, on: date | None) -> str:
        return "" if on is None else on.isoformat()


@cache
def _words() -> dict[str, Bilingual]:
    return {key: Bilingual(**both) for key, both in tomllib.loads(WORDS.read_text("utf-8")).items()}


@dataclass(frozen=True)
class Entry:
    """One line of the catalogue. first_page: 1 is the cover. source: digest of what it is; "": it was drawn here."""

    title: str
    number: str
    on: date | None
    first_page: int
    source: str


def cover(
    out: Path, contents: Contents, volume: FileVolume, order: Order, bureau: str, pages: int, say: VolumeWords
) -> None:
    file = contents.file
    facts = [
        ("number", file.number or say("no_number")),
        ("title", file.title),
        ("party", say("about_list").join(contents.parties)),
        ("law", _law(contents, say)),
        ("conduct", f"{say.when(file.conduct_from_at)} – {say.when(file.conduct_to_at)}"),
        ("place", file.place),
        ("procedure", say(f"procedure_{file.procedure.value}")),
        ("officers", say("about_list").join(contents.officers)),
        ("registered", say.when(file.registered_at)[:10]),
        ("filed", say.day(contents.day_of(FileAct.FILE))),
        ("decided", say.day(contents.day_of(FileAct.DECIDE, FileAct.SPARE))),
        ("closed", say.day(contents.day_of(FileAct.CLOSE, FileAct.REFUSE_FILING, FileAct.WITHDRAW, FileAct.TRANSFER))),
        ("outcome", _outcome(contents, say)),
        ("kept_for", say("years", years=order.kept_for_years) if order.kept_for_years else ""),
        ("pages", say("pages_are", pages=pages)),
        ("version", say("version_is", version=volume.version, when=say.when(volume.asked_at)[:10])),
    ]
    table = Table(
        [[_line(say(key), 11), _line(value, 11)] for key, value in facts], colWidths=(38 * mm, WIDTH - 38 * mm)
    )
    table.setStyle([*_GRID, ("TOPPADDING", (0, 0), (-1, -1), 6), ("BOTTOMPADDING", (0, 0), (-1, -1), 6)])
    _build(
        out,
        say("cover_title"),
        [
            Spacer(1, 16 * mm),
            _centred(bureau, 16),
            Spacer(1, 6 * mm),
            _centred(say("cover_title"), 24),
            Spacer(1, 14 * mm),
            table,
        ],
    )


def catalogue(out: Path, entries: Sequence[Entry], say: VolumeWords) -> None:
    columns = ("place", "number", "title", "date", "page", "source")
    head = [_line(say(f"column_{key}"), 9) for key in columns]
    body = [
        [
            _line(str(place), 9),
            _line(entry.number, 8),
            _line(entry.title, 9),
            _line(say.day(entry.on), 8),
            _line(str(entry.first_page), 9),
            _line(entry.source[:DIGEST_SHOWN], 7),
        ]
        for place, entry in enumerate(entries, start=1)
    ]
    _build(out, say("catalogue"), [_heading(say("catalogue")), _table([head, *body], CATALOGUE_COLUMNS)])


def exhibits(
    out: Path, contents: Contents, paths: Mapping[str, Path], first: int, shown: Sequence[Shown], say: VolumeWords
) -> None:
    """A part of them; first: the number of the first. paths: of each picture, by digest."""
    story: list[Any] = [_heading(say("exhibits"))] if first == 1 else []
    if not shown:
        story.append(_line(say("none_exhibits"), 10))
    for number, each in enumerate(shown, start=first):
        block: list[Any] = []
        if each.picture is not None:
            block += [_picture(paths[each.picture.sha256]), Spacer(1, 1.5 * mm)]
        block += [_line(text, size) for text, size in _caption(contents, number, each, say)]
        story.append(KeepTogether([*block, Spacer(1, 5 * mm)]))
    _build(out, say("exhibits"), story)


def events(out: Path, contents: Contents, say: VolumeWords) -> None:
    head = [_line(say(f"column_{key}"), 9) for key in ("place", "at", "act", "actor")]
    body = []
    for event in contents.events:
        told = say(f"act_{event.act.value}")
        if event.facts.get("kind") in set(PaperKind):
            told += f" · {say('paper_' + event.facts['kind'])}"
        if event.from_state is not event.to_state:
            told += f" · {say('state_after', state=say(f'state_{event.to_state.value}'))}"
        if event.done_on is not None:
            told += f" · {say('done_on', day=say.day(event.done_on))}"
        body.append(
            [
                _line(str(event.seq), 9),
                _line(say.when(event.at), 8),
                _line(told, 9),
                _line(_actor(contents, event.actor), 8),
            ]
        )
    _build(out, say("events"), [_heading(say("events")), _table([head, *body], EVENT_COLUMNS)])


def back_note(
    out: Path,
    contents: Contents,
    volume: FileVolume,
    order: Order,
    missing: Sequence[Sequence[PaperKind]],
    pages: int,
    software: str,
    say: VolumeWords,
) -> None:
    """`volume.asked_by` is loaded."""
    papers = sum(len(each.papers) for each in contents.papers)
    lacks = [say("about_or").join(say(f"paper_{kind.value}") for kind in kinds) for kinds in missing]
    asked = {"name": volume.asked_by.display_name, "account": volume.asked_by.name, "reason": volume.reason}
    told = [
        say("about_pages", pages=pages, papers=papers, exhibits=len(contents.shown), events=len(contents.events)),
        say("about_order", order=order.title) + ("" if order.verified else say("about_unverified")),
        say("about_missing", papers=say("about_list").join(lacks)) if lacks else say("about_nothing_missing"),
        say("about_made", software=software, when=say.when(volume.asked_at), **asked),
        *([say("about_proof")] if contents.matter else []),
    ]
    signed = Table(
        [[_line(say(key), 11), "", _line(say("on_day"), 11)] for key in ("bound_by", "checked_by")],
        colWidths=(30 * mm, WIDTH - 80 * mm, 50 * mm),
        rowHeights=16 * mm,
    )
    signed.setStyle(_GRID)
    notes = [Paragraph(_plain(text), _style(11, space_after=8)) for text in told]
    _build(out, say("back_note"), [_heading(say("back_note")), *notes, Spacer(1, 10 * mm), signed])


def _law(contents: Contents, say: VolumeWords) -> str:
    code = contents.file.law_code
    return code if contents.law is None else f"{contents.law.act.in_(say.language)} ({code})"


def _actor(contents: Contents, account: str) -> str:
    called = contents.people.get(account)
    return f"{called} ({account})" if called else account


def _outcome(contents: Contents, say: VolumeWords) -> str:
    decision = contents.decision
    if decision is None:
        return say("outcome_none")
    if decision.outcome is OutcomeKind.FINE and decision.fine_fen is not None:
        told = say("outcome_fine", yuan=f"{decision.fine_fen / FEN:,.2f}")
    else:
        told = say(f"outcome_{decision.outcome.value}")
    return told + (say("outcome_revoked") if decision.revoked_at else "")


def _caption(contents: Contents, number: int, each: Shown, say: VolumeWords) -> list[tuple[str, float]]:
    """Lines with their size in points."""
    exhibit = each.exhibit
    assert contents.matter is not None, "there are exhibits, so a camera saw it"
    camera = f"{contents.matter.incident.camera.name} ({contents.matter.incident.camera.id})"
    kind, moment = say(f"kind_{exhibit.kind.value}"), say(f"moment_{exhibit.moment.value}")
    lines = [(say("exhibit", place=number, kind=kind, moment=moment), 10.0)]
    if exhibit.kind is ExhibitKind.CLIP:
        first, last = say.when(exhibit.from_at), say.when(exhibit.to_at)
        size = exhibit.sealed.size_bytes
        lines.append((say("clip_taken", first=first, last=last, zone=say.zone.key, camera=camera, size=size), 8.5))
    else:
        lines.append((say("taken", at=say.when(exhibit.from_at), zone=say.zone.key, camera=camera), 8.5))
    lines.append((f"{say('from_original')} {digest_shown(exhibit.sha256)}", 7.0))
    if each.gone:
        lines.append((say("deleted"), 8.5))
    elif each.picture is None:
        lines.append((say("no_frame"), 8.5))
    elif each.picture is not exhibit:
        lines.append((say("frame_of_clip", digest=digest_shown(each.picture.sha256)), 7.0))
    return lines


def _picture(path: Path) -> Image:
    image = Image(str(path))
    scale = min(WIDTH / image.imageWidth, PICTURE_HEIGHT / image.imageHeight)
    image.drawWidth, image.drawHeight = image.imageWidth * scale, image.imageHeight * scale
    image.hAlign = "LEFT"
    return image


def _build(out: Path, title: str, story: list[Any]) -> None:
    SimpleDocTemplate(
        str(out),
        pagesize=A4,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN,
        title=title,
        author="StreetWitness",
        invariant=1,
    ).build(story)


_GRID = [
    ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
    ("GRID", (0, 0), (-1, -1), 0.4, colors.grey),
    ("LEFTPADDING", (0, 0), (-1, -1), 4),
    ("RIGHTPADDING", (0, 0), (-1, -1), 4),
]


def _table(rows: list[list[Any]], widths: Sequence[float]) -> Table:
    table = Table(rows, colWidths=widths, repeatRows=1)
    table.setStyle([*_GRID, ("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke)])
    return table


@cache
def _register_font() -> None:
    pdfmetrics.registerFont(UnicodeCIDFont(SONG))


def _style(size: float, space_after: float = 0, **more: Any) -> ParagraphStyle:
    _register_font()
    # Chinese has no blanks to break a line at, and a digest has none either
    return ParagraphStyle(
        "song", fontName=SONG, fontSize=size, leading=size * 1.4, spaceAfter=space_after, wordWrap="CJK", **more
    )


def _line(text: str, size: float) -> Paragraph:
    return Paragraph(_plain(text), _style(size))


def _centred(text: str, size: float) -> Paragraph:
    return Paragraph(_plain(text), _style(size, alignment=TA_CENTER))


def _heading(text: str) -> Paragraph:
    return Paragraph(_plain(text), _style(15, space_after=10, alignment=TA_CENTER))


def _plain(text: str) -> str:
    """As text and never as mark-up; what cannot be printed is left out."""
    return escape(re.sub(r"[^\x20-\uffff]", " ", text))
