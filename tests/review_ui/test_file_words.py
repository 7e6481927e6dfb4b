"""Whatever a case file refuses, or lacks before a step, has a sentence in both languages that names the same facts."""

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from cases.casework import gates
from cases.casework.clocks import Light
from cases.casework.errors import DatedWrongly, FileRefused, GateUnmet, StepRefused
from cases.casework.gates import Unmet
from cases.casework.table import STEPS
from cases.languages import LANGUAGES
from cases.records.typed import Who
from models.enums import (
    ApprovalState,
    ApprovalVerdict,
    CaseSource,
    FileAct,
    FileState,
    OutcomeKind,
    Procedure,
    QualificationKind,
    RecordEnding,
    RecordKind,
    RecordSpeaker,
    RecordState,
    ReviewGround,
    ServedPaper,
    ServiceMode,
    SpareGround,
)
from review_ui.catalog import Catalog, load
from review_ui.file_head import TABS
from review_ui.file_overview import OFF_THE_WAY
from review_ui.file_words import article, missing, refusal, yuan
from tests.rows import NOON

CASES = Path(gates.__file__).parents[1]
WORDS = {
    "approval_state": ApprovalState,
    "approval_verdict": ApprovalVerdict,
    "case_source": CaseSource,
    "file_act": FileAct,
    "file_state": FileState,
    "light": Light,
    "outcome_kind": OutcomeKind,
    "procedure": Procedure,
    "qualification_kind": QualificationKind,
    "record_ending": RecordEnding,
    "record_kind": RecordKind,
    "record_speaker": RecordSpeaker,
    "record_state": RecordState,
    "records.asked": Who,
    "review_ground": ReviewGround,
    "served_paper": ServedPaper,
    "service_mode": ServiceMode,
    "spare_ground": SpareGround,
}


def raised(name: str, *files: Path) -> Iterator[tuple[str, frozenset[str] | None]]:
    """Each key that `name` is made with in these files, and the facts it gets; None: they are handed on."""
    for file in files:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or getattr(node.func, "id", "") != name or not node.args:
                continue
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                facts = (
                    None
                    if any(each.arg is None for each in node.keywords)
                    else frozenset(each.arg for each in node.keywords if each.arg)
                )
                yield first.value, facts


def places(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


@pytest.fixture(params=LANGUAGES)
def catalog(request: pytest.FixtureRequest) -> Catalog:
    return load(request.param)


def test_every_word_of_a_case_file_is_said(catalog: Catalog) -> None:
    wanted = {f"{table}.{word.value}" for table, words in WORDS.items() for word in words}
    wanted |= {f"file_tab.{tab or 'overview'}" for tab in TABS}
    sections = ("begin", "who_in", "told_in", "lines_in", "said_in")
    wanted |= {f"records.{section}.{kind.value}" for section in sections for kind in RecordKind}
    wanted |= {f"file_reason.{step.value}" for step in STEPS - OFF_THE_WAY - {FileAct.REGISTER}}
    assert wanted <= catalog.sentences.keys()


def test_everything_a_gate_can_miss_has_its_sentence_and_its_article(catalog: Catalog) -> None:
    found = 0
    for node in ast.walk(ast.parse((CASES / "casework" / "gates.py").read_text("utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Unmet":
            code, by, *facts = node.args
            assert isinstance(code, ast.Constant)
            keys = {
                key.value
                for each in facts
                if isinstance(each, ast.Dict)
                for key in each.keys
                if isinstance(key, ast.Constant)
            }
            assert places(catalog.sentences[f"gate.{code.value!s}"]) <= keys, code.value
            if isinstance(by, ast.Constant):
                assert article(catalog, str(by.value))
            found += 1
    assert found > 30


@pytest.mark.parametrize("refused", ["FileRefused", "PaperRefused", "VolumeRefused", "ScoreRefused", "DatedWrongly"])
def test_every_refusal_has_its_sentence_and_names_no_fact_it_does_not_get(catalog: Catalog, refused: str) -> None:
    found = list(raised(refused, *CASES.rglob("*.py")))
    assert found
    for why, facts in found:
        assert f"file_refused.{why}" in catalog.sentences, why
        if facts is not None:
            assert places(catalog.sentences[f"file_refused.{why}"]) <= facts | {"bound"}, why


def test_a_refusal_is_said_in_the_readers_words() -> None:
    english, chinese = load("en"), load("zh")
    unmet = (Unmet("not_paid", "penalty-66", {"owed_fen": 12_350}), Unmet("hearing_open", "penalty-63"))
    assert refusal(english, GateUnmet(FileAct.PERFORM, unmet)) == (
        "CNY 123.50 are still to be paid. (Administrative Penalty Law, art. 66) "
        "A hearing was asked for and has not been held or given up. (Administrative Penalty Law, art. 63)"
    )
    assert "调查中" in refusal(chinese, StepRefused(FileState.FILED, FileAct.DECIDE))
    assert refusal(english, FileRefused("no_reason")) == "Write the reason; it goes on record."
    assert "2026-03-02 04:00" in refusal(english, DatedWrongly("in_the_future", NOON))


def test_what_is_missing_says_where_it_is_put_right() -> None:
    papers = missing(load("en"), Unmet("camera_discovery_only", "penalty-41", {"papers": "legal_review, announced"}))
    assert "Legal review, Publicly announced" in papers.sentence
    assert papers.where is None
    assert missing(load("en"), Unmet("notice_not_served", "penalty-44")).where == "/service"


@pytest.mark.parametrize(("fen", "said"), [(100, "1"), (12_345, "123.45"), (1_000_000_05, "1,000,000.05"), (5, "0.05")])
def test_amounts_are_said_in_yuan(fen: int, said: str) -> None:
    assert yuan(fen) == said
