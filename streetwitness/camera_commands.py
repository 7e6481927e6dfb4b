"""The commands `streetwitness camera …`: find cameras, look at one, add, change and list them, switch them on and off.

A password is never an argument, since every user of the machine can read those: it is asked for, or read from a file.
"""

import contextlib
import json
import sys
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from models.enums import CameraKind, CameraState, Transport
from streetwitness.answers import NO, DataOption, JsonOption, actor, answers, given_settings, utc_now
from streetwitness.errors import Misuse

if TYPE_CHECKING:
    from rich.console import Group
    from sqlalchemy.orm import Session

    from cases.camera_entry import CameraEntry, ViewEntry
    from cases.camera_list import CameraList
    from cases.cameras import CameraLine
    from ingest.camera_address import Networks, StreamUrl
    from ingest.camera_probe import DeviceReport, StreamReport
    from streetwitness.workplace import Workplace

camera_app = typer.Typer(help="Live cameras: find, look at, add, list.", no_args_is_help=True)

LOOK_AGAIN_S = 2.0
PIPE_WIDTH = 240

UserOption = Annotated[str | None, typer.Option("--username", help="To sign in to the camera.")]
PasswordFileOption = Annotated[
    Path | None,
    typer.Option(
        "--password-file", help="A file with the password on its first line; - is standard input.", allow_dash=True
    ),
]
TransportOption = Annotated[Transport, typer.Option("--transport", help="How the packets travel.")]
ViewOption = Annotated[
    list[str] | None,
    typer.Option(
        "--view",
        help="A preset of a dome: our name, what the camera calls it, seconds of the tour, hours, as in "
        '"gate=1 60s mon-fri 06:00-20:00"; may be repeated, in the order of the tour.',
    ),
]


def _password(username: str | None, file: Path | None, place: str) -> str | None:
    """The password of this user: from the file, else asked for. Without a user name there is none."""
    if username is None:
        if file is not None:
            raise Misuse("--password-file needs --username")
        return None
    if file is not None:
        text = sys.stdin.readline() if str(file) == "-" else file.read_text("utf-8").partition("\n")[0]
        return text.rstrip("\r\n") or None
    if sys.stdin.isatty():
        return (
            str(typer.prompt(f"Password of {username} at {place}", hide_input=True, default="", show_default=False))
            or None
        )
    raise Misuse("there is nobody to ask for the password; name a file with --password-file, or - for standard input")


def _login_of(urls: "Iterable[StreamUrl]", username: str | None) -> str | None:
    """The one user name of option and URLs. Raises Misuse for a password in a URL."""
    names = {username} if username is not None else set()
    for url in urls:
        if url.password is not None:
            raise Misuse(
                "every user of this machine can read a password on the command line; leave it out of the URL and give "
                "--username, then it is asked for (or --password-file)"
            )
        if url.username is not None:
            names.add(url.username)
    if len(names) > 1:
        raise Misuse("several user names are given; a camera has one here: write it once")
    return next(iter(names), None)


def _any_url(text: str) -> "StreamUrl":
    from ingest.camera_address import parse_onvif_url, parse_stream_url

    return parse_onvif_url(text) if text.lower().startswith("http") else parse_stream_url(text)


