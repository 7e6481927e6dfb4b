"""Deriving: from originals and a recipe to a picture or clip that may be handed out; and from a row to its recipe.

`recipe_for` looks with the detector and writes down what to do, `make` does it and asks nobody: the same recipe and
the same originals give the same bytes, as far as the recipe's own words about its encoder go.
"""

import logging
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from detectors.frame import Bytes, Frame
from detectors.geometry import Box
from detectors.sightings import Detection, Detector, Look
from evidence.at_hand import AtHand
from evidence.derivatives import requests
from evidence.derivatives.caption import caption_of
from evidence.derivatives.recipe import Caption, Masking, Part, Recipe
from evidence.errors import DigestMismatch, EvidenceError, StoreError, VaultError
from evidence.vault import Vault
from ingest import masking
from ingest.browser_copy import ENCODER, SETTINGS, write_browser_copy
from ingest.decoding import FrameDecoder
from ingest.derived_pictures import (
    above_strip,
    cover,
    cover_planes,
    fitted,
    planes_above_strip,
    scale_planes,
    sheet,
    strip,
)
from ingest.errors import IngestError, NotDerived
from ingest.media_clock import utc_since
from ingest.packet_source import PacketSource, open_file
from ingest.stills import JPEG_QUALITY, write_jpeg
from models.database import Sessions, reading, transaction
from models.digest import sha256_of
from models.enums import DerivativeForm, DerivativeState, ExhibitKind
from models.exhibits import Exhibit, SealedObject
from models.incidents import Incident, Sighting

log = logging.getLogger(__name__)

PREVIEW_WIDTH, PREVIEW_S, PREVIEW_RATE = 640, 6.0, 10.0
CELL_WIDTH, COLUMNS = 800, 2
LOOK_EVERY_S = 0.2  # of a clip
LOOK_CLOSER_FROM_PX = 960  # wider pictures are looked at in parts too: a face is small
OVERLAP = 0.1  # of the parts, of the picture's sides
EDGE = 0.02  # of a part's width: what reaches into it may be cut
PART_OF_KNOWN = 0.7  # of its area
OF_PICTURES, OF_CLIPS = (2, 2), (2, 1)  # columns and rows of parts
JPEG, MP4 = (".jpg", "image/jpeg"), (".mp4", "video/mp4")
SAME_JPEG = "the same bytes with this OpenCV; with another, the same picture to the eye"
SAME_H264 = "the same bytes with this libavcodec and its libx264, on one thread; with others, the same to the eye"
NOBODY = datetime(1970, 1, 1, tzinfo=UTC)  # a clip's pictures are told apart by their seconds alone


@dataclass(frozen=True)
class Original:
    """An exhibit with its bytes; boxes: where the vehicle it is about was seen, by time, in pixels of the original.

    about_at: the moment that a clip is cut round.
    """

    exhibit: Exhibit
    path: Path
    boxes: Sequence[tuple[datetime, Box]]
    about_at: datetime

    def box_at(self, at: datetime) -> Box | None:
        return min(self.boxes, key=lambda seen: abs(seen[0] - at))[1] if self.boxes else None


def derive(
    sessions: Sessions,
    vault: Vault,
    derivative_id: uuid.UUID,
    *,
    detector: Callable[[], Detector],
    clock: Callable[[], datetime],
    at_hand: AtHand | None = None,
) -> bool:
    """Makes what the row asks for; False where there was nothing left to do, or it cannot be made and the row says why.

    at_hand: where originals are fetched from that the vault has moved away. Raises VaultError, StoreError and
    DetectorError: room, network and weights may come later.
    """
    hand = at_hand or AtHand(vault.root)
    with reading(sessions) as session:
        row = requests.find(session, derivative_id)
        if row is None or row.state is not DerivativeState.ASKED:
            return False
        incident = requests.incident_of(session, row)
        try:
            originals = [_original(session, hand, incident, each) for each in requests.originals_of(session, row)]
        except (VaultError, StoreError):
            raise
        except EvidenceError as error:
            return _failed(sessions, derivative_id, error)
    captions = [
        caption_of(incident, each.exhibit, masked=row.masked, language="en" if row.language == "en" else "zh")
        if row.captioned
        else None
        for each in originals
    ]
    paths = {each.exhibit.sha256: each.path for each in originals}
    suffix, media_type = JPEG if row.form in (DerivativeForm.STILL, DerivativeForm.CONTACT_SHEET) else MP4
    try:
        for each in originals:
            _check(each)
        recipe = recipe_for(row.form, originals, captions, detector() if row.masked else None)
        pending = vault.take(lambda out: make(recipe, paths, out), suffix)
    except VaultError:
        raise
    except (IngestError, EvidenceError) as error:
        return _failed(sessions, derivative_id, error)
    try:
        with transaction(sessions) as session:
            kept = requests.made(session, vault, derivative_id, pending, media_type, recipe, at=clock())
    except BaseException:
        vault.discard(pending)
        vault.recover(lambda sha256: _is_known(sessions, sha256))
        raise
    if kept:
        vault.settle(pending)
    else:
        vault.discard(pending)
    return kept


