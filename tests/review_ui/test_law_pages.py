"""The catalogue of offences and the proposal of a case file at the desk, as their readers and officers use them."""

import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser
from sqlalchemy import select

from cases import passwords
from cases.law import catalogue
from cases.law.import_law import LawFile
from models.case_files import CaseFile, FileApproval, FileEvent
from models.database import Sessions, reading, transaction
from models.enums import FileAct, FileState, LawEditionState, Offence
from models.law_catalogue import LawEdition, LawVersion
from models.people import User
from review_ui.app import ReviewSettings
from tests.cases.casework.case_scene import PARKING, Bureau
from tests.conftest import sqlite_copy
from tests.patience import PATIENCE_S
from tests.review_ui.chromium import grave, keep, launched, listened_to, sign_in
from tests.review_ui.conftest import PASSWORD, serve, token_in
from tests.review_ui.two_areas import KEY
from tests.rows import NOON, after

DAY = date(2026, 3, 2)  # of the conduct
NEW_VERSION = """\
source: 本局公告 2026 第 3 号
items:
  - code: "03.01.001"
    class: {zh: 停车管理}
    power: {zh: 违停}
    act: {zh: 人行道停车（本局基准）}
    valid_from: 2027-01-01
    violation: [{id: v, law: {zh: 道路交通安全法}, article: {zh: 第五十六条}}]
    penalty: [{id: p, law: {zh: 道路交通安全法}, article: {zh: 第九十三条}}]
    limits: {citizen: {warning: true, fine_min_fen: 2000, fine_max_fen: 20000}}
"""


@dataclass(frozen=True)
class Desk:
    url: str
    sessions: Sessions
    bureau: Bureau
    closing: ExitStack

    def hand(self, name: str) -> httpx.Client:
        """Somebody of the bureau, signed in."""
        headers = {"accept": "text/html", "accept-language": "en", "sec-fetch-site": "same-origin"}
        client = self.closing.enter_context(
            httpx.Client(base_url=self.url, headers=headers, trust_env=False, timeout=PATIENCE_S)
        )
        form = {"csrf_token": token_in(client.get("/sign-in").text), "name": name, "password": PASSWORD}
        assert client.post("/sign-in", data=form).status_code == 303
        return client

    def post(self, client: httpx.Client, page: str, path: str, **given: Any) -> httpx.Response:
        """A form of a page, filled in and sent."""
        files = given.pop("files", None)
        data = {"csrf_token": token_in(client.get(page).text)} | given
        return client.post(path, data=data, files=files)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("law")
    for database in sqlite_copy(migrated_sqlite, folder):
        bureau = Bureau(database.sessions)
        settings = ReviewSettings(database.sessions, folder / "vault", folder / "drafts", personal_data_key=KEY)
        with transaction(database.sessions) as session:
            for user in session.scalars(select(User).where(User.name.in_(("li", "sun")))):
                user.password_hash = passwords.hashed(PASSWORD)
        with ExitStack() as closing:
            for url in serve(settings, partial(getattr, bureau, "now")):
                yield Desk(url, database.sessions, bureau, closing)
                closing.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    yield from launched()


def investigated(desk: Desk) -> uuid.UUID:
    file_id = desk.bureau.filed(place=f"府前街 {uuid.uuid4().hex[:4]} 号")
    desk.bureau.step(file_id, FileAct.END_INVESTIGATION)
    return file_id


@pytest.fixture(scope="module")
def untouched(desk: Desk) -> uuid.UUID:
    """A case file that only refusals happen to."""
    return investigated(desk)


def outcome(**differs: str) -> dict[str, str]:
    return {
        "step": "notify",
        "outcome": "fine",
        "band": "usual",
        "fine": "80",
        "spare_ground": "",
        "correction": "责令立即驶离",
        "reasons": "停放一小时。",
        "departs_because": "",
        "reason": "",
    } | differs


def waiting(desk: Desk, file_id: uuid.UUID) -> FileApproval | None:
    with reading(desk.sessions) as session:
        return session.scalar(
            select(FileApproval).where(FileApproval.file_id == file_id, FileApproval.ended_at.is_(None))
        )


