"""Runs inside a network namespace of its own: starts the virtual camera ipycam there, asks it, prints what it said.

Usage: ask_ipycam.py CLIP FOLDER streams|no-streams. The camera binds every address and multicasts, so it runs
nowhere else.
"""

import dataclasses
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import av

from ingest.camera_address import Networks, parse_onvif_url, resolve
from ingest.errors import CredentialsRefused, DeviceError, DeviceUnreachable
from ingest.onvif_device import OnvifDevice
from ingest.onvif_discovery import discover

PORT, RTSP_PORT = 18080, 18554
SETTINGS = {
    "name": "gate-3",
    "local_ip": "127.0.0.1",
    "onvif_port": PORT,
    "rtsp_port": RTSP_PORT,
    "username": "admin",
    "password": "pass123",
    "main_width": 640,
    "main_height": 360,
    "main_fps": 10,
    "sub_width": 320,
    "sub_height": 180,
    "sub_fps": 5,
    "hw_accel": "cpu",
}
WAIT_S = 120.0


def ask(streams: bool) -> dict[str, Any]:
    networks = Networks.of(["127.0.0.1/32"])
    url = parse_onvif_url(f"http://127.0.0.1:{PORT}")
    (address,) = resolve(url, networks)
    camera = OnvifDevice(url, address, username="admin", password="pass123")
    until_s = time.monotonic() + WAIT_S
    while True:  # until it listens
        try:
            facts = camera.device_facts()
            break
        except DeviceUnreachable:
            if time.monotonic() > until_s:
                raise
            time.sleep(0.1)
    found = discover(networks, listen_s=1.0, interfaces=["127.0.0.1"])
    profiles = camera.profiles()
    try:
        OnvifDevice(url, ip_address("127.0.0.1"), username="admin", password="guess").device_facts()
        wrong = "let in"
    except CredentialsRefused:
        wrong = "refused"
    said: dict[str, Any] = {
        "facts": dataclasses.asdict(facts),
        "clock": dataclasses.asdict(camera.clock()),
        "profiles": [dataclasses.asdict(profile) | {"stream": str(profile.stream)} for profile in profiles],
        "snapshot": camera.snapshot(profiles[0].token).hex(),
        "status": outcome(camera.status, profiles[0].token),
        "turned": outcome(camera.go_to_preset, profiles[0].token, "1"),
        "wrong_password": wrong,
        "discovered": [dataclasses.asdict(device) | {"url": str(device.url)} for device in found.devices],
    }
    if streams:
        assert profiles[0].stream is not None
        opened = profiles[0].stream.at(address, "admin", "pass123")
        with av.open(opened, format="rtsp", options={"rtsp_transport": "tcp"}, timeout=(WAIT_S, WAIT_S)) as stream:
            said["picture"] = next((frame.width, frame.height) for frame in stream.decode(video=0))
    return said


def outcome(asked: Callable[..., object], *what: str) -> str:
    try:
        return f"answered {asked(*what)}"
    except DeviceError as refusal:
        return f"{type(refusal).__name__}: {refusal}"


def main() -> None:
    clip, folder, streams = sys.argv[1], Path(sys.argv[2]), sys.argv[3] == "streams"
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    (folder / "camera.json").write_text(json.dumps(SETTINGS))
    with (folder / "ipycam.log").open("wb") as log:
        camera = subprocess.Popen(
            [sys.executable, "-m", "ipycam", "--config", str(folder / "camera.json"), "--source", clip],
            stdout=log,
            stderr=log,
            cwd=folder,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )
        try:
            sys.stdout.write(json.dumps(ask(streams), default=str))
        finally:
            camera.terminate()
            with suppress(subprocess.TimeoutExpired):
                camera.wait(WAIT_S)
            camera.kill()


if __name__ == "__main__":
    main()
