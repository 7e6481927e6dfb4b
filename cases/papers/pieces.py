"""Pieces: what many papers say in the same way: the party, the facts, the law, what comes of it, whom to turn to.

Pure. Each writes into the composer's blocks.
"""

from cases.draft_content import Pointer, Statement
from cases.papers.composer import Composer
from cases.papers.sources import Sentence, Source
from cases.papers.wording import capitals, day, milli, minute, word, yuan
from cases.records.reading import RecordValue
from models.case_files import FileDecision, FileEvent, FileNotice
from models.enums import ExhibitKind, FileAct, OutcomeKind, PartyKind, PartyRole, RecordKind
from models.parties import GoodsMeasure

# of what the program says about a matter, what a paper that goes to the party repeats; the rest is in the report
TOLD = frozenset(
    {
        "plate_read",
        "conduct",
        "camera_place",
        "camera_place_unknown",
        "notice_delivered",
        "notice_not_delivered",
        "announced",
        "left",
        "last_seen",
    }
)
# left out of every paper: what the law says is said by the paper itself
NOT_REPEATED = frozenset({"provision", "provision_unknown", "competence"})
# acts that the way of a matter is not told by
NOT_TOLD = frozenset(
    {
        FileAct.DOCUMENT_MADE,
        FileAct.DOCUMENT_SIGNED,
        FileAct.SHARED,
        FileAct.VOLUME_MADE,
        FileAct.RECORD_READ,
        FileAct.RECORD_CORRECTED,
        FileAct.RECORD_DROPPED,
    }
)
MOST_PICTURES = 4
SHOWN_OF_A_NUMBER = 4


def parties(paper: Composer, *, whole: bool) -> None:
    """whole: with number, phone and address in full, as a paper served on the party has them."""
    party = paper.matter.party
    if party is None:
        paper.field("当事人", "")
        return
    rests = paper.row("party", party.id, f"当事人登记（{word('party', party.kind)}）")
    paper.field("当事人", party.name, rests)
    number = party.number if whole or party.kind is PartyKind.COMPANY else _masked(party.number)
    paper.field("统一社会信用代码" if party.is_organisation else "身份证件号码", number, rests)
    if party.speaks:
        paper.field("法定代表人（负责人、代理人）", party.speaks, rests)
    paper.field("住址（住所）", party.address, rests)
    if whole:
        paper.field("联系电话", party.phone, rests)


def _masked(number: str) -> str:
    if len(number) <= SHOWN_OF_A_NUMBER:
        return number
    return "*" * (len(number) - SHOWN_OF_A_NUMBER) + number[-SHOWN_OF_A_NUMBER:]


def matter_fields(paper: Composer) -> None:
    file = paper.matter.file
    paper.field("案由", file.title, paper.registered)
    paper.field("案件来源", _source(paper), paper.registered)
    paper.field("违法时间", _when(paper), paper.registered)
    paper.field("违法地点", file.place, paper.registered)
    if paper.matter.plates:
        paper.field("车辆号牌", "、".join(paper.matter.plates), paper.registered)


def _source(paper: Composer) -> str:
    said = word("source", paper.matter.file.source)
    return f"{said}（{paper.matter.file.source_note}）" if paper.matter.file.source_note else said


def _when(paper: Composer) -> str:
    file = paper.matter.file
    start = minute(file.conduct_from_at, file.timezone)
    end = minute(file.conduct_to_at, file.timezone)
    return start if start == end else f"{start}至{end}"


def officers(paper: Composer) -> None:
    for officer in paper.matter.officers:
        rests = paper.row("file_officer", officer.row_id, f"执法人员登记：{officer.name}")
        label = "执法人员（主办）" if officer.place == 1 else "执法人员（协办）"
        paper.field(label, f"{officer.name}，执法证号 {officer.certificate}", rests)


def facts(paper: Composer, *, told: bool) -> None:
    """told: as the party is told; else everything that is on record about the conduct.

    What a person took over from the draft is said once, each sentence with what carries it.
    """
    typed = paper.matter.file.facts
    own = typed
    for statement in paper.matter.statements:
        own = own.replace(statement.text.zh, "")
    if own.strip():
        rests = (_facts_said(paper), *(paper.exhibit_sources() if told else ()))
        paper.say("facts", Sentence(own.strip(), rests))
    for statement in paper.matter.statements:
        is_said = not told or _is_told(statement) or statement.text.zh in typed
        if is_said and statement.code not in NOT_REPEATED:
            paper.say("facts", Sentence(statement.text.zh, paper.pointed(statement.pointers)))


