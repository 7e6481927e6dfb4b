"""The pages of geofences as requests: who may do what, what is refused with a sentence, and what a trial found."""

import json
import re
import uuid
from typing import Any

import cv2
import httpx
import pytest
from sqlalchemy import select

from cases import accounts, fence_trials
from cases.languages import LANGUAGES
from detectors.sightings import ObjectRole
from models.database import reading, transaction
from models.dispatch import Area
from models.enums import AreaLevel, FenceProposalState, Offence, Role, TrialState
from models.fence_proposals import FenceProposal
from models.fence_trials import FenceTrial
from models.people import User
from models.places import Camera, GeofenceVersion, Site
from review_ui.catalog import load
from review_ui.desk import now
from review_ui.fence_form import NUMBERS, ROLES, RULES
from review_ui.fence_pages import FIELDS, LINES, OUTLINES, REFUSALS
from tests.review_ui.conftest import PASSWORD, RunningDesk, draw_frame, token_in
from tests.rows import NOON, add_camera

WIDER = [[0.1, 0.5], [0.8, 0.5], [0.8, 0.95], [0.1, 0.95]]


@pytest.fixture
def peopled(desk: RunningDesk) -> RunningDesk:
    """Of gate-3 in street-1: a monitor, two leaders; an administrator of street-2, who is elsewhere."""
    with transaction(desk.database.sessions) as session:
        session.add(Area(id="city", name="Taizhou", level=AreaLevel.CITY, parent_id=None))
        session.flush()
        for number in (1, 2):
            session.add(
                Area(id=f"street-{number}", name=f"Street {number}", level=AreaLevel.DISTRICT, parent_id="city")
            )
        session.flush()
        gate = session.get_one(Camera, "gate-3")
        gate.area_id = "street-1"
        add_camera(session, session.get_one(Site, gate.site_id), id="gate-4", name="East gate", area_id="street-2")
        for name, role, area in (
            ("chen.bo", Role.MONITOR, None),
            ("wang.min", Role.LEADER, None),
            ("zhao.yi", Role.LEADER, "street-1"),
            ("sun.wu", Role.LEADER, "street-2"),
            ("qian.er", Role.OPERATOR, None),
        ):
            accounts.add_user(
                session, name=name, display_name=name, password=PASSWORD, role=role, area_id=area, at=NOON
            )
    return desk


def form(browser: httpx.Client, **differs: Any) -> dict[str, Any]:
    page = browser.get("/cameras/gate-3/fences").text
    return {
        "csrf_token": token_in(page),
        "geofence_id": "no-stopping-7",
        "base": "1",
        "name": "No stopping",
        "polygon": json.dumps(WIDER),
        "offence": ["illegal_parking"],
        "illegal_parking.dwell_s": "60",
        "illegal_parking.grace_s": "600",
        "illegal_parking.role": ["vehicle"],
        "reason": "the bus stop moved",
        "act": "propose",
    } | differs


def proposed(browser: httpx.Client, **differs: Any) -> str:
    answer = browser.post("/cameras/gate-3/fences", data=form(browser, **differs))
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def decided(browser: httpx.Client, proposal: str, act: str) -> httpx.Response:
    token = token_in(browser.get(proposal).text)
    return browser.post(f"{proposal}/{act}", data={"csrf_token": token, "reason": "looked at it"})


def said(answer: httpx.Response) -> str:
    found = re.search(r'role="alert">(.*?)<(?:form|div class="pair")', answer.text, re.DOTALL)
    assert found, answer.text
    return " ".join(re.sub(r"<[^>]+>", " ", found[1]).split())


def test_a_change_is_proposed_approved_and_in_the_history(peopled: RunningDesk) -> None:
    first, second = (peopled.signed_in(name, looking=False) for name in ("wang.min", "zhao.yi"))
    proposal = proposed(first)
    page = first.get(proposal).text
    assert "A second person has to approve this" in page
    assert "zhao.yi" in page
    assert "sun.wu" not in page, "not for a camera in another area"
    own = decided(first, proposal, "approve")
    assert own.status_code == 409
    assert "a second person does" in said(own)
    approved = decided(second, proposal, "approve")
    assert (approved.status_code, approved.headers["location"]) == (303, "/fences/no-stopping-7")
    history = second.get("/fences/no-stopping-7").text
    assert "wang.min, zhao.yi" in history
    assert history.index("the bus stop moved") < history.index("imported")
    again = decided(second, proposal, "decline") if "Decline" in second.get(proposal).text else None
    assert again is None, "what is over is offered no more"
    with reading(peopled.database.sessions) as session:
        in_force = session.scalars(select(GeofenceVersion).where(GeofenceVersion.valid_to.is_(None))).one()
        assert (in_force.version, in_force.polygon) == (2, WIDER)
        assert in_force.offences["illegal_parking"] == {"dwell_s": 60.0, "grace_s": 600.0, "roles": ["vehicle"]}


