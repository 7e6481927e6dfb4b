"""Records: a draft as typed, two officers, read over, put right by new lines, signed or refused, and then it stands."""

import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from cases import witnesses
from cases.casework import officers, steps
from cases.casework.errors import DatedWrongly, FileRefused
from cases.errors import LawDataUnusable, NotEntitled
from cases.records import reading, stock, writing
from cases.records import typed as as_typed
from cases.records.typed import Typed, TypedLine
from cases.witnesses import Heard
from models import resealing
from models.database import reading as looking
from models.database import transaction
from models.enums import FileAct, PartyAct, RecordEnding, RecordKind, RecordSpeaker, RecordState
from models.parties import PartyEvent
from models.personal_data import load_or_make_key, rotate
from models.records import FileRecord, RecordLine, RecordLook
from tests.cases.papers.paper_scene import KEY, Scene
from tests.cases.records.record_scene import (
    ANSWERS,
    BEGUN,
    SECRET,
    STOCK,
    begin,
    finish,
    found,
    gone_on_with,
    keep,
    open_records,
    read_over,
    taken,
    typed,
    value,
)
from tests.conftest import Database

INSPECTION, INQUIRY, HEARING = RecordKind
ONE, OTHER = (str(uuid.UUID(int=number)) for number in (1, 2))
WHOLE = Typed("北门", BEGUN, "", ONE, OTHER, f"party:{ONE}", "", True, True, (TypedLine("是。", "是你停的吗？"),))
SPOKEN = (TypedLine("开始。", speaker="chair"),)


@pytest.fixture
def scene(sqlite_database: Database, tmp_path: Path) -> Scene:
    return open_records(sqlite_database.sessions, tmp_path)


@pytest.mark.parametrize(
    ("kind", "differs", "why"),
    [
        (INQUIRY, {"place": " "}, "record_no_place"),
        (INQUIRY, {"begun": ""}, "record_no_time"),
        (INQUIRY, {"ended": "soon"}, "record_no_time"),
        (INQUIRY, {"second": ""}, "record_two_officers"),
        (INQUIRY, {"second": ONE}, "record_two_officers"),
        (INSPECTION, {"first": "nobody"}, "record_two_officers"),
        (HEARING, {"second": "", "lines": SPOKEN}, "record_no_clerk"),
        (INQUIRY, {"asked": ""}, "record_nobody_asked"),
        (INQUIRY, {"asked": "bystander"}, "record_nobody_asked"),
        (HEARING, {"asked": f"witness:{ONE}"}, "record_nobody_asked"),
        (INQUIRY, {"asked": "party:me"}, "record_nobody_asked"),
        (INSPECTION, {"asked": "bystander"}, "record_bystander_unsaid"),
        (INQUIRY, {"shown": False}, "record_certificate_not_shown"),
        (INSPECTION, {"shown": False}, "record_certificate_not_shown"),
        (INQUIRY, {"told": False}, "record_rights_not_told"),
        (INQUIRY, {"lines": (TypedLine(" "),)}, "record_empty"),
        (INQUIRY, {"lines": (TypedLine("是。"),)}, "record_line_unasked"),
        (INQUIRY, {"lines": (*WHOLE.lines, TypedLine(ask="几点？"))}, "record_line_unanswered"),
        (INSPECTION, {"lines": (TypedLine("现场情况："),)}, "record_line_unanswered"),
        (HEARING, {"lines": (TypedLine("开始。"),)}, "record_line_nobodys"),
        (INQUIRY, {"lines": (TypedLine("长" * 4001, "?"),)}, "record_line_too_long"),
        (INQUIRY, {"lines": WHOLE.lines * 201}, "record_too_many_lines"),
    ],
    ids=lambda each: each if isinstance(each, str) and each.startswith("record_") else "",
)
def test_what_is_not_whole_is_not_read_over_and_says_what_is_missing(
    kind: RecordKind, differs: dict[str, Any], why: str
) -> None:
    with pytest.raises(FileRefused) as refused:
        as_typed.read(replace(WHOLE, **differs), kind, "Asia/Shanghai")
    assert refused.value.why == why


@pytest.mark.parametrize(
    ("kind", "differs"),
    [
        (INQUIRY, {}),
        (INSPECTION, {"asked": "nobody", "shown": False, "told": False}),
        (INSPECTION, {"asked": "bystander", "bystander": "一名过路的老人"}),
        (HEARING, {"shown": False, "first": "", "lines": SPOKEN}),
    ],
    ids=["inquiry", "nobody_there", "passer_by", "hearing_has_a_chair_of_its_own"],
)
def test_what_is_whole_is_read_as_it_was_typed(kind: RecordKind, differs: dict[str, Any]) -> None:
    whole = replace(WHOLE, **differs)
    said = as_typed.read(as_typed.from_json(as_typed.as_json(whole)), kind, "Asia/Shanghai")
    assert said.lines == whole.lines
    assert as_typed.shown_time(said.begun_at, "Asia/Shanghai") == BEGUN


