"""Certificates: who holds which, over all accounts. Recording one is in cases/casework/officers.py. Reading only."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from models.case_files import Qualification
from models.people import User


@dataclass(frozen=True)
class Holders:
    """users: every account that can sign in, by display name. held: by holder, each one's in the order they run."""

    users: tuple[User, ...]
    held: tuple[Qualification, ...]


def holders(session: Session) -> Holders:
    """`user` of each qualification is loaded."""
    users = session.scalars(select(User).where(User.active).order_by(User.display_name, User.id))
    held = session.scalars(
        select(Qualification)
        .join(User, User.id == Qualification.user_id)
        .options(joinedload(Qualification.user))
        .order_by(User.display_name, User.id, Qualification.kind, Qualification.valid_from)
    )
    return Holders(tuple(users), tuple(held))
