"""Making a volume: the parts drawn and fetched one after the other, bound, and kept in the vault with its record.

A worker may be killed at any instruction: what it drew lies in a folder of its own, the row still asks, and the next
worker begins anew. What is read is read as of one moment. The parts are files; no more pictures are in memory at once
than stand in one of them, until all are bound.
"""

import logging
import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pypdf.errors import PyPdfError

from cases import custody_paper
from cases.casework.days import local_date
from cases.errors import CaseError
from cases.languages import Language
from cases.papers.paper_pdf import pdf_of
from cases.volume import drawn_pages, volumes
from cases.volume.binding import Bound, bind, pages_of
from cases.volume.contents import Contents, gather
from cases.volume.drawn_pages import Entry, VolumeWords
from cases.volume.errors import OrderUnusable, PaperUnreadable
from cases.volume.order import Order, Part
from evidence.at_hand import AtHand
from evidence.errors import EvidenceError, StoreError, VaultError
from evidence.vault import Vault
from models.database import Sessions, reading, transaction
from models.enums import VolumeState
from models.exhibits import SealedObject
from models.papers import FilePaper
from models.personal_data import PersonalDataKey
from models.volumes import FileVolume

log = logging.getLogger(__name__)

PICTURES_AT_ONCE = 8
NOT_YET = 0  # a page number that is known when everything is drawn


@dataclass(frozen=True)
class Bindery:
    """What a worker binds with. bureau: its name, for the cover. key: opens the names of parties."""

    sessions: Sessions
    vault: Vault
    hand: AtHand
    order: Order
    software: str
    clock: Callable[[], datetime]
    bureau: str = ""
    key: PersonalDataKey | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Piece:
    """A stretch of pages. source: digest of what it is; "": drawn here. listed: it has a line in the catalogue."""

    title: str
    files: tuple[Path, ...]
    number: str = ""
    on: date | None = None
    source: str = ""
    listed: bool = True


def make(bindery: Bindery, volume_id: uuid.UUID) -> bool:
    """Makes what the row asks for; False where there was nothing left to do, or it cannot be made and the row says why.

    Raises VaultError and StoreError: room and network may come later.
    """
    with reading(bindery.sessions) as session:
        volume = volumes.find(session, volume_id)
        if volume is None or volume.state is not VolumeState.ASKED:
            return False
    try:
        with tempfile.TemporaryDirectory(prefix="volume-") as folder:
            return _make(bindery, volume, Path(folder))
    except (VaultError, StoreError):
        raise
    except (CaseError, EvidenceError) as error:
        log.warning("volume not made", extra={"volume": str(volume_id), "why": str(error)})
        with transaction(bindery.sessions) as session:
            volumes.failed(session, volume_id, str(error))
        return False


def _make(bindery: Bindery, volume: FileVolume, folder: Path) -> bool:
    if volume.order != bindery.order.title:
        raise OrderUnusable(
            Path("archive_order.toml"), f"it is {bindery.order.title} now, and {volume.order} was asked for"
        )
    with reading(bindery.sessions) as session:
        contents = gather(session, volume.file_id, bindery.order, bindery.key, at=volume.asked_at)
    press = _Press(bindery, volume, contents, folder)
    pieces = press.drawn()
    entries, pages = press.numbered(pieces)
    bound = [
        Bound(piece.title if place == 0 else "", path) for piece in pieces for place, path in enumerate(piece.files)
    ]
    file = contents.file
    title = f"{press.say('cover_title')} {file.number or file.title}"
    pending = bindery.vault.take(lambda out: bind(bound, out, title=title, subject=file.title), volumes.SUFFIX)
    try:
        with transaction(bindery.sessions) as session:
            kept = volumes.made(
                session,
                bindery.vault,
                volume.id,
                pending,
                pages=pages,
                contents=[_as_json(entry) for entry in entries],
                pictures=[each.picture.sha256 for each in contents.shown if each.picture is not None],
                at=bindery.clock(),
            )
    except BaseException:
        bindery.vault.discard(pending)
        bindery.vault.recover(lambda sha256: _is_known(bindery.sessions, sha256))
        raise
    if kept:
        bindery.vault.settle(pending)
    else:
        bindery.vault.discard(pending)
    return kept


