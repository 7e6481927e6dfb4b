"""Entitlements: which role may do what, and for which places and offences a user has it.

A role is granted everywhere and for every offence, or for one area (with what lies in it), or for one offence, or for
one offence in one area. Here is only who may; how that narrows a query is in cases/scope.py, and each route of the desk
says which right it asks for (review_ui/permissions.py).
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from cases.errors import NotEntitled
from models.enums import Offence, Role
from models.people import User


class Right(StrEnum):
    """What can be done at the desk."""

    SEE_INCIDENTS = "see_incidents"  # the queue, an incident's facts, its picture made small
    LOOK = "look"  # at originals, at the draft, at what owners said; each look is an entry of custody
    DECIDE = "decide"  # claim, correct, accept, return, dismiss, escalate; have a draft made anew
    EXPORT = "export"  # take copies out of the house: bundle, draft on paper
    DERIVE = "derive"  # have a picture or clip made for others, and take it along
    SEE_CUSTODY = "see_custody"  # the register of one incident
    SEARCH_CUSTODY = "search_custody"  # who held or opened what, over all incidents
    HOLD = "hold"  # put and lift a legal hold
    RECORD_SERVICE = "record_service"  # say when the decision was served: from then on appeal periods run
    SECOND_REVIEW = "second_review"  # stand beside the one who decided (行政处罚法 art. 42)
    SEE_MESSAGES = "see_messages"
    SEND_AGAIN = "send_again"  # a message that was given up
    SEE_LOUDSPEAKERS = "see_loudspeakers"  # and hear what was said
    SPEAK = "speak"  # through a loudspeaker
    SEE_CAMERAS = "see_cameras"  # how they are, where they stand
    SEE_LIVE = "see_live"  # what a camera sees now, without an incident
    RELEARN_VIEW = "relearn_view"  # say that a camera was turned on purpose
    SET_CAMERA = "set_camera"  # what it looks at: which stream, which preset when
    SEE_FENCES = "see_fences"
    EDIT_FENCE = "edit_fence"  # propose a change, try it on recordings
    APPROVE_FENCE = "approve_fence"  # bring another's proposal into force
    SEE_UPLOADS = "see_uploads"  # what was handed in, and what became of it
    UPLOAD = "upload"
    ASK_FOOTAGE = "ask_footage"  # of another body
    APPROVE_FOOTAGE = "approve_footage"
    ADMINISTER = "administer"  # accounts and their roles
    SEE_LAW = "see_law"  # the catalogue of offences, the articles
    EDIT_LAW = "edit_law"  # bring a version of the catalogue into force
    SEE_FILES = "see_files"  # case files, their parties and papers
    WORK_FILES = "work_files"  # register, investigate, tell, serve, close
    APPROVE_FILES = "approve_files"  # what waits for an approver of its chain
    REVIEW_FILES = "review_files"  # the legal review before a decision (行政处罚法 art. 58)
    REVOKE_FILES = "revoke_files"  # take a decision back
    KEEP_REGISTRY = "keep_registry"  # void a numbered sheet, write it off
    SCORE_FILES = "score_files"  # judge archived case files by the score sheet


_M, _OP, _OF, _LR, _L, _A = (
    Role.MONITOR,
    Role.OPERATOR,
    Role.OFFICER,
    Role.LEGAL_REVIEWER,
    Role.LEADER,
    Role.ADMINISTRATOR,
)

# an administrator keeps the site running: sees that it works, and neither looks into matters nor decides them
ROLES: dict[Right, frozenset[Role]] = {
    Right.SEE_INCIDENTS: frozenset(Role),
    Right.LOOK: frozenset({_M, _OP, _OF, _LR, _L}),
    Right.DECIDE: frozenset({_M, _OF, _LR, _L}),
    Right.EXPORT: frozenset({_OF, _LR, _L}),
    Right.DERIVE: frozenset({_OF, _LR, _L}),
    Right.SEE_CUSTODY: frozenset({_OF, _LR, _L, _A}),
    Right.SEARCH_CUSTODY: frozenset({_LR, _L, _A}),
    Right.HOLD: frozenset({_LR, _L}),
    Right.RECORD_SERVICE: frozenset({_OF, _LR, _L}),
    Right.SECOND_REVIEW: frozenset({_OF, _LR, _L}),
    Right.SEE_MESSAGES: frozenset(Role),
    Right.SEND_AGAIN: frozenset({_OP, _OF, _L, _A}),
    Right.SEE_LOUDSPEAKERS: frozenset(Role),
    Right.SPEAK: frozenset({_OP, _A}),
    Right.SEE_CAMERAS: frozenset(Role),
    Right.SEE_LIVE: frozenset({_M, _OP, _OF, _L, _A}),
    Right.RELEARN_VIEW: frozenset({_M, _A}),
    Right.SET_CAMERA: frozenset({_A}),
    Right.SEE_FENCES: frozenset(Role),
    Right.EDIT_FENCE: frozenset({_M, _L, _A}),
    Right.APPROVE_FENCE: frozenset({_LR, _L, _A}),
    Right.SEE_UPLOADS: frozenset({_M, _OF, _LR, _L, _A}),
    Right.UPLOAD: frozenset({_M, _OF, _LR, _L, _A}),
    Right.ASK_FOOTAGE: frozenset({_OF, _LR, _L}),
    Right.APPROVE_FOOTAGE: frozenset({_LR, _L}),
    Right.ADMINISTER: frozenset({_A}),
    Right.SEE_LAW: frozenset(Role),
    Right.EDIT_LAW: frozenset({_LR}),
    Right.SEE_FILES: frozenset({_OF, _LR, _L}),
    Right.WORK_FILES: frozenset({_OF}),
    Right.APPROVE_FILES: frozenset({_OF, _LR, _L}),
    Right.REVIEW_FILES: frozenset({_LR}),
    Right.REVOKE_FILES: frozenset({_L}),
    Right.KEEP_REGISTRY: frozenset({_OF, _LR, _L}),
    Right.SCORE_FILES: frozenset({_LR, _L}),
}

# what cannot be done for one area or one offence alone: who makes accounts in one area could make one for all, and the
# law is the same everywhere
WHOLE_SITE = frozenset({Right.ADMINISTER, Right.EDIT_LAW})


@dataclass(frozen=True)
class Limit:
    """area_id: with what lies in it; None: everywhere. offence: None: any."""

    area_id: str | None
    offence: Offence | None


@dataclass(frozen=True)
class Scope:
    """For what a user has a right: everything that one of the limits lets through.

    also: another scope that must let it through as well; a token of the user has one of its own.
    """

    limits: frozenset[Limit]
    also: "Scope | None" = None

    @property
    def is_everything(self) -> bool:
        return Limit(None, None) in self.limits and (self.also is None or self.also.is_everything)


EVERYTHING = Scope(frozenset({Limit(None, None)}))


def roles_with(right: Right) -> list[Role]:
    return [role for role in Role if role in ROLES[right]]


def scope_of(user: User, right: Right) -> Scope:
    """Raises NotEntitled."""
    limits = {Limit(each.area_id, each.offence) for each in user.grants if each.role in ROLES[right]}
    if right in WHOLE_SITE:
        limits &= EVERYTHING.limits
    if not limits:
        raise NotEntitled(user.roles, right.value, roles_with(right))
    return Scope(frozenset(limits))


def may(user: User, right: Right) -> bool:
    """Somewhere, for some offence."""
    try:
        scope_of(user, right)
    except NotEntitled:
        return False
    return True


def require(user: User, right: Right) -> None:
    """Raises NotEntitled."""
    scope_of(user, right)


def rights_of(role: Role) -> Collection[Right]:
    return [right for right in Right if role in ROLES[right]]
