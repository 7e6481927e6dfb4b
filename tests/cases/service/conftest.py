"""A bureau whose cases are decided, made once and copied for each test."""

import copy
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from models.case_files import CaseFile
from models.database import transaction
from models.enums import CaseSource, FileAct, Procedure
from models.incidents import Incident
from tests.cases.casework.case_scene import Bureau
from tests.conftest import sqlite_copy

SPOT_FINE_FEN = 10_000
FINE_FEN = 20_000


@dataclass(frozen=True)
class Decided:
    """fined: by the ordinary procedure, with an incident; on_the_spot: by the simple one."""

    bureau: Bureau
    fined: uuid.UUID
    on_the_spot: uuid.UUID


def decide_both(bureau: Bureau) -> Decided:
    outcome = bureau.outcome(fine_fen=FINE_FEN)
    fined = bureau.noticed(outcome)
    bureau.waive(fined)
    bureau.step(fined, FileAct.HEAR)
    bureau.step(fined, FileAct.DECIDE, "zhao", "sun", "wu", facts=outcome.as_facts())
    with transaction(bureau.sessions) as session:
        file = session.get_one(CaseFile, fined)
        file.source, file.incident_id = CaseSource.CAMERA, session.scalars(select(Incident.id)).one()
    spot = bureau.outcome(fine_fen=SPOT_FINE_FEN).as_facts()
    on_the_spot = bureau.register(procedure=Procedure.SIMPLE, place="中山路 5 号", title="浙J99999")
    bureau.assign(on_the_spot)
    bureau.step(on_the_spot, FileAct.NOTIFY, facts=spot)
    bureau.answer(bureau.say(on_the_spot))
    bureau.step(on_the_spot, FileAct.HEAR)
    bureau.step(on_the_spot, FileAct.DECIDE, facts=spot)
    return Decided(bureau, fined, on_the_spot)


@pytest.fixture(scope="session")
def once(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Decided, Path]]:
    folder = tmp_path_factory.mktemp("decided")
    for database in sqlite_copy(migrated_sqlite, folder):
        decided = decide_both(Bureau(database.sessions))
        database.engine.dispose()  # the write-ahead log goes into the file
        yield decided, folder / "streetwitness.db"


@pytest.fixture
def decided(once: tuple[Decided, Path], tmp_path: Path) -> Iterator[Decided]:
    made, template = once
    for database in sqlite_copy(template, tmp_path):
        bureau = copy.copy(made.bureau)
        bureau.sessions = database.sessions
        yield Decided(bureau, made.fined, made.on_the_spot)
