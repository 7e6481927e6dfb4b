"""Pictures of cameras near by on the page of an incident: shown with their time, on record where they belong."""

import html
import re
import uuid
from collections.abc import Callable

import cv2
import numpy as np

from cases import accounts, newest_pictures
from evidence.sealing import PendingExhibit, keep_object, seal
from evidence.vault import Vault
from models.database import reading, transaction
from models.enums import CustodyAct, ExhibitMoment, Role
from models.exhibits import CustodyEvent, Exhibit
from models.places import Camera, GeofenceVersion, Site
from models.recorders import RecorderEvent
from tests.review_ui.conftest import (
    CLIP_S,
    PASSWORD,
    WIDTH,
    RunningDesk,
    draw_frame,
    pending_clip,
    pending_still,
    write_clip,
)
from tests.rows import NOON, add_camera, add_incident, add_recording, after

MOMENT_S = 72  # of the desk's incident, after noon
METRES = 1 / 111_195


def usual_still(vault: Vault) -> list[PendingExhibit]:
    return [pending_still(vault, ExhibitMoment.ENTRY, MOMENT_S + 9, pending_clip(vault, ExhibitMoment.ENTRY, 60))]


def usual_clip(vault: Vault) -> list[PendingExhibit]:
    return [pending_clip(vault, ExhibitMoment.ENTRY, MOMENT_S - 2.5)]


def seen_by(desk: RunningDesk, name: str, metres: float, exhibits: Callable[[Vault], list[PendingExhibit]]) -> Exhibit:
    """The first exhibit of an incident that a camera so far away saw."""
    with Vault.open(desk.settings.vault_root) as vault, transaction(desk.database.sessions) as session:
        camera = add_camera(session, session.query(Site).one(), id=name, name=name, lat=28.65 + metres * METRES)
        incident = add_incident(session, session.query(GeofenceVersion).one(), camera, conduct_key=name)
        for exhibit in exhibits(vault):
            seal(session, vault, incident.id, exhibit, actor="streetwitness", at=after(135))
        return session.query(Exhibit).filter_by(incident_id=incident.id).one()


def filmed_by(desk: RunningDesk, name: str) -> uuid.UUID:
    """A recording that was handed in, and ends four seconds before the moment."""
    with Vault.open(desk.settings.vault_root) as vault, transaction(desk.database.sessions) as session:
        camera = add_camera(session, session.query(Site).one(), id=name, name=name, lat=28.65 + 60 * METRES)
        pending = vault.take(write_clip, ".mp4")
        keep_object(session, vault, pending, "video/mp4", at=NOON)
        times = {"started_at": after(MOMENT_S - 4 - CLIP_S), "length_s": float(CLIP_S)}
        recording = add_recording(session, camera, path="/gone.mp4", sha256=pending.sha256, **times)
        vault.settle(pending)
        return recording.id


def looks(desk: RunningDesk, incident_id: uuid.UUID) -> list[tuple[str, str]]:
    with reading(desk.database.sessions) as session:
        entries = session.query(CustodyEvent).filter_by(incident_id=incident_id, act=CustodyAct.VIEWED)
        return [(each.actor, each.reason) for each in entries]


