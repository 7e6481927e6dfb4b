"""The commands that hand in files, and the tokens that programs do it with."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streetwitness.answers import NO, DataOption, JsonOption, answers, given_settings, utc_now
from streetwitness.errors import Misuse

if TYPE_CHECKING:
    from streetwitness.upload_client import HandedIn

EXAMPLES = (
    "Examples:\n\nstreetwitness upload DCIM/*.mp4 --recorder cam-17\n\n"
    "streetwitness upload 0001.mp4 --url https://desk.example --token-file station.token --json\n\n"
    "Without --token-file the token is that of STREETWITNESS_UPLOAD_TOKEN."
)


@answers
def upload_command(
    files: Annotated[list[Path], typer.Argument(help="As the recorder wrote them.", show_default=False)],
    recorder: Annotated[
        str | None, typer.Option("--recorder", help="Which recorder they are from; needed where there are several.")
    ] = None,
    url: Annotated[
        str | None, typer.Option("--url", help="The site; default: STREETWITNESS_UPLOAD_URL, or this machine.")
    ] = None,
    token: Annotated[
        str | None, typer.Option("--token", help="Visible to others on this machine: rather use --token-file.")
    ] = None,
    token_file: Annotated[Path | None, typer.Option("--token-file", help="A file that holds the token.")] = None,
    parallel: Annotated[int, typer.Option("--parallel", help="Files at a time.", min=1, max=16)] = 3,
    plain_http: Annotated[bool, typer.Option("--plain-http", help="Send the token unencrypted.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Hands in recordings. The same command again goes on where it was; what is there is not sent twice."""
    from streetwitness.upload_client import HandedIn, Sender, checked_url

    settings = given_settings()
    site = checked_url(url or settings.upload_url or f"http://127.0.0.1:{settings.web_port}", plain_http=plain_http)
    shown = _token(token, token_file) or (settings.upload_token and settings.upload_token.get_secret_value())
    if not shown:
        raise Misuse("a site takes files from who shows a token: make one there with `streetwitness user token`")
    for file in files:
        if not file.is_file():
            raise Misuse(f"{file}: there is no such file; check the path")

    def hand_in(file: Path) -> "HandedIn | Exception":
        from streetwitness.errors import NotHandedIn

        sender = Sender(site, shown)
        try:
            return sender.hand_in(file, recorder, on_progress(file))
        except (NotHandedIn, OSError) as error:  # the others go on
            return error
        finally:
            sender.close()

    refused = 0
    with _bars() as on_progress, ThreadPoolExecutor(parallel) as threads:
        for file, came in zip(files, threads.map(hand_in, files), strict=True):
            refused += not isinstance(came, HandedIn)
            _say(file, came, as_json=as_json)
    if refused:
        raise typer.Exit(NO)


def _token(token: str | None, token_file: Path | None) -> str | None:
    if token_file is None:
        return token
    return token_file.read_text("utf-8").strip()


def _say(file: Path, came: "HandedIn | Exception", *, as_json: bool) -> None:
    if isinstance(came, Exception):
        said = str(came)
        if as_json:
            typer.echo(json.dumps({"file": str(file), "refused": said}, ensure_ascii=False))
        typer.echo(said if said.startswith(f"{file}:") else f"{file}: {said}", err=True)
    elif as_json:
        told = {"file": str(file), "upload": came.upload, "sha256": came.sha256, "state": came.state, "why": came.why}
        typer.echo(json.dumps(told, ensure_ascii=False))
    else:
        typer.echo(f"{file}: {came.state}, sha256:{came.sha256}" + (f"; {came.why}" if came.why else ""))


@contextmanager
def _bars() -> Iterator[Callable[[Path], Callable[[int, int], None]]]:
    """A bar for each file, on standard error, where that is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:

        def begin(file: Path) -> Callable[[int, int], None]:
            task = bars.add_task(file.name, total=None)
            return lambda sent, size: bars.update(task, completed=sent, total=size)

        yield begin


@answers
def token_command(
    name: Annotated[str, typer.Argument(help="The user it acts for.", show_default=False)],
    label: Annotated[str, typer.Option("--label", help="Which station or program it is for.")] = "",
    days: Annotated[int, typer.Option("--days", help="How long it is good for.")] = 90,
    revoke: Annotated[str | None, typer.Option("--revoke", help="Ends the token of this id instead.")] = None,
    data: DataOption = None,
) -> None:
    """Makes a token that opens the door for uploads and no other, and prints it once; or ends one."""
    import uuid

    from cases import upload_tokens
    from models.database import transaction
    from streetwitness.workplace import opened_workplace

    with opened_workplace(given_settings(data_dir=data)) as workplace, transaction(workplace.sessions) as session:
        if revoke is not None:
            if revoke not in {str(each.id) for each in upload_tokens.of_user(session, name)}:
                raise Misuse(f"{name} has no token {revoke}; see `streetwitness user tokens {name}`")
            upload_tokens.revoke(session, uuid.UUID(revoke), at=utc_now())
            said = f"the token {revoke} opens nothing any more"
        else:
            said = upload_tokens.give(session, name, label=label, days=days, at=utc_now())
    typer.echo(said)


@answers
def tokens_command(
    name: Annotated[str, typer.Argument(show_default=False)], data: DataOption = None, as_json: JsonOption = False
) -> None:
    """Lists the upload tokens of a user: for whom, until when. The tokens themselves are known to nobody."""
    from cases import upload_tokens
    from models.database import reading
    from streetwitness.workplace import opened_workplace

    with opened_workplace(given_settings(data_dir=data)) as workplace, reading(workplace.sessions) as session:
        tokens = upload_tokens.of_user(session, name)
    for each in tokens:
        over = each.revoked_at is not None or each.expires_at <= utc_now()
        if as_json:
            told = {"id": str(each.id), "label": each.label, "expires_at": each.expires_at.isoformat(), "over": over}
            typer.echo(json.dumps(told, ensure_ascii=False))
        else:
            typer.echo(f"{each.id}  {each.label}  {'over' if over else f'until {each.expires_at:%Y-%m-%d}'}")