def recipe_for(
    form: DerivativeForm,
    originals: Sequence[Original],
    captions: Sequence[Caption | None],
    detector: Detector | None,
) -> Recipe:
    """What to do with the originals; detector: None where nothing is to be masked. Raises IngestError."""
    if form in (DerivativeForm.STILL, DerivativeForm.CONTACT_SHEET):
        pictures = [_read_picture(each.path) for each in originals]
        parts = [
            _part(each, caption, None if detector is None else _mask_picture(detector, picture, each))
            for each, caption, picture in zip(originals, captions, pictures, strict=True)
        ]
        height, width = max((picture.shape[:2] for picture in pictures), key=lambda size: size[1])
        on_sheet = form is DerivativeForm.CONTACT_SHEET
        return Recipe(
            form=form,
            parts=tuple(parts),
            width=CELL_WIDTH if on_sheet else width,
            height=round(CELL_WIDTH * height / width) if on_sheet else height,
            columns=COLUMNS if on_sheet else None,
            encoder="OpenCV JPEG",
            settings={"quality": str(JPEG_QUALITY)},
            libraries={"opencv": str(cv2.__version__)},
            same_bytes=SAME_JPEG,
        )
    (original,), (caption,) = originals, captions
    return _recipe_of_clip(form, original, caption, detector)


def make(recipe: Recipe, paths: Mapping[str, Path], out: Path) -> None:
    """Writes the derivative; paths: of each original, by digest. Raises IngestError; OSError passes (a full disk)."""
    if recipe.form in (DerivativeForm.CLIP, DerivativeForm.PREVIEW):
        (part,) = recipe.parts
        with open_file(paths[part.original_sha256]) as source:
            facts = replace(source.facts, width=recipe.width, height=recipe.height + _strip_height(recipe, part))
            if recipe.frame_rate is not None:
                facts = replace(facts, frame_rate=Fraction(recipe.frame_rate).limit_denominator(1001))
            write_browser_copy(_derived_frames(recipe, part, source), facts, out)
        return
    cells = [_derived_picture(recipe, part, _read_picture(paths[part.original_sha256])) for part in recipe.parts]
    write_jpeg(cells[0] if recipe.columns is None else sheet(cells, recipe.columns), out)


def _recipe_of_clip(
    form: DerivativeForm, original: Original, caption: Caption | None, detector: Detector | None
) -> Recipe:
    with open_file(original.path) as source:
        width, height = source.facts.width // 2 * 2, source.facts.height // 2 * 2
        length_s = (original.exhibit.to_at - original.exhibit.from_at).total_seconds()
        from_s: float | None = None
        to_s: float | None = None
        rate = float(source.facts.frame_rate)
        shown = (width, height)
        if form is DerivativeForm.PREVIEW:
            about_s = (original.about_at - original.exhibit.from_at).total_seconds()
            from_s = round(min(max(about_s - PREVIEW_S / 2, 0.0), max(length_s - PREVIEW_S, 0.0)), 3)
            to_s, rate = round(from_s + PREVIEW_S, 3), min(rate, PREVIEW_RATE)
            shown = _at_most(width, height, PREVIEW_WIDTH)
        masked = None
        if detector is not None:
            masked = _mask_clip(detector, _frames(source, from_s, to_s), original, (width, height))
    version = ".".join(str(number) for number in av.library_versions["libavcodec"])
    return Recipe(
        form=form,
        parts=(_part(original, caption, masked),),
        width=shown[0],
        height=shown[1],
        from_s=from_s,
        to_s=to_s,
        frame_rate=round(rate, 6),
        encoder=f"{ENCODER} in MP4",
        settings=dict(SETTINGS),
        libraries={"libavcodec": version, "opencv": str(cv2.__version__)},
        same_bytes=SAME_H264,
    )


