"""Contents: what each kind of paper says, made from the matter alone.

Pure. What many papers say in the same way is in cases/papers/pieces.py, how it is put together in composer.py.
"""

from collections.abc import Callable, Iterable, Mapping

from cases.papers import pieces, record_contents
from cases.papers.bureau import BLANK, Bureau
from cases.papers.composer import Composer
from cases.papers.matter import Matter, ServiceValue
from cases.papers.rights import Rights
from cases.papers.sources import Sentence, Source
from cases.papers.wording import capitals, day, minute, word, yuan
from cases.records.stock import read_stock
from models.enums import FileAct, OutcomeKind, PaperKind, RecordKind
from models.parties import GoodsMeasure

Filler = Callable[[Composer], None]
ANSWER_BLANKS = 5


def compose(
    matter: Matter, kind: PaperKind, about: str, number: str, bureau: Bureau, rights: Rights, terms: Mapping[str, str]
) -> Composer:
    """The paper's content; its values are what a template is filled with."""
    composer = Composer(matter, kind, about, number, bureau, rights, terms)
    FILLERS[kind](composer)
    return composer


def _filing_approval(paper: Composer) -> None:
    pieces.matter_fields(paper)
    pieces.parties(paper, whole=False)
    pieces.officers(paper)
    pieces.facts(paper, told=False)
    pieces.law(paper)
    paper.say("reasons", Sentence("经初步核查，拟按普通程序办理，提请审批。", paper.rights.on("filing")))
    pieces.opinions(paper, FileAct.FILE, FileAct.REFUSE_FILING)


def _inspection_record(paper: Composer) -> None:
    if paper.record is not None:
        record_contents.inspection(paper, paper.record)
        return
    pieces.matter_fields(paper)
    pieces.parties(paper, whole=False)
    pieces.officers(paper)
    pieces.facts(paper, told=False)
    pieces.pictures(paper)
    paper.tell("shown_certificate")
    paper.tell("ask_recusal")
    record_contents.blank_closing(paper, RecordKind.INSPECTION)


def _inquiry_record(paper: Composer) -> None:
    if paper.record is not None:
        record_contents.inquiry(paper, paper.record)
        return
    pieces.matter_fields(paper)
    pieces.parties(paper, whole=True)
    pieces.officers(paper)
    paper.tell("shown_certificate")
    paper.tell("ask_recusal")
    paper.tell("answer_truly")
    offered = read_stock().for_a(RecordKind.INQUIRY, paper.matter.file.offence)
    _to_be_written(paper, *(entry.zh for entry in offered if entry.starts))
    record_contents.blank_closing(paper, RecordKind.INQUIRY)


def _correction_order(paper: Composer) -> None:
    pieces.parties(paper, whole=True)
    pieces.facts(paper, told=True)
    pieces.law(paper)
    told = paper.matter.notice or paper.matter.decision
    rests: tuple[Source, ...] = (paper.registered,) if told is None else (pieces.outcome_row(paper, told),)
    law = paper.matter.law
    correction = told.correction.strip() if told else ""
    if not correction and law is not None and law.correction is not None:
        correction = law.correction.zh
        rests = pieces.law_sources(paper)
    said = paper.rights.say("correct", correction=correction)
    paper.say("outcome", Sentence(said.text, (*rests, *said.sources)))
    paper.tell("speak")
    pieces.appeal(paper)


def _seizure_decision(paper: Composer) -> None:
    measure = _about(paper, paper.matter.measures)
    rests = pieces.measure_row(paper, measure)
    pieces.parties(paper, whole=True)
    paper.field("措施", word("measure", measure.kind), rests)
    pieces.facts(paper, told=True)
    paper.say("reasons", Sentence(f"{measure.reason}（依据：{measure.legal_basis}）", (rests,)))
    said = f"决定自{day(measure.taken_on)}起对下列物品予以{word('measure', measure.kind)}。"
    paper.say("outcome", Sentence(said, (rests, *paper.rights.on("measure"))))
    pieces.goods(paper, measure)
    paper.tell("measure_term", taken_on=day(measure.taken_on), due_on=day(measure.extended_until or measure.due_on))
    paper.tell("measure_list")
    paper.tell("speak")
    pieces.appeal(paper)


