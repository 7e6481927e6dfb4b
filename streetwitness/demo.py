"""The demo: a whole running site on this machine, with real footage where there is some, and streets of our own making.

The first start makes users, takes the clips in and, when they are analysed, lets the demo reviewer accept one case
and return another through the same door as everybody, so that the queue shows more than one state. The accepted one is
read by a second person, so that an officer can register it; the officers hold certificates, the reviewer a
qualification, the catalogue of offences to start from is in force, and papers name an invented bureau.
"""

import http.client
import os
import secrets
import signal
import threading
import time
from datetime import date, datetime
from pathlib import Path
from types import FrameType
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cases import second_review
from cases.accounts import add_user
from cases.casework import officers
from cases.law import catalogue
from cases.papers import bureau
from cases.review import FourPoints, decide
from cases.site_file import SiteFile, SiteValues, read
from cases.site_rows import apply
from ingest.errors import IngestError
from ingest.recordings import take_recording
from models.database import reading, transaction
from models.enums import Decision, IncidentState, QualificationKind, Role, SecondVerdict
from models.incidents import Incident, ReviewDecision
from models.law_catalogue import LawEdition
from models.people import User
from models.places import Camera
from models.whole_file import whole_file
from streetwitness.errors import DemoStopped, Misuse, StartError
from streetwitness.jobs import recordings_to_do
from streetwitness.rendered_streets import clip_of, last_begin, render, story_of
from streetwitness.running_site import check_port, children, redis_of, say
from streetwitness.settings import DataDir, Settings, beside_the_repository
from streetwitness.supervisor import Supervisor
from streetwitness.workplace import Workplace, now, opened_workplace

DEMO_SITE = Path(__file__).with_name("demo_site.yaml")
DEMO_BUREAU = Path(__file__).with_name("demo_bureau.toml")
ACTOR = "demo"
DEMO_PROCESSES = ("web", "worker", "relay", "deadlines", "horns", "notary")
REVIEWER, SECOND = "demo-reviewer", "demo-leader"
USERS = {
    "demo-monitor": Role.MONITOR,
    "demo-operator": Role.OPERATOR,
    "demo-officer": Role.OFFICER,
    "demo-officer-2": Role.OFFICER,
    REVIEWER: Role.LEGAL_REVIEWER,
    SECOND: Role.LEADER,
    "demo-admin": Role.ADMINISTRATOR,
}
# a case takes two officers who may enforce, and who reviews it belongs to the legal profession (行政处罚法 art. 42, 58)
CERTIFICATES = {
    "demo-officer": (QualificationKind.ENFORCEMENT, "DEMO-0001"),
    "demo-officer-2": (QualificationKind.ENFORCEMENT, "DEMO-0002"),
    REVIEWER: (QualificationKind.LEGAL, "DEMO-A0001"),
}
CERTIFIED_FROM = date(2021, 7, 15)
ACCEPTED_BECAUSE = "演示:静止时长、地点、时间均有原始画面证明,四性核查通过。 (Demo: shown by the original pictures.)"
READ_BECAUSE = "演示:对照画面复核,与当事人无利害关系。 (Demo: read beside the pictures, no stake in it.)"
LAW_BECAUSE = "演示:启用起始事项库。 (Demo: the catalogue to start from.)"
RETURNED_BECAUSE = "演示:号牌未能辨认,请补充近景。 (Demo: the plate cannot be read, add a close-up.)"
ANSWERS_WITHIN_S = 120.0  # six processes begin at once; two busy cores take half a minute over it
ANALYSED_LOOK_EVERY_S = 1.0


def run_demo(settings: Settings) -> None:
    """Serves until Ctrl+C or SIGTERM. Raises StartError."""
    footage = _footage(settings)
    check_port(settings.web_host, settings.web_port)
    stop = threading.Event()

    def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask_to_stop)
    settings.data.make()
    with redis_of(settings) as redis_url, opened_workplace(settings, make=True) as workplace:
        passwords = _users(workplace)
        _name_the_bureau(settings.data)
        clips = _take_in(workplace, footage)
        with Supervisor(children(settings, redis_url, DEMO_PROCESSES), say):
            _wait_for_an_answer(settings, stop)
            if not stop.is_set():
                _welcome(settings, passwords, footage, clips)
                _add_rendered_streets(workplace, stop)
                _let_the_reviewer_work(workplace, stop)
                stop.wait()
            say("demo", "stopping")


