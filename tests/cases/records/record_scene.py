"""A matter of a patrol whose officers may take things down, and an inquiry of its party as an officer types it."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases.casework import officers
from cases.records import reading, stock, writing
from cases.records.typed import Typed, TypedLine
from models.database import Sessions, transaction
from models.enums import QualificationKind, RecordEnding, RecordKind
from models.parties import FileParty
from models.records import FileRecord
from tests.cases.papers.paper_scene import KEY, Scene, open_scene

STOCK = stock.read_stock()
ANSWERS = ("清楚了。", "不申请。", "我住南街。", "我在卸货，停了十分钟。", "没有意见。", "没有了。")
SECRET = ANSWERS[3]
# of the scene's clock, by which it is a quarter past one
BEGUN, ENDED = "2026-03-02T13:00", "2026-03-02T13:10"


def open_records(sessions: Sessions, folder: Path, **differs: Any) -> Scene:
    """Three officers have certificates; two of them are in charge."""
    scene = open_scene(sessions, folder, seen_by_camera=False, **differs)
    scene.seconds = 900
    with transaction(sessions) as session:
        for number, name in enumerate(("wang", "zhao", "zhou"), start=1):
            officers.record_qualification(
                session,
                scene.user(session, name),
                QualificationKind.ENFORCEMENT,
                f"33010{number}",
                valid_from=date(2025, 1, 1),
                valid_to=None,
                by="admin",
                at=scene.at,
            )
    return scene


def begin(session: Session, scene: Scene, kind: RecordKind = RecordKind.INQUIRY, name: str = "wang") -> FileRecord:
    user = scene.user(session, name)
    return writing.begin(session, KEY, scene.file_id, kind, STOCK, by=user, at=scene.at)


def typed(session: Session, scene: Scene, **differs: Any) -> Typed:
    """An inquiry of the party, whole."""
    asked = [entry.zh for entry in STOCK.for_a(RecordKind.INQUIRY, None) if entry.starts]
    whole = Typed(
        place="北门路执法点",
        begun=BEGUN,
        ended=ENDED,
        first=str(scene.users["wang"]),
        second=str(scene.users["zhao"]),
        asked=f"party:{session.scalars(select(FileParty.id).where(FileParty.file_id == scene.file_id)).one()}",
        shown=True,
        told=True,
        lines=tuple(TypedLine(say, ask) for ask, say in zip(asked, ANSWERS, strict=True)),
    )
    return replace(whole, **differs)


def found(**differs: Any) -> dict[str, Any]:
    """What of it is otherwise at an inspection where nobody was."""
    lines = (TypedLine("白色面包车停在人行道中间。"), TypedLine("路口有禁止停车标志。"))
    return {"asked": "nobody", "shown": False, "told": False, "lines": lines} | differs


def gone_on_with(lines: tuple[TypedLine, ...]) -> tuple[TypedLine, ...]:
    """What the stock begins, with words behind it."""
    return tuple(replace(line, say=f"{line.say}已经说明。") for line in lines)


def keep(session: Session, scene: Scene, record: FileRecord, name: str = "wang", **differs: Any) -> None:
    said = typed(session, scene, **differs)
    writing.keep(session, KEY, record.id, said, record.revision, by=scene.user(session, name), at=scene.at)


def read_over(session: Session, scene: Scene, record: FileRecord, name: str = "wang") -> FileRecord:
    return writing.read_over(session, KEY, record.id, by=scene.user(session, name), at=scene.at)


def finish(
    session: Session,
    scene: Scene,
    record: FileRecord,
    ending: RecordEnding = RecordEnding.SIGNS,
    name: str = "wang",
    **said: str,
) -> FileRecord:
    return writing.finish(session, KEY, record.id, ending, by=scene.user(session, name), at=scene.at, **said)


def taken(scene: Scene, kind: RecordKind = RecordKind.INQUIRY, **differs: Any) -> Any:
    """A finished record, in one go; its id."""
    with transaction(scene.sessions) as session:
        record = begin(session, scene, kind)
        keep(session, scene, record, **(differs or (found() if kind is RecordKind.INSPECTION else {})))
        read_over(session, scene, record)
        nobody = kind is RecordKind.INSPECTION and record.bystander_sealed is None and record.file_party_id is None
        if nobody:
            finish(session, scene, record, RecordEnding.ABSENT, reason="驾驶人不在现场", witness="社区工作人员王某")
        else:
            finish(session, scene, record)
        return record.id


def value(session: Session, record_id: Any) -> reading.RecordValue:
    record = reading.find(session, record_id)
    assert record is not None
    return reading.value(session, KEY, record)
