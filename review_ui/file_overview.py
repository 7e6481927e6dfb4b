"""The overview of one case file: its rail, what can be done now, and why the rest cannot be done yet.

One function shows it, also after a refusal, with the sentence and with what was typed.
"""

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from cases.casework import approvals, file_facts, file_shown, gates, officers
from cases.casework.chains import chain_for
from cases.casework.days import local_date
from cases.casework.defence import LONGEST_TEXT, MAY_BE_HEARD
from cases.casework.file_shown import FileShown
from cases.casework.filing import LONGEST, MAY_BE_SAID
from cases.casework.gates import CaseFacts
from cases.casework.rights import has_role_on
from cases.casework.table import ENDED, MAY_TAKE, NEXT, steps_from
from cases.casework.taking import LONGEST_REASON, WITH_OUTCOME
from cases.service import owed
from models.case_files import ApprovalMark, CaseFile
from models.database import reading
from models.enums import ApprovalVerdict, FileAct, FileState, ReviewGround, Role
from models.people import User
from review_ui.asking import Answer, Asking
from review_ui.catalog import Catalog
from review_ui.file_rail import Station, rail
from review_ui.file_words import Missing, missing, yuan

# by which of its facts a note tells what it is about
NOTED = (
    "demand",
    "court_request",
    "service",
    "plan",
    "order",
    "refund",
    "payment",
    "late_fee_let_go",
    "service_address",
    "consent",
    "circumstances",
    "changed",
)
# what leads off the usual way: its reason is the person's own, and none is put in their mouth
OFF_THE_WAY = frozenset(
    {
        FileAct.REFUSE_FILING,
        FileAct.MAKE_ORDINARY,
        FileAct.FAIL_LEGAL_REVIEW,
        FileAct.REOPEN,
        FileAct.WITHDRAW,
        FileAct.TRANSFER,
        FileAct.REVOKE,
        FileAct.ENFORCE,
    }
)


@dataclass(frozen=True)
class Way:
    """A step that the table has from here. roles: who may take it; is_mine: the reader is one of them. chain: who has
    to agree. missing: what stands against it now.
    """

    step: FileAct
    is_usual: bool
    is_mine: bool
    roles: tuple[Role, ...]
    chain: tuple[Role, ...]
    missing: tuple[Missing, ...]

    @property
    def is_ready(self) -> bool:
        return self.is_mine and not self.missing

    @property
    def carries_outcome(self) -> bool:
        """It is asked for with the outcome, where that is chosen."""
        return self.step in WITH_OUTCOME


def overview(asks: Asking, file_id: uuid.UUID, answer: Answer) -> HTMLResponse:
    desk, opened, at = asks.desk, asks.opened, asks.at
    catalog = asks.catalog
    head = asks.head(file_id)
    with reading(desk.settings.sessions) as session:
        file = session.get_one(CaseFile, file_id)
        shown = file_shown.shown(session, file)
        facts = file_facts.load(session, file, at)
        roles = frozenset(role for role in opened.user.roles if has_role_on(session, opened.user, role, file_id))
        stations = rail(file.procedure, shown.events, legal_review_due=_review_is_due(facts))
        asked = (session, catalog, file, facts, stations, opened.user, roles, at)
        ways = () if head.waiting else ways_from(*asked, chains=desk.settings.chains)
        candidates = _candidates(session, shown, roles, at)
        chairs = file_shown.chairs(session, file) if Role.OFFICER in roles and _has_open_hearing(shown) else []
        open_round = approvals.open_approval(session, file_id)
        my_turn = open_round is not None and approvals.why_not_mine(session, open_round, opened.user) is None
        fine_now = None if shown.decision is None else owed.fine_now(session, shown.decision)
        usual = (opened.user_id, file_shown.usual_second(session, opened.user))
    return asks.page(
        "file_overview.html",
        answer,
        head=head,
        file=file,
        shown=shown,
        noted=NOTED,
        facts=facts,
        stations=stations,
        fine_now=fine_now,
        ways=ways,
        my_turn=my_turn,
        candidates=candidates,
        usual=_usual(candidates, *usual),
        chairs=chairs,
        works=Role.OFFICER in roles,
        leads=Role.LEADER in roles,
        may_recuse_oneself=any(each.user_id == opened.user_id for each in shown.in_charge),
        may_be_heard=Role.OFFICER in roles and file.state in MAY_BE_HEARD,
        may_be_said=Role.OFFICER in roles and file.state in MAY_BE_SAID,
        has_ended=file.state in ENDED,
        may_ask_hearing=_may_ask_hearing(facts, shown) and Role.OFFICER in roles,
        chain_of=chain_shown,
        review_grounds=tuple(ReviewGround),
        off_the_way=OFF_THE_WAY,
        today=local_date(at, file.timezone),
        typed=defaultdict(str, answer.typed),
        yuan=yuan,
        longest={"reason": LONGEST_REASON, "point": LONGEST_TEXT, **LONGEST},
    )