def _seizure_list(paper: Composer) -> None:
    measure = _about(paper, paper.matter.measures)
    rests = pieces.measure_row(paper, measure)
    pieces.parties(paper, whole=False)
    paper.field("措施", word("measure", measure.kind), rests)
    paper.field("日期", day(measure.taken_on), rests)
    paper.field("文书号", measure.document, rests)
    pieces.goods(paper, measure)
    paper.tell("measure_list")


def _release_decision(paper: Composer) -> None:
    measure = _about(paper, paper.matter.measures)
    rests = pieces.measure_row(paper, measure)
    pieces.parties(paper, whole=True)
    assert measure.ended_on is not None
    taken = f"{day(measure.taken_on)}以{measure.document}对下列物品采取的{word('measure', measure.kind)}"
    said = f"{taken}，自{day(measure.ended_on)}起解除。"
    paper.say("outcome", Sentence(said, (rests, *paper.rights.on("release"))))
    pieces.goods(paper, measure)


def _investigation_report(paper: Composer) -> None:
    pieces.matter_fields(paper)
    pieces.parties(paper, whole=False)
    pieces.officers(paper)
    pieces.facts(paper, told=False)
    pieces.evidence(paper)
    pieces.law(paper)
    pieces.steps(paper)
    pieces.pictures(paper)
    paper.say("reasons", Sentence("调查终结，提请审查。", paper.rights.on("report")))
    pieces.opinions(paper, FileAct.END_INVESTIGATION)


def _legal_opinion(paper: Composer) -> None:
    pieces.matter_fields(paper)
    pieces.parties(paper, whole=False)
    pieces.officers(paper)
    pieces.evidence(paper)
    pieces.law(paper)
    event = paper.matter.event(FileAct.PASS_LEGAL_REVIEW, FileAct.FAIL_LEGAL_REVIEW)
    if event is not None:
        passed = event.act is FileAct.PASS_LEGAL_REVIEW
        said = "经法制审核，未发现问题，同意。" if passed else "经法制审核，退回补充调查。"
        paper.say("reasons", Sentence(said, (paper.event_source(event), *paper.rights.on("legal_review"))))
        if reason := str(event.facts.get("reason", "")).strip():
            paper.say("reasons", Sentence(reason, (paper.event_source(event),)))
    pieces.opinions(paper, FileAct.PASS_LEGAL_REVIEW, FileAct.FAIL_LEGAL_REVIEW)


def _penalty_notice(paper: Composer) -> None:
    notice = paper.matter.notice
    assert notice is not None
    pieces.parties(paper, whole=True)
    pieces.facts(paper, told=True)
    pieces.evidence(paper)
    pieces.law(paper)
    pieces.outcome(paper, notice, "拟作出")
    paper.tell("speak")
    paper.tell("speak_until")
    if notice.hearing_offered:
        paper.tell("hearing")
        paper.tell("hearing_free")


def _defence_record(paper: Composer) -> None:
    pieces.matter_fields(paper)
    pieces.parties(paper, whole=False)
    pieces.officers(paper)
    pieces.points(paper, answered=False)
    paper.tell("speak")


def _defence_review(paper: Composer) -> None:
    pieces.matter_fields(paper)
    pieces.parties(paper, whole=False)
    pieces.officers(paper)
    pieces.points(paper, answered=True)
    said = "对当事人提出的事实、理由和证据逐点复核如上；不因陈述申辩给予更重的处罚。"
    paper.say("reasons", Sentence(said, paper.rights.on("defence_review")))


def _hearing_notice(paper: Composer) -> None:
    _hearing(paper)
    paper.tell("hearing_agent")
    paper.tell("hearing_chair")
    paper.tell("hearing_free")