class _Press:
    """Draws the parts of one volume into a folder."""

    def __init__(self, bindery: Bindery, volume: FileVolume, contents: Contents, folder: Path) -> None:
        self.bindery, self.volume, self.contents, self.folder = bindery, volume, contents, folder
        self.language: Language = "en" if volume.language == "en" else "zh"
        self.say = VolumeWords(self.language, ZoneInfo(contents.file.timezone))
        self._drawn = 0

    def drawn(self) -> list[Piece]:
        """Everything, with cover, catalogue and back note as large as they will be and without page numbers."""
        there = [paper.kind for each in self.contents.papers for paper in each.papers]
        self._missing = self.bindery.order.missing(self.contents.file.procedure, there)
        pieces: list[Piece] = []
        parts = self.bindery.order.part
        for done, part in enumerate(parts):
            with transaction(self.bindery.sessions) as session:
                volumes.came_to(session, self.volume.id, done, len(parts))
            pieces += self._part(part)
        listed = [piece for piece in pieces if piece.listed]
        drawn_pages.catalogue(
            self.folder / "catalogue.pdf", [self._entry(piece, NOT_YET) for piece in listed], self.say
        )
        return pieces

    def numbered(self, pieces: list[Piece]) -> tuple[list[Entry], int]:
        """Draws once more what names pages; the catalogue, and how many pages there are."""
        entries, pages = [], 0
        for piece in pieces:
            if piece.listed:
                entries.append(self._entry(piece, pages + 1))
            pages += sum(pages_of(path) for path in piece.files)
        drawn_pages.catalogue(self.folder / "catalogue.pdf", entries, self.say)
        self._cover(pages)
        self._back_note(pages)
        return entries, pages

    def _part(self, part: Part) -> Iterator[Piece]:
        match part.kind:
            case "cover":
                yield from self._cover_piece(part)
            case "catalogue":
                yield Piece(self.say("catalogue"), (self.folder / "catalogue.pdf",), listed=False)
            case "papers":
                yield from (self._paper(paper) for paper in self.contents.papers_in(part))
            case "exhibits":
                yield Piece(self.say("exhibits"), tuple(self._exhibits()))
            case "events":
                path = self._new("events")
                drawn_pages.events(path, self.contents, self.say)
                yield Piece(self.say("events"), (path,))
            case "custody":
                yield from self._custody()
            case "back_note":
                yield Piece(self.say("back_note"), (self._back_note(NOT_YET),), listed=False)

    def _cover_piece(self, part: Part) -> Iterator[Piece]:
        """The bureau's own where it made one."""
        own = self.contents.papers_in(part)
        path = self._fetched(own[-1])[1] if own else self._cover(NOT_YET)
        yield Piece(self.say("cover_title"), (path,), listed=False)

    def _cover(self, pages: int) -> Path:
        path = self.folder / "cover.pdf"
        bindery = self.bindery
        drawn_pages.cover(path, self.contents, self.volume, bindery.order, bindery.bureau, pages, self.say)
        return path

    def _back_note(self, pages: int) -> Path:
        path = self.folder / "back_note.pdf"
        drawn_pages.back_note(
            path,
            self.contents,
            self.volume,
            self.bindery.order,
            self._missing,
            pages,
            self.bindery.software,
            self.say,
        )
        return path

    def _paper(self, paper: FilePaper) -> Piece:
        on = local_date(paper.made_at, self.contents.file.timezone)
        number = paper.sheet.text if paper.sheet else ""
        sha256, path = self._fetched(paper)
        return Piece(self.say(f"paper_{paper.kind.value}"), (path,), number, on, sha256)

    def _fetched(self, paper: FilePaper) -> tuple[str, Path]:
        """Its PDF with the digest of what it is: with all names that stand on it, or set here from the DOCX alone.

        Raises PaperUnreadable.
        """
        signed = [each.pdf_sha256 for each in paper.signatures]
        sha256 = signed[-1] if signed else paper.pdf_sha256
        hand = self.bindery.hand
        if sha256 is not None:
            path = hand.path(sha256, volumes.SUFFIX)
        else:
            sha256, path = paper.sha256, self._new("paper")
            path.write_bytes(pdf_of(hand.path(paper.sha256, paper.sealed.suffix).read_bytes()))
        try:
            pages_of(path)
        except PyPdfError as error:
            raise PaperUnreadable(paper.id, str(error)) from error
        return sha256, path

    def _exhibits(self) -> Iterator[Path]:
        shown = self.contents.shown
        paths: Mapping[str, Path] = {
            each.picture.sha256: self.bindery.hand.path(each.picture.sha256, each.picture.sealed.suffix)
            for each in shown
            if each.picture is not None
        }
        for begins in range(0, max(len(shown), 1), PICTURES_AT_ONCE):
            path = self._new("exhibits")
            some = shown[begins : begins + PICTURES_AT_ONCE]
            drawn_pages.exhibits(path, self.contents, paths, begins + 1, some, self.say)
            yield path

    def _custody(self) -> Iterator[Piece]:
        contents = self.contents
        if contents.matter is None or contents.kept is None:
            return
        paper = custody_paper.compose(
            contents.matter,
            contents.kept,
            breaks=contents.breaks,
            printed_by=self.volume.asked_by,
            printed_at=self.volume.asked_at,
            language=self.language,
        )
        path = self._new("custody")
        path.write_bytes(paper.content)
        yield Piece(self.say("custody"), (path,))

    def _entry(self, piece: Piece, first_page: int) -> Entry:
        return Entry(piece.title, piece.number, piece.on, first_page, piece.source)

    def _new(self, name: str) -> Path:
        self._drawn += 1
        return self.folder / f"{self._drawn:03}-{name}.pdf"


def _as_json(entry: Entry) -> dict[str, Any]:
    return {
        "title": entry.title,
        "number": entry.number,
        "on": entry.on.isoformat() if entry.on else None,
        "first_page": entry.first_page,
        "source": entry.source,
    }


def _is_known(sessions: Sessions, sha256: str) -> bool:
    with reading(sessions) as session:
        return session.get(SealedObject, sha256) is not None