def ways_from(
    session: Session,
    catalog: Catalog,
    file: CaseFile,
    facts: CaseFacts,
    stations: tuple[Station, ...],
    user: User,
    roles: frozenset[Role],
    at: datetime,
    *,
    chains: Path,
) -> tuple[Way, ...]:
    """Every step from here, the usual one first, then what leads off it."""
    ahead = next((station.state for station in stations if station.is_ == "next"), None)
    taker = file_facts.taker_of(session, user)
    found = []
    for step in steps_from(file.procedure, file.state):
        may = MAY_TAKE[step]
        is_mine = not roles.isdisjoint(may)
        unmet = gates.unmet(facts, step, at, taker=taker if is_mine else None)
        way = Way(
            step=step,
            is_usual=_is_usual(file, step, ahead, facts),
            is_mine=is_mine,
            roles=tuple(sorted(may)),
            chain=chain_for(file.procedure, step, file.offence, chains),
            missing=tuple(missing(catalog, each) for each in unmet),
        )
        found.append(way)
    return tuple(sorted(found, key=lambda way: (not way.is_usual, way.step in OFF_THE_WAY)))


def chain_shown(
    chain: Sequence[str], marks: Sequence[ApprovalMark], *, is_open: bool
) -> list[tuple[str, str, ApprovalMark | None]]:
    """Of each level its role, how it stands (agrees, returns, next, ahead), and the mark if there is one."""
    levels: list[tuple[str, str, ApprovalMark | None]] = []
    for level, role in enumerate(chain):
        mark = marks[level] if level < len(marks) else None
        stands = mark.verdict.value if mark else "next" if is_open and level == len(marks) else "ahead"
        levels.append((role, stands, mark))
    if any(mark.verdict is ApprovalVerdict.RETURNS for mark in marks):
        return levels[: len(marks)]
    return levels


def _is_usual(file: CaseFile, step: FileAct, ahead: FileState | None, facts: CaseFacts) -> bool:
    """Whether it leads to the next station; after a hearing the legal review does that, which moves nothing."""
    if step is FileAct.PASS_LEGAL_REVIEW and file.state is FileState.HEARD:
        return facts.review_due_after_hearing
    return NEXT[file.procedure][file.state, step] is ahead and step not in OFF_THE_WAY


def _review_is_due(facts: CaseFacts) -> bool:
    return bool(facts.review_asked) or facts.review_due_after_hearing


def _candidates(session: Session, shown: FileShown, roles: frozenset[Role], at: datetime) -> list[User]:
    """Who can be put in charge; nobody where the reader could not do it, or it has ended."""
    if roles.isdisjoint(officers.ASSIGNS) or shown.file.state in ENDED:
        return []
    return file_shown.candidates(session, shown.file, at)


def _usual(candidates: list[User], self_id: uuid.UUID, second_id: uuid.UUID | None) -> tuple[uuid.UUID | None, ...]:
    """Who is put in the two places to choose from: who asks, and with whom they worked last, or the next best."""
    able = [user.id for user in candidates]
    others = [each for each in able if each != self_id]
    second = second_id if second_id in others else next(iter(others), None)
    return (self_id if self_id in able else None, second)


def _has_open_hearing(shown: FileShown) -> bool:
    return any(each.held_on is None and each.given_up_on is None for each in shown.hearings)


def _may_ask_hearing(facts: CaseFacts, shown: FileShown) -> bool:
    return (
        shown.file.state is FileState.NOTICED
        and shown.notice is not None
        and shown.notice.hearing_offered
        and facts.hearing is None
        and not facts.hearing_waived
    )