def _hearing_record(paper: Composer) -> None:
    if paper.record is not None:
        record_contents.hearing(paper, paper.record)
        return
    _hearing(paper)
    pieces.officers(paper)
    hearing = paper.matter.hearing
    assert hearing is not None
    if hearing.opinion:
        rests = paper.row("file_hearing", hearing.id, "听证记录")
        paper.say("reasons", Sentence(hearing.opinion.strip(), (rests, *paper.rights.on("hearing_decides"))))
    _to_be_written(paper, "调查人员陈述", "当事人申辩和质证", "最后陈述")
    record_contents.blank_closing(paper, RecordKind.HEARING)


def _to_be_written(paper: Composer, *texts: str) -> None:
    """By hand, on a form."""
    paper.blocks["questions"] = [
        {"number": str(number), "text": text, "answer": BLANK * ANSWER_BLANKS, "marks": ""}
        for number, text in enumerate(texts, start=1)
    ]


def _hearing(paper: Composer) -> None:
    hearing = paper.matter.hearing
    assert hearing is not None
    assert hearing.to_be_held_at is not None
    rests = paper.row("file_hearing", hearing.id, f"听证登记（{day(hearing.asked_on)}提出）")
    pieces.parties(paper, whole=True)
    paper.field("案由", paper.matter.file.title, paper.registered)
    paper.field("听证时间", minute(hearing.to_be_held_at, paper.matter.timezone), rests)
    paper.field("听证地点", hearing.place or "", rests)
    paper.field("听证方式", "公开" if hearing.in_public else "不公开", rests)
    paper.field("听证主持人", paper.matter.name(hearing.chair_id), rests)


def _decision(paper: Composer) -> None:
    decision = paper.matter.decision
    assert decision is not None
    pieces.parties(paper, whole=True)
    pieces.facts(paper, told=True)
    pieces.evidence(paper)
    _heard(paper)
    pieces.law(paper)
    pieces.outcome(paper, decision, "决定给予")
    if decision.outcome is OutcomeKind.FINE:
        pieces.payment(paper)
    pieces.appeal(paper)


def _heard(paper: Composer) -> None:
    """That the party was told and heard, and what became of it (行政处罚法 art. 44, 45)."""
    told = paper.matter.event(FileAct.NOTIFY)
    if told is not None:
        on = day(told.done_on) if told.done_on else minute(told.at, paper.matter.timezone)
        rests = (paper.event_source(told), paper.rights.source("penalty-44"))
        paper.say("facts", Sentence(f"本机关于{on}告知了拟作出的处罚内容及事实、理由、依据和当事人享有的权利。", rests))
    pieces.points(paper, answered=True)
    waived = paper.matter.event(FileAct.DEFENCE_WAIVED)
    if waived is not None:
        paper.say("facts", Sentence("当事人书面放弃陈述、申辩。", (paper.event_source(waived),)))
    elif told is not None and not paper.matter.points:
        heard = paper.matter.event(FileAct.HEAR) or told
        said = "当事人在规定的期限内未提出陈述、申辩。"
        paper.say("facts", Sentence(said, (paper.event_source(heard), paper.rights.source("penalty-45"))))


def _spot_decision(paper: Composer) -> None:
    decision = paper.matter.decision
    assert decision is not None
    pieces.parties(paper, whole=True)
    pieces.matter_fields(paper)
    pieces.facts(paper, told=True)
    _heard(paper)
    pieces.law(paper)
    pieces.outcome(paper, decision, "决定当场给予")
    paper.say("outcome", Sentence("本决定当场作出并交付。", paper.rights.on("on_the_spot")))
    if decision.outcome is OutcomeKind.FINE:
        pieces.payment(paper)
        paper.tell("receipt")
    pieces.appeal(paper, on_the_spot=True)


def _no_penalty_decision(paper: Composer) -> None:
    decision = paper.matter.decision
    assert decision is not None
    pieces.parties(paper, whole=True)
    pieces.facts(paper, told=True)
    pieces.evidence(paper)
    pieces.law(paper)
    pieces.outcome(paper, decision, "")
    paper.tell("education")
    pieces.appeal(paper)


