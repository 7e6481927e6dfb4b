"""`streetwitness recorder …`: how a recorder's files are to be read, whose it is, and who carries it on which days."""

import json
from datetime import date
from typing import Annotated

import typer

from models.enums import ContainerClock
from streetwitness.answers import DataOption, JsonOption, answers, given_settings, utc_now
from streetwitness.errors import Misuse

recorder_app = typer.Typer(help="Recorders: their clocks, whose they are, who carries them.", no_args_is_help=True)

BY_COMMAND = "command line"
RecorderArgument = Annotated[str, typer.Argument(help="Its id, as `camera list` has it.", show_default=False)]


@recorder_app.command("list", epilog="Example: streetwitness recorder list --json")
@answers
def list_recorders(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Every body-worn recorder, vehicle and drone, and what else has settings of a recorder; who carries it today."""
    from sqlalchemy import or_, select

    from cases import recorders
    from models.database import reading
    from models.places import Camera
    from models.recorders import Recorder
    from streetwitness.workplace import opened_workplace

    with opened_workplace(given_settings(data_dir=data)) as workplace, reading(workplace.sessions) as session:
        wanted = or_(Camera.kind.in_(recorders.MOVING), Camera.id.in_(select(Recorder.camera_id)))
        found = [
            (camera, recorders.reading_of(session, camera.id), recorders.carried_by(session, camera.id, _today()))
            for camera in session.scalars(select(Camera).where(wanted).order_by(Camera.id))
        ]
    for camera, reading_, officer in found:
        carried_by = officer.name if officer else None
        if as_json:
            told = {
                "recorder": camera.id,
                "name": camera.name,
                "kind": camera.kind.value,
                "clock": reading_.container_clock.value,
                "clock_error_s": reading_.clock_error_s,
                "body": reading_.body,
                "carried_by": carried_by,
            }
            typer.echo(json.dumps(told, ensure_ascii=False))
        else:
            error = "unchecked" if reading_.clock_error_s is None else f"± {reading_.clock_error_s:g} s"
            whose = reading_.body or "ours"
            typer.echo(
                f"{camera.id}  {camera.name}  {camera.kind.value}  writes {reading_.container_clock.value}, {error}  "
                f"{whose}  {carried_by or '-'}"
            )


@recorder_app.command("set", epilog="Example: streetwitness recorder set cam-17 --clock local --clock-error 2")
@answers
def set_recorder(
    recorder: RecorderArgument,
    clock: Annotated[
        ContainerClock | None, typer.Option("--clock", help="What it writes into its files; local: as if it were UTC.")
    ] = None,
    clock_error: Annotated[
        float | None, typer.Option("--clock-error", help="Seconds its clock may be wrong by, as last checked.")
    ] = None,
    body: Annotated[str | None, typer.Option("--body", help="The other body it belongs to; empty: it is ours.")] = None,
    data: DataOption = None,
) -> None:
    """Says how its files are to be read, and whose it is. What is not named stays."""
    from dataclasses import replace

    from cases import recorders
    from cases.errors import RecorderRefused, UnknownCamera
    from models.database import transaction
    from streetwitness.workplace import opened_workplace

    with opened_workplace(given_settings(data_dir=data)) as workplace:
        try:
            with transaction(workplace.sessions) as session:
                wanted = recorders.reading_of(session, recorder)
                wanted = replace(
                    wanted,
                    container_clock=clock or wanted.container_clock,
                    clock_error_s=wanted.clock_error_s if clock_error is None else clock_error,
                    body=wanted.body if body is None else (body.strip() or None),
                )
                recorders.set_reading(session, recorder, wanted, actor=BY_COMMAND, at=utc_now())
        except (RecorderRefused, UnknownCamera) as error:
            raise Misuse(str(error)) from error
    typer.echo(f"{recorder}: set")


@recorder_app.command("assign", epilog="Example: streetwitness recorder assign cam-17 王强 --from 2026-11-01")
@answers
def assign_recorder(
    recorder: RecorderArgument,
    officer: Annotated[str, typer.Argument(help="Name, as in the site file.", show_default=False)],
    from_on: Annotated[str | None, typer.Option("--from", help="First day, 2026-11-01; default: today.")] = None,
    to_on: Annotated[str | None, typer.Option("--to", help="Last day; default: until further notice.")] = None,
    data: DataOption = None,
) -> None:
    """Says who carries it from which day on; whoever had it until further notice had it until the day before."""
    from cases import recorders
    from cases.errors import RecorderRefused, UnknownCamera
    from models.database import transaction
    from streetwitness.workplace import opened_workplace

    first, last = _day(from_on) or _today(), _day(to_on)
    with opened_workplace(given_settings(data_dir=data)) as workplace:
        try:
            with transaction(workplace.sessions) as session:
                recorders.assign(session, recorder, officer, from_on=first, to_on=last, actor=BY_COMMAND, at=utc_now())
        except (RecorderRefused, UnknownCamera) as error:
            raise Misuse(str(error)) from error
    typer.echo(f"{recorder}: carried by {officer} from {first}" + (f" to {last}" if last else ""))


def _today() -> date:
    """On the clock of this machine, as who types means it."""
    return utc_now().astimezone().date()


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError as error:
        raise Misuse(f"{text} is not a day; write it as 2026-11-01") from error
