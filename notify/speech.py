"""Speech: words made into sound, by a voice that is a command: text on standard input, WAV on standard output.

Which voice: the command of the settings; else the eSpeak NG that comes in a package; else the command `espeak-ng`.
A command that does not answer in time, or not with sound, is no voice, and whoever asked plays a chime instead.
"""

import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from notify import packaged_voice
from notify.errors import NoVoice, SoundRefused
from notify.sound import Sound, read_wav

DEADLINE_S = 20.0  # better voices take their time on a small machine
WORDS_A_MINUTE = "150"  # a little slower than espeak's own 175: outdoors
ESPEAK_NAMES = {"zh": "cmn", "en": "en"}


@dataclass(frozen=True)
class Voice:
    """name: what rows say spoke. command: `{language}` in it becomes zh or en, or what `names` calls them."""

    name: str
    command: tuple[str, ...]
    names: Mapping[str, str] = field(default_factory=dict)


def find_voice(command: str | None) -> Voice | None:
    """command: of the settings. None: nothing here can speak."""
    if command is not None:
        words = tuple(shlex.split(command))
        return Voice(words[0].rpartition("/")[2][:60], words)
    keys = ("-v", "{language}", "-s", WORDS_A_MINUTE)
    if packaged_voice.is_there():
        return Voice("espeak-ng (packaged)", (sys.executable, "-m", "notify.packaged_voice", *keys), ESPEAK_NAMES)
    installed = shutil.which("espeak-ng")
    if installed is not None:
        return Voice("espeak-ng", (installed, *keys, "--stdin", "--stdout"), ESPEAK_NAMES)
    return None


def speak(voice: Voice, text: str, language: str, deadline_s: float = DEADLINE_S) -> Sound:
    """Raises NoVoice."""
    command = [word.replace("{language}", voice.names.get(language, language)) for word in voice.command]
    try:
        # no shell, and the words only on standard input: typed text is never part of a command
        done = subprocess.run(  # noqa: S603
            command, input=text.encode("utf-8"), capture_output=True, timeout=deadline_s, check=True
        )
        return read_wav(done.stdout)
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode("utf-8", "replace").strip().splitlines()
        raise NoVoice(
            f"{voice.name} ended with status {error.returncode}: {said[-1] if said else 'no word'}"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise NoVoice(f"{voice.name} did not speak within {deadline_s:.0f} s") from error
    except OSError as error:
        raise NoVoice(f"{voice.name} cannot be started: {error.strerror}; correct VOICE_COMMAND") from error
    except SoundRefused as error:
        raise NoVoice(f"{voice.name} gave no sound that can be played: {error}") from error
