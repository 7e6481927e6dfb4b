"""The commands about the catalogue of offences: look something up, take a file in, bring it into force.

Whoever may run them holds the data folder anyway; their name on this machine goes on record with each act.
"""

import json
import uuid
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from streetwitness.answers import NO, DataOption, JsonOption, actor, answers, given_settings, utc_now
from streetwitness.errors import Misuse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

    from cases.law.catalogue import By
    from cases.law.items import LawItem
    from models.law_catalogue import LawEdition

law_app = typer.Typer(help="The catalogue of offences: what is forbidden, by which article, with which bands.")

ReasonOption = Annotated[str, typer.Option("--reason", help="Goes on record.", show_default=False)]
EditionArgument = Annotated[str, typer.Argument(help="Its id, as `law editions` prints it.", show_default=False)]
DAY = typer.Option("--on", help="As in force on that day; default: today.", formats=["%Y-%m-%d"])


@law_app.command(
    "search",
    epilog=(
        "Examples:\n\nstreetwitness law search 违停\n\nstreetwitness law search wt --json\n\n"
        "streetwitness law search 03.01 --on 2026-01-01"
    ),
)
@answers
def law_search(
    words: Annotated[list[str] | None, typer.Argument(help="Code, keyword or first letters in pinyin.")] = None,
    on: Annotated[datetime | None, DAY] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000)] = 20,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Finds items, best first. 1 where nothing is found."""
    from cases.law import catalogue

    with _catalogue(data) as session:
        found = catalogue.search(session, " ".join(words or ()), _day(on), limit)
    for item in found:
        typer.echo(json.dumps(_told(item), ensure_ascii=False) if as_json else f"{item.code}  {item.act.zh}")
    if not found:
        raise typer.Exit(NO)


@law_app.command(
    "import",
    epilog=(
        "Examples:\n\nstreetwitness law import catalogue.csv --source 某市综合行政执法局公告2026第3号\n\n"
        "streetwitness law import catalogue.yaml --in-force --reason 局务会决定"
    ),
)
@answers
def law_import(
    file: Annotated[Path, typer.Argument(help="CSV or YAML, UTF-8 or GB18030.", show_default=False)],
    source: Annotated[
        str | None, typer.Option("--source", help="Where it is published; a YAML says so itself.")
    ] = None,
    in_force: Annotated[bool, typer.Option("--in-force", help="Bring it into force at once, with --reason.")] = False,
    reason: ReasonOption = "",
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Takes a file in whole, or refuses it with everything that is wrong; nothing holds before it is in force."""
    from cases.law import catalogue
    from cases.law.errors import LawFileRefused
    from cases.law.import_law import read_import

    try:
        read = read_import(file, source=source)
    except LawFileRefused as error:
        if not as_json:
            raise
        problems = [{"line": one.line, "field": one.field, "sentence": one.sentence} for one in error.problems]
        typer.echo(json.dumps({"ok": False, "problems": problems}, ensure_ascii=False))
        raise typer.Exit(NO) from error
    _need_reason(in_force=in_force, reason=reason)
    with _catalogue(data, make=True) as session:
        edition = catalogue.take_in(session, read, by=_by(), at=utc_now())
        if in_force:
            catalogue.bring_into_force(session, edition.id, by=_by(), reason=reason, at=utc_now())
    _tell(edition, as_json=as_json)


@law_app.command("start", epilog="Example: streetwitness law start --reason 起始目录，已由法制科核对")
@answers
def law_start(reason: ReasonOption, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Brings the catalogue that comes with the program into force; its bands are an example to be replaced."""
    from cases.law import catalogue

    with _catalogue(data, make=True) as session:
        edition = catalogue.start(session, by=_by(), reason=reason, at=utc_now())
    _tell(edition, as_json=as_json)


@law_app.command("editions", epilog="Example: streetwitness law editions --json")
@answers
def law_editions(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Lists what was taken in, newest first."""
    from cases.law import catalogue

    with _catalogue(data) as session:
        editions = catalogue.editions(session)
    for edition in editions:
        _tell(edition, as_json=as_json)


@law_app.command(
    "bring", epilog="Example: streetwitness law bring 6f0b7a52-0f0e-4f3e-9f53-1f6b6c0f2c11 --reason 局务会决定"
)
@answers
def law_bring(
    edition: EditionArgument, reason: ReasonOption, data: DataOption = None, as_json: JsonOption = False
) -> None:
    """Brings an edition into force: from now on its items hold on their days."""
    from cases.law import catalogue

    with _catalogue(data) as session:
        edition_id = _edition_id(edition)
        catalogue.bring_into_force(session, edition_id, by=_by(), reason=reason, at=utc_now())
        row = catalogue.edition(session, edition_id)
    _tell(row, as_json=as_json)


@contextmanager
def _catalogue(data: Path | None, *, make: bool = False) -> "Iterator[Session]":
    from models.database import transaction
    from streetwitness.workplace import opened_workplace

    with (
        opened_workplace(given_settings(data_dir=data), make=make) as workplace,
        transaction(workplace.sessions) as session,
    ):
        yield session


def _by() -> "By":
    from cases.law.catalogue import By

    return By(actor())


def _need_reason(*, in_force: bool, reason: str) -> None:
    """Raises Misuse."""
    if in_force and not reason.strip():
        raise Misuse("--in-force needs --reason: why it is brought into force goes on record")


def _day(on: datetime | None) -> date:
    return (on or utc_now()).date()


def _edition_id(text: str) -> uuid.UUID:
    """Raises Misuse."""
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise Misuse(f"{text!r} is no id of an edition; see `streetwitness law editions`") from error


def _tell(edition: "LawEdition", *, as_json: bool) -> None:
    told = {
        "id": str(edition.id),
        "file": edition.file_name,
        "source": edition.source,
        "items": edition.items,
        "state": edition.state.value,
    }
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
    else:
        typer.echo(f"{edition.id}  {edition.state.value.replace('_', ' ')}  {edition.items} items  {edition.source}")


def _told(item: "LawItem") -> dict[str, Any]:
    return {
        "code": item.code,
        "class": item.class_.zh,
        "power": item.power.zh,
        "act": item.act.zh,
        "offence": item.offence.value if item.offence else None,
        "valid_from": item.valid_from.isoformat(),
        "valid_to": item.valid_to.isoformat() if item.valid_to else None,
        "violation": [f"《{one.law.zh}》{one.article.zh}" for one in item.violation],
        "penalty": [f"《{one.law.zh}》{one.article.zh}" for one in item.penalty],
        "bands": [band.code for band in item.band],
        "provision_id": item.version_id,
    }
