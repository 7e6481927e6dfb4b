"""Makes `import torchvision` work where its compiled part cannot be loaded.

Ultralytics' validator imports torchvision for one function, `ops.nms`. Beside a torch for the processor alone, a
torchvision built for another torch fails as early as its import: it describes operators that its compiled part was
to declare. Here those operators are declared without a body, and `ops.nms` is answered by Ultralytics' own, which
gives the same boxes. Where the compiled part loads, nothing is touched.
"""

import torch

# The two operators that torchvision describes at import by name, without asking whether they exist.
NMS_SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_declared: list[torch.library.Library] = []  # a declaration lives as long as the object that made it


def ensure_torchvision() -> bool:
    """Whether torchvision's own compiled operators are in use; safe to call again."""
    try:
        import torchvision  # type: ignore[import-untyped]  # noqa: PLC0415 - whether it can be imported is the question
    except RuntimeError as error:
        if "torchvision::nms does not exist" not in str(error):
            raise
        library = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
        for schema in NMS_SCHEMAS:
            library.define(schema)  # type: ignore[no-untyped-call]
        _declared.append(library)
        import torchvision  # noqa: PLC0415
    if torchvision.extension._has_ops():  # noqa: SLF001 - the only place where torchvision says so
        return True
    from ultralytics.utils.nms import TorchNMS  # noqa: PLC0415 - half a gigabyte, only for training

    torchvision.ops.nms = TorchNMS.nms
    return False
