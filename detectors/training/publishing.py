"""From a measured model to the program's own weights: the files that go into the repository, with what they see."""

import json
import shutil
from pathlib import Path

from ruamel.yaml import YAML

from detectors.openvino_engine import BESIDE_YOLO11N, LOWEST
from detectors.sightings import ObjectRole
from detectors.training.errors import StepMissing, UnusableMaterial
from detectors.training.quantised_export import model_folder

MOST_BYTES = 8_000_000  # of all files in the repository
SAID_OF = (ObjectRole.VEHICLE, ObjectRole.PERSON)


def publish(work: Path, letterbox_px: int, into: Path) -> Path:
    """Puts the model in place of what lies in `into`; its metadata says how much it finds beside the reference.

    And from which confidence on it is to be heard: where it is as precise on vehicles as the reference at its working
    point. Below that, weights that have seen few pictures make up large vehicles on empty streets.

    Raises StepMissing where the model was not exported and measured, UnusableMaterial where it is too large.
    """
    model = model_folder(work, letterbox_px)
    measured = work / "figures" / f"{model.name}.json"
    if not measured.is_file():
        raise StepMissing(measured, "evaluate")
    size = sum(path.stat().st_size for path in model.iterdir())
    if size > MOST_BYTES:
        raise UnusableMaterial(model, f"is {size} bytes, more than {MOST_BYTES}")
    figures = json.loads(measured.read_text("utf-8"))["val_from_32_px"]
    shutil.rmtree(into, ignore_errors=True)
    shutil.copytree(model, into / model.name)
    yaml = YAML()
    metadata = yaml.load(into / model.name / "metadata.yaml")
    metadata[BESIDE_YOLO11N] = {role.value: figures[role.value]["share_of_reference_recall"] for role in SAID_OF}
    metadata[LOWEST] = round(figures[ObjectRole.VEHICLE.value]["ours"]["confidence"], 3)
    yaml.dump(metadata, into / model.name / "metadata.yaml")
    return into / model.name
