"""What can go wrong in the workflow of a case."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from models.enums import Act, IncidentState

if TYPE_CHECKING:
    from cases.site_yaml import Problem


class CaseError(Exception):
    """Something about a case does not allow what was asked."""


class TransitionRefused(CaseError):
    """The table of the lifecycle does not contain this step."""

    def __init__(self, state: IncidentState, act: Act) -> None:
        super().__init__(f"an incident that is {state.value} cannot be {act.value.replace('_', ' ')}")
        self.state, self.act = state, act


class UnknownIncident(CaseError):
    def __init__(self, incident: object) -> None:
        super().__init__(f"there is no incident {incident}")


class DecisionRefused(CaseError):
    """A reviewer's decision lacks what the law asks of it."""


class AccountRefused(CaseError):
    """A user cannot be added as asked."""


class LawDataUnusable(CaseError):
    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path.name} cannot be used: {why}; mend the file, nothing is drafted on a guess")
        self.path = path


class DocumentFailed(CaseError):
    """A draft could not be written as a document."""


class SiteFileRefused(CaseError):
    """A site file says something that cannot be; each problem tells its line, field and what is wrong."""

    def __init__(self, path: Path, problems: Sequence[object]) -> None:
        super().__init__("\n".join(f"{path}: {problem}" for problem in problems))
        self.path, self.problems = path, tuple(problems)


class SiteConflict(CaseError):
    """A site file, sound in itself, disagrees with what the database already holds."""


class UnknownCamera(CaseError):
    def __init__(self, camera_id: str) -> None:
        super().__init__(f"there is no camera {camera_id}; see `streetwitness camera list`")
        self.camera_id = camera_id


class CameraListRefused(CaseError):
    """A table of cameras says something that cannot be; each problem tells its line, field and what is wrong."""

    def __init__(self, path: Path, problems: "Sequence[Problem]") -> None:
        super().__init__("\n".join(f"{path}: {problem}" for problem in problems))
        self.path, self.problems = path, tuple(problems)
