"""The packaged voice: text on standard input, WAV on standard output, by the eSpeak NG library inside a Python wheel.

Run as a process of its own (`python -m notify.packaged_voice -v cmn -s 150`), with the same keys and the same habits as
the command `espeak-ng --stdin --stdout`: what crashes a C library must not take the queue of the loudspeakers with it.
"""

import argparse
import ctypes
import sys

from notify.errors import NoVoice

try:
    import espeakng_loader
except ImportError:  # there is no wheel for this platform
    espeakng_loader = None

RETRIEVAL_AT_ONCE = 2  # AUDIO_OUTPUT_SYNCHRONOUS of speak_lib.h
RATE_PARAMETER, UTF8 = 1, 1
OK = 0
MOST_CHARACTERS = 1000

_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


def is_there() -> bool:
    return espeakng_loader is not None


def spoken(text: str, voice: str, words_a_minute: int) -> tuple[int, bytes]:
    """Samples a second, and 16-bit samples. Raises NoVoice."""
    if espeakng_loader is None:
        raise NoVoice("the package espeakng-loader has no library for this machine; install espeak-ng instead")
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    rate_hz = library.espeak_Initialize(RETRIEVAL_AT_ONCE, 0, espeakng_loader.get_data_path().encode(), 0)
    if rate_hz <= 0 or library.espeak_SetVoiceByName(voice.encode()) != OK:
        raise NoVoice(f"the packaged voice has no language {voice}; run pip install espeakng-loader again")
    samples = bytearray()

    def take(wave: "ctypes._Pointer[ctypes.c_short]", count: int, _events: int) -> int:
        if wave and count > 0:
            samples.extend(ctypes.string_at(wave, 2 * count))
        return 0

    callback = _Callback(take)
    library.espeak_SetSynthCallback(callback)
    library.espeak_SetParameter(RATE_PARAMETER, words_a_minute, 0)
    raw = text.encode("utf-8") + b"\0"
    if library.espeak_Synth(raw, ctypes.c_size_t(len(raw)), 0, 0, 0, UTF8, None, None) != OK:
        raise NoVoice("the packaged voice refused the text; write it in other words")
    library.espeak_Synchronize()
    return rate_hz, bytes(samples)


def main() -> None:
    import numpy as np  # noqa: PLC0415 - not needed to ask whether the voice is there

    from notify.sound import Sound  # noqa: PLC0415

    asked = argparse.ArgumentParser(prog="packaged_voice")
    asked.add_argument("-v", dest="voice", default="cmn")
    asked.add_argument("-s", dest="words_a_minute", type=int, default=150)
    keys = asked.parse_args()
    text = sys.stdin.buffer.read(4 * MOST_CHARACTERS).decode("utf-8", "replace")[:MOST_CHARACTERS]
    try:
        rate_hz, samples = spoken(text, keys.voice, keys.words_a_minute)
    except NoVoice as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(1) from None
    sys.stdout.buffer.write(Sound(rate_hz, np.frombuffer(samples, "<i2").astype(np.int16)).as_wav())


if __name__ == "__main__":
    main()
