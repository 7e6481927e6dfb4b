"""What can go wrong in the workflow of a case."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from models.enums import Act, IncidentState, OutboxState, Role

if TYPE_CHECKING:
    from cases.fences import FenceProblem
    from cases.site_yaml import Problem


class CaseError(Exception):
    """Something about a case does not allow what was asked."""


class TransitionRefused(CaseError):
    """The table of the lifecycle does not contain this step."""

    def __init__(self, state: IncidentState, act: Act) -> None:
        super().__init__(f"an incident that is {state.value} cannot be {act.value.replace('_', ' ')}")
        self.state, self.act = state, act


class CameraChangeRefused(CaseError):
    """A camera is not changed so. why: the key of its sentence, which its page has in two languages; preset: in it."""

    def __init__(self, why: str, said: str, *, preset: str = "") -> None:
        super().__init__(said)
        self.why, self.preset = why, preset


class UnknownIncident(CaseError):
    def __init__(self, incident: object) -> None:
        super().__init__(f"there is no incident {incident}")


class DecisionRefused(CaseError):
    """A reviewer's decision lacks what the law asks of it."""


class InHandOfAnother(CaseError):
    """Somebody else is at work on it."""

    def __init__(self, who: str, until_at: datetime) -> None:
        super().__init__(f"{who} has it in hand until {until_at:%H:%M} UTC; ask, wait, or take it over with a reason")
        self.who, self.until_at = who, until_at


class LeftToAnother(CaseError):
    """It was passed on, and this person may not decide it any more."""


class TakeBackRefused(CaseError):
    """A decision stands. why: the key of its sentence, which the page has in two languages."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the decision is not taken back: {why.replace('_', ' ')}")
        self.why = why


class DraftEditRefused(CaseError):
    """A draft is not changed so. why: the key of its sentence, which the page has in two languages; facts: in it."""

    def __init__(self, why: str, **facts: int) -> None:
        told = f" ({', '.join(f'{name} {value}' for name, value in facts.items())})" if facts else ""
        super().__init__(f"the draft is not changed: {why.replace('_', ' ')}{told}")
        self.why, self.facts = why, facts


class SecondReviewRefused(CaseError):
    """Not by this person, or not now. why: the key of its sentence, which the page has in two languages."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the second review is not taken: {why.replace('_', ' ')}")
        self.why = why


class PlateUnwritable(CaseError):
    """What was typed is no plate."""

    def __init__(self, typed: str) -> None:
        super().__init__(f"`{typed}` is no plate: write its 4 to 12 letters, digits and characters, or leave it empty")
        self.typed = typed


class AccountRefused(CaseError):
    """An account cannot be made or changed as asked. why: the key of its sentence, which the pages have."""

    def __init__(self, why: str, said: str) -> None:
        super().__init__(said)
        self.why = why


class PasswordRefused(AccountRefused):
    """Not a password to be taken, or not the one that was right until now."""


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
    def __init__(self, roles: Sequence[Role], right: str, entitled: Sequence[Role]) -> None:
        held = ", ".join(role.value.replace("_", " ") for role in roles) or "user without a role"
        named = ", ".join(role.value.replace("_", " ") for role in entitled)
        super().__init__(f"a {held} may not {right.replace('_', ' ')}; ask a {named}")
        self.roles, self.right = tuple(roles), right


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


class RecorderRefused(CaseError):
    """A recorder cannot be set or given to somebody so. why: a key that names what is wrong."""

    def __init__(self, why: str, said: str) -> None:
        super().__init__(said)
        self.why = why


class RecordingRefused(CaseError):
    """This cannot be done with a recording. why: the key of its sentence, which the page has in two languages."""

    def __init__(self, why: str, said: str) -> None:
        super().__init__(said)
        self.why = why


class RequestRefused(CaseError):
    """A request for footage cannot go on so. why: the key of its sentence, which the page has in two languages."""

    def __init__(self, why: str, said: str) -> None:
        super().__init__(said)
        self.why = why


class FenceUnsound(CaseError):
    """A geofence as drawn says something that cannot be; each problem tells its field and what is wrong."""

    def __init__(self, problems: "Sequence[FenceProblem]") -> None:
        super().__init__("; ".join(f"{problem.field}: {problem.said}" for problem in problems))
        self.problems = tuple(problems)


class FenceRefused(CaseError):
    """A change of a geofence cannot go on so. why: the key of its sentence, which the page has in two languages."""

    def __init__(self, why: str, said: str) -> None:
        super().__init__(said)
        self.why = why


class PermissionRefused(CaseError):
    """A permit or permission cannot be had or ended so. why: the key of its sentence, which the page has."""

    def __init__(self, why: str, said: str) -> None:
        super().__init__(said)
        self.why = why


class HookRefused(CaseError):
    """A webhook cannot be had or used so. why: the key of its sentence, which the page has in two languages."""

    def __init__(self, why: str, said: str) -> None:
        super().__init__(said)
        self.why = why


class UnknownFence(CaseError):
    def __init__(self, fence: object) -> None:
        super().__init__(f"there is no geofence or proposal or trial {fence}")
