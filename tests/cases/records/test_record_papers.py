"""Papers of records: filled from what was taken down, each sentence by its line, one paper for each record."""

import io
import re
import uuid
from pathlib import Path

import pypdfium2
import pytest
from docx import Document
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from cases import witnesses
from cases.papers import documents, signing
from cases.papers.errors import PaperRefused
from cases.papers.kinds import Place
from cases.records import reading, writing
from cases.volume import contents, search_index
from cases.volume.order import read_order
from cases.witnesses import Heard
from models.database import transaction
from models.enums import PaperKind, PartyAct, RecordEnding, RecordKind
from models.papers import FilePaper
from models.parties import PartyEvent
from models.records import FileRecord, RecordLine, RecordLook
from models.volumes import FileSearch
from tests.cases.papers.paper_scene import KEY, Scene
from tests.cases.records.record_scene import (
    ANSWERS,
    SECRET,
    begin,
    finish,
    found,
    gone_on_with,
    keep,
    open_records,
    read_over,
    taken,
)
from tests.conftest import Database

MARK = re.compile(r"\[([ERL]\d+)\]")
INSPECTION, INQUIRY, HEARING = RecordKind


@pytest.fixture
def scene(sqlite_database: Database, tmp_path: Path) -> Scene:
    return open_records(sqlite_database.sessions, tmp_path)


def make_all(scene: Scene) -> dict[tuple[PaperKind, str], FilePaper]:
    with scene.press() as (press, session):
        made = documents.make_all(session, scene.file_id, by=scene.by(session), at=scene.at, press=press)
        return {(paper.kind, paper.about): paper for paper in made}


def text_of(scene: Scene, paper: FilePaper) -> str:
    with scene.press() as (press, _):
        document = Document(io.BytesIO(documents.docx_of(paper, press.at_hand)))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


def refuse(session: Session, scene: Scene, record: FileRecord) -> None:
    finish(session, scene, record, RecordEnding.REFUSES, reason="认为没有违法", witness="居委会李某")


def test_each_record_is_a_paper_of_its_own_every_answer_points_at_its_line_and_each_look_is_on_record(
    scene: Scene,
) -> None:
    first = taken(scene)
    with transaction(scene.sessions) as session:
        heard = Heard("李四", "看见车停在人行道上。", scene.at.date(), relation="邻居")
        witness = witnesses.add_witness(
            session, KEY, scene.file(session), heard, by=scene.user(session, "wang"), at=scene.at
        )
        second = begin(session, scene)
        said = {"asked": f"witness:{witness.id}", "begun": "2026-03-02T13:11", "ended": "2026-03-02T13:12"}
        keep(session, scene, second, **said)
        read_over(session, scene, second)
        writing.correct(
            session, KEY, second.id, corrects=4, say="十五分钟。", by=scene.user(session, "wang"), at=scene.at
        )
        refuse(session, scene, second)
    seen = taken(scene, INSPECTION, **found(begun="2026-03-02T13:13", ended="2026-03-02T13:14"))
    made = make_all(scene)
    mine = {
        each: made[kind, f"record:{each}"]
        for each, kind in (
            (first, PaperKind.INQUIRY_RECORD),
            (second.id, PaperKind.INQUIRY_RECORD),
            (seen, PaperKind.INSPECTION_RECORD),
        )
    }
    assert not {(PaperKind.INQUIRY_RECORD, ""), (PaperKind.INSPECTION_RECORD, "")} & made.keys()
    with transaction(scene.sessions) as session:
        lines = {str(line.id): line for line in session.scalars(select(RecordLine))}
    for record_id, paper in mine.items():
        pointed = {source["ref"].removeprefix("record_line:"): source["mark"] for source in paper.sources}
        own = [line for line in lines.values() if line.record_id == record_id]
        assert own
        text = text_of(scene, paper)
        for line in own:
            say = KEY.open(line.say_sealed, f"record_line.say:{line.id}")
            assert re.search(re.escape(say) + r".*" + re.escape(f"[{pointed[str(line.id)]}]"), text), say
    told = text_of(scene, mine[first])
    assert all(word in told for word in ("张三", "11010519491231002X", "执法证号 330101", "与我所述相符"))
    refused = text_of(scene, mine[second.id])
    assert all(
        word in refused
        for word in ("李四", "邻居", "对第4项更正为：十五分钟。", "拒绝签名：认为没有违法；见证人：居委会李某")
    )
    assert "与我所述相符" not in refused
    assert "无人在场" in text_of(scene, mine[seen])
    with scene.press() as (press, session):
        page = pypdfium2.PdfDocument(
            documents.bytes_of(session, session.merge(mine[first]), "pdf", at=scene.at, press=press)
        )
        assert SECRET in "".join(each.get_textpage().get_text_range() for each in page).replace("\r\n", "")
    with scene.press() as (press, session):
        seen_paper = documents.find(session, mine[second.id].id)
        assert seen_paper is not None
        documents.look(session, seen_paper, "docx", by=scene.by(session, "sun"), at=scene.at, press=press)
        assert [(each.actor, each.record_id) for each in session.scalars(select(RecordLook))] == [("sun", second.id)]
        of_witnesses = select(PartyEvent.witness_id).where(PartyEvent.act == PartyAct.LOOKED)
        assert session.scalars(of_witnesses.where(PartyEvent.witness_id.is_not(None))).all() == [witness.id]
    assert make_all(scene)[PaperKind.INQUIRY_RECORD, f"record:{first}"].version == 1


