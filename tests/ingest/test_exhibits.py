"""Exhibits of several vehicles at one moment: the same bytes by the same recipe, and the work done once."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from detectors.geometry import Box
from evidence.sealing import PendingExhibit
from evidence.vault import Vault
from ingest.clip_cut import ClipRange, clip_range
from ingest.decoding import FrameDecoder
from ingest.exhibits import ExhibitMaker
from ingest.media_clock import utc_since
from ingest.packet_ring import PacketRing
from ingest.packet_source import open_file
from models.digest import sha256_of
from models.enums import ExhibitKind, ExhibitMoment
from tests.media.make_clips import Film, Films, parks
from tests.rows import NOON

RED, BLUE = Box(120, 150, 200, 190), Box(220, 150, 300, 190)
PARKED = (parks("red"), parks("blue", at=(220, 150)))
MP4 = Film(PARKED, 12)
AVI = Film(PARKED, 12, codec="mpeg4", container="avi")
ENTRY, DWELL = ExhibitMoment.ENTRY, ExhibitMoment.DWELL_COMPLETE


@contextmanager
def maker_of(path: Path, vault_root: Path) -> Iterator[tuple[ExhibitMaker, ClipRange]]:
    """A maker for the film, and the range of its seconds 2 to 8."""
    ring = PacketRing(seconds=60)
    with open_file(path) as source, Vault.open(vault_root) as vault:
        for packet in source.packets():
            ring.add(packet)
        utc = utc_since(NOON)
        yield ExhibitMaker(source, FrameDecoder(source.facts, utc), vault, utc, None), clip_range(ring, 2.0, 8.0)


def put_on_record(maker: ExhibitMaker, made: list[PendingExhibit]) -> None:
    for each in made:
        maker.vault.keep(each.pending)
        maker.vault.settle(each.pending)


def facts(made: list[PendingExhibit]) -> list[tuple[object, ...]]:
    """All but the name it waits under, and why this picture was taken for this vehicle: those are each one's own."""
    own = {"vehicle_box", "vehicle_whole", "chosen"}
    return [
        (
            each.pending.sha256,
            each.kind,
            each.moment,
            each.media_type,
            each.from_at,
            each.to_at,
            {name: value for name, value in each.recipe.items() if name not in own},
        )
        for each in made
    ]


@pytest.mark.parametrize("film", [pytest.param(MP4, id="h264"), pytest.param(AVI, id="with_a_copy_for_browsers")])
def test_a_second_vehicle_at_the_same_moment_has_the_same_exhibits_and_nothing_is_decoded_again(
    films: Films, film: Film, tmp_path: Path
) -> None:
    with maker_of(films(film), tmp_path) as (maker, clip):
        first = maker.make(DWELL, clip, 5.0, RED, [])
        put_on_record(maker, first)
        decoded = maker.decoder.decoded
        second = maker.make(DWELL, clip, 5.0, BLUE, [])
        assert decoded > 0
        assert maker.decoder.decoded == decoded
        assert facts(second) == facts(first)
        assert {each.pending.path for each in first}.isdisjoint(each.pending.path for each in second)
        for each in second:
            assert sha256_of(each.pending.path) == each.pending.sha256
        put_on_record(maker, second)


def test_each_vehicle_has_a_close_up_of_its_own(films: Films, tmp_path: Path) -> None:
    with maker_of(films(MP4), tmp_path) as (maker, clip):
        made = []
        for box in (RED, BLUE):
            exhibits = maker.make(ENTRY, clip, 5.0, box, [])
            put_on_record(maker, exhibits)
            made.append({each.kind: each.pending.sha256 for each in exhibits})
    red, blue = made
    assert red[ExhibitKind.CLIP] == blue[ExhibitKind.CLIP]
    assert red[ExhibitKind.STILL] == blue[ExhibitKind.STILL]
    assert red[ExhibitKind.CLOSE_UP] != blue[ExhibitKind.CLOSE_UP]


def spoilt(place: Path) -> None:
    place.chmod(0o640)
    place.write_bytes(b"\x00" + place.read_bytes()[1:])


@pytest.mark.parametrize("harm", [pytest.param(spoilt, id="changed"), pytest.param(os.unlink, id="gone")])
@pytest.mark.parametrize("kept", [ExhibitKind.CLIP, ExhibitKind.DERIVATIVE, ExhibitKind.STILL])
def test_what_the_vault_has_not_got_as_it_was_is_made_anew(
    films: Films, tmp_path: Path, harm: object, kept: ExhibitKind
) -> None:
    with maker_of(films(AVI), tmp_path) as (maker, clip):
        first = maker.make(DWELL, clip, 5.0, RED, [])
        put_on_record(maker, first)
        (harmed,) = [each.pending for each in first if each.kind is kept]
        place = Vault.path_of(tmp_path, harmed.sha256, harmed.suffix)
        assert callable(harm)
        harm(place)
        second = maker.make(DWELL, clip, 5.0, BLUE, [])
        assert [each.pending.sha256 for each in second] == [each.pending.sha256 for each in first]
        for each in second:
            assert sha256_of(each.pending.path) == each.pending.sha256
            maker.vault.discard(each.pending)
    assert not list((tmp_path / "incoming").glob("*/*.part"))


def test_exhibits_whose_incident_came_to_nothing_are_made_anew(films: Films, tmp_path: Path) -> None:
    with maker_of(films(MP4), tmp_path) as (maker, clip):
        first = maker.make(DWELL, clip, 5.0, RED, [])
        for each in first:
            maker.vault.discard(each.pending)
        second = maker.make(DWELL, clip, 5.0, BLUE, [])
        assert [each.pending.sha256 for each in second] == [each.pending.sha256 for each in first]
        put_on_record(maker, second)


def test_other_gaps_are_another_recipe(films: Films, tmp_path: Path) -> None:
    with maker_of(films(MP4), tmp_path) as (maker, clip):
        put_on_record(maker, maker.make(DWELL, clip, 5.0, RED, []))
        later = maker.make(DWELL, clip, 5.0, BLUE, [(3.0, 4.0)])
        assert later[0].recipe["gaps"] == [[3.0, 4.0]]
        put_on_record(maker, later)


def test_a_picture_that_the_clip_has_not_got_is_no_still_of_it(films: Films, tmp_path: Path) -> None:
    with maker_of(films(MP4), tmp_path) as (maker, clip):
        (before,) = [frame for frame in maker.decoder.all_of(clip.packets) if frame.media_s == clip.from_s]
        elsewhere = replace(before, media_s=clip.from_s - 1.0, pts=before.pts - 10)
        made = maker.make(DWELL, clip, elsewhere, RED, [])
        put_on_record(maker, made)
    (still,) = [each for each in made if each.kind is ExhibitKind.STILL]
    assert still.recipe["media_s"] == clip.from_s
