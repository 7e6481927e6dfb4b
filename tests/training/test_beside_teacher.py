"""Learning beside a teacher: the program's own weights stand in for it, which are of the same architecture."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import openvino as ov
import pytest
import torch
from numpy.typing import NDArray
from ultralytics.cfg import get_cfg

from detectors.frame import Bytes
from detectors.geometry import Box
from detectors.openvino_engine import LETTERBOX_GREY
from detectors.training.beside_teacher import ConvolutionLearning, learn_convolutions
from detectors.training.classes import CLASSES
from detectors.training.errors import UnusableMaterial
from detectors.training.feature_teacher import FeatureTeacher, Taught
from detectors.training.imitation import Imitated, Said, convolutions, each_by_itself, held_to_the_teacher, whole
from detectors.training.training_run import fresh_network
from detectors.training.views import view
from detectors.weights import OWN
from tests.training.drawn_streets import draw_car, road

[STAND_IN] = OWN.glob("*_openvino_model")
ENDS = ("10.cv2", "16.cv2", "22.cv2")  # of some layers
SHORT = ConvolutionLearning(picture_px=64, steps=6, batch=2, warmup=2, sides_px=(60.0, 90.0), kept_every=2)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Threads that wait for each other on cores that others use take many times as long as one."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def teacher() -> FeatureTeacher:
    return FeatureTeacher(STAND_IN, SHORT.picture_px, streams=1, convolutions=ENDS)


@pytest.fixture(scope="module")
def thorough() -> FeatureTeacher:
    """A teacher who tells of every convolution."""
    names = convolutions(fresh_network(seed=1))
    return FeatureTeacher(STAND_IN, SHORT.picture_px, streams=1, convolutions=names)


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    paths = []
    for number in range(6):
        picture = road(96, 64, seed=number)
        draw_car(picture, Box(10 + 5 * number, 20, 45 + 5 * number, 45))
        paths.append(tmp_path / f"road_{number}.png")
        cv2.imwrite(str(paths[-1]), picture)
    return paths


def seen(count: int, side_px: int) -> NDArray[np.float32]:
    pictures = [road(side_px, side_px, seed=number) for number in range(count)]
    return np.ascontiguousarray(np.stack(pictures)[..., ::-1].transpose(0, 3, 1, 2), np.float32) / np.float32(255)


def test_what_is_told_leads_to_what_the_exported_model_says():
    [path] = STAND_IN.glob("*.xml")
    exported = ov.Core().read_model(path)
    side_px = int(exported.input(0).shape[-1])
    batch = seen(1, side_px)
    told = FeatureTeacher(STAND_IN, side_px, streams=1, convolutions=()).teach(batch)
    whole = ov.Core().compile_model(exported, "CPU")(batch)[0]
    asked = [number for number, name in enumerate(CLASSES) if name != "motorcycle"]
    assert told.scores.sigmoid().numpy()[0] == pytest.approx(whole[0, 4:][asked], abs=0.02)


def test_each_picture_of_a_batch_is_taught_by_itself_in_any_size(teacher: FeatureTeacher):
    batch = seen(3, SHORT.picture_px)
    told = teacher.teach(batch)
    assert set(told.features) == set(ENDS)
    assert told.features["16.cv2"].shape == (3, 64, 8, 8)
    assert told.features["22.cv2"].shape == (3, 256, 2, 2)
    assert told.boxes.shape == (3, 64, 64 + 16 + 4)
    assert told.scores.shape == (3, 6, 84)
    alone = teacher.teach(batch[2:])
    assert torch.equal(told.features["10.cv2"][2:], alone.features["10.cv2"])
    assert not torch.equal(told.features["10.cv2"][0], told.features["10.cv2"][2])


def test_of_three_wheelers_the_labels_alone_have_a_say(teacher: FeatureTeacher):
    assert [CLASSES[at] for at in teacher.columns] == ["person", "bicycle", "car", "bus", "truck", "litter"]


@pytest.mark.parametrize("holds", ["nothing", "another network"])
def test_a_folder_without_a_yolo11n_is_refused(tmp_path: Path, holds: str):
    if holds == "another network":
        given = ov.opset13.parameter([1, 3, 64, 64], np.float32)
        ov.save_model(ov.Model([ov.opset13.relu(given)], [given]), tmp_path / "other.xml")
        (tmp_path / "metadata.yaml").write_text("names: {0: person}")
    with pytest.raises(UnusableMaterial, match="expected one .xml, found 0" if holds == "nothing" else "no YOLO11n"):
        FeatureTeacher(tmp_path, 64, streams=1, convolutions=())


def test_who_says_what_the_teacher_says_has_nothing_to_learn(teacher: FeatureTeacher):
    told = teacher.teach(seen(2, SHORT.picture_px))
    scores = torch.zeros((2, len(CLASSES), told.scores.shape[2]))
    scores[:, teacher.columns] = told.scores
    same = Imitated(teacher).losses(Said(told.features, told.boxes, scores), told)
    assert {name: float(loss) for name, loss in same.items()} == pytest.approx(dict.fromkeys(same, 0.0), abs=1e-2)
    other = Imitated(teacher).losses(Said(told.features, told.boxes.flip(1), -scores), told)
    assert float(other["boxes"]) > 0.1
    assert float(other["scores"]) > 0.1


def test_all_of_the_teacher_s_convolutions_are_told_of_but_those_that_are_wider(thorough: FeatureTeacher):
    told = thorough.teach(seen(1, SHORT.picture_px))
    assert len(thorough.convolutions) == 72
    assert {"0", "2.m.0.cv1", "10.m.0.attn.qkv", "22.cv2", "23.cv2.2.1", "23.cv3.0.0.0"} <= set(told.features)
    assert not {"23.cv3.0.0.1", "23.cv3.0.1.0"} & set(told.features)
    assert (told.features["10.m.0.attn.qkv"] < -0.3).any(), "it has no activation, which lets nothing below -0.28"
    assert not (told.features["2.m.0.cv1"] < -0.3).any()


def test_each_convolution_is_fed_with_what_the_teacher_s_was_fed_with(thorough: FeatureTeacher):
    """Noise in a convolution's own teacher reaches those that read it and none behind them."""
    network, batch = fresh_network(seed=1), seen(1, SHORT.picture_px)
    by_itself = network(torch.from_numpy(batch))["boxes"]
    told = thorough.teach(batch)
    noisy = Taught({**told.features, "4.cv2": told.features["4.cv2"] + 1}, told.boxes, told.scores)
    with torch.autocast("cpu", torch.bfloat16):
        before = each_by_itself(network, torch.from_numpy(batch), told).features
        after = each_by_itself(network, torch.from_numpy(batch), noisy).features
    assert {name for name in before if not torch.equal(before[name], after[name])} == {"5", "16.cv1"}
    assert torch.equal(network(torch.from_numpy(batch))["boxes"], by_itself), "nothing is handed on any more"


