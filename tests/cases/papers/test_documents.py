"""Papers made from a matter: what is made when, what each sentence points at, which number it has, what is refused."""

import io
import re
import uuid
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from docx import Document
from docx.document import Document as DocxDocument
from sqlalchemy import select
from sqlalchemy.orm import Session

from cases.casework import filing, steps
from cases.casework.filing import Matter
from cases.papers import documents, matter, pieces, registry
from cases.papers.errors import PaperDamaged, PaperRefused
from cases.papers.kinds import KINDS, OF
from cases.papers.sources import Sentence, SentenceWithoutSource
from evidence.vault import Vault
from models.appeals import Appeal
from models.base import Base
from models.enums import AppealKind, AppealResult, FileAct, PaperKind, Procedure, ServedPaper, SheetKind, SheetState
from models.exhibits import CustodyEvent, Exhibit
from models.papers import FilePaper, NumberedSheet
from tests.cases.papers.paper_scene import KEY, Scene, open_scene
from tests.conftest import Database

MARK = re.compile(r"\[([ERL]\d+)\]")
# paragraphs that state a fact, a right or a decision; cells of forms and tables do too
STATES = {"Fact", "Caption"}
BLANK = "＿"
# rows of the case desk that a paper points at by id; what the draft points at is tested with the draft
OF_THE_DESK = {
    "party",
    "file_officer",
    "file_notice",
    "file_decision",
    "file_hearing",
    "defence_point",
    "goods_measure",
    "goods_item",
    "paper_service",
}
IN_FULL, MASKED = "11010519491231002X", "*" * 14 + "002X"


@pytest.fixture
def scene(sqlite_database: Database, tmp_path: Path) -> Scene:
    return open_scene(sqlite_database.sessions, tmp_path, seen_by_camera=False)


def decided(scene: Scene, **differs: Any) -> None:
    with scene.press() as (_, session):
        scene.investigated(session)
        notice = scene.noticed(session, **differs)
        scene.step(session, FileAct.HEAR)
        scene.decided(session, notice)


def make(scene: Scene, kind: PaperKind, **differs: Any) -> FilePaper:
    with scene.press() as (press, session):
        paper = documents.make(session, scene.file_id, kind, by=scene.by(session), at=scene.at, press=press, **differs)
        return documents.find(session, paper.id) or paper


def make_all(scene: Scene) -> list[FilePaper]:
    with scene.press() as (press, session):
        return documents.make_all(session, scene.file_id, by=scene.by(session), at=scene.at, press=press)


def docx_of(scene: Scene, paper: FilePaper) -> DocxDocument:
    with scene.press() as (press, _):
        return Document(io.BytesIO(documents.docx_of(paper, press.at_hand)))


