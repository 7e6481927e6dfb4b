"""Kinds: the one list of papers: what each is called, its series of numbers, its step, what it needs, who signs it.

Pure. What a paper is about decides whether there can be several: a service receipt is about one attempt to serve, the
notice about what the party was told that time, the paper of a record about that record.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from cases.casework.table import ENDED
from cases.papers.matter import Matter
from models.enums import (
    CaseSource,
    FileAct,
    FileState,
    MeasureKind,
    Offence,
    OutcomeKind,
    PaperKind,
    Procedure,
    RecordKind,
    ServedPaper,
    SheetKind,
)

TWO_OFFICERS = 2


class Need(StrEnum):
    """What is not there yet; the key of its sentence on the page."""

    OFFICERS = "officers"
    PARTY = "party"
    LAW = "law"
    NOTICE = "notice"
    DECISION = "decision"
    FINE = "fine"
    SPARED = "spared"
    ORDINARY = "ordinary"
    SIMPLE = "simple"
    POINTS = "points"
    ANSWERS = "answers"
    HEARING = "hearing"
    HEARING_DAY = "hearing_day"
    MEASURE = "measure"
    MEASURE_ENDED = "measure_ended"
    SERVICE = "service"
    DEMAND = "demand"
    COURT = "court"
    INVESTIGATED = "investigated"
    SERVED = "served"
    PERFORMED = "performed"
    ENDED = "ended"
    PLATE = "plate"
    CORRECTION = "correction"


class Place(StrEnum):
    """A place for a signature. `party` is signed by hand alone."""

    OFFICER_1 = "officer_1"
    OFFICER_2 = "officer_2"
    LEGAL_REVIEWER = "legal_reviewer"
    LEADER = "leader"
    CHAIR = "chair"
    CLERK = "clerk"
    PARTY = "party"


BY_HAND = frozenset({Place.PARTY})
OFFICERS = (Place.OFFICER_1, Place.OFFICER_2)


@dataclass(frozen=True)
class Kind:
    """steps: to which steps of the procedure it belongs. on_request: made when somebody asks for it alone, and not with
    the others of its step, unless it is filled from a record. slip: also printed on a field printer.
    """

    kind: PaperKind
    name: str
    steps: tuple[FileAct, ...]
    needs: tuple[Need, ...]
    places: tuple[Place, ...]
    series: SheetKind | None = None
    served_as: ServedPaper | None = None
    on_request: bool = False
    slip: bool = False


KINDS: tuple[Kind, ...] = (
    Kind(
        PaperKind.FILING_APPROVAL,
        "立案审批表",
        (FileAct.REGISTER, FileAct.FILE, FileAct.REFUSE_FILING),
        (Need.ORDINARY,),
        (*OFFICERS, Place.LEADER),
    ),
    Kind(
        PaperKind.INSPECTION_RECORD,
        "现场检查（勘验）笔录",
        (FileAct.FILE, FileAct.END_INVESTIGATION),
        (Need.OFFICERS,),
        (*OFFICERS, Place.PARTY),
    ),
    Kind(
        PaperKind.INQUIRY_RECORD,
        "询问笔录",
        (FileAct.FILE, FileAct.END_INVESTIGATION),
        (Need.OFFICERS, Need.PARTY),
        (*OFFICERS, Place.PARTY),
        on_request=True,
    ),
    Kind(
        PaperKind.CORRECTION_ORDER,
        "责令改正通知书",
        (FileAct.FILE, FileAct.END_INVESTIGATION),
        (Need.OFFICERS, Need.PARTY, Need.LAW, Need.CORRECTION),
        (*OFFICERS,),
        SheetKind.CORRECTION_ORDER,
        ServedPaper.CORRECTION_ORDER,
    ),
    Kind(
        PaperKind.SEIZURE_DECISION,
        "查封（扣押）决定书",
        (FileAct.MEASURE_TAKEN,),
        (Need.OFFICERS, Need.MEASURE),
        (*OFFICERS, Place.PARTY),
        SheetKind.SEIZURE_DECISION,
        ServedPaper.MEASURE,
    ),
    Kind(
        PaperKind.SEIZURE_LIST,
        "查封（扣押）物品清单",
        (FileAct.MEASURE_TAKEN,),
        (Need.OFFICERS, Need.MEASURE),
        (*OFFICERS, Place.PARTY),
    ),
    Kind(
        PaperKind.RELEASE_DECISION,
        "解除查封（扣押）决定书及清单",
        (FileAct.MEASURE_ENDED,),
        (Need.OFFICERS, Need.MEASURE, Need.MEASURE_ENDED),
        (*OFFICERS, Place.PARTY),
        SheetKind.RELEASE_DECISION,
        ServedPaper.MEASURE,
    ),
    Kind(
        PaperKind.INVESTIGATION_REPORT,
        "案件调查终结报告",
        (FileAct.END_INVESTIGATION,),
        (Need.ORDINARY, Need.OFFICERS, Need.LAW),
        (*OFFICERS,),
    ),
    Kind(
        PaperKind.LEGAL_OPINION,
        "法制审核意见书",
        (FileAct.PASS_LEGAL_REVIEW, FileAct.FAIL_LEGAL_REVIEW),
        (Need.ORDINARY, Need.INVESTIGATED),
        (Place.LEGAL_REVIEWER,),
    ),
    Kind(
        PaperKind.PENALTY_NOTICE,
        "行政处罚事先告知书",
        (FileAct.NOTIFY,),
        # on the spot the party is told by word of mouth, and the decision says so (行政处罚法 art. 44, 52)
        (Need.ORDINARY, Need.OFFICERS, Need.PARTY, Need.LAW, Need.NOTICE),
        (*OFFICERS,),
        SheetKind.PENALTY_NOTICE,
        ServedPaper.NOTICE,
    ),
    Kind(
        PaperKind.DEFENCE_RECORD,
        "陈述申辩笔录",
        (FileAct.DEFENCE_SAID,),
        (Need.OFFICERS, Need.POINTS),
        (*OFFICERS, Place.PARTY),
    ),
    Kind(
        PaperKind.DEFENCE_REVIEW,
        "陈述申辩复核意见书",
        (FileAct.DEFENCE_ANSWERED, FileAct.HEAR),
        (Need.OFFICERS, Need.POINTS, Need.ANSWERS),
        (*OFFICERS, Place.LEADER),
    ),
    Kind(
        PaperKind.HEARING_NOTICE,
        "听证通知书",
        (FileAct.HEARING_ANNOUNCED,),
        (Need.PARTY, Need.HEARING, Need.HEARING_DAY),
        (Place.LEADER,),
        SheetKind.HEARING_NOTICE,
        ServedPaper.HEARING_NOTICE,
    ),
    Kind(
        PaperKind.HEARING_RECORD,
        "听证笔录",
        (FileAct.HEARING_HELD,),
        (Need.PARTY, Need.HEARING, Need.HEARING_DAY),
        (Place.CHAIR, Place.CLERK, Place.PARTY),
    ),
    Kind(
        PaperKind.DECISION,
        "行政处罚决定书",
        (FileAct.DECIDE,),
        (Need.ORDINARY, Need.OFFICERS, Need.PARTY, Need.LAW, Need.DECISION),
        (Place.LEADER,),
        SheetKind.DECISION,
        ServedPaper.DECISION,
    ),
    Kind(
        PaperKind.SPOT_DECISION,
        "当场行政处罚决定书",
        (FileAct.DECIDE,),
        (Need.SIMPLE, Need.OFFICERS, Need.PARTY, Need.LAW, Need.DECISION),
        (*OFFICERS, Place.PARTY),
        SheetKind.SPOT_DECISION,
        ServedPaper.DECISION,
        slip=True,
    ),
    Kind(
        PaperKind.NO_PENALTY_DECISION,
        "不予行政处罚决定书",
        (FileAct.SPARE,),
        (Need.OFFICERS, Need.PARTY, Need.LAW, Need.SPARED),
        (Place.LEADER,),
        SheetKind.NO_PENALTY_DECISION,
        ServedPaper.DECISION,
    ),
    Kind(
        PaperKind.PAYMENT_NOTICE,
        "缴款通知书",
        (FileAct.DECIDE,),
        (Need.PARTY, Need.DECISION, Need.FINE),
        (),
        SheetKind.PAYMENT_NOTICE,
        slip=True,
    ),
    Kind(
        PaperKind.SERVICE_RECEIPT,
        "送达回证",
        (FileAct.SERVE, FileAct.PAPER_SERVED),
        (Need.SERVICE,),
        (*OFFICERS, Place.PARTY),
    ),
    Kind(
        PaperKind.DEMAND,
        "履行行政处罚决定催告书",
        (FileAct.DEMANDED, FileAct.ENFORCE),
        (Need.PARTY, Need.DECISION, Need.DEMAND),
        (*OFFICERS,),
        SheetKind.DEMAND,
        ServedPaper.DEMAND,
    ),
    Kind(
        PaperKind.COURT_APPLICATION,
        "行政强制执行申请书",
        (FileAct.COURT_ASKED, FileAct.ENFORCE),
        (Need.PARTY, Need.DECISION, Need.COURT),
        (Place.LEADER,),
        SheetKind.COURT_APPLICATION,
    ),
    Kind(
        PaperKind.CLOSING_REPORT,
        "结案报告",
        (FileAct.CLOSE,),
        (Need.OFFICERS, Need.SERVED, Need.PERFORMED),
        (*OFFICERS, Place.LEADER),
    ),
    Kind(PaperKind.VOLUME_COVER, "案卷封面", (FileAct.CLOSE, FileAct.ARCHIVE), (Need.ENDED,), ()),
    Kind(
        PaperKind.WINDOW_SLIP,
        "违法停车告知单",
        (FileAct.REGISTER, FileAct.FILE),
        (Need.PLATE,),
        (),
        SheetKind.WINDOW_SLIP,
        on_request=True,
        slip=True,
    ),
)
OF: dict[PaperKind, Kind] = {kind.kind: kind for kind in KINDS}

AFTER_SERVICE = frozenset({FileState.SERVED, FileState.PERFORMED, FileState.ENFORCING, FileState.CLOSED})
# what is registered for preservation or kept for a while is on a list; a decision is only made for the other two
DECIDED_MEASURES = frozenset({MeasureKind.SEIZURE, MeasureKind.SEALING})
# what is filled from a record that officers took down, one paper for each; without one it is a form with blanks
RECORDED: dict[PaperKind, RecordKind] = {
    PaperKind.INSPECTION_RECORD: RecordKind.INSPECTION,
    PaperKind.INQUIRY_RECORD: RecordKind.INQUIRY,
    PaperKind.HEARING_RECORD: RecordKind.HEARING,
}


def _correction(matter: Matter) -> bool:
    told = matter.notice or matter.decision
    return bool(told and told.correction.strip()) or bool(matter.law and matter.law.correction)


def _is_investigated(matter: Matter) -> bool:
    return matter.event(FileAct.END_INVESTIGATION) is not None


def _is_performed(matter: Matter) -> bool:
    """Nothing of it waits for the party any more: done, or left to the court, or there was nothing to pay."""
    if matter.file.state in (FileState.SERVED, FileState.ENFORCING):
        fined = matter.decision is not None and matter.decision.outcome is OutcomeKind.FINE
        return matter.court is not None or not fined
    return matter.file.state in AFTER_SERVICE


MET: dict[Need, Callable[[Matter], bool]] = {
    Need.OFFICERS: lambda matter: len(matter.officers) >= TWO_OFFICERS,
    Need.PARTY: lambda matter: matter.party is not None,
    Need.LAW: lambda matter: matter.law is not None,
    Need.NOTICE: lambda matter: matter.notice is not None,
    Need.DECISION: lambda matter: matter.decision is not None and matter.decision.outcome is not OutcomeKind.NO_PENALTY,
    Need.FINE: lambda matter: matter.decision is not None and matter.decision.outcome is OutcomeKind.FINE,
    Need.SPARED: lambda matter: matter.decision is not None and matter.decision.outcome is OutcomeKind.NO_PENALTY,
    Need.ORDINARY: lambda matter: matter.file.procedure is Procedure.ORDINARY,
    Need.SIMPLE: lambda matter: matter.file.procedure is Procedure.SIMPLE,
    Need.POINTS: lambda matter: bool(matter.points),
    Need.ANSWERS: lambda matter: all(point.answer is not None for point in matter.points),
    Need.HEARING: lambda matter: matter.hearing is not None,
    Need.HEARING_DAY: lambda matter: matter.hearing is not None and matter.hearing.to_be_held_at is not None,
    Need.MEASURE: lambda matter: bool(matter.measures),
    Need.MEASURE_ENDED: lambda matter: any(measure.ended_on is not None for measure in matter.measures),
    Need.SERVICE: lambda matter: bool(matter.services),
    Need.DEMAND: lambda matter: matter.demand is not None,
    Need.COURT: lambda matter: matter.court is not None,
    Need.INVESTIGATED: _is_investigated,
    Need.SERVED: lambda matter: matter.file.state in AFTER_SERVICE,
    Need.PERFORMED: _is_performed,
    Need.ENDED: lambda matter: matter.file.state in ENDED,
    Need.PLATE: lambda matter: matter.file.offence is Offence.ILLEGAL_PARKING and bool(matter.plates),
    Need.CORRECTION: _correction,
}


def lacking(kind: Kind, matter: Matter) -> tuple[Need, ...]:
    """What the paper needs and the case file does not have yet. A finished record has all that its paper says."""
    if _records(kind, matter):
        return ()
    return tuple(need for need in kind.needs if not MET[need](matter))


def fits(kind: Kind, matter: Matter) -> bool:
    """Whether a case file of this procedure and kind has such a paper at all."""
    if _records(kind, matter):
        return True
    if {Need.ORDINARY, Need.SIMPLE} & set(lacking(kind, matter)):
        return False
    if kind.kind is PaperKind.WINDOW_SLIP:
        return matter.file.offence is Offence.ILLEGAL_PARKING
    if kind.kind is PaperKind.LEGAL_OPINION:
        reviewed = matter.event(FileAct.PASS_LEGAL_REVIEW, FileAct.FAIL_LEGAL_REVIEW)
        return bool(matter.file.review_grounds) or reviewed is not None
    if kind.kind is PaperKind.INSPECTION_RECORD:
        return matter.file.procedure is Procedure.ORDINARY or matter.file.source is not CaseSource.CAMERA
    return True


def about(kind: Kind, matter: Matter) -> tuple[str, ...]:
    """What papers of this kind there can be: one for each; "" where the case file has one alone."""
    return _records(kind, matter) or ABOUT.get(kind.kind, _the_file)(matter)


def is_record(about: str) -> bool:
    """Whether a paper about this is filled from a record."""
    return about.startswith("record:")


def _records(kind: Kind, matter: Matter) -> tuple[str, ...]:
    recorded = RECORDED.get(kind.kind)
    return () if recorded is None else tuple(each.about for each in matter.records_of(recorded))


def _the_file(_matter: Matter) -> tuple[str, ...]:
    return ("",)


def _notice(matter: Matter) -> tuple[str, ...]:
    return (f"notice:{matter.notice.id}",) if matter.notice else ()


def _decision(matter: Matter) -> tuple[str, ...]:
    return (f"decision:{matter.decision.id}",) if matter.decision else ()


def _hearing(matter: Matter) -> tuple[str, ...]:
    return (f"hearing:{matter.hearing.id}",) if matter.hearing else ()


def _services(matter: Matter) -> tuple[str, ...]:
    return tuple(f"service:{each.row.id}" for each in matter.services)


def _measures(matter: Matter) -> tuple[str, ...]:
    return tuple(f"measure:{each.id}" for each in matter.measures)


def _decided_measures(matter: Matter) -> tuple[str, ...]:
    return tuple(f"measure:{each.id}" for each in matter.measures if each.kind in DECIDED_MEASURES)


def _ended_measures(matter: Matter) -> tuple[str, ...]:
    return tuple(f"measure:{each.id}" for each in matter.measures if each.ended_on is not None)


def _demand(matter: Matter) -> tuple[str, ...]:
    return (f"demand:{matter.demand.id}",) if matter.demand else ()


def _court(matter: Matter) -> tuple[str, ...]:
    return (f"court:{matter.court.id}",) if matter.court else ()


ABOUT: dict[PaperKind, Callable[[Matter], tuple[str, ...]]] = {
    PaperKind.PENALTY_NOTICE: _notice,
    PaperKind.DECISION: _decision,
    PaperKind.SPOT_DECISION: _decision,
    PaperKind.NO_PENALTY_DECISION: _decision,
    PaperKind.PAYMENT_NOTICE: _decision,
    PaperKind.HEARING_NOTICE: _hearing,
    PaperKind.HEARING_RECORD: _hearing,
    PaperKind.SERVICE_RECEIPT: _services,
    PaperKind.SEIZURE_DECISION: _decided_measures,
    PaperKind.SEIZURE_LIST: _measures,
    PaperKind.RELEASE_DECISION: _ended_measures,
    PaperKind.DEMAND: _demand,
    PaperKind.COURT_APPLICATION: _court,
}
