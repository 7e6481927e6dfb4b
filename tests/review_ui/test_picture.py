"""What is drawn over pictures and along the time-line."""

from itertools import pairwise
from typing import Any

import pytest

from cases.happenings import Happened, Happening
from models.enums import ExhibitKind, ExhibitMoment, SightingKind
from models.exhibits import Exhibit
from models.incidents import Incident, Sighting
from models.places import Camera
from models.plate_reads import PlateRead
from review_ui.picture import (
    CHARACTER_WIDTH,
    SIGN_ROWS,
    SIGN_WIDTH,
    TIMELINE_WIDTH,
    boxes_over_time,
    clips_on_page,
    main_stream_size,
    overlay_of,
    plates_over_time,
    runs_of,
    timeline_of,
    track_of,
)
from tests.rows import SEEN_LIVE, after

FENCE = [[0.1, 0.5], [0.6, 0.5], [0.6, 1.0]]
NAMES = {"stopped": "Stopped", "dwell_complete": "Dwell complete", "grace_end": "Grace ends", "left": "Left"}


def parked(**differs: Any) -> Incident:
    values = {
        "first_seen_at": after(0),
        "stopped_at": after(10),
        "confirmed_at": after(40),
        "last_seen_at": after(100),
        "grace_ends_at": None,
        "left_at": None,
        "box_x1": 10.0,
        "box_y1": 20.0,
        "box_x2": 110.0,
        "box_y2": 70.0,
        "camera": Camera(),
    }
    return Incident(**(values | differs))


def look(at_s: float, kind: SightingKind = SightingKind.SEEN, **differs: Any) -> Sighting:
    return Sighting(at=after(at_s), kind=kind, **differs)


def shown(kind: ExhibitKind, moment: ExhibitMoment = ExhibitMoment.ENTRY, **recipe: Any) -> Exhibit:
    return Exhibit(kind=kind, moment=moment, from_at=after(0), to_at=after(12), recipe=recipe)


def test_overlay_is_in_pixels_of_the_main_stream_and_a_close_up_shows_its_part_of_it() -> None:
    still, close_up = shown(ExhibitKind.STILL), shown(ExhibitKind.CLOSE_UP, box=[5, 15, 115, 75])
    whole, part = (overlay_of(exhibit, parked(), FENCE, (1000, 500)) for exhibit in (still, close_up))
    assert whole is not None
    assert part is not None
    assert whole.view_box == "0 0 1000 500"
    assert part.view_box == "5 15 110 60"
    assert whole.polygon == part.polygon == "100,250 600,250 600,500"
    assert whole.box == part.box == (10, 20, 100, 50)


def test_without_a_known_size_nothing_is_drawn_rather_than_something_wrong() -> None:
    clip = shown(ExhibitKind.CLIP)
    assert main_stream_size([clip], parked(recording=None)) is None
    assert main_stream_size([clip], parked(recording=None, seen_with=SEEN_LIVE.as_json())) == (2560, 1440)
    assert overlay_of(clip, parked(), FENCE, None) is None


@pytest.mark.parametrize(
    ("recipe", "with_derivative", "plays"),
    [
        ({"plays_in_browser": True}, False, ExhibitKind.CLIP),
        ({"plays_in_browser": False}, True, ExhibitKind.DERIVATIVE),
        ({"plays_in_browser": False}, False, None),
    ],
    ids=["original_plays", "derivative_plays", "nothing_plays"],
)
def test_page_plays_the_original_or_its_derivative_or_says_that_neither_plays(
    recipe: dict[str, Any], with_derivative: bool, plays: ExhibitKind | None
) -> None:
    exhibits = [shown(ExhibitKind.CLIP, **recipe)] + [shown(ExhibitKind.DERIVATIVE)] * with_derivative
    (clip,) = clips_on_page(exhibits, parked(recording=None), FENCE)
    assert (clip.playing.kind if clip.playing else None) is plays
    assert clip.original.kind is ExhibitKind.CLIP


def test_frame_rate_is_read_as_number_or_fraction() -> None:
    rates = [25.0, "30000/1001", None]
    frames = [
        clips_on_page([shown(ExhibitKind.CLIP, frame_rate=rate)], parked(recording=None), FENCE)[0].frame_s
        for rate in rates
    ]
    assert frames == pytest.approx([0.04, 1001 / 30000, 0.04])


