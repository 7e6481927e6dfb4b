"""`streetwitness train`: from what a site's people reviewed to weights that know the site.

As command.py: each command imports what it needs when it is called.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streetwitness.answers import DataOption, JsonOption, actor, answers, given_settings, utc_now
from streetwitness.errors import Misuse

if TYPE_CHECKING:
    from detectors.training.adapting import Judgement

train_app = typer.Typer(help="Weights adapted to this site from reviewed incidents.", no_args_is_help=True)

STEPS = {
    "label": "labelling what stands beside the reviewed things",
    "train": "training; this takes hours without a GPU",
    "export": "exporting to OpenVINO",
    "judge": "judging on what was kept back",
}


@train_app.command("gather", epilog='Example: streetwitness train gather -o reviewed --reason "weights of 2027"')
@answers
def train_gather(
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder to write; new or empty.", show_default=False)],
    reason: Annotated[str, typer.Option("--reason", help="Why; goes into the custody record.", show_default=False)],
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Copies the stills of reviewed incidents out of the vault, each with what a person said of the thing in it.

    They show faces and plates: keep the folder as carefully as the vault, and delete it when the weights are made.
    """
    from cases.reviewed_things import reviewed_things
    from detectors.geometry import Box
    from detectors.training.reviewed import Reviewed, write_reviewed
    from evidence import custody
    from models.database import transaction
    from models.enums import CustodyAct
    from streetwitness.stores import at_hand
    from streetwitness.workplace import opened_workplace

    if out.exists() and any(out.iterdir()):
        raise Misuse(f"{out} is not empty; name a new folder")
    lines: list[Reviewed] = []
    with opened_workplace(given_settings(data_dir=data)) as workplace:
        bytes_of = at_hand(workplace.settings)
        (out / "pictures").mkdir(parents=True)
        # what could not be put on record is not left lying about
        with _removed_on_failure(out), transaction(workplace.sessions) as session:
            for thing in reviewed_things(session):
                incident = thing.incident
                for still in thing.stills:
                    picture = f"pictures/{still.sha256}{still.suffix}"
                    shutil.copyfile(bytes_of.path(still.sha256, still.suffix), out / picture)
                    box = Box(incident.box_x1, incident.box_y1, incident.box_x2, incident.box_y2)
                    named = thing.class_name
                    lines.append(Reviewed(picture, str(incident.id), incident.camera_id, thing.there, named, box))
                why = f"copied to train a detector: {reason}"
                custody.record(session, incident.id, CustodyAct.EXPORTED, actor=actor(), at=utc_now(), reason=why)
            write_reviewed(out, lines)
    counted = {
        "pictures": len(lines),
        "incidents": len({line.incident for line in lines}),
        "there": sum(line.there for line in lines),
        "folder": str(out),
    }
    if as_json:
        typer.echo(json.dumps(counted))
    else:
        typer.echo(
            f"{counted['pictures']} pictures of {counted['incidents']} reviewed incidents in {out}; the thing was "
            f"there on {counted['there']} of them. Go on with: streetwitness train weights {out} --from yolo11n.pt"
        )


@train_app.command(
    "weights", epilog="Example: streetwitness train weights reviewed --from yolo11n.pt -o weights-of-2027 --epochs 30"
)
@answers
def train_weights(
    folder: Annotated[Path, typer.Argument(help="What `train gather` wrote.", show_default=False)],
    start: Annotated[
        Path, typer.Option("--from", help="The checkpoint to start from, a .pt of Ultralytics.", show_default=False)
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help="A new folder for weights and card.", show_default=False)],
    epochs: Annotated[int, typer.Option("--epochs", min=1, max=1000)] = 30,
    picture_px: Annotated[int, typer.Option("--px", min=64, max=1920, help="Longer side of the pictures.")] = 640,
    weights: Annotated[
        str | None, typer.Option("--weights", help="What labels the rest of the pictures; default: what is in use.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Fine-tunes weights on reviewed incidents, exports them, and says how they do before and after on a part that was
    kept back.
    """
    from detectors.training.adapting import CARD, Settings, adapt
    from detectors.weights import find_detector

    # the network is given squares in steps of its stride
    settings = Settings(epochs=epochs, picture_px=max(picture_px // 32, 2) * 32)
    teacher = find_detector(weights or given_settings().weights)
    adapted = adapt(folder, start, out, teacher, settings, lambda step: typer.echo(STEPS[step], err=True))
    if as_json:
        said = {"weights": str(adapted.weights), "digest": adapted.digest, "learned_from": adapted.learned_from}
        typer.echo(json.dumps(said | {"before": asdict(adapted.before), "after": asdict(adapted.after)}))
        return
    typer.echo(f"before: {adapted.before.in_words()}")
    typer.echo(f"after: {adapted.after.in_words()}")
    typer.echo(f"{_advice(adapted.before, adapted.after, adapted.weights)}; {out / CARD} says what they are")


@contextmanager
def _removed_on_failure(folder: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        shutil.rmtree(folder)
        raise


def _advice(before: "Judgement", after: "Judgement", weights: Path) -> str:
    worse = after.found < before.found or after.made_up > before.made_up
    if worse:
        return f"they are not better in everything: look before using {weights}"
    return f"to use them: STREETWITNESS_WEIGHTS={weights}"
