"""The command `streetwitness`: what can be asked of it, and how it answers.

Exit status 0 done, 1 "no", 2 misuse. What went wrong is one line on standard error that says what to do next.
Each command imports what it needs when it is called, so that `verify` and `--help` start at once and `verify` works
where neither database nor network weights are at hand.
"""

import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from enum import StrEnum
from importlib.metadata import version as version_of
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from streetwitness.answers import NO, DataOption, JsonOption, actor, answers, given_settings, utc_now
from streetwitness.camera_commands import camera_app
from streetwitness.errors import Misuse
from streetwitness.evidence_commands import hold_app, purge_command
from streetwitness.law_commands import law_app
from streetwitness.log_commands import EXAMPLES, audit_command, log_app
from streetwitness.message_commands import keys_app, message_app, register_app
from streetwitness.plate_command import EXAMPLES as PLATE_EXAMPLES
from streetwitness.plate_command import plate_command
from streetwitness.recorder_commands import recorder_app
from streetwitness.reproduce_command import reproduce
from streetwitness.store_commands import store_app
from streetwitness.train_commands import train_app
from streetwitness.upload_commands import EXAMPLES as UPLOAD_EXAMPLES
from streetwitness.upload_commands import token_command, tokens_command, upload_command
from streetwitness.user_commands import user_app

if TYPE_CHECKING:
    from cases.site_file import SiteFile
    from cases.site_rows import ApplyReport
    from streetwitness.analysis import Outcome

PROGRAM = "streetwitness"
_Pin = TypeVar("_Pin")

