"""The list of routes: each address with each method leads to one place, so that none hides another."""

import re
from collections import Counter
from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from starlette.routing import Mount

from models.database import open_database, sessions_of, sqlite_url
from review_ui.app import ReviewSettings, make_app


@pytest.fixture
def routes(tmp_path: Path) -> list[APIRoute]:
    """Of the whole desk; nothing is asked of its database."""
    engine = open_database(sqlite_url(tmp_path / "streetwitness.db"))
    settings = ReviewSettings(sessions_of(engine), tmp_path / "vault", tmp_path / "drafts")
    found = make_app(settings).routes
    engine.dispose()
    assert {type(route) for route in found} == {APIRoute, Mount}, "what is no APIRoute is not looked at here"
    return [route for route in found if isinstance(route, APIRoute)]


def named(path: str) -> str:
    """The path with its parameters unnamed: to the router {camera_id} and {name} are one and the same."""
    return re.sub(r"{[^}]*}", "{}", path)


def test_no_two_routes_share_path_and_method(routes: list[APIRoute]) -> None:
    counted = Counter((method, named(route.path)) for route in routes for method in route.methods or ())
    assert [each for each, count in counted.items() if count > 1] == []


def test_no_route_stands_behind_one_that_takes_its_address(routes: list[APIRoute]) -> None:
    hidden = [
        (method, route.path, before.path)
        for place, route in enumerate(routes)
        for before in routes[:place]
        for method in (route.methods or set()) & (before.methods or set())
        if before.path_regex.match(re.sub(r"{[^}]*}", "0", route.path)) and named(before.path) != named(route.path)
    ]
    assert hidden == []
