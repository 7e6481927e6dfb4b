"""Files of the catalogue: both forms, both encodings, and every fault told with its line, with nothing taken in."""

from datetime import date
from pathlib import Path

import pytest

from cases.law.errors import LawFileRefused
from cases.law.import_law import LawFile, read_bytes, read_import, starting_catalogue
from cases.law.items import LawItem, Subject
from models.enums import Offence, OutcomeKind, SpareGround

SOURCE = "某市综合行政执法局裁量基准 2026 第3号"
CSV = """\
编码,大类,权力事项,违法行为,识别类型,生效日期,失效日期,违则名称,违则条款,违则原文,罚则名称,罚则条款,可以警告,公民最低罚款,公民最高罚款,单位最低罚款,单位最高罚款,回溯天数,裁量基准,档次编码,档次,档次对象,适用情形,处理,档次最低罚款,档次最高罚款
C1,停车管理,违停,人行道上停放机动车,illegal_parking,2026-01-01,,道路交通安全法,第五十六条,"机动车应当在规定地点停放。
禁止在人行道上停放机动车。",道路交通安全法,第九十三条,是,20,200,20,200,365,示例,usual,一般,,,罚款,50,100
,,,,,,,,,,,,,,,,,,,repeated,再次,,priors>=2；harm=slight,罚款,100,150.50
C2,市容,乱倒垃圾,偷倒垃圾,,2026-01-01,2027-01-01,市容条例,第二十八条,,市容条例,第三十四条,否,,,,,,,,,,,,,
"""
YAML = """\
source: 某市公布
items:
  - code: C9
    class: {zh: 停车管理}
    power: {zh: 违停, en: Parking}
    act: {zh: 人行道停车}
    valid_from: 2026-01-01
    violation:
      - {id: v, law: {zh: 道路交通安全法}, article: {zh: 第五十六条}}
    penalty:
      - {id: p, law: {zh: 道路交通安全法}, article: {zh: 第九十三条}}
    limits: {citizen: {warning: true, fine_min_fen: 2000, fine_max_fen: 20000}}
    standard: {name: {zh: 基准}, verified: true}
    band:
      - {code: spared, name: {zh: 不罚}, when: [corrected, harm=none], outcome: no_penalty,
         spare_ground: slight_and_corrected}
      - {code: usual, name: {zh: 一般}, outcome: fine, fine_min_fen: 2000, fine_max_fen: 5000}
"""


def told(raw: bytes, name: str = "law.csv", source: str | None = SOURCE) -> list[str]:
    with pytest.raises(LawFileRefused) as refused:
        read_bytes(raw, name, source=source)
    return [str(problem) for problem in refused.value.problems]


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (CSV.encode(), "law.csv"),
        (CSV.encode("utf-8-sig"), "law.csv"),
        (CSV.encode("gb18030"), "law.csv"),
        (CSV.replace("\n", "\r\n").encode("gb18030"), "LAW.CSV"),
    ],
    ids=["utf8", "utf8_with_mark", "gb18030", "gb18030_of_windows"],
)
def test_a_csv_reads_the_same_however_it_was_saved(raw: bytes, name: str) -> None:
    first, second = read_bytes(raw, name, source=SOURCE).items
    assert (first.code, first.act.zh, first.offence) == ("C1", "人行道上停放机动车", Offence.ILLEGAL_PARKING)
    assert first.limits[Subject.CITIZEN].fine_max_fen == 20_000
    assert first.limits[Subject.ORGANISATION].warning
    assert "禁止在人行道上停放机动车" in first.violation[0].text
    repeated = first.band_named("repeated")
    assert repeated is not None
    assert (repeated.fine_min_fen, repeated.fine_max_fen) == (10_000, 15_050)
    assert [str(condition) for condition in repeated.conditions] == ["priors>=2", "harm=slight"]
    assert (second.valid_to, second.band, second.limits[Subject.CITIZEN].fine_max_fen) == (date(2027, 1, 1), (), None)
    assert not any(clause.verified for clause in (*first.violation, *first.penalty)), "a CSV compares no texts"


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_yaml_names_its_own_source_and_bands_of_no_penalty(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "law.yaml"
    path.write_bytes(YAML.encode(encoding))
    file = read_import(path)
    (item,) = file.items
    assert (file.source, file.name, item.code) == ("某市公布", "law.yaml", "C9")
    assert item.band[0].outcome is OutcomeKind.NO_PENALTY
    assert item.band[0].spare_ground is SpareGround.SLIGHT_AND_CORRECTED
    assert item.standard is not None
    assert item.standard.verified


def test_every_fault_of_a_csv_is_told_with_its_line_and_nothing_is_half() -> None:
    broken = (
        CSV.replace("C1,停车管理", "C1,")
        .replace("罚款,50,100", "罚款,50,900")
        .replace("priors>=2；harm=slight", "priors is 2")
        .replace("C2,市容", "C2 ,市容")
        .replace("2026-01-01,2027-01-01", "someday,2027-01-01")
    )
    problems = told(broken.encode())
    assert any(line.startswith("line 2: class.zh:") for line in problems)
    assert any(line.startswith("line 4: band.when") or "priors is 2" in line for line in problems)
    assert any(line.startswith("line 5: valid_from") for line in problems)
    assert len(problems) == len(set(problems))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("罚款,50,100", "罚款,50,900", "outside what the clause allows"),
        ("priors>=2；harm=slight", "with=nothing_known", "no circumstance of the item"),
        (",365,示例", ",,示例", "lookback_days"),
        (",365,示例", ",365,", "name it in `standard`"),
        (",20,200,20,200", ",300,200,20,200", "least fine is above the greatest"),
        ("罚款,50,100", "罚款,50,a lot", "`a lot` is no amount in yuan"),
        ("罚款,50,100", "罚款,50.005,100", "`50.005` is no amount in yuan"),
        ("illegal_parking", "loitering", "illegal_parking"),
        ("处理,档次最低罚款", "结果,档次最低罚款", "no such column"),
        ("编码,大类", "编码,编码", "no such column, or twice"),
        ("罚则名称", "罚则的名称", "this column is missing"),
        ("2026-01-01,2027-01-01", "2027-01-01,2027-01-01", "first day it no longer holds"),
        (",repeated,再次", ",usual,再次", "usual is there twice"),
        ("C2,市容", "C1,市容", "this is not what line 2 says of the same item"),
        ("C2,市容,乱倒垃圾", "C2,市容", "cells; the first line has"),
        ("偷倒垃圾", "偷倒\x00垃圾", "control character"),
    ],
    ids=[
        "band_above_the_limit",
        "unknown_circumstance",
        "priors_without_look_back",
        "bands_without_a_standard",
        "limits_turned_round",
        "words_for_an_amount",
        "less_than_a_fen",
        "unknown_offence",
        "unknown_column",
        "column_twice",
        "column_missing",
        "ends_on_its_first_day",
        "band_twice",
        "other_words_for_the_same",
        "a_cell_short",
        "control_character",
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(before: str, after: str, expected: str) -> None:
    assert before in CSV
    problems = told(CSV.replace(before, after, 1).encode())
    assert any(expected in problem for problem in problems), problems


def test_two_versions_of_a_code_on_one_day_are_refused_and_told_where_the_first_stands() -> None:
    again = CSV + CSV.splitlines()[-1].replace("2026-01-01,2027-01-01", "2026-06-01,") + "\n"
    (problem,) = told(again.encode())
    assert problem.startswith("line 6: valid_from: C2 holds from 2026-06-01, and so does line 5")
    later = CSV + CSV.splitlines()[-1].replace("2026-01-01,2027-01-01", "2027-01-01,") + "\n"
    assert len(read_bytes(later.encode(), "law.csv", source=SOURCE).items) == 3


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (YAML.replace("power:", "powers:"), 5),
        (YAML.replace("valid_from: 2026-01-01", "valid_from: someday"), 7),
        (YAML.replace("outcome: fine, fine_min_fen: 2000", "outcome: fine, fine_min_fen: 0"), 17),
        (YAML.replace("    act: {zh: 人行道停车}\n", ""), 3),
        (YAML.replace("  - code: C9", "  - version_id: x\n    code: C9"), 3),
        (YAML.replace("items:", "things:"), 2),
        ("source: [", 1),
        ("", 1),
    ],
    ids=[
        "misspelt_key",
        "no_day",
        "fine_of_nothing",
        "act_missing",
        "a_key_of_rows",
        "misspelt_list",
        "broken",
        "empty",
    ],
)
def test_a_fault_of_a_yaml_is_told_with_its_line(text: str, line: int) -> None:
    assert any(problem.startswith(f"line {line}:") for problem in told(text.encode(), "law.yaml"))