app = typer.Typer(
    name=PROGRAM,
    help="Cameras that are already there, offences that do not stop by themselves, draft cases for a person to judge.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
site_app = typer.Typer(help="The site file: check, import, export.", no_args_is_help=True)
db_app = typer.Typer(help="The database.", no_args_is_help=True)
app.add_typer(site_app, name="site")
app.add_typer(db_app, name="db")
app.add_typer(user_app, name="user")
app.add_typer(law_app, name="law")
app.add_typer(camera_app, name="camera")
app.add_typer(message_app, name="message")
app.add_typer(register_app, name="register")
app.add_typer(keys_app, name="keys")
app.add_typer(hold_app, name="hold")
app.command("purge", epilog="Example: streetwitness purge --dry-run --json")(purge_command)
app.add_typer(log_app, name="log")
app.command("audit", epilog=EXAMPLES)(audit_command)
app.command("plate", epilog=PLATE_EXAMPLES)(plate_command)
app.add_typer(recorder_app, name="recorder")
app.add_typer(store_app, name="store")
app.add_typer(train_app, name="train")
app.command(epilog="Example: streetwitness reproduce case.zip")(reproduce)
app.command("upload", epilog=UPLOAD_EXAMPLES)(upload_command)
user_app.command("token", epilog='Example: streetwitness user token station.3 --label "station 3"')(token_command)
user_app.command("tokens", epilog="Example: streetwitness user tokens station.3")(tokens_command)


class DraftLanguage(StrEnum):
    ZH = "zh"
    EN = "en"


@app.command(epilog="Example: streetwitness version")
@answers
def version() -> None:
    """Prints the version."""
    typer.echo(f"{PROGRAM} {version_of(PROGRAM)}")


@app.command(
    epilog=(
        "Examples:\n\nstreetwitness analyze gate.mp4 --site site.yaml\n\n"
        "streetwitness analyze gate.mp4 --site site.yaml --camera gate-3 --start 2026-03-02T12:00:00+08:00 --json"
    )
)
@answers
def analyze(
    video: Annotated[
        Path, typer.Argument(help="The recording, as the camera or recorder wrote it.", show_default=False)
    ],
    site: Annotated[Path, typer.Option("--site", help="The site file with cameras and fences.", show_default=False)],
    camera: Annotated[str | None, typer.Option("--camera", help="Which camera of the site it is from.")] = None,
    start: Annotated[
        str | None, typer.Option("--start", help="When it begins, ISO 8601; without a zone: local time of the site.")
    ] = None,
    data: DataOption = None,
    language: Annotated[DraftLanguage, typer.Option("--language", help="Of the draft documents.")] = DraftLanguage.ZH,
    as_json: JsonOption = False,
) -> None:
    """Takes a recording down the road: what stood where it may not, proven and drafted.

    There is no owner to answer a recording, so the grace runs on its own time.
    """
    from cases.site_file import read

    site_file = read(site)
    camera_id = _camera_of(site_file, camera)
    began = _start_of(start, site_file.values.timezone)
    settings = given_settings(data_dir=data)
    _check_video(video)

    from ingest.recordings import take_recording
    from models.database import transaction
    from streetwitness.analysis import analyse, fences_that_came_later, outcome_of
    from streetwitness.workplace import now, opened_workplace

    with opened_workplace(settings, make=True) as workplace:
        with transaction(workplace.sessions) as session:
            _apply(session, site_file, workplace.key())
            recording = take_recording(session, camera_id, video, began)
            newer = fences_that_came_later(session, recording)
        if newer:
            typer.echo(
                f"{', '.join(newer)}: came into force after this recording was made; it is judged by the site file "
                "all the same, and its drafts say so",
                err=True,
            )
        with _progress(video.name) as on_progress:
            report = analyse(workplace, recording.id, on_progress, fences_at=now())
        outcome = outcome_of(workplace, report, language.value)
    if as_json:
        typer.echo("\n".join(outcome.lines()))
    else:
        _print_outcome(outcome)


def _camera_of(site_file: "SiteFile", asked: str | None) -> str:
    known = [camera.id for camera in site_file.values.cameras]
    if asked is None and len(known) == 1:
        return known[0]
    if asked is None:
        raise Misuse(f"{site_file.path} has several cameras; say which with --camera: {', '.join(known)}")
    if asked not in known:
        raise Misuse(f"there is no camera {asked} in {site_file.path}; known: {', '.join(known)}")
    return asked


def _start_of(text: str | None, timezone: str) -> datetime | None:
    from zoneinfo import ZoneInfo

    if text is None:
        return None
    try:
        began = datetime.fromisoformat(text)
        return (began if began.tzinfo else began.replace(tzinfo=ZoneInfo(timezone))).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Misuse(f"--start {text}: not a time; write it as 2026-03-02T12:00:00+08:00") from error


def _check_video(video: Path) -> None:
    """Before anything is written: a wrong path leaves no site behind."""
    from ingest.packet_source import open_file

    with open_file(video):
        return


@contextlib.contextmanager
def _progress(name: str) -> Iterator[Callable[[float, float | None], None]]:
    """A bar on standard error, where that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda _done_s, _total_s: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(name, total=None)
        yield lambda done_s, total_s: bar.update(task, completed=done_s, total=total_s)


def _print_outcome(outcome: "Outcome") -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("fence", "offence", "stopped", "confirmed", "last seen", "state"):
        table.add_column(heading, overflow="fold")
    for line in outcome.incidents:
        table.add_row(
            line["geofence"],
            line["offence"].replace("_", " "),
            "before start" if line["stopped_s"] is None else f"{line['stopped_s']:.1f} s",
            f"{line['confirmed_s']:.1f} s",
            f"{line['last_seen_s']:.1f} s",
            line["state"],
        )
    console = Console(highlight=False)
    if outcome.incidents:
        console.print(table)
    for line in outcome.incidents:
        if line["draft"] is not None:
            typer.echo(f"draft of {line['geofence']}: {line['draft']}")
    summary = outcome.summary
    counted = f"{summary['incidents']} incident{'' if summary['incidents'] == 1 else 's'}, {summary['drafted']} drafted"
    if summary["again"]:
        typer.echo(f"{counted}; analysed before, this is the stored result")
    else:
        cost = f"{summary['video_s']:.1f} s of video in {summary['wall_s']:.1f} s"
        typer.echo(f"{counted}; {cost}, {summary['frames_decoded']} frames decoded")


@app.command(epilog='Example: streetwitness export 3f2a9c1e -o case.zip --reason "asked for by the court"')
@answers
def export(
    incident: Annotated[str, typer.Argument(help="The incident's id, or its first characters.", show_default=False)],
    out: Annotated[Path, typer.Option("-o", "--out", help="The bundle to write.", show_default=False)],
    reason: Annotated[str, typer.Option("--reason", help="Why; goes into the custody record.")] = "export by command",
    data: DataOption = None,
) -> None:
    """Writes the bundle of an incident: everything it is proven by, checkable without us."""
    from evidence.bundle import Signing, export_bundle
    from models.database import reading, transaction
    from streetwitness.incident_names import incident_named
    from streetwitness.stores import at_hand
    from streetwitness.workplace import opened_workplace

    with opened_workplace(given_settings(data_dir=data)) as workplace:
        with reading(workplace.sessions) as session:
            at_hand(workplace.settings).bring_back(session, incident_named(session, incident))
        written = False
        try:
            with transaction(workplace.sessions) as session:
                incident_id = incident_named(session, incident)
                export_bundle(
                    session,
                    workplace.data.vault,
                    incident_id,
                    out,
                    actor=actor(),
                    at=utc_now(),
                    reason=reason,
                    signing=Signing(workplace.data.signing_key, workplace.settings.timestamp_roots),
                )
                written = True
        except BaseException:
            if written:  # the commit failed: a bundle that names a custody entry nobody has is not handed out
                out.unlink(missing_ok=True)
            raise
    typer.echo(f"{out} written; check it anywhere with: streetwitness verify {out}")


def _given(file: Path | None, read: Callable[[bytes], _Pin]) -> _Pin | None:
    """What a file holds that was given to check by. Raises Misuse."""
    from evidence.errors import EvidenceError

    if file is None:
        return None
    try:
        return read(file.read_bytes())
    except (OSError, EvidenceError) as error:
        raise Misuse(f"{file}: {error}") from error


@app.command(epilog="Example: streetwitness verify case.zip --key bureau.pem --head published-head.json")
@answers
def verify(
    bundle: Annotated[Path, typer.Argument(help="The bundle, or the folder it was unpacked into.", show_default=False)],
    key: Annotated[
        Path | None, typer.Option("--key", help="The site's public key in PEM, as it was given to you.")
    ] = None,
    tsa: Annotated[
        Path | None, typer.Option("--tsa", help="The timestamp authority's certificate in PEM, from the authority.")
    ] = None,
    head: Annotated[
        Path | None, typer.Option("--head", help="A tree head that the site published, or the file of them.")
    ] = None,
    code: Annotated[
        str | None, typer.Option("--code", help="The anti-forgery code of a print: which exhibit was it made from?")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Checks an exported bundle. 0 intact, 1 not (saying what and where), 2 not a bundle.

    Needs no database and no network. What lies in the bundle proves that it is whole, and by whom it says it is; what
    you were given another way (--key, --tsa, --head) proves the rest. The answer says which of it was established.
    """
    from evidence.derivatives.anti_forgery import as_typed
    from evidence.derivatives.prints import originals_in
    from evidence.pins import Pins, authorities_in, heads_in, keys_in
    from evidence.verdict import Outcome
    from evidence.verification import verify

    pins = Pins(_given(key, keys_in), _given(tsa, authorities_in), _given(head, heads_in))
    wanted = None if code is None else as_typed(code)
    if code is not None and wanted is None:
        raise Misuse(f"{code!r} is no anti-forgery code; it has twelve letters and digits, such as 7KQ2-M9XA-40TP")
    verdict = verify(bundle, pins)
    prints = originals_in(bundle, wanted) if wanted is not None and verdict.outcome is Outcome.INTACT else []
    if as_json:
        faults = [{"code": fault.code.value, "name": fault.name, "what": fault.what} for fault in verdict.faults]
        answer: dict[str, object] = {
            "outcome": verdict.outcome.value,
            "reason": verdict.reason,
            "faults": faults,
            "files": verdict.files,
            "incident": verdict.incident,
            "manifest_sha256": verdict.manifest_sha256,
            "standings": [
                {"subject": each.subject.value, "pinned": each.pinned, "what": each.what} for each in verdict.standings
            ],
        }
        if wanted is not None:
            answer["code"] = {"code": wanted, "exhibits": prints}
        typer.echo(json.dumps(answer, ensure_ascii=False))
    elif verdict.outcome is Outcome.INTACT:
        typer.echo(f"{bundle}: intact, {verdict.files} files, incident {verdict.incident}")
        typer.echo(f"manifest sha256:{verdict.manifest_sha256}: compare it with the digest you were given another way")
        for standing in verdict.standings:
            typer.echo(f"  {'✓' if standing.pinned else '·'} {standing}")
        if wanted is not None:
            typer.echo(f"code {wanted}: {', '.join(prints) or 'no exhibit of this bundle has it'}")
    elif verdict.outcome is Outcome.NOT_A_BUNDLE:
        typer.echo(verdict.reason, err=True)
    else:
        typer.echo(f"{bundle}: NOT intact", err=True)
        for fault in verdict.faults:
            typer.echo(f"  {fault}", err=True)
    raise typer.Exit(verdict.exit_status or (1 if wanted is not None and not prints else 0))


@site_app.command("check", epilog="Example: streetwitness site check site.yaml")
@answers
def site_check(
    file: Annotated[Path, typer.Argument(show_default=False)],
    as_json: JsonOption = False,
) -> None:
    """Reads a site file and says everything that is wrong with it."""
    from dataclasses import asdict

    from cases.errors import SiteFileRefused
    from cases.site_file import read
    from cases.site_yaml import Problem

    try:
        values = read(file).values
    except SiteFileRefused as error:
        if not as_json:
            raise
        problems = [asdict(problem) for problem in error.problems if isinstance(problem, Problem)]
        typer.echo(json.dumps({"ok": False, "problems": problems}, ensure_ascii=False))
        raise typer.Exit(NO) from error
    if as_json:
        typer.echo(json.dumps({"ok": True, "problems": []}))
    else:
        typer.echo(f"{file}: sound; {len(values.cameras)} cameras, {len(values.geofences)} fences")


@site_app.command("import", epilog="Example: streetwitness site import site.yaml --data /srv/streetwitness")
@answers
def site_import(
    file: Annotated[Path, typer.Argument(show_default=False)], data: DataOption = None, as_json: JsonOption = False
) -> None:
    """Makes the database say what the file says. A fence that changed becomes a new version."""
    from dataclasses import asdict

    from cases.site_file import read
    from models.database import transaction
    from streetwitness.workplace import opened_workplace

    site_file = read(file)
    with (
        opened_workplace(given_settings(data_dir=data), make=True) as workplace,
        transaction(workplace.sessions) as session,
    ):
        report = _apply(session, site_file, workplace.key())
    if as_json:
        typer.echo(json.dumps(asdict(report), ensure_ascii=False))
        return
    for word, names in (("added", report.added), ("changed", report.changed), ("ended", report.ended)):
        for name in names:
            typer.echo(f"{word}: {name}")
    typer.echo(f"{report.unchanged} unchanged" if report.unchanged or not report.changed_nothing else "nothing to do")


def _apply(session: Any, site_file: "SiteFile", key: Any) -> "ApplyReport":
    from cases.site_rows import apply

    return apply(session, site_file, key, actor=actor(), at=utc_now())


@site_app.command("export", epilog="Example: streetwitness site export -o site.yaml")
@answers
def site_export(
    out: Annotated[Path, typer.Option("-o", "--out", help="The file to write.", show_default=False)],
    site: Annotated[str | None, typer.Option("--site", help="Its name, where there are several.")] = None,
    data: DataOption = None,
) -> None:
    """Writes the site as a file. It holds names and phone numbers, so only its owner may read it; no passwords."""
    from cases.site_rows import dump
    from models.database import reading
    from streetwitness.workplace import opened_workplace

    with opened_workplace(given_settings(data_dir=data)) as workplace, reading(workplace.sessions) as session:
        dump(session, workplace.key(), out, site=site)
    typer.echo(f"{out} written; it holds personal data, keep it where that may lie")


@db_app.command("upgrade", epilog="Example: streetwitness db upgrade")
@answers
def db_upgrade(data: DataOption = None) -> None:
    """Brings the database to the schema of this program."""
    from evidence.log_opening import open_log
    from models.database import newest_revision, open_database, schema_revision, sessions_of, transaction, upgrade
    from streetwitness.workplace import check_known

    settings = given_settings(data_dir=data)
    settings.data.make()
    engine = open_database(settings.database)
    try:
        before = schema_revision(engine)
        check_known(before)
        upgrade(engine)
        with transaction(sessions_of(engine)) as session:
            entered = open_log(session, at=utc_now())
    finally:
        engine.dispose()
    after = newest_revision()
    typer.echo(f"already at {after}" if before == after else f"upgraded from {before or 'nothing'} to {after}")
    if entered:
        typer.echo(f"the log took in {entered} rows from before it; from now on none of them changes unseen")


@app.command(epilog="Example: streetwitness doctor")
@answers
def doctor(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Looks at everything the program stands on and says what is missing. 1 where something needed is."""
    from streetwitness.doctor import examine, print_findings

    findings = examine(given_settings(data_dir=data))
    print_findings(findings, as_json=as_json)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(NO)


@app.command(epilog="Examples:\n\nstreetwitness demo\n\nstreetwitness demo --footage ~/clips --port 9000")
@answers
def demo(
    footage: Annotated[
        Path | None, typer.Option("--footage", help="Folder with the demo's clips; default: STREETWITNESS_FOOTAGE.")
    ] = None,
    data: Annotated[Path, typer.Option("--data", help="Where the demo keeps its data.")] = Path("demo-data"),
    port: Annotated[int | None, typer.Option("--port", help="Default: 8600.", min=1, max=65535)] = None,
) -> None:
    """A whole running site on this machine: database, Redis, worker, review desk. Ctrl+C ends it."""
    from streetwitness.demo import run_demo

    run_demo(given_settings(data_dir=data, footage=footage, web_port=port))


@app.command(
    epilog="Examples:\n\nstreetwitness run\n\nstreetwitness run --only watch\n\nstreetwitness run --data /srv/site"
)
@answers
def run(
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only", help="watch, work, relay, deadlines, notary, store or web; may be repeated. Default: all."
        ),
    ] = None,
    data: DataOption = None,
    port: Annotated[int | None, typer.Option("--port", help="Default: 8600.", min=1, max=65535)] = None,
) -> None:
    """The site for real: watchers of the live cameras, worker, relay, review desk. Ctrl+C or SIGTERM ends it."""
    from streetwitness.run import run_site

    run_site(given_settings(data_dir=data, web_port=port), only or [])


@app.command("process", hidden=True)
@answers
def process(name: Annotated[str, typer.Argument()]) -> None:
    """One process of a running site; the supervisor starts it."""
    from streetwitness.processes import run_process

    run_process(name)
