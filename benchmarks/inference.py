"""Inference: what one picture costs in the engines that can run the same network here, and whether the boxes agree.

    python -m benchmarks.inference --footage DIR --weights DIR [--rounds 5] [--onnx]

All engines get the same pictures, taking turns in one process; processor time a picture, medians over the rounds,
with everything it takes from the decoded picture to the boxes. --onnx also exports the architecture (yolo11n.yaml,
weights of chance: the checkpoint behind the exported model is not there) to ONNX and times the bare network in FP32;
it needs the packages onnx and onnxruntime. The last line is for scripts.
"""

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import numpy as np
import openvino as ov

from benchmarks.against_yolo_track import model_folder
from benchmarks.yolo_track import torchvision_or_stand_in
from detectors.frame import Frame
from detectors.geometry import Box
from detectors.openvino_engine import OpenVinoDetector
from detectors.sightings import Look

CLIPS = ("street_queue_and_traffic.mp4", "lot_arrivals_gopro.mp4", "path_walkers_parked_van.avi")
PICTURES_A_CLIP, EVERY = 4, 48
CONFIDENCE, SAME_IOU = 0.25, 0.5
SIDE = 640

Pictures = Sequence[Any]


def pictures_of(footage: Path) -> list[Any]:
    """BGR pictures, spread over the clips."""
    taken = []
    for name in CLIPS:
        capture = cv2.VideoCapture(str(footage / name))
        for number in range(PICTURES_A_CLIP * EVERY):
            _, picture = capture.read()
            if number % EVERY == 0:
                taken.append(picture)
        capture.release()
    return taken


def look_at(picture: Any) -> Look:
    """As ingest hands it over: the decoder's planes, and the whole picture as the part that matters."""
    height, width = (side // 2 * 2 for side in picture.shape[:2])
    planes = np.asarray(cv2.cvtColor(picture[:height, :width], cv2.COLOR_BGR2YUV_I420), dtype=np.uint8)
    frame = Frame(planes, 0.0, 0, Fraction(1, 25), datetime(2026, 1, 1, tzinfo=UTC))
    return Look(frame, (Box(0, 0, width, height),))


class Entrant:
    """One engine in the race: `run` takes all pictures."""

    def __init__(self, name: str, run: Callable[[], object]) -> None:
        self.name, self.run = name, run
        self.ms: list[float] = []

    def go(self, pictures: int) -> None:
        began = time.process_time()
        self.run()
        self.ms.append((time.process_time() - began) * 1000 / pictures)


def ours(folder: Path, looks: Sequence[Look], streams: int, at_once: int) -> Entrant:
    detector = OpenVinoDetector(folder, streams=streams)

    def run() -> None:
        for start in range(0, len(looks), at_once):
            detector.detect(looks[start : start + at_once])

    return Entrant(f"OpenVINO directly, {streams} stream(s), {at_once} look(s) at once", run)


def with_batch(folder: Path, batch: int) -> str:
    """Whether the exported model lets itself be given a batch."""
    model = ov.Core().read_model(next(folder.glob("*.xml")))
    try:
        model.reshape([batch, 3, SIDE, SIDE])
        ov.Core().compile_model(model, "CPU")
    except RuntimeError as error:
        reason = next(line for line in reversed(str(error).splitlines()) if line.strip())
        return f"batch {batch}: refused ({reason.strip()})"
    return f"batch {batch}: accepted"


def blob(picture: Any) -> Any:
    return cv2.dnn.blobFromImage(picture, 1 / 255, (SIDE, SIDE), swapRB=True)


def onnx_entrants(folder: Path, pictures: Pictures) -> list[Entrant]:
    """The bare FP32 network of the same architecture in three engines, one thread each."""
    import onnxruntime  # type: ignore[import-not-found,import-untyped,unused-ignore]  # noqa: PLC0415 - on request only
    from ultralytics import YOLO  # type: ignore[attr-defined]  # noqa: PLC0415

    path = folder / "yolo11n.onnx"
    exported = YOLO("yolo11n.yaml", task="detect").export(format="onnx", imgsz=SIDE, simplify=False, verbose=False)
    shutil.move(exported, path)  # Ultralytics exports into the working folder
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    network = cv2.dnn.readNetFromONNX(str(path))
    compiled = ov.Core().compile_model(str(path), "CPU", {"NUM_STREAMS": 1, "INFERENCE_NUM_THREADS": 1})
    blobs = [blob(picture) for picture in pictures]

    def dnn() -> None:
        for each in blobs:
            network.setInput(each)
            network.forward()

    return [
        Entrant("FP32 network alone: onnxruntime", lambda: [session.run(None, {"images": each}) for each in blobs]),
        Entrant("FP32 network alone: cv2.dnn", dnn),
        Entrant("FP32 network alone: OpenVINO", lambda: [compiled(each) for each in blobs]),
    ]


def agreement(folder: Path, looks: Sequence[Look], pictures: Pictures, yolo: Any) -> tuple[int, int, int]:
    """Boxes of the peer, boxes of ours, and how many of the peer's ours has too; vehicles and persons."""
    detector = OpenVinoDetector(folder)
    mine, theirs, both = 0, 0, 0
    for found, picture in zip(detector.detect(looks), pictures, strict=True):
        sure = [each for each in found if each.confidence >= CONFIDENCE]
        result = yolo.predict(picture, verbose=False, conf=CONFIDENCE)[0]
        known = {each.class_name for each in found} | {"car", "truck", "bus", "person"}
        peers = [
            Box(*corners)
            for corners, number in zip(result.boxes.xyxy.tolist(), result.boxes.cls.tolist(), strict=True)
            if result.names[int(number)] in known
        ]
        mine += len(sure)
        theirs += len(peers)
        both += sum(any(peer.iou(each.box) >= SAME_IOU for each in sure) for peer in peers)
    return theirs, mine, both


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--footage", type=Path, required=True)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--onnx", action="store_true")
    arguments = parser.parse_args()
    folder = model_folder(arguments.weights.resolve())
    pictures = pictures_of(arguments.footage)
    looks = [look_at(picture) for picture in pictures]
    print(f"suppression in Ultralytics: {torchvision_or_stand_in()}")
    from ultralytics import YOLO  # type: ignore[attr-defined]  # noqa: PLC0415 - after the stand-in

    yolo = YOLO(str(folder), task="detect")
    entrants = [
        ours(folder, looks, 1, 1),
        ours(folder, looks, 2, 2),
        ours(folder, looks, 2, len(looks)),
        Entrant("YOLO() of Ultralytics", lambda: [yolo.predict(each, verbose=False) for each in pictures]),
    ]
    with tempfile.TemporaryDirectory() as made:
        if arguments.onnx:
            entrants += onnx_entrants(Path(made), pictures)
        for entrant in entrants:
            entrant.run()  # the first pictures warm caches and are not counted
        for _ in range(arguments.rounds):
            for entrant in entrants:
                entrant.go(len(pictures))
    for entrant in entrants:
        spread = f"{min(entrant.ms):.1f} to {max(entrant.ms):.1f}"
        print(f"{entrant.name}: {median(entrant.ms):.1f} ms processor time a picture ({spread})")
    for batch in (2, 4):
        print(with_batch(folder, batch))
    theirs, mine, both = agreement(folder, looks, pictures, yolo)
    print(f"boxes at {CONFIDENCE}: Ultralytics {theirs}, ours {mine}; of Ultralytics' ours has {both}")
    print(f"yolo_over_ours={median(entrants[3].ms) / median(entrants[1].ms):.2f} agreement={both / theirs:.3f}")


if __name__ == "__main__":
    main()