def _footage(settings: Settings) -> Path | None:
    if settings.footage is not None and not settings.footage.is_dir():
        raise Misuse(f"{settings.footage} is not a folder; give the one that holds the demo's clips with --footage")
    return settings.footage or beside_the_repository("footage")


def _users(workplace: Workplace) -> dict[str, str]:
    """The demo users with their passwords, made on the first start and kept beside the data for the next."""
    passwords = _kept_passwords(workplace.data)
    with transaction(workplace.sessions) as session:
        for name, role in USERS.items():
            if session.scalar(select(User.id).where(User.name == name)) is None:
                add_user(session, name=name, display_name=name, password=passwords[name], role=role, at=now())
        _certify(session, now())
        if session.scalar(select(LawEdition.id).limit(1)) is None:
            catalogue.start(session, by=catalogue.By(ACTOR), reason=LAW_BECAUSE, at=now())
    return passwords


def _certify(session: Session, at: datetime) -> None:
    for name, (kind, number) in CERTIFICATES.items():
        user = session.scalars(select(User).where(User.name == name)).one()
        if not officers.qualifications_of(session, user.id):
            officers.record_qualification(
                session, user, kind, number, valid_from=CERTIFIED_FROM, valid_to=None, by=ACTOR, at=at
            )


def _kept_passwords(data: DataDir) -> dict[str, str]:
    """Written before the users are, so that a start that was cut off leaves nobody without a password."""
    try:
        handle = os.open(data.demo_users, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        kept = dict(line.split() for line in data.demo_users.read_text(encoding="utf-8").splitlines() if line.strip())
        if not USERS.keys() <= kept.keys():
            raise StartError(
                f"{data.demo_users} does not hold all demo users; remove {data.root} to start the demo anew"
            ) from None
        return kept
    made = {name: secrets.token_urlsafe(12) for name in USERS}
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.writelines(f"{name} {password}\n" for name, password in made.items())
        file.flush()
        os.fsync(file.fileno())
    return made


def _name_the_bureau(data: DataDir) -> None:
    """An invented one for the papers; what somebody wrote there since an earlier start stays."""
    path = data.papers / bureau.FILE
    if path.exists():
        return
    path.parent.mkdir(exist_ok=True)
    with whole_file(path) as file:
        file.write(DEMO_BUREAU.read_bytes())


def _take_in(workplace: Workplace, footage: Path | None) -> list[str]:
    """Cameras, fences and the recordings of the clips that are there; names of those taken in."""
    values = _site(workplace.data)
    # the clips are named as they lie in the footage folder, wherever that is
    site_file = SiteFile((footage or workplace.data.root) / DEMO_SITE.name, values)
    real = [camera.id for camera in read(DEMO_SITE).values.cameras if story_of(camera.source) is None]
    taken: list[str] = []
    with transaction(workplace.sessions) as session:
        apply(session, site_file, workplace.key(), actor=ACTOR, at=now())
        session.flush()
        for camera in session.scalars(select(Camera).where(Camera.id.in_(real))):
            clip = Path(camera.source)
            if not clip.is_file():
                continue
            try:
                take_recording(session, camera.id, clip, None)
            except IngestError as error:
                say("demo", str(error))
            else:
                taken.append(clip.name)
    return taken


def _site(data: DataDir) -> SiteValues:
    """The demo's site, in which a rendered camera names the clip that is or will be in the data folder."""
    values = read(DEMO_SITE).values
    cameras = [
        camera
        if (story := story_of(camera.source)) is None
        else camera.model_copy(update={"source": str(clip_of(data.demo_footage, story))})
        for camera in values.cameras
    ]
    return values.model_copy(update={"cameras": tuple(cameras)})


def _add_rendered_streets(workplace: Workplace, stop: threading.Event) -> None:
    """Renders what an earlier start has not, while the desk is already open, and takes each clip in as it is done."""
    values = read(DEMO_SITE).values
    stories = {camera.id: story for camera in values.cameras if (story := story_of(camera.source)) is not None}
    folder, began_at = workplace.data.demo_footage, last_begin(now(), ZoneInfo(values.timezone))

    def go_on(_share: float) -> None:
        if stop.is_set():
            raise DemoStopped

    try:
        for number, (camera_id, story) in enumerate(stories.items(), 1):
            if not clip_of(folder, story).is_file():
                say("demo", f"rendering street {number} of {len(stories)} ({story}), on the first start only")
            clip = render(folder, story, began_at, go_on)
            with transaction(workplace.sessions) as session:
                take_recording(session, camera_id, clip, None)
    except DemoStopped:
        return
    except (IngestError, OSError) as error:
        say("demo", f"no rendered streets: {error}")
        return
    say("demo", f"{len(stories)} rendered streets are analysed now; cases appear as they are found")


def _wait_for_an_answer(settings: Settings, stop: threading.Event) -> None:
    until = time.monotonic() + ANSWERS_WITHIN_S
    say("demo", "the review desk starts; its address and the users follow")
    while not stop.wait(0.1):
        connection = http.client.HTTPConnection(settings.web_host, settings.web_port, timeout=2)
        try:
            connection.request("GET", "/healthz", headers={"Host": "localhost"})
            if connection.getresponse().status == http.HTTPStatus.OK:
                return
        except (OSError, http.client.HTTPException):
            pass  # not listening yet
        finally:
            connection.close()
        if time.monotonic() > until:
            raise StartError("the review desk does not answer; the lines above say why")


def _welcome(settings: Settings, passwords: dict[str, str], footage: Path | None, clips: list[str]) -> None:
    if clips:
        say("demo", f"{len(clips)} clips from {footage} are analysed now; cases appear as they are found")
    elif footage is not None:
        say("demo", f"{footage} holds none of the demo's clips; the site has its rendered streets alone")
    else:
        say("demo", "no footage; the site has its rendered streets alone (give a folder of clips with --footage)")
    table = Table(title=f"http://{settings.web_host}:{settings.web_port}/", title_style="bold", title_justify="left")
    for heading in ("user", "password", "role"):
        table.add_column(heading, no_wrap=True)
    for name, role in USERS.items():
        table.add_row(name, passwords[name], role.value.replace("_", " "))
    console = Console(highlight=False)
    console.print(table)
    console.print(f"Data: {settings.data_dir}. Ctrl+C ends it, the same command goes on from there.", soft_wrap=True)


def _let_the_reviewer_work(workplace: Workplace, stop: threading.Event) -> None:
    """When the clips are analysed and nobody has decided anything yet: one case accepted, one returned."""
    while recordings_to_do(workplace.sessions):
        if stop.wait(ANALYSED_LOOK_EVERY_S):
            return
    with reading(workplace.sessions) as session:
        found = dict(session.execute(select(Incident.state, func.count()).group_by(Incident.state)).tuples().all())
        decided = session.scalar(select(func.count()).select_from(ReviewDecision))
    say("demo", f"analysed: {', '.join(f'{count} {state.value}' for state, count in found.items()) or 'no incidents'}")
    if not decided:
        with transaction(workplace.sessions) as session:
            done = _decide_two(session, now())
        for each in done:
            say("demo", each)


def _decide_two(session: Session, at: datetime) -> list[str]:
    """What was done, to be said when it is written."""
    reviewer = session.scalars(select(User).where(User.name == REVIEWER)).one()
    waiting = session.scalars(
        select(Incident.id)
        .where(Incident.state == IncidentState.DRAFTED)
        .order_by(Incident.first_seen_at, Incident.confirmed_at, Incident.id)
        .limit(2)
    ).all()
    choices = (
        (Decision.ACCEPT, ACCEPTED_BECAUSE, FourPoints(True, True, True, True)),
        (Decision.RETURN, RETURNED_BECAUSE, FourPoints(True, False, False, True)),
    )
    done = []
    for incident_id, (decision, reason, points) in zip(waiting, choices, strict=False):
        decide(session, incident_id, user=reviewer, decision=decision, reason=reason, four_points=points, at=at)
        done.append(f"{REVIEWER}: {decision.value} {str(incident_id)[:8]}")
        if decision is Decision.ACCEPT:
            second = session.scalars(select(User).where(User.name == SECOND)).one()
            agrees = SecondVerdict.AGREES
            second_review.say(session, incident_id, agrees, user=second, reason=READ_BECAUSE, no_stake=True, at=at)
    return done
