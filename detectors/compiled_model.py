"""The compiled form of a model, kept in the user's cache: compiling costs more than most recordings do.

What is kept is made from the weights and can be made again, so anything that is not right with it is answered by
compiling. It is written under another name first: whoever is killed while writing leaves nothing that looks whole.
"""

import hashlib
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import openvino as ov
from platformdirs import user_cache_path

DEVICE = "CPU"
SMALL_BYTES = 64  # of a constant that belongs to the graph and not to the weights


def cache_folder() -> Path:
    return user_cache_path("streetwitness") / "compiled"


def compiled(model: Any, weights_sha256: str, options: Mapping[str, Any], *, cache: Path | None = None) -> Any:
    """The model compiled for this machine's processor, from the cache where it is there and sound."""
    core = ov.Core()
    kept = (cache or cache_folder()) / f"{_key(core, model, weights_sha256, options)}.blob"
    try:
        payload = _unwrapped(kept.read_bytes())
    except OSError:
        payload = None
    if payload is not None:
        try:
            return core.import_model(payload, DEVICE, dict(options))
        except RuntimeError:
            kept.unlink(missing_ok=True)
    made = core.compile_model(model, DEVICE, dict(options))
    _keep(kept, made.export_model().getvalue())
    return made


def _key(core: ov.Core, model: Any, weights_sha256: str, options: Mapping[str, Any]) -> str:
    """Everything the compiled form depends on: weights, graph, options, OpenVINO and processor."""
    graph = [_fingerprint(node) for node in model.get_ordered_ops()]
    facts = [
        weights_sha256,
        *graph,
        repr(sorted(options.items())),
        ov.get_version(),
        core.get_property(DEVICE, "FULL_DEVICE_NAME"),
        " ".join(core.get_property(DEVICE, "OPTIMIZATION_CAPABILITIES")),
    ]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:32]


def _fingerprint(node: Any) -> str:
    """Kind, shapes, attributes, and of small constants (scales, shapes) the values; large ones are the weights.

    Not the name: some are numbered by how many models this process has read.
    """
    shapes = [str(each.partial_shape) for each in node.outputs()]
    small = node.get_type_name() == "Constant" and node.get_byte_size() <= SMALL_BYTES
    values = node.get_data().tobytes().hex() if small else ""
    return f"{node.get_type_name()} {shapes} {node.get_attributes()} {values}"


def _unwrapped(stored: bytes) -> bytes | None:
    """The payload, where its digest in front fits: OpenVINO itself does not notice a changed byte."""
    digest, payload = stored[:32], stored[32:]
    return payload if hashlib.sha256(payload).digest() == digest else None


def _keep(path: Path, payload: bytes) -> None:
    """A cache that cannot be written (read-only home, full disk) is a slower start and no more."""
    part = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".part", delete=False) as file:
            part = Path(file.name)
            file.write(hashlib.sha256(payload).digest() + payload)
        part.replace(path)
    except OSError:
        if part is not None:
            part.unlink(missing_ok=True)
