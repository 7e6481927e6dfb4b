"""The commands `streetwitness message …`, `register …` and `keys …`: messages, whom they go to, and how that is kept.

A number is never an argument and never printed.
"""

import json
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from models.enums import OutboxState
from streetwitness.answers import NO, DataOption, JsonOption, actor, answers, given_settings, utc_now
from streetwitness.errors import Misuse

message_app = typer.Typer(help="Messages: what waits, what is dead, how long they are.", no_args_is_help=True)
register_app = typer.Typer(help="Vehicles and their owners.", no_args_is_help=True)
keys_app = typer.Typer(help="The keys of names and phone numbers.", no_args_is_help=True)

PurposeOption = Annotated[str, typer.Option("--purpose", help="What for; goes on record.", show_default=False)]


@message_app.command("list", epilog="Example: streetwitness message list --state dead --json")
@answers
def message_list(
    state: Annotated[list[OutboxState] | None, typer.Option("--state", help="May be repeated. Default: all.")] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Lists the newest messages. 1 where some were given up."""
    from cases.entitlements import EVERYTHING
    from cases.message_desk import messages_shown
    from models.database import reading
    from streetwitness.workplace import opened_workplace

    with opened_workplace(given_settings(data_dir=data)) as workplace, reading(workplace.sessions) as session:
        shown = messages_shown(session, EVERYTHING, state or list(OutboxState))
    for line in shown.lines:
        said = {
            "message": str(line.id),
            "kind": line.kind,
            "state": line.state.value,
            "notice": line.notice.value if line.notice else None,
            "incident": str(line.incident_id) if line.incident_id else None,
            "promised_at": line.created_at.isoformat(),
            "tries": line.tries,
            "gateway": line.gateway,
            "why": line.last_error,
        }
        typer.echo(
            json.dumps(said, ensure_ascii=False) if as_json else "  ".join(str(each) for each in said.values() if each)
        )
    for gateway in shown.gateways:
        typer.echo(f"{gateway.gateway}: no answer {gateway.failures} times in a row ({gateway.last_error})", err=True)
    if any(line.state is OutboxState.DEAD for line in shown.lines):
        raise typer.Exit(NO)


@message_app.command(
    "wordings", epilog="Example: streetwitness message wordings --link https://desk.example/x/AbCdEfGhJk"
)
@answers
def message_wordings(
    link: Annotated[
        str, typer.Option("--link", help="As long as those of the site.")
    ] = "https://desk.example/x/AbCdEfGhJk",
    as_json: JsonOption = False,
) -> None:
    """Shows each wording with usual facts, and in how many parts it travels as an SMS."""
    from dataclasses import asdict

    from notify.messages import samples
    from notify.sms_length import parts

    for sample in samples(link):
        length = parts(sample.text)
        if as_json:
            typer.echo(json.dumps(asdict(sample) | asdict(length), ensure_ascii=False))
        else:
            typer.echo(f"{sample.kind} {sample.language}: {length.count} x SMS, {length.units} {length.alphabet}")
            typer.echo(f"  {sample.text}")


@register_app.command(
    "import",
    epilog='Example: streetwitness register import vehicles.csv --purpose "parking notices, by agreement 12/2026"',
)
@answers
def register_import(
    table: Annotated[
        Path, typer.Argument(help="CSV with columns 车牌 (plate), 车主 (owner), 电话 (phone).", show_default=False)
    ],
    purpose: PurposeOption,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Takes in a list of vehicles and owners: all of it, or nothing where a line is wrong."""
    from cases.vehicle_register import read_register, take_in
    from models.database import transaction
    from streetwitness.workplace import opened_workplace

    lines = read_register(table)
    settings = given_settings(data_dir=data)
    with opened_workplace(settings, make=True) as workplace, transaction(workplace.sessions) as session:
        done = take_in(session, workplace.key(), lines, purpose=purpose, actor=actor(), at=utc_now())
    counts = {what.value: count for what, count in done.items()}
    typer.echo(json.dumps(counts) if as_json else ", ".join(f"{count} {what}" for what, count in counts.items()))


@register_app.command(
    "look-up", epilog='Example: streetwitness register look-up 浙J12345 --purpose "incident 3f2a9c1e"'
)
@answers
def register_look_up(
    plate: Annotated[str, typer.Argument(help="The plate.", show_default=False)],
    purpose: PurposeOption,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Asks whether the owner of a vehicle can be told. 1 where not. The look-up goes on record."""
    from cases.owners import Asking, look_up
    from cases.site_file import plate_of
    from models.enums import LookupOutcome
    from streetwitness.gateways import register_of
    from streetwitness.workplace import opened_workplace

    try:
        asked = plate_of(plate)
    except ValueError as error:
        raise Misuse(str(error)) from error
    settings = given_settings(data_dir=data)
    with opened_workplace(settings) as workplace:
        answer = look_up(
            workplace.sessions,
            workplace.key(),
            Asking(asked, purpose, actor()),
            register=register_of(settings, utc_now),
            keep_for=timedelta(days=settings.register_keep_days),
            clock=utc_now,
        )
    typer.echo(json.dumps({"plate": asked, "outcome": answer.outcome.value}) if as_json else answer.outcome.value)
    if answer.outcome is not LookupOutcome.FOUND:
        raise typer.Exit(NO)


@keys_app.command("list", epilog="Example: streetwitness keys list")
@answers
def keys_list(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Names the keys, and how many values are still sealed with an older one."""
    from models.resealing import older
    from streetwitness.workplace import opened_workplace

    with opened_workplace(given_settings(data_dir=data)) as workplace:
        key = workplace.key()
        waiting = older(workplace.sessions, key)
    if as_json:
        typer.echo(json.dumps({"in_use": key.key_id, "retired": key.retired_ids, "older": waiting}))
        return
    typer.echo(f"{key.key_id}  in use")
    for retired in key.retired_ids:
        typer.echo(f"{retired}  retired")
    for column, count in waiting.items():
        typer.echo(f"{column}: {count} values sealed with an older key")


@keys_app.command("rotate", epilog="Examples:\n\nstreetwitness keys rotate\n\nstreetwitness keys rotate --go-on")
@answers
def keys_rotate(
    go_on: Annotated[bool, typer.Option("--go-on", help="No new key: only what a rotation cut off has left.")] = False,
    data: DataOption = None,
) -> None:
    """Makes a new key and seals with it, while the site runs, what older keys sealed. May be cut off."""
    from models.personal_data import rotate
    from models.resealing import reseal
    from streetwitness.workplace import opened_workplace

    with opened_workplace(given_settings(data_dir=data)) as workplace:
        key = workplace.key() if go_on else rotate(workplace.data.personal_data_key)
        if not go_on:
            typer.echo(
                f"key {key.key_id} is in use; copy {workplace.data.personal_data_key} to every machine of the site, "
                "and to its backup",
                err=True,
            )
        count = reseal(workplace.sessions, key)
    typer.echo(f"{count} values sealed with {key.key_id}")


@keys_app.command("forget", epilog="Example: streetwitness keys forget")
@answers
def keys_forget(data: DataOption = None) -> None:
    """Drops the retired keys: backups of the database from before the rotation are closed for good. 1 where one is
    still needed. The site is to be stopped, so that nobody seals with an old key meanwhile.
    """
    from models.personal_data import forget_retired
    from models.resealing import older
    from streetwitness.workplace import opened_workplace

    with opened_workplace(given_settings(data_dir=data)) as workplace:
        waiting = older(workplace.sessions, workplace.key())
        if waiting:
            named = ", ".join(f"{column} ({count})" for column, count in waiting.items())
            typer.echo(f"older keys are still needed for {named}; run `streetwitness keys rotate --go-on`", err=True)
            raise typer.Exit(NO)
        key = forget_retired(workplace.data.personal_data_key)
    typer.echo(f"only {key.key_id} is left")
