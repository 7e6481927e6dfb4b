"""An exported YOLO for another input size: the exporter wrote the size it was told into some constants of the graph.

They are the points of the grids that boxes are told from, the step of each, and how many of them there are; in the
attention the height and width of the coarsest map. A graph in which anything else depends on the size is refused.
"""

from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray

STRIDES = (8, 16, 32)  # pixels of the input from one point of a grid to the next, in the order of the head


class FixedSize(ValueError):
    """The graph cannot be brought to that size."""


def resized(model: ov.Model, height: int, width: int) -> ov.Model:
    """The model itself, for pictures of that size. Raises FixedSize, and the model is then of no use."""
    _, _, was_height, was_width = (int(side) for side in model.input(0).shape)
    coarsest = STRIDES[-1]
    if height % coarsest or width % coarsest or was_height % coarsest or was_width % coarsest:
        raise FixedSize(f"{width}×{height} is not a multiple of {coarsest}")
    was, now = _grids(was_height, was_width), _grids(height, width)
    numbers = {int(side): int(other) for side, other in zip(_counts(was), _counts(now), strict=True)}
    maps = [was_height // coarsest, was_width // coarsest], [height // coarsest, width // coarsest]
    for operation in model.get_ordered_ops():
        if operation.get_type_name() == "Reshape":
            _tell_shape(operation, numbers, *maps)
        elif operation.get_type_name() == "Constant":
            _tell_points(operation, was, now)
    model.get_parameters()[0].set_partial_shape(ov.PartialShape([1, 3, height, width]))
    try:
        model.validate_nodes_and_infer_types()
    except RuntimeError as error:
        raise FixedSize(f"its graph is not one that can be told {width}×{height}") from error
    return model


def _grids(height: int, width: int) -> NDArray[np.float32]:
    """(3, points): x and y of each in steps of its grid, and that step in pixels."""
    levels = []
    for stride in STRIDES:
        y, x = np.mgrid[: height // stride, : width // stride]
        levels.append(np.stack([x.ravel() + 0.5, y.ravel() + 0.5, np.full(x.size, stride)]))
    return np.concatenate(levels, axis=1).astype(np.float32)


def _counts(grids: NDArray[np.float32]) -> tuple[int, int]:
    """Points of all the grids, and of the coarsest."""
    return grids.shape[1], int((grids[2] == STRIDES[-1]).sum())


def _tell_shape(reshape: Any, numbers: dict[int, int], was_map: list[int], map_: list[int]) -> None:
    shape = reshape.input_value(1).get_node()
    if shape.get_type_name() != "Constant":
        return
    told = [int(number) for number in shape.get_data().reshape(-1)]
    meant = [*told[:-2], *map_] if told[-2:] == was_map else [numbers.get(number, number) for number in told]
    if meant != told:
        reshape.input(1).replace_source_output(ov.opset13.constant(np.array(meant, np.int64)).output(0))


def _tell_points(constant: Any, was: NDArray[np.float32], now: NDArray[np.float32]) -> None:
    shape = tuple(constant.output(0).shape)
    if shape[-1:] != (was.shape[1],):
        return
    rows = {(1, 2): slice(0, 2), (1, 1): slice(2, 3)}.get(shape[:-1])
    if rows is None or not np.array_equal(constant.get_data()[0], was[rows]):
        raise FixedSize(f"nothing is known of its constant of {shape}")
    points = ov.opset13.constant(now[None, rows]).output(0)
    for reader in constant.output(0).get_target_inputs():
        reader.replace_source_output(points)