@pytest.mark.parametrize(
    ("raw", "name", "expected"),
    [
        (CSV.encode("utf-16"), "law.csv", "UTF-16"),
        (b"\xff" * 40, "law.csv", "neither UTF-8 nor GB18030"),
        (CSV.encode(), "law.xlsx", "ends in .csv"),
        (b"," * 9_000_000, "law.csv", "larger than"),
        (CSV.splitlines()[0].encode(), "law.csv", "no item"),
    ],
    ids=["utf16", "no_text", "a_workbook", "too_large", "nothing_in_it"],
)
def test_what_is_no_file_of_the_catalogue_is_refused(raw: bytes, name: str, expected: str) -> None:
    assert expected in told(raw, name)[0]


def test_a_csv_needs_to_be_told_where_it_is_published() -> None:
    assert "say where this is published" in told(CSV.encode(), source=None)[0]


def starting() -> LawFile:
    return starting_catalogue()


def test_the_starting_catalogue_covers_what_cameras_see_and_claims_nothing_it_has_not_compared() -> None:
    items = starting().items
    assert {item.offence for item in items} == set(Offence)
    clauses = [clause for item in items for clause in (*item.violation, *item.penalty)]
    assert all(clause.text and clause.read_in for clause in clauses if clause.verified)
    standards = [item.standard for item in items if item.band]
    assert all(standard is not None and not standard.verified for standard in standards), "its bands are an example"


@pytest.mark.parametrize(
    ("code", "subject", "least", "most"),
    [
        ("03.01.001", Subject.CITIZEN, 2_000, 20_000),  # 道路交通安全法 art. 93: 20 to 200 yuan
        ("01.02.003", Subject.CITIZEN, 10_000, 50_000),  # 固体废物污染环境防治法 art. 111: 100 to 500 yuan
        ("01.02.003", Subject.ORGANISATION, 5_000_000, 50_000_000),  # 50,000 to 500,000 yuan
        ("01.02.004", Subject.ORGANISATION, 10_000_000, 100_000_000),  # 100,000 to 1,000,000 yuan
        ("02.01.001", Subject.CITIZEN, None, 2_000_000),  # 城市道路管理条例 art. 42: up to 20,000 yuan
        ("01.02.001", Subject.CITIZEN, None, None),  # 城市市容和环境卫生管理条例 art. 34 names no amount
    ],
)
def test_its_limits_are_those_of_the_articles(code: str, subject: Subject, least: int | None, most: int | None) -> None:
    found: LawItem = next(item for item in starting().items if item.code == code)
    limits = found.limits[subject]
    assert (limits.fine_min_fen, limits.fine_max_fen) == (least, most)
