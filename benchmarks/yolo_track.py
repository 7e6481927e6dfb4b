"""The peer: Ultralytics' own `yolo track` on one clip, in a process of its own.

    python -m benchmarks.yolo_track CLIP MODEL_FOLDER [--stride N]

Prints one JSON line: pictures looked at, boxes, and what was put in place of what this machine lacks.
"""

import argparse
import json
import os
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType

os.environ.setdefault("YOLO_AUTOINSTALL", "false")
os.environ.setdefault("YOLO_OFFLINE", "true")


def torchvision_or_stand_in() -> str:
    """A torchvision whose compiled part does not fit the torch beside it fails inside Ultralytics.

    Then Ultralytics' own suppression, which it uses wherever torchvision was never imported, stands in for it.
    """
    try:
        import torchvision  # type: ignore[import-untyped]  # noqa: F401, PLC0415
    except (ImportError, RuntimeError) as error:
        for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
            del sys.modules[name]
        from ultralytics.utils.nms import TorchNMS  # noqa: PLC0415

        stand_in, ops = ModuleType("torchvision"), ModuleType("torchvision.ops")
        for module in (stand_in, ops):
            module.__spec__ = ModuleSpec(module.__name__, None)
        vars(ops)["nms"] = TorchNMS.nms
        vars(stand_in).update(ops=ops, __version__="0")
        sys.modules |= {"torchvision": stand_in, "torchvision.ops": ops}
        return f"Ultralytics' TorchNMS stands in for torchvision.ops.nms ({error})"
    return "torchvision's own"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clip")
    parser.add_argument("model")
    parser.add_argument("--stride", type=int, default=1, help="look at every n-th picture")
    arguments = parser.parse_args()
    nms = torchvision_or_stand_in()
    from ultralytics import YOLO  # type: ignore[attr-defined]  # noqa: PLC0415

    pictures = boxes = 0
    results = YOLO(arguments.model, task="detect").track(
        source=arguments.clip, stream=True, verbose=False, vid_stride=arguments.stride
    )
    for result in results:
        pictures += 1
        boxes += 0 if result.boxes is None else len(result.boxes)
    print(json.dumps({"pictures": pictures, "boxes": boxes, "nms": nms}))


if __name__ == "__main__":
    main()
