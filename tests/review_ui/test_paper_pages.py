"""Papers at the desk in a real browser: all made with one press, signed with one password, looked at, found again."""

import io
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pypdfium2
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser
from sqlalchemy import select

from cases.papers import documents
from models.enums import FileAct, PaperKind, PartyAct, SheetState
from models.parties import PartyEvent
from review_ui.app import ReviewSettings
from tests.cases.papers.paper_scene import KEY, PASSWORD, Scene, open_scene
from tests.conftest import Database
from tests.patience import PATIENCE_S
from tests.review_ui.chromium import grave, keep, launched, listened_to, sign_in
from tests.review_ui.conftest import serve, token_in

WAIT_MS = 20_000
Visit = Callable[[str], httpx.Client]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    yield from launched()


@pytest.fixture
def scene(sqlite_database: Database, tmp_path: Path) -> Scene:
    """Decided, and nothing printed yet."""
    scene = open_scene(sqlite_database.sessions, tmp_path)
    with scene.press() as (_, session):
        scene.investigated(session)
        notice = scene.noticed(session)
        scene.said(session, answer="卸货须在允许的地点进行。")
        scene.step(session, FileAct.HEAR)
        scene.decided(session, notice)
    return scene


@pytest.fixture
def site(scene: Scene, tmp_path: Path) -> Iterator[str]:
    settings = ReviewSettings(
        scene.sessions,
        tmp_path / "vault",
        tmp_path / "drafts",
        personal_data_key=KEY,
        papers_dir=scene.site_folder,
    )
    yield from serve(settings)


@pytest.fixture
def visit(site: str) -> Iterator[Visit]:
    """Signs somebody in who behaves as a browser on our own page does."""
    with ExitStack() as closing:

        def signed_in(name: str) -> httpx.Client:
            headers = {"accept": "text/html", "accept-language": "en", "sec-fetch-site": "same-origin"}
            client = closing.enter_context(
                httpx.Client(base_url=site, headers=headers, trust_env=False, timeout=PATIENCE_S)
            )
            form = {"csrf_token": token_in(client.get("/sign-in").text), "name": name, "password": PASSWORD}
            assert client.post("/sign-in", data=form).status_code == 303
            return client

        yield signed_in


def drawn_signature() -> bytes:
    image = Image.new("RGBA", (300, 110), (0, 0, 0, 0))
    ImageDraw.Draw(image).line([(20, 80), (80, 20), (120, 90), (200, 30), (280, 70)], fill=(20, 30, 120, 255), width=6)
    written = io.BytesIO()
    image.save(written, "PNG")
    return written.getvalue()


@pytest.mark.browser
def test_all_papers_are_made_with_one_press_and_signed_with_one_password(
    browser: Browser, site: str, scene: Scene
) -> None:
    complaints: list[str] = []
    context = browser.new_context(base_url=site, locale="zh-CN", viewport={"width": 1280, "height": 900})
    context.set_default_timeout(WAIT_MS)
    page = listened_to(context.new_page(), complaints)
    tab = f"/cases/{scene.file_id}/papers"
    sign_in(page, "wang", PASSWORD, on_to="/account/signature")
    picture = {"name": "mine.png", "mimeType": "image/png", "buffer": drawn_signature()}
    page.set_input_files("input[name=picture]", picture)
    page.click("text=放入")
    page.wait_for_selector("img.signature-picture")
    keep(page, "papers-0-own-signature")
    page.goto(tab)
    keep(page, "papers-1-before")
    page.click("text=制作现阶段全部文书")
    page.wait_for_selector("input[name=paper]")
    assert page.locator("input[name=paper]").count() >= 5
    assert grave(page) == []
    page.fill("input[name=password]", "wrong password entirely")
    page.press("input[name=password]", "Enter")
    page.wait_for_selector("[role=alert]")
    assert "密码" in page.inner_text("[role=alert]")
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_selector("input[name=paper]", state="detached")
    keep(page, "papers-2-signed")
    page.locator("li", has_text="案件调查终结报告").get_by_text("依据和版本").click()
    page.wait_for_selector("text=核验无误")
    keep(page, "papers-3-one")
    assert grave(page) == []
    page.goto("/registry")
    assert page.locator(".bad-number").count() == 0
    keep(page, "papers-4-registry")
    assert grave(page) == []
    _on_a_phone(browser, site, tab)
    context.close()
    assert [said for said in complaints if "409" not in said] == []
    with scene.sessions() as session:
        papers = documents.papers_of(session, scene.file_id)
        signed = {paper.kind for paper in papers if paper.signatures}
    assert {PaperKind.INVESTIGATION_REPORT, PaperKind.PENALTY_NOTICE, PaperKind.DEFENCE_REVIEW} <= signed
    assert PaperKind.DECISION not in signed, "the leader's"