BAY = [[0.2, 0.6], [0.4, 0.6], [0.4, 0.8], [0.2, 0.8]]
LINE = [[0.1, 0.6], [0.4, 0.55], [0.7, 0.6]]
SHOPS: dict[str, Any] = {
    "offence": ["illegal_parking", "street_vending"],
    "illegal_parking.role": ["vehicle", "two_wheeler"],
    "illegal_parking.bays": json.dumps([BAY]),
    "street_vending.role": list(ROLES[Offence.STREET_VENDING]),
    "street_vending.dwell_s": "60",
    "street_vending.warnings": "2",
    "street_vending.grace_s": "180",
    "street_vending.line": json.dumps(LINE),
    "street_vending.shop_side": "left",
}


def test_bays_door_line_and_kinds_are_in_the_version_its_history_and_the_next_form(peopled: RunningDesk) -> None:
    with transaction(peopled.database.sessions) as session:
        version = session.scalars(select(GeofenceVersion)).one()
        rule = version.offences["illegal_parking"] | {"reasons": {"queue": "hold"}}
        version.offences = version.offences | {"illegal_parking": rule}
    first, second = (peopled.signed_in(name, looking=False) for name in ("wang.min", "zhao.yi"))
    proposal = proposed(first, **SHOPS)
    page = second.get(proposal).text
    assert 'class="bay"' in page
    assert 'class="door-line"' in page
    assert 'class="shop"' in page
    assert "(0.200, 0.600) (0.400, 0.600)" in page
    assert "vehicles, two-wheelers" in page
    assert "left of the line" in page
    assert decided(second, proposal, "approve").status_code == 303
    history = first.get("/fences/no-stopping-7").text
    assert "Illegal parking: Bays" in history
    assert "Street vending: Door line" in history
    assert 'class="bay"' in history
    assert 'class="bay"' in first.get("/cameras/gate-3/fences").text
    with reading(peopled.database.sessions) as session:
        rules = session.scalars(select(GeofenceVersion).where(GeofenceVersion.valid_to.is_(None))).one().offences
    assert rules["illegal_parking"]["bays"] == [BAY]
    assert rules["illegal_parking"]["roles"] == ["vehicle", "two_wheeler"]
    assert rules["illegal_parking"]["reasons"] == {"queue": "hold"}, "what has no field stays"
    assert (rules["street_vending"]["line"], rules["street_vending"]["shop_side"]) == (LINE, "left")
    again = first.get("/fences/no-stopping-7/edit").text
    assert json.dumps([BAY]) in again
    assert json.dumps(LINE) in again
    assert re.search(r'name="illegal_parking.role" value="two_wheeler" checked', again)
    same = first.post("/cameras/gate-3/fences", data=form(first, base="2", **SHOPS))
    assert (same.status_code, "This is how it is already" in said(same)) == (409, True), "the form loses nothing"
    cleared = {"street_vending.line": "[]", "street_vending.shop_side": "", "illegal_parking.bays": "[]"}
    page = first.get(proposed(first, base="2", **SHOPS | cleared)).text
    assert 'class="bay"' not in page
    assert 'class="door-line"' not in page


def test_pages_are_shown_to_who_may_see_them(peopled: RunningDesk) -> None:
    nobody = uuid.uuid4()
    for name, statuses in {
        "qian.er": {
            "/cameras/gate-3/fences": 200,
            "/cameras/gate-3/fences/new": 403,
            "/fences/no-stopping-7/edit": 403,
        },
        "sun.wu": {
            "/cameras/gate-3/fences": 404,
            "/fences/no-stopping-7": 404,
            "/fences/no-stopping-7/edit": 404,
        },
        "wang.min": {"/fences/nowhere": 404, f"/fence-proposals/{nobody}": 404, f"/fence-trials/{nobody}": 404},
    }.items():
        browser = peopled.signed_in(name, looking=False)
        assert {path: browser.get(path).status_code for path in statuses} == statuses


def test_who_may_not_neither_proposes_nor_approves_nor_from_another_area(peopled: RunningDesk) -> None:
    operator, monitor, elsewhere = (peopled.signed_in(name, looking=False) for name in ("qian.er", "chen.bo", "sun.wu"))
    assert operator.post("/cameras/gate-3/fences", data=form(operator)).status_code == 403
    proposal = proposed(peopled.signed_in("wang.min", looking=False))
    token = {"csrf_token": token_in(monitor.get(proposal).text), "reason": "yes"}
    assert monitor.post(f"{proposal}/approve", data=token).status_code == 403
    token["csrf_token"] = token_in(elsewhere.get("/cameras").text)
    assert elsewhere.post(f"{proposal}/approve", data=token).status_code == 404
    with reading(peopled.database.sessions) as session:
        assert session.scalars(select(FenceProposal.state)).all() == [FenceProposalState.OPEN]


