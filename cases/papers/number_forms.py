"""How a number is written: the form of a series, checked before it is used, with year and number put in.

The bureau's own form is a row, set on the page of the registry; until then the one of numbers.toml counts.
"""

import string
import tomllib
from datetime import datetime
from functools import cache
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases.casework.steps import By
from cases.papers.errors import PaperRefused
from models.enums import SheetKind
from models.papers import NumberForm, NumberSeries

DEFAULTS = Path(__file__).with_name("numbers.toml")
LONGEST_FORM = 80
LONGEST_TEXT = 100
MOST_DIGITS = 8
A_YEAR, FAR_NUMBER = 2026, 99_999_999


def written(form: str, year: int, number: int) -> str:
    return form.format(year=year, number=number)


def form_of(session: Session, kind: SheetKind) -> str:
    """The newest that was set; else ours."""
    asked = select(NumberForm.form).where(NumberForm.kind == kind).order_by(NumberForm.set_at.desc()).limit(1)
    return session.scalar(asked) or _defaults()[kind]


def set_form(session: Session, kind: SheetKind, form: str, *, by: By, at: datetime) -> NumberForm:
    """From the next number on. Raises PaperRefused for a form without year or number, or one that another series has
    or had.
    """
    form = form.strip()
    check(form)
    # every series is locked, so that no number is drawn by the old form afterwards, and no two forms are set at once
    session.scalars(select(NumberSeries).order_by(NumberSeries.kind, NumberSeries.year).with_for_update()).all()
    had = list(_defaults().items())
    had += [(row.kind, row.form) for row in session.scalars(select(NumberForm))]
    for other, other_form in had:
        if other is not kind and _bare(other_form) == _bare(form):
            raise PaperRefused("form_of_another", kind=other.value)
    row = NumberForm(kind=kind, form=form, set_by=by.name, set_at=at)
    session.add(row)
    session.flush()
    return row


def check(form: str) -> None:
    """Raises PaperRefused."""
    if len(form) > LONGEST_FORM:
        raise PaperRefused("form_too_long", most=LONGEST_FORM)
    try:
        pieces = [piece for piece in string.Formatter().parse(form) if piece[1] is not None]
    except ValueError:
        raise PaperRefused("form_unreadable") from None
    named = sorted(name or "" for _, name, _, _ in pieces)
    if named != ["number", "year"]:
        raise PaperRefused("form_without_year_or_number")
    for _, name, specification, conversion in pieces:
        if conversion is not None or not _is_plain(name or "", specification or ""):
            raise PaperRefused("form_unreadable")
    if len(written(form, A_YEAR, FAR_NUMBER)) > LONGEST_TEXT or not form.isprintable():
        raise PaperRefused("form_unreadable")


def _is_plain(name: str, specification: str) -> bool:
    """The year as it is; the number with so many digits at least: `04`."""
    if specification == "":
        return True
    is_padded = specification.isascii() and specification.isdigit() and specification[0] == "0"
    return name == "number" and is_padded and 1 <= int(specification) <= MOST_DIGITS


def _bare(form: str) -> str:
    """Without how many digits there are: two that differ in that alone write the same numbers sooner or later."""
    return form.format(year="{year}", number=_Digits())


class _Digits:
    """Stands for a number of any length."""

    def __format__(self, _specification: str) -> str:
        return "{number}"


@cache
def _defaults() -> dict[SheetKind, str]:
    forms = tomllib.loads(DEFAULTS.read_text("utf-8"))
    return {kind: forms[kind.value] for kind in SheetKind}
