"""A draft edited by a person: said otherwise, left out, added. Each time a new version; the old ones stay as they were.

The rule of the draft holds for people too: a sentence of fact without something that carries it is not there. What is
said otherwise keeps what carried it; what is added names at least one thing that the draft cites already. Reasons
against, exhibits and the time-line are not a matter of wording, and are not edited.
"""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from cases import claims
from cases.draft_content import DraftContent, Pointer, Section, Statement
from cases.errors import DraftEditRefused, InHandOfAnother, TransitionRefused, UnknownIncident
from cases.languages import Bilingual
from cases.lifecycle import NEEDS_A_PERSON, append_event
from cases.review import newest_draft
from models.enums import Act
from models.incidents import DraftCase, Incident
from models.people import User

LONGEST_SENTENCE = 1000
LONGEST_WHY = 400
ADDED = "added"  # the code of a statement that is a person's own
NOT_PRINTED = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")  # nor what turns a line's direction


@dataclass(frozen=True)
class SayOtherwise:
    """number: of the statement, counted from 1 through the whole draft."""

    number: int
    text: str


@dataclass(frozen=True)
class LeaveOut:
    number: int
    why: str


@dataclass(frozen=True)
class Add:
    """carried_by: pointers of the draft, as `named` names them."""

    section: Section
    text: str
    carried_by: tuple[str, ...]


Change = SayOtherwise | LeaveOut | Add


def named(pointer: Pointer) -> str:
    """A pointer in one word, for a form to come back with."""
    return f"{pointer.kind}/{pointer.ref}"


def pointers_of(draft: DraftContent) -> dict[str, Pointer]:
    """Everything the draft cites somewhere, each once, in the order it is cited."""
    for_it = [pointer for one in draft.statements for pointer in one.pointers]
    against = [pointer for one in draft.against for pointer in one.pointers]
    return {named(pointer): pointer for pointer in (*for_it, *against)}


def edited(draft: DraftContent, changes: Sequence[Change], *, by: str) -> DraftContent:
    """The draft with the changes; numbers are those of the draft as it was. Raises DraftEditRefused."""
    if not changes:
        raise DraftEditRefused("unchanged")
    touched = [change.number for change in changes if not isinstance(change, Add)]
    if len(touched) != len(set(touched)) or not set(touched) <= set(range(1, len(draft.statements) + 1)):
        raise DraftEditRefused("no_such_sentence")
    others = {change.number: change for change in changes if not isinstance(change, Add)}
    statements: list[Statement] = []
    for number, statement in enumerate(draft.statements, start=1):
        match others.get(number):
            case SayOtherwise(text=text):
                statements.append(statement.model_copy(update={"text": _in_both(_sentence(text)), "by": by}))
            case LeaveOut(why=why):
                _reason(why)
            case None:
                statements.append(statement)
    if not statements:
        raise DraftEditRefused("nothing_left")
    cited = pointers_of(draft)
    for change in changes:
        if isinstance(change, Add):
            _put_in(statements, _added(change, cited, by))
    return draft.model_copy(update={"statements": tuple(statements)})


def edit(
    session: Session,
    incident_id: uuid.UUID,
    changes: Sequence[Change],
    *,
    user: User,
    draft_version: int,
    at: datetime,
) -> DraftCase:
    """The next version, with the event that says what was changed.

    Raises UnknownIncident, DraftEditRefused, InHandOfAnother, TransitionRefused where nobody is to decide any more.
    """
    incident = session.get(Incident, incident_id, with_for_update=True)
    if incident is None:
        raise UnknownIncident(incident_id)
    if incident.state not in NEEDS_A_PERSON:
        raise TransitionRefused(incident.state, Act.DRAFT_EDITED)
    held = claims.holder(session, incident_id, at=at)
    if held is not None and held.user_id != user.id:
        raise InHandOfAnother(held.user.display_name, held.until_at)
    before = newest_draft(session, incident_id)
    if before is None:
        raise DraftEditRefused("no_draft")
    if before.version != draft_version:
        raise DraftEditRefused("newer_draft", read=draft_version, newest=before.version)
    content = edited(DraftContent.model_validate(before.content), changes, by=user.display_name)
    content = content.model_copy(update={"version": before.version + 1, "made_at": at})
    draft = DraftCase(
        incident_id=incident_id,
        version=content.version,
        content=content.model_dump(mode="json"),
        made_at=at,
        software=before.software,
        edited_by=user.name,
        edited_from=before.version,
    )
    session.add(draft)
    session.flush()
    facts = {"version": content.version, "from": before.version, "changes": [_fact(change) for change in changes]}
    append_event(session, incident, Act.DRAFT_EDITED, incident.state, actor=user.name, at=at, facts=facts)
    return draft


def _in_both(text: str) -> Bilingual:
    """A person's words stand as they are in the paper of either language."""
    return Bilingual(zh=text, en=text)


def _sentence(text: str) -> str:
    said = text.strip()
    if not 0 < len(said) <= LONGEST_SENTENCE:
        raise DraftEditRefused("length", most=LONGEST_SENTENCE, here=len(said))
    if NOT_PRINTED.search(said):
        raise DraftEditRefused("unprintable")
    return said


def _reason(why: str) -> str:
    said = why.strip()
    if not 0 < len(said) <= LONGEST_WHY:
        raise DraftEditRefused("no_reason", most=LONGEST_WHY)
    return said


def _added(change: Add, cited: dict[str, Pointer], by: str) -> Statement:
    if not change.carried_by or not set(change.carried_by) <= cited.keys():
        raise DraftEditRefused("nothing_carries")
    pointers = tuple(cited[name] for name in dict.fromkeys(change.carried_by))
    return Statement(
        code=ADDED, section=change.section, text=_in_both(_sentence(change.text)), pointers=pointers, by=by
    )


def _put_in(statements: list[Statement], new: Statement) -> None:
    """At the end of its section; a section of which everything was left out begins again in its place."""
    order = ("who", "what", "where", "when", "after")
    last = max(
        (at for at, one in enumerate(statements) if order.index(one.section) <= order.index(new.section)), default=-1
    )
    statements.insert(last + 1, new)


def _fact(change: Change) -> dict[str, object]:
    match change:
        case SayOtherwise():
            return {"number": change.number, "said_otherwise": change.text.strip()}
        case LeaveOut():
            return {"number": change.number, "left_out_because": change.why.strip()}
        case Add():
            return {"section": change.section, "added": change.text.strip(), "carried_by": list(change.carried_by)}
