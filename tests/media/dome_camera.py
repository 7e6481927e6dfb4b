"""A dome that others wrote: ipycam, whose pictures follow its ONVIF commands, over a street that stands in a clip.

It binds every address and multicasts, so it runs in a network of its own and nowhere else: `OWN_NETWORK` before the
command of whoever meets it there. What it says of its movements cannot be read (its prefixes are not declared).
"""

import contextlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from ingest.camera_address import Networks, parse_onvif_url, resolve
from ingest.errors import DeviceUnreachable
from ingest.onvif_device import OnvifDevice
from tests.patience import PATIENCE_S

OWN_NETWORK = ["unshare", "--map-root-user", "--net"]
PORT, RTSP_PORT = 18080, 18554
ONVIF = f"http://127.0.0.1:{PORT}/onvif/device_service"
STREAM = f"rtsp://127.0.0.1:{RTSP_PORT}/video_main"
USER, PASSWORD = "admin", "pass123"
WIDTH, HEIGHT, RATE = 320, 240, 5


def why_not() -> str | None:
    """What is missing here to run it; None: nothing."""
    if importlib.util.find_spec("ipycam") is None:
        return "ipycam is not installed here: it is in the dev extra"
    if any(shutil.which(command) is None for command in ("ip", "unshare", "ffmpeg")):
        return "no `ip`, no `unshare` or no `ffmpeg` here"
    if subprocess.run([*OWN_NETWORK, "true"], capture_output=True, check=False).returncode:
        return "a network of its own is not permitted here"
    return None


def device() -> OnvifDevice:
    url = parse_onvif_url(ONVIF)
    return OnvifDevice(url, resolve(url, Networks.of(["127.0.0.1/32"]))[0], username=USER, password=PASSWORD)


@contextlib.contextmanager
def dome(folder: Path, clip: Path, presets: Mapping[str, tuple[float, float, float]]) -> Iterator[None]:
    """On, within a network of its own. presets: token -> pan, tilt, zoom."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    settings = {
        "name": "dome",
        "local_ip": "127.0.0.1",
        "onvif_port": PORT,
        "rtsp_port": RTSP_PORT,
        "username": USER,
        "password": PASSWORD,
        "main_width": WIDTH,
        "main_height": HEIGHT,
        "main_fps": RATE,
        "sub_width": 160,
        "sub_height": 120,
        "sub_fps": 2,
        "hw_accel": "cpu",
    }
    (folder / "camera.json").write_text(json.dumps(settings))
    named = {
        token: {"token": token, "name": token, "pan": pan, "tilt": tilt, "zoom": zoom}
        for token, (pan, tilt, zoom) in presets.items()
    }
    (folder / "ptz_presets.json").write_text(json.dumps(named))
    with (folder / "dome.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "ipycam", "--config", str(folder / "camera.json"), "--source", str(clip)],
            stdout=log,
            stderr=log,
            cwd=folder,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )
        try:
            until_s = time.monotonic() + PATIENCE_S
            while True:
                try:
                    device().device_facts()
                    break
                except DeviceUnreachable:
                    assert time.monotonic() < until_s, "the dome does not listen"
                    time.sleep(0.1)
            yield
        finally:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(PATIENCE_S)
            process.kill()