@camera_app.command(epilog="Example: streetwitness camera discover --seconds 5")
@answers
def discover(
    seconds: Annotated[float, typer.Option("--seconds", help="How long to wait for answers.", min=0.1, max=60)] = 4.0,
    interface: Annotated[
        list[str] | None,
        typer.Option("--interface", help="An IPv4 address of this machine to ask from; may be repeated."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Asks the network which ONVIF cameras there are. 1 where none answers."""
    from ingest.onvif_discovery import discover as ask

    found = ask(given_settings().dialled, listen_s=seconds, interfaces=interface or ())
    for device in found.devices:
        said = {
            "onvif": device.url.source,
            "name": device.name,
            "hardware": device.hardware,
            "location": device.location,
        }
        if as_json:
            typer.echo(json.dumps(said | {"endpoint": device.endpoint}, ensure_ascii=False))
        else:
            typer.echo("  ".join(part for part in said.values() if part))
    if found.refused:
        typer.echo(
            f"{found.refused} answers were not used: not from the networks of this site "
            "(STREETWITNESS_CAMERA_NETWORKS), or no answers of a camera",
            err=True,
        )
    if not found.devices:
        typer.echo(
            "no camera answered; they answer within their own network only: ask from a machine there, name its address "
            "with --interface, and see that ONVIF is switched on",
            err=True,
        )
        raise typer.Exit(NO)


@camera_app.command(
    epilog=(
        "Examples:\n\nstreetwitness camera probe rtsp://10.0.0.5/Streaming/Channels/101 --username viewer\n\n"
        "streetwitness camera probe http://10.0.0.5/onvif/device_service --username viewer --password-file pw --json"
    )
)
@answers
def probe(
    url: Annotated[
        str, typer.Argument(help="rtsp:// of a stream, or http:// of an ONVIF service.", show_default=False)
    ],
    username: UserOption = None,
    password_file: PasswordFileOption = None,
    onvif: Annotated[str | None, typer.Option("--onvif", help="http:// of its ONVIF service, to ask that too.")] = None,
    transport: TransportOption = Transport.TCP,
    seconds: Annotated[float, typer.Option("--seconds", help="How long to watch the stream.", min=0.5, max=300)] = 10.0,
    as_json: JsonOption = False,
) -> None:
    """Looks at a camera before it is added: what it sends, how its clock is, and what to change in its settings."""
    from cases.camera_entry import ONVIF_SCHEMES
    from ingest.camera_address import resolve
    from ingest.camera_probe import advice, probe_device, probe_stream
    from ingest.equipment import OurClock

    networks = given_settings().dialled
    asked = _any_url(url)
    service = asked if asked.scheme in ONVIF_SCHEMES else None if onvif is None else _any_url(onvif)
    username = _login_of([asked] if service in (asked, None) else [asked, service], username)
    password = _password(username, password_file, asked.place)
    device = stream = None
    main: StreamUrl | None = asked
    if service is not None:
        device = probe_device(service, resolve(service, networks)[0], username=username, password=password)
        if service is asked:
            main = next((profile.stream for profile in device.profiles if profile.stream), None)
    if main is not None:
        stream = probe_stream(
            main,
            resolve(main, networks)[0],
            username=username,
            password=password,
            transport=transport.value,
            seconds=seconds,
            utc=OurClock().utc,
        )
    said = advice(stream, device)
    if as_json:
        typer.echo(json.dumps(_probe_answer(main, stream, device, said), ensure_ascii=False))
    else:
        _print_probe(main, stream, device, said)
    if stream is None:
        typer.echo("the camera names no stream over RTSP; switch RTSP on in its settings", err=True)
        raise typer.Exit(NO)


def _probe_answer(
    main: "StreamUrl | None", stream: "StreamReport | None", device: "DeviceReport | None", said: list[str]
) -> dict[str, Any]:
    answer: dict[str, Any] = {"stream": None, "device": None, "advice": said}
    if stream is not None:
        clock = asdict(stream.clock) if stream.clock else None
        answer["stream"] = {"url": str(main)} | asdict(stream) | {"clock": clock}
    if device is not None:
        clock = {"offset_s": device.clock.offset_s, "error_s": device.clock.error_s}
        profiles = [asdict(each) | {"stream": str(each.stream) if each.stream else None} for each in device.profiles]
        answer["device"] = asdict(device.facts) | {"clock": clock, "profiles": profiles}
    return answer


def _print_probe(
    main: "StreamUrl | None", stream: "StreamReport | None", device: "DeviceReport | None", said: list[str]
) -> None:
    if device is not None:
        facts = device.facts
        typer.echo(f"{facts.manufacturer} {facts.model}, firmware {facts.firmware}, serial number {facts.serial}")
        typer.echo(
            f"clock (ONVIF): ours minus the camera's {device.clock.offset_s:+.2f} ± {device.clock.error_s:.2f} s"
        )
        for profile in device.profiles:
            size = f"{profile.width}x{profile.height}" if profile.width else "size unknown"
            typer.echo(f"profile {profile.name}: {profile.codec} {size}, {profile.stream or 'no stream'}")
    if stream is not None:
        apart = (
            "one keyframe only" if stream.keyframe_s is None else f"keyframes at most {stream.keyframe_s:.2f} s apart"
        )
        typer.echo(f"{main}: {stream.codec} {stream.width}x{stream.height}, {stream.frame_rate:.3g} frames a second")
        typer.echo(f"{apart}, {stream.bit_rate_bps / 1e6:.2f} Mbit/s over {stream.watched_s:.1f} s")
        if stream.clock is not None:
            typer.echo(
                f"clock (RTCP): ours minus the camera's {stream.clock.offset_s:+.2f} ± {stream.clock.error_s:.2f} s"
            )
    for each in said:
        typer.echo(f"! {each}")
    if not said:
        typer.echo("nothing to change")


@camera_app.command(
    epilog=(
        "Examples:\n\nstreetwitness camera add gate-3 rtsp://viewer@10.0.0.5/Streaming/Channels/101 --name 北门\n\n"
        "streetwitness camera add dome-1 rtsp://viewer@10.0.0.7/1 --kind dome --onvif http://10.0.0.7/ "
        '--view "gate=1 60s" --view "market=2 40s mon-sun 06:00-20:00"'
    )
)
@answers
def add(
    camera_id: Annotated[str, typer.Argument(metavar="ID", help="As fences and files name it.", show_default=False)],
    url: Annotated[str, typer.Argument(help="rtsp:// of its main stream.", show_default=False)],
    name: Annotated[str | None, typer.Option("--name", help="As people call it; default: the id.")] = None,
    site: Annotated[str | None, typer.Option("--site", help="Its site, where there are several.")] = None,
    sub_source: Annotated[str | None, typer.Option("--sub", help="rtsp:// of its small stream.")] = None,
    looks_at_sub: Annotated[
        bool, typer.Option("--looks-at-sub", help="What stands is looked for in the small stream.")
    ] = False,
    view: ViewOption = None,
    onvif: Annotated[str | None, typer.Option("--onvif", help="http:// of its ONVIF service.")] = None,
    username: UserOption = None,
    password_file: PasswordFileOption = None,
    transport: TransportOption = Transport.TCP,
    kind: Annotated[CameraKind, typer.Option("--kind")] = CameraKind.FIXED,
    device_number: Annotated[str | None, typer.Option("--device-number")] = None,
    lat: Annotated[float | None, typer.Option("--lat", help="WGS-84.")] = None,
    lon: Annotated[float | None, typer.Option("--lon", help="WGS-84.")] = None,
    data: DataOption = None,
) -> None:
    """Adds a live camera. Its password is asked for and kept sealed."""
    from pydantic import ValidationError

    from cases.camera_entry import CameraEntry
    from cases.camera_register import register_camera
    from cases.site_file import sentence_of
    from cases.site_rows import site_named
    from ingest.camera_address import parse_onvif_url, parse_stream_url
    from models.database import reading, transaction
    from streetwitness.workplace import opened_workplace

    settings = given_settings(data_dir=data)
    urls = {"source": parse_stream_url(url)}
    if sub_source is not None:
        urls["sub_source"] = parse_stream_url(sub_source)
    if onvif is not None:
        urls["onvif"] = parse_onvif_url(onvif)
    username = _login_of(urls.values(), username)
    said = {
        "id": camera_id,
        "name": name or camera_id,
        **{field: each.source for field, each in urls.items()},
        "transport": transport,
        "kind": kind,
        "device_number": device_number,
        "username": username,
        "location": None if lat is None and lon is None else {"lat": lat, "lon": lon},
        "looks_at_sub": looks_at_sub or None,
        "views": _views_of(view) if view else None,
    }
    try:
        entry = CameraEntry.model_validate({key: value for key, value in said.items() if value is not None})
    except ValidationError as error:
        wrong = error.errors()[0]
        raise Misuse(f"{'.'.join(str(part) for part in wrong['loc']) or camera_id}: {sentence_of(wrong)}") from error
    _check_addresses(entry, settings.dialled)
    with opened_workplace(settings) as workplace:
        with reading(workplace.sessions) as session:
            _check_new(session, camera_id)
        entry = entry.model_copy(update={"password": _password(username, password_file, urls["source"].place)})
        with transaction(workplace.sessions) as session:
            _check_new(session, camera_id)
            register_camera(session, workplace.key(), site_named(session, site), entry, entry.source)
    typer.echo(f"camera {camera_id} added; see how it is with: streetwitness camera list")


def _check_new(session: "Session", camera_id: str) -> None:
    from models.places import Camera

    if session.get(Camera, camera_id) is not None:
        raise Misuse(
            f"there is a camera {camera_id} already; change it with `camera change`, `camera import` or the site file"
        )


def _check_addresses(entry: "CameraEntry", networks: "Networks") -> None:
    """Raises AddressRefused where the camera would be refused when it is dialled, as far as that can be known now."""
    from ingest.camera_address import parse_onvif_url, parse_stream_url, resolve
    from ingest.errors import HostUnknown

    def unasked(_host: str, _port: int) -> list[str]:
        return []

    written = [(parse_stream_url, entry.source), (parse_stream_url, entry.sub_source), (parse_onvif_url, entry.onvif)]
    for parse, text in written if entry.live else ():
        if text is not None:
            with contextlib.suppress(HostUnknown):  # a name is looked up when it is dialled, and checked then
                resolve(parse(text), networks, unasked)


def _views_of(written: list[str]) -> "tuple[ViewEntry, ...]":
    """Raises Misuse."""
    from pydantic import ValidationError

    from cases.camera_entry import ViewEntry, each_once
    from cases.site_file import sentence_of
    from cases.tour_text import read_views

    views: list[ViewEntry] = []
    try:
        for text in written:
            views += (ViewEntry.model_validate(view) for view in read_views(text))
        return each_once(tuple(views))
    except ValidationError as error:
        wrong = error.errors()[0]
        field = ".".join(str(part) for part in wrong["loc"])
        raise Misuse(f"--view `{text}`: {field + ': ' if field else ''}{sentence_of(wrong)}") from error
    except ValueError as error:
        raise Misuse(f"--view: {error}") from error


@camera_app.command(
    epilog=(
        "Examples:\n\nstreetwitness camera change gate-3 --looks-at-sub\n\n"
        'streetwitness camera change dome-1 --view "gate=1 60s" --view "market=2 40s" --view "spare=3"'
    )
)
@answers
def change(
    camera_id: Annotated[str, typer.Argument(metavar="ID", show_default=False)],
    looks_at_sub: Annotated[
        bool | None,
        typer.Option(
            "--looks-at-sub/--looks-at-main", help="In which stream what stands is looked for.", show_default=False
        ),
    ] = None,
    view: ViewOption = None,
    no_views: Annotated[bool, typer.Option("--no-views", help="It has no presets any more.")] = False,
    data: DataOption = None,
) -> None:
    """Changes what a camera looks at; its watcher takes that up within seconds. The views given replace all there are.

    Everything else of a camera is changed with `camera import`, or by the site file.
    """
    from cases.camera_settings import change_views, look_at_small_stream
    from models.database import transaction
    from streetwitness.workplace import opened_workplace

    if view and no_views:
        raise Misuse("--view and --no-views say the opposite of each other; leave one out")
    views = _views_of(view) if view else () if no_views else None
    if views is None and looks_at_sub is None:
        raise Misuse("nothing to change; give --looks-at-sub, --looks-at-main, --view or --no-views")
    with opened_workplace(given_settings(data_dir=data)) as workplace, transaction(workplace.sessions) as session:
        who, at, changed = actor(), utc_now(), False
        if looks_at_sub is not None:
            changed |= look_at_small_stream(session, camera_id, on=looks_at_sub, actor=who, at=at)
        if views is not None:
            changed |= change_views(session, camera_id, views, actor=who, at=at)
    typer.echo(f"camera {camera_id} is {'changed' if changed else 'as it was'}")


@camera_app.command("import", epilog="Example: streetwitness camera import cameras.csv --skip-bad")
@answers
def import_(
    file: Annotated[Path, typer.Argument(help="CSV with a line of column names, or YAML.", show_default=False)],
    site: Annotated[str | None, typer.Option("--site", help="Their site, where there are several.")] = None,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Take what is sound, and say what is not.")] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Adds or changes many cameras. One wrong line and none is taken, unless --skip-bad; 1 where a line is wrong."""
    from cases.camera_list import Entered, enter, read_cameras
    from cases.errors import CameraListRefused
    from cases.site_rows import site_named
    from models.database import transaction
    from streetwitness.workplace import opened_workplace

    settings = given_settings(data_dir=data)
    try:
        listed = _those_that_may_be_dialled(read_cameras(file), settings.dialled)
        with opened_workplace(settings) as workplace, transaction(workplace.sessions) as session:
            entered = enter(session, workplace.key(), site_named(session, site), listed, skip_bad=skip_bad)
    except CameraListRefused as error:
        entered = Entered({}, error.problems)
    counted = Counter(done.value for done in entered.done.values())
    if as_json:
        problems = [asdict(problem) for problem in entered.problems]
        cameras = {camera_id: done.value for camera_id, done in entered.done.items()}
        typer.echo(json.dumps({"cameras": cameras, "problems": problems}, ensure_ascii=False))
    else:
        for problem in entered.problems:
            typer.echo(f"{file}: {problem}", err=True)
        typer.echo(", ".join(f"{count} {done}" for done, count in sorted(counted.items())) or "no camera was taken")
    if entered.problems:
        raise typer.Exit(NO)


def _those_that_may_be_dialled(listed: "CameraList", networks: "Networks") -> "CameraList":
    """The others become problems of their lines."""
    from cases.site_yaml import Problem
    from ingest.errors import AddressRefused

    cameras, problems = [], list(listed.problems)
    for camera in listed.cameras:
        try:
            _check_addresses(camera.entry, networks)
        except AddressRefused as error:
            problems.append(Problem(camera.line, "", str(error)))
        else:
            cameras.append(camera)
    return replace(listed, cameras=tuple(cameras), problems=tuple(sorted(problems)))


@camera_app.command("list", epilog="Examples:\n\nstreetwitness camera list\n\nstreetwitness camera list --watch")
@answers
def list_(
    watch: Annotated[bool, typer.Option("--watch", help="Shows it again every two seconds, until Ctrl+C.")] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Every camera: its state and since when, who watches it, its clock. With --json one object a line."""
    from streetwitness.workplace import opened_workplace

    with opened_workplace(given_settings(data_dir=data)) as workplace:
        if not watch:
            _show_cameras(*_lines_now(workplace), as_json=as_json)
            return
        from rich.live import Live

        with Live(_overview(*_lines_now(workplace)), auto_refresh=False, screen=True) as shown:
            while True:
                time.sleep(LOOK_AGAIN_S)
                shown.update(_overview(*_lines_now(workplace)), refresh=True)


def _lines_now(workplace: "Workplace") -> "tuple[list[CameraLine], datetime]":
    from cases.cameras import camera_lines
    from models.database import reading

    at = utc_now()
    with reading(workplace.sessions) as session:
        return camera_lines(session, at), at


def _show_cameras(lines: "list[CameraLine]", at: datetime, *, as_json: bool) -> None:
    if as_json:
        for line in lines:
            typer.echo(json.dumps(_plain(line), ensure_ascii=False))
        return
    if not lines:
        typer.echo("there are no cameras yet; add them with `streetwitness camera add` or `camera import`", err=True)
        return
    from rich.console import Console

    # a file or a pipe has no width: nothing is to be folded there
    Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH).print(_overview(lines, at))


def _plain(line: "CameraLine") -> dict[str, Any]:
    """A line for scripts: times as ISO 8601, words as they stand in the rows."""
    from cases.camera_entry import redacted

    plain = asdict(line) | {
        "source": redacted(line.source),
        "sub_source": None if line.sub_source is None else redacted(line.sub_source),
    }
    if line.pulse is not None:
        ages = ("last_packet_at", "last_look_at")  # as ages they stand in the line itself
        plain["pulse"] = {name: value for name, value in plain["pulse"].items() if name not in ages}
    return plain | {"since_at": line.since_at.isoformat() if line.since_at else None}


def _overview(lines: "list[CameraLine]", at: datetime) -> "Group":
    """A table, and below it what there is to say of some of them, which would make the table too wide to read."""
    from rich import box
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("camera", "name"):
        table.add_column(heading, overflow="fold")
    for heading in ("state", "for", "last look", "clock"):
        table.add_column(heading, no_wrap=True)
    table.add_column("watched by", overflow="fold")
    said = []
    for line in lines:
        cells = (
            line.id,
            line.name,
            "recordings" if line.state is None else line.state.value.replace("_", " "),
            "" if line.since_at is None else _lasted(at - line.since_at),
            "" if line.look_age_s is None else f"{_lasted(timedelta(seconds=line.look_age_s))} ago",
            "" if line.clock_error_s is None else f"{line.clock_offset_s:+.2f} ± {line.clock_error_s:.2f} s",
            line.holder or "",
        )
        table.add_row(*(Text(cell) for cell in cells))  # as it stands: a name with brackets is no markup
        detail = line.detail or _why_stopped(line)
        if detail:
            said.append(Text(f"{line.id}: {detail.removeprefix(f'{line.id}: ')}"))
    return Group(table, *said)


def _lasted(time_passed: timedelta) -> str:
    seconds = max(round(time_passed.total_seconds()), 0)
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"


def _why_stopped(line: "CameraLine") -> str:
    if line.state is not CameraState.STOPPED:
        return ""
    return "no watcher has it; see that one runs" if line.watched else "switched off"


@camera_app.command("switch-off", epilog="Example: streetwitness camera switch-off gate-3")
@answers
def switch_off(
    camera_id: Annotated[str, typer.Argument(metavar="ID", show_default=False)], data: DataOption = None
) -> None:
    """Has a camera watched no more. What it has shown stays: a camera that evidence names is never removed."""
    _switch(camera_id, data, watched=False)


@camera_app.command("switch-on", epilog="Example: streetwitness camera switch-on gate-3")
@answers
def switch_on(
    camera_id: Annotated[str, typer.Argument(metavar="ID", show_default=False)], data: DataOption = None
) -> None:
    """Has a camera watched again."""
    _switch(camera_id, data, watched=True)


def _switch(camera_id: str, data: Path | None, *, watched: bool) -> None:
    from cases.camera_register import set_watched
    from models.database import transaction
    from streetwitness.workplace import opened_workplace

    with opened_workplace(given_settings(data_dir=data)) as workplace, transaction(workplace.sessions) as session:
        changed = set_watched(session, camera_id, watched=watched)
    now = "watched" if watched else "not watched"
    typer.echo(f"camera {camera_id} is {now}{'' if changed else ', as it was'}")


@camera_app.command("relearn", epilog='Example: streetwitness camera relearn gate-3 --reason "new mast"')
@answers
def relearn(
    camera_id: Annotated[str, typer.Argument(metavar="ID", show_default=False)],
    reason: Annotated[
        str, typer.Option("--reason", help="Why it was turned; goes into its history.", show_default=False)
    ],
    data: DataOption = None,
) -> None:
    """The camera was turned on purpose: its view is learnt anew. Draw its fences on the new picture first."""
    from cases.camera_views import forget
    from models.database import transaction
    from streetwitness.workplace import opened_workplace

    with opened_workplace(given_settings(data_dir=data)) as workplace, transaction(workplace.sessions) as session:
        forget(session, camera_id, actor=actor(), reason=reason, at=utc_now())
    typer.echo(f"camera {camera_id} learns its view anew")