def _payment_notice(paper: Composer) -> None:
    decision = paper.matter.decision
    assert decision is not None
    assert decision.fine_fen is not None
    rests = pieces.outcome_row(paper, decision)
    pieces.parties(paper, whole=False)
    paper.field("案由", paper.matter.file.title, paper.registered)
    paper.field("应缴罚款", f"{yuan(decision.fine_fen)}（{capitals(decision.fine_fen)}）", rests)
    pieces.payment(paper)


def _service_receipt(paper: Composer) -> None:
    service = _about_service(paper)
    row = service.row
    rests = paper.row("paper_service", row.id, f"送达记录（{day(row.begun_on)}起）")
    paper.field("案由", paper.matter.file.title, paper.registered)
    paper.field("送达文书", word("served", row.paper), rests)
    paper.field("受送达人", service.receiver, rests)
    paper.field("送达地址", service.address, rests)
    paper.field("送达方式", word("mode", row.mode), rests, *paper.rights.on("service"))
    paper.field("凭证", row.reference, rests)
    paper.field("送达日期", day(row.served_on) if row.served_on else "", rests)
    if row.failed_on is not None:
        paper.field("未送达", f"{day(row.failed_on)}：{row.failure}", rests)
    paper.field("收件人签名或者盖章", "")


def _demand(paper: Composer) -> None:
    demand = paper.matter.demand
    decision = paper.matter.decision
    assert demand is not None
    assert decision is not None
    rests = paper.row("demand", demand.id, f"催告记录（{day(demand.made_on)}）")
    pieces.parties(paper, whole=True)
    said = f"本机关于{day(decision.decided_on)}作出行政处罚决定，你（单位）至今未全部履行。"
    paper.say("facts", Sentence(said, (pieces.outcome_row(paper, decision), rests)))
    owed = f"尚应缴纳罚款{yuan(demand.fine_fen)}，加处罚款{yuan(demand.late_fee_fen)}（截至{day(demand.made_on)}）。"
    paper.say("outcome", Sentence(owed, (rests, paper.rights.source("penalty-72"))))
    paper.tell("demand_term")
    paper.tell("demand_speak")


def _court_application(paper: Composer) -> None:
    court = paper.matter.court
    decision = paper.matter.decision
    assert court is not None
    assert decision is not None
    rests = paper.row("court_request", court.id, f"强制执行申请记录（{day(court.asked_on)}）")
    paper.field("受理法院", court.court, rests)
    pieces.parties(paper, whole=True)
    said = f"申请人于{day(decision.decided_on)}作出行政处罚决定并已送达，被申请人经催告在法定期限内仍未履行。"
    served = paper.event(FileAct.SERVE, FileAct.PAPER_SERVED)
    demanded = paper.event(FileAct.DEMANDED)
    paper.say("facts", Sentence(said, (pieces.outcome_row(paper, decision), served, demanded)))
    _appeals(paper)
    asked = f"请求强制执行：罚款{yuan(court.fine_fen)}，加处罚款{yuan(court.late_fee_fen)}。"
    paper.say("outcome", Sentence(asked, (rests, *paper.rights.on("court"))))
    pieces.law(paper)


def _closing_report(paper: Composer) -> None:
    pieces.matter_fields(paper)
    pieces.parties(paper, whole=False)
    pieces.officers(paper)
    decision = paper.matter.decision
    if decision is not None:
        pieces.outcome(paper, decision, "决定给予")
    _appeals(paper)
    for payment in paper.matter.payments:
        rests = paper.row("payment", payment.id, f"缴款记录 {payment.reference}")
        paid = f"{day(payment.paid_on)}{word('means', payment.means)}{yuan(payment.amount_fen)}"
        said = f"{paid}，票据 {payment.receipt or payment.reference}。"
        paper.say("facts", Sentence(said, (rests,)))
    corrected = paper.matter.event(FileAct.CORRECTED)
    if corrected is not None:
        paper.say("facts", Sentence("违法行为已改正。", (paper.event_source(corrected),)))
    _court(paper)
    pieces.steps(paper)
    pieces.opinions(paper, FileAct.CLOSE)