def test_a_form_with_blanks_gives_way_to_records_in_the_volume_and_the_report_cites_them(scene: Scene) -> None:
    blank = make_all(scene)[PaperKind.INSPECTION_RECORD, ""]
    with scene.press() as (press, session):
        form = documents.make(
            session, scene.file_id, PaperKind.INQUIRY_RECORD, by=scene.by(session), at=scene.at, press=press
        )
    assert "＿＿＿" in text_of(scene, form)
    assert "你还有无需要补充说明的" in text_of(scene, form)
    seen = taken(scene, INSPECTION)
    with transaction(scene.sessions) as session:
        scene.investigated(session)
    made = make_all(scene)
    report = made[PaperKind.INVESTIGATION_REPORT, ""]
    assert "现场检查（勘验）笔录第1次" in text_of(scene, report)
    assert f"file_record:{seen}" in {source["ref"] for source in report.sources}
    with transaction(scene.sessions) as session:
        whole = contents.gather(session, scene.file_id, read_order(), KEY, at=scene.at)
        bound = [paper for part in whole.papers for paper in part.papers]
        assert [paper.about for paper in bound if paper.kind is PaperKind.INSPECTION_RECORD] == [f"record:{seen}"]
        assert blank.id not in {paper.id for paper in bound}
        assert form.id in {paper.id for paper in bound}
        search_index.index(session, scene.file_id)
        words = session.scalars(select(FileSearch.words)).one()
        assert "北门路执法点" in words
        assert not any(word in words for word in ("白色面包车停在", *ANSWERS))


def test_the_officers_of_a_record_sign_its_paper_and_nobody_else(scene: Scene) -> None:
    third = str(scene.users["zhou"])
    record_id = taken(scene, second=third)
    paper = make_all(scene)[PaperKind.INQUIRY_RECORD, f"record:{record_id}"]
    with transaction(scene.sessions) as session:
        places = {
            name: signing.places_for(session, paper, scene.user(session, name)) for name in ("wang", "zhao", "zhou")
        }
        assert places == {"wang": (Place.OFFICER_1,), "zhao": (), "zhou": (Place.OFFICER_2,)}


def test_no_paper_is_made_of_a_record_that_was_changed(scene: Scene) -> None:
    taken(scene)
    with transaction(scene.sessions) as session:
        line_id: uuid.UUID = session.scalars(select(RecordLine.id).where(RecordLine.number == 4)).one()
        forged = KEY.seal("我停了一整天。", f"record_line.say:{line_id}")
        session.execute(update(RecordLine).where(RecordLine.id == line_id).values(say_sealed=forged))
    with pytest.raises(PaperRefused) as refused:
        make_all(scene)
    assert refused.value.why == "record_changed"


def test_a_hearing_is_a_paper_of_what_each_said_signed_by_chair_and_clerk(scene: Scene) -> None:
    with transaction(scene.sessions) as session:
        scene.investigated(session)
        scene.heard_in_person(session, scene.noticed(session, hearing=True))
        record = begin(session, scene, HEARING, "zhou")
        scene.seconds += 86_400 * 12
        spoken = gone_on_with(reading.draft_of(KEY, record).lines)
        keep(
            session,
            scene,
            record,
            "zhou",
            lines=spoken,
            second=str(scene.users["zhou"]),
            begun="2026-03-14T12:00",
            ended="",
        )
        read_over(session, scene, record, "zhou")
        finish(session, scene, record, name="qian")
    paper = make_all(scene)[PaperKind.HEARING_RECORD, f"record:{record.id}"]
    text = text_of(scene, paper)
    assert all(
        word in text for word in ("主持人：核对听证参加人", "调查人员：", "记录人", "周旁人", "以上笔录已核对无误")
    )
    assert MARK.search(text)
    with transaction(scene.sessions) as session:
        chair, clerk = scene.user(session, "qian"), scene.user(session, "zhou")
        assert signing.places_for(session, paper, chair) == (Place.CHAIR,)
        assert signing.places_for(session, paper, clerk) == (Place.CLERK,)
