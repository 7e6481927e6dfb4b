"""What can go wrong with a volume, a review by score sheet, or the data they rest on."""

import uuid
from pathlib import Path

from cases.casework.errors import FileRefused
from cases.errors import CaseError


class VolumeError(CaseError):
    """A volume cannot be made as things are."""


class OrderUnusable(VolumeError):
    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path.name} is no archive order: {why}; correct the file and ask again")
        self.path = path


class PaperUnreadable(VolumeError):
    def __init__(self, paper_id: uuid.UUID, why: str) -> None:
        super().__init__(f"paper {paper_id} cannot be bound: {why}; make it again on the page of papers")
        self.paper_id = paper_id


class VolumeTooLarge(VolumeError):
    def __init__(self, size_bytes: int, most_bytes: int) -> None:
        super().__init__(
            f"its parts come to {size_bytes} bytes, and {most_bytes} are bound in one volume; split the file"
        )
        self.size_bytes, self.most_bytes = size_bytes, most_bytes


class SheetUnusable(VolumeError):
    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path.name} is no score sheet: {why}; correct the file")
        self.path = path


class FormulaRefused(VolumeError):
    """A formula that may not be used, or cannot be read."""

    def __init__(self, formula: str, why: str) -> None:
        super().__init__(f"the formula {formula!r} is refused: {why}")
        self.formula = formula


class VolumeRefused(FileRefused):
    """It may not be asked for now."""


class ScoreRefused(FileRefused):
    """A review by score sheet that may not be begun, or ended, so."""