def _part(original: Original, caption: Caption | None, masked: Masking | None) -> Part:
    exhibit = original.exhibit
    return Part(
        original_sha256=exhibit.sha256,
        kind=exhibit.kind,
        moment=exhibit.moment,
        masking=masked,
        caption=caption,
    )


def _mask_picture(detector: Detector, picture: Bytes, original: Original) -> Masking:
    height, width = picture.shape[0] // 2 * 2, picture.shape[1] // 2 * 2
    planes = np.asarray(cv2.cvtColor(picture[:height, :width], cv2.COLOR_BGR2YUV_I420), dtype=np.uint8)
    frame = Frame(planes, 0.0, 0, Fraction(1), NOBODY)
    spared = original.box_at(original.exhibit.from_at)
    covered = masking.to_cover(_found(detector, frame, OF_PICTURES, spared), spared)
    masks = masking.of_picture(covered, picture.shape[1], picture.shape[0])
    return Masking(rule=masking.RULE, found_by=_found_by(detector, OF_PICTURES), spared=_whole(spared), masks=masks)


def _mask_clip(detector: Detector, frames: Iterator[Frame], original: Original, size: tuple[int, int]) -> Masking:
    looks: list[tuple[float, list[masking.Covered]]] = []
    spared = original.box_at(original.about_at)
    for frame in frames:
        if not looks or frame.media_s >= looks[-1][0] + LOOK_EVERY_S:
            looks.append((frame.media_s, masking.to_cover(_found(detector, frame, OF_CLIPS, spared), spared)))
    return Masking(
        rule=masking.CLIP_RULE,
        found_by=_found_by(detector, OF_CLIPS) | {"look_every_s": LOOK_EVERY_S},
        spared=_whole(spared),
        masks=masking.over_time(looks, *size),
    )


def _found(detector: Detector, frame: Frame, grid: tuple[int, int], spared: Box | None) -> list[Detection]:
    """Everything the network finds in the whole picture, and in its parts one by one: what is found twice is
    covered twice, which harms nobody. Half a vehicle at the edge of a part is no vehicle of its own where the whole
    picture shows the whole.
    """
    regions = _regions(frame.width, frame.height, grid)
    in_whole, *in_parts = detector.detect([Look(frame, (region,)) for region in regions])
    known = [each.box for each in in_whole if each.role in masking.VEHICLES] + ([] if spared is None else [spared])
    return in_whole + [
        found
        for region, each in zip(regions[1:], in_parts, strict=True)
        for found in each
        if found.role not in masking.VEHICLES
        or not _is_cut(found.box, region, frame)
        or all(found.box.covered_by(box) < PART_OF_KNOWN for box in known)
    ]


def _is_cut(box: Box, region: Box, frame: Frame) -> bool:
    """Whether it reaches the edge of the region where the picture goes on."""
    near = EDGE * region.width
    return (
        (region.x1 > 0 and box.x1 - region.x1 < near)
        or (region.y1 > 0 and box.y1 - region.y1 < near)
        or (region.x2 < frame.width and region.x2 - box.x2 < near)
        or (region.y2 < frame.height and region.y2 - box.y2 < near)
    )


def _regions(width: int, height: int, grid: tuple[int, int]) -> list[Box]:
    regions = [Box(0, 0, width, height)]
    columns, rows = grid
    if width >= LOOK_CLOSER_FROM_PX:
        across, down = width / columns, height / rows
        more_x, more_y = (OVERLAP * width if columns > 1 else 0.0), (OVERLAP * height if rows > 1 else 0.0)
        regions += [
            Box(
                column * across - more_x, row * down - more_y, (column + 1) * across + more_x, (row + 1) * down + more_y
            ).within(width, height)
            for row in range(rows)
            for column in range(columns)
        ]
    return regions


def _found_by(detector: Detector, grid: tuple[int, int]) -> dict[str, str | float]:
    return {
        "weights": detector.name,
        "sha256": detector.digest,
        "looks": f"whole picture, and in {grid[0]} × {grid[1]} parts from {LOOK_CLOSER_FROM_PX} pixels of width",
    }


def _derived_picture(recipe: Recipe, part: Part, picture: Bytes) -> Bytes:
    if part.masking is not None:
        picture = cover(picture, part.masking.masks)
    if recipe.columns is not None:
        picture = fitted(picture, recipe.width, recipe.height)
    return picture if part.caption is None else above_strip(picture, part.caption)


