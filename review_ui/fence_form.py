"""The form of a geofence: from a fence to fields and back, as they were typed, and what two fences differ in.

Whether what was typed is a fence that can be is asked of cases/fences.py, as of one in a site file. What the form has
no field for (what a reason against does) stays as it was.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, get_args

from cases.fences import FenceProblem
from cases.site_file import DumpingRule, ParkingRule, VendingRule
from cases.site_file import Role as RoleWord
from cases.site_yaml import NotYaml, read_yaml
from detectors.geometry import Polygon
from models.enums import Offence

# the numbers of each offence's rule, in the order in which they are asked
NUMBERS: dict[Offence, tuple[str, ...]] = {
    Offence.ILLEGAL_PARKING: ("dwell_s", "grace_s"),
    Offence.STREET_VENDING: ("dwell_s", "warnings", "grace_s"),
    Offence.DUMPING: ("away_s",),
}
RULES = {Offence.ILLEGAL_PARKING: ParkingRule, Offence.STREET_VENDING: VendingRule, Offence.DUMPING: DumpingRule}
WHOLE_NUMBERS = frozenset({"warnings"})
# what the thing may be that the rule is about, in the order in which it is asked
ROLES: dict[Offence, tuple[str, ...]] = {
    Offence.ILLEGAL_PARKING: ("vehicle", "two_wheeler"),
    Offence.STREET_VENDING: VendingRule().roles,
}
KNOWN_ROLES = frozenset(get_args(RoleWord))
# what is drawn beside the outline: places where the offence is none, and the line of a shop's door
BAYS: dict[Offence, str] = {Offence.ILLEGAL_PARKING: "bays", Offence.STREET_VENDING: "market_bays"}
LINE, SHOP_SIDE = "line", "shop_side"
FIELDS = frozenset({"roles", "ladder", *BAYS.values(), LINE, SHOP_SIDE})  # with a field of their own, beside numbers
EMPTY_HOURS = ("", "", "")
LONGEST_POLYGON = 10_000
LONGEST_BAYS = 100_000
NO_CORNERS = "[]"


@dataclass(frozen=True)
class FenceForm:
    """What stands in the fields. numbers, roles, bays and ladders: by offence, for every offence, ticked or not.

    bays and line: as JSON, like the polygon. hours: days, from, to of each line of the timetable. base: the newest
    version when the form was opened.
    """

    id: str = ""
    name: str = ""
    preset: str = ""
    polygon: str = NO_CORNERS
    offences: frozenset[Offence] = frozenset()
    numbers: Mapping[Offence, Mapping[str, str]] = field(default_factory=dict)
    roles: Mapping[Offence, tuple[str, ...]] = field(default_factory=dict)
    bays: Mapping[Offence, str] = field(default_factory=dict)
    line: str = NO_CORNERS
    shop_side: str = ""
    ladders: Mapping[Offence, str] = field(default_factory=dict)
    hours: tuple[tuple[str, str, str], ...] = ()
    exemptions: str = ""
    warning_only: bool = False
    base: str = ""
    reason: str = ""

    def number(self, offence: Offence, name: str) -> str:
        return self.numbers.get(offence, {}).get(name) or _typed(getattr(RULES[offence](), name))

    def roles_of(self, offence: Offence) -> tuple[str, ...]:
        """The ticked ones."""
        usual: tuple[str, ...] = getattr(RULES[offence](), "roles", ())
        return self.roles.get(offence, usual)

    def roles_asked(self, offence: Offence) -> tuple[str, ...]:
        """The usual ones, and what a site file added to them."""
        offered = ROLES.get(offence, ())
        return (*offered, *(role for role in self.roles_of(offence) if role not in offered and role in KNOWN_ROLES))


def form_of(terms: Mapping[str, Any], base: int | None) -> FenceForm:
    offences = terms["offences"]
    vending = offences.get(Offence.STREET_VENDING.value, {})
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
        roles={Offence(name): tuple(rule["roles"]) for name, rule in offences.items() if "roles" in rule},
        bays={
            Offence(name): json.dumps(rule[BAYS[Offence(name)]])
            for name, rule in offences.items()
            if Offence(name) in BAYS and rule.get(BAYS[Offence(name)])
        },
        line=json.dumps(vending.get(LINE) or []),
        shop_side=vending.get(SHOP_SIDE) or "",
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
        roles={each: tuple(typed.get(f"{each.value}.role", ())) for each in ROLES},
        bays={each: one(f"{each.value}.{name}")[:LONGEST_BAYS] or NO_CORNERS for each, name in BAYS.items()},
        line=one(f"{Offence.STREET_VENDING.value}.{LINE}")[:LONGEST_POLYGON] or NO_CORNERS,
        shop_side=one(f"{Offence.STREET_VENDING.value}.{SHOP_SIDE}"),
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
        was = known.get(offence.value, {})
        rule = {name: value for name, value in was.items() if name not in FIELDS} | _drawn(form, offence)
        if offence in ROLES:
            rule["roles"] = _in_order(form.roles_of(offence), was.get("roles") or ())
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
    terms = {
        "id": form.id,
        "camera": camera_id,
        "name": form.name or None,
        "preset": form.preset or None,
        "polygon": _points(form.polygon, unread=[]),
        "offences": offences,
        "timetable": [{"days": days, "from": start, "to": end} for days, start, end in without_empty_hours(form).hours],
        "exemptions": [each.strip() for each in form.exemptions.replace(",", "\n").splitlines() if each.strip()],
        "warning_only": form.warning_only,
    }
    return {**(before or {}), **terms}, problems


def _points(text: str, unread: Any = None) -> Any:
    """What cannot be read goes on as it is: the check of the fence says so."""
    try:
        return json.loads(text)
    except ValueError:
        return text if unread is None else unread


def _drawn(form: FenceForm, offence: Offence) -> dict[str, Any]:
    """What is drawn for that offence beside the outline; nothing of what is not there."""
    drawn: dict[str, Any] = {}
    if offence in BAYS and (bays := _points(form.bays.get(offence, NO_CORNERS))):
        drawn[BAYS[offence]] = bays
    if offence is Offence.STREET_VENDING and (line := _points(form.line)):
        drawn[LINE] = line
        if form.shop_side:
            drawn[SHOP_SIDE] = form.shop_side
    return drawn


def _in_order(ticked: Sequence[str], before: Sequence[str]) -> list[str]:
    """As they stood, and what is new behind them: ticking the same ones again changes nothing."""
    return [*(role for role in before if role in ticked), *(role for role in ticked if role not in before)]


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
        ("outline", None): _corners(terms["polygon"]),
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
        for name in (*BAYS.values(), LINE):
            shapes = [rule[name]] if name == LINE and rule.get(name) else rule.get(name) or ()
            told[name, offence.value] = "; ".join(map(_corners, shapes))
        if rule.get(LINE):
            told[SHOP_SIDE, offence.value] = rule.get(SHOP_SIDE) or "smaller"
        if rule.get("ladder"):
            told["ladder", offence.value] = json.dumps(rule["ladder"], ensure_ascii=False)
        said = {*NUMBERS[offence], *FIELDS}
        more = {name: value for name, value in sorted(rule.items()) if name not in said and value is not None}
        told["more", offence.value] = json.dumps(more, ensure_ascii=False) if more else ""
    hours = [f"{each['days']} {each['from']}-{each['to']}" for each in terms.get("timetable") or ()]
    told["timetable", None] = "; ".join(hours)
    told["exemptions", None] = ", ".join(terms.get("exemptions") or ())
    told["warning_only", None] = "✓" if terms.get("warning_only") else ""
    return told


def _corners(points: Sequence[Sequence[float]]) -> str:
    return " ".join(f"({x:.3f}, {y:.3f})" for x, y in points)


class Mark(NamedTuple):
    """Something drawn on the picture. kind: how it is shown; name: the key of what it is called."""

    points: Sequence[Sequence[float]]
    kind: str
    name: str


def marks_of(terms: Mapping[str, Any]) -> Iterator[Mark]:
    """What a fence has drawn beside its outline; of a door line also the part of the fence that is the shop's."""
    for rule in terms["offences"].values():
        if rule.get(LINE):
            yield from (Mark(part, "shop", "fences.shape.shop") for part in _of_the_shop(terms["polygon"], rule))
        for name in BAYS.values():
            for bay in rule.get(name) or ():
                yield Mark(bay, "bay", f"fences.shape.{name}")
        if rule.get(LINE):
            yield Mark(rule[LINE], "door-line", "fences.shape.line")


def _of_the_shop(polygon: Sequence[Sequence[float]], rule: Mapping[str, Any]) -> list[list[tuple[float, float]]]:
    whole = Polygon(tuple((x, y) for x, y in polygon))
    parts = whole.parts_beside([(x, y) for x, y in rule[LINE]], rule.get(SHOP_SIDE))
    if rule.get(SHOP_SIDE) is None:
        parts = sorted(parts, key=lambda part: part.area)[:-1]
    return [list(part.exterior.coords[:-1]) for part in parts]


def points_of(polygon: Sequence[Sequence[float]], size: Sequence[int] = (1, 1)) -> str:
    """As the corners of an SVG polygon whose picture is that wide and high."""
    return " ".join(f"{x * size[0]:g},{y * size[1]:g}" for x, y in polygon)
