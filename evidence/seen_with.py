"""With what an incident was seen: software, weights, pace of looking, stream, and the clock as it was measured then.

Written once, when the incident is opened (`Incident.seen_with`): a camera is moved, its stream is set up anew and its
clock is measured again, and what held for this conduct must not change with it.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from models.enums import ClockMeasure
from models.incidents import Incident


@dataclass(frozen=True)
class Weights:
    """digest: SHA-256, hex."""

    name: str
    digest: str


@dataclass(frozen=True)
class ClockThen:
    """offset_s: our UTC minus the camera's, true to within error_s; None: never measured.

    measure: by what a watcher measured it; None: it is what was entered for the camera.
    """

    offset_s: float
    error_s: float | None
    measure: ClockMeasure | None


@dataclass(frozen=True)
class SeenWith:
    """look_s: the longest time between two looks that was asked for. What no row says is None."""

    software: str | None
    model: Weights | None
    look_s: float | None
    width: int | None
    height: int | None
    fps: float | None
    codec: str | None
    clock: ClockThen

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def seen_with(incident: Incident) -> SeenWith:
    """What was written when it was opened. Camera and recording are to be loaded.

    Incidents of before that was written have the facts of their recording's analysis, and the camera's clock as its row
    has it today.
    """
    if incident.seen_with is not None:
        return _read(incident.seen_with)
    analysis = (incident.recording.analysis if incident.recording else None) or {}
    clock = {"offset_s": incident.camera.clock_offset_s, "error_s": incident.camera.clock_error_s, "measure": None}
    return _read({name: analysis.get(name) for name in SeenWith.__dataclass_fields__} | {"clock": clock})


def _read(value: Mapping[str, Any]) -> SeenWith:
    model, clock = value["model"], value["clock"]
    measure = clock["measure"]
    return SeenWith(
        **{
            **value,
            "model": Weights(**model) if model else None,
            "clock": ClockThen(clock["offset_s"], clock["error_s"], ClockMeasure(measure) if measure else None),
        }
    )
