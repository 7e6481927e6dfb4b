"""Horns of this machine: a folder of WAV files, for trying things out, and a sound device, by `aplay`."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from models.whole_file import whole_file
from notify.errors import GatewayRefused, GatewayUnavailable, GatewayUnreachable
from notify.horn import MARGIN_S
from notify.sound import Sound


@dataclass(frozen=True)
class FolderHorn:
    """Each announcement is a WAV file in the folder."""

    folder: Path

    def play(self, sound: Sound, name: str) -> str:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with whole_file(self.folder / f"{name}.wav") as file:
                file.write(sound.as_wav())
        except OSError as error:
            raise GatewayUnreachable(f"{self.folder}: cannot be written ({error.strerror}); make room") from error
        return f"written to {name}.wav"


@dataclass(frozen=True)
class DeviceHorn:
    """device: what ALSA calls it (`aplay -L`); None: its default."""

    device: str | None = None
    program: str = "aplay"

    def play(self, sound: Sound, name: str) -> str:  # noqa: ARG002 - it keeps no files
        found = shutil.which(self.program)
        if found is None:
            raise GatewayRefused(
                f"there is no {self.program} on this machine; install alsa-utils, or change the driver"
            )
        command = [found, "-q", "-t", "wav", *(["-D", self.device] if self.device else []), "-"]
        deadline_s = sound.seconds + MARGIN_S
        try:
            subprocess.run(  # noqa: S603 - no shell; the device is one word of the site file
                command, input=sound.as_wav(), capture_output=True, timeout=deadline_s, check=True
            )
        except subprocess.CalledProcessError as error:
            said = error.stderr.decode("utf-8", "replace").strip().splitlines()
            raise GatewayRefused(f"{self.program} did not play it: {said[-1] if said else error.returncode}") from error
        except subprocess.TimeoutExpired as error:
            raise GatewayUnavailable(f"{self.program} did not come to an end in {deadline_s:.0f} s") from error
        except OSError as error:
            raise GatewayUnreachable(f"{self.program} cannot be started: {error.strerror}") from error
        return f"{self.program} played it to the end"
