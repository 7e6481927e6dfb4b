"""A dome is moved beside the thread that follows its stream, by who has its lease, and what it refuses is said."""

import time
from collections.abc import Iterator
from ipaddress import ip_address

import pytest

from ingest.camera_address import parse_onvif_url
from ingest.dome_arm import Answer, DomeArm
from ingest.onvif_device import OnvifDevice
from tests.ingest.onvif_simulator import PASSWORD, USER, Simulator, envelope, listening
from tests.patience import PATIENCE_S

FAULT = (
    '<s:Fault><s:Code><s:Value>s:Receiver</s:Value></s:Code><s:Reason><s:Text xml:lang="en">lens stuck</s:Text>'
    "</s:Reason></s:Fault>"
)


@pytest.fixture
def dome() -> Iterator[Simulator]:
    with listening(Simulator()) as listening_camera:
        yield listening_camera


def arm_of(dome: Simulator, *, ours: bool = True) -> DomeArm:
    url = parse_onvif_url(f"http://{dome.host}:{dome.port}")
    device = OnvifDevice(url, ip_address(dome.host), username=USER, password=PASSWORD, deadline_s=10.0)
    return DomeArm(lambda: device, lambda: ours, "dome-1")


def answer_of(arm: DomeArm) -> Answer:
    until_s = time.monotonic() + PATIENCE_S
    while (answer := arm.taken()) is None:
        assert time.monotonic() < until_s, "no answer"
        time.sleep(0.02)
    return answer


def until_asked(dome: Simulator, request: str, times: int = 1) -> None:
    until_s = time.monotonic() + PATIENCE_S
    while dome.requests.count(request) < times:
        assert time.monotonic() < until_s, f"{request} is not asked"
        time.sleep(0.02)


def test_a_turn_is_done_when_the_dome_says_that_it_stands(dome: Simulator):
    arm = arm_of(dome)
    arm.turn("p2")
    assert arm.busy
    until_asked(dome, "GetStatus", times=2)
    assert arm.taken() is None, "it says it moves"
    dome.moving = "IDLE"
    assert answer_of(arm) == Answer(None)
    assert dome.preset == "p2"
    assert not arm.busy


def test_a_dome_that_does_not_say_whether_it_moves_is_given_the_time_that_domes_need(dome: Simulator):
    dome.instead["GetStatus"] = lambda handler: handler.answer(500, envelope(FAULT))
    arm, began_s = arm_of(dome), time.monotonic()
    arm.turn("p2")
    assert answer_of(arm) == Answer(None)
    assert time.monotonic() - began_s >= 3.0
    assert dome.requests.count("GetStatus") == 1, "it is not asked again what it cannot say"


def test_going_near_turns_first_and_then_zooms(dome: Simulator):
    arm = arm_of(dome)
    arm.go_near(0.75, 0.9, 0.6)
    assert answer_of(arm) == Answer(None)
    assert dome.shifted_by is not None
    assert dome.zoomed_to == 0.6
    moves = [request for request in dome.requests if request.endswith("Move")]
    assert moves == ["RelativeMove", "AbsoluteMove"]


def test_what_a_dome_refuses_is_said_and_the_next_command_is_heard(dome: Simulator):
    dome.instead["GotoPreset"] = lambda handler: handler.answer(500, envelope(FAULT))
    arm = arm_of(dome)
    arm.turn("p2")
    refusal = answer_of(arm).refusal
    assert refusal is not None
    assert "lens stuck" in refusal
    del dome.instead["GotoPreset"]
    arm.go_near(0.5, 0.5, 0.2)
    assert answer_of(arm) == Answer(None)


def test_who_has_given_the_camera_up_moves_nothing(dome: Simulator):
    arm = arm_of(dome, ours=False)
    arm.turn("p2")
    refusal = answer_of(arm).refusal
    assert refusal is not None
    assert "given up" in refusal
    assert "GotoPreset" not in dome.requests


def test_a_camera_of_which_no_profile_can_be_moved_says_so(dome: Simulator):
    dome.instead["GetProfiles"] = lambda handler: handler.answer(200, envelope("<m:GetProfilesResponse/>"))
    arm = arm_of(dome)
    arm.turn("p2")
    refusal = answer_of(arm).refusal
    assert refusal is not None
    assert "none of its ONVIF profiles can be moved" in refusal
