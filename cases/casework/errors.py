"""What can go wrong with a case file. Each refusal has a key, `why`; the desk says it in two languages."""

from datetime import date, datetime
from typing import TYPE_CHECKING

from cases.casework.gates import Unmet
from cases.errors import CaseError
from models.enums import FileAct, FileState

if TYPE_CHECKING:
    from cases.parties import Double


class FileError(CaseError):
    """A case file does not allow what was asked. why: the key of its sentence."""

    why: str


class UnknownFile(FileError):
    why = "unknown_file"

    def __init__(self, file: object) -> None:
        super().__init__(f"there is no case file {file}")


class UnknownApproval(FileError):
    why = "unknown_approval"

    def __init__(self, approval: object) -> None:
        super().__init__(f"there is no approval {approval}; see what waits on the page of approvals")


class UnknownPoint(FileError):
    why = "unknown_point"

    def __init__(self, point: object) -> None:
        super().__init__(f"there is no point of a defence {point}; see the case file it was said in")


class UnknownHearing(FileError):
    why = "unknown_hearing"

    def __init__(self, hearing: object) -> None:
        super().__init__(f"there is no hearing {hearing}; see the case file it was asked for in")


class StepRefused(FileError):
    """The table does not contain this step."""

    why = "not_in_the_table"

    def __init__(self, state: FileState, step: FileAct) -> None:
        super().__init__(f"a case file that is {state.value.replace('_', ' ')} cannot {step.value.replace('_', ' ')}")
        self.state, self.step = state, step


class GateUnmet(FileError):
    """The table contains the step, and the law asks for something first."""

    why = "gate_unmet"

    def __init__(self, step: FileAct, unmet: tuple[Unmet, ...]) -> None:
        told = ", ".join(f"{each.code.replace('_', ' ')} ({each.article_id})" for each in unmet)
        super().__init__(f"cannot {step.value.replace('_', ' ')} yet: {told}; put this right first")
        self.step, self.unmet = step, unmet


class DatedWrongly(FileError):
    """A day or a time that cannot be."""

    def __init__(self, why: str, bound: date | datetime) -> None:
        super().__init__(f"the date is refused, {why.replace('_', ' ')}: {bound.isoformat()}")
        self.why, self.bound = why, bound


class FileRefused(FileError):
    """Something else stands against it. facts: what the sentence names."""

    def __init__(self, why: str, **facts: str | int) -> None:
        told = f" ({', '.join(f'{name} {value}' for name, value in facts.items())})" if facts else ""
        super().__init__(f"refused: {why.replace('_', ' ')}{told}")
        self.why, self.facts = why, facts


class LikelyDouble(FileRefused):
    """Somebody of this number, phone or name was entered before. found: those entries, for a person to look at."""

    def __init__(self, found: "tuple[Double, ...]") -> None:
        known = any(each.by == "number" for each in found) or not found
        super().__init__("number_known" if known else "likely_double", entries=len(found))
        self.found = found
