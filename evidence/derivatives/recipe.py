"""Recipes: everything that decides what a derivative looks like, as values. With the originals they give it again.

Pure. The masks are in the recipe as boxes, so that making it again needs no network and asks no detector; who found
them, and by which rule, stands beside them. Pixels are made in ingest/derive.py.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from evidence.canonical import canonical
from models.enums import DerivativeForm, ExhibitKind, ExhibitMoment

FORMAT = "streetwitness derivative 1"
Language = Literal["zh", "en"]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Mask(_Value):
    """A part that is covered: left, top, right, bottom in pixels of the original; of a clip, while it is."""

    box: tuple[int, int, int, int]
    what: str
    from_s: float | None = None
    to_s: float | None = None

    def holds(self, media_s: float) -> bool:
        return (self.from_s is None or self.from_s <= media_s) and (self.to_s is None or media_s <= self.to_s)


class Masking(_Value):
    """rule: which parts are covered, with every number. found_by: the network, and how often and where it looked.

    spared: the box of the vehicle it is about, whose plate stays; None where it is about none.
    """

    rule: Mapping[str, str | float]
    found_by: Mapping[str, str | float]
    spared: tuple[int, int, int, int] | None
    masks: tuple[Mask, ...]


class Caption(_Value):
    """fields: what stands in the strip below, in this order; `{at}` is the time of the picture it stands below.

    began_at: the time of the original's first picture.
    """

    fields: tuple[str, ...]
    began_at: datetime
    timezone: str
    fractions: bool
    code: str
    font: str


class Part(_Value):
    """One original with what is done to it."""

    original_sha256: str
    kind: ExhibitKind
    moment: ExhibitMoment
    masking: Masking | None = None
    caption: Caption | None = None


class Recipe(_Value):
    """width, height: of the original's picture as it is shown, without the strip; a contact sheet's cell.

    from_s, to_s: the seconds of a clip that are taken; frame_rate: at most so many pictures a second.
    """

    format: str = FORMAT
    how: str = "derive"
    form: DerivativeForm
    parts: tuple[Part, ...]
    width: int
    height: int
    columns: int | None = None
    from_s: float | None = None
    to_s: float | None = None
    frame_rate: float | None = None
    encoder: str
    settings: Mapping[str, str]
    libraries: Mapping[str, str]
    same_bytes: str

    @property
    def codes(self) -> tuple[str, ...]:
        """The anti-forgery codes on it, in the order of its pictures."""
        return tuple(part.caption.code for part in self.parts if part.caption is not None)

    def as_json(self) -> dict[str, Any]:
        return self.model_dump(mode="json", exclude_none=True)


def key_of(
    incident: object,
    originals: Sequence[str],
    form: DerivativeForm,
    *,
    masked: bool,
    captioned: bool,
    language: str,
) -> str:
    """What tells one derivative of an incident from another; originals: their digests."""
    asked = {
        "incident": str(incident),
        "originals": sorted(originals),
        "form": form.value,
        "masked": masked,
        "captioned": captioned,
        "language": language if captioned else "",
    }
    return hashlib.sha256(canonical(asked)).hexdigest()
