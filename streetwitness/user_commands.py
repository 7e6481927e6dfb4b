"""The commands about accounts: who may sign in, with which roles where, and a way back in where nobody is left.

Whoever may run them holds the data folder anyway; their name on this machine goes on record with each act.
"""

import json
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from models.enums import Offence, Role
from streetwitness.answers import DataOption, JsonOption, actor, answers, given_settings, utc_now

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy.orm import Session

    from models.people import RoleGrant, User

user_app = typer.Typer(help="Who may sign in.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(help="To sign in with.", show_default=False)]
AreaOption = Annotated[str | None, typer.Option("--area", help="There and in what lies in it; default: everywhere.")]
OffenceOption = Annotated[Offence | None, typer.Option("--offence", help="For that alone; default: for every offence.")]
KeepOption = Annotated[
    bool, typer.Option("--final", help="The user typed it and nobody else knows it: it need not be changed.")
]


@user_app.command(
    "add",
    epilog=(
        "Examples:\n\nstreetwitness user add li.na --role legal_reviewer --display-name 李娜\n\n"
        "streetwitness user add wu --role officer --area dongcheng --offence street_vending < password.txt"
    ),
)
@answers
def user_add(
    name: NameArgument,
    role: Annotated[Role, typer.Option("--role", show_default=False)],
    display_name: Annotated[str | None, typer.Option("--display-name", help="As pages show it.")] = None,
    email: Annotated[
        str | None, typer.Option("--email", help="By which the house's own sign-in finds the user.")
    ] = None,
    area: AreaOption = None,
    offence: OffenceOption = None,
    final: KeepOption = False,
    data: DataOption = None,
) -> None:
    """Adds a user. The password is asked for (from a script: standard input) and changed at the first sign-in."""
    from cases.accounts import add_user

    password = _password()
    with _accounts(data, make=True) as session:
        user = add_user(
            session,
            name=name,
            display_name=display_name or name,
            email=email,
            password=password,
            role=role,
            area_id=area,
            offence=offence,
            at=utc_now(),
            by=actor(),
            must_change_password=not final,
        )
    typer.echo(f"{user.name} may sign in as {_said(user.grants[0])}")


@user_app.command("list", epilog="Example: streetwitness user list --json")
@answers
def user_list(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Lists everybody with their roles."""
    from cases.accounts import users

    with _accounts(data) as session:
        everybody = users(session)
    for user in everybody:
        if as_json:
            typer.echo(json.dumps(_told(user), ensure_ascii=False))
        else:
            roles = "; ".join(_said(grant) for grant in user.grants) or "no role"
            typer.echo(f"{user.name}  {user.display_name}  {roles}{'' if user.active else '  (disabled)'}")


@user_app.command("grant", epilog="Example: streetwitness user grant wu --role officer --area dongcheng")
@answers
def user_grant(
    name: NameArgument,
    role: Annotated[Role, typer.Option("--role", show_default=False)],
    area: AreaOption = None,
    offence: OffenceOption = None,
    data: DataOption = None,
) -> None:
    """Gives a user one more role. It holds from the next page on."""
    from cases.accounts import Granted, grant, user_named

    with _accounts(data) as session:
        row = grant(session, user_named(session, name), Granted(role, area, offence), by=actor(), at=utc_now())
    typer.echo(f"{name} may now act as {_said(row)}")


@user_app.command("withdraw", epilog="Example: streetwitness user withdraw wu --role officer --area dongcheng")
@answers
def user_withdraw(
    name: NameArgument,
    role: Annotated[Role, typer.Option("--role", show_default=False)],
    area: AreaOption = None,
    offence: OffenceOption = None,
    data: DataOption = None,
) -> None:
    """Takes a role from a user, named as it was given. It is gone from the next page on."""
    from cases.accounts import user_named, withdraw
    from cases.errors import AccountRefused

    with _accounts(data) as session:
        user = user_named(session, name)
        held = [each for each in user.grants if (each.role, each.area_id, each.offence) == (role, area, offence)]
        if not held:
            raise AccountRefused("no_such_grant", f"{name} has no such role; see `streetwitness user list`")
        withdraw(session, user, held[0].id, by=actor(), at=utc_now())
    typer.echo(f"{name} is no longer {_said(held[0])}")


@user_app.command("password", epilog="Example: streetwitness user password li.na")
@answers
def user_password(name: NameArgument, data: DataOption = None) -> None:
    """Gives a user a new first password, to be changed at the next sign-in; every session of the user ends."""
    from cases.accounts import give_password, user_named

    password = _password()
    with _accounts(data) as session:
        give_password(session, user_named(session, name), password, by=actor(), at=utc_now())
    typer.echo(f"{name} signs in with it once, and changes it")


@user_app.command("disable", epilog="Example: streetwitness user disable wu")
@answers
def user_disable(name: NameArgument, data: DataOption = None) -> None:
    """Ends every session of a user, and lets none begin."""
    _switch(name, data, active=False)
    typer.echo(f"{name} may not sign in any more")


@user_app.command("enable", epilog="Example: streetwitness user enable wu")
@answers
def user_enable(name: NameArgument, data: DataOption = None) -> None:
    """Lets a user sign in again, with the roles of before; a wait after wrong passwords is lifted."""
    _switch(name, data, active=True)
    typer.echo(f"{name} may sign in")


def _switch(name: str, data: "Path | None", *, active: bool) -> None:
    from cases.accounts import switch, unlock, user_named

    with _accounts(data) as session:
        user = user_named(session, name)
        switch(session, user, active=active, by=actor(), at=utc_now())
        if active:
            unlock(session, user, by=actor(), at=utc_now())


def _password() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\n")


@contextmanager
def _accounts(data: "Path | None", *, make: bool = False) -> "Iterator[Session]":
    from models.database import transaction
    from streetwitness.workplace import opened_workplace

    with (
        opened_workplace(given_settings(data_dir=data), make=make) as workplace,
        transaction(workplace.sessions) as session,
    ):
        yield session


def _said(grant: "RoleGrant") -> str:
    said = grant.role.value.replace("_", " ")
    said += f" in {grant.area_id}" if grant.area_id else ""
    return said + (f" for {grant.offence.value.replace('_', ' ')}" if grant.offence else "")


def _told(user: "User") -> dict[str, Any]:
    return {
        "name": user.name,
        "display_name": user.display_name,
        "email": user.email,
        "active": user.active,
        "must_change_password": user.must_change_password,
        "roles": [
            {"role": each.role.value, "area": each.area_id, "offence": each.offence.value if each.offence else None}
            for each in user.grants
        ],
    }
