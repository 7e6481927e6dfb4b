"""Leases: one camera, one watcher; what a watcher that lost its camera may not do; how a newcomer gets its share."""

import threading
from collections.abc import Callable
from datetime import datetime

import pytest

from ingest.errors import LeaseLost
from ingest.leases import (
    LEASE_S,
    RENEW_EVERY_S,
    TakenCamera,
    fair_share,
    holders,
    holds,
    knock,
    release,
    renew,
    surplus,
    take,
    watched_cameras,
)
from models.database import transaction
from models.places import Camera
from models.watching import CameraConnection, CameraLease
from tests.conftest import Database
from tests.rows import add_camera, add_geofence, add_geofence_version, add_incident, add_site, after

RACES = 150


def add_cameras(database: Database, *ids: str, watched: bool = True) -> None:
    with transaction(database.sessions) as session:
        site = add_site(session, name=f"site of {ids[0]}")
        for camera_id in ids:
            add_camera(session, site, id=camera_id)
            session.add(CameraConnection(camera_id=camera_id, watched=watched))


def taken(database: Database, holder: str, at: datetime, most: int | None = None) -> dict[str, int]:
    """What the holder gets, by its fence."""
    with transaction(database.sessions) as session:
        return {camera.camera_id: camera.fence for camera in take(session, holder=holder, at=at, most=most)}


def renewed(database: Database, holder: str, fences: dict[str, int], at: datetime) -> set[str]:
    with transaction(database.sessions) as session:
        return renew(session, holder=holder, fences=fences, at=at)


def side_by_side(*acts: Callable[[], object]) -> None:
    """Runs them at the same moment, each in a thread of its own; what one of them raises is raised."""
    together = threading.Barrier(len(acts))
    errors: list[Exception] = []

    def run(act: Callable[[], object]) -> None:
        together.wait()
        try:
            act()
        except Exception as error:  # noqa: BLE001 - told by the main thread
            errors.append(error)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_two_watchers_race_for_one_camera_and_one_of_them_gets_it_each_time(database: Database) -> None:
    add_cameras(database, "gate-3")
    for race in range(RACES):
        got: dict[str, dict[str, int]] = {}
        at = after(race * (LEASE_S + 1))  # the lease of the race before has just run out
        side_by_side(
            *(lambda name=name, at=at, got=got: got.update({name: taken(database, name, at)}) for name in ("a", "b"))
        )
        winners = [name for name in ("a", "b") if got[name]]
        assert len(winners) == 1, f"race {race}: {got}"
        assert got[winners[0]] == {"gate-3": race + 1}, "the fence counts every taking"


def test_two_watchers_share_many_cameras_without_one_twice_or_forgotten(database: Database) -> None:
    ids = [f"c-{number:02}" for number in range(40)]
    add_cameras(database, *ids)
    for race in range(10):
        got: dict[str, dict[str, int]] = {"a": {}, "b": {}}
        at = after(race * (LEASE_S + 1))

        def take_turns(name: str, got: dict[str, dict[str, int]] = got, at: datetime = at) -> None:
            for _ in range(3):
                got[name] |= taken(database, name, at, most=10)

        side_by_side(lambda turn=take_turns: turn("a"), lambda turn=take_turns: turn("b"))
        assert got["a"].keys() & got["b"].keys() == set()
        assert sorted(got["a"].keys() | got["b"].keys()) == ids
        assert set(got["a"].values()) | set(got["b"].values()) == {race + 1}


def test_renewing_and_taking_over_at_the_same_moment_never_gives_a_camera_to_two(database: Database) -> None:
    ids = [f"c-{number:02}" for number in range(12)]
    add_cameras(database, *ids)
    has = taken(database, "old", after(0))
    for race in range(20):
        at = after((race + 1) * 2 * LEASE_S)
        kept: set[str] = set()
        lost: dict[str, int] = {}
        side_by_side(
            lambda has=has, at=at, kept=kept: kept.update(renewed(database, "old", has, at)),
            lambda at=at, lost=lost: lost.update(taken(database, "new", at)),
        )
        assert kept & lost.keys() == set()
        assert kept | lost.keys() == set(ids)
        has = taken(database, "old", at=after((race + 1) * 2 * LEASE_S + LEASE_S + 1))


