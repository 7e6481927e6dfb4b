"""How fast case files are found among 10,000, by what, and what keeping the index costs each act.

    python -m benchmarks.file_search [--files 10000] [--database URL] [--rounds 15]

The search itself as the desk calls it (cases/volume/search.py), within a scope of one of four areas: the median time of
one transaction. Beside it the same words asked without the index, as LIKE alone. Without --database it is SQLite; give
one that is empty, it is filled. The texts are put together from phrases of such matters, some 600 characters a
file. A JSON line is printed last.
"""

import argparse
import json
import random
import tempfile
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session

from cases.casework import steps
from cases.casework.steps import PROGRAM_ITSELF
from cases.entitlements import Limit, Scope
from cases.scope import files_within
from cases.volume import search
from cases.volume.search import Asked
from cases.volume.search_words import comparable, joined, pieces_of
from models.case_files import CaseFile
from models.database import Sessions, open_database, reading, sessions_of, sqlite_url, transaction, upgrade
from models.dispatch import Area
from models.enums import AreaLevel, CaseSource, FileAct, FileState, Offence, Procedure
from models.volumes import FileSearch
from tests.rows import NOON

AREAS = ("east", "west", "north", "south")
SCOPE = Scope(frozenset({Limit("east", None)}))
PARTS = (
    "白色小型客车停放在人行道上", "占用盲道妨碍行人通行", "经短信通知后未在十分钟内驶离", "水果摊占用人行道经营",
    "经劝离后仍不离开", "倾倒建筑垃圾于绿化带内", "当事人陈述称仅临时停放", "现场拍摄照片三张并录像",
    "依据综合行政执法条例的规定", "责令立即改正违法行为", "当事人到场后配合调查", "违法行为轻微并及时改正",
    "店外堆放货物影响市容", "夜间露天烧烤产生油烟", "共享车辆乱停放堵塞路口", "擅自在树木上张贴广告",
)  # fmt: skip
STREETS = ("环城东路", "中山北路", "解放南路", "人民西路", "建设大道", "滨河路", "学院路", "市场街")
ASKED: dict[str, Asked] = {
    "two_characters": Asked(words="烧烤"),
    "a_phrase": Asked(words="占用盲道妨碍行人"),
    "two_words": Asked(words="绿化带 学院路"),
    "a_number": Asked(words="温综执〔2026〕第04320号"),
    "a_plate": Asked(words="浙J·04320"),
    "half_a_plate": Asked(words="J0432"),
    "one_character": Asked(words="树"),
    "nothing_there": Asked(words="消防栓前停车"),
    "place_and_state": Asked(place="滨河路", state=FileState.FILED),
}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--files", type=int, default=10_000)
    arguments.add_argument("--database")
    arguments.add_argument("--rounds", type=int, default=15)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="search-benchmark-") as folder:
        engine = open_database(given.database or sqlite_url(Path(folder) / "search.db"))
        upgrade(engine)
        sessions = sessions_of(engine)
        began = time.perf_counter()
        fill(sessions, given.files)
        with engine.begin() as connection:
            connection.execute(text("ANALYZE"))
        figures: dict[str, Any] = {"engine": engine.dialect.name, "files": given.files}
        figures["filled_s"] = round(time.perf_counter() - began, 1)
        for name, asked in ASKED.items():
            took, total = timed(sessions, given.rounds, lambda session, asked=asked: found(session, asked))  # type: ignore[misc]
            figures[name] = {"ms": took, "found": total}
            if asked.words and not asked.place:
                figures[name]["without_index_ms"] = timed(
                    sessions,
                    given.rounds,
                    lambda session, asked=asked: scanned(session, asked.words),  # type: ignore[misc]
                )[0]
            print(f"{name:18} {figures[name]}")
        figures["act_ms"], figures["act_without_index_ms"] = acts(sessions, given.rounds)
        engine.dispose()
    print(json.dumps(figures, ensure_ascii=False))


