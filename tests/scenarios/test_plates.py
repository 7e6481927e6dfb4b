"""Whose car it is: the plate is looked for in the seconds in which the car came to stand, and goes on record."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sqlalchemy import select

from models.database import reading
from models.enums import ExhibitKind, ExhibitMoment
from models.plate_reads import PlateRead
from tests.detectors.plates.drawn_plates import draw_plate, needs_plate_weights
from tests.media.make_clips import RATE, Film, Films, Picture, parks
from tests.scenarios.street import Street

pytestmark = needs_plate_weights

SIZE, CAR, PLACE = (640, 480), (230, 150), (200, 260)
PLATE = "苏N7X046"


@dataclass(frozen=True)
class PlatedFilm(Film):
    """The first vehicle carries a blue plate of this height."""

    plate: str = PLATE
    plate_px: int = 22

    def picture(self, number: int) -> Picture:
        picture = super().picture(number)
        corner = self.vehicles[0].at(number / RATE)
        if corner is not None:
            plate = draw_plate(self.plate, "blue", self.plate_px)
            x, y = corner[0] + CAR[0] // 2 - plate.shape[1] // 2, corner[1] + CAR[1] * 3 // 5
            if x >= 0 and x + plate.shape[1] <= picture.shape[1]:
                picture[y : y + plate.shape[0], x : x + plate.shape[1]] = plate
        return np.ascontiguousarray(picture)


def reads_of(street: Street) -> list[PlateRead]:
    with reading(street.sessions) as session:
        return list(session.scalars(select(PlateRead).order_by(PlateRead.at)))


def test_the_plate_of_a_car_that_stays_is_on_its_incident_with_every_reading(street: Street, films: Films) -> None:
    film = PlatedFilm((parks("red", at=PLACE, stops_s=4.0, size=CAR),), seconds=24, size=SIZE)
    seen = street.watch(films(film))

    car = seen.incident
    assert car.row.plate == PLATE
    assert car.row.plate_confidence is not None
    assert car.row.plate_confidence > 0.8
    reads = reads_of(street)
    assert reads
    assert all(each.incident_id == car.row.id and each.text == PLATE for each in reads)
    for each in reads:
        assert car.row.box_x1 < each.x1 < each.x2 < car.row.box_x2, "the plate is on this car"
    close_up = car.exhibit(ExhibitKind.CLOSE_UP, ExhibitMoment.SHARPEST)
    assert close_up.from_at in {each.at for each in reads}, "the close-up shows a picture in which the plate was read"
    street.assert_whole()


def test_a_car_without_a_plate_has_none_and_its_close_up_is_the_sharpest_picture(street: Street, films: Films) -> None:
    film = Film((parks("red", at=PLACE, stops_s=4.0, size=CAR),), seconds=24, size=SIZE)
    seen = street.watch(films(film))

    assert seen.incident.row.plate is None
    assert seen.incident.row.plate_confidence is None
    assert reads_of(street) == []
    assert ("close_up", "sharpest") in seen.incident.moments()


def test_what_was_read_once_is_not_read_again_when_the_recording_comes_again(
    street: Street, films: Films, tmp_path: Path
) -> None:
    film = PlatedFilm((parks("red", at=PLACE, stops_s=4.0, size=CAR),), seconds=24, size=SIZE)
    first = street.watch(films(film))
    before = [(each.at, each.text, each.confidence) for each in reads_of(street)]
    second = street.analyze(street.take(films(film)), look_s=1.0)  # another plan: it is analysed anew
    assert second.incident.row.id == first.incident.row.id
    assert [(each.at, each.text, each.confidence) for each in reads_of(street)] == before