def _on_a_phone(browser: Browser, site: str, tab: str) -> None:
    phone = browser.new_context(
        base_url=site, locale="en-GB", viewport={"width": 390, "height": 844}, color_scheme="dark"
    )
    page = phone.new_page()
    sign_in(page, "sun", PASSWORD, on_to=tab)
    page.goto(tab)
    keep(page, "papers-5-phone-dark")
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, "the page is wider than a phone"
    assert grave(page) == []
    phone.close()


def test_a_paper_comes_as_docx_pdf_and_slip_and_each_look_is_on_record(visit: Visit, scene: Scene) -> None:
    officer = visit("wang")
    tab = f"/cases/{scene.file_id}/papers"
    token = token_in(officer.get(tab).text)
    assert officer.post(tab, data={"csrf_token": token}).status_code == 303
    with scene.sessions() as session:
        by_kind = {paper.kind: paper for paper in documents.papers_of(session, scene.file_id)}
    notice, decision = by_kind[PaperKind.PAYMENT_NOTICE], by_kind[PaperKind.DECISION]
    docx = officer.get(f"{tab}/{decision.id}/file", params={"form": "docx"})
    pdf = officer.get(f"{tab}/{decision.id}/file")
    slip = officer.get(f"{tab}/{notice.id}/file", params={"form": "slip"})
    assert docx.content.startswith(b"PK")
    assert docx.headers["content-disposition"].startswith("attachment")
    assert "UTF-8''%E8%A1%8C" in docx.headers["content-disposition"]
    assert pdf.content.startswith(b"%PDF")
    page = pypdfium2.PdfDocument(slip.content)[0]
    assert round(page.get_width() / 72 * 25.4) == 80
    assert officer.get(f"{tab}/{decision.id}/file", params={"form": "slip"}).status_code == 404, "A4 alone"
    assert officer.get(f"{tab}/{decision.id}/file", params={"form": "exe"}).status_code == 400
    with scene.sessions() as session:
        looks = session.scalars(select(PartyEvent).where(PartyEvent.act == PartyAct.LOOKED)).all()
    assert [(look.actor, look.reason) for look in looks] == [
        ("wang", "paper decision version 1"),
        ("wang", "paper decision version 1"),
        ("wang", "paper payment_notice version 1"),
    ]


def test_a_template_that_does_not_fill_is_a_sentence_and_nothing_is_made(visit: Visit, scene: Scene) -> None:
    templates = scene.site_folder / "templates"
    templates.mkdir()
    (templates / "decision.docx").write_bytes(b"not a docx at all")
    officer = visit("wang")
    tab = f"/cases/{scene.file_id}/papers"
    answer = officer.post(tab, data={"csrf_token": token_in(officer.get(tab).text)})
    assert answer.status_code == 409
    assert "decision.docx" in answer.text
    with scene.sessions() as session:
        assert documents.papers_of(session, scene.file_id) == []


def test_a_sheet_is_voided_with_a_reason_and_numbers_are_written_as_the_bureau_does(visit: Visit, scene: Scene) -> None:
    leader = visit("sun")
    with scene.press() as (press, session):
        paper = documents.make(
            session, scene.file_id, PaperKind.PAYMENT_NOTICE, by=scene.by(session), at=scene.at, press=press
        )
    sheet = f"/registry/{paper.sheet_id}"
    token = token_in(leader.get(sheet).text)
    refused = leader.post(f"{sheet}/void", data={"csrf_token": token, "reason": " "})
    assert refused.status_code == 409
    assert leader.post(f"{sheet}/void", data={"csrf_token": token, "reason": "spoilt"}).status_code == 303
    assert "spoilt" in leader.get(sheet).text
    form = {"csrf_token": token, "kind": "payment_notice", "form": "东〔{year}〕缴{number:03}"}
    assert leader.post("/registry", data=form).status_code == 303
    bad = leader.post("/registry", data=form | {"form": "缴{number}"})
    assert bad.status_code == 409
    assert 'value="缴{number}"' in bad.text, "what was typed is kept"
    with scene.press() as (press, session):
        again = documents.make(
            session, scene.file_id, PaperKind.PAYMENT_NOTICE, by=scene.by(session), at=scene.at, press=press
        )
        assert again.sheet is not None
        assert (again.version, again.sheet.text, again.sheet.state) == (2, "东〔2026〕缴002", SheetState.USED)


def test_a_paper_of_another_file_is_not_there(visit: Visit, scene: Scene) -> None:
    officer = visit("wang")
    with scene.press() as (press, session):
        paper = documents.make(
            session, scene.file_id, PaperKind.DECISION, by=scene.by(session), at=scene.at, press=press
        )
    other = "00000000-0000-4000-8000-000000000000"
    for piece in ("", "/file"):
        assert officer.get(f"/cases/{other}/papers/{paper.id}{piece}").status_code == 404