def test_the_catalogue_is_found_in_and_an_item_shows_its_articles_bands_and_versions(desk: Desk) -> None:
    client = desk.hand("li")
    assert PARKING in client.get("/law", params={"q": "wt"}).text
    assert "Nothing is found" in client.get("/law/rows", params={"q": "qqqq"}).text
    page = client.get(f"/law/items/{PARKING}").text
    assert "处二十元以上二百元以下罚款" in page
    assert "2 or more decided before, within 365 days" in page
    assert "This is an example" in page
    assert "It does not hold on 2020-01-01" in client.get(f"/law/items/{PARKING}?on=2020-01-01").text
    assert client.get("/law/items/nothing").status_code == 404
    assert client.get("/law?on=someday").status_code == 400


def test_a_file_with_a_fault_is_refused_with_its_lines_and_leaves_nothing(desk: Desk) -> None:
    client = desk.hand("sun")
    broken = {"file": ("law.yaml", NEW_VERSION.replace("2027-01-01", "someday").encode())}
    answer = desk.post(client, "/law/editions", "/law/editions", files=broken, source="typed and kept")
    assert answer.status_code == 409
    assert "Line 7:" in answer.text
    assert "typed and kept" in answer.text
    with reading(desk.sessions) as session:
        assert session.query(LawEdition).filter_by(file_name="law.yaml").count() == 0


def test_a_version_comes_into_force_with_a_name_and_a_reason_and_ends_the_one_before(desk: Desk) -> None:
    client = desk.hand("sun")
    whole = {"file": ("law.yaml", NEW_VERSION.encode("gb18030"))}
    answer = desk.post(client, "/law/editions", "/law/editions", files=whole)
    assert answer.status_code == 303
    address = answer.headers["location"]
    assert "follows the version in force" in client.get(address).text
    assert desk.post(client, address, f"{address}/bring", reason=" ").status_code == 409
    assert desk.post(client, address, f"{address}/bring", reason="局务会决定").status_code == 303
    refused = desk.post(client, "/law", f"{address}/discard", reason="late")
    assert (refused.status_code, "in force” already" in refused.text) == (409, True)
    page = client.get(f"/law/items/{PARKING}").text
    assert "until 2027-01-01" in page
    with reading(desk.sessions) as session:
        first, second = sorted(catalogue.versions(session, PARKING), key=lambda each: each.item.valid_from)
    assert (first.end_reason, second.state) == ("局务会决定", LawEditionState.IN_FORCE)
    again = desk.post(client, "/law/editions", "/law/editions", files=whole)
    assert (again.status_code, "Nothing in it differs" in again.text) == (409, True)
    version = second.item.version_id or ""
    ended = {"version": version, "ends_on": "2027-06-01", "reason": "新公告"}
    path = f"/law/items/{PARKING}/end"
    assert desk.post(client, "/law", path, **ended).status_code == 303
    assert "ended before" in desk.post(client, "/law", path, **ended).text


def test_an_officer_reads_the_catalogue_and_changes_nothing_of_it(desk: Desk) -> None:
    client = desk.hand("li")
    editions = client.get("/law/editions").text
    assert "Take a file in" not in editions
    assert desk.post(client, "/law", "/law/editions/starting").status_code == 403
    with reading(desk.sessions) as session:
        version = session.scalars(select(LawVersion.id)).first()
    ended = {"version": str(version), "ends_on": "2027-06-01", "reason": "x"}
    assert desk.post(client, "/law", f"/law/items/{PARKING}/end", **ended).status_code == 403


def test_within_the_proposed_band_the_step_is_asked_for_with_what_was_proposed_on_record(desk: Desk) -> None:
    client, file_id = desk.hand("li"), investigated(desk)
    page = client.get(f"/cases/{file_id}/proposal").text
    assert "The facts that are known meet the band “Usual”." in page
    assert "Ask to tell the party" in page
    answer = desk.post(client, f"/cases/{file_id}/proposal", f"/cases/{file_id}/proposal", **outcome())
    assert answer.status_code == 303
    asked = waiting(desk, file_id)
    assert asked is not None
    assert (asked.step, asked.facts["fine_fen"], asked.facts["band"]) == (FileAct.NOTIFY, 8_000, "usual")
    assert asked.facts["proposed"]["band"] == "usual"
    assert asked.facts["departs_because"] is None
    assert asked.reason == "By the procedure"


