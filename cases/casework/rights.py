"""Rights on one case file: whether somebody has a role where the matter lies and for what it is about.

A right at the door (review_ui/permissions.py) says that somebody may do a thing somewhere; here it is asked for this
one. `user.grants` are loaded.
"""

import uuid
from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases.casework.errors import UnknownFile
from cases.entitlements import Limit, Right, Scope, scope_of
from cases.errors import NotEntitled
from cases.scope import files_within
from models.case_files import CaseFile
from models.enums import FileAct, Role
from models.people import User


def has_role_on(session: Session, user: User, role: Role, file_id: uuid.UUID) -> bool:
    limits = frozenset(Limit(each.area_id, each.offence) for each in user.grants if each.role is role)
    if not user.active or not limits:
        return False
    return _lies_within(session, Scope(limits), file_id)


def require_role(
    session: Session, user: User, roles: Collection[Role], file_id: uuid.UUID, *, to: FileAct | Right
) -> None:
    """Raises NotEntitled where the user has none of the roles on this case file."""
    if not any(has_role_on(session, user, role, file_id) for role in roles):
        raise NotEntitled(user.roles, to.value, sorted(roles))


def require_right(session: Session, user: User, right: Right, file_id: uuid.UUID) -> None:
    """Raises NotEntitled, or UnknownFile for one that lies elsewhere: what is out of reach is not there."""
    if not _lies_within(session, scope_of(user, right), file_id):
        raise UnknownFile(file_id)


def _lies_within(session: Session, scope: Scope, file_id: uuid.UUID) -> bool:
    found = select(CaseFile.id).where(CaseFile.id == file_id, files_within(scope))
    return session.scalar(found) is not None