def test_an_inquiry_is_typed_read_over_put_right_and_signed_and_nothing_of_it_is_overwritten(
    database: Database, tmp_path: Path
) -> None:
    scene = open_records(database.sessions, tmp_path)
    with transaction(database.sessions) as session:
        record = begin(session, scene)
        offered = reading.draft_of(KEY, record)
        assert offered.place == scene.file(session).place
        assert (offered.first, offered.second) == (str(scene.users["wang"]), str(scene.users["zhao"]))
        assert [line.ask for line in offered.lines] == [line.ask for line in typed(session, scene).lines]
        half = replace(offered, lines=(TypedLine(SECRET, "卸货？"),))
        writing.keep(session, KEY, record.id, half, 1, by=scene.user(session, "wang"), at=scene.at)
        assert reading.draft_of(KEY, record) == half
        keep(session, scene, record, "zhao")
    with transaction(database.sessions) as session:
        record = read_over(session, scene, session.get_one(FileRecord, record.id))
        line = writing.correct(
            session, KEY, record.id, corrects=4, say="是二十分钟。", by=scene.user(session, "zhao"), at=scene.at
        )
        assert (line.number, line.corrects) == (len(ANSWERS) + 1, 4)
        finish(session, scene, record)
    with looking(database.sessions) as session:
        said = value(session, record.id)
        assert [each.say for each in said.taken_down] == list(ANSWERS)
        assert [(each.corrects, each.say) for each in said.corrections] == [(4, "是二十分钟。")]
        assert (said.row.first_certificate, said.row.second_certificate) == ("330101", "330102")
        assert said.asked is not None
        assert said.asked.identity.name == "张三"
        events = steps.events_of(session, scene.file(session))
        assert [each.act for each in events[-3:]] == [
            FileAct.RECORD_READ,
            FileAct.RECORD_CORRECTED,
            FileAct.RECORD_FINISHED,
        ]
        assert reading.still_holds(said, events)
        stored = "".join(
            str(row)
            for rows in ("SELECT * FROM file_record", "SELECT * FROM record_line")
            for row in session.execute(text(rows))
        )
        assert not any(word in stored for word in (SECRET, "二十分钟"))
        assert not any(word in str(event.facts) for event in events for word in ("张三", "卸货"))
    for change in ("UPDATE record_line SET number = 9", "DELETE FROM record_line"):
        with pytest.raises(DBAPIError, match="append-only"), transaction(database.sessions) as session:
            session.execute(text(change))


def test_who_is_asked_may_refuse_before_a_witness_and_only_who_was_there_signs(scene: Scene) -> None:
    with transaction(scene.sessions) as session:
        record = begin(session, scene)
        keep(session, scene, record)
        read_over(session, scene, record)
        refusals = [
            (RecordEnding.REFUSES, {}, "no_reason"),
            (RecordEnding.REFUSES, {"reason": "不愿签"}, "record_seen_by_nobody"),
            (RecordEnding.ABSENT, {"reason": "走了"}, "record_somebody_was_there"),
        ]
        for ending, said, why in refusals:
            with pytest.raises(FileRefused) as refused:
                finish(session, scene, record, ending, **said)
            assert refused.value.why == why
        finish(session, scene, record, RecordEnding.REFUSES, reason="认为处罚过重", witness="居委会李某")
        said_of_it = value(session, record.id)
        assert (said_of_it.ending_reason, said_of_it.ending_witness) == ("认为处罚过重", "居委会李某")
        with pytest.raises(FileRefused) as over:
            finish(session, scene, record)
        assert over.value.why == "record_is_finished"
        seen = begin(session, scene, INSPECTION)
        keep(session, scene, seen, begun="2026-03-02T13:11", ended="2026-03-02T13:12", **found())
        read_over(session, scene, seen)
        with pytest.raises(FileRefused) as nobody:
            finish(session, scene, seen)
        assert nobody.value.why == "record_nobody_to_sign"
        assert (seen.certificate_shown, seen.rights_told) == (False, False)


