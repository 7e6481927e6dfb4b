"""Derivatives: what may leave the house is made beside the original, by a recipe that gives it again."""

import errno
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from detectors.errors import NoWeights
from detectors.frame import Frame
from detectors.geometry import Box
from detectors.sightings import Look, ObjectRole
from detectors.weights import find_detector
from evidence import bundle
from evidence.custody import entry_of
from evidence.custody_chain import breaks
from evidence.derivatives import requests
from evidence.derivatives.anti_forgery import code_of
from evidence.derivatives.prints import originals_in
from evidence.derivatives.recipe import Recipe
from evidence.errors import DerivativeRefused, NoSuchIncident, VaultFull
from evidence.vault import DiskCalls, Vault
from ingest.derive import Original, derive, make, recipe_for
from ingest.recordings import AnalysisReport
from ingest.stills import write_jpeg
from models.database import reading, transaction
from models.derivatives import Derivative
from models.digest import sha256_of
from models.enums import CustodyAct, DerivativeForm, DerivativeState, ExhibitKind, ExhibitMoment
from models.exhibits import CustodyEvent, Exhibit
from models.incidents import Incident
from tests.conftest import sqlite_copy
from tests.detectors.stand_in import StandInDetector
from tests.media.make_clips import Film, Films, parks
from tests.rows import NOON, after
from tests.scenarios.street import Seen, SeenIncident, Street, open_street
from tests.streetwitness.running import refused, run

RED, BLUE = (120, 150, 184, 190), (60, 60, 124, 100)  # the one stands against the rule, the other where it may
FILM = Film((parks("red"), parks("blue", at=(60, 60))), 34)
MADE_AT = NOON + timedelta(days=1)


@dataclass(frozen=True)
class Analysed:
    """A site whose only clip has been down the road, to be copied by each test."""

    database: Path
    vault_root: Path
    report: AnalysisReport


