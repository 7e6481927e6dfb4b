"""Derivatives as rows: asked for with a reason, made once, found again by what they are or by their code.

Who asks writes a row and goes on; a worker makes it (ingest/derive.py), and that it was made is in the custody record
of each original.
"""

import uuid
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, joinedload

from evidence import custody
from evidence.deletion import deletions_that_count
from evidence.derivatives.recipe import Language, Recipe, key_of
from evidence.errors import DerivativeRefused, NoSuchIncident
from evidence.sealing import keep_object
from evidence.vault import PendingObject, Vault
from models.derivatives import Derivative
from models.enums import CustodyAct, DerivativeForm, DerivativeState, ExhibitKind
from models.exhibits import Exhibit
from models.incidents import Incident
from models.places import Camera, GeofenceVersion

MADE_FROM = {
    DerivativeForm.STILL: {ExhibitKind.STILL, ExhibitKind.CLOSE_UP},
    DerivativeForm.CLIP: {ExhibitKind.CLIP},
    DerivativeForm.PREVIEW: {ExhibitKind.CLIP},
}
PICTURES = (ExhibitKind.STILL, ExhibitKind.CLOSE_UP)
LONGEST_FAILURE = 500


def ask(
    session: Session,
    incident_id: uuid.UUID,
    form: DerivativeForm,
    exhibit_id: uuid.UUID | None = None,
    *,
    masked: bool = True,
    captioned: bool = True,
    language: Language = "zh",
    by: str,
    reason: str,
    at: datetime,
) -> Derivative:
    """The row of what is wanted: the one there is, or a new one. What failed before is tried again.

    exhibit_id: what it is to be made from; None for a contact sheet. Raises NoSuchIncident, DerivativeRefused.
    """
    if session.scalar(select(Incident.id).where(Incident.id == incident_id).with_for_update()) is None:
        raise NoSuchIncident(incident_id)
    originals = _originals(session, incident_id, form, exhibit_id)
    digests = [exhibit.sha256 for exhibit in originals]
    key = key_of(incident_id, digests, form, masked=masked, captioned=captioned, language=language)
    known = session.scalar(select(Derivative).where(Derivative.key == key))
    if known is not None:
        if known.state is DerivativeState.FAILED:
            known.state, known.failure = DerivativeState.ASKED, None
            known.asked_by, known.asked_at, known.reason = by, at, reason
        return known
    row = Derivative(
        incident_id=incident_id,
        exhibit_id=exhibit_id,
        key=key,
        form=form,
        masked=masked,
        captioned=captioned,
        language=language,
        state=DerivativeState.ASKED,
        asked_by=by,
        asked_at=at,
        reason=reason,
    )
    session.add(row)
    session.flush()
    return row


def ask_for_outside(
    session: Session, incident_id: uuid.UUID, *, by: str, reason: str, at: datetime, language: Language = "zh"
) -> list[Derivative]:
    """What may leave the house, every part of it masked: each still with its caption, and the contact sheet."""
    stills = [exhibit for exhibit in _pictures(session, incident_id) if exhibit.kind is ExhibitKind.STILL]
    wanted = [(DerivativeForm.STILL, still.id) for still in stills]
    sheet = [(DerivativeForm.CONTACT_SHEET, None)] if stills else []
    return [
        ask(session, incident_id, form, exhibit_id, by=by, reason=reason, at=at, language=language)
        for form, exhibit_id in [*wanted, *sheet]
    ]


def for_outside(session: Session, incident_id: uuid.UUID) -> list[Derivative]:
    """The derivatives that are made and masked: nothing else of an incident is shown outside the house."""
    return [row for row in of_incident(session, incident_id) if row.masked and row.state is DerivativeState.MADE]


def of_incident(session: Session, incident_id: uuid.UUID) -> list[Derivative]:
    """All that was asked for, in that order, each with its exhibit and its bytes' row."""
    return list(
        session.scalars(
            select(Derivative)
            .where(Derivative.incident_id == incident_id)
            .order_by(Derivative.asked_at, Derivative.id)
            .options(joinedload(Derivative.sealed), joinedload(Derivative.exhibit))
        )
    )


def find(session: Session, derivative_id: uuid.UUID) -> Derivative | None:
    """With its bytes' row and its exhibit."""
    return session.scalar(
        select(Derivative)
        .where(Derivative.id == derivative_id)
        .options(joinedload(Derivative.sealed), joinedload(Derivative.exhibit))
    )


def by_code(session: Session, code: str) -> list[Derivative]:
    """Those that carry this anti-forgery code."""
    on_a_sheet = and_(Derivative.form == DerivativeForm.CONTACT_SHEET, Derivative.codes.contains(code, autoescape=True))
    return list(
        session.scalars(
            select(Derivative)
            .where(or_(Derivative.codes == code, on_a_sheet))
            .order_by(Derivative.asked_at, Derivative.id)
            .options(joinedload(Derivative.exhibit))
        )
    )


