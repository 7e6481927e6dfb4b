"""Routes: who carries what, and what is no route."""

import pytest

from notify.errors import RoutesRefused
from notify.routes import read_routes

GATEWAYS = ("file", "twilio", "aliyun")
KINDS = ("move_vehicle", "case_ready")


def test_a_kind_has_its_gateways_in_order_and_the_star_has_the_rest() -> None:
    routes = read_routes("move_vehicle=twilio,aliyun *=file", GATEWAYS, KINDS)
    assert routes.gateways_for("move_vehicle") == ("twilio", "aliyun")
    assert routes.gateways_for("case_ready") == ("file",)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "end with"),
        ("move_vehicle=twilio", "end with"),
        ("move_vehicle *=file", "is no route"),
        ("*=", "is no route"),
        ("*=pigeon", "`pigeon` is not set up; there are aliyun, file, twilio"),
        ("parking=file *=file", "`parking` is no kind of message; there are case_ready, move_vehicle"),
        ("*=file *=twilio", "routed twice"),
    ],
)
def test_what_is_no_route_says_why(text: str, says: str) -> None:
    with pytest.raises(RoutesRefused, match=says):
        read_routes(text, GATEWAYS, KINDS)