def _appeals(paper: Composer) -> None:
    """How each ended, and what it left of the fine."""
    for each in paper.matter.appeals:
        if each.result is None or each.ended_on is None:
            continue
        rests = paper.row("appeal", each.id, f"{word('appeal', each.kind)}记录 {each.result_reference}")
        left = "" if each.changed_fine_fen is None else f"为罚款{yuan(each.changed_fine_fen)}"
        ended = f"{day(each.ended_on)}{word('appeal_result', each.result)}{left}（{each.result_reference}）"
        said = f"当事人于{day(each.filed_on)}向{each.body}{word('appeal', each.kind)}，{ended}。"
        paper.say("facts", Sentence(said, (rests,)))


def _court(paper: Composer) -> None:
    court = paper.matter.court
    if court is None:
        return
    answered = "" if court.result is None else f"，法院{word('court_result', court.result)}"
    sums = f"罚款{yuan(court.fine_fen)}，加处罚款{yuan(court.late_fee_fen)}"
    said = f"{day(court.asked_on)}向{court.court}申请强制执行{sums}{answered}。"
    rests = paper.row("court_request", court.id, f"强制执行申请记录（{day(court.asked_on)}）")
    paper.say("facts", Sentence(said, (rests,)))


def _volume_cover(paper: Composer) -> None:
    file = paper.matter.file
    paper.field("案件编号", file.number or "", paper.event(FileAct.FILE))
    paper.field("案由", file.title, paper.registered)
    pieces.parties(paper, whole=False)
    pieces.officers(paper)
    decision = paper.matter.decision
    if decision is not None:
        said = word("outcome", decision.outcome)
        if decision.fine_fen is not None:
            said = f"{said}{yuan(decision.fine_fen)}"
        paper.field("处理结果", said, pieces.outcome_row(paper, decision))
    filed = paper.matter.event(FileAct.FILE)
    paper.field("立案日期", pieces.day_of(paper, filed), paper.event(FileAct.FILE))
    paper.field("结案日期", pieces.day_of(paper, paper.matter.event(FileAct.CLOSE)), paper.event(FileAct.CLOSE))
    paper.field("保管期限", "")


def _window_slip(paper: Composer) -> None:
    pieces.matter_fields(paper)
    pieces.facts(paper, told=True)
    pieces.law(paper)
    paper.tell("speak")


def _about(paper: Composer, rows: Iterable[GoodsMeasure]) -> GoodsMeasure:
    return next(row for row in rows if paper.about.endswith(str(row.id)))


def _about_service(paper: Composer) -> ServiceValue:
    return next(each for each in paper.matter.services if paper.about == f"service:{each.row.id}")


FILLERS: dict[PaperKind, Filler] = {
    PaperKind.FILING_APPROVAL: _filing_approval,
    PaperKind.INSPECTION_RECORD: _inspection_record,
    PaperKind.INQUIRY_RECORD: _inquiry_record,
    PaperKind.CORRECTION_ORDER: _correction_order,
    PaperKind.SEIZURE_DECISION: _seizure_decision,
    PaperKind.SEIZURE_LIST: _seizure_list,
    PaperKind.RELEASE_DECISION: _release_decision,
    PaperKind.INVESTIGATION_REPORT: _investigation_report,
    PaperKind.LEGAL_OPINION: _legal_opinion,
    PaperKind.PENALTY_NOTICE: _penalty_notice,
    PaperKind.DEFENCE_RECORD: _defence_record,
    PaperKind.DEFENCE_REVIEW: _defence_review,
    PaperKind.HEARING_NOTICE: _hearing_notice,
    PaperKind.HEARING_RECORD: _hearing_record,
    PaperKind.DECISION: _decision,
    PaperKind.SPOT_DECISION: _spot_decision,
    PaperKind.NO_PENALTY_DECISION: _no_penalty_decision,
    PaperKind.PAYMENT_NOTICE: _payment_notice,
    PaperKind.SERVICE_RECEIPT: _service_receipt,
    PaperKind.DEMAND: _demand,
    PaperKind.COURT_APPLICATION: _court_application,
    PaperKind.CLOSING_REPORT: _closing_report,
    PaperKind.VOLUME_COVER: _volume_cover,
    PaperKind.WINDOW_SLIP: _window_slip,
}
