"""A review desk that runs: a street in the database, real clips and stills in a real vault, a server on loopback."""

import io
import re
import shutil
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import av
import cv2
import httpx
import numpy as np
import pytest
import uvicorn
from sqlalchemy.orm import Session

from cases import accounts, draft_case
from cases.newest_pictures import PictureFolders
from evidence.sealing import PendingExhibit, seal
from evidence.vault import Vault
from models.database import Sessions, transaction
from models.enums import Act, ExhibitKind, ExhibitMoment, IncidentState, Role
from models.exhibits import Exhibit
from models.incidents import Incident
from models.personal_data import PersonalDataKey
from review_ui.app import ReviewSettings, make_app
from review_ui.desk import now
from tests.conftest import Database, sqlite_copy
from tests.patience import PATIENCE_S
from tests.rows import NOON, Street, add_event, add_sighting, add_street, after

PASSWORD = "correct horse battery"
WIDTH, HEIGHT, FRAME_RATE = 640, 360, 25
CLIP_S = 4
BOX = {"box_x1": 200.0, "box_y1": 180.0, "box_x2": 360.0, "box_y2": 280.0}


def draw_frame(number: int) -> np.ndarray[Any, Any]:
    """A grey street, a parked car, and a square that has moved on two pixels with every frame."""
    picture = np.full((HEIGHT, WIDTH, 3), 110, dtype=np.uint8)
    picture[180:280, 200:360] = (40, 60, 200)
    picture[40:80, (2 * number) % (WIDTH - 40) : (2 * number) % (WIDTH - 40) + 40] = (230, 230, 90)
    return picture


