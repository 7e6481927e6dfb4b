"""Sentences on record are English; who reads Chinese reads them in Chinese, with the same facts."""

import inspect
import re
from ipaddress import ip_address
from pathlib import Path
from types import ModuleType

import pytest

from detectors import tracker
from evidence.errors import VaultFull
from ingest import camera_worker, dome, live_camera, live_stream, live_time, live_views, packet_source, recordings
from ingest.camera_address import Networks
from ingest.errors import (
    AddressRefused,
    AnalysisCalledOff,
    CredentialsRefused,
    DeviceTooSlow,
    DeviceUnreachable,
    HostUnknown,
    NotAVideo,
    NoVideoStream,
    PasswordRefused,
    PathUnknown,
    RedirectRefused,
    RequestRefused,
    SourceMissing,
    StreamChanged,
    StreamLost,
    StreamSilent,
    StreamUnreachable,
    StreamUnusable,
    UndecodableCodec,
)
from review_ui.catalog import load
from review_ui.retelling import TABLE, retold

ENGLISH_WORDS = re.compile(r"[a-z]{3,} [a-z]{2,}", re.IGNORECASE)
CAMERA, CLIP, DEVICE = "gate-3", Path("/data/uploads/day 1.mp4"), "10.0.0.4:80"
WITH_FACTS = [
    PasswordRefused(CAMERA),
    PathUnknown(CAMERA),
    RedirectRefused(CAMERA),
    StreamChanged(CAMERA),
    StreamSilent(CAMERA, 5.0),
    StreamLost(CAMERA, "Connection reset by peer"),
    StreamUnreachable(CAMERA, "No route to host"),
    HostUnknown("gate.site"),
    AddressRefused("gate.site (8.8.8.8)", Networks.of().why_refused(ip_address("8.8.8.8")) or ""),
    AddressRefused("127.0.0.1", Networks.of().why_refused(ip_address("127.0.0.1")) or ""),
    AddressRefused("224.0.0.1", Networks.of().why_refused(ip_address("224.0.0.1")) or ""),
    DeviceUnreachable(DEVICE, "Connection refused"),
    DeviceTooSlow(DEVICE, 10.0),
    CredentialsRefused(DEVICE),
    RequestRefused(DEVICE, "GotoPreset", "ter:NoProfile"),
    VaultFull(Path("/vault"), "keep an object"),
    SourceMissing(CLIP),
    NoVideoStream(CLIP),
    UndecodableCodec(CLIP, "hevc"),
    AnalysisCalledOff("0192"),
]


def said_in(module: ModuleType, before: str) -> list[str]:
    """The texts that stand behind these words in a module's source, a number where they take a fact."""
    found = re.findall(rf'{before}[^"\n]*\n?[^"\n]*?f?"([^"]+)"', inspect.getsource(module))
    assert found, f"{module.__name__} says nothing behind {before}"
    return [re.sub(r"\{[^}]*\}", "7", text) for text in found]


SENTENCES = [
    *(str(error) for error in WITH_FACTS),
    *(str(StreamUnreachable(CAMERA, why)) for why in said_in(live_stream, r"StreamUnreachable\(name, ")),
    *(str(StreamLost(CAMERA, why)) for why in said_in(live_stream, r"StreamLost\(self.name, ")),
    *(str(StreamUnusable(CAMERA, why)) for why in said_in(live_stream, r"StreamUnusable\(")),
    *(str(NotAVideo(CLIP, why)) for why in said_in(packet_source, r"NotAVideo\(")),
    *said_in(live_time, r" Gap\("),
    *said_in(live_time, r"self\._moved\("),
    *said_in(live_camera, "why="),
    *said_in(live_camera, r"views\.forget\("),
    *said_in(recordings, r"worker\.gap\("),
    *said_in(camera_worker, "note="),
    *said_in(camera_worker, r"known\.append\("),
    *said_in(tracker, "note="),
    *(dome.ELSEWHERE, dome.NEARER, live_views.NO_CONNECTION, live_views.NOBODY_WATCHED),
]


@pytest.mark.parametrize("sentence", SENTENCES)
def test_what_is_on_record_is_said_in_chinese(sentence: str) -> None:
    said = retold(load("zh"), sentence)
    assert not ENGLISH_WORDS.search(said.replace(str(CLIP), "")), said
    assert re.search("[\u4e00-\u9fff]", said)
    assert retold(load("en"), sentence) == sentence


def test_facts_come_along_and_what_nobody_knows_stays_as_it_is() -> None:
    chinese = load("zh")
    assert retold(chinese, str(StreamSilent(CAMERA, 7.5))).startswith("gate-3：连接未断，但 7.5 秒没有数据")
    lost = retold(chinese, str(StreamLost(CAMERA, "Protocol not supported (really)")))
    assert lost == "gate-3：连接中断（Protocol not supported (really)），正在重新连接"
    assert retold(chinese, "a sentence of a later version") == "a sentence of a later version"
    assert retold(chinese, "") == ""


def test_what_a_person_typed_stays_as_it_was_typed() -> None:
    said = retold(load("zh"), "to be learnt anew, says mei: no look was made")
    assert said.endswith("no look was made")
    assert said != "to be learnt anew, says mei: no look was made"


def test_every_sentence_on_record_is_found_as_itself() -> None:
    """A general one, tried first, would swallow what a special one says better."""
    chinese = load("zh")
    for key, text in load("en").sentences.items():
        if key.startswith(TABLE):
            facts = dict.fromkeys(re.findall(r"\{(\w+)\}", text), "7")
            assert retold(chinese, text.format(**facts)) == chinese.say(key, **facts), key
