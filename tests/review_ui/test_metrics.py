"""Metrics: given to who brings the token, true to the rows at the moment of the scrape, silent on the rest."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import delete

from models.database import transaction
from models.watching import CameraLease
from review_ui.desk import now
from tests.patience import PATIENCE_S
from tests.review_ui.conftest import RunningDesk, serve
from tests.review_ui.test_camera_pages import watched

__all__ = ["watched"]

TOKEN = "a token nobody guesses"


@pytest.fixture
def metered(watched: RunningDesk) -> Iterator[RunningDesk]:
    """The desk with a token in its settings."""
    settings = replace(watched.settings, metrics_token=TOKEN)
    for url in serve(settings):
        with ExitStack() as closing:
            yield replace(watched, url=url, settings=settings, closing=closing)


def scrape(desk: RunningDesk, token: str = TOKEN) -> httpx.Response:
    return httpx.get(
        f"{desk.url}/metrics", headers={"authorization": f"Bearer {token}"}, trust_env=False, timeout=PATIENCE_S
    )


def samples(answer: httpx.Response) -> dict[tuple[str, tuple[str, ...]], float]:
    """Every sample, by its name without ours before it, and its labels."""
    assert answer.status_code == 200
    return {
        (sample.name.removeprefix("streetwitness_"), tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_a_scrape_tells_of_every_dialled_camera_what_the_rows_say(metered: RunningDesk) -> None:
    answer = scrape(metered)
    assert answer.headers["content-type"].startswith("text/plain; version=")
    told = samples(answer)
    assert told["camera_state", ("gate-3", "frozen")] == 1
    assert told["camera_state", ("gate-3", "watching")] == 0
    assert told["camera_state", ("gate-4", "stopped")] == 1
    assert told["camera_watched", ("gate-3",)] == 1
    assert told["camera_watched", ("gate-4",)] == 0
    assert told["camera_clock_offset_seconds", ("gate-3",)] == -7.5
    assert told["camera_looks_total", ("gate-3",)] == 500
    assert told["camera_looks_dropped_total", ("gate-3",)] == 17
    assert told["camera_gap_seconds_total", ("gate-3",)] == 75
    assert told["camera_ring_bytes", ("gate-3",)] == 15_000_000
    assert 80 <= told["camera_look_age_seconds", ("gate-3",)] < 600
    assert told["watcher_cameras", ("box-1:77",)] == 1
    assert ("camera_looks_total", ("gate-4",)) not in told, "nobody has said anything of it"
    assert "lot" not in {labels[0] for _, labels in told}, "nobody dials it"
    assert "secret" not in answer.text


def test_each_scrape_is_of_its_own_moment(metered: RunningDesk) -> None:
    assert samples(scrape(metered))["camera_watched", ("gate-3",)] == 1
    with transaction(metered.database.sessions) as session:
        session.get_one(CameraLease, "gate-3").expires_at = now() - timedelta(seconds=1)
    told = samples(scrape(metered))
    assert told["camera_watched", ("gate-3",)] == 0
    assert told["camera_state", ("gate-3", "stopped")] == 1
    with transaction(metered.database.sessions) as session:
        session.execute(delete(CameraLease))
    assert not [name for name, _ in samples(scrape(metered)) if name == "watcher_cameras"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer another token"},
        {"authorization": "Bearer"},
        {"authorization": f"Basic {TOKEN}"},
        {"authorization": TOKEN},
        {"authorization": "Bearer \u00fc".encode("latin-1")},
    ],
    ids=["nothing", "another_token", "empty_token", "another_scheme", "no_scheme", "not_ascii"],
)
def test_who_does_not_bring_the_token_is_told_nothing(metered: RunningDesk, headers: dict[str, str | bytes]) -> None:
    for visitor in (metered.browser(), metered.signed_in()):
        answer = visitor.get("/metrics", headers=headers)
        assert answer.status_code == 401
        assert "gate-3" not in answer.text


def test_without_a_token_in_the_settings_there_is_no_such_page(watched: RunningDesk) -> None:
    assert scrape(watched).status_code == 404
    assert watched.signed_in().get("/metrics").status_code == 404