@cache
def encoded_clip(codec: str) -> bytes:
    written = io.BytesIO()
    with av.open(written, "w", format="mp4") as container:
        stream = container.add_stream(codec, rate=FRAME_RATE)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.time_base = Fraction(1, FRAME_RATE)
        for number in range(CLIP_S * FRAME_RATE):
            frame = av.VideoFrame.from_ndarray(draw_frame(number), format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, FRAME_RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return written.getvalue()


def write_clip(path: Path, codec: str = "libx264") -> None:
    path.write_bytes(encoded_clip(codec))


def write_still(path: Path, number: int = 0) -> None:
    _, encoded = cv2.imencode(".jpg", draw_frame(number))
    path.write_bytes(encoded.tobytes())


def pending_clip(vault: Vault, moment: ExhibitMoment, from_s: float, **differs: Any) -> PendingExhibit:
    recipe = {
        "how": "remux",
        "container": "mp4",
        "codec": "h264",
        "width": WIDTH,
        "height": HEIGHT,
        "frame_rate": float(FRAME_RATE),
        "gaps": [],
        "plays_in_browser": True,
    }
    return PendingExhibit(
        vault.take(write_clip, ".mp4"),
        ExhibitKind.CLIP,
        moment,
        "video/mp4",
        after(from_s),
        after(from_s + CLIP_S - 1 / FRAME_RATE),
        recipe | differs,
    )


def pending_still(vault: Vault, moment: ExhibitMoment, at_s: float, clip: PendingExhibit) -> PendingExhibit:
    recipe = {"how": "decode", "clip_sha256": clip.pending.sha256, "width": WIDTH, "height": HEIGHT}
    pending = vault.take(lambda path: write_still(path, round(at_s)), ".jpg")
    return PendingExhibit(pending, ExhibitKind.STILL, moment, "image/jpeg", after(at_s), after(at_s), recipe)


@dataclass(frozen=True)
class RunningDesk:
    url: str
    database: Database
    settings: ReviewSettings
    incident_id: uuid.UUID
    closing: ExitStack

    def browser(self) -> httpx.Client:
        """A visitor who behaves as a browser on our own page does."""
        headers = {"accept": "text/html", "accept-language": "en", "sec-fetch-site": "same-origin"}
        client = httpx.Client(base_url=self.url, headers=headers, trust_env=False, timeout=PATIENCE_S)
        return self.closing.enter_context(client)

    def signed_in(self, name: str = "li.na", *, looking: bool = True) -> httpx.Client:
        """looking: having said already what for, as most do who come to an incident."""
        browser = self.browser()
        form = {"csrf_token": token_in(browser.get("/sign-in").text), "name": name, "password": PASSWORD}
        assert browser.post("/sign-in", data=form).status_code == 303
        if looking:
            form = {"csrf_token": token_in(browser.get("/").text), "purpose": "review"}
            assert browser.post(f"/incidents/{self.incident_id}/looking", data=form).status_code == 303
        return browser

    def state(self) -> IncidentState:
        with self.database.sessions() as session:
            return session.get_one(Incident, self.incident_id).state

    def exhibits_of_kind(self, kind: str) -> list[Exhibit]:
        with self.database.sessions() as session:
            found = session.query(Exhibit).filter_by(incident_id=self.incident_id, kind=ExhibitKind(kind))
            return sorted(found, key=lambda exhibit: exhibit.from_at)


def token_in(page: str) -> str:
    """The token of the forms of a page."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found, "the page has no form"
    return found[1]


def serve(settings: ReviewSettings, clock: Callable[[], datetime] = now) -> Iterator[str]:
    """The real application on a real socket, on a free port of loopback. clock: for stories that take weeks."""
    app = make_app(settings)
    app.state.desk = replace(app.state.desk, clock=clock)
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", ws="none", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


def add_reviewed_street(
    session: Session,
    vault: Vault,
    exhibits: Callable[[Vault], list[PendingExhibit]],
    incident_differs: dict[str, Any],
) -> Street:
    """An incident with its evidence sealed, its grace over and its draft composed."""
    street = add_street(
        session,
        state=IncidentState.DRAFTED,
        grace_ends_at=after(132),
        last_seen_at=after(140),
        **(BOX | incident_differs),
    )
    for seq, (act, before, state, at_s) in enumerate(
        [
            (Act.GRACE_STARTED, IncidentState.OBSERVED, IncidentState.NOTIFIED, 74),
            (Act.GRACE_EXPIRED, IncidentState.NOTIFIED, IncidentState.DRAFTED, 134),
        ],
        start=2,
    ):
        add_event(session, street.incident, seq=seq, act=act, from_state=before, to_state=state, at=after(at_s))
    x1, y1, x2, y2 = BOX.values()
    add_sighting(session, street.incident, at=after(140), x1=x1, y1=y1, x2=x2, y2=y2)
    for exhibit in exhibits(vault):
        seal(session, vault, street.incident.id, exhibit, actor="streetwitness", at=after(135))
    draft_case.compose(session, street.incident.id, at=after(136))
    return street


def usual_exhibits(vault: Vault) -> list[PendingExhibit]:
    clip = pending_clip(vault, ExhibitMoment.DWELL_COMPLETE, 70)
    return [
        clip,
        pending_still(vault, ExhibitMoment.ENTRY, 12, clip),
        pending_still(vault, ExhibitMoment.DWELL_COMPLETE, 72, clip),
    ]


@pytest.fixture
def exhibits() -> Callable[[Vault], list[PendingExhibit]]:
    """What is sealed for the incident; a test that wants other evidence overrides it."""
    return usual_exhibits


@pytest.fixture
def incident_differs() -> dict[str, Any]:
    return {}


def furnish(
    sessions: Sessions,
    vault_root: Path,
    exhibits: Callable[[Vault], list[PendingExhibit]],
    incident_differs: dict[str, Any],
) -> uuid.UUID:
    """The incident, and the reviewer who may sign in."""
    with Vault.open(vault_root) as vault, transaction(sessions) as session:
        street = add_reviewed_street(session, vault, exhibits, incident_differs)
        accounts.add_user(
            session, name="li.na", display_name="李娜", password=PASSWORD, role=Role.LEGAL_REVIEWER, at=NOON
        )
        return street.incident.id


@dataclass(frozen=True)
class Furnished:
    database: Path
    vault_root: Path
    incident_id: uuid.UUID


@pytest.fixture(scope="session")
def usual_desk(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Furnished:
    """What most tests start from: made once, and copied for each of them."""
    folder = tmp_path_factory.mktemp("usual-desk")
    for database in sqlite_copy(migrated_sqlite, folder):
        incident_id = furnish(database.sessions, folder / "vault", usual_exhibits, {})
    return Furnished(folder / "streetwitness.db", folder / "vault", incident_id)


def unpack(usual: Furnished, database: Database, vault_root: Path) -> uuid.UUID:
    """A copy in place of this database, which nobody has used yet."""
    assert database.engine.url.database is not None
    database.engine.dispose()
    shutil.copyfile(usual.database, database.engine.url.database)
    shutil.copytree(usual.vault_root, vault_root)
    return usual.incident_id


@pytest.fixture
def desk(
    sqlite_database: Database,
    tmp_path: Path,
    exhibits: Callable[[Vault], list[PendingExhibit]],
    incident_differs: dict[str, Any],
    usual_desk: Furnished,
) -> Iterator[RunningDesk]:
    settings = ReviewSettings(
        sqlite_database.sessions,
        tmp_path / "vault",
        tmp_path / "drafts",
        personal_data_key=PersonalDataKey(b"k" * 32),
        pictures=PictureFolders(tmp_path / "pictures"),
    )
    if exhibits is usual_exhibits and not incident_differs:
        incident_id = unpack(usual_desk, sqlite_database, settings.vault_root)
    else:
        incident_id = furnish(sqlite_database.sessions, settings.vault_root, exhibits, incident_differs)
    for url in serve(settings):
        with ExitStack() as closing:
            yield RunningDesk(url, sqlite_database, settings, incident_id, closing)
