"""What can go wrong in the workflow of a case."""

from models.enums import Act, IncidentState


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
