"""The commands about the log: `streetwitness audit`, and `streetwitness log …` for heads and keys."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streetwitness.answers import NO, DataOption, JsonOption, answers, given_settings, utc_now
from streetwitness.errors import Misuse, StartError

if TYPE_CHECKING:
    from evidence.audit_verdict import Verdict
    from evidence.tree_heads import PublishedHead

log_app = typer.Typer(help="The log: sign a head, show what is owed.", no_args_is_help=True)

EXAMPLES = "Examples:\n\nstreetwitness audit\n\nstreetwitness audit --heads /mnt/notary/heads.jsonl --json"


@answers
def audit_command(
    heads: Annotated[
        list[Path] | None,
        typer.Option("--heads", help="Published tree heads from outside, a file or folder; may be repeated."),
    ] = None,
    key: Annotated[
        Path | None, typer.Option("--key", help="The site's public keys in PEM, as they were handed over.")
    ] = None,
    objects: Annotated[
        bool, typer.Option("--objects/--no-objects", help="Whether every object of the vault is read again.")
    ] = True,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Computes every digest of the records again and says what was changed, dropped, slipped in or reordered.

    0 everything holds, 1 it does not, 2 it could not be looked at. It changes nothing.
    """
    from evidence.audit import Brought, audit
    from models.database import reading
    from streetwitness.workplace import opened_workplace

    with _looking():
        brought = [head for place in heads or () for head in _published(place)]
        keys = _keys(key) if key is not None else None
        settings = given_settings(data_dir=data)
        roots = settings.timestamp_authorities
        with opened_workplace(settings) as workplace, reading(workplace.sessions) as session:
            vault = workplace.data.vault if objects else None
            verdict = audit(session, Brought(brought, keys, roots, vault), at=utc_now())
    typer.echo(_as_json(verdict) if as_json else _in_words(verdict))
    if not verdict.holds:
        raise typer.Exit(NO)


@contextlib.contextmanager
def _looking() -> Iterator[None]:
    """What keeps us from looking is misuse here: status 1 means that the records do not hold, and nothing else."""
    from sqlalchemy.exc import DatabaseError, OperationalError

    try:
        yield
    except StartError as error:
        raise Misuse(str(error)) from error
    except DatabaseError as error:
        if type(error) not in (DatabaseError, OperationalError):
            raise
        first = str(error.orig).strip().splitlines()[0]
        raise Misuse(f"the database does not answer ({first}); look with `streetwitness doctor`") from error


def _published(place: Path) -> "list[PublishedHead]":
    """The heads of a file of lines, or of a folder of such files. A last line that was cut short is left out."""
    from evidence.errors import NotAHead
    from evidence.tree_heads import read_published

    files = sorted(place.glob("*.json*")) if place.is_dir() else [place]
    try:
        lines = [line for file in files for line in file.read_bytes().splitlines() if line.strip()]
    except OSError as error:
        raise Misuse(f"{error.filename}: {error.strerror}; name the file that the heads are published to") from error
    found: list[PublishedHead] = []
    broken: NotAHead | None = None
    for line in lines:
        try:
            found.append(read_published(line))
        except NotAHead as error:
            broken = error
    if not found:
        why = broken or "there is none in it"
        raise Misuse(f"{place}: no published heads: {why}") from broken
    if broken is not None:
        typer.echo(f"{place}: {len(lines) - len(found)} of {len(lines)} lines are no heads and were left out", err=True)
    return found


def _keys(file: Path) -> frozenset[str]:
    from evidence.errors import NotAKey
    from evidence.pins import keys_in

    try:
        return keys_in(file.read_bytes())
    except (OSError, NotAKey) as error:
        raise Misuse(f"{file}: {error}") from error


def _as_json(verdict: "Verdict") -> str:
    faults = [{"code": fault.code.value, "where": fault.where, "what": fault.what} for fault in verdict.faults]
    answer = {
        "holds": verdict.holds,
        "faults": faults,
        "notes": verdict.notes,
        "entries": verdict.entries,
        "waiting": verdict.waiting,
        "heads": verdict.heads,
        "published_heads": verdict.published,
        "objects": verdict.objects,
        "newest_head": verdict.newest,
    }
    return json.dumps(answer, ensure_ascii=False)


def _in_words(verdict: "Verdict") -> str:
    counted = f"{verdict.entries} log entries, {verdict.heads} heads, {verdict.published} published, "
    counted += f"{verdict.objects} objects"
    lines = [f"{'the records hold' if verdict.holds else 'the records do NOT hold'}: {counted}"]
    lines += [f"  {fault}" for fault in verdict.faults]
    lines += [f"  note: {note}" for note in verdict.notes]
    if verdict.newest is not None:
        lines.append(f"newest head: {verdict.newest}")
    return "\n".join(lines)


@log_app.command("head", epilog="Example: streetwitness log head >> heads-i-keep.jsonl")
@answers
def head(data: DataOption = None) -> None:
    """Signs a head of the log as it is now, and prints it in the form to be kept elsewhere: one line.

    It is published and timestamped by the running site, like those of every hour.
    """
    from evidence.keys import key_in_use
    from evidence.statements import sign_waiting
    from evidence.tree_heads import published_form, sign_head
    from models.database import transaction
    from streetwitness.workplace import opened_workplace

    with opened_workplace(given_settings(data_dir=data)) as workplace, transaction(workplace.sessions) as session:
        at = utc_now()
        key = key_in_use(session, workplace.data.signing_key, at=at)
        sign_waiting(session, key, at=at)
        line = published_form(sign_head(session, key, at=at)).decode()
    typer.echo(line)


@log_app.command("new-key", epilog="Example: streetwitness log new-key")
@answers
def new_key(data: DataOption = None) -> None:
    """Ends the key that the site signs with and begins another; every host that signs needs a copy of the new file."""
    from evidence.keys import replace_key
    from models.database import transaction
    from streetwitness.workplace import opened_workplace

    with opened_workplace(given_settings(data_dir=data)) as workplace:
        path = workplace.data.signing_key
        with transaction(workplace.sessions) as session:
            key = replace_key(session, path, at=utc_now())
    typer.echo(f"the site signs with key {key.key_id} from now on; copy {path} to every host that signs")


@log_app.command("owed", epilog="Example: streetwitness log owed --json")
@answers
def owed(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Lists the timestamps that no authority has given yet: since when, how often it was asked, and why not."""
    from evidence.canonical import instant, instant_or_none
    from evidence.timestamping import owed as still_owed
    from streetwitness.workplace import opened_workplace

    with opened_workplace(given_settings(data_dir=data)) as workplace:
        waiting = still_owed(workplace.sessions)
    for each in waiting:
        line = {
            "exhibit": str(each.exhibit_id) if each.exhibit_id else None,
            "head": each.head_number,
            "promised_at": instant(each.promised_at),
            "asked_at": instant_or_none(each.asked_at),
            "tries": each.tries,
            "failure": each.failure,
        }
        if as_json:
            typer.echo(json.dumps(line, ensure_ascii=False))
        else:
            what = f"exhibit {line['exhibit']}" if line["exhibit"] else f"head {line['head']}"
            typer.echo(f"{what}: owed since {line['promised_at']}, asked {each.tries} times; {each.failure or ''}")
    if not waiting and not as_json:
        typer.echo("none is owed")
