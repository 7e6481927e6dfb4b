"""Horns: each driver against a device of ours that checks what it is sent, and what each refusal and silence means."""

import socket
import stat
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from notify.digest_access import Login
from notify.errors import DestinationRefused, GatewayRefused, GatewayUnavailable, GatewayUnreachable, NotifyError
from notify.gateway_http import GatewayNetworks
from notify.horn import HornAddress
from notify.horn_http import AXIS_TRANSMIT, HIKVISION_CHANNEL
from notify.horn_local import DeviceHorn
from notify.horn_rtsp import medium_to_send
from notify.loudspeaker import DRIVERS, Horns
from notify.sound import Sound, read_wav
from tests.notify.horn_peers import PASSWORD, USER, BackchannelCamera, HttpHorn

LOOPBACK = GatewayNetworks.of(["127.0.0.0/8"], "horn_networks")
LOGIN = Login(USER, PASSWORD)
TONE = Sound(8000, (9000 * np.sin(np.arange(2000) / 3)).astype(np.int16))  # a quarter of a second


def play(folder: Path, driver: str, url: str | None, login: Login | None = LOGIN, sound: Sound = TONE) -> str:
    return Horns(folder, LOOPBACK).horn(HornAddress("horn-1", driver, url, login)).play(sound, "a-name")


def test_an_axis_horn_gets_the_whole_sound_once_after_it_has_asked_who_is_there(tmp_path: Path) -> None:
    with HttpHorn().running() as horn:
        said = play(tmp_path, "axis", horn.url)
    assert horn.heard == TONE.mu_law()
    assert horn.asked == [("POST", AXIS_TRANSMIT, 0), ("POST", AXIS_TRANSMIT, len(TONE.mu_law()))]
    assert "answered 200" in said


def test_a_horn_that_asks_for_nothing_gets_the_sound_at_once_and_at_its_own_path(tmp_path: Path) -> None:
    with HttpHorn(locked=False).running() as horn:
        play(tmp_path, "axis", f"{horn.url}/speak?zone=2", None)
    assert [(method, path) for method, path, _ in horn.asked] == [("POST", "/speak?zone=2")]
    assert horn.heard == TONE.mu_law()


def test_a_hikvision_horn_is_opened_spoken_through_and_closed(tmp_path: Path) -> None:
    def answer(path: str) -> tuple[int, bytes]:
        opened = b"<TwoWayAudioSession><sessionId>17</sessionId></TwoWayAudioSession>"
        return 200, opened if path.endswith("/open") else b""

    with HttpHorn(answer=answer).running() as horn:
        said = play(tmp_path, "hikvision", horn.url)
    assert horn.heard == TONE.mu_law()
    assert [path.removeprefix(HIKVISION_CHANNEL) for _, path, _ in horn.asked] == [
        "/open",
        "/open",
        "/audioData?sessionId=17",
        "/close?sessionId=17",
    ]
    assert "closed the channel" in said


@pytest.mark.parametrize(
    ("driver", "statuses", "raised"),
    [
        ("axis", {"": 404}, GatewayRefused),
        ("axis", {"": 503}, GatewayUnavailable),
        ("axis", {"": 0}, GatewayUnavailable),
        ("hikvision", {"/open": 403}, GatewayUnreachable),
        ("hikvision", {"/open": 404}, GatewayRefused),
        ("hikvision", {"/open": 503}, GatewayUnreachable),
        ("hikvision", {"/open": 0}, GatewayUnreachable),
        ("hikvision", {"/audioData": 500}, GatewayUnavailable),
        ("hikvision", {"/audioData": 0}, GatewayUnavailable),
        ("hikvision", {"/close": 500}, GatewayUnavailable),
        ("hikvision", {"/close": 0}, GatewayUnavailable),
    ],
    ids=lambda value: (
        "-".join(f"{path.strip('/')}{status}" for path, status in value.items())
        if isinstance(value, dict)
        else getattr(value, "__name__", value)
    ),
)
def test_what_was_handed_over_is_never_taken_for_unreached(
    tmp_path: Path, driver: str, statuses: dict[str, int], raised: type[NotifyError]
) -> None:
    """GatewayUnreachable is tried again by itself, so it may be raised only where nothing was heard."""
    with HttpHorn(
        locked=False, answer=lambda path: (next((s for end, s in statuses.items() if end in path), 200), b"")
    ).running() as horn:
        with pytest.raises(NotifyError) as refused:
            play(tmp_path, driver, horn.url, None)
        assert type(refused.value) is raised
        if driver == "hikvision" and "/audioData" in statuses:
            assert horn.asked[-1][1].endswith("/close"), "a channel left open is busy for everybody"


