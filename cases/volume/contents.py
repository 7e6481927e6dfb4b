"""What a volume is made from: a case file with everything in it, read in one go, as of one moment.

Values for the drawing (cases/volume/drawn_pages.py); nothing here is sealed or changed. Whoever is party is named in
full, since a volume is the file itself: that it was made is an event, and who takes it along another.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from cases import holds, parties
from cases.casework import steps
from cases.casework.days import local_date
from cases.holds import Kept
from cases.law import catalogue
from cases.law.items import LawItem
from cases.papers.kinds import is_record
from cases.volume.order import Order, Part
from evidence import case_rows, custody, custody_chain
from evidence.case_rows import CaseRows
from models.case_files import CaseFile, FileDecision, FileEvent, FileOfficer
from models.enums import ExhibitKind, FileAct, PartyRole
from models.exhibits import Exhibit
from models.papers import FilePaper
from models.people import User
from models.personal_data import PersonalDataKey

PICTURES = (ExhibitKind.STILL, ExhibitKind.CLOSE_UP)
ENDS = (FileAct.CLOSE, FileAct.REFUSE_FILING, FileAct.WITHDRAW, FileAct.TRANSFER, FileAct.REVOKE)


@dataclass(frozen=True)
class Shown:
    """One exhibit as the volume shows it. picture: of a clip, the still decoded from the same packets, if there is one.

    gone: its bytes were deleted by rule.
    """

    exhibit: Exhibit
    picture: Exhibit | None
    gone: bool = False


@dataclass(frozen=True)
class PaperPart:
    """The papers of one part of the order, in their order."""

    part: Part
    papers: tuple[FilePaper, ...]


@dataclass(frozen=True)
class Contents:
    """law: as it was in force on the day of the conduct. parties: those against whom it goes, in full. people: how
    those are called who acted, by account. matter: of the incident a camera saw, where there is one.
    """

    file: CaseFile
    law: LawItem | None
    parties: tuple[str, ...]
    officers: tuple[str, ...]
    decision: FileDecision | None
    events: Sequence[FileEvent]
    people: Mapping[str, str]
    papers: tuple[PaperPart, ...]
    shown: tuple[Shown, ...]
    matter: CaseRows | None
    kept: Kept | None
    breaks: tuple[str, ...]

    def papers_in(self, part: Part) -> tuple[FilePaper, ...]:
        return next((each.papers for each in self.papers if each.part is part), ())

    def day_of(self, *acts: FileAct) -> date | None:
        """When that was last done, in the days of the place."""
        for event in reversed(self.events):
            if event.act in acts:
                return event.done_on or local_date(event.at, self.file.timezone)
        return None


def gather(
    session: Session, file_id: uuid.UUID, order: Order, key: PersonalDataKey | None, *, at: datetime
) -> Contents:
    """Raises NoSuchIncident where the matter's incident is gone."""
    file = session.get_one(CaseFile, file_id)
    matter = None if file.incident_id is None else case_rows.load(session, file.incident_id)
    kept = None if file.incident_id is None else holds.kept(session, file.incident_id, at)
    events = steps.events_of(session, file)
    entries = [] if matter is None else [custody.entry_of(event) for event in matter.custody]
    return Contents(
        file=file,
        law=catalogue.item(session, file.law_code, local_date(file.conduct_to_at, file.timezone)),
        parties=_parties(session, file_id, key),
        officers=_officers(session, file_id),
        decision=_decision(session, file_id),
        events=events,
        people=_people(session, events),
        papers=_papers(session, file_id, order),
        shown=() if matter is None else tuple(_shown(matter)),
        matter=matter,
        kept=kept,
        breaks=() if matter is None else tuple(custody_chain.breaks(entries, str(matter.incident.id))),
    )


def _parties(session: Session, file_id: uuid.UUID, key: PersonalDataKey | None) -> tuple[str, ...]:
    found = [each for each in parties.parties_of(session, file_id) if each.role is PartyRole.PARTY]
    if key is None:
        return tuple(each.party.public_name for each in found if each.party.public_name)
    return tuple(parties.identity(key, each.party).name for each in found)


def _officers(session: Session, file_id: uuid.UUID) -> tuple[str, ...]:
    asked = (
        select(FileOfficer)
        .where(FileOfficer.file_id == file_id, FileOfficer.ended_at.is_(None))
        .order_by(FileOfficer.place)
        .options(joinedload(FileOfficer.user))
    )
    return tuple(f"{each.user.display_name} ({each.certificate})" for each in session.scalars(asked))


def _people(session: Session, events: Sequence[FileEvent]) -> dict[str, str]:
    acted = {event.actor_id for event in events if event.actor_id is not None}
    asked = select(User.name, User.display_name).where(User.id.in_(acted))
    return dict(list(session.execute(asked)))


def _decision(session: Session, file_id: uuid.UUID) -> FileDecision | None:
    """The one that holds, else the newest that did."""
    asked = select(FileDecision).where(FileDecision.file_id == file_id)
    found = session.scalars(asked.order_by(FileDecision.made_at.desc(), FileDecision.id)).all()
    return next((each for each in found if each.revoked_at is None), found[0] if found else None)


def _papers(session: Session, file_id: uuid.UUID, order: Order) -> tuple[PaperPart, ...]:
    """The newest version of each paper; what it took the place of is in the vault and in the record of proceedings.

    A form with blanks that nobody signed gives way to the records that were taken down in the program.
    """
    rows = session.scalars(
        select(FilePaper)
        .where(FilePaper.file_id == file_id)
        .order_by(FilePaper.made_at, FilePaper.version, FilePaper.id)
        .options(joinedload(FilePaper.sheet), joinedload(FilePaper.sealed), selectinload(FilePaper.signatures))
    ).all()
    newest = {(row.kind, row.about): row for row in rows}
    recorded = {row.kind for row in rows if is_record(row.about)}
    newest = {
        key: row for key, row in newest.items() if row.kind not in recorded or is_record(row.about) or row.signatures
    }
    found = []
    for part in order.part:
        kinds = order.papers_of(part)
        mine = [row for row in newest.values() if row.kind in kinds]
        mine.sort(key=lambda row: (kinds.index(row.kind), row.made_at, row.id))
        found.append(PaperPart(part, tuple(mine)))
    return tuple(found)


def _shown(matter: CaseRows) -> list[Shown]:
    """By time; a clip stands before the pictures of its moment, and has one of them beside it."""
    cited = [(exhibit, False) for exhibit in matter.exhibits] + [(exhibit, True) for exhibit, _ in matter.deleted]
    cited.sort(key=lambda one: (one[0].from_at, one[0].kind.value, one[0].moment.value))
    return [Shown(exhibit, None if gone else _picture(exhibit, matter.exhibits), gone) for exhibit, gone in cited]


def _picture(exhibit: Exhibit, there: Sequence[Exhibit]) -> Exhibit | None:
    if exhibit.kind in PICTURES:
        return exhibit
    stills = [each for each in there if each.kind is ExhibitKind.STILL]
    cut_from_it = [each for each in stills if each.recipe.get("clip_sha256") == exhibit.sha256]
    within = [each for each in stills if exhibit.from_at <= each.from_at <= exhibit.to_at]
    return next(iter(cut_from_it or within), None)
