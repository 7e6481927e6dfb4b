"""Why something was taken for street vending, in words: from what the rule put on record when it was confirmed.

`why` is for the incident page; the draft case has the same sentences. What the rule weighs is in
detectors/vending_signs.py.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases.draft_words import duration, percent, say_of, term, two_places
from cases.languages import Bilingual
from models.enums import Act, Offence
from models.incidents import CaseEvent, Incident

SIGNS = "signs"  # key of the facts
VENDING = Offence.STREET_VENDING


@dataclass(frozen=True)
class Why:
    """code: which part of the sum the sentence speaks of. worth: what it adds; None: it adds nothing by itself."""

    code: str
    text: Bilingual
    worth: float | None = None


def why(session: Session, incident: Incident) -> list[Why]:
    """The parts of the sum, in words; nothing for an incident of another kind."""
    if incident.offence is not VENDING:
        return []
    events = session.scalars(
        select(CaseEvent).where(CaseEvent.incident_id == incident.id, CaseEvent.act == Act.CONFIRMED)
    ).all()
    signs = signs_of(events)
    if signs is None:
        return []
    worth = {"things": sum(each["worth"] for each in signs["things"]), "score": signs["score"]}
    return [Why(code, text, worth.get(code)) for code, text in sentences(signs)]


def signs_of(events: Iterable[CaseEvent]) -> Mapping[str, Any] | None:
    """What the rule weighed; None where no rule weighed anything."""
    return next((event.facts[SIGNS] for event in events if event.act is Act.CONFIRMED and SIGNS in event.facts), None)


def sentences(signs: Mapping[str, Any]) -> Iterator[tuple[str, Bilingual]]:
    """Code and sentence of each part."""
    worth = two_places(sum(each["worth"] for each in signs["things"]))
    yield "things", say_of(VENDING, "signs", "things", things=_listed(signs["things"]), worth=worth)
    share = percent(signs["attended_share"])
    if signs["over_line"]:
        yield "over_line", say_of(VENDING, "signs", "over_line")
        yield "attended", say_of(VENDING, "signs", "unattended", share=share)
    else:
        stayed = duration(signs["stayed_s"])
        yield "attended", say_of(VENDING, "signs", "attended", share=share, stayed=stayed)
    if signs["customers"]:
        yield "customers", say_of(VENDING, "signs", "customers", customers=signs["customers"])
    yield (
        "score",
        say_of(VENDING, "signs", "score", score=two_places(signs["score"]), enough=two_places(signs["enough"])),
    )


def _listed(things: Sequence[Mapping[str, Any]]) -> Bilingual:
    named = [
        say_of(VENDING, "signs", "thing", what=term(each["class"]))
        if each["count"] == 1
        else say_of(VENDING, "signs", "things_of_a_kind", what=term(each["class"]), count=each["count"])
        for each in things
    ]
    return Bilingual(zh="、".join(each.zh for each in named), en=", ".join(each.en for each in named))
