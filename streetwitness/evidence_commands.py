"""The commands about keeping evidence: legal holds, and the purge of what nothing keeps.

As command.py: each command imports what it needs when it is called.
"""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from streetwitness.answers import DataOption, JsonOption, actor, answers, given_settings, utc_now
from streetwitness.errors import Misuse

if TYPE_CHECKING:
    from models.retention import LegalHold

PUT = "put"
MEGABYTE = 1_000_000


class HoldGroup(TyperGroup):
    """`hold INCIDENT` puts a hold: what names no command names an incident."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and args[0] not in self.commands:
            args = [PUT, *args]
        return super().resolve_command(ctx, args)


hold_app = typer.Typer(
    cls=HoldGroup,
    help="Legal holds: hold INCIDENT --reason … keeps everything of an incident until the hold is lifted.",
    no_args_is_help=True,
)

ReasonOption = Annotated[str, typer.Option("--reason", help="Why; goes into the custody record.", show_default=False)]
IncidentArgument = Annotated[
    str, typer.Argument(help="The incident's id, or its first characters.", show_default=False)
]


@hold_app.command(PUT, epilog='Example: streetwitness hold 3f2a9c1e --reason "asked for by the court"')
@answers
def hold_put(incident: IncidentArgument, reason: ReasonOption, data: DataOption = None) -> None:
    """Keeps everything of an incident, whatever the rules say."""
    from evidence.retention_rows import put_hold
    from models.database import transaction
    from streetwitness.incident_names import incident_named
    from streetwitness.workplace import opened_workplace

    with opened_workplace(given_settings(data_dir=data)) as workplace, transaction(workplace.sessions) as session:
        incident_id = incident_named(session, incident)
        put_hold(session, incident_id, actor=actor(), at=utc_now(), reason=reason)
    typer.echo(f"incident {incident_id} is held until somebody lifts it")


@hold_app.command("lift", epilog='Example: streetwitness hold lift 3f2a9c1e --reason "case withdrawn"')
@answers
def hold_lift(
    incident: IncidentArgument,
    reason: ReasonOption,
    hold: Annotated[str | None, typer.Option("--hold", help="Which, where several stand.")] = None,
    data: DataOption = None,
) -> None:
    """Lifts a legal hold; the rules hold again, unless another hold stands."""
    from evidence.errors import HoldRefused
    from evidence.retention_rows import lift_hold, standing_holds
    from models.database import transaction
    from streetwitness.incident_names import incident_named
    from streetwitness.workplace import opened_workplace

    with opened_workplace(given_settings(data_dir=data)) as workplace, transaction(workplace.sessions) as session:
        incident_id = incident_named(session, incident)
        standing = standing_holds(session, incident_id)
        named = [each for each in standing if hold is None or each.id.hex.startswith(hold.lower().replace("-", ""))]
        if not named:
            raise HoldRefused(f"no such legal hold stands on incident {incident_id}; see `streetwitness hold list`")
        if len(named) > 1:
            held = ", ".join(str(each.id)[:8] for each in named)
            raise Misuse(f"{len(named)} legal holds stand on incident {incident_id}; say which with --hold: {held}")
        lift_hold(session, named[0].id, actor=actor(), at=utc_now(), reason=reason)
    left = len(standing) - 1
    typer.echo(f"lifted; {left} more on incident {incident_id}" if left else f"lifted; incident {incident_id} is free")


@hold_app.command("list", epilog="Example: streetwitness hold list --json")
@answers
def hold_list(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Every legal hold that stands. With --json one object a line."""
    from evidence.retention_rows import standing_holds
    from models.database import reading
    from streetwitness.workplace import opened_workplace

    with opened_workplace(given_settings(data_dir=data)) as workplace, reading(workplace.sessions) as session:
        standing = standing_holds(session)
    for each in standing:
        typer.echo(json.dumps(_plain(each), ensure_ascii=False) if as_json else _told(each))
    if not standing and not as_json:
        typer.echo("no legal hold stands")


def _plain(hold: "LegalHold") -> dict[str, str]:
    return {
        "hold": str(hold.id),
        "incident": str(hold.incident_id),
        "by": hold.put_by,
        "at": hold.put_at.isoformat(),
        "reason": hold.reason,
    }


def _told(hold: "LegalHold") -> str:
    return f"{str(hold.id)[:8]}  incident {hold.incident_id}  {hold.put_by}, {hold.put_at:%Y-%m-%d}: {hold.reason}"


@answers
def purge_command(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Says what would go, and deletes nothing.")] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Deletes the bytes that no rule keeps any longer. A running site does this by itself every ten minutes.

    Digest, row and the proof of deletion stay; the log and the register of custody say what went, when and why.
    """
    from streetwitness.workplace import opened_workplace

    with opened_workplace(given_settings(data_dir=data)) as workplace:
        answer = _would_go(workplace) if dry_run else _gone(workplace)
    if as_json:
        typer.echo(json.dumps(answer, ensure_ascii=False))
        return
    verb = "would be deleted" if dry_run else "deleted"
    typer.echo(f"{len(answer['objects'])} objects {verb}, {answer['bytes'] / MEGABYTE:.1f} MB")
    for sha256 in answer.get("left", ()):
        typer.echo(f"left for the next time, something is being sealed with the same bytes: sha256:{sha256}")
    for sha256 in answer.get("swept", ()):
        typer.echo(f"deleted once more, it had come back after its deletion: sha256:{sha256}")
    for name in answer.get("loose", ()):
        typer.echo(f"deleted, a killed process left it in the drafts folder: {name}")
    for sha256 in answer.get("given_up", ()):
        typer.echo(f"kept after all, something needs it again: sha256:{sha256}")


def _would_go(workplace: Any) -> dict[str, Any]:
    from evidence.purge import due
    from models.database import reading

    with reading(workplace.sessions) as session:
        found = due(session, utc_now())
    objects = [
        {
            "sha256": each.sha256,
            "size_bytes": each.size_bytes,
            "belonged_to": list(each.belonged_to),
            "why": each.verdict.reason.value,
            "rule": each.verdict.rule,
        }
        for each in found
    ]
    return {"dry_run": True, "bytes": sum(each.size_bytes for each in found), "objects": objects}


def _gone(workplace: Any) -> dict[str, Any]:
    from evidence.purge import purge

    report = purge(workplace.sessions, workplace.data.vault, workplace.data.drafts, at=utc_now())
    objects = [{"sha256": sha256, "size_bytes": size} for sha256, size in report.deleted]
    return {
        "dry_run": False,
        "bytes": report.bytes_deleted,
        "objects": objects,
        "left": report.left,
        "given_up": report.given_up,
        "swept": report.swept,
        "loose": report.loose,
    }