def test_a_camera_somebody_has_is_not_taken_until_the_lease_runs_out(database: Database) -> None:
    add_cameras(database, "gate-3")
    assert taken(database, "a", after(0)) == {"gate-3": 1}
    assert taken(database, "b", after(LEASE_S - 0.1)) == {}
    assert taken(database, "b", after(LEASE_S)) == {"gate-3": 2}


def test_a_watcher_that_renews_keeps_its_cameras_and_one_that_died_loses_them_within_thirty_seconds(
    database: Database,
) -> None:
    add_cameras(database, "c-1", "c-2")
    first = taken(database, "alive", after(0), most=1)
    second = taken(database, "dies", after(0), most=1)
    taken_over_s = None
    for turn in range(1, 10):
        at_s = turn * RENEW_EVERY_S
        assert renewed(database, "alive", first, after(at_s)) == set(first)
        if taken_over_s is None and taken(database, "alive", after(at_s)).keys() == second.keys():
            taken_over_s = at_s
    assert taken_over_s is not None
    assert taken_over_s <= 30


def test_a_lease_that_ran_out_and_that_nobody_took_is_renewed_under_the_same_fence(database: Database) -> None:
    add_cameras(database, "gate-3")
    fences = taken(database, "a", after(0))
    with (
        transaction(database.sessions) as session,
        pytest.raises(LeaseLost, match=r"ran out at .* and was not renewed"),
    ):
        holds(session, "gate-3", 1, after(60))
    assert renewed(database, "a", fences, after(60)) == {"gate-3"}
    with transaction(database.sessions) as session:
        holds(session, "gate-3", 1, after(61))


def test_what_a_watcher_writes_after_its_camera_was_taken_over_is_refused_and_rolled_back(database: Database) -> None:
    add_cameras(database, "gate-3")
    taken(database, "zombie", after(0))
    taken(database, "heir", after(LEASE_S))

    def write_too_late() -> None:
        with transaction(database.sessions) as session:
            session.get_one(CameraConnection, "gate-3").username = "written by a zombie"
            session.flush()
            holds(session, "gate-3", 1, after(LEASE_S + 1))

    with pytest.raises(LeaseLost, match=r"heir took it \(fence 2, this was 1\)"):
        write_too_late()
    with transaction(database.sessions) as session:
        assert session.get_one(CameraConnection, "gate-3").username is None
        holds(session, "gate-3", 2, after(LEASE_S + 1))
    assert renewed(database, "zombie", {"gate-3": 1}, after(LEASE_S + 1)) == set()


def test_a_camera_nobody_ever_took_is_held_by_nobody(database: Database) -> None:
    add_cameras(database, "gate-3")
    with transaction(database.sessions) as session, pytest.raises(LeaseLost, match="nobody has taken it"):
        holds(session, "gate-3", 1, after(0))


def test_while_evidence_is_being_written_the_camera_cannot_be_taken(database: Database) -> None:
    """The writer looks at its lease just before it ends; whoever takes the camera then waits for the writing."""
    add_cameras(database, "gate-3")
    taken(database, "a", after(0))
    order: list[str] = []
    with transaction(database.sessions) as session:
        holds(session, "gate-3", 1, after(LEASE_S - 1))
        heir = threading.Thread(target=lambda: order.append(f"taken: {taken(database, 'b', after(LEASE_S + 1))}"))
        heir.start()
        heir.join(0.3)
        order.append("written")
    heir.join()
    assert order == ["written", "taken: {'gate-3': 2}"]


def test_what_is_given_back_may_be_taken_at_once_and_only_by_its_holder_given_back(database: Database) -> None:
    add_cameras(database, "c-1", "c-2")
    fences = taken(database, "a", after(0))
    with transaction(database.sessions) as session:
        assert release(session, holder="b", fences=fences, at=after(1)) == set()
        assert release(session, holder="a", fences={"c-1": fences["c-1"], "c-2": 99}, at=after(1)) == {"c-1"}
        with pytest.raises(LeaseLost):
            holds(session, "c-1", fences["c-1"], after(1))
    assert taken(database, "b", after(1)) == {"c-1": 2}


def test_a_camera_that_is_not_to_be_watched_is_neither_taken_nor_renewed(database: Database) -> None:
    add_cameras(database, "resting", watched=False)
    add_cameras(database, "gate-3")
    fences = taken(database, "a", after(0))
    assert fences == {"gate-3": 1}
    with transaction(database.sessions) as session:
        assert watched_cameras(session) == 1
        session.get_one(CameraConnection, "gate-3").watched = False
    assert renewed(database, "a", fences, after(5)) == set()


