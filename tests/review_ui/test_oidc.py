"""The house's own sign-in: who comes back from a real provider on loopback, and every way of not being believed."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc.jwk import RSAKey

from cases import accounts
from models.database import Sessions, transaction
from models.enums import AccountAct, Role
from models.people import User, UserSession
from review_ui.app import ReviewSettings
from review_ui.desk import now
from review_ui.issuer import Issuer
from tests.conftest import Database
from tests.patience import PATIENCE_S
from tests.review_ui.conftest import PASSWORD, serve
from tests.review_ui.oidc_provider import CLIENT_ID, CLIENT_SECRET, Claims, Provider, running


@dataclass(frozen=True)
class House:
    url: str
    provider: Provider
    sessions: Sessions
    closing: ExitStack

    def browser(self) -> httpx.Client:
        headers = {"accept": "text/html", "accept-language": "en", "sec-fetch-site": "none"}
        return self.closing.enter_context(
            httpx.Client(base_url=self.url, headers=headers, trust_env=False, timeout=PATIENCE_S)
        )

    def comes_back(self, browser: httpx.Client, wanted: str = "/account") -> httpx.Response:
        """Goes there, signs in, and is sent back."""
        begun = browser.get("/sign-in/elsewhere", params={"next": wanted})
        assert begun.status_code == 303
        back = httpx.get(begun.headers["location"], trust_env=False, timeout=PATIENCE_S).headers["location"]
        return browser.get(back)


@pytest.fixture
def house(sqlite_database: Database, tmp_path: Path) -> Iterator[House]:
    with transaction(sqlite_database.sessions) as session:
        accounts.add_user(
            session,
            name="li.na",
            display_name="李娜",
            email="li.na@example.cn",
            password=PASSWORD,
            role=Role.MONITOR,
            at=now(),
        )
    with running(Provider()) as provider, ExitStack() as closing:
        issuer = Issuer(provider.url, CLIENT_ID, "city id", CLIENT_SECRET)
        settings = ReviewSettings(sqlite_database.sessions, tmp_path / "vault", tmp_path / "drafts", issuer=issuer)
        for url in serve(settings):
            yield House(url, provider, sqlite_database.sessions, closing)
            closing.close()


def test_who_is_known_there_and_entered_here_is_inside_with_the_roles_of_the_account(house: House) -> None:
    browser = house.browser()
    assert 'href="/sign-in/elsewhere?next=/cameras"' in browser.get("/sign-in?next=/cameras").text
    arrived = house.comes_back(browser, "/cameras")
    assert arrived.status_code == 303
    assert arrived.headers["location"] == "/cameras"
    assert browser.get("/cameras").status_code == 200
    assert browser.get("/users").status_code == 403, "coming from there gives no right"
    with house.sessions() as session:
        assert session.query(UserSession).one().issuer == house.provider.url
        acts = [event.act for event in accounts.events_of(session, session.query(User).one().id)]
        assert acts[:2] == [AccountAct.SIGNED_IN, AccountAct.IDENTITY_LINKED]


def test_what_is_asked_there_is_bound_to_the_browser_by_state_nonce_and_pkce(house: House) -> None:
    addresses = [house.browser().get("/sign-in/elsewhere").headers["location"] for _ in range(2)]
    first, second = (parse_qs(urlsplit(address).query) for address in addresses)
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name][0]) >= 43
        assert first[name] != second[name]
    assert first["redirect_uri"] == [f"{house.url}/sign-in/elsewhere/back"]


def test_a_code_that_was_meant_for_another_browser_lets_nobody_in(house: House) -> None:
    begun = house.browser().get("/sign-in/elsewhere")
    back = httpx.get(begun.headers["location"], trust_env=False, timeout=PATIENCE_S).headers["location"]
    victim = house.browser()
    assert victim.get(back).status_code == 401, "a browser that began nothing"
    victim.get("/sign-in/elsewhere")
    assert victim.get(back).status_code == 401, "a browser that began something else"


def test_what_the_browser_kept_is_good_for_one_try(house: House) -> None:
    browser = house.browser()
    begun = browser.get("/sign-in/elsewhere")
    back = httpx.get(begun.headers["location"], trust_env=False, timeout=PATIENCE_S).headers["location"]
    assert browser.get(back).status_code == 303
    assert "elsewhere" not in browser.cookies
    assert browser.get(back).status_code == 401


LIES: dict[str, Callable[[Claims], Claims]] = {
    "another_issuer": lambda claims: claims | {"iss": "https://elsewhere.example"},
    "another_audience": lambda claims: claims | {"aud": "another-program"},
    "several_audiences_without_a_party": lambda claims: claims | {"aud": [CLIENT_ID, "another-program"]},
    "another_party": lambda claims: claims | {"azp": "another-program"},
    "another_nonce": lambda claims: claims | {"nonce": "x" * 43},
    "no_nonce": lambda claims: {name: value for name, value in claims.items() if name != "nonce"},
    "run_out": lambda claims: claims | {"exp": claims["iat"] - 3600},
    "without_an_end": lambda claims: {name: value for name, value in claims.items() if name != "exp"},
    "nobody": lambda claims: claims | {"sub": ""},
    "a_list_for_a_subject": lambda claims: claims | {"sub": ["s-17"]},
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_a_token_that_does_not_hold_lets_nobody_in(house: House, lie: Callable[[Claims], Claims]) -> None:
    house.provider.lie = lie
    refused = house.comes_back(house.browser())
    assert refused.status_code == 401
    assert "did not come to a good end" in refused.text
    with house.sessions() as session:
        assert session.query(UserSession).count() == 0


def test_a_token_that_another_key_signed_lets_nobody_in(house: House) -> None:
    house.provider.signs_with = RSAKey.generate_key(2048, {"kid": "one"})
    assert house.comes_back(house.browser()).status_code == 401


def test_a_key_that_the_issuer_changed_is_asked_for_anew_when_the_last_answer_is_old(house: House) -> None:
    assert house.comes_back(house.browser()).status_code == 303
    house.provider.key = RSAKey.generate_key(2048, {"kid": "one"})
    assert house.comes_back(house.browser()).status_code == 401, "not within the minute: who knocks could make us ask"


@pytest.mark.parametrize(
    "who",
    [
        {"sub": "s-18", "email": "nobody@example.cn", "email_verified": True},
        {"sub": "s-18", "email": "li.na@example.cn", "email_verified": False},
        {"sub": "s-18", "email": "li.na@example.cn"},
        {"sub": "s-18", "email": "li.na@example.cn", "email_verified": "true"},
        {"sub": "s-18"},
    ],
    ids=["unknown_address", "not_verified", "verification_not_told", "verified_as_a_word", "no_address"],
)
def test_who_is_known_there_and_not_here_gets_a_sentence_and_no_account(house: House, who: Claims) -> None:
    house.provider.who = who
    refused = house.comes_back(house.browser())
    assert refused.status_code == 401
    assert "no account here" in refused.text
    with house.sessions() as session:
        assert session.query(User).count() == 1


def test_an_issuer_that_gives_itself_another_name_or_refuses_is_not_believed(house: House) -> None:
    browser = house.browser()
    browser.get("/sign-in/elsewhere")
    state = re.search(r"state=([^&]+)", browser.get("/sign-in/elsewhere").headers["location"])
    assert state is not None
    assert browser.get(f"/sign-in/elsewhere/back?error=access_denied&state={state[1]}").status_code == 401
    house.provider.named = "https://elsewhere.example"
    other = house.browser()
    for url in serve(
        ReviewSettings(
            house.sessions, Path("vault"), Path("drafts"), issuer=Issuer(house.provider.url, CLIENT_ID, "city id")
        )
    ):
        assert other.get(f"{url}/sign-in/elsewhere").status_code == 502


def test_nobody_is_sent_to_another_site_afterwards(house: House) -> None:
    assert house.comes_back(house.browser(), "//evil.example").headers["location"] == "/"


def test_a_house_without_a_sign_in_of_its_own_has_neither_button_nor_address(
    sqlite_database: Database, tmp_path: Path
) -> None:
    for url in serve(ReviewSettings(sqlite_database.sessions, tmp_path / "vault", tmp_path / "drafts")):
        assert "elsewhere" not in httpx.get(f"{url}/sign-in", trust_env=False, timeout=PATIENCE_S).text
        for path in ("/sign-in/elsewhere", "/sign-in/elsewhere/back?code=x&state=y"):
            assert httpx.get(url + path, trust_env=False, timeout=PATIENCE_S).status_code == 404
