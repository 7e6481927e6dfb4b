"""The form of a geofence: from a fence to fields and back, as they were typed, and what two fences differ in.

Whether what was typed is a fence that can be is asked of cases/fences.py, as of one in a site file. What the form has
no field for (what an offence looks for, a shop's door line, market bays) stays as it was.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from cases.fences import FenceProblem
from cases.site_file import DumpingRule, ParkingRule, VendingRule
from cases.site_yaml import NotYaml, read_yaml
from models.enums import Offence

# the numbers of each offence's rule, in the order in which they are asked
NUMBERS: dict[Offence, tuple[str, ...]] = {
    Offence.ILLEGAL_PARKING: ("dwell_s", "grace_s"),
    Offence.STREET_VENDING: ("dwell_s", "warnings", "grace_s"),
    Offence.DUMPING: ("away_s",),
}
RULES = {Offence.ILLEGAL_PARKING: ParkingRule, Offence.STREET_VENDING: VendingRule, Offence.DUMPING: DumpingRule}
WHOLE_NUMBERS = frozenset({"warnings"})
EMPTY_HOURS = ("", "", "")
LONGEST_POLYGON = 10_000
NO_CORNERS = "[]"


@dataclass(frozen=True)
class FenceForm:
    """What stands in the fields. numbers and ladders: by offence, for every offence, ticked or not.

    hours: days, from, to of each line of the timetable. base: the newest version when the form was opened.
    """

    id: str = ""
    name: str = ""
    preset: str = ""
    polygon: str = NO_CORNERS
    offences: frozenset[Offence] = frozenset()
    numbers: Mapping[Offence, Mapping[str, str]] = field(default_factory=dict)
    ladders: Mapping[Offence, str] = field(default_factory=dict)
    hours: tuple[tuple[str, str, str], ...] = ()
    exemptions: str = ""
    warning_only: bool = False
    base: str = ""
    reason: str = ""

    def number(self, offence: Offence, name: str) -> str:
        return self.numbers.get(offence, {}).get(name) or _typed(getattr(RULES[offence](), name))


def form_of(terms: Mapping[str, Any], base: int | None) -> FenceForm:
    offences = terms["offences"]
    return FenceForm(
        id=terms["id"],
        name=terms.get("name") or terms["id"],
        preset=terms.get("preset") or "",
        polygon=json.dumps(terms["polygon"]),
        offences=frozenset(Offence(name) for name in offences),
        numbers={
            Offence(name): {number: _typed(rule[number]) for number in NUMBERS[Offence(name)] if number in rule}
            for name, rule in offences.items()
        },
        ladders={
            Offence(name): json.dumps(rule["ladder"], ensure_ascii=False, indent=1)
            for name, rule in offences.items()
            if rule.get("ladder")
        },
        hours=tuple((each["days"], each["from"], each["to"]) for each in terms.get("timetable") or ()),
        exemptions="\n".join(terms.get("exemptions") or ()),
        warning_only=bool(terms.get("warning_only")),
        base="" if base is None else str(base),
    )


def _typed(value: float) -> str:
    return f"{value:g}"


def read_form(typed: Mapping[str, Sequence[str]]) -> FenceForm:
    """From what a browser sent: each name with its values."""

    def one(name: str) -> str:
        values = typed.get(name) or ("",)
        return values[0].strip()

    hours = zip(typed.get("days", ()), typed.get("from", ()), typed.get("to", ()), strict=False)
    return FenceForm(
        id=one("geofence_id"),
        name=one("name"),
        preset=one("preset"),
        polygon=one("polygon")[:LONGEST_POLYGON] or NO_CORNERS,
        offences=frozenset(each for each in Offence if each.value in typed.get("offence", ())),
        numbers={each: {number: one(f"{each.value}.{number}") for number in NUMBERS[each]} for each in Offence},
        ladders={each: one(f"{each.value}.ladder") for each in Offence},
        hours=tuple((days.strip(), start.strip(), end.strip()) for days, start, end in hours),
        exemptions=one("exemptions"),
        warning_only=bool(one("warning_only")),
        base=one("base"),
        reason=one("reason"),
    )


def without_empty_hours(form: FenceForm) -> FenceForm:
    return replace(form, hours=tuple(each for each in form.hours if each != EMPTY_HOURS))


def terms_in(
    form: FenceForm, camera_id: str, before: Mapping[str, Any] | None
) -> tuple[dict[str, Any], list[FenceProblem]]:
    """The fence as a site file has it, and what could not even be read. before: of the version in force, if any."""
    problems: list[FenceProblem] = []
    known = dict(before["offences"]) if before else {}
    offences: dict[str, dict[str, Any]] = {}
    for offence in sorted(form.offences):
        rule = {name: value for name, value in known.get(offence.value, {}).items() if name != "ladder"}
        rule |= {
            name: _number(name, text)
            for name in NUMBERS[offence]
            if (text := form.numbers.get(offence, {}).get(name, ""))
        }
        if form.ladders.get(offence):
            try:
                document = read_yaml(form.ladders[offence])
                rule["ladder"] = document.value if document is not None else None
            except NotYaml as error:
                problems.append(FenceProblem("ladder", str(error)))
        offences[offence.value] = rule
    try:
        polygon = json.loads(form.polygon)
    except ValueError:
        polygon = []
    terms = {
        "id": form.id,
        "camera": camera_id,
        "name": form.name or None,
        "preset": form.preset or None,
        "polygon": polygon,
        "offences": offences,
        "timetable": [{"days": days, "from": start, "to": end} for days, start, end in without_empty_hours(form).hours],
        "exemptions": [each.strip() for each in form.exemptions.replace(",", "\n").splitlines() if each.strip()],
        "warning_only": form.warning_only,
    }
    return {**(before or {}), **terms}, problems


def _number(name: str, text: str) -> Any:
    """What is no number goes on as it is: the check of the fence says so."""
    try:
        return int(text) if name in WHOLE_NUMBERS else float(text)
    except ValueError:
        return text


@dataclass(frozen=True)
class Change:
    """One thing that two fences differ in. what: `outline`, `preset`, … or `offence` and `number` with their names."""

    what: str
    offence: str | None
    before: str
    after: str


def changes_between(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> list[Change]:
    """In the order of the form; of a fence that is new, everything there is to say."""
    one, two = ({} if before is None else _told(before)), _told(after)
    names = [*two, *(name for name in one if name not in two)]
    return [
        Change(what, offence, one.get((what, offence), ""), two.get((what, offence), ""))
        for what, offence in names
        if one.get((what, offence), "") != two.get((what, offence), "")
    ]


def _told(terms: Mapping[str, Any]) -> dict[tuple[str, str | None], str]:
    told: dict[tuple[str, str | None], str] = {
        ("name", None): terms.get("name") or terms["id"],
        ("preset", None): terms.get("preset") or "",
        ("outline", None): " ".join(f"({x:.3f}, {y:.3f})" for x, y in terms["polygon"]),
    }
    for offence in Offence:
        rule = terms["offences"].get(offence.value)
        if rule is None:
            continue
        told["offence", offence.value] = "✓"
        for name, value in sorted(rule.items()):
            if name in NUMBERS[offence] and value is not None:
                told[name, offence.value] = _typed(value)
        if rule.get("roles"):
            told["roles", offence.value] = ", ".join(rule["roles"])
        if rule.get("ladder"):
            told["ladder", offence.value] = json.dumps(rule["ladder"], ensure_ascii=False)
        said = {*NUMBERS[offence], "roles", "ladder"}
        more = {name: value for name, value in sorted(rule.items()) if name not in said and value is not None}
        told["more", offence.value] = json.dumps(more, ensure_ascii=False) if more else ""
    hours = [f"{each['days']} {each['from']}-{each['to']}" for each in terms.get("timetable") or ()]
    told["timetable", None] = "; ".join(hours)
    told["exemptions", None] = ", ".join(terms.get("exemptions") or ())
    told["warning_only", None] = "✓" if terms.get("warning_only") else ""
    return told


def points_of(polygon: Sequence[Sequence[float]]) -> str:
    """As the corners of an SVG polygon whose picture is one wide and one high."""
    return " ".join(f"{x:g},{y:g}" for x, y in polygon)
