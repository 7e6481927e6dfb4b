"""The act of dumping in words: from what the rule put on record of it when it was confirmed.

Codes of the sentences in draft_words.dumping.toml; the draft case and the incident page say the same.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cases.draft_words import say_of, two_places
from cases.languages import Bilingual
from cases.vending_reasons import Why
from models.enums import Act, Offence
from models.incidents import CaseEvent

ACTOR, KIND, PERSON, UNKNOWN = "actor", "kind", "person", "unknown"


def act_of(events: Iterable[CaseEvent]) -> Mapping[str, Any] | None:
    """What the look back found; None where no rule asked for it, or what was found is not remembered."""
    return next((event.facts for event in events if event.act is Act.CONFIRMED and ACTOR in event.facts), None)


def why(events: Iterable[CaseEvent]) -> list[Why]:
    """The sentences, for the incident page; nothing for an incident of another kind."""
    act = act_of(events)
    return [] if act is None else [Why(code, text) for code, text in sentences(act)]


def sentences(act: Mapping[str, Any]) -> Iterator[tuple[str, Bilingual]]:
    """Code and sentence: who was with it, and what it was."""
    actor = act[ACTOR]
    by = "act_by_person" if actor["role"] == PERSON else "act_by_vehicle"
    yield by, say_of(Offence.DUMPING, "statement", by, confidence=two_places(actor["confidence"]))
    what = f"act_kind_{act[KIND]}"
    yield what, say_of(Offence.DUMPING, "statement", what)