def test_equal_looks_join_and_gaps_hidden_and_notes_stand_apart() -> None:
    runs = runs_of(
        [
            look(0, confidence=0.9),
            look(2, confidence=0.7),
            look(4, SightingKind.GAP, until_at=after(9), note="packets lost"),
            look(10, confidence=0.8),
            look(12, SightingKind.HIDDEN),
            look(14, SightingKind.ABSENT),
        ]
    )
    assert [(run.kind.value, run.from_at, run.to_at, run.looks, run.confidence) for run in runs] == [
        ("seen", after(0), after(4), 2, 0.7),
        ("gap", after(4), after(9), 1, None),
        ("seen", after(10), after(12), 1, 0.8),
        ("hidden", after(12), after(14), 1, None),
        ("absent", after(14), after(14), 1, None),
    ]


def test_timeline_spans_everything_and_places_what_happened_in_proportion() -> None:
    incident = parked(grace_ends_at=after(200))
    runs = runs_of([look(0), look(50), look(100)])
    timeline = timeline_of(incident, runs, [], NAMES)
    assert (timeline.from_at, timeline.to_at) == (after(0), after(200))
    assert [(bar.x, bar.width) for bar in timeline.bars] == [(0.0, 500.0)]
    assert {mark.name: mark.x for mark in timeline.marks} == {"stopped": 50, "dwell_complete": 200, "grace_end": 1000}


def test_labels_on_one_line_never_cover_each_other() -> None:
    incident = parked(stopped_at=after(95), confirmed_at=after(97), grace_ends_at=after(99))
    marks = timeline_of(incident, [], [], NAMES).marks
    assert {mark.row for mark in marks} == {0, 1, 2}
    assert all(mark.anchor == "end" for mark in marks)
    early = timeline_of(parked(grace_ends_at=after(90)), [], [], NAMES).marks
    for before, later in pairwise(mark for mark in early if mark.row == 0):
        assert before.x + len(NAMES[before.name]) * CHARACTER_WIDTH <= later.x


def test_boxes_over_time_leave_out_looks_without_one() -> None:
    box = {"x1": 1.0, "y1": 2.0, "x2": 4.0, "y2": 8.0}
    boxes = boxes_over_time([look(0, **box), look(2, SightingKind.HIDDEN), look(4, **box)])
    assert boxes == [[after(s).timestamp() * 1000, 1.0, 2.0, 3.0, 6.0] for s in (0, 4)]


def test_a_track_is_the_ground_points_and_what_stands_still_has_none() -> None:
    def seen(at_s: float, x: float) -> Sighting:
        return look(at_s, x1=x, y1=10.0, x2=x + 20, y2=50.0)

    assert track_of([seen(0, 100), look(1, SightingKind.HIDDEN), seen(2, 110)]) == "110,50 120,50"
    assert track_of([seen(0, 100), seen(2, 100)]) == ""


def test_a_track_is_drawn_over_the_clip_and_not_over_stills() -> None:
    exhibits = [shown(ExhibitKind.CLIP, width=1000, height=500)]
    (clip,) = clips_on_page(exhibits, parked(recording=None), FENCE, "1,2 3,4")
    assert clip.overlay is not None
    assert clip.overlay.track == "1,2 3,4"
    still = overlay_of(shown(ExhibitKind.STILL), parked(), FENCE, (1000, 500))
    assert still is not None
    assert still.track == ""


def test_signs_of_what_happened_stand_at_their_moment_beside_each_other_and_never_beyond_the_line() -> None:
    happened = [Happening(Happened.MESSAGE, after(s)) for s in (50, 50, 50, 90_000, 90_000, 90_000)]
    happened.append(Happening(Happened.DESK, after(-500)))
    signs = timeline_of(parked(), [], [], NAMES, happened).signs
    assert [sign.x for sign in signs[:4]] == [SIGN_WIDTH / 2, 500, 500, 500 + SIGN_WIDTH]
    assert signs[0].happening.kind is Happened.DESK
    for row in range(SIGN_ROWS):
        places = [sign.x for sign in signs if sign.row == row]
        assert all(later - before >= SIGN_WIDTH for before, later in pairwise(places))
    assert max(sign.x for sign in signs) <= TIMELINE_WIDTH - SIGN_WIDTH / 2


def test_readings_of_the_plate_are_told_with_their_place_in_the_picture() -> None:
    read = PlateRead(at=after(71.5), x1=10.0, y1=20.0, x2=90.5, y2=45.0)
    assert plates_over_time([read]) == [[after(71.5).timestamp() * 1000, 10.0, 20.0, 80.5, 25.0]]