REFUSED: list[tuple[dict[str, Any], int, str]] = [
    ({"polygon": "[[0.1, 0.1], [0.9, 0.9], [0.9, 0.1], [0.1, 0.9]]"}, 422, "The outline crosses itself"),
    ({"polygon": "[[0.1, 0.1], [0.11, 0.1], [0.11, 0.11]]"}, 422, "The area is too small"),
    ({"polygon": "not a list"}, 422, "at least three corners"),
    ({"polygon": "[[[[]]]]"}, 422, "Something cannot be"),
    ({"offence": []}, 422, "Tick at least one offence"),
    ({"illegal_parking.role": []}, 422, "Tick at least one kind of thing"),
    ({"illegal_parking.role": ["cloud"]}, 422, "Tick at least one kind of thing"),
    ({"illegal_parking.bays": "[[[0.1, 0.1], [0.2, 0.2]]]"}, 422, "Bay 1 needs at least three corners"),
    ({"illegal_parking.bays": json.dumps([BAY, [[0, 0], [0.01, 0], [0.01, 0.01]]])}, 422, "Bay 2 is too small"),
    ({"illegal_parking.bays": "[[[0.1, 0.1], [1.2, 0.1], [0.5, 0.5]]]"}, 422, "each of them inside the picture"),
    ({"illegal_parking.bays": json.dumps([BAY] * 21)}, 422, "at most twenty bays"),
    ({"illegal_parking.bays": "no bays"}, 422, "at most twenty bays"),
    (SHOPS | {"street_vending.line": "[[0.1, 0.6]]"}, 422, "The door line needs at least two points"),
    (SHOPS | {"street_vending.line": json.dumps(LINE * 7)}, 422, "twenty are enough"),
    (SHOPS | {"street_vending.line": "[[0.1, 0.6], [0.5, 1.6]]"}, 422, "The door line lies inside the picture"),
    (
        SHOPS | {"street_vending.line": "[[0.2, 0.6], [0.6, 0.6], [0.6, 0.8], [0.4, 0.5]]"},
        422,
        "crosses itself, or would",
    ),
    (
        SHOPS | {"street_vending.line": "[[0.1, 0.2], [0.7, 0.2]]", "street_vending.shop_side": "right"},
        422,
        "The whole geofence lies",
    ),
    (SHOPS | {"street_vending.shop_side": "above"}, 422, "The shop lies left or right"),
    ({"illegal_parking.dwell_s": "soon"}, 422, "One of the numbers"),
    ({"illegal_parking.dwell_s": "-1"}, 422, "One of the numbers"),
    ({"illegal_parking.ladder": "rungs: []"}, 422, "The steps cannot be used"),
    ({"illegal_parking.ladder": "{"}, 422, "The steps cannot be used"),
    ({"days": ["someday"], "from": ["07:00"], "to": ["22:00"]}, 422, "The hours cannot be read"),
    ({"exemptions": "no plate!"}, 422, "One of the plates"),
    ({"reason": " "}, 409, "Write the reason"),
    ({"base": "7"}, 409, "was changed while you edited it"),
    ({"act": "try", "recording": "none"}, 409, "Choose one of the recordings"),
]


def test_what_cannot_be_comes_back_as_it_was_typed_with_a_sentence(peopled: RunningDesk) -> None:
    browser = peopled.signed_in("wang.min", looking=False)
    for differs, status, sentence in REFUSED:
        answer = browser.post("/cameras/gate-3/fences", data=form(browser, **differs))
        assert answer.status_code == status, differs
        assert sentence in said(answer), differs
        assert 'value="No stopping"' in answer.text, differs
        typed = differs.get("exemptions", "")
        assert typed in answer.text
    with reading(peopled.database.sessions) as session:
        assert session.scalars(select(FenceProposal)).all() == []


def test_a_site_with_one_person_says_what_to_do(desk: RunningDesk) -> None:
    with transaction(desk.database.sessions) as session:
        accounts.add_user(session, name="boss", display_name="boss", password=PASSWORD, role=Role.LEADER, at=NOON)
        session.scalars(select(User).where(User.name == "li.na")).one().active = False
    alone = desk.signed_in("boss", looking=False)
    page = alone.get(proposed(alone)).text
    assert "Nobody but you may approve" in page
    assert "streetwitness user add" in page


