"""What can go wrong in making weights."""

from collections.abc import Iterable
from pathlib import Path

from detectors.errors import DetectorError


class TrainingError(DetectorError):
    """The recipe cannot go on."""


class UnusableMaterial(TrainingError):
    """Pictures, tables or clips are not what the recipe reads."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: {why}; see docs/model-card.md for what the folders hold")
        self.path, self.why = path, why


class StepMissing(TrainingError):
    """A step was asked for whose forerunner has not been done."""

    def __init__(self, wanted: Path, step: str) -> None:
        super().__init__(f"{wanted} is not there yet; run the step `{step}` with the same --work first")
        self.wanted, self.step = wanted, step


class ForeignWork(TrainingError):
    """The working folder holds a run that was made with other settings."""

    def __init__(self, folder: Path, why: str) -> None:
        super().__init__(f"{folder}: {why}; choose another --work, or go on with --resume")
        self.folder, self.why = folder, why


class QuantiserMissing(TrainingError):
    """The package that narrows a model to INT8 is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "exporting to INT8 needs the package nncf; install it (pip install nncf) and run the step again"
        )


class TooFewReviewed(TrainingError):
    """Before and after could not be told apart."""

    def __init__(self, incidents: int, kept_back: int, least: int) -> None:
        super().__init__(
            f"{incidents} reviewed incidents leave {kept_back} to judge by, and at least {least} are needed; "
            "review more, or gather from more cameras"
        )


class NotOfTheseWeights(TrainingError):
    """What people reviewed is called by names the weights to start from do not know."""

    def __init__(self, names: Iterable[str], weights: Path) -> None:
        super().__init__(
            f"{weights} knows none of the classes {', '.join(sorted(names))}; start from weights that know them"
        )