def fill(sessions: Sessions, count: int) -> None:
    """Rows written at once, as an import would: no events, the words as the index would gather them."""
    chance = random.Random(7)
    with transaction(sessions) as session:
        for area in AREAS:
            session.add(Area(id=area, name=area, level=AreaLevel.CITY))
        session.flush()
        files, words = [], []
        for number in range(count):
            row = _file(number, chance)
            files.append(row)
            said = joined([row["number"], row["title"], row["facts"], row["place"], f"浙J{number:05}"])
            words.append({"file_id": row["id"], "words": said, "grams": " ".join(pieces_of(said))})
        session.execute(insert(CaseFile), files)
        session.execute(insert(FileSearch), words)


def _file(number: int, chance: random.Random) -> dict[str, Any]:
    at = NOON + timedelta(minutes=number)
    # a few hundred characters that hardly repeat, as names of goods and shops and answers do not, and the usual phrases
    rare = "".join(chr(chance.randrange(0x4E00, 0x4E00 + 3000)) for _ in range(300))
    return {
        "id": uuid.UUID(int=number + 1),
        "number": f"温综执〔2026〕第{number:05}号",
        "source": CaseSource.PATROL,
        "source_note": "",
        "procedure": Procedure.ORDINARY,
        "state": chance.choice((FileState.FILED, FileState.SERVED, FileState.CLOSED)),
        "offence": chance.choice(list(Offence)),
        "law_code": "parking-footway",
        "title": chance.choice(PARTS),
        "facts": "，".join(chance.choices(PARTS, k=20 if number % 50 else 4)) + rare,
        "place": f"{chance.choice(STREETS)} {number % 300} 号",
        "area_id": AREAS[number % 4],
        "timezone": "Asia/Shanghai",
        "conduct_from_at": at,
        "conduct_to_at": at + timedelta(minutes=10),
        "registered_at": at + timedelta(hours=1),
        "review_grounds": [],
    }


def found(session: Session, asked: Asked) -> int:
    return search.search(session, asked, SCOPE).total


def scanned(session: Session, typed: str) -> int:
    """The same answer without the index: every text is read."""
    says = [FileSearch.words.contains(term, autoescape=True) for term in comparable(typed).split()]
    where = [files_within(SCOPE), CaseFile.id.in_(select(FileSearch.file_id).where(*says))]
    total = session.scalar(select(func.count()).select_from(CaseFile).where(*where)) or 0
    session.scalars(select(CaseFile).where(*where).order_by(CaseFile.registered_at.desc()).limit(50)).all()
    return total


def timed(sessions: Sessions, rounds: int, ask: Callable[[Session], int]) -> tuple[float, int]:
    """Milliseconds, the median; and what was found."""
    took, total = [], 0
    for _ in range(rounds):
        began = time.perf_counter()
        with reading(sessions) as session:
            total = ask(session)
        took.append((time.perf_counter() - began) * 1000)
    return round(median(took), 2), total


def acts(sessions: Sessions, rounds: int) -> tuple[float, float]:
    """Milliseconds of an act that changes the words, and of the same row written without index and event."""
    with_index, without = [], []
    for number in range(rounds):
        at = NOON + timedelta(days=30, minutes=number)
        began = time.perf_counter()
        with transaction(sessions) as session:
            file = session.get_one(CaseFile, uuid.UUID(int=number + 1))
            file.facts += "又查明一事"
            steps.note(session, file, FileAct.FACTS_SAID, by=PROGRAM_ITSELF, at=at)
        with_index.append((time.perf_counter() - began) * 1000)
        began = time.perf_counter()
        with transaction(sessions) as session:
            file = session.get_one(CaseFile, uuid.UUID(int=number + 1))
            file.facts += "又查明一事"
            steps.note(session, file, FileAct.FACTS_SAID, by=PROGRAM_ITSELF, at=at)
            session.info.clear()  # nobody is told that the file is due for the index
        without.append((time.perf_counter() - began) * 1000)
    return round(median(with_index), 2), round(median(without), 2)


if __name__ == "__main__":
    main()