def _facts_said(paper: Composer) -> Source:
    """Where the facts were last worded; the act says other things of a case file too."""
    events = reversed(paper.matter.events)
    changed = (each for each in events if each.act is FileAct.FACTS_SAID and "facts" in each.facts.get("changed", ()))
    return paper.event_source(event) if (event := next(changed, None)) else paper.registered


def _is_told(statement: Statement) -> bool:
    return statement.code in TOLD or statement.by is not None


def evidence(paper: Composer) -> None:
    for source in paper.exhibit_sources():
        paper.say("evidence", Sentence(f"{source.text}。", (source,)))
    for point in paper.matter.points:
        said = paper.row("defence_point", point.id, f"陈述申辩第{point.number}点（{day(point.said_on)}）")
        paper.say("evidence", Sentence(f"当事人陈述申辩第{point.number}点（{day(point.said_on)}）。", (said,)))
    for record in paper.matter.records:
        rests = record_row(paper, record)
        paper.say("evidence", Sentence(f"{rests.text}。", (rests,)))
    for measure in paper.matter.measures:
        paper.say(
            "evidence",
            Sentence(f"{word('measure', measure.kind)}清单 {measure.document}。", (measure_row(paper, measure),)),
        )


def law(paper: Composer) -> None:
    """The clause that was violated, and what it leads to, as they held on the day of the conduct."""
    law = paper.matter.law
    if law is None:
        return
    for clauses, form in (
        (law.violation, "上述行为违反了《{law}》{article}的规定{text}。"),
        (law.penalty, "依据《{law}》{article}的规定{text}。"),
    ):
        for clause in clauses:
            unverified = "" if clause.verified else "（条文待核对）"
            source = Source("article", clause.id, f"《{clause.law.zh}》{clause.article.zh}{unverified}")
            text = f"：“{clause.text}”" if clause.text else ""
            said = form.format(law=clause.law.zh, article=clause.article.zh, text=text)
            paper.say("law", Sentence(said.replace("”。", "”"), (source,)))


def law_sources(paper: Composer) -> tuple[Source, ...]:
    law = paper.matter.law
    if law is None:
        return ()
    return tuple(Source("article", clause.id, f"《{clause.law.zh}》{clause.article.zh}") for clause in law.penalty)


def outcome(paper: Composer, outcome: FileNotice | FileDecision, lead: str) -> None:
    """lead: `拟作出`, or `决定给予`."""
    rests: tuple[Source, ...] = (outcome_row(paper, outcome), *law_sources(paper))
    if outcome.outcome is OutcomeKind.FINE:
        assert outcome.fine_fen is not None
        said = f"{lead}罚款{yuan(outcome.fine_fen)}（{capitals(outcome.fine_fen)}）的行政处罚。"
    elif outcome.outcome is OutcomeKind.WARNING:
        said = f"{lead}警告的行政处罚。"
    else:
        said = "决定不予行政处罚。"
        rests = (outcome_row(paper, outcome), *paper.rights.on("no_penalty"))
    if outcome.spare_ground is not None:
        ground, article = word("spare", outcome.spare_ground), word("spare_article", outcome.spare_ground)
        source = Source("article", f"penalty:{article}", f"《行政处罚法》{article}")
        paper.say("reasons", Sentence(f"{ground}，依据《行政处罚法》{article}。", (rests[0], source)))
    if outcome.reasons.strip():
        paper.say("reasons", Sentence(outcome.reasons.strip(), (rests[0],)))
    paper.say("outcome", Sentence(said, rests))
    if outcome.correction.strip():
        correct = paper.rights.say("correct", correction=outcome.correction.strip())
        paper.say("outcome", Sentence(correct.text, (rests[0], *correct.sources)))


def outcome_row(paper: Composer, outcome: FileNotice | FileDecision) -> Source:
    if isinstance(outcome, FileDecision):
        text = f"处罚决定记录（{day(outcome.decided_on)}）"
        return paper.row("file_decision", outcome.id, text)
    return paper.row("file_notice", outcome.id, f"拟处罚内容记录第{outcome.version}版")


def steps(paper: Composer) -> None:
    for event in paper.matter.events:
        if event.act in NOT_TOLD:
            continue
        on = day(event.done_on) if event.done_on else minute(event.at, paper.matter.timezone)
        who = paper.matter.name(event.actor_id) or "系统"
        paper.line("steps", (paper.event_source(event),), on=on, act=word("act", event.act), who=who)