def test_a_wrong_password_is_said_and_never_sent(tmp_path: Path) -> None:
    for driver in ("axis", "hikvision"):
        with HttpHorn().running() as horn, pytest.raises(GatewayRefused, match="user name and password") as refused:
            play(tmp_path, driver, horn.url, Login(USER, "guessed-wrong"))
        assert "guessed-wrong" not in str(refused.value)
        assert horn.heard == b""
    assert "guessed-wrong" not in repr(HornAddress("h", "axis", "http://h", Login(USER, "guessed-wrong")))


def test_a_device_that_wants_the_password_in_clear_does_not_get_it(tmp_path: Path) -> None:
    with (
        HttpHorn(challenge='Basic realm="x"').running() as horn,
        pytest.raises(GatewayRefused, match="turn on digest access"),
    ):
        play(tmp_path, "axis", horn.url)
    assert len(horn.asked) == 1


@pytest.mark.parametrize("driver", ["axis", "hikvision", "onvif"])
def test_nobody_is_dialled_whom_the_settings_do_not_allow(tmp_path: Path, driver: str) -> None:
    scheme = "rtsp" if driver == "onvif" else "http"
    address = HornAddress("horn-1", driver, f"{scheme}://169.254.169.254/latest", LOGIN)
    with pytest.raises(DestinationRefused, match="horn_networks"):
        Horns(tmp_path, LOOPBACK).horn(address).play(TONE, "a")


