"""Formulas of a score sheet: sums and shares of a few named figures, and nothing of money.

Pure. 行政处罚法 art. 74(3): fines may not be tied to assessment, directly or in disguise. A formula that names them in
any of the usual words is refused with that sentence; any other name that is not on the list is refused as unknown.
"""

import ast
import operator
from collections.abc import Callable, Mapping

from cases.volume.errors import FormulaRefused

NAMES = frozenset({"mean_points", "total", "files", "deducted"})
OF_MONEY = (
    "fine",
    "fen",
    "yuan",
    "money",
    "amount",
    "revenue",
    "income",
    "penalty",
    "payment",
    "paid",
    "罚",
    "款",
    "金额",
)
LONGEST = 200
OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def check(formula: str) -> ast.expr:
    """What is to be worked out. Raises FormulaRefused."""
    if any(word in formula.casefold() for word in OF_MONEY):
        raise FormulaRefused(
            formula,
            "fines may not be tied to assessment, directly or in disguise (行政处罚法 art. 74(3)); leave them out",
        )
    if len(formula) > LONGEST:
        raise FormulaRefused(formula[:LONGEST], f"it has more than {LONGEST} characters; say it shorter")
    try:
        root = ast.parse(formula, mode="eval").body
    except (SyntaxError, ValueError, RecursionError) as error:
        raise FormulaRefused(formula, "it is no formula; use + - * / and brackets") from error
    _check(formula, root)
    return root


def value(formula: str, figures: Mapping[str, float]) -> float | None:
    """None: it divides by nothing. figures: one for each of NAMES. Raises FormulaRefused."""
    try:
        return _value(check(formula), figures)
    except ZeroDivisionError:
        return None


def _check(formula: str, node: ast.expr) -> None:
    match node:
        case ast.BinOp(left, op, right) if type(op) in OPERATORS:
            _check(formula, left)
            _check(formula, right)
        case ast.Constant(int() | float() as number) if not isinstance(number, bool):
            pass
        case ast.Name(name) if name in NAMES:
            pass
        case ast.Name(name):
            raise FormulaRefused(formula, f"nothing is called {name}; there are {', '.join(sorted(NAMES))}")
        case _:
            raise FormulaRefused(
                formula, "it holds more than names, numbers, + - * / and brackets; write it with those"
            )


def _value(node: ast.expr, figures: Mapping[str, float]) -> float:
    match node:
        case ast.BinOp(left, op, right):
            return OPERATORS[type(op)](_value(left, figures), _value(right, figures))
        case ast.Name(name):
            return figures[name]
        case ast.Constant(int() | float() as number):
            return number
    raise AssertionError("what was checked holds nothing else")
