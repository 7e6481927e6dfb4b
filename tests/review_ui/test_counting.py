"""How often programs may ask: one count for all processes of the desk, and what holds while Redis is away."""

import itertools
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
from limits import RateLimitItemPerMinute

from cases import accounts, api_tokens
from cases.entitlements import Right
from models.database import transaction
from models.enums import Role
from review_ui.app import ReviewSettings
from review_ui.counting import ASKED_AGAIN_AFTER_S, Counting
from review_ui.desk import now
from review_ui.settings import ApiLimits
from streetwitness.embedded_redis import EmbeddedRedis
from tests.conftest import Database
from tests.review_ui.conftest import PASSWORD, serve
from tests.rows import NOON, add_street

THREE = RateLimitItemPerMinute(3)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    with EmbeddedRedis(tmp_path / "redis") as embedded:
        yield embedded


def asks(url: str, token: str) -> httpx.Response:
    return httpx.get(
        f"{url}/api/v1/me", headers={"authorization": f"Bearer {token}", "accept-language": "en"}, trust_env=False
    )


def test_a_program_that_asks_too_often_is_told_when_to_come_again_by_every_process_alike(
    sqlite_database: Database, tmp_path: Path, redis: EmbeddedRedis
) -> None:
    with transaction(sqlite_database.sessions) as session:
        add_street(session)
        users = [
            accounts.add_user(session, name=name, display_name=name, password=PASSWORD, role=Role.LEADER, at=NOON)
            for name in ("li.na", "wang.wei")
        ]
        first, second, others = (
            api_tokens.give(session, user, label="a program", rights=[Right.SEE_CAMERAS], days=1, at=now())
            for user in (users[0], users[0], users[1])
        )
    settings = ReviewSettings(
        sqlite_database.sessions,
        tmp_path / "vault",
        tmp_path / "drafts",
        api_limits=ApiLimits(of_token=3, of_user=5),
        redis_url=redis.url,
        processes=2,
    )
    with ExitStack() as closing:
        urls = [closing.enter_context(contextmanager(serve)(settings)) for _ in range(2)]
        turns = itertools.cycle(urls)
        assert [asks(next(turns), first).status_code for _ in range(5)] == [200] * 3 + [429] * 2
        refused = asks(urls[0], first)
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert refused.json() == {
            "error": "too_many_requests",
            "sentence": f"Too many requests within a minute; ask again in {refused.headers['retry-after']} seconds.",
        }
        assert [asks(next(turns), second).status_code for _ in range(3)] == [200] * 2 + [429], "five of one user"
        assert asks(urls[0], others).status_code == 200
        assert httpx.get(f"{urls[0]}/sign-in", trust_env=False).status_code == 200, "pages are not counted"
        described = httpx.get(f"{urls[0]}/api/v1/openapi.json", trust_env=False).json()
    answers = [each["responses"] for methods in described["paths"].values() for each in methods.values()]
    assert all("Retry-After" in each["429"]["headers"] for each in answers)


def test_while_redis_is_away_each_process_counts_by_itself_and_says_so_once(
    redis: EmbeddedRedis, caplog: pytest.LogCaptureFixture
) -> None:
    watch = [0.0]
    one, other = (Counting(redis.url, monotonic=lambda: watch[0]) for _ in range(2))
    assert [one.take(THREE, "li.na") for _ in range(2)] == [None, None]
    assert redis.pid is not None
    os.kill(redis.pid, signal.SIGSTOP)  # it is there, and does not answer
    try:
        assert [one.take(THREE, "li.na") is None for _ in range(5)] == [True] * 3 + [False] * 2
        assert [other.wait_s(THREE, "li.na"), other.take(THREE, "li.na")] == [None, None]
    finally:
        os.kill(redis.pid, signal.SIGCONT)
    assert [each.getMessage().partition(":")[0] for each in caplog.records] == ["Redis does not answer"] * 2
    assert one.wait_s(THREE, "li.na") is not None, "not asked again at once"
    watch[0] += ASKED_AGAIN_AFTER_S
    assert one.take(THREE, "wang.wei") is None
    assert caplog.records[-1].getMessage().startswith("Redis answers again")


def test_without_a_redis_there_is_one_process_and_it_counts() -> None:
    alone = Counting(None)
    assert [alone.take(THREE, "li.na") is None for _ in range(4)] == [True] * 3 + [False]
    assert alone.wait_s(THREE, "wang.wei") is None