@pytest.mark.parametrize(
    ("differs", "said"),
    [
        ({"band": "fire_lane", "fine": "180"}, "It departs from what was proposed"),
        ({"outcome": "warning", "band": "", "fine": ""}, "It departs from what was proposed"),
        ({"fine": "200.01"}, "outside the limits"),
        ({"fine": "19.99"}, "below the least of the clause"),
        ({"fine": "a lot"}, "an amount in yuan"),
        ({"outcome": ""}, "Choose a warning or a fine"),
        ({"step": "spare"}, "Choose the ground"),
        ({"reasons": " "}, "Write the reasons"),
        ({"step": "close"}, "Choose what is to be asked for"),
        ({"step": "decide"}, "is not possible now"),
    ],
    ids=[
        "heavier",
        "lighter",
        "above_the_clause",
        "below_it",
        "no_amount",
        "no_outcome",
        "no_ground",
        "no_reasons",
        "no_step",
        "too_early",
    ],
)
def test_what_cannot_be_asked_for_is_refused_and_nothing_typed_is_lost(
    desk: Desk, untouched: uuid.UUID, differs: dict[str, str], said: str
) -> None:
    client, file_id = desk.hand("li"), untouched
    given = outcome(correction="typed by hand", **differs)
    answer = desk.post(client, f"/cases/{file_id}/proposal", f"/cases/{file_id}/proposal", **given)
    assert answer.status_code == 409
    assert said in answer.text
    assert "typed by hand" in answer.text
    assert waiting(desk, file_id) is None


def test_a_heavier_band_is_a_persons_choice_with_a_reason(desk: Desk) -> None:
    client, file_id = desk.hand("li"), investigated(desk)
    address = f"/cases/{file_id}/proposal"
    said = {"harm": "serious", "corrected": "0", "present": ["fire_lane"], "shown_by": "照片 3"}
    assert desk.post(client, address, f"/cases/{file_id}/circumstances", **said).status_code == 303
    page = client.get(address).text
    assert "On a fire lane and the like" in page
    assert "The program never raises" in page
    given = outcome(band="fire_lane", fine="150", departs_because="占用消防通道，照片 3")
    assert desk.post(client, address, address, **given).status_code == 303
    asked = waiting(desk, file_id)
    assert asked is not None
    assert (asked.facts["departs_because"], asked.facts["proposed"]["heavier"]) == (
        "占用消防通道，照片 3",
        ["fire_lane"],
    )


def test_slight_and_put_right_is_said_once_and_no_penalty_can_be_asked_for(desk: Desk) -> None:
    client, file_id = desk.hand("li"), investigated(desk)
    address = f"/cases/{file_id}/proposal"
    said = {"harm": "none", "slight": "1", "corrected": "1", "shown_by": "照片 3"}
    answer = desk.post(client, address, f"/cases/{file_id}/circumstances", **said, corrected_on="")
    assert (answer.status_code, "Name the day" in answer.text) == (409, True)
    on = {"corrected_on": "2026-03-02"}
    assert desk.post(client, address, f"/cases/{file_id}/circumstances", **said, **on).status_code == 303
    with reading(desk.sessions) as session:
        acts = [each.act for each in session.query(FileEvent).filter_by(file_id=file_id).order_by(FileEvent.seq)]
    assert acts[-2:] == [FileAct.FACTS_SAID, FileAct.CORRECTED]
    assert "slight, put right in time, no harm" in client.get(address).text
    given = outcome(step="spare", outcome="", spare_ground="slight_and_corrected", fine="", band="", correction="")
    assert desk.post(client, address, address, **given).status_code == 303
    asked = waiting(desk, file_id)
    assert asked is not None
    assert (asked.step, asked.facts["outcome"]) == (FileAct.SPARE, "no_penalty")


def test_circumstances_without_their_record_are_refused_and_what_was_ticked_stays(
    desk: Desk, untouched: uuid.UUID
) -> None:
    client, file_id = desk.hand("li"), untouched
    said = {"harm": "slight", "corrected": "1", "present": ["harm_removed"], "shown_by": " "}
    answer = desk.post(client, f"/cases/{file_id}/proposal", f"/cases/{file_id}/circumstances", **said)
    assert answer.status_code == 409
    assert "Name the exhibit or record" in answer.text
    assert 'value="harm_removed" checked' in answer.text
    with reading(desk.sessions) as session:
        assert session.query(FileEvent).filter_by(file_id=file_id, act=FileAct.FACTS_SAID).count() == 0


