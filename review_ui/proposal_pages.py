"""The proposal of a case file: what follows from the facts and why, the nearest decided cases, and a person's choice.

The choice is asked for as the step NOTIFY, DECIDE or SPARE (cases/casework/approvals.py); who departs from what was
proposed says why. What was typed is never lost with a refusal.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.datastructures import UploadFile

from cases.casework import approvals, outcomes, proposal
from cases.casework.days import local_date
from cases.casework.errors import FileRefused
from cases.casework.limits import limits_on
from cases.casework.outcome import Outcome
from cases.casework.proposal import Alike, SaidCircumstances
from cases.casework.table import next_state
from cases.casework.taking import LONGEST_REASON
from cases.entitlements import Right, may, scope_of
from cases.law import catalogue, discretion, proposal_words
from cases.law.discretion import Pointer, PointsAt, Proposal, Reason
from cases.law.items import HARMS, Band, LawItem, Subject, general_article, general_circumstances
from cases.scope import files_within
from cases.service import corrections
from models.case_files import CaseFile
from models.database import reading
from models.enums import FileAct, OutcomeKind, SpareGround
from models.people import UserSession
from review_ui.asking import Acts, Answer, Asking, Asks
from review_ui.catalog import Catalog
from review_ui.file_words import article, yuan
from review_ui.permissions import needs

routes = APIRouter()

STEPS = (FileAct.NOTIFY, FileAct.DECIDE, FileAct.SPARE)
MAX_TEXT = 4000
TRI = {"1": True, "0": False}
FLAGS = ("no_fault", "under_14", "not_accountable")


async def typed_form(request: Request) -> Mapping[str, Sequence[str]]:
    """Every field with its values."""
    typed = await request.form()
    return {name: [each for each in typed.getlist(name) if not isinstance(each, UploadFile)] for name in typed}


TypedForm = Annotated[Mapping[str, Sequence[str]], Depends(typed_form)]


@dataclass(frozen=True)
class Point:
    """What a reason stands on, as it is shown. address: where it can be looked at; None: nowhere here."""

    words: str
    address: str | None
    text: str = ""


@dataclass(frozen=True)
class ShownReason:
    sentence: str
    sense: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Chosen:
    """What stands in the form: what is proposed, what the party was told, or what was typed."""

    outcome: str = ""
    band: str = ""
    fine: str = ""
    spare_ground: str = ""
    correction: str = ""
    reasons: str = ""
    departs_because: str = ""
    reason: str = ""
    by_now: str = ""


@routes.get("/cases/{file_id}/proposal", dependencies=[needs(Right.SEE_FILES)])
def proposal_tab(asks: Asks, file_id: uuid.UUID, law: Annotated[Literal["", "now"], Query()] = "") -> HTMLResponse:
    """law: by the one in force now, where it changed since the conduct."""
    return _page(asks, file_id, Answer(), by_now=law == "now")


@routes.post("/cases/{file_id}/circumstances", dependencies=[needs(Right.WORK_FILES)])
def say_circumstances(asks: Acts, file_id: uuid.UUID, typed: TypedForm) -> Response:
    """What a person says of the conduct and the party, each time whole. That it was put right is a record of its own
    besides, with its day, where there is none yet.
    """
    given = {
        "corrected": TRI.get(_one(typed, "corrected")),
        "slight": TRI.get(_one(typed, "slight")),
        "harm": _one(typed, "harm") or None,
        "present": tuple(typed.get("present", ())),
        "shown_by": _one(typed, "shown_by").strip(),
    } | {flag: _one(typed, flag) == "1" for flag in FLAGS}

    def put(session: Session, file: CaseFile) -> None:
        said = proposal.say_circumstances(session, file, given, by=asks.by, at=asks.at)
        if said.corrected and corrections.recorded(session, file) is None:
            on = _day(_one(typed, "corrected_on"))
            corrections.record(session, file.id, on, reference=said.shown_by, by=asks.by, at=asks.at)

    typed_day = {"corrected_on": _one(typed, "corrected_on")}
    return asks.act_on(file_id, "said", put, "/proposal", partial(_page, said=given | typed_day))


@routes.post("/cases/{file_id}/proposal", dependencies=[needs(Right.WORK_FILES)])
def choose(asks: Acts, file_id: uuid.UUID, typed: TypedForm) -> Response:
    """Asks for the step with the outcome that a person chose."""
    chosen = Chosen(**{name: _one(typed, name)[:MAX_TEXT] for name in Chosen.__dataclass_fields__})
    usual, chains = asks.catalog.say("proposal.usual_request"), asks.desk.settings.chains

    def put(session: Session, file: CaseFile) -> None:
        step = _step(_one(typed, "step"))
        facts = _outcome(session, file, step, chosen, asks.at).as_facts()
        reason = chosen.reason.strip() or usual
        approvals.ask(session, file.id, step, by=asks.user, reason=reason, facts=facts, at=asks.at, chains=chains)

    return asks.act_on(file_id, "choice", put, "", partial(_page, chosen=chosen, by_now=chosen.by_now == "1"))


def _one(typed: Mapping[str, Sequence[str]], name: str) -> str:
    return next(iter(typed.get(name, ())), "")


def _day(typed: str) -> date:
    """Raises FileRefused."""
    try:
        return date.fromisoformat(typed)
    except ValueError as error:
        raise FileRefused("no_day_of_correction") from error


def _step(typed: str) -> FileAct:
    step = next((each for each in STEPS if each.value == typed), None)
    if step is None:
        raise FileRefused("no_step_chosen")
    return step


def _outcome(session: Session, file: CaseFile, step: FileAct, chosen: Chosen, at: datetime) -> Outcome:
    """Raises FileRefused for what is no outcome, or lies outside what the clause allows."""
    by_now = chosen.by_now == "1"
    proposed = proposal.propose(session, file, at, by_now=by_now)
    item = _item(session, file, at, by_now=by_now)
    assert item is not None  # it was proposed by it
    kind = next((each for each in OutcomeKind if each.value == chosen.outcome), None)
    if step is FileAct.SPARE:
        kind = OutcomeKind.NO_PENALTY
        if not chosen.spare_ground:
            raise FileRefused("no_ground_chosen")
    elif kind in (None, OutcomeKind.NO_PENALTY):
        raise FileRefused("no_outcome_chosen")
    if not chosen.reasons.strip():
        raise FileRefused("no_reasons_written")
    fine = _fen(chosen.fine) if kind is OutcomeKind.FINE else None
    outside = discretion.outside(item, kind, fine, proposed.subject)
    if outside is not None and not (outside == "below_the_limits" and chosen.departs_because.strip()):
        raise FileRefused(outside)
    organisation = proposed.subject is Subject.ORGANISATION
    limits = limits_on(local_date(at, file.timezone))
    return outcomes.read(
        {
            "outcome": kind.value,
            "fine_fen": fine,
            "spare_ground": (chosen.spare_ground or None) if kind is OutcomeKind.NO_PENALTY else None,
            "provision_id": item.version_id,
            "band": chosen.band or None,
            "correction": chosen.correction.strip(),
            "reasons": chosen.reasons.strip(),
            "proposed": proposed.as_record(),
            "departs_because": chosen.departs_because.strip() or None,
            "hearing_offered": step is FileAct.NOTIFY and limits.hearing_is_due(kind, fine, organisation=organisation),
        }
    )


def _fen(typed: str) -> int:
    """Raises FileRefused for what is no amount in yuan."""
    try:
        fen = Decimal(typed.strip()) * 100
        if fen.is_finite() and fen == int(fen) and fen > 0:
            return int(fen)
    except InvalidOperation:
        pass
    raise FileRefused("no_amount")


# --- the page


def _page(
    asks: Asking,
    file_id: uuid.UUID,
    answer: Answer,
    *,
    chosen: Chosen | None = None,
    said: Mapping[str, Any] | None = None,
    by_now: bool = False,
) -> HTMLResponse:
    head, at = asks.head(file_id), asks.at
    with reading(asks.desk.settings.sessions) as session:
        file = session.get_one(CaseFile, file_id)
        by_now = by_now or (chosen is None and _was_told_by_now(session, file, at))
        item = _item(session, file, at, by_now=by_now)
        shown = None if item is None else _shown(session, asks.opened, asks.catalog, file, item, at, by_now=by_now)
        other = _item(session, file, at, by_now=not by_now)
        known = proposal.said_circumstances(session, file)
        corrected = corrections.recorded(session, file)
        if chosen is None and shown is not None:
            chosen = _starting(session, file, shown.proposal, shown.item)
        similar = catalogue.items_for(session, file.offence, at.date()) if item is None and file.offence else []
    steps = [each for each in STEPS if next_state(file.procedure, file.state, each) is not None]
    return asks.page(
        "law_proposal.html",
        answer,
        head=head,
        item=item,
        by_now=by_now,
        other_law=other is not None and item is not None and other.version_id != item.version_id,
        shown=shown,
        chosen=chosen,
        said={"corrected_on": _conduct_on(file)} | (_said(known) if said is None else dict(said)),
        is_corrected=corrected is not None,
        is_said=known is not None,
        flags=FLAGS,
        harms=HARMS,
        weighing=() if item is None else (*item.circumstance, *general_circumstances()),
        steps=[] if head.waiting else steps,
        kinds=[each for each in OutcomeKind if each is not OutcomeKind.NO_PENALTY],
        grounds=list(SpareGround),
        may_work=may(asks.user, Right.WORK_FILES),
        may_say=file.state in proposal.MAY_BE_SAID,
        conduct_on=_conduct_on(file),
        similar=similar,
        yuan=yuan,
        max_reason=LONGEST_REASON,
        max_text=MAX_TEXT,
    )


def _item(session: Session, file: CaseFile, at: datetime, *, by_now: bool) -> LawItem | None:
    return proposal.law_now(session, file, at) if by_now else proposal.law_on_the_day(session, file)


def _was_told_by_now(session: Session, file: CaseFile, at: datetime) -> bool:
    """Whether the party was told on the basis of the law in force now, where that is another: it is decided on what was
    told.
    """
    told, now = outcomes.newest_notice(session, file), proposal.law_now(session, file, at)
    of_the_day = proposal.law_on_the_day(session, file)
    if told is None or now is None or (of_the_day is not None and of_the_day.version_id == now.version_id):
        return False
    return told.provision_id == now.version_id


@dataclass(frozen=True)
class _Shown:
    """What the page shows of a proposal."""

    item: LawItem
    proposal: Proposal
    band: Band | None
    reasons: tuple[ShownReason, ...]
    heavier: tuple[tuple[Band, tuple[ShownReason, ...]], ...]
    to_find_out: tuple[str, ...]
    bands: tuple[Band, ...]
    alike: tuple[Alike, ...]


def _shown(
    session: Session,
    opened: UserSession,
    catalog: Catalog,
    file: CaseFile,
    item: LawItem,
    at: datetime,
    *,
    by_now: bool,
) -> _Shown:
    proposed = proposal.propose(session, file, at, by_now=by_now)
    scope = scope_of(opened.user, Right.SEE_FILES)
    every = [*proposed.reasons, *(reason for each in proposed.heavier for reason in each.reasons)]
    named = {pointer.name for reason in every for pointer in reason.points_at if pointer.at is PointsAt.FILE}
    rows = session.scalars(
        select(CaseFile).where(CaseFile.id.in_([uuid.UUID(name) for name in named]), files_within(scope))
    )
    numbers = {str(row.id): row.number or row.title for row in rows}
    looks = _Looks(catalog, file, item, numbers, may_see_incident=may(opened.user, Right.SEE_INCIDENTS))
    heavier = ((item.band_named(each.band), looks.shown(each.reasons)) for each in proposed.heavier)
    return _Shown(
        item,
        proposed,
        item.band_named(proposed.band or ""),
        looks.shown(proposed.reasons),
        tuple((band, reasons) for band, reasons in heavier if band is not None),
        tuple(proposal_words.to_find_out(code, catalog.language) for code in proposed.to_find_out),
        tuple(band for band in item.band if band.subject in (None, proposed.subject)),
        tuple(proposal.alike(session, file, scope=scope, proposal=proposed)),
    )


@dataclass(frozen=True)
class _Looks:
    """How what a reason stands on is called and where it is looked at. numbers: of case files within reach."""

    catalog: Catalog
    file: CaseFile
    item: LawItem
    numbers: Mapping[str, str]
    may_see_incident: bool

    def shown(self, reasons: Iterable[Reason]) -> tuple[ShownReason, ...]:
        language = self.catalog.language
        return tuple(
            ShownReason(
                proposal_words.sentence(each, self.item, language),
                each.sense.value,
                tuple(self.point(pointer) for pointer in each.points_at),
            )
            for each in reasons
        )

    def point(self, pointer: Pointer) -> Point:
        match pointer.at:
            case PointsAt.ARTICLE:
                return self._article(pointer.name)
            case PointsAt.BAND:
                band = self.item.band_named(pointer.name)
                name = band.name.in_(self.catalog.language) if band else pointer.name
                return Point(self.catalog.say("proposal.the_band", band=name), f"{self._law()}#band-{pointer.name}")
            case PointsAt.EVENT:
                words = self.catalog.say("proposal.the_event", n=pointer.name)
                return Point(words, f"/cases/{self.file.id}#event-{pointer.name}")
            case PointsAt.INCIDENT:
                address = f"/incidents/{pointer.name}" if self.may_see_incident else None
                return Point(self.catalog.say("proposal.the_incident"), address)
            case PointsAt.FILE:
                number = self.numbers.get(pointer.name)
                if number is None:
                    return Point(self.catalog.say("proposal.another_case"), None)
                return Point(number, f"/cases/{pointer.name}")

    def _article(self, name: str) -> Point:
        language = self.catalog.language
        for clause in (*self.item.violation, *self.item.penalty):
            if clause.id == name:
                words = f"{clause.law.in_(language)} {clause.article.in_(language)}"
                return Point(words, f"{self._law()}#clause-{name}", clause.text)
        general = general_article(name)
        if general is None:  # of a standard or a local rule, as the catalogue cites it
            return Point(name, self._law())
        return Point(article(self.catalog, name), None, general.text)

    def _law(self) -> str:
        on = max(self.item.valid_from.isoformat(), _conduct_on(self.file))
        return f"/law/items/{quote(self.item.code, safe='')}?on={on}"


def _starting(session: Session, file: CaseFile, proposed: Proposal, item: LawItem) -> Chosen:
    """What the form begins with: what the party was told where it was, else what is proposed."""
    told = outcomes.newest_notice(session, file)
    correction = item.correction.zh if item.correction else ""
    if told is not None and next_state(file.procedure, file.state, FileAct.DECIDE) is not None:
        return Chosen(
            told.outcome.value,
            told.band or "",
            "" if told.fine_fen is None else yuan(told.fine_fen).replace(",", ""),
            "",
            told.correction,
            told.reasons,
            told.departs_because or "",
        )
    return Chosen(
        outcome=proposed.outcome.value if proposed.outcome else "",
        band=proposed.band or "",
        fine="" if proposed.fine_fen is None else yuan(proposed.fine_fen).replace(",", ""),
        spare_ground=proposed.spare_ground.value if proposed.spare_ground else "",
        correction=correction,
        reasons=proposal_words.reasons_text(proposed, item),
    )


def _said(known: SaidCircumstances | None) -> dict[str, Any]:
    if known is None:
        return {"corrected": None, "slight": None, "harm": None, "present": (), "shown_by": ""} | dict.fromkeys(
            FLAGS, False
        )
    return known.model_dump()


def _conduct_on(file: CaseFile) -> str:
    return local_date(file.conduct_to_at, file.timezone).isoformat()
