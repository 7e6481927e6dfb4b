"""`streetwitness store …`: the copies of sealed objects in a store beside the vault, looked at and worked by hand.

A running site copies by itself (streetwitness/stores.py); these commands do the same once and say what came of it.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streetwitness.answers import NO, DataOption, JsonOption, answers, given_settings
from streetwitness.errors import Misuse

if TYPE_CHECKING:
    from evidence.copies import Copier, CopyRound

store_app = typer.Typer(help="Copies of sealed objects in a store beside the vault.", no_args_is_help=True)


@contextmanager
def _copier(data: Path | None) -> "Iterator[Copier]":
    from streetwitness.stores import copier_of
    from streetwitness.workplace import opened_workplace

    with opened_workplace(given_settings(data_dir=data)) as workplace:
        copier = copier_of(workplace)
        if copier is None:
            raise Misuse("no store is named; set STREETWITNESS_STORE_URL, docs/stores.md says how")
        yield copier


def _answer(done: "CopyRound", *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(asdict(done)))
    else:
        counted = {name.replace("_", " "): len(digests) for name, digests in asdict(done).items() if digests}
        typer.echo(", ".join(f"{count} {name}" for name, count in counted.items()) or "nothing to do")
        for sha256 in done.differing:
            typer.echo(f"sha256:{sha256} is not what was sealed; find out who writes there", err=True)
    if done.differing or done.failed:
        raise typer.Exit(NO)


@store_app.command("copy", epilog="Example: streetwitness store copy")
@answers
def copy(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Copies everything that is due and reads it back; removes copies of what was deleted by rule."""
    with _copier(data) as copier:
        copier.store.prove_write_once()
        done = copier.remove_deleted(copier.copy_due())
    _answer(done, as_json=as_json)


@store_app.command("check", epilog="Example: streetwitness store check")
@answers
def check(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Reads every copy back and compares it with the digest it was sealed with. 1 where one does not hold."""
    with _copier(data) as copier:
        done = copier.check()
    _answer(done, as_json=as_json)


@store_app.command("status", epilog="Example: streetwitness store status --json")
@answers
def status(data: DataOption = None, as_json: JsonOption = False) -> None:
    """How many objects are sealed, and in which state their copies are. Asks the database only."""
    from evidence.copies import counts
    from models.database import reading

    with _copier(data) as copier, reading(copier.sessions) as session:
        counted = counts(session, copier.store.name)
        name = copier.store.name
    if as_json:
        typer.echo(json.dumps({"store": name} | counted))
    else:
        typer.echo(f"{name}: " + ", ".join(f"{count} {state}" for state, count in counted.items()))


@store_app.command("key", epilog="Example: streetwitness store key /etc/streetwitness/store.key")
@answers
def key(
    file: Annotated[Path, typer.Argument(help="Where to; not in the data folder.", show_default=False)],
) -> None:
    """Makes a key for encrypting copies. Where the file is there already, the new key goes before the old ones."""
    from evidence.encryption import make_key_file

    public = make_key_file(file)
    typer.echo(f"{file}: new copies are encrypted for {public}")
    typer.echo("keep another copy of this file away from here and from the store: without it the copies are lost")