def test_a_record_is_dated_as_every_act_of_a_case_file(scene: Scene) -> None:
    wrong = [
        ({"begun": "2026-03-01T10:00"}, "before_registration"),
        ({"ended": "2026-03-02T12:59"}, "record_ends_before_it_begins"),
        ({"begun": "2026-03-02T13:00", "ended": "2026-03-02T18:00"}, "in_the_future"),
        ({"begun": "2026-03-03T10:00", "ended": ""}, "in_the_future"),
    ]
    with transaction(scene.sessions) as session:
        record = begin(session, scene)
        for differs, why in wrong:
            keep(session, scene, record, **differs)
            with pytest.raises(DatedWrongly) as refused:
                read_over(session, scene, record)
            assert (refused.value.why, record.state) == (why, RecordState.DRAFT)


def test_both_officers_have_a_certificate_stand_in_no_other_record_then_and_did_not_stand_back(scene: Scene) -> None:
    with transaction(scene.sessions) as session:
        record = begin(session, scene)
        for second, why in [("qian", "not_an_officer_there"), ("zhao", None)]:
            keep(session, scene, record, second=str(scene.users[second]))
            if why is not None:
                with pytest.raises(FileRefused) as refused:
                    read_over(session, scene, record)
                assert refused.value.why == why
        read_over(session, scene, record)
        again = begin(session, scene)
        assert again.number == 2
        both = {"first": str(scene.users["zhou"]), "second": str(scene.users["zhao"])}
        keep(session, scene, again, **both, begun="2026-03-02T13:09")
        with pytest.raises(FileRefused) as elsewhere:
            read_over(session, scene, again)
        assert elsewhere.value.facts == {"name": "赵协办", "begun": "2026-03-02 13:00", "ended": "2026-03-02 13:10"}
        keep(session, scene, again, **both, begun="2026-03-02T13:10")
        officers.recuse(
            session,
            scene.file_id,
            scene.user(session, "zhou"),
            reason="邻居",
            by=scene.user(session, "zhou"),
            at=scene.at,
        )
        with pytest.raises(FileRefused) as stood_back:
            read_over(session, scene, again)
        assert stood_back.value.why == "recused"


def test_a_draft_belongs_to_its_writers_and_of_two_at_once_one_is_told(scene: Scene) -> None:
    with transaction(scene.sessions) as session:
        record = begin(session, scene)
        keep(session, scene, record, "zhao")
        stranger = scene.user(session, "zhou")
        draft = typed(session, scene)
        with pytest.raises(FileRefused) as others:
            writing.keep(session, KEY, record.id, draft, 2, by=stranger, at=scene.at)
        assert others.value.why == "record_of_others"
        with pytest.raises(FileRefused) as stale:
            writing.keep(session, KEY, record.id, draft, 1, by=scene.user(session, "wang"), at=scene.at)
        assert stale.value.why == "record_written_meanwhile"
        with pytest.raises(FileRefused) as unread:
            finish(session, scene, record)
        assert unread.value.why == "record_not_read"
        with pytest.raises(FileRefused) as a_draft:
            reading.look(session, KEY, record, by=scene.by(session), reason="看", at=scene.at)
        assert a_draft.value.why == "record_is_a_draft"
        with pytest.raises(NotEntitled):
            begin(session, scene, INQUIRY, "qian")
        writing.drop(session, KEY, record.id, reason="开错了", by=scene.user(session, "wang"), at=scene.at)
        assert reading.draft_of(KEY, record) == draft
        with pytest.raises(FileRefused) as dropped:
            writing.keep(session, KEY, record.id, draft, 2, by=scene.user(session, "wang"), at=scene.at)
        assert dropped.value.why == "record_is_read"


def test_nobody_is_asked_after_the_decision_and_nothing_is_taken_down_after_the_end(scene: Scene) -> None:
    with transaction(scene.sessions) as session:
        scene.investigated(session)
        notice = scene.noticed(session)
        scene.step(session, FileAct.HEAR)
        scene.decided(session, notice)
        with pytest.raises(FileRefused) as decided:
            begin(session, scene)
        assert decided.value.why == "record_after_the_decision"
        assert begin(session, scene, INSPECTION).number == 1
        with pytest.raises(FileRefused) as no_hearing:
            begin(session, scene, HEARING)
        assert no_hearing.value.why == "record_of_no_hearing"
        scene.step(session, FileAct.SERVE, FileAct.PERFORM, FileAct.CLOSE)
        with pytest.raises(FileRefused) as ended:
            begin(session, scene, INSPECTION)
        assert ended.value.why == "record_after_the_end"


