"""The volume, the search and the score sheet at the desk: asked for and taken along on record, refused in a sentence,
nothing typed lost, nothing shown to who may not see it.
"""

import re
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from cases import accounts
from cases.accounts import Granted
from cases.casework import steps
from cases.volume import volumes
from cases.volume.making import make
from models.case_files import CaseFile
from models.database import reading, transaction
from models.enums import FileAct, Role
from models.personal_data import PersonalDataKey
from models.volumes import FileScore
from review_ui.app import ReviewSettings
from review_ui.desk import now
from tests.cases.volume.bindery import NUMBER, Filed, filed
from tests.cases.volume.filed import add_area
from tests.conftest import sqlite_copy
from tests.patience import PATIENCE_S
from tests.review_ui.conftest import PASSWORD, serve, token_in


class FiledDesk:
    def __init__(self, url: str, archived: Filed, closing: ExitStack) -> None:
        self.url, self.archived, self.closing = url, archived, closing
        self.file = f"/cases/{archived.file_id}"

    def browser(self, name: str, language: str = "en") -> httpx.Client:
        headers = {"accept": "text/html", "accept-language": language, "sec-fetch-site": "same-origin"}
        client = self.closing.enter_context(
            httpx.Client(base_url=self.url, headers=headers, trust_env=False, timeout=PATIENCE_S)
        )
        form = {"csrf_token": token_in(client.get("/sign-in").text), "name": name, "password": PASSWORD}
        assert client.post("/sign-in", data=form).status_code == 303
        return client

    def acts(self) -> list[FileAct]:
        with reading(self.archived.bindery.sessions) as session:
            file = session.get_one(CaseFile, self.archived.file_id)
            return [event.act for event in steps.events_of(session, file)]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[FiledDesk]:
    folder = tmp_path_factory.mktemp("volumes")
    for database in sqlite_copy(migrated_sqlite, folder):
        with filed(database.sessions, folder) as archived:
            with transaction(database.sessions) as session:
                add_area(session, "west")
                for name, granted in (
                    ("lin", Granted(Role.LEADER)),
                    ("west", Granted(Role.LEADER, "west")),
                    ("officer", Granted(Role.OFFICER)),
                ):
                    user = accounts.add_user(
                        session, name=name, display_name=name, password=PASSWORD, role=None, at=now()
                    )
                    accounts.grant(session, user, granted, by="streetwitness", at=now())
            key = PersonalDataKey(b"k" * 32)
            settings = ReviewSettings(
                database.sessions, archived.bindery.vault.root, folder / "drafts", personal_data_key=key
            )
            for url in serve(settings):
                with ExitStack() as closing:
                    yield FiledDesk(url, archived, closing)


def test_a_volume_is_asked_for_made_and_taken_along_with_a_reason(desk: FiledDesk) -> None:
    browser = desk.browser("lin")
    token = {"csrf_token": token_in(browser.get(f"{desk.file}/volume").text)}
    refused = browser.post(f"{desk.file}/volume", data=token | {"reason": "x" * 401})
    assert refused.status_code == 409
    assert "up to 400 characters" in refused.text
    assert "x" * 401 in refused.text, "what was typed is still there"
    asked = browser.post(f"{desk.file}/volume", data=token | {"reason": "for the court"})
    assert asked.headers["location"] == f"{desk.file}/volume"
    waiting = browser.get(f"{desk.file}/volume").text
    assert 'data-making="' in waiting
    with reading(desk.archived.bindery.sessions) as session:
        (volume_id,) = volumes.to_do(session)
    early = browser.post(f"/volumes/{volume_id}", data=token | {"reason": "now"})
    assert (early.status_code, "not made yet" in early.text) == (409, True)
    assert make(replace(desk.archived.bindery, clock=now), volume_id)
    shown = browser.get(f"{desk.file}/volume").text
    assert "data-making" not in shown
    assert "行政处罚决定书" in shown or "Penalty decision" in shown
    unsaid = browser.post(f"/volumes/{volume_id}", data=token | {"reason": " "})
    assert unsaid.status_code == 409
    taken = browser.post(f"/volumes/{volume_id}", data=token | {"reason": "for the court"})
    assert taken.status_code == 200
    assert taken.content.startswith(b"%PDF")
    assert "attachment" in taken.headers["content-disposition"]
    assert desk.acts()[-2:] == [FileAct.VOLUME_MADE, FileAct.SHARED]
    assert f"/incidents/{desk.archived.incident_id}/bundle" in shown, "the bundle is offered beside it"
    assert browser.post(f"/volumes/{uuid.uuid4()}", data=token | {"reason": "for the court"}).status_code == 404