def test_each_camera_near_by_has_the_nearest_picture_with_its_time_and_the_look_on_record(desk: RunningDesk) -> None:
    still, clip = seen_by(desk, "south", 20, usual_still), seen_by(desk, "west", 40, usual_clip)
    recording_id = filmed_by(desk, "east")
    with transaction(desk.database.sessions) as session:
        add_camera(session, session.query(Site).one(), id="dark", name="dark", lat=28.65 + 80 * METRES)
    here = f"/incidents/{desk.incident_id}"
    addresses = {
        "still": f"{here}/beside/{still.id}?small=1",
        "clip": f"{here}/beside/{clip.id}#t=2.500",
        "recording": f"{here}/beside/recordings/{recording_id}#t=4.000",
    }
    browser = desk.signed_in(looking=False)
    page = browser.get(here).text
    assert page.count("It is shown once you have said what you look for.") == 3
    assert not any(address in page for address in addresses.values())
    for address in addresses.values():
        assert browser.get(address).status_code == 403
    assert looks(desk, still.incident_id) == []

    browser = desk.signed_in()
    page = html.unescape(browser.get(here).text)
    assert all(address in page for address in addresses.values())
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    assert "12:01:21 · 9 s after" in words
    assert "12:01:12 · at that moment" in words
    assert "12:01:08 · 4 s before" in words
    assert words.count("No picture within a day of it that you may see.") == 1
    small, whole = (browser.get(address) for address in (addresses["still"], f"{here}/beside/{still.id}"))
    decoded = cv2.imdecode(np.frombuffer(small.content, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    assert decoded.shape[1] == WIDTH // 2
    assert whole.content == Vault.path_of(desk.settings.vault_root, still.sha256, ".jpg").read_bytes()
    again = browser.get(addresses["still"], headers={"if-none-match": small.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    part = browser.get(addresses["clip"], headers={"range": "bytes=0-99"})
    assert (part.status_code, len(part.content), part.headers["content-type"]) == (206, 100, "video/mp4")
    assert browser.get(addresses["recording"], headers={"range": "bytes=0-99"}).status_code == 206
    why = f"Beside incident {str(desk.incident_id)[:8]}: Review of this incident"
    assert looks(desk, still.incident_id) == looks(desk, clip.incident_id) == [("li.na", why)]
    assert looks(desk, desk.incident_id) == [("li.na", "Review of this incident")]
    with reading(desk.database.sessions) as session:
        (event,) = session.query(RecorderEvent).filter_by(subject_id=str(recording_id), act="viewed")
        assert (event.actor, event.facts["reason"]) == ("li.na", why)


def test_what_does_not_stand_beside_it_is_not_shown_there(desk: RunningDesk) -> None:
    far = seen_by(desk, "far", 400, usual_still)
    near = seen_by(desk, "near", 20, usual_still)
    own = desk.exhibits_of_kind("still")[0]
    browser = desk.signed_in()
    here = f"/incidents/{desk.incident_id}/beside"
    for exhibit_id in (far.id, own.id, uuid.uuid4()):
        assert browser.get(f"{here}/{exhibit_id}").status_code == 404
    assert looks(desk, far.incident_id) == []
    assert browser.get(f"/incidents/{near.incident_id}/beside/{near.id}").status_code == 403, "nobody said why there"
    Vault.path_of(desk.settings.vault_root, near.sha256, ".jpg").unlink()
    assert "the vault does not hold this file" in browser.get(f"{here}/{near.id}").text
    assert looks(desk, near.incident_id) == [], "what was not shown was not looked at"
    with transaction(desk.database.sessions) as session:
        session.get_one(Camera, "near").lat = 28.66
    assert "the vault does not hold this file" not in browser.get(f"{here}/{near.id}").text, "it hangs elsewhere now"


def test_who_sees_what_cameras_see_now_has_the_newest_picture_without_a_reason(desk: RunningDesk) -> None:
    assert desk.settings.pictures is not None
    with transaction(desk.database.sessions) as session:
        add_camera(session, session.query(Site).one(), id="live", name="live", lat=28.65 + 20 * METRES)
        for name, role in (("wang.wei", Role.ADMINISTRATOR), ("zhao.min", Role.MONITOR)):
            accounts.add_user(session, name=name, display_name=name, password=PASSWORD, role=role, at=NOON)
    _, jpeg = cv2.imencode(".jpg", draw_frame(0))
    newest_pictures.keep(desk.settings.pictures.newest, "live", jpeg.tobytes(), after(MOMENT_S + 3700))
    for name, shown in (("wang.wei", True), ("zhao.min", True), ("li.na", False)):
        browser = desk.signed_in(name, looking=False)
        page = html.unescape(browser.get(f"/incidents/{desk.incident_id}").text)
        address = re.search(r'<img src="(/cameras/live/picture[^"]+)"', page)
        assert (address is not None) is shown, name
        assert ("1 h 1 min after" in page) is shown
        assert ("No picture within a day of it that you may see." in page) is not shown
        if address is not None:
            assert browser.get(address[1]).headers["content-type"] == "image/jpeg"
