"""The clocks of a case on a line of time, what is due, and the forms: in a browser, and where they refuse."""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

import httpx
import pytest
from playwright.sync_api import Browser
from sqlalchemy.orm import Session

from cases import passwords
from cases.casework import reminders
from cases.casework.clock_rules import Moment, rules
from cases.casework.clocks import ClockFacts, ClockState, Fact, Stop, clocks
from cases.casework.due import Group
from models.database import reading, transaction
from models.enums import CaseSource, FileAct, MeasureKind, Procedure, StopCause
from models.parties import GoodsMeasure
from models.personal_data import PersonalDataKey
from review_ui.app import ReviewSettings
from review_ui.catalog import load
from review_ui.clock_track import Bar, time_line
from tests.cases.casework.case_scene import Bureau, day_of
from tests.conftest import sqlite_copy
from tests.patience import PATIENCE_S
from tests.review_ui.chromium import grave, keep, launched, listened_to, sign_in
from tests.review_ui.conftest import PASSWORD, serve, token_in

KEY = PersonalDataKey(b"k" * 32)
MEASURE = "扣决 1"
_, _, MET, MISSED, LAPSED, CALLED_OFF = ClockState


@dataclass(frozen=True)
class Scene:
    url: str
    bureau: Bureau
    file_id: uuid.UUID

    @contextmanager
    def signed_in(self, name: str) -> Iterator[httpx.Client]:
        headers = {"accept-language": "en", "sec-fetch-site": "same-origin"}
        with httpx.Client(base_url=self.url, headers=headers, trust_env=False, timeout=PATIENCE_S) as browser:
            form = {"csrf_token": token_in(browser.get("/sign-in").text), "name": name, "password": PASSWORD}
            assert browser.post("/sign-in", data=form).status_code == 303
            yield browser


def add_measure(session: Session, bureau: Bureau, file_id: uuid.UUID) -> None:
    """One that stands for longer than this program will be asked about it."""
    session.add(
        GoodsMeasure(
            file_id=file_id,
            kind=MeasureKind.SEIZURE,
            document=MEASURE,
            legal_basis="城市市容和环境卫生管理条例",
            reason="占道经营",
            urgent=False,
            taken_on=day_of(1),
            due_on=date(2066, 3, 2),
            recorded_by_id=bureau.user(session, "li").id,
            recorded_at=bureau.now,
        )
    )


