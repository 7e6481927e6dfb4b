"""The signs of a sale with numbers: who stands with what, who is a customer, and what a thing is worth."""

import pytest

from detectors.appearance import Appearance
from detectors.geometry import Box
from detectors.sightings import ObjectRole, Sighting
from detectors.tracker import Track
from detectors.vending_signs import (
    Pitch,
    Sign,
    is_beside,
    is_carried,
    judge,
    limits,
    named_once,
    sign_of,
    worth_of,
)
from models.enums import SightingKind
from tests.detectors.drawn import shown
from tests.media.make_clips import Film

TABLE = Box(100, 150, 160, 190)
APPEARANCE = Appearance.of(shown(Film(), 0.0), TABLE)


def track(number: int, role: ObjectRole, name: str, box: Box, *, stands: bool = True) -> Track:
    one = Track(number, role, 0.0, box, box, APPEARANCE, 0.0)
    one.classes[name] += 1
    one.steady = [box, box] if stands else [box]
    one.sightings = [Sighting(0.0, SightingKind.SEEN, box, 0.6)]
    return one


def person(number: int, x: float, *, feet_y: float = 190.0, stands: bool = True) -> Track:
    return track(number, ObjectRole.PERSON, "person", Box(x, feet_y - 80, x + 28, feet_y), stands=stands)


def furniture(number: int, name: str, box: Box = TABLE) -> Track:
    return track(number, ObjectRole.FURNITURE, name, box)


@pytest.mark.parametrize(
    ("at", "beside"),
    [
        pytest.param((170, 190), True, id="next_to_it"),
        pytest.param((120, 160), True, id="behind_it"),
        pytest.param((120, 225), True, id="in_front_of_it"),
        pytest.param((240, 190), False, id="three_steps_away"),
        pytest.param((120, 130), False, id="on_the_other_pavement"),
        pytest.param((120, 250), False, id="much_nearer_to_the_camera"),
    ],
)
def test_who_stands_with_it(at: tuple[float, float], beside: bool) -> None:
    x, feet_y = at
    assert is_beside(person(1, x, feet_y=feet_y).box, TABLE, Sign(0.4)) is beside


def test_a_thing_that_is_taken_for_a_person_too_has_nobody_beside_it() -> None:
    assert not is_beside(TABLE, TABLE, Sign(0.4))


def test_under_what_hangs_overhead_one_stands_lower_in_the_picture() -> None:
    canopy = Box(90, 60, 190, 100)
    assert is_beside(person(1, 120).box, canopy, Sign(0.45, hangs=True))
    assert not is_beside(person(1, 120).box, canopy, Sign(0.45))


def test_a_bag_on_a_shoulder_is_carried_and_one_on_the_ground_is_not() -> None:
    somebody = person(1, 120)
    worn = track(2, ObjectRole.GOODS, "handbag", Box(122, 130, 140, 150))
    put_down = track(3, ObjectRole.GOODS, "handbag", Box(160, 170, 178, 190))
    assert is_carried(worn, [somebody])
    assert not is_carried(put_down, [somebody])
    assert not is_carried(furniture(4, "bowl", Box(122, 130, 140, 150)), [somebody]), "it stands before the seller"


def test_what_background_and_class_both_find_is_one_thing() -> None:
    table, umbrella = furniture(1, "dining table"), furniture(2, "umbrella", Box(80, 60, 180, 100))
    left = track(3, ObjectRole.LITTER, "left object", TABLE)
    assert {each.id for each in named_once([table, umbrella, left])} == {2, 3}
    assert len(named_once([table, furniture(4, "dining table", TABLE)])) == 2, (
        "of two classes it is not for this to say"
    )


def test_a_second_of_its_kind_is_worth_less_and_a_small_parasol_little() -> None:
    chairs = [furniture(number, "chair", Box(number * 30, 160, number * 30 + 20, 190)) for number in range(3)]
    worth = worth_of(chairs, 80.0, over_line=False)
    assert worth["chair"] == (3, pytest.approx(0.12 * (1 + 0.7 + 0.49)))
    small, wide = (furniture(9, "umbrella", Box(0, 0, width, 30)) for width in (50, 110))
    assert worth_of([small], 80.0, over_line=False)["umbrella"][1] == pytest.approx(0.45 * limits().too_small)
    assert worth_of([wide], 80.0, over_line=False)["umbrella"][1] == 0.45
    assert worth_of([wide], None, over_line=False)["umbrella"][1] < 0.45, "nobody has shown how large it is"


def test_what_a_shop_does_not_put_out_counts_for_nothing_over_its_line() -> None:
    scooter = track(1, ObjectRole.TWO_WHEELER, "motorcycle", TABLE)
    assert worth_of([scooter], 80.0, over_line=True) == {}
    assert "motorcycle" in worth_of([scooter], 80.0, over_line=False)


def attended(looks: int, *people: Track) -> Pitch:
    pitch = Pitch()
    for number in range(looks):
        pitch.look(people, at_s=2.0 * number, hidden=False)
    return pitch


STALL = [track(1, ObjectRole.STALL, "stall", TABLE)]


def test_a_stall_with_somebody_who_stays_holds_and_without_it_does_not() -> None:
    assert judge(STALL, attended(6, person(7, 170)), dwell_s=10.0, over_line=False).holds
    assert not judge(STALL, attended(6), dwell_s=10.0, over_line=False).holds
    assert not judge([], attended(6, person(7, 170), person(8, 120)), dwell_s=10.0, over_line=False).holds


def test_who_walks_by_stays_with_nothing() -> None:
    pitch = Pitch()
    for number in range(10):
        pitch.look([person(number, 170, stands=False)], at_s=2.0 * number, hidden=False)
    assert pitch.attended_share() == 0.0
    assert not judge(STALL, pitch, dwell_s=10.0, over_line=False).holds


def test_a_look_that_could_not_see_it_says_nothing_of_its_seller() -> None:
    pitch = attended(4, person(7, 170))
    for at_s in (8.0, 10.0, 12.0):
        pitch.look([], at_s=at_s, hidden=True)
    assert pitch.attended_share() == 1.0
    pitch.look([], at_s=14.0, hidden=False)
    assert pitch.attended_share() == pytest.approx(0.8)


def test_one_seller_under_two_numbers_is_no_customer() -> None:
    pitch = attended(4, person(7, 170))
    for number in range(4, 8):
        pitch.look([person(8, 172)], at_s=2.0 * number, hidden=False)
    assert pitch.customers() == 0
    pitch.look([person(8, 172), person(9, 110)], at_s=16.0, hidden=False)
    assert pitch.customers() == 1, "two at once are two"


def test_what_was_long_ago_is_forgotten() -> None:
    pitch = attended(4, person(7, 170))
    for number in range(20, 24):
        pitch.look([], at_s=2.0 * number, hidden=False)
    pitch.forget_before(30.0)
    assert (pitch.visits, pitch.attended_share()) == ({}, 0.0)


def test_every_class_of_the_data_has_a_weight_and_reads_as_a_sign() -> None:
    assert sign_of(furniture(1, "Umbrella")).hangs, "whatever the case"
    assert sign_of(furniture(1, "something of a site's own")).weight == 0.15, "by its role"
    assert sign_of(track(1, ObjectRole.LITTER, "litter", TABLE)).weight == 0