def _derived_frames(recipe: Recipe, part: Part, source: PacketSource) -> Iterator[Frame]:
    due_s: float | None = None
    step_s = 1 / recipe.frame_rate if recipe.frame_rate else 0.0
    thinned = recipe.form is DerivativeForm.PREVIEW
    second, words = -1, np.empty((0, 0, 3), dtype=np.uint8)
    for frame in _frames(source, recipe.from_s, recipe.to_s):
        if thinned and due_s is not None and frame.media_s < due_s - step_s / 4:
            continue
        due_s = frame.media_s + step_s
        planes = frame.planes
        if part.masking is not None:
            planes = cover_planes(planes, (mask for mask in part.masking.masks if mask.holds(frame.media_s)))
        if (frame.width, frame.height) != (recipe.width, recipe.height):
            planes = scale_planes(planes, recipe.width, recipe.height)
        if part.caption is not None:
            if second != int(frame.media_s):
                second = int(frame.media_s)
                words = strip(part.caption, recipe.width, frame.media_s)
            planes = planes_above_strip(planes, words)
        yield replace(frame, planes=planes)


def _strip_height(recipe: Recipe, part: Part) -> int:
    return 0 if part.caption is None else strip(part.caption, recipe.width).shape[0]


def _frames(source: PacketSource, from_s: float | None, to_s: float | None) -> Iterator[Frame]:
    """The clip's pictures with their seconds, those with concealed errors too: the original shows them."""

    def wanted(media_s: float) -> bool:
        return (from_s is None or media_s >= from_s) and (to_s is None or media_s <= to_s)

    yield from FrameDecoder(source.facts, utc_since(NOBODY)).all_of(source.packets(), wanted)


def _at_most(width: int, height: int, limit: int) -> tuple[int, int]:
    if width <= limit:
        return width, height
    return limit, round(height * limit / width / 2) * 2


def _whole(box: Box | None) -> tuple[int, int, int, int] | None:
    return None if box is None else (round(box.x1), round(box.y1), round(box.x2), round(box.y2))


def _read_picture(path: Path) -> Bytes:
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise NotDerived(f"{path.name}: not a picture that can be read; verify the exhibit")
    return np.asarray(picture, dtype=np.uint8)


def _check(original: Original) -> None:
    """The bytes are those that were sealed. Raises DigestMismatch."""
    there = sha256_of(original.path)
    if there != original.exhibit.sha256:
        raise DigestMismatch(original.path, original.exhibit.sha256, there)


def _original(session: Session, hand: AtHand, incident: Incident, exhibit: Exhibit) -> Original:
    """With the boxes of the sightings; those of a close-up in its own pixels."""
    seen = session.scalars(
        select(Sighting).where(Sighting.incident_id == incident.id, Sighting.x1.is_not(None)).order_by(Sighting.at)
    )
    boxes = [
        (each.at, Box(each.x1, each.y1, each.x2, each.y2))
        for each in seen
        if each.x1 is not None and each.y1 is not None and each.x2 is not None and each.y2 is not None
    ] or [(incident.first_seen_at, Box(incident.box_x1, incident.box_y1, incident.box_x2, incident.box_y2))]
    if "near" in exhibit.recipe:  # a dome went near: in this picture it is where no sighting says
        boxes = [(exhibit.from_at, Box(*exhibit.recipe["near"]["box"]))]
    if exhibit.kind is ExhibitKind.CLOSE_UP:
        left, top = (float(edge) for edge in exhibit.recipe["box"][:2])
        boxes = [(at, Box(box.x1 - left, box.y1 - top, box.x2 - left, box.y2 - top)) for at, box in boxes]
    about_at = session.scalar(
        select(Exhibit.from_at).where(
            Exhibit.incident_id == incident.id, Exhibit.kind == ExhibitKind.STILL, Exhibit.moment == exhibit.moment
        )
    )
    return Original(
        exhibit,
        hand.path(exhibit.sha256, exhibit.sealed.suffix),
        boxes,
        about_at or exhibit.from_at + (exhibit.to_at - exhibit.from_at) / 2,
    )


def _failed(sessions: Sessions, derivative_id: uuid.UUID, error: Exception) -> bool:
    log.warning("derivative not made", extra={"derivative": str(derivative_id), "why": str(error)})
    with transaction(sessions) as session:
        requests.failed(session, derivative_id, str(error))
    return False


def _is_known(sessions: Sessions, sha256: str) -> bool:
    with reading(sessions) as session:
        return session.get(SealedObject, sha256) is not None
