"""Record contents: what the paper of a record says, each sentence by the line of the record that carries it.

Pure. What officers took down is in cases/records; without a record the same papers are forms with blanks
(cases/papers/contents.py).
"""

from cases.papers import pieces
from cases.papers.composer import Composer
from cases.papers.sources import Sentence, Source
from cases.papers.wording import word
from cases.records.reading import LineValue, RecordValue
from models.enums import RecordEnding, RecordKind

NOBODY = "无人在场"


def inspection(paper: Composer, record: RecordValue) -> None:
    pieces.matter_fields(paper)
    _when_and_where(paper, record, "检查（勘验）")
    there = record.asked.identity.name if record.asked else record.bystander
    paper.field("在场人", there or NOBODY, pieces.record_row(paper, record))
    _officers(paper, record)
    for each in record.taken_down:
        paper.say("facts", Sentence(f"{each.number}．{each.say}", (_line(paper, record, each),)))
    pieces.pictures(paper)
    _told(paper, record, "shown_certificate", "ask_recusal")
    _ends(paper, record)


def inquiry(paper: Composer, record: RecordValue) -> None:
    paper.field("案由", paper.matter.file.title, paper.registered)
    _when_and_where(paper, record, "询问")
    _who(paper, record)
    _officers(paper, record)
    _told(paper, record, "shown_certificate", "ask_recusal", "answer_truly")
    for each in record.taken_down:
        said = (_line(paper, record, each),)
        paper.line("questions", said, number=str(each.number), text=each.ask, answer=each.say)
    _ends(paper, record)


def hearing(paper: Composer, record: RecordValue) -> None:
    held = record.row.hearing
    assert held is not None, "the record of a hearing names it"
    rests = pieces.record_row(paper, record)
    paper.field("案由", paper.matter.file.title, paper.registered)
    _when_and_where(paper, record, "听证")
    paper.field("听证方式", "公开" if held.in_public else "不公开", paper.row("file_hearing", held.id, "听证登记"))
    chair, clerk = record.row.first, record.row.second
    assert chair is not None, "a finished record names two"
    assert clerk is not None, "a finished record names two"
    paper.field("听证主持人", chair.display_name, rests)
    paper.field("记录人", clerk.display_name, rests)
    _who(paper, record)
    pieces.officers(paper)
    _told(paper, record, "hearing_agent", "hearing_chair")
    for each in record.taken_down:
        speaker = word("speaker", each.speaker or "")
        paper.say("minutes", Sentence(f"{each.number}．{speaker}：{each.say}", (_line(paper, record, each),)))
    if held.opinion:
        said = paper.row("file_hearing", held.id, "听证登记")
        paper.say("reasons", Sentence(held.opinion.strip(), (said, *paper.rights.on("hearing_decides"))))
    _ends(paper, record)


def blank_closing(paper: Composer, kind: RecordKind) -> None:
    """What stands over the signature of a form that is written by hand."""
    paper.blocks["closing"] = [{"text": word("record_read", kind), "marks": ""}]


def _ends(paper: Composer, record: RecordValue) -> None:
    """What was put right when it was read over, and what the person did then."""
    for each in record.corrections:
        lead = f"对第{each.corrects}项更正为" if each.corrects else "补充"
        paper.say("corrections", Sentence(f"{each.number}．{lead}：{each.say}", (_line(paper, record, each),)))
    rests = (pieces.record_row(paper, record),)
    if record.row.ending is RecordEnding.SIGNS:
        paper.say("closing", Sentence(word("record_read", record.row.kind), rests))
        return
    witness = f"；见证人：{record.ending_witness}" if record.ending_witness else ""
    said = f"{word('record_ending', record.row.ending or '')}：{record.ending_reason}{witness}。"
    paper.say("closing", Sentence(said, rests))


def _told(paper: Composer, record: RecordValue, *codes: str) -> None:
    """What the record says was told; of one at which nobody was, nothing."""
    if not record.row.rights_told:
        return
    for code in codes:
        said = paper.rights.say(code, **paper.terms)
        paper.say("rights", Sentence(said.text, (pieces.record_row(paper, record), *said.sources)))


def _who(paper: Composer, record: RecordValue) -> None:
    """In full, as a record that the person signs has it."""
    if record.asked is None:
        return
    rests, known = pieces.record_row(paper, record), record.asked.identity
    paper.field("被询问人" if record.row.kind is RecordKind.INQUIRY else "当事人（代理人）", known.name, rests)
    if record.row.witness_id is None:
        paper.field("证件号码", known.number, rests)
    elif record.asked.relation:
        paper.field("与当事人的关系", record.asked.relation, rests)
    paper.field("住址（住所）", known.address, rests)
    paper.field("联系电话", known.phone, rests)


def _officers(paper: Composer, record: RecordValue) -> None:
    people = (
        (record.row.first, record.row.first_certificate),
        (record.row.second, record.row.second_certificate),
    )
    for user, certificate in people:
        assert user is not None, "a finished record names two"
        paper.field("执法人员", f"{user.display_name}，执法证号 {certificate}", pieces.record_row(paper, record))


def _when_and_where(paper: Composer, record: RecordValue, what: str) -> None:
    paper.field(f"{what}时间", pieces.record_times(paper, record), pieces.record_row(paper, record))
    paper.field(f"{what}地点", record.row.place, pieces.record_row(paper, record))


def _line(paper: Composer, record: RecordValue, line: LineValue) -> Source:
    return paper.row("record_line", line.id, f"{pieces.record_named(record)}第{line.number}项")