def test_an_end_is_proposed_and_withdrawn(peopled: RunningDesk) -> None:
    browser = peopled.signed_in("wang.min", looking=False)
    page = browser.get("/fences/no-stopping-7").text
    ending = {"csrf_token": token_in(page), "reason": "the street is closed"}
    proposal = browser.post("/fences/no-stopping-7/end", data=ending).headers["location"]
    assert "is to forbid nothing any more" in browser.get(proposal).text
    assert "Withdrawn" in browser.get(decided(browser, proposal, "withdraw").headers["location"]).text


def test_a_trial_is_asked_for_watched_and_cancelled(peopled: RunningDesk) -> None:
    browser = peopled.signed_in("wang.min", looking=False)
    with reading(peopled.database.sessions) as session:
        recording = fence_trials.recordings_of(session, "gate-3")[0].id
    trial = proposed(browser, act="try", recording=str(recording), reason="")
    page = browser.get(trial).text
    assert "Waiting for a worker" in page
    token = {"csrf_token": token_in(page)}
    other = peopled.signed_in("zhao.yi", looking=False)
    refused = other.post(f"{trial}/cancel", data={"csrf_token": token_in(other.get("/cameras").text)})
    assert refused.status_code == 404, "it is not theirs"
    assert browser.post(f"{trial}/cancel", data=token).status_code == 303
    assert "It was cancelled." in browser.get(trial).text
    again = browser.get(f"/cameras/gate-3/fences/new?trial={trial.rpartition('/')[2]}").text
    assert json.dumps(WIDER) in again, "what was tried can be edited on"


def found(name: str | None, x: float) -> dict[str, Any]:
    return {
        "offence": "illegal_parking",
        "first_seen_s": 1.0,
        "stopped_s": 2.0,
        "confirmed_s": 62.0,
        "last_seen_s": 90.0,
        "state": "drafted",
        "box": [x, 180, x + 160, 280],
        "picture": name,
    }


def test_what_a_trial_found_is_shown_with_its_pictures_and_no_other_file(peopled: RunningDesk) -> None:
    pictures = peopled.settings.pictures
    assert pictures is not None
    with transaction(peopled.database.sessions) as session:
        user = session.scalars(select(User).where(User.name == "wang.min")).one()
        version = session.scalars(select(GeofenceVersion)).one()
        earlier = found("2.jpg", 300) | {"confirmed_s": 32.0}
        trial = FenceTrial(
            id=uuid.uuid4(),
            camera_id="gate-3",
            recording_id=fence_trials.recordings_of(session, "gate-3")[0].id,
            geofence_id="no-stopping-7",
            terms={"id": "no-stopping-7", "camera": "gate-3", "polygon": WIDER, "offences": {"dumping": {}}},
            against_id=version.id,
            asked_by_id=user.id,
            asked_at=now(),
            touched_at=now(),
            state=TrialState.DONE,
            findings={
                "appear": [found("0.jpg", 20)],
                "vanish": [found(None, 400)],
                "stay": [[found("1.jpg", 200), earlier], [found("../../secret", 0), found("../../secret", 0)]],
                "size": [640, 360],
            },
        )
        session.add(trial)
    folder = pictures.trials / str(trial.id)
    folder.mkdir(parents=True)
    for number in range(3):
        cv2.imwrite(str(folder / f"{number}.jpg"), draw_frame(number))
    (pictures.trials / "secret").write_text("not a picture of this trial")
    browser = peopled.signed_in("wang.min", looking=False)
    page = browser.get(f"/fence-trials/{trial.id}").text
    assert "Found by the edited geofence alone" in page
    assert "By the geofence in force: confirmed at 1 min 2 s" in page
    statuses = [browser.get(f"/fence-trials/{trial.id}/pictures/{number}").status_code for number in range(-1, 5)]
    assert statuses == [404, 200, 404, 200, 404, 404]
    assert f"/fence-trials/{trial.id}" in browser.get("/fences/no-stopping-7").text


def test_every_refusal_has_its_sentence_in_both_languages() -> None:
    for language in LANGUAGES:
        sentences = load(language).sentences
        assert {f"fences.refused.{why}" for why in REFUSALS} <= sentences.keys()
        assert {f"fences.{what}.{why}" for what in ("outline", "bay") for why in OUTLINES} <= sentences.keys()
        assert {f"fences.line.{why}" for why in LINES} <= sentences.keys()
        assert {f"fences.unsound.{field}" for field in FIELDS} <= sentences.keys()
        assert {f"fences.role.{role.value}" for role in ObjectRole} <= sentences.keys()
        assert {f"fences.field.{name}" for names in NUMBERS.values() for name in names} <= sentences.keys()


@pytest.mark.parametrize("offence", Offence)
def test_every_number_of_a_rule_has_a_field(offence: Offence) -> None:
    fields = RULES[offence].model_fields.items()
    assert {name for name, each in fields if isinstance(each.default, int | float)} == set(NUMBERS[offence])