def test_a_search_finds_the_file_and_nothing_for_who_may_not_see_it(desk: FiledDesk) -> None:
    browser, west = desk.browser("lin"), desk.browser("west")
    for asked in ({"q": "面包车"}, {"q": NUMBER}, {"q": "浙J·12345"}, {"place": "环城东路"}, {"state": "archived"}):
        page = browser.get("/cases/search", params=asked)
        assert str(desk.archived.file_id) in page.text, asked
        assert "1 found" in page.text
        hidden = west.get("/cases/search", params=asked).text
        assert str(desk.archived.file_id) not in hidden
        assert "Nothing found among the cases you may see." in hidden
    assert str(desk.archived.file_id) not in browser.get("/cases/search", params={"q": "面包车 水果"}).text
    assert "<option" in browser.get("/cases/search").text
    assert "钱一" not in west.get("/cases/search").text, "who is in charge elsewhere is not told"
    assert browser.get("/cases/search", params={"state": "lost"}).status_code == 400
    assert browser.get("/cases/search", params={"first": "2026-02-30"}).status_code == 400
    marked = browser.get("/cases/search", params={"q": "<script>x</script>"})
    assert "<script>x" not in marked.text
    token = {"csrf_token": token_in(browser.get("/cases/search").text)}
    assert "Nothing found" in browser.post("/cases/search", data=token | {"party": "欧阳明珠"}).text


def test_a_file_is_scored_on_its_sheet_and_a_refusal_keeps_what_was_typed(desk: FiledDesk) -> None:
    browser = desk.browser("lin")
    token = {"csrf_token": token_in(browser.get(f"{desk.file}/review").text)}
    assert "Begin the review" in browser.get(f"{desk.file}/review").text
    assert browser.post(f"{desk.file}/review", data=token).status_code == 303
    sheet = browser.get(f"{desk.file}/review").text
    items = re.findall(r'name="item" value="(\w+)"', sheet)
    assert len(items) == 12
    assert "Nothing shows that it reached the party in time." in sheet
    marks = {"item": items, "deducted": ["0"] * 12, "reason": [""] * 12, "opinion": "well kept, served late"}
    marks["deducted"] = ["5" if item == "served" else "0" for item in items]
    refused = browser.post(f"{desk.file}/review/score", data=token | marks)
    assert refused.status_code == 409
    assert "need a reason" in refused.text
    assert "well kept, served late" in refused.text
    assert browser.post(f"{desk.file}/review/score", data=token | marks | {"reason": ["late"]}).status_code == 400
    wrong = marks | {"deducted": ["-1"] * 12}
    assert browser.post(f"{desk.file}/review/score", data=token | wrong).status_code == 400
    marks["reason"] = ["no receipt" if item == "served" else "" for item in items]
    assert browser.post(f"{desk.file}/review/score", data=token | marks).status_code == 303
    assert desk.acts()[-1] is FileAct.REVIEW_SCORED
    with reading(desk.archived.bindery.sessions) as session:
        assert session.query(FileScore).one().points == 95
    listed = browser.get("/cases/review")
    assert "95 points" in listed.text
    assert "95.0" in listed.text, "the figures of the areas"
    assert str(desk.archived.file_id) not in desk.browser("west").get("/cases/review").text
    assert desk.browser("west").get(f"{desk.file}/review").status_code == 404
    assert desk.browser("officer").get("/cases/review").status_code == 403
