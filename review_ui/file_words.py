"""What is said of a case file in the reader's language: amounts, articles, what is missing, what was refused."""

from collections.abc import Mapping
from dataclasses import dataclass

from cases.casework.errors import DatedWrongly, FileError, FileRefused, GateUnmet, StepRefused
from cases.casework.gates import Unmet
from review_ui.catalog import Catalog

# what a sentence names by a word of ours -> the section of that word
WORDED = {"outcome": "outcome_kind", "ground": "review_ground", "papers": "passport", "mode": "service_mode"}
# where on the case file's pages it is put right: behind /cases/{file_id}
MENDED_AT = {
    "officers_missing": "#officers",
    "officer_recused": "#officers",
    "certificate_lapsed": "#officers",
    "taker_not_of_the_case": "#officers",
    "no_law_on_the_day": "/proposal",
    "review_due": "#ways",
    "not_told": "#ways",
    "notice_not_served": "/service",
    "point_unanswered": "#defence",
    "party_not_heard": "#defence",
    "defence_period_runs": "#defence",
    "hearing_open": "#hearing",
    "hearing_may_be_asked": "#hearing",
    "not_corrected": "/service",
    "correction_not_ordered": "/proposal",
    "less_than_the_law": "/proposal",
    "decision_not_served": "/service",
    "not_paid": "/service",
    "correction_outstanding": "/service",
    "court_not_asked": "/service",
    "not_reported": "/service",
    "goods_still_held": "/goods",
    "volume_not_made": "/volume",
}


@dataclass(frozen=True)
class Missing:
    """sentence, article: as read aloud. where: of the case file's pages, on which it is put right; None: nowhere."""

    code: str
    sentence: str
    article: str
    where: str | None


def missing(catalog: Catalog, unmet: Unmet) -> Missing:
    sentence = catalog.say(f"gate.{unmet.code}", **_facts(catalog, unmet.facts))
    return Missing(unmet.code, sentence, article(catalog, unmet.article_id), MENDED_AT.get(unmet.code))


def article(catalog: Catalog, article_id: str) -> str:
    """`penalty-45` as a person cites it."""
    law, _, number = article_id.rpartition("-")
    return catalog.say(f"article.{law}", n=number)


def yuan(fen: int) -> str:
    """An amount without its currency: whole where it is whole."""
    return f"{fen // 100:,}" if fen % 100 == 0 else f"{fen // 100:,}.{fen % 100:02}"


def refusal(catalog: Catalog, error: FileError) -> str:
    """The sentence of what a case file refused."""
    match error:
        case GateUnmet():
            return " ".join(f"{each.sentence} ({each.article})" for each in (missing(catalog, m) for m in error.unmet))
        case StepRefused():
            step, state = catalog.say(f"file_act.{error.step.value}"), catalog.say(f"file_state.{error.state.value}")
            return catalog.say("file_refused.not_in_the_table", step=step, state=state)
        case DatedWrongly():
            return catalog.say(f"file_refused.{error.why}", bound=error.bound.isoformat()[:16].replace("T", " "))
        case FileRefused():
            return catalog.say(f"file_refused.{error.why}", **_facts(catalog, error.facts))
    return catalog.say(f"file_refused.{error.why}")


def _facts(catalog: Catalog, facts: Mapping[str, str | int]) -> dict[str, str]:
    """What a sentence names, in the reader's words."""
    said = {}
    for name, value in facts.items():
        if name in WORDED:
            words = (catalog.say(f"{WORDED[name]}.{word}") for word in str(value).split(", "))
            said[name] = catalog.say("files.and").join(words)
        elif name.endswith("_fen"):
            said[name] = yuan(int(value))
        elif name == "article":
            said[name] = article(catalog, str(value))
        else:
            said[name] = str(value)
    return said
