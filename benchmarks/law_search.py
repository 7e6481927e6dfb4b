"""How fast the catalogue of offences is searched, with as many items as a city has and with ten times as many.

    python -m benchmarks.law_search [--rounds 30] [--database URL]

The catalogue is made up: 315 items in ten classes, then 3,150, of real words. Each search is the whole question to the
database and the ranking; the median, the 95th of a hundred and the slowest of all rounds and words. Without --database
it is SQLite; give one that is empty. The target is 50 ms at 315. A JSON line is printed last.
"""

import argparse
import json
import statistics
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path

from cases.law import catalogue
from cases.law.catalogue import By
from cases.law.import_law import LawFile, starting_catalogue
from cases.law.items import LawItem, Said
from models.database import Sessions, open_database, reading, sessions_of, sqlite_url, transaction, upgrade

CITY = 315
WORDS = ("违停", "wt", "03.01", "第九十三条", "建筑垃圾", "jzlj", "parking", "占用 道路", "r", "")
THINGS = [
    "垃圾",
    "渣土",
    "广告",
    "摊位",
    "车辆",
    "绿地",
    "路灯",
    "井盖",
    "招牌",
    "油烟",
    "噪声",
    "犬只",
    "树木",
    "道路",
    "桥梁",
    "河道",
    "燃气",
    "供水",
    "房屋",
    "工地",
]
DEEDS = [
    "擅自占用",
    "随意倾倒",
    "未经批准设置",
    "擅自挖掘",
    "违规堆放",
    "损毁",
    "未按规定清运",
    "擅自搭建",
    "乱扔",
    "违规停放",
]
ON, AT = date(2026, 3, 2), datetime(2026, 3, 2, tzinfo=UTC)


def made_up(count: int) -> list[LawItem]:
    """Beside the starting catalogue, of whose items they have the clauses and bands."""
    patterns = starting_catalogue().items
    items = list(patterns)
    for number in range(count - len(items)):
        pattern = patterns[number % len(patterns)]
        act = f"{DEEDS[number % len(DEEDS)]}{THINGS[number // len(DEEDS) % len(THINGS)]}（{number}）"
        code = f"{number % 10 + 10}.{number // 10 % 10:02}.{number:04}"
        items.append(pattern.model_copy(update={"code": code, "act": Said(zh=act), "keywords": ()}))
    return items


def take_in(sessions: Sessions, items: list[LawItem]) -> float:
    """Seconds until all of it is in force."""
    began = time.perf_counter()
    with transaction(sessions) as session:
        row = catalogue.take_in(session, LawFile("made up", "0" * 64, "made up", tuple(items)), by=By("x"), at=AT)
        catalogue.bring_into_force(session, row.id, by=By("x"), reason="measured", at=AT)
    return time.perf_counter() - began


def measured(sessions: Sessions, rounds: int) -> tuple[float, float, float]:
    """Median, 95th of a hundred and slowest, in milliseconds."""
    took = []
    for _ in range(rounds):
        for words in WORDS:
            began = time.perf_counter()
            with reading(sessions) as session:
                catalogue.search(session, words, ON)
            took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took), statistics.quantiles(took, n=20)[-1], max(took)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--database")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        engine = open_database(given.database or sqlite_url(Path(folder) / "law.db"))
        upgrade(engine)
        sessions = sessions_of(engine)
        answer = {}
        for count in (CITY, CITY * 10):
            seconds = take_in(sessions, made_up(count))
            median, p95, slowest = measured(sessions, given.rounds)
            print(f"{count} items: {median:.1f} ms median, {p95:.1f} ms p95, {slowest:.1f} ms slowest")
            print(f"  taken in and in force within {seconds:.1f} s")
            answer[str(count)] = {
                "median_ms": round(median, 1),
                "p95_ms": round(p95, 1),
                "slowest_ms": round(slowest, 1),
            }
        engine.dispose()
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