@pytest.mark.parametrize("driver", ["axis", "hikvision", "onvif"])
def test_a_horn_that_is_away_or_has_no_address_is_not_reached(tmp_path: Path, driver: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    scheme = "rtsp" if driver == "onvif" else "http"
    with pytest.raises(GatewayUnreachable):
        play(tmp_path, driver, f"{scheme}://127.0.0.1:{port}/x")
    with pytest.raises(DestinationRefused, match="site file"):
        play(tmp_path, driver, None)


def test_a_camera_is_spoken_through_by_its_back_channel(tmp_path: Path) -> None:
    with BackchannelCamera().running() as camera:
        said = play(tmp_path, "onvif", camera.url)
    assert [each.split()[0] for each in camera.asked] == ["DESCRIBE", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN"]
    assert camera.asked[2] == "SETUP /track3", "the medium that is ours to send, and no other"
    assert {each.get("Session") for each in camera.headers[3:]} == {"5f3a"}
    heard = camera.heard
    assert heard[: len(TONE.mu_law())] == TONE.mu_law()
    assert set(heard[len(TONE.mu_law()) :]) <= {0xFF}, "filled up with silence"
    numbers = [int.from_bytes(packet[2:4]) for packet in camera.packets]
    stamps = [int.from_bytes(packet[4:8]) for packet in camera.packets]
    assert [(b - a) & 0xFFFF for a, b in pairwise(numbers)] == [1] * (len(numbers) - 1)
    assert {(b - a) & 0xFFFFFFFF for a, b in pairwise(stamps)} == {160}
    assert [packet[1] for packet in camera.packets][:2] == [0x80, 0x00], "payload type 0, the first one marked"
    assert "PCMU" in said


def test_a_camera_that_takes_a_law_gets_a_law(tmp_path: Path) -> None:
    with BackchannelCamera(
        locked=False, payload_types="97 8", maps="a=rtpmap:97 AAC/16000", channel=4
    ).running() as camera:
        play(tmp_path, "onvif", camera.url, None)
    assert camera.heard[: len(TONE.a_law())] == TONE.a_law()
    assert camera.packets[1][1] == 8
    assert len(camera.packets) > 10, "on the channel the camera has chosen"


@pytest.mark.parametrize(
    ("differs", "raised", "says"),
    [
        ({"knows_backchannels": False}, GatewayRefused, "no back-channel"),
        ({"payload_types": "97", "maps": "a=rtpmap:97 opus/48000/2"}, GatewayRefused, "G.711"),
        ({"statuses": {"SETUP": 453}}, GatewayUnreachable, "somebody may be speaking"),
        ({"statuses": {"SETUP": 461}}, GatewayRefused, "answers 461"),
        ({"channel": -1}, GatewayRefused, "packets on the connection itself"),
        ({"statuses": {"PLAY": 500}}, GatewayUnreachable, "answers 500"),
        ({"statuses": {"TEARDOWN": 500}}, GatewayUnavailable, "at its end"),
        ({"hang_up_after": 3}, GatewayUnavailable, "while it was played"),
    ],
    ids=["knows_none", "no_g711", "busy", "no_interleaving", "datagrams_only", "no_play", "no_end", "hangs_up"],
)
def test_a_camera_says_no_or_breaks_off(
    tmp_path: Path, differs: dict[str, Any], raised: type[NotifyError], says: str
) -> None:
    long = replace(TONE, samples=np.tile(TONE.samples, 4))
    camera = BackchannelCamera(locked=False, **differs)
    with camera.running(), pytest.raises(NotifyError, match=says) as refused:
        play(tmp_path, "onvif", camera.url, None, long)
    assert type(refused.value) is raised


def test_a_wrong_password_of_a_camera_is_said(tmp_path: Path) -> None:
    with BackchannelCamera().running() as camera, pytest.raises(GatewayRefused, match="user name and password"):
        play(tmp_path, "onvif", camera.url, Login(USER, "wrong"))
    assert camera.packets == []


def test_what_does_not_speak_rtsp_is_not_listened_to_for_long(tmp_path: Path) -> None:
    with HttpHorn(locked=False).running() as horn, pytest.raises(GatewayUnreachable, match="before anything"):
        play(tmp_path, "onvif", horn.url.replace("http", "rtsp"), None)


def test_a_description_names_the_medium_to_send() -> None:
    whole = (
        "m=audio 0 RTP/AVP 0\r\na=recvonly\r\na=control:a\r\nm=audio 0 RTP/AVP 100 8\r\na=control:b\r\na=sendonly\r\n"
    )
    assert (medium_to_send(whole).control, medium_to_send(whole).payload_type) == ("b", 8)
    with pytest.raises(GatewayRefused):
        medium_to_send(whole.replace("a=sendonly", "a=recvonly"))


def test_a_folder_keeps_each_announcement_as_a_file(tmp_path: Path) -> None:
    assert play(tmp_path, "file", None) == "written to a-name.wav"
    assert (read_wav((tmp_path / "horn-1" / "a-name.wav").read_bytes()).samples == TONE.samples).all()
    (tmp_path / "taken").write_text("a file where the folder should be")
    with pytest.raises(GatewayUnreachable, match="make room"):
        Horns(tmp_path / "taken").horn(HornAddress("h", "file", None)).play(TONE, "b")


def program(folder: Path, script: str) -> str:
    path = folder / "aplay"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_a_sound_device_plays_it_to_the_end_or_says_why_not(tmp_path: Path) -> None:
    """The program is a script of ours: there is no sound card here."""
    kept = tmp_path / "kept.wav"
    said = DeviceHorn("hw:1,0", program(tmp_path, f'echo "$@" > {tmp_path}/keys; cat > {kept}')).play(TONE, "a")
    assert "to the end" in said
    assert (read_wav(kept.read_bytes()).samples == TONE.samples).all()
    assert (tmp_path / "keys").read_text().split() == ["-q", "-t", "wav", "-D", "hw:1,0", "-"]
    with pytest.raises(GatewayRefused, match="no such device"):
        DeviceHorn(None, program(tmp_path, "cat > /dev/null; echo no such device >&2; exit 1")).play(TONE, "a")
    with pytest.raises(GatewayRefused, match="alsa-utils"):
        DeviceHorn(None, "no-such-program").play(TONE, "a")


def test_every_driver_has_its_horn_and_another_word_is_refused(tmp_path: Path) -> None:
    horns = Horns(tmp_path)
    assert all(horns.horn(HornAddress("h", driver, "rtsp://camera/1")) for driver in DRIVERS)
    with pytest.raises(GatewayRefused, match="there are onvif, axis"):
        horns.horn(HornAddress("h", "sip", None))