def originals_with(session: Session, row: Derivative, code: str | None) -> list[Exhibit]:
    """Those originals of a derivative that the code stands for, each with its incident's camera and site."""
    parts = Recipe.model_validate(row.recipe).parts if row.recipe else ()
    digests = [part.original_sha256 for part in parts if part.caption is not None and part.caption.code == code]
    return list(
        session.scalars(
            select(Exhibit)
            .where(Exhibit.incident_id == row.incident_id, Exhibit.sha256.in_(digests))
            .order_by(Exhibit.from_at, Exhibit.id)
        )
    )


def to_do(session: Session) -> list[Derivative]:
    """What is asked for and not made yet, oldest first."""
    return list(
        session.scalars(
            select(Derivative)
            .where(Derivative.state == DerivativeState.ASKED)
            .order_by(Derivative.asked_at, Derivative.id)
        )
    )


def originals_of(session: Session, row: Derivative) -> list[Exhibit]:
    """What it is made from, each with its bytes' row, in the order of time. Raises DerivativeRefused."""
    return _originals(session, row.incident_id, row.form, row.exhibit_id)


def incident_of(session: Session, row: Derivative) -> Incident:
    """With everything that a caption says."""
    return session.get_one(
        Incident,
        row.incident_id,
        options=[
            joinedload(Incident.camera).joinedload(Camera.site),
            joinedload(Incident.geofence_version).joinedload(GeofenceVersion.geofence),
        ],
    )


def made(
    session: Session,
    vault: Vault,
    derivative_id: uuid.UUID,
    pending: PendingObject,
    media_type: str,
    recipe: Recipe,
    *,
    at: datetime,
) -> bool:
    """Keeps what was made, with an entry in the custody record for each original; False where that was done before.

    Raises VaultFull or VaultFailed, and then the transaction is to end.
    """
    row = session.scalar(select(Derivative).where(Derivative.id == derivative_id).with_for_update())
    if row is None or row.state is not DerivativeState.ASKED:
        return False
    sealed = keep_object(session, vault, pending, media_type, at=at)
    row.sha256, row.recipe, row.codes = sealed.sha256, recipe.as_json(), " ".join(recipe.codes) or None
    row.state, row.made_at = DerivativeState.MADE, at
    session.flush()
    what = f"{row.form.value}, {'masked' if row.masked else 'not masked'}, sha256:{sealed.sha256}: {row.reason}"
    for sha256 in dict.fromkeys(part.original_sha256 for part in recipe.parts):
        custody.record(
            session,
            row.incident_id,
            CustodyAct.DERIVED,
            actor=row.asked_by,
            at=at,
            reason=what[:LONGEST_FAILURE],
            sha256=sha256,
        )
    return True


def failed(session: Session, derivative_id: uuid.UUID, why: str) -> None:
    row = session.scalar(select(Derivative).where(Derivative.id == derivative_id).with_for_update())
    if row is not None and row.state is DerivativeState.ASKED:
        row.state, row.failure = DerivativeState.FAILED, why[:LONGEST_FAILURE]


def _originals(
    session: Session, incident_id: uuid.UUID, form: DerivativeForm, exhibit_id: uuid.UUID | None
) -> list[Exhibit]:
    if form is DerivativeForm.CONTACT_SHEET:
        pictures = _pictures(session, incident_id)
        if exhibit_id is not None or not pictures:
            raise DerivativeRefused("a contact sheet is made from all stills of an incident, and needs one at least")
        return pictures
    exhibit = session.scalar(
        select(Exhibit)
        .where(Exhibit.id == exhibit_id, Exhibit.incident_id == incident_id)
        .options(joinedload(Exhibit.sealed))
    )
    if exhibit is None:
        raise DerivativeRefused(f"exhibit {exhibit_id} is none of this incident; choose one from its page")
    if deletions_that_count(session, [exhibit.sha256]):
        raise DerivativeRefused(f"exhibit {exhibit_id} was deleted by rule; its proof of deletion is on the page")
    if exhibit.kind not in MADE_FROM[form]:
        raise DerivativeRefused(f"a {form.value} cannot be made from a {exhibit.kind.value}; the page offers what can")
    return [exhibit]


def _pictures(session: Session, incident_id: uuid.UUID) -> list[Exhibit]:
    """Those whose bytes no rule has deleted."""
    pictures = session.scalars(
        select(Exhibit)
        .where(Exhibit.incident_id == incident_id, Exhibit.kind.in_(PICTURES))
        .order_by(Exhibit.from_at, Exhibit.kind, Exhibit.moment)
        .options(joinedload(Exhibit.sealed))
    ).all()
    gone = deletions_that_count(session, [each.sha256 for each in pictures])
    return [each for each in pictures if each.sha256 not in gone]