def test_a_hearing_is_taken_down_by_a_clerk_who_did_not_investigate_and_its_chair(scene: Scene) -> None:
    with transaction(scene.sessions) as session:
        scene.investigated(session)
        hearing = scene.heard_in_person(session, scene.noticed(session, hearing=True))
        with pytest.raises(FileRefused) as investigated:
            begin(session, scene, HEARING)
        assert investigated.value.why == "record_clerk_unfit"
        record = begin(session, scene, HEARING, "zhou")
        draft = reading.draft_of(KEY, record)
        assert {line.speaker for line in draft.lines} == {"chair", "investigator", "party"}
        said = replace(draft, told=True, begun="2026-03-14T09:00", ended="", lines=gone_on_with(draft.lines))
        scene.seconds += 86_400 * 12
        writing.keep(
            session, KEY, record.id, replace(said, begun=BEGUN), 1, by=scene.user(session, "zhou"), at=scene.at
        )
        with pytest.raises(DatedWrongly) as too_early:
            read_over(session, scene, record, "zhou")
        assert too_early.value.why == "before_its_day"
        writing.keep(session, KEY, record.id, said, 2, by=scene.user(session, "zhou"), at=scene.at)
        read_over(session, scene, record, "qian")
        assert (record.first_id, record.second_id) == (hearing.chair_id, scene.users["zhou"])
        finish(session, scene, record, RecordEnding.REFUSES, "qian", reason="当事人拒绝签字")
        spoken = value(session, record.id).lines
        assert spoken[1].speaker is RecordSpeaker.INVESTIGATOR


def test_each_look_at_what_a_witness_said_is_on_record_with_its_reason(scene: Scene) -> None:
    with transaction(scene.sessions) as session:
        heard = Heard("李四", "看见车停在人行道上。", scene.at.date())
        file = scene.file(session)
        witness = witnesses.add_witness(session, KEY, file, heard, by=scene.user(session, "wang"), at=scene.at)
        asked = f"witness:{witness.id}"
    record_id = taken(scene, asked=asked)
    with transaction(scene.sessions) as session:
        record = reading.find(session, record_id)
        assert record is not None
        assert reading.asked_masked(session, KEY, record) == "李**"
        with pytest.raises(FileRefused) as no_reason:
            reading.look(session, KEY, record, by=scene.by(session, "sun"), reason=" ", at=scene.at)
        assert no_reason.value.why == "no_reason"
        seen = reading.look(session, KEY, record, by=scene.by(session, "sun"), reason="核对", at=scene.at)
        assert seen.asked is not None
        assert seen.asked.identity.name == "李四"
        looks = session.scalars(select(RecordLook)).all()
        assert [(each.actor, each.reason) for each in looks] == [("sun", "核对")]
        looked = session.scalars(select(PartyEvent).where(PartyEvent.act == PartyAct.LOOKED)).all()
        assert [(each.witness_id, each.reason) for each in looked] == [(witness.id, "核对")]


def test_what_was_changed_behind_the_program_is_found(scene: Scene) -> None:
    record_id = taken(scene)
    with transaction(scene.sessions) as session:
        line = session.scalars(select(RecordLine).where(RecordLine.number == 4)).one()
        forged = KEY.seal("我停了一整天。", f"record_line.say:{line.id}")
        session.execute(update(RecordLine).where(RecordLine.id == line.id).values(say_sealed=forged))
    with looking(scene.sessions) as session:
        assert not reading.still_holds(value(session, record_id), steps.events_of(session, scene.file(session)))


def test_records_are_sealed_anew_with_a_new_key(scene: Scene, tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(KEY.secret)
    taken(scene)
    with transaction(scene.sessions) as session:
        begin(session, scene)
    key = rotate(tmp_path / "key")
    older = resealing.older(scene.sessions, key)
    assert {"file_record.draft", "record_line.ask", "record_line.say"} <= older.keys()
    resealing.reseal(scene.sessions, key)
    assert resealing.older(scene.sessions, load_or_make_key(tmp_path / "key")) == {}


def test_the_stock_is_the_bureaus_own_where_it_has_one_and_is_refused_whole_where_it_is_wrong(tmp_path: Path) -> None:
    assert stock.stock_of(None) is stock.stock_of(tmp_path)
    offered = STOCK.for_a(INQUIRY, None)
    assert all(entry.starts for entry in offered[:6])
    assert not any(entry.offences for entry in offered)
    own = tmp_path / "questions.toml"
    entry = '[[entry]]\ncode = "{code}"\nkind = "{kind}"\nzh = "问"\nen = "?"\n'
    own.write_text('version = "1"\n' + entry.format(code="a", kind="inquiry"), "utf-8")
    assert [each.code for each in stock.stock_of(tmp_path).entry] == ["a"]
    for wrong in (entry.format(code="a", kind="hearing"), entry.format(code="a", kind="inquiry") * 2, "[["):
        own.write_text('version = "1"\n' + wrong, "utf-8")
        stock.read_stock.cache_clear()
        with pytest.raises(LawDataUnusable):
            stock.stock_of(tmp_path)
