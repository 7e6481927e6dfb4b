"""What can go wrong between us and who collects fines.

What a case file refuses is a FileError (cases/casework/errors.py), with a key that the desk says in two languages.
"""

from cases.errors import CaseError


class CashierError(CaseError):
    """Something between us and who collects fines failed."""


class CashierUnavailable(CashierError):
    """No answer, or "not now": whether it was taken is to be asked before it is repeated."""


class CashierRefused(CashierError):
    """A final no: asking the same again gets the same answer."""


class AnswerWrong(CashierError):
    """It answers something that does not fit what was asked; a person has to look."""


class NotFromTheCashier(CashierError):
    """A message that is not shown to come from who collects, or is too old to be believed."""


class UnknownOrder(CashierError):
    def __init__(self) -> None:
        super().__init__("it speaks of an order that this site did not make")
