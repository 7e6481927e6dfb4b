"""The words of a proposal: each reason as a sentence, in Chinese for the case file and in English.

Names of bands and circumstances come from the item of the catalogue, the sentences from proposal_words.toml.
"""

import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from cases.errors import LawDataUnusable
from cases.languages import Bilingual, Language
from cases.law.discretion import Proposal, Reason, Sense
from cases.law.items import LawItem

WORDS = Path(__file__).parent / "proposal_words.toml"


class _Words(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    reason: dict[str, Bilingual]
    to_find_out: dict[str, Bilingual]


def sentence(reason: Reason, item: LawItem, language: Language) -> str:
    """Raises LawDataUnusable."""
    facts = dict(reason.facts)
    if (band := item.band_named(str(facts.get("band", "")))) is not None:
        facts["band"] = band.name.in_(language)
    if (circumstance := item.circumstance_named(str(facts.get("circumstance", "")))) is not None:
        facts["circumstance"] = circumstance.text.in_(language)
    return words().reason[reason.code].in_(language).format(**facts)


def to_find_out(code: str, language: Language) -> str:
    return words().to_find_out[code].in_(language)


def reasons_text(proposal: Proposal, item: LawItem, language: Language = "zh", extra: Iterable[Reason] = ()) -> str:
    """The reasons that a notice and a decision can begin from: those that carry the outcome, one a line.

    extra: of a heavier band that a person has chosen.
    """
    carrying = [each for each in proposal.reasons if each.sense is not Sense.ASIDE]
    return "\n".join(sentence(each, item, language) for each in (*carrying, *extra))


@cache
def words() -> _Words:
    try:
        return _Words.model_validate(tomllib.loads(WORDS.read_text("utf-8")))
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise LawDataUnusable(WORDS, str(error)) from error
