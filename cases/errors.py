"""What can go wrong in the workflow of a case."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from models.enums import Act, IncidentState, OutboxState, Role

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


class DispatchRefused(CaseError):
    """An officer cannot do this with a dispatch, or not any more."""


class StatementRefused(CaseError):
    """What an owner wants to say cannot be taken. why: the key of its sentence, which the page has in two languages."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the statement was refused: {why.replace('_', ' ')}")
        self.why = why


class LadderRefused(CaseError):
    """A ladder says something that cannot be done."""


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


class NoReasonToLook(CaseError):
    """Pictures are shown to nobody who has not said what for."""


class NotEntitled(CaseError):
    def __init__(self, role: Role, right: str, entitled: Sequence[Role]) -> None:
        named = ", ".join(role.value.replace("_", " ") for role in entitled)
        super().__init__(f"a {role.value.replace('_', ' ')} may not {right.replace('_', ' ')}; ask a {named}")
        self.role, self.right = role, right


class UnknownMessage(CaseError):
    def __init__(self, message: object) -> None:
        super().__init__(f"there is no message {message}; see `streetwitness message list`")


class MessageNotDead(CaseError):
    """Only what was given up is sent again; everything else is still on its way, or there."""

    def __init__(self, state: OutboxState) -> None:
        super().__init__(f"the message is {state.value} and not dead; look again, the relay may just have it")
        self.state = state


class UnknownLoudspeaker(CaseError):
    def __init__(self, loudspeaker: object) -> None:
        super().__init__(f"there is no loudspeaker {loudspeaker}; add it to the site file")


class AnnouncementRefused(CaseError):
    """Nothing is said through the loudspeaker. why: the key of its sentence, which the page has in two languages."""

    def __init__(self, why: str, said: str) -> None:
        super().__init__(said)
        self.why = why


class ReasonMissing(CaseError):
    def __init__(self) -> None:
        super().__init__("write the reason; it goes on record")


class RegisterRefused(CaseError):
    """A list of vehicles and owners says something that cannot be; each problem tells its line and what is wrong."""

    def __init__(self, path: Path, problems: "Sequence[Problem]") -> None:
        super().__init__("\n".join(f"{path}: {problem}" for problem in problems))
        self.path, self.problems = path, tuple(problems)


class UploadRefused(CaseError):
    """A file cannot be handed in so. why: the key of its sentence at the desk, which has it in two languages."""

    def __init__(self, why: str, **facts: object) -> None:
        told = "".join(f"; {name.replace('_', ' ')}: {value}" for name, value in facts.items())
        super().__init__(f"the upload was refused: {why.replace('_', ' ')}{told}")
        self.why, self.facts = why, facts