def test_the_whole_network_is_fed_with_what_it_made_itself():
    network = fresh_network(seed=1)
    pictures = torch.from_numpy(seen(2, SHORT.picture_px))
    said = whole(network, pictures)
    answers = network(pictures)
    assert torch.allclose(said.boxes, answers["boxes"], atol=1e-5)
    assert torch.allclose(said.scores, answers["scores"], atol=1e-5)
    assert said.features["22.cv2"].shape == (2, 256, 2, 2)


def test_while_it_learns_labels_the_network_comes_down_to_the_teacher_s_answers():
    teacher = FeatureTeacher(STAND_IN, SHORT.picture_px, streams=1, convolutions=())
    network = fresh_network(seed=1)
    network.args = get_cfg()  # type: ignore[assignment] # where the labels' own loss finds its weights
    loss = held_to_the_teacher(network, Imitated(teacher))
    car = torch.tensor([[float(CLASSES.index("car"))]])
    batch = {"cls": car, "bboxes": torch.tensor([[0.5, 0.5, 0.4, 0.3]]), "batch_idx": torch.zeros(1)}
    batch["img"] = torch.from_numpy(seen(2, SHORT.picture_px))
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.001)
    away = []
    for _ in range(6):
        terms, items = loss(batch)
        assert [float(each) for each in terms[:3].detach()] > [0.0, 0.0, 0.0], "boxes, classes, distances of the labels"
        assert float(terms[3].detach()) == pytest.approx(2 * float(items["imitation"])), "as the others are"
        away.append(float(items["imitation"]))
        optimizer.zero_grad()
        terms[3].backward()
        optimizer.step()
    assert away[-1] < 0.8 * away[0]


def test_convolutions_learn_and_what_was_killed_goes_on_where_it_was(
    tmp_path: Path, thorough: FeatureTeacher, pictures: Sequence[Path], caplog: pytest.LogCaptureFixture
):
    caplog.set_level("INFO")
    once = learn_convolutions(pictures, tmp_path / "once", fresh_network(seed=1), thorough, SHORT, seed=1)
    said = [record.getMessage() for record in caplog.records if record.name == "detectors.training.beside_teacher"]
    sums = [float(away) for each in said for away in re.findall(r"([\d.]+) away", each)]
    assert len(sums) == 3
    assert sums[-1] < 0.95 * sums[0]

    stopped = StopsAfter(thorough, 3)
    with pytest.raises(KeyboardInterrupt):
        learn_convolutions(pictures, tmp_path / "twice", fresh_network(seed=1), stopped, SHORT, seed=1)
    counted = StopsAfter(thorough, 100)
    again = learn_convolutions(pictures, tmp_path / "twice", fresh_network(seed=2), counted, SHORT, seed=1)
    assert counted.asked == SHORT.steps - 2  # the checkpoint was of the second
    first, second = (torch.load(path, weights_only=False)["model"].state_dict() for path in (once, again))
    apart = max(float((first[name].float() - second[name].float()).abs().max()) for name in first)
    assert apart == 0.0

    assert (
        learn_convolutions(pictures, tmp_path / "once", fresh_network(seed=3), StopsAfter(thorough, 0), SHORT, seed=1)
        == once
    )


class StopsAfter(FeatureTeacher):
    """The teacher, until somebody presses Ctrl-C."""

    def __init__(self, teacher: FeatureTeacher, batches: int) -> None:
        self.__dict__.update(teacher.__dict__)
        self._left, self.asked = batches, 0

    def teach(self, pictures: NDArray[np.float32]) -> Taught:
        if self.asked == self._left:
            raise KeyboardInterrupt
        self.asked += 1
        return super().teach(pictures)


def test_too_few_pictures_are_refused(tmp_path: Path, teacher: FeatureTeacher, pictures: Sequence[Path]):
    with pytest.raises(UnusableMaterial, match="needs 2 pictures to learn from, and has 1"):
        learn_convolutions(pictures[:1], tmp_path / "run", fresh_network(seed=1), teacher, SHORT, seed=1)


def test_a_view_is_a_square_of_the_picture_and_the_same_for_the_same_seed():
    picture: Bytes = road(200, 40)
    one, other, same = (view(picture, 64, (60.0, 90.0), np.random.default_rng(seed)) for seed in (1, 2, 1))
    assert one.shape == (64, 64, 3)
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
    assert (one[0] == LETTERBOX_GREY).all(), "a flat picture does not fill the square"
    assert (one[32] != LETTERBOX_GREY).any()
