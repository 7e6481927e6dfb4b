"""`python -m detectors.training`: our own street weights from pictures to a measured INT8 model, in one command.

    python -m detectors.training --images STREET_IMAGES --footage FOOTAGE --teacher WEIGHTS --work FOLDER [--resume]

Four steps, each of which leaves what the next one reads under --work: prepare, train, export, evaluate. What is
prepared or trained already is not done again; a training that was stopped goes on with --resume. `--step NAME` does
one step alone, and `--step export --weights WORK/run/labels/checkpoint.pt` takes a training that has not ended yet.
`--publish 576` then puts the model of that letterbox size, with its figures, into detectors/weights/.
Exits 0 for done, 1 where a step cannot be done (one line says why), 2 for misuse.
"""

import os

# Threads that wait for each other sleep: beside other work, spinning made each step take twice as long.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import argparse
import json
import logging
import sys
from pathlib import Path

from detectors.errors import DetectorError
from detectors.openvino_engine import OpenVinoDetector
from detectors.training import dataset, figures, quantised_export, training_run
from detectors.training.evaluation import WORKING_CONFIDENCE
from detectors.training.failures import failure_sheet
from detectors.training.pictures import write_picture
from detectors.training.publishing import publish
from detectors.weights import OWN

STEPS = ("prepare", "train", "export", "evaluate")
log = logging.getLogger("detectors.training")


def main(arguments: list[str] | None = None) -> int:
    asked = _asked(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    try:
        for step in STEPS if asked.step is None else (asked.step,):
            log.info("step %s", step)
            _do(step, asked)
        if asked.publish is not None:
            log.info("published %s", publish(asked.work, asked.publish, OWN))
    except DetectorError as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command speaks on stderr
        return 1
    return 0


def _asked(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m detectors.training", description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=Path, required=True, help="street pictures with boxes.csv.gz")
    parser.add_argument("--footage", type=Path, help="clips named in clips.toml; without them only pictures teach")
    parser.add_argument("--teacher", type=Path, required=True, help="exported weights that label and are compared with")
    parser.add_argument("--work", type=Path, required=True, help="everything that is made goes here")
    parser.add_argument("--resume", action="store_true", help="go on with a training that was stopped")
    parser.add_argument("--weights", type=Path, help="export these instead of those of the finished training")
    parser.add_argument("--step", choices=STEPS, help="only this one")
    parser.add_argument("--seed", type=int, default=training_run.Settings.seed)
    parser.add_argument("--composites", type=int, default=dataset.Settings.composites)
    parser.add_argument("--letterbox", type=int, nargs="+", default=[512, 576, 640], help="sizes to export and measure")
    parser.add_argument("--publish", type=int, metavar="PX", help="make this size the program's own weights")
    return parser.parse_args(arguments)


def _do(step: str, asked: argparse.Namespace) -> None:
    work: Path = asked.work
    if step == "prepare":
        settings = dataset.Settings(seed=asked.seed, composites=asked.composites)
        said = dataset.prepare(asked.images, asked.footage, OpenVinoDetector(asked.teacher), work, settings)
        log.info("prepared %s", json.dumps(said["boxes"]))
    elif step == "train":
        run = training_run.Settings(seed=asked.seed)
        training_run.train(dataset.data_file(work), work, asked.teacher, run, resume=asked.resume)
    elif step == "export":
        weights = asked.weights or training_run.trained_weights(work)
        for side_px in asked.letterbox:
            folder = quantised_export.export(weights, work / "data" / "calibration" / "images", work, side_px)
            log.info("exported %s", folder.name)
    else:
        reference = OpenVinoDetector(asked.teacher)
        for folder in quantised_export.exported_models(work):
            ours = OpenVinoDetector(folder)
            said = figures.figures(ours, reference, asked.images, asked.footage)
            figures.write_figures(work / "figures" / f"{folder.name}.json", said)
            write_picture(work / "figures" / f"{folder.name}-failures.jpg", failure_sheet(ours, WORKING_CONFIDENCE))
            log.info("measured %s: %s", folder.name, json.dumps(said["val_from_32_px"]))


if __name__ == "__main__":
    sys.exit(main())