def test_a_case_file_whose_code_no_catalogue_had_that_day_says_so_and_offers_what_there_is(desk: Desk) -> None:
    client = desk.hand("li")
    file_id = desk.bureau.register(law_code="99.99", place="西门")
    page = client.get(f"/cases/{file_id}/proposal").text
    assert "The catalogue has no item 99.99 that was in force on 2026-03-02" in page
    assert PARKING in page
    answer = desk.post(client, f"/cases/{file_id}/proposal", f"/cases/{file_id}/proposal", **outcome())
    assert answer.status_code == 409


def test_where_the_law_became_milder_since_it_is_asked_for_by_the_law_in_force_now(desk: Desk) -> None:
    code = "02.01.001"
    with reading(desk.sessions) as session:
        old = catalogue.item(session, code, DAY)
    assert old is not None
    bands = tuple(band.model_copy(update={"fine_min_fen": 1_000, "fine_max_fen": 3_000}) for band in old.band[:1])
    milder = old.model_copy(update={"valid_from": DAY + timedelta(days=30), "band": bands})
    with transaction(desk.sessions) as session:
        law_file = LawFile("law.csv", "0" * 64, "新规定", (milder,))
        row = catalogue.take_in(session, law_file, by=catalogue.By("sun"), at=NOON)
        catalogue.bring_into_force(session, row.id, by=catalogue.By("sun"), reason="新规定", at=after(1))
    file_id = desk.bureau.filed(law_code=code, offence=Offence.STREET_VENDING, place="东门")
    desk.bureau.step(file_id, FileAct.END_INVESTIGATION)
    desk.bureau.day += 40  # by now the new one is in force
    client, address = desk.hand("li"), f"/cases/{file_id}/proposal"
    assert "is milder now: the new one applies" in client.get(address).text
    page = client.get(f"{address}?law=now").text
    assert "CNY 10 to 30" in page
    given = outcome(fine="20", correction="限期改正", by_now="1")
    assert desk.post(client, address, address, **given).status_code == 303
    asked = waiting(desk, file_id)
    assert asked is not None
    assert (asked.facts["fine_fen"], asked.facts["proposed"]["fine_max_fen"]) == (2_000, 3_000)
    for name in ("zhao", "wu"):
        desk.bureau.mark(asked.id, name)
    assert "as in force now" in client.get(address).text, "it is decided on what the party was told"
    with reading(desk.sessions) as session:
        now_held = catalogue.item_version(session, asked.facts["provision_id"])
    assert now_held is not None
    assert now_held.valid_from == milder.valid_from


@pytest.mark.browser
def test_an_officer_types_two_letters_and_reads_the_item_and_the_proposal_by_keyboard(
    desk: Desk, browser: Browser
) -> None:
    file_id = investigated(desk)
    complaints: list[str] = []
    context = browser.new_context(base_url=desk.url, locale="zh-CN", viewport={"width": 1360, "height": 900})
    page = listened_to(context.new_page(), complaints)
    sign_in(page, "li", on_to="/law")
    keep(page, "law-empty")
    page.keyboard.press("/")
    with page.expect_response(lambda answer: "/law/rows" in answer.url):
        page.keyboard.type("wt")
    page.wait_for_function("document.querySelectorAll('#found .row').length === 1")
    assert page.url.endswith("q=wt&on=")
    keep(page, "law-found")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/law/items/**")
    keep(page, "law-item")
    assert grave(page) == []
    page.goto("/law/editions")
    keep(page, "law-editions")
    page.goto(f"/cases/{file_id}/proposal")
    keep(page, "proposal")
    assert grave(page) == []
    page.check("input[name=present][value=fire_lane]")
    page.fill("input[name=shown_by]", "照片 3")
    page.press("input[name=shown_by]", "Enter")
    page.wait_for_load_state("load")
    assert "占用消防通道等" in page.inner_text("main")
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="dark")
    keep(page, "proposal-phone-dark")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.goto(f"/law/items/{PARKING}")
    keep(page, "law-item-phone-dark")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert complaints == []
    with reading(desk.sessions) as session:
        assert session.get_one(CaseFile, file_id).state is FileState.INVESTIGATED