def text_of(document: DocxDocument) -> str:
    said = [paragraph.text for paragraph in document.paragraphs]
    said += [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join(said)


def pdf_text(held: bytes) -> str:
    pdf = pypdfium2.PdfDocument(held)
    return "".join(page.get_textpage().get_text_range() for page in pdf)


def stated(document: DocxDocument) -> Iterator[str]:
    """Whatever the paper states as fact, right or decision."""
    for paragraph in document.paragraphs:
        if paragraph.style is not None and paragraph.style.name in STATES:
            yield paragraph.text
    for table in document.tables:
        for row in table.rows:
            names = {cell.paragraphs[0].style.name for cell in row.cells if cell.paragraphs[0].style}
            is_head = names == {"Cell Head"}
            is_for_a_name = any((name or "").startswith("Sign ") for name in names)
            if not is_head and not is_for_a_name and BLANK not in row.cells[-1].text:
                yield row.cells[-1].text


def test_a_parking_case_has_all_its_papers_at_once_and_every_sentence_points_somewhere(
    sqlite_database: Database, tmp_path: Path
) -> None:
    scene = open_scene(sqlite_database.sessions, tmp_path)
    with scene.press() as (_, session):
        scene.investigated(session)
        notice = scene.noticed(session, hearing=True)
        scene.said(session, answer="卸货须在允许的地点进行。")
        scene.heard_in_person(session, notice)
        scene.step(session, FileAct.HEAR)
        scene.decided(session, notice)
        scene.served(session)
        scene.took(session)
        scene.step(session, FileAct.SERVE, FileAct.PERFORM, FileAct.CLOSE)
    made = {paper.kind for paper in make_all(scene)}
    on_request = {kind.kind for kind in KINDS if kind.on_request}
    not_of_this_way = {
        PaperKind.RELEASE_DECISION,
        PaperKind.SPOT_DECISION,
        PaperKind.NO_PENALTY_DECISION,
        PaperKind.DEMAND,
        PaperKind.COURT_APPLICATION,
    }
    assert made == set(PaperKind) - on_request - not_of_this_way
    for kind in on_request:
        make(scene, kind)
    with scene.press() as (press, session):
        papers = documents.papers_of(session, scene.file_id)
        for paper in papers:
            document = Document(io.BytesIO(documents.docx_of(paper, press.at_hand)))
            said = list(stated(document))
            assert said, paper.kind
            assert [text for text in said if not MARK.search(text)] == [], paper.kind
            used = {mark for text in said for mark in MARK.findall(text)}
            assert used == {source["mark"] for source in paper.sources}, paper.kind
            _every_source_is_there(session, scene, paper)
            text = pdf_text(documents.bytes_of(session, paper, "pdf", at=scene.at, press=press))
            assert OF[paper.kind].name in text
            assert paper.sheet is None or paper.sheet.text.replace("〔", "").replace("〕", "")[:4] in text
            assert (paper.sheet is not None) == (
                OF[paper.kind].series is not None and paper.kind is not PaperKind.SEIZURE_DECISION
            )
        printed = session.scalars(select(CustodyEvent.reason).where(CustodyEvent.act == "printed")).all()
        events = [
            event for event in steps.events_of(session, scene.file(session)) if event.act is FileAct.DOCUMENT_MADE
        ]
    assert len(printed) == 2, "the record of the place and the report have the camera's pictures"
    assert len(events) == len(papers)
    assert not [event for event in events if "张三" in str(event.facts)]
    assert [paper.version for paper in make_all(scene)] == [1] * len(made), "nothing changed, so nothing is made anew"


def _every_source_is_there(session: Session, scene: Scene, paper: FilePaper) -> None:
    tables: dict[str, Any] = {mapper.class_.__tablename__: mapper.class_ for mapper in Base.registry.mappers}
    seqs = {event.seq for event in steps.events_of(session, scene.file(session))}
    for source in paper.sources:
        kind, _, row_id = source["ref"].partition(":")
        if source["kind"] == "exhibit":
            assert session.get(Exhibit, uuid.UUID(source["ref"])) is not None
        elif source["kind"] == "record" and kind == "event":
            assert int(row_id) in seqs
        elif source["kind"] == "record" and kind in OF_THE_DESK:
            assert session.get(tables[kind], uuid.UUID(row_id)) is not None, source
        assert source["text"]


def fact_lines(scene: Scene, paper: FilePaper) -> list[tuple[str, list[str]]]:
    """Each sentence of the facts, without its marks, and what they point at, a line each."""
    refs = {source["mark"]: source["ref"] for source in paper.sources}
    said = [
        each.text for each in docx_of(scene, paper).paragraphs if each.style is not None and each.style.name == "Fact"
    ]
    return [(MARK.sub("", text).strip(), [refs[mark] for mark in MARK.findall(text)]) for text in said]


def test_facts_are_said_once_what_the_draft_says_by_its_own_evidence_and_what_a_person_says_by_the_act(
    sqlite_database: Database, tmp_path: Path
) -> None:
    scene = open_scene(sqlite_database.sessions, tmp_path, facts="")
    with scene.press() as (_, session):
        file = scene.file(session)
        said = matter.load(session, file.id, key=KEY, at=scene.at)
        stood = next(each for each in said.statements if each.code == "conduct")
        hidden = next(each for each in said.statements if each.code not in pieces.TOLD | pieces.NOT_REPEATED)
        own = "车主到场后称在等人。"
        worded = Matter(
            law_code=file.law_code,
            title=file.title,
            facts=f"{stood.text.zh}\n{own}{hidden.text.zh}",
            place=file.place,
            conduct_from_at=file.conduct_from_at,
            conduct_to_at=file.conduct_to_at,
        )
        filing.say_facts(session, file.id, worded, by=scene.user(session, "wang"), at=scene.at)
        by_wang = f"event:{steps.events_of(session, scene.file(session))[-1].seq}"
        steps.note(session, file, FileAct.FACTS_SAID, by=scene.by(session), at=scene.at, facts={"circumstances": {}})
    for kind in (PaperKind.FILING_APPROVAL, PaperKind.DECISION):
        if kind is PaperKind.DECISION:
            decided(scene)
        lines = fact_lines(scene, make(scene, kind))
        texts = [text for text, _ in lines]
        assert [texts.count(text) for text in (own, stood.text.zh, hidden.text.zh)] == [1, 1, 1], kind
        refs = dict(lines)
        assert refs[own][0] == by_wang
        assert by_wang not in refs[stood.text.zh] + refs[hidden.text.zh]


def test_a_sentence_that_nothing_carries_cannot_be_made() -> None:
    with pytest.raises(SentenceWithoutSource):
        Sentence("该车停放于人行道上。", ())


def test_a_decision_has_what_the_law_asks_of_it(scene: Scene) -> None:
    """行政处罚法 art. 59: the party with name and address, fact and evidence, kind and basis, how and until when it is
    to be done, where and until when to go against it, the bureau.
    """
    decided(scene)
    text = text_of(docx_of(scene, make(scene, PaperKind.DECISION)))
    for piece in (
        "张三",
        "东城市南街9号",
        "〔2026〕城管罚决字第0001号",
        "第九十三条",
        "罚款100元（人民币壹佰元整）",
        "15日内",
        "东城银行",
        "60日内向东城市人民政府申请行政复议",
        "6个月内向东城市人民法院提起行政诉讼",
        "每日按罚款数额的百分之3",
        "责令改正",
        "东城市综合行政执法局",
    ):
        assert piece in text, piece
    assert IN_FULL in text


def test_papers_of_the_house_do_not_show_the_whole_number_of_a_person(scene: Scene) -> None:
    decided(scene)
    text = text_of(docx_of(scene, make(scene, PaperKind.INVESTIGATION_REPORT)))
    assert MASKED in text
    assert IN_FULL not in text
    assert "13800000000" not in text


def test_what_a_bureau_has_not_written_down_is_a_blank_and_never_made_up(scene: Scene) -> None:
    decided(scene)
    (scene.site_folder / "bureau.toml").unlink()
    text = text_of(docx_of(scene, make(scene, PaperKind.DECISION)))
    assert "向＿＿＿＿＿＿申请行政复议" in text
    (scene.site_folder / "bureau.toml").write_text('name = "局"\ncourts = "x"\n', "utf-8")
    with pytest.raises(PaperRefused, match=r"bureau\.toml"):
        make(scene, PaperKind.DECISION)


def test_a_decision_on_the_spot_tells_that_reconsideration_comes_first(
    sqlite_database: Database, tmp_path: Path
) -> None:
    """行政处罚法 art. 52, 行政复议法 art. 23."""
    scene = open_scene(sqlite_database.sessions, tmp_path, seen_by_camera=False, procedure=Procedure.SIMPLE)
    with scene.press() as (_, session):
        notice = scene.noticed(session)
        scene.step(session, FileAct.HEAR)
        scene.decided(session, notice)
    made = {paper.kind: paper for paper in make_all(scene)}
    assert {PaperKind.DECISION, PaperKind.PENALTY_NOTICE}.isdisjoint(made), "the party is told by word of mouth"
    text = text_of(docx_of(scene, made[PaperKind.SPOT_DECISION]))
    assert "应当先自知道本决定之日起60日内" in text
    assert "提起行政诉讼。" in text
    with scene.press() as (press, session):
        paper = documents.find(session, made[PaperKind.SPOT_DECISION].id)
        assert paper is not None
        slip = documents.bytes_of(session, paper, "slip", at=scene.at, press=press)
    (page,) = pypdfium2.PdfDocument(slip)
    assert round(page.get_width() / 72 * 25.4) == 80
    said = page.get_textpage().get_text_range()
    for piece in (
        "当场行政处罚决定书",
        "第0001号",
        "张三",
        "罚款100元",
        "第九十三条",
        "申请行政复议",
        "https://pay.example/q",
    ):
        assert piece in said, piece


def test_who_is_spared_is_told_why_and_by_which_article(scene: Scene) -> None:
    with scene.press() as (_, session):
        scene.investigated(session)
        scene.spared(session)
    made = {paper.kind: paper for paper in make_all(scene)}
    assert PaperKind.PAYMENT_NOTICE not in made
    text = text_of(docx_of(scene, made[PaperKind.NO_PENALTY_DECISION]))
    assert "初次违法且危害后果轻微并及时改正，依据《行政处罚法》第三十三条第一款" in text
    assert "决定不予行政处罚" in text
    assert "教育" in text


def test_a_paper_that_says_something_else_is_a_new_version_under_the_same_number(scene: Scene) -> None:
    decided(scene)
    first = make(scene, PaperKind.DECISION)
    (scene.site_folder / "bureau.toml").write_text('name = "新城管局"\n', "utf-8")
    second = make(scene, PaperKind.DECISION)
    assert (first.version, second.version) == (1, 2)
    assert second.sheet_id == first.sheet_id
    assert second.sheet is not None
    assert (second.sheet.state, second.sheet.used_for) == (SheetState.USED, f"file_paper:{first.id}")
    assert "新城管局" not in text_of(docx_of(scene, first)), "what was made stays as it was"


def test_a_voided_number_is_followed_by_another_paper_with_the_next(scene: Scene) -> None:
    decided(scene)
    first = make(scene, PaperKind.DECISION)
    with scene.press() as (_, session):
        sheet = session.get_one(NumberedSheet, first.sheet_id)
        registry.void(session, sheet, "打印有误", by=scene.by(session), at=scene.at)
    second = make(scene, PaperKind.DECISION)
    assert second.version == 2
    assert second.sheet is not None
    assert second.sheet.text == "〔2026〕城管罚决字第0002号"


def test_things_taken_are_on_a_paper_with_the_number_they_were_taken_under(scene: Scene) -> None:
    with scene.press() as (_, session):
        sheet = registry.draw(
            session, SheetKind.SEIZURE_DECISION, by=scene.by(session), at=scene.at, file_id=scene.file_id
        )
        measure = scene.took(session, sheet.text)
        measure.ended_on, measure.end_document = date(2026, 3, 2), "〔2026〕城管解扣字第0009号"
    made = {paper.kind: paper for paper in make_all(scene)}
    taken, released = made[PaperKind.SEIZURE_DECISION], made[PaperKind.RELEASE_DECISION]
    assert taken.sheet_id == sheet.id
    assert sheet.text in text_of(docx_of(scene, taken))
    assert "三轮车" in text_of(docx_of(scene, made[PaperKind.SEIZURE_LIST]))
    assert released.sheet_id is None, "its number was written down by hand"
    assert "〔2026〕城管解扣字第0009号" in text_of(docx_of(scene, released))
    with scene.press() as (_, session):
        assert registry.missing_numbers(session, SheetKind.SEIZURE_DECISION, 2026) == ()
        assert session.get_one(NumberedSheet, sheet.id).state is SheetState.USED


def test_each_attempt_to_serve_has_its_receipt(scene: Scene) -> None:
    with scene.press() as (_, session):
        failed = scene.served(session, ServedPaper.NOTICE, None)
        failed.failed_on, failed.failure = date(2026, 3, 2), "查无此人"
        session.flush()
        scene.served(session, ServedPaper.NOTICE)
    receipts = [paper for paper in make_all(scene) if paper.kind is PaperKind.SERVICE_RECEIPT]
    assert len({paper.about for paper in receipts}) == 2
    texts = [text_of(docx_of(scene, paper)) for paper in receipts]
    assert "查无此人" in texts[0]
    assert "直接送达" in texts[1]


def test_a_closing_report_waits_for_the_party_and_says_what_a_reconsideration_left(scene: Scene) -> None:
    with scene.press() as (_, session):
        scene.investigated(session)
        notice = scene.noticed(session)
        scene.step(session, FileAct.HEAR)
        decision = scene.decided(session, notice)
        scene.step(session, FileAct.SERVE)
        session.add(
            Appeal(
                file_id=scene.file_id,
                decision_id=decision.id,
                kind=AppealKind.RECONSIDERATION,
                body="东城市人民政府",
                reference="复〔2026〕1号",
                filed_on=date(2026, 3, 3),
                ended_on=date(2026, 3, 20),
                result=AppealResult.CHANGED,
                result_reference="复决〔2026〕1号",
                changed_fine_fen=6_000,
                recorded_by_id=scene.users["wang"],
                recorded_at=scene.at,
            )
        )
    with pytest.raises(PaperRefused) as refused:
        make(scene, PaperKind.CLOSING_REPORT)
    assert refused.value.why == "lacks_performed"
    with scene.press() as (_, session):
        scene.step(session, FileAct.PERFORM)
    text = text_of(docx_of(scene, make(scene, PaperKind.CLOSING_REPORT)))
    assert "2026年3月3日向东城市人民政府申请行政复议，2026年3月20日变更为罚款60元（复决〔2026〕1号）。" in text


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        (PaperKind.PENALTY_NOTICE, "lacks_notice"),
        (PaperKind.DECISION, "lacks_decision"),
        (PaperKind.SPOT_DECISION, "lacks_simple"),
        (PaperKind.NO_PENALTY_DECISION, "lacks_spared"),
        (PaperKind.DEFENCE_REVIEW, "lacks_points"),
        (PaperKind.HEARING_NOTICE, "lacks_hearing"),
        (PaperKind.SERVICE_RECEIPT, "lacks_service"),
        (PaperKind.SEIZURE_LIST, "lacks_measure"),
        (PaperKind.DEMAND, "lacks_decision"),
        (PaperKind.CLOSING_REPORT, "lacks_served"),
        (PaperKind.VOLUME_COVER, "lacks_ended"),
        (PaperKind.WINDOW_SLIP, "lacks_plate"),
        (PaperKind.LEGAL_OPINION, "lacks_investigated"),
    ],
)
def test_a_paper_of_a_step_that_was_not_taken_is_refused(scene: Scene, kind: PaperKind, why: str) -> None:
    with pytest.raises(PaperRefused) as refused:
        make(scene, kind)
    assert refused.value.why == why


def test_what_was_refused_left_no_number_and_no_paper(scene: Scene) -> None:
    decided(scene)
    (scene.site_folder / "templates").mkdir()
    (scene.site_folder / "templates" / "payment_notice.docx").write_bytes(b"PK no docx")
    with pytest.raises(PaperRefused, match=r"payment_notice\.docx"):
        make_all(scene)
    with scene.sessions() as session:
        assert session.scalars(select(NumberedSheet)).all() == []
        assert session.scalars(select(FilePaper)).all() == []
    with Vault.open(scene.folder / "vault") as vault:
        assert len(vault.recover(lambda _: False).orphans) > 0, "what was kept before is nobody's, and goes"


def test_a_changed_byte_in_the_vault_is_found_before_anybody_reads_it(scene: Scene) -> None:
    decided(scene)
    paper = make(scene, PaperKind.DECISION)
    place = Vault.path_of(scene.folder / "vault", paper.sha256, ".docx")
    held = bytearray(place.read_bytes())
    held[len(held) // 2] ^= 1
    place.chmod(0o640)
    place.write_bytes(held)
    with pytest.raises(PaperDamaged):
        docx_of(scene, paper)