@pytest.fixture(scope="module")
def scene(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A case filed in March 2026; today its decision is long over, and a seizure runs on; each story leaves it so."""
    folder = tmp_path_factory.mktemp("due")
    for database in sqlite_copy(migrated_sqlite, folder):
        bureau = Bureau(database.sessions)
        file_id = bureau.filed()
        with transaction(bureau.sessions) as session:
            for name in ("li", "wu", "feng"):
                bureau.user(session, name).password_hash = passwords.hashed(PASSWORD)
            add_measure(session, bureau, file_id)
        settings = ReviewSettings(bureau.sessions, folder / "vault", folder / "drafts", personal_data_key=KEY)
        for url in serve(settings):
            yield Scene(url, bureau, file_id)


def test_the_clocks_are_seen_stopped_and_let_run_in_a_browser(scene: Scene) -> None:
    clocks_at, complaints = f"/cases/{scene.file_id}/clocks", list[str]()
    for browser in launched():
        context = browser.new_context(base_url=scene.url, locale="en")
        page = listened_to(context.new_page(), complaints)
        sign_in(page, "li", on_to="/due")
        over = page.locator(".due-row", has_text="Decision")
        assert "over" in over.inner_text()
        assert over.locator("[data-light=red]").count() == 1
        keep(page, "due")
        page.locator(".due-row", has_text=MEASURE).click()
        page.wait_for_url(lambda url: clocks_at in url)
        seizure = page.locator("article", has_text=MEASURE)
        seizure.locator("summary").click()
        seizure.locator("input[name=on]").fill("2026-04-01")
        seizure.locator("input[name=reason]").fill("waits for the survey")
        seizure.locator("button").click()
        seizure.locator("[data-light=stands]").wait_for()
        assert "waits for the survey" in seizure.inner_text()
        assert seizure.locator("rect.stood").count() == 1
        keep(page, "clocks")
        assert grave(page) == []
        seizure.locator("summary").click()
        seizure.locator("input[name=on]").fill("2026-04-02")
        seizure.locator("input[name=reason]").fill("the survey is there")
        seizure.locator("button").click()
        seizure.locator("[data-light=green]").wait_for()
        _on_a_phone(browser, scene, clocks_at)
    assert complaints == []
    acts = [event.act for event in scene.bureau.events(scene.file_id)[-2:]]
    assert acts == [FileAct.CLOCK_STOPPED, FileAct.CLOCK_STARTED]


def _on_a_phone(browser: Browser, scene: Scene, clocks_at: str) -> None:
    context = browser.new_context(base_url=scene.url, locale="zh-CN", viewport={"width": 390, "height": 800})
    page = context.new_page()
    sign_in(page, "li", on_to=clocks_at)
    for address in (clocks_at, "/due"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()


def test_a_refusal_is_a_sentence_and_loses_nothing_typed(scene: Scene) -> None:
    with scene.signed_in("li") as li:
        page = li.get(f"/cases/{scene.file_id}/clocks").text
        form = {"csrf_token": token_in(page), "clock": "decision", "reason": "two witnesses are abroad"}
        too_late = li.post(
            f"/cases/{scene.file_id}/clocks/stop", data=form | {"cause": "appraisal", "on": "2026-04-01"}
        )
        assert too_late.status_code == 409
        assert "stopped or extended before its end alone" in too_late.text
        assert 'value="two witnesses are abroad"' in too_late.text
        not_a_leader = li.post(f"/cases/{scene.file_id}/clocks/extend", data=form | {"days": "10"})
        assert "A leader extends it" in not_a_leader.text
        standing = li.post(f"/cases/{scene.file_id}/clocks/start", data=form | {"on": "2026-03-09"})
        assert (standing.status_code, "Nobody stopped this clock" in standing.text) == (409, True)
    with scene.signed_in("wu") as wu:
        page = wu.get(f"/cases/{scene.file_id}/clocks").text
        late = wu.post(
            f"/cases/{scene.file_id}/clocks/extend", data=form | {"csrf_token": token_in(page), "days": "10"}
        )
        assert (late.status_code, "before its end alone" in late.text) == (409, True)


def test_a_number_for_reminders_is_kept_masked_and_taken_back(scene: Scene) -> None:
    with scene.signed_in("li") as li:
        form = {"csrf_token": token_in(li.get("/due").text)}
        wrong = li.post("/due/phone", data=form | {"number": "my brother's"})
        assert (wrong.status_code, "no phone number" in wrong.text) == (409, True)
        assert li.post("/due/phone", data=form | {"number": "137 0000 0001"}).status_code == 303
        page = li.get("/due").text
        assert "+86*********01" in page
        assert "13700000001" not in page
        assert li.post("/due/phone", data=form | {"number": ""}).status_code == 303
    with reading(scene.bureau.sessions) as session:
        assert reminders.phone_kept(session, KEY, scene.bureau.user(session, "li")) is None


def test_what_is_due_is_narrowed_to_a_person_and_to_an_area(scene: Scene) -> None:
    with scene.signed_in("li") as li:
        assert "Decision" in li.get("/due?officer=me").text
        nobody = li.get("/due", params={"officer": str(uuid.uuid4())})
        assert "Nothing runs here" in nobody.text
        assert "Nothing runs here" in li.get("/due?area=east").text
        assert li.get("/due?officer=somebody").status_code == 404
    with scene.signed_in("feng") as feng:
        assert feng.get("/due").status_code == 403


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_clock_has_its_words(language: Literal["zh", "en"]) -> None:
    said = load(language).sentences.keys()
    wanted = {f"clock_name.{rule.name}" for rule in rules().clock}
    wanted |= {f"clocks.length.{rule.unit}" for rule in rules().clock}
    wanted |= {f"stop_cause.{cause}" for cause in StopCause} | {f"due_group.{group}" for group in Group}
    wanted |= {f"clock_state.{state}" for state in (MET, MISSED, LAPSED, CALLED_OFF)}
    wanted |= {f"{table}.{kind}" for table in ("clocks.left", "clocks.over") for kind in ("calendar", "working")}
    assert wanted <= said


# --- the drawing ---


def test_bars_lie_on_one_line_of_time_and_stops_within_them() -> None:
    filed, on = date(2026, 3, 2), date(2026, 4, 1)
    stop = Stop(StopCause.APPRAISAL, date(2026, 3, 12), date(2026, 3, 22), "decision")
    facts = ClockFacts(
        Procedure.ORDINARY,
        CaseSource.PATROL,
        (Fact(Moment.FILED, filed), Fact(Moment.SEIZED, on, "m")),
        (stop,),
    )
    line = time_line([clock for clock in clocks(facts, on) if not clock.rule.service_level], on)
    assert line is not None
    decision, seizure = line.tracks
    days = (decision.clock.due_on - filed).days
    assert decision.term == Bar(0.0, 100.0)
    assert line.today == pytest.approx(100 * 30 / days, abs=0.01)
    assert decision.used == Bar(0.0, line.today)
    (stood,) = decision.stood
    assert (stood.x, stood.width) == pytest.approx((1000 / days, 1000 / days), abs=0.02)
    assert seizure.term.x == line.today
    assert decision.over is None
    assert [tick.on for tick in line.ticks] == [date(2026, 4, 1), date(2026, 5, 1), date(2026, 6, 1)]


def test_a_line_of_years_keeps_as_many_ticks_as_can_be_read() -> None:
    begun = date(2020, 1, 1)
    facts = ClockFacts(Procedure.ORDINARY, CaseSource.PATROL, (Fact(Moment.FILED, date(2026, 1, 1)),))
    (clock, *_) = clocks(facts, date(2026, 1, 2))
    line = time_line([clock], begun + timedelta(days=3000))
    assert line is not None
    assert 3 <= len(line.ticks) <= 7
    assert line.tracks[0].over is not None
    assert re.fullmatch(r"\d\d?", str(round(line.tracks[0].term.width)))
    assert time_line([], begun) is None