def opinions(paper: Composer, *steps: FileAct) -> None:
    """What the approvers of these steps said."""
    for approval in paper.matter.approvals:
        if approval.step not in steps:
            continue
        asked = paper.row("file_approval", approval.id, f"审批：{word('act', approval.step)}")
        at = minute(approval.asked_at, paper.matter.timezone)
        paper.line(
            "opinions",
            (asked,),
            role="提请人",
            name=approval.asked_by.display_name,
            verdict="提请",
            reason=approval.reason,
            at=at,
        )
        for mark in approval.marks:
            role = approval.chain[mark.level - 1] if mark.level <= len(approval.chain) else ""
            paper.line(
                "opinions",
                (asked,),
                role=word("role", role) if role else "",
                name=mark.user.display_name,
                verdict=word("verdict", mark.verdict),
                reason=mark.reason,
                at=minute(mark.at, paper.matter.timezone),
            )


def points(paper: Composer, *, answered: bool) -> None:
    for point in paper.matter.points:
        rests = paper.row("defence_point", point.id, f"陈述申辩第{point.number}点（{day(point.said_on)}）")
        answer = ""
        if answered and point.answer is not None:
            answer = f"{'采纳' if point.accepted else '不予采纳'}：{point.answer}"
        paper.line(
            "points",
            (rests,),
            number=str(point.number),
            text=point.text,
            said=f"{point.said_by}，{day(point.said_on)}",
            answer=answer,
        )


def measure_row(paper: Composer, measure: GoodsMeasure) -> Source:
    return paper.row("goods_measure", measure.id, f"{word('measure', measure.kind)}记录 {measure.document}")


def record_row(paper: Composer, record: RecordValue) -> Source:
    """The record as a whole, as the list of sources and the evidence name it; a witness without a name."""
    return paper.row("file_record", record.row.id, f"{record_named(record)}（{record_times(paper, record)}）")


def record_named(record: RecordValue) -> str:
    """`当事人询问笔录第1次`."""
    whose = ""
    if record.row.kind is RecordKind.INQUIRY:
        is_party = record.asked is not None and record.asked.role is PartyRole.PARTY
        whose = "当事人" if is_party else "证人" if record.row.witness_id is not None else "有关人员"
    return f"{whose}{word('record', record.row.kind)}第{record.row.number}次"


def record_times(paper: Composer, record: RecordValue) -> str:
    assert record.row.begun_at is not None, "a finished record has its time"
    assert record.row.ended_at is not None, "a finished record has its time"
    begun, ended = (minute(each, paper.matter.timezone) for each in (record.row.begun_at, record.row.ended_at))
    return begun if begun == ended else f"{begun}至{ended}"


def goods(paper: Composer, measure: GoodsMeasure) -> None:
    for item in paper.matter.goods.get(measure.id, ()):
        paper.line(
            "goods",
            (paper.row("goods_item", item.id, f"物品登记 {item.number}"),),
            number=item.number,
            name=item.name,
            kind=word("goods", item.kind),
            unit=item.unit,
            quantity=milli(item.taken_milli),
            condition=item.condition,
            remarks=item.remarks,
        )


def appeal(paper: Composer, *, on_the_spot: bool = False) -> None:
    bureau = paper.bureau
    body = bureau.reconsideration_body
    if bureau.reconsideration_online:
        body = f"{body}（网上申请：{bureau.reconsideration_online}）"
    if on_the_spot:
        paper.tell("appeal_first", reconsideration_body=body)
    else:
        paper.tell("appeal", reconsideration_body=body, court=bureau.court)
    paper.tell("appeal_goes_on")


def payment(paper: Composer) -> None:
    paper.tell("pay", pay_to=paper.bureau.pay_to)
    paper.tell("pay_later")
    paper.tell("late")


def day_of(paper: Composer, event: FileEvent | None) -> str:
    if event is None:
        return ""
    return day(event.done_on) if event.done_on else minute(event.at, paper.matter.timezone)


def pictures(paper: Composer) -> None:
    """Of the stills and close-ups; their bytes are put in where the template is filled."""
    for entry in paper.matter.exhibits:
        if entry.kind not in (ExhibitKind.STILL, ExhibitKind.CLOSE_UP) or len(paper.pictures) == MOST_PICTURES:
            continue
        pointer = Pointer.model_validate({"kind": "exhibit", "ref": str(entry.id), "label": {"zh": "", "en": ""}})
        (source,) = paper.pointed((pointer,))
        marks = paper.marks.of(Sentence(source.text, (source,)))
        paper.pictures.append({"sha256": entry.sha256, "text": source.text, "marks": marks})
