"""Chromium for tests that look at pages: started, signed in, its complaints and pictures of its pages kept."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from tests.review_ui.conftest import PASSWORD
from tests.review_ui.test_browser import CHROMIUM, QUIET

KEEP_IN = "STREETWITNESS_SCREENSHOTS"  # names a folder; without it nothing is kept
GRAVE = {"serious", "critical"}
REFUSALS = ("409", "422")  # the console lists a refusal as an error; that answer is no fault


def launched() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium here: install the package chromium to drive the pages")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


def listened_to(page: Page, complaints: list[str]) -> Page:
    """Whatever the browser complains of on the page is added."""
    page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
    page.on("console", lambda said: complaints.append(f"{page.url}: {said.text}") if said.type == "error" else None)
    return page


def sign_in(page: Page, name: str, password: str = PASSWORD, *, on_to: str = "/") -> None:
    page.goto(f"/sign-in?next={on_to}")
    page.fill("#name", name)
    page.fill("#password", password)
    page.press("#password", "Enter")
    page.wait_for_url(lambda url: "/sign-in" not in url)
    page.wait_for_load_state("load")


def keep(page: Page, name: str) -> None:
    """The whole page as a picture, for a person to look at."""
    folder = os.environ.get(KEEP_IN)
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def grave(page: Page, rules: list[str] | None = None) -> list[tuple[str, str]]:
    """What axe-core finds to be serious or critical: the rule, and where."""
    options = {"resultTypes": ["violations"]} | ({} if rules is None else {"runOnly": rules})
    return [
        (one["id"], f"{node['target']} {node['html'][:160]}")
        for one in Axe().run(page, options=options).response["violations"]
        if one["impact"] in GRAVE
        for node in one["nodes"]
    ]
