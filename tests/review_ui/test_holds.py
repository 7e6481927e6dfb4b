"""Legal holds on the page, and what the page shows once bytes are deleted by rule."""

import io
import uuid
import zipfile
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from cases import accounts
from evidence.purge import purge
from evidence.verification import verify
from models.database import transaction
from models.enums import CustodyAct, IncidentState, Role
from models.exhibits import CustodyEvent
from models.incidents import Incident
from models.retention import LegalHold, ServedDecision
from review_ui.desk import now
from tests.review_ui.conftest import PASSWORD, RunningDesk, token_in
from tests.rows import NOON, after

LATER = after(40 * 86400)


def post(desk: RunningDesk, browser: httpx.Client, path: str, **typed: str) -> httpx.Response:
    form = {"csrf_token": token_in(browser.get("/").text)} | typed
    return browser.post(f"/incidents/{desk.incident_id}/{path}", data=form)


def page_of(desk: RunningDesk, browser: httpx.Client) -> str:
    return browser.get(f"/incidents/{desk.incident_id}").text


def holds_of(desk: RunningDesk) -> list[LegalHold]:
    with desk.database.sessions() as session:
        return session.query(LegalHold).order_by(LegalHold.put_at).all()


def become(desk: RunningDesk, state: IncidentState) -> None:
    with transaction(desk.database.sessions) as session:
        session.get_one(Incident, desk.incident_id).state = state


@pytest.fixture
def officer(desk: RunningDesk) -> httpx.Client:
    with transaction(desk.database.sessions) as session:
        accounts.add_user(session, name="wu", display_name="吴", password=PASSWORD, role=Role.OFFICER, at=NOON)
    return desk.signed_in("wu")


def test_a_hold_is_put_and_lifted_with_reasons_and_shown_plainly(desk: RunningDesk) -> None:
    browser = desk.signed_in()
    assert "Kept: a person has yet to decide" in page_of(desk, browser)
    assert post(desk, browser, "hold", reason="asked for by the court <7>").status_code == 303
    page = page_of(desk, browser)
    assert "Kept by legal hold until it is lifted" in page
    assert "asked for by the court &lt;7&gt;" in page
    (hold,) = holds_of(desk)
    assert post(desk, browser, f"holds/{hold.id}/lift", reason="case withdrawn").status_code == 303
    page = page_of(desk, browser)
    assert "Kept by legal hold" not in page
    with desk.database.sessions() as session:
        acts = [entry.act for entry in session.query(CustodyEvent).order_by(CustodyEvent.seq)]
    assert [act for act in acts if act in (CustodyAct.HELD, CustodyAct.RELEASED)] == [
        CustodyAct.HELD,
        CustodyAct.RELEASED,
    ]


def test_a_hold_without_a_reason_or_lifted_before_is_refused(desk: RunningDesk) -> None:
    browser = desk.signed_in()
    assert post(desk, browser, "hold", reason=" ").status_code == 409
    assert holds_of(desk) == []
    post(desk, browser, "hold", reason="court")
    (hold,) = holds_of(desk)
    assert post(desk, browser, f"holds/{hold.id}/lift", reason="").status_code == 409
    assert post(desk, browser, f"holds/{hold.id}/lift", reason="settled").status_code == 303
    assert post(desk, browser, f"holds/{hold.id}/lift", reason="again").status_code == 409
    assert post(desk, browser, f"holds/{uuid.uuid4()}/lift", reason="settled").status_code == 404
    form = {"csrf_token": token_in(browser.get("/").text), "reason": "court"}
    assert browser.post(f"/incidents/{uuid.uuid4()}/hold", data=form).status_code == 404


def test_a_role_that_is_not_entitled_sees_no_form_and_is_refused(desk: RunningDesk, officer: httpx.Client) -> None:
    post(desk, desk.signed_in(), "hold", reason="court")
    (hold,) = holds_of(desk)
    page = page_of(desk, officer)
    assert "Kept by legal hold until it is lifted" in page
    assert f'action="/incidents/{desk.incident_id}/hold' not in page
    for path in ("hold", f"holds/{hold.id}/lift"):
        refused = post(desk, officer, path, reason="I want to")
        assert refused.status_code == 403
        assert "Your role may not do this" in refused.text
    assert [each.lifted_at for each in holds_of(desk)] == [None]


def test_the_day_a_decision_was_served_starts_the_appeal_periods(desk: RunningDesk, officer: httpx.Client) -> None:
    become(desk, IncidentState.ACCEPTED)
    assert "no served decision is on record yet" in page_of(desk, officer)
    for served_on, document in (
        ("2026-03-10", " "),
        ("10 March", "7"),
        ("", "7"),
        ((now() + timedelta(days=2)).date().isoformat(), "7"),
    ):
        assert post(desk, officer, "served", served_on=served_on, document=document).status_code == 400
    assert post(desk, officer, "served", served_on="2026-03-10", document="城管罚决〔2026〕7号").status_code == 303
    with desk.database.sessions() as session:
        assert session.query(ServedDecision).one().recorded_by == "wu"
    page = page_of(desk, officer)
    assert ("appeals against the decision may still come" in page) or ("all appeal periods are over" in page)
    assert ("until 2027-01-10" in page) is (now() < LATER.replace(year=2027, month=1, day=9, hour=16, minute=0))


def test_after_the_purge_page_media_queue_and_bundle_say_what_was_deleted(desk: RunningDesk, tmp_path: Path) -> None:
    browser = desk.signed_in()
    (clip,) = desk.exhibits_of_kind("clip")
    stills = desk.exhibits_of_kind("still")
    become(desk, IncidentState.DISMISSED)
    with transaction(desk.database.sessions) as session:
        for exhibit in session.query(type(clip)):
            exhibit.to_at = max(exhibit.from_at, exhibit.to_at)
    purge(desk.database.sessions, desk.settings.vault_root, desk.settings.drafts_dir, at=LATER)
    page = page_of(desk, browser)
    assert "<video" not in page
    assert page.count("deleted by rule 2026-04-11") == 3
    assert clip.sha256 in page
    assert "This incident has no clip." in page
    for path in (f"/media/{clip.id}", f"/media/{stills[0].id}", f"/thumbnails/{stills[0].id}"):
        gone = browser.get(path)
        assert gone.status_code == 410
        assert "deleted by rule when nothing needed it" in gone.text
    assert "/thumbnails/" not in browser.get("/").text
    answer = post(desk, browser, "bundle", reason="for the legal office")
    assert answer.status_code == 200
    (tmp_path / "bundle.zip").write_bytes(answer.content)
    assert verify(tmp_path / "bundle.zip").faults == ()
    with zipfile.ZipFile(io.BytesIO(answer.content)) as bundle:
        assert [name for name in bundle.namelist() if name.startswith("exhibits/")] == []
        assert clip.sha256 in bundle.read("manifest.json").decode()
        assert clip.sha256 in bundle.read("index.html").decode()
    assert browser.get(f"/incidents/{desk.incident_id}/draft.docx").status_code == 200
