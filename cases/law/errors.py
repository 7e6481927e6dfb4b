"""What can go wrong with the catalogue of offences. `why` is the key of a sentence, which the desk has twice."""

from collections.abc import Sequence

from cases.errors import CaseError
from cases.site_yaml import Problem


class LawError(CaseError):
    """The catalogue does not allow what was asked. why: the key of its sentence."""

    why: str


class LawFileRefused(LawError):
    """A file of the catalogue says something that cannot be; nothing of it is taken in."""

    why = "file"

    def __init__(self, name: str, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(f"{name}: {problem}" for problem in problems))
        self.name, self.problems = name, tuple(problems)


class UnknownLaw(LawError):
    why = "unknown"

    def __init__(self, what: object) -> None:
        super().__init__(f"the catalogue of offences has no {what}; look with `streetwitness law search`")


class LawRefused(LawError):
    """Not by this edition, or not now. facts: what the sentence names."""

    def __init__(self, why: str, **facts: str | int) -> None:
        told = f" ({', '.join(f'{name} {value}' for name, value in facts.items())})" if facts else ""
        super().__init__(f"refused: {why.replace('_', ' ')}{told}")
        self.why, self.facts = why, facts