@pytest.fixture(scope="module")
def analysed(films: Films, migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Analysed:
    folder = tmp_path_factory.mktemp("analysed")
    for database in sqlite_copy(migrated_sqlite, folder):
        open_street(database.sessions)
        report = Street(database.sessions, folder / "vault").watch(films(FILM)).report
    return Analysed(folder / "streetwitness.db", folder / "vault", report)


@pytest.fixture
def street(analysed: Analysed, tmp_path: Path) -> Iterator[Street]:
    shutil.copytree(analysed.vault_root, tmp_path / "vault")
    for database in sqlite_copy(analysed.database, tmp_path):
        yield Street(database.sessions, tmp_path / "vault")


@pytest.fixture
def parked(street: Street, analysed: Analysed) -> SeenIncident:
    return Seen(street, analysed.report).incident


def ask(street: Street, parked: SeenIncident, form: DerivativeForm, kind: ExhibitKind, **differs: object) -> Derivative:
    exhibit = parked.exhibit(kind, ExhibitMoment.DWELL_COMPLETE)
    with transaction(street.sessions) as session:
        settings: dict[str, object] = {"by": "li.na", "reason": "for the owner", "at": MADE_AT} | differs
        return requests.ask(session, parked.row.id, form, exhibit.id, **settings)  # type: ignore[arg-type]


def work_off(street: Street) -> list[Derivative]:
    """Everything that is asked for is made, or says why not."""
    with reading(street.sessions) as session:
        asked = [row.id for row in requests.to_do(session)]
    with Vault.open(street.vault_root) as vault:
        for each in asked:
            derive(street.sessions, vault, each, detector=StandInDetector, clock=lambda: MADE_AT)
    with reading(street.sessions) as session:
        return [row for each in asked if (row := requests.find(session, each)) is not None]


def path_of(street: Street, row: Derivative) -> Path:
    assert row.sealed is not None, row.failure
    return Vault.path_of(street.vault_root, row.sealed.sha256, row.sealed.suffix)


def originals(street: Street, parked: SeenIncident) -> dict[str, Path]:
    return {each.sha256: Vault.path_of(street.vault_root, each.sha256, each.sealed.suffix) for each in parked.exhibits}


def lower_half(picture: np.ndarray, box: tuple[int, int, int, int]) -> np.ndarray:
    x1, y1, x2, y2 = box
    return picture[(y1 + y2) // 2 : y2 - 2, x1 + 2 : x2 - 2].astype(float)


def shows_a_car(part: np.ndarray) -> bool:
    """A drawn car has wheels and windows; what is covered is one colour, apart from the traces of JPEG."""
    return float(part.std(axis=(0, 1)).max()) > 8


def test_with_the_draft_goes_what_may_leave_the_house_masked(street: Street, parked: SeenIncident) -> None:
    made = work_off(street)
    assert [row.form for row in made].count(DerivativeForm.STILL) == 3
    assert [row.form for row in made].count(DerivativeForm.CONTACT_SHEET) == 1
    assert all(row.masked and row.captioned and row.state is DerivativeState.MADE for row in made)
    with reading(street.sessions) as session:
        assert {row.id for row in requests.for_outside(session, parked.row.id)} == {row.id for row in made}


def test_another_car_is_covered_the_one_it_is_about_is_not_and_the_original_stays(
    street: Street, parked: SeenIncident
) -> None:
    before = {sha256: sha256_of(path) for sha256, path in originals(street, parked).items()}
    still = cv2.imread(str(parked_path := originals(street, parked)[parked_still(parked)]))
    assert still is not None, parked_path
    assert shows_a_car(lower_half(still, BLUE))
    for row in work_off(street):
        if row.exhibit is not None and row.exhibit.moment is ExhibitMoment.DWELL_COMPLETE:
            picture = cv2.imread(str(path_of(street, row)))
            left = (picture.shape[1] - 320) // 2  # words need more width than this picture has
            shown = picture[:240, left : left + 320]
            assert not shows_a_car(lower_half(shown, BLUE))
            assert shows_a_car(lower_half(shown, RED))
            assert picture.shape[0] > 240, "the strip is below the picture, not over it"
    assert before == {sha256: sha256_of(path) for sha256, path in originals(street, parked).items()}


def parked_still(parked: SeenIncident) -> str:
    return parked.exhibit(ExhibitKind.STILL, ExhibitMoment.DWELL_COMPLETE).sha256


@pytest.mark.parametrize("form", [DerivativeForm.CLIP, DerivativeForm.PREVIEW])
def test_a_masked_clip_covers_the_other_car_in_every_picture(
    street: Street, parked: SeenIncident, form: DerivativeForm
) -> None:
    asked = ask(street, parked, form, ExhibitKind.CLIP)
    (row,) = [each for each in work_off(street) if each.id == asked.id]
    with av.open(str(path_of(street, row))) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        pictures = [frame.to_ndarray(format="bgr24") for frame in container.decode(stream)]
    assert len(pictures) > 30
    for picture in pictures:
        assert not shows_a_car(lower_half(picture, BLUE))
        assert shows_a_car(lower_half(picture, RED))
        assert picture.shape[0] > 240


def test_the_recipe_gives_the_same_bytes_again_without_asking_the_detector(
    street: Street, parked: SeenIncident, tmp_path: Path
) -> None:
    for form in (DerivativeForm.CLIP, DerivativeForm.PREVIEW):
        ask(street, parked, form, ExhibitKind.CLIP)
    made = work_off(street)
    assert {row.form for row in made} == set(DerivativeForm)
    for row in made:
        recipe = Recipe.model_validate(row.recipe)
        make(recipe, originals(street, parked), tmp_path / "again")
        assert sha256_of(tmp_path / "again") == row.sha256, row.form
        assert "same bytes" in recipe.same_bytes


def test_the_recipe_names_originals_rule_network_and_code(street: Street, parked: SeenIncident) -> None:
    asked = ask(street, parked, DerivativeForm.STILL, ExhibitKind.STILL)
    (row,) = [each for each in work_off(street) if each.id == asked.id]
    (part,) = Recipe.model_validate(row.recipe).parts
    assert part.original_sha256 == parked_still(parked)
    assert part.masking is not None
    assert part.caption is not None
    assert part.masking.found_by["sha256"] == StandInDetector.digest
    assert part.masking.rule["plate_share"] == pytest.approx(0.62)
    assert [mask.what for mask in part.masking.masks] == ["vehicle"]
    assert row.codes == part.caption.code == code_of(parked_still(parked))
    words = " ".join(part.caption.fields)
    for said in ("North gate", "330101000013200001", "kerb 第1版", "违法停车", code_of(parked_still(parked))):
        assert said in words
    with reading(street.sessions) as session:
        assert row.id in {each.id for each in requests.by_code(session, row.codes or "")}
        assert requests.by_code(session, "0000-0000-0000") == []


def test_that_something_was_derived_is_in_the_custody_record_of_each_original(
    street: Street, parked: SeenIncident
) -> None:
    ask(street, parked, DerivativeForm.PREVIEW, ExhibitKind.CLIP, reason="shown at the hearing")
    work_off(street)
    with reading(street.sessions) as session:
        record = session.query(CustodyEvent).filter_by(incident_id=parked.row.id).order_by(CustodyEvent.seq).all()
    derived = [event for event in record if event.act is CustodyAct.DERIVED]
    clip = parked.exhibit(ExhibitKind.CLIP, ExhibitMoment.DWELL_COMPLETE).sha256
    (of_clip,) = [event for event in derived if event.sha256 == clip]
    assert of_clip.actor == "li.na"
    assert "shown at the hearing" in of_clip.reason
    assert {event.sha256 for event in derived} <= {each.sha256 for each in parked.exhibits}
    assert breaks([entry_of(event) for event in record], str(parked.row.id)) == []


def test_asked_for_twice_it_is_made_once(street: Street, parked: SeenIncident) -> None:
    first = ask(street, parked, DerivativeForm.STILL, ExhibitKind.STILL, masked=False)
    assert ask(street, parked, DerivativeForm.STILL, ExhibitKind.STILL, masked=False, by="wang.wei").id == first.id
    with Vault.open(street.vault_root) as vault:
        again = [
            derive(street.sessions, vault, first.id, detector=StandInDetector, clock=lambda: MADE_AT) for _ in range(2)
        ]
    assert again == [True, False]
    assert street.incoming() == []


def test_one_that_is_not_masked_is_not_for_outside(street: Street, parked: SeenIncident) -> None:
    asked = ask(street, parked, DerivativeForm.STILL, ExhibitKind.STILL, masked=False)
    (row,) = [each for each in work_off(street) if each.id == asked.id]
    assert shows_a_car(lower_half(cv2.imread(str(path_of(street, row)))[:, 80:400], BLUE))
    assert "未遮挡" in " ".join(Recipe.model_validate(row.recipe).parts[0].caption.fields)  # type: ignore[union-attr]
    with reading(street.sessions) as session:
        assert row.id not in {each.id for each in requests.for_outside(session, parked.row.id)}


@pytest.mark.parametrize(
    ("form", "kind"),
    [
        (DerivativeForm.STILL, ExhibitKind.CLIP),
        (DerivativeForm.CLIP, ExhibitKind.STILL),
        (DerivativeForm.PREVIEW, ExhibitKind.STILL),
        (DerivativeForm.CONTACT_SHEET, ExhibitKind.STILL),
    ],
)
def test_what_cannot_be_made_from_an_exhibit_is_refused_when_it_is_asked_for(
    street: Street, parked: SeenIncident, form: DerivativeForm, kind: ExhibitKind
) -> None:
    with pytest.raises(DerivativeRefused):
        ask(street, parked, form, kind)


def test_an_incident_that_is_none_is_refused(street: Street, parked: SeenIncident) -> None:
    with transaction(street.sessions) as session, pytest.raises(NoSuchIncident):
        requests.ask(
            session, parked.exhibits[0].id, DerivativeForm.CONTACT_SHEET, by="li.na", reason="none", at=MADE_AT
        )


def test_an_original_that_is_not_what_was_sealed_gives_nothing_and_the_row_says_so(
    street: Street, parked: SeenIncident
) -> None:
    path = originals(street, parked)[parked_still(parked)]
    path.chmod(0o640)
    path.write_bytes(path.read_bytes()[:-1] + b"\x00")
    asked = ask(street, parked, DerivativeForm.STILL, ExhibitKind.STILL, reason="for the file", masked=False)
    (row,) = [each for each in work_off(street) if each.id == asked.id]
    assert row.state is DerivativeState.FAILED
    assert row.failure is not None
    assert "keep both" in row.failure
    assert ask(street, parked, DerivativeForm.STILL, ExhibitKind.STILL, masked=False).state is DerivativeState.ASKED


def test_an_original_that_is_gone_gives_nothing(street: Street, parked: SeenIncident) -> None:
    originals(street, parked)[parked_still(parked)].unlink()
    asked = ask(street, parked, DerivativeForm.STILL, ExhibitKind.STILL)
    (row,) = [each for each in work_off(street) if each.id == asked.id]
    assert row.state is DerivativeState.FAILED


def no_room(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("call", ["rename", "link"])
def test_a_full_disk_leaves_it_asked_for_and_nothing_half_made(street: Street, parked: SeenIncident, call: str) -> None:
    asked = ask(street, parked, DerivativeForm.STILL, ExhibitKind.STILL, masked=False)
    with Vault.open(street.vault_root, DiskCalls(**{call: no_room})) as vault, pytest.raises(VaultFull):
        derive(street.sessions, vault, asked.id, detector=StandInDetector, clock=lambda: after(0))
    with reading(street.sessions) as session:
        assert asked.id in {row.id for row in requests.to_do(session)}
        assert session.get_one(Incident, parked.row.id).state is parked.row.state
    street.assert_whole()


def test_without_weights_it_stays_asked_for(street: Street, parked: SeenIncident) -> None:
    asked = ask(street, parked, DerivativeForm.STILL, ExhibitKind.STILL)

    def none_here() -> StandInDetector:
        raise NoWeights([])

    with Vault.open(street.vault_root) as vault, pytest.raises(NoWeights):
        derive(street.sessions, vault, asked.id, detector=none_here, clock=lambda: MADE_AT)
    with reading(street.sessions) as session:
        assert asked.id in {row.id for row in requests.to_do(session)}


def test_a_print_leads_to_its_exhibit_in_a_bundle_that_was_verified(
    street: Street, parked: SeenIncident, tmp_path: Path
) -> None:
    out = tmp_path / "case.zip"
    with transaction(street.sessions) as session:
        bundle.export_bundle(
            session, street.vault_root, parked.row.id, out, actor="li.na", at=MADE_AT, reason="for the court"
        )
    code = code_of(parked_still(parked))
    (name,) = originals_in(out, code)
    assert originals_in(out, "0000-0000-0000") == []
    found = run("verify", out, "--code", code.lower().replace("-", " "))
    assert (found.returncode, f"code {code}: {name}" in found.stdout) == (0, True)
    unknown = run("verify", out, "--code", "0000-0000-0000", "--json")
    assert unknown.returncode == 1
    assert json.loads(unknown.stdout)["code"] == {"code": "0000-0000-0000", "exhibits": []}
    assert "twelve letters and digits" in refused(2, "verify", out, "--code", "12")


@pytest.mark.footage
def test_on_a_real_street_nobody_who_is_surely_seen_keeps_a_face(
    footage_dir: Path, weights_dir: Path, tmp_path: Path
) -> None:
    """Looked for by the same network in the original; whoever it misses there is not in this test either."""
    detector = find_detector(str(weights_dir))
    capture = cv2.VideoCapture(str(footage_dir / "shopping_street_people.mp4"))
    _, picture = capture.read()
    capture.release()
    path, out = tmp_path / "still.jpg", tmp_path / "masked.jpg"
    write_jpeg(picture, path)
    exhibit = Exhibit(
        sha256=sha256_of(path), kind=ExhibitKind.STILL, moment=ExhibitMoment.ENTRY, from_at=NOON, to_at=NOON
    )
    recipe = recipe_for(DerivativeForm.STILL, [Original(exhibit, path, (), NOON)], [None], detector)
    make(recipe, {exhibit.sha256: path}, out)
    masked = cv2.imread(str(out))
    height, width = picture.shape[:2]
    planes = cv2.cvtColor(picture[: height // 2 * 2, : width // 2 * 2], cv2.COLOR_BGR2YUV_I420)
    frame = Frame(planes, 0.0, 0, Fraction(1), NOON)
    (found,) = detector.detect([Look(frame, (Box(0, 0, frame.width, frame.height),))])
    people = [each.box for each in found if each.role is ObjectRole.PERSON and each.confidence >= 0.5]
    assert len(people) >= 3
    for box in people:
        head = np.s_[int(box.y1) + 2 : int(box.y1 + box.height / 5), int(box.x1) + 2 : int(box.x2) - 2]
        covered = cv2.absdiff(picture[head], masked[head])
        assert covered.mean() > 3
        # what is left are the borders of masks that lie over each other
        assert cv2.Laplacian(masked[head], cv2.CV_32F).var() < cv2.Laplacian(picture[head], cv2.CV_32F).var() / 3