def test_taking_none_takes_none(database: Database) -> None:
    add_cameras(database, "gate-3")
    assert taken(database, "a", after(0), most=0) == {}
    assert taken(database, "a", after(0), most=-3) == {}


@pytest.mark.parametrize(
    ("cameras", "watchers", "share"),
    [(10, 1, 10), (10, 3, 4), (10, 5, 2), (0, 3, 0), (1, 4, 1), (7, 0, 7)],
    ids=["alone", "rounded_up", "even", "no_cameras", "more_watchers_than_cameras", "nobody_counted_yet"],
)
def test_a_share_is_the_smallest_that_leaves_no_camera_without_a_watcher(
    cameras: int, watchers: int, share: int
) -> None:
    assert fair_share(cameras, watchers) == share


def test_who_has_too_many_gives_back_those_on_which_least_dwells() -> None:
    assert surplus({"busy": 4, "quiet": 0, "some": 1, "also-quiet": 0}, 2) == ["also-quiet", "quiet"]
    assert surplus({"busy": 4, "quiet": 0}, 2) == []
    assert surplus({}, 0) == []


def settle(database: Database, watchers: dict[str, dict[str, int]], at_s: float) -> None:
    """One round in which every watcher renews, gives back what is above its share, takes what is free, or knocks."""
    at = after(at_s)
    for name, fences in watchers.items():
        with transaction(database.sessions) as session:
            still = renew(session, holder=name, fences=fences, at=at)
            counted = holders(session, at=at) | ({} if still else {name: 0})
            share = fair_share(watched_cameras(session), len(counted))
            back = surplus(dict.fromkeys(still, 0), share)
            release(session, holder=name, fences={camera: fences[camera] for camera in back}, at=at)
            kept = {camera: fences[camera] for camera in still if camera not in back}
            new: list[TakenCamera] = take(session, holder=name, at=at, most=share - len(kept))
            if not kept and not new and (camera := knock(session, holder=name, at=at)) is not None:
                new = [camera]
            watchers[name] = kept | {camera.camera_id: camera.fence for camera in new}


def test_a_watcher_that_comes_later_gets_its_share_and_no_camera_has_two_watchers(database: Database) -> None:
    ids = [f"c-{number:02}" for number in range(10)]
    add_cameras(database, *ids)
    watchers: dict[str, dict[str, int]] = {"a": {}}
    settle(database, watchers, 0)
    assert len(watchers["a"]) == 10
    watchers |= {"b": {}, "c": {}}
    for turn in range(1, 9):
        settle(database, watchers, turn * RENEW_EVERY_S)
    with transaction(database.sessions) as session:
        shares = holders(session, at=after(8 * RENEW_EVERY_S))
        fences = {row.camera_id: (row.holder, row.fence) for row in session.query(CameraLease)}
    assert sorted(shares.values()) == [2, 4, 4]
    assert sorted(camera for held in watchers.values() for camera in held) == ids
    for name, held in watchers.items():
        assert all(fences[camera] == (name, fence) for camera, fence in held.items())


def test_a_newcomer_knocks_at_the_camera_without_an_open_incident(database: Database) -> None:
    add_cameras(database, "c-1", "c-2", "c-3")
    with transaction(database.sessions) as session:
        for camera_id in ("c-1", "c-3"):
            camera = session.get_one(Camera, camera_id)
            fence = add_geofence(session, camera, f"fence-of-{camera_id}")
            add_incident(session, add_geofence_version(session, fence), camera)
    taken(database, "a", after(0))
    with transaction(database.sessions) as session:
        assert knock(session, holder="b", at=after(1)) == TakenCamera("c-2", 2)
        assert knock(session, holder="b", at=after(1)) is None, "it is known now: the others give back by themselves"


def test_nobody_knocks_where_each_has_no_more_than_its_share_or_nobody_is_there(database: Database) -> None:
    add_cameras(database, "gate-3")
    with transaction(database.sessions) as session:
        assert knock(session, holder="b", at=after(0)) is None
    taken(database, "a", after(0))
    with transaction(database.sessions) as session:
        assert knock(session, holder="b", at=after(1)) is None
