"""The kept form of a compiled model: the same answers, and never a reason not to start."""

from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
from numpy.typing import NDArray

from detectors.compiled_model import compiled

OPTIONS: dict[str, Any] = {"NUM_STREAMS": 1, "INFERENCE_NUM_THREADS": 1}
WEIGHTS = "0" * 64


def small_network(scale: float = 2.0) -> ov.Model:
    given = ov.opset13.parameter([1, 8], np.float32, name="given")
    return ov.Model([ov.opset13.multiply(given, np.full((1, 8), scale, np.float32))], [given], "small")


def answer_of(network: Any) -> NDArray[np.float32]:
    return np.asarray(network(np.arange(8, dtype=np.float32).reshape(1, 8))[0])


def kept_in(cache: Path) -> Path:
    (only,) = cache.iterdir()
    return only


def test_what_was_compiled_once_is_taken_from_the_cache_and_answers_the_same(tmp_path: Path) -> None:
    first = answer_of(compiled(small_network(), WEIGHTS, OPTIONS, cache=tmp_path))
    written = kept_in(tmp_path).stat().st_mtime_ns
    again = answer_of(compiled(small_network(), WEIGHTS, OPTIONS, cache=tmp_path))
    assert np.array_equal(first, again)
    assert np.array_equal(first, 2 * np.arange(8).reshape(1, 8))
    assert kept_in(tmp_path).stat().st_mtime_ns == written


def test_other_weights_under_the_same_graph_are_not_answered_from_the_cache(tmp_path: Path) -> None:
    compiled(small_network(2.0), WEIGHTS, OPTIONS, cache=tmp_path)
    other = compiled(small_network(3.0), "1" * 64, OPTIONS, cache=tmp_path)
    assert answer_of(other)[0, 1] == 3.0


def test_another_graph_over_the_same_weights_is_not_answered_from_the_cache(tmp_path: Path) -> None:
    compiled(small_network(2.0), WEIGHTS, OPTIONS, cache=tmp_path)
    assert answer_of(compiled(small_network(3.0), WEIGHTS, OPTIONS, cache=tmp_path))[0, 1] == 3.0


@pytest.mark.parametrize("keep", [0, 31, 100, -1], ids=["empty", "cut_in_the_digest", "cut_in_the_middle", "last_byte"])
def test_a_kept_form_that_was_cut_off_is_replaced(tmp_path: Path, keep: int) -> None:
    compiled(small_network(), WEIGHTS, OPTIONS, cache=tmp_path)
    kept = kept_in(tmp_path)
    whole = kept.read_bytes()
    kept.write_bytes(whole[:keep])
    assert answer_of(compiled(small_network(), WEIGHTS, OPTIONS, cache=tmp_path))[0, 1] == 2.0
    # OpenVINO writes the same network a byte longer or shorter
    assert len(kept_in(tmp_path).read_bytes()) == pytest.approx(len(whole), abs=16)
    assert len(kept_in(tmp_path).read_bytes()) > keep


def test_a_changed_byte_in_the_kept_form_is_noticed(tmp_path: Path) -> None:
    compiled(small_network(), WEIGHTS, OPTIONS, cache=tmp_path)
    kept = kept_in(tmp_path)
    altered = bytearray(kept.read_bytes())
    altered[len(altered) // 2] ^= 1
    kept.write_bytes(altered)
    assert answer_of(compiled(small_network(), WEIGHTS, OPTIONS, cache=tmp_path))[0, 1] == 2.0
    assert kept.read_bytes() != bytes(altered)


def test_a_cache_that_cannot_be_written_is_no_reason_not_to_start(tmp_path: Path) -> None:
    in_the_way = tmp_path / "a file"
    in_the_way.write_text("not a folder")
    network = compiled(small_network(), WEIGHTS, OPTIONS, cache=in_the_way / "compiled")
    assert answer_of(network)[0, 1] == 2.0
    assert in_the_way.read_text() == "not a folder"
