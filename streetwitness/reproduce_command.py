"""`streetwitness reproduce BUNDLE`: detector and rule once more on the clips of a bundle, compared with what it says.

Exit status 0 the same incident follows, 1 another or none, 2 it cannot be said: the bundle does not hold, or the
weights it was seen with are not at hand.
"""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from streetwitness.answers import NO, JsonOption, answers, given_settings

if TYPE_CHECKING:
    from detectors.sightings import Detector
    from ingest.reproduction import Claimed, Reproduction

CANNOT = 2
MARKS = {True: "same", False: "DIFFERENT", None: "not shown"}


@answers
def reproduce(
    bundle: Annotated[Path, typer.Argument(help="The bundle, or the folder it was unpacked into.", show_default=False)],
    weights: Annotated[
        str | None, typer.Option("--weights", help="Where the weights it was seen with lie; their digest must fit.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Runs detector and rule again on the clips of a bundle. 0 the same incident, 1 a different one, 2 cannot be said.

    The bundle is verified first; weights are known by their digest. Needs no database and no network.
    """
    from detectors.errors import DetectorError
    from evidence.errors import EvidenceError
    from ingest.errors import IngestError

    try:
        claimed, detector, found = _reproduced(bundle, weights)
    except (DetectorError, EvidenceError, IngestError) as error:
        if as_json:
            typer.echo(json.dumps({"outcome": "cannot", "reason": str(error)}, ensure_ascii=False))
        else:
            typer.echo(f"cannot be said: {error}", err=True)
        raise typer.Exit(CANNOT) from error
    _tell(bundle, claimed, detector, found, as_json=as_json)
    if not found.same:
        raise typer.Exit(NO)


def _reproduced(bundle: Path, weights: str | None) -> "tuple[Claimed, Detector, Reproduction]":
    from evidence.bundle_reading import unpack
    from evidence.verdict import Outcome
    from evidence.verification import verify
    from ingest import reproduction
    from ingest.errors import CannotReproduce
    from models.enums import ExhibitKind

    verdict = verify(bundle)
    if verdict.outcome is not Outcome.INTACT:
        why = verdict.reason or "; ".join(str(fault) for fault in verdict.faults[:3])
        raise CannotReproduce(f"{bundle} does not hold, so nothing follows from it ({why})")
    with tempfile.TemporaryDirectory(prefix="streetwitness-reproduce-") as folder:
        manifest = unpack(bundle, Path(folder), lambda exhibit: exhibit["kind"] == ExhibitKind.CLIP.value)
        claimed = reproduction.claimed_by(manifest)
        detector = _detector_with(claimed, weights)
        return (
            claimed,
            detector,
            reproduction.reproduce(claimed, reproduction.clips_of(manifest, Path(folder)), detector),
        )


def _detector_with(claimed: "Claimed", weights: str | None) -> "Detector":
    """The detector on the weights of that digest. Raises CannotReproduce, saying which were found instead."""
    from detectors.weights import find_detector
    from ingest.errors import CannotReproduce

    found: dict[str, str] = {}
    for place in _places(weights):
        detector = find_detector(place)
        if detector.digest == claimed.model_digest:
            return detector
        found[detector.digest] = f"{detector.name} sha256:{detector.digest}"
    raise CannotReproduce(
        f"it was seen with {claimed.model_name} sha256:{claimed.model_digest}, and at hand is only "
        f"{', '.join(found.values())}; name the folder of those weights with --weights"
    )


def _places(weights: str | None) -> Iterator[str | None]:
    """Where to look: what is named, and nothing else then; otherwise what the site uses, and what came with us."""
    from detectors.weights import OWN
    from streetwitness.analysis import weights_of

    if weights is not None:
        yield weights
        return
    used = weights_of(given_settings())
    if used is not None:
        yield used
    yield None
    if OWN.is_dir():
        yield str(OWN)


def _tell(bundle: Path, claimed: "Claimed", detector: "Detector", found: "Reproduction", *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(_as_json(claimed, detector, found), ensure_ascii=False))
        return
    verdict = "the same incident follows" if found.same else "NOT the same incident"
    typer.echo(f"{bundle}: {verdict}, seen again with {detector.name} sha256:{detector.digest}")
    for finding in found.findings:
        typer.echo(f"  {MARKS[finding.same]:>9}  {finding.says}")


def _as_json(claimed: "Claimed", detector: "Detector", found: "Reproduction") -> dict[str, Any]:
    return {
        "outcome": "same" if found.same else "different",
        "weights": {"name": detector.name, "digest": detector.digest},
        "dwell": {"needed_s": claimed.dwell_s, "shown_in_clips_s": found.dwell_shown_s},
        "findings": [{"code": finding.code, "same": finding.same, "says": finding.says} for finding in found.findings],
        "clips": [
            {
                "file": clip.file,
                "moment": clip.moment.value,
                "looks": clip.looks,
                "expected": clip.expected,
                "shown": clip.shown,
                "least_iou": clip.least_iou,
            }
            for clip in found.clips
        ],
    }
