"""Sound: what a loudspeaker is to play, as 16-bit mono samples; read from WAV, made into what devices take.

Pure. A recorded voice comes from a person's browser or phone, so what is read is bounded and refused with a sentence.
The words that are spoken travel inside the WAV file that is sealed (RIFF INFO, ICMT), under one digest with the sound.
"""

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np

from notify.errors import SoundRefused

LONGEST_S = 30.0
SHORTEST_S = 0.1
MOST_BYTES = 8_000_000
RATES = range(8000, 96_001)
TELEPHONE_HZ = 8000  # G.711
PCM, EXTENSIBLE = 1, 0xFFFE  # format tags of WAV
FULL = 32767
QUIETEST_PEAK = 160  # -46 dB below full: a muted microphone stays far below, a whisper goes over it
ULAW_BIAS, ULAW_CLIP = 0x84, 32635  # ITU-T G.711 table 2a, in 16-bit samples

Samples = np.ndarray[Any, np.dtype[np.int16]]


@dataclass(frozen=True)
class Sound:
    rate_hz: int
    samples: Samples

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate_hz

    @property
    def is_silent(self) -> bool:
        """Nobody would hear it: no sample of it is louder than the noise of a muted microphone."""
        return int(np.abs(self.samples.astype(np.int32)).max(initial=0)) < QUIETEST_PEAK

    def at_volume(self, percent: int) -> "Sound":
        loud = np.clip(self.samples.astype(np.float64) * (percent / 100), -FULL - 1, FULL)
        return Sound(self.rate_hz, loud.round().astype(np.int16))

    def resampled(self, rate_hz: int) -> "Sound":
        """Averaged over each new sample's time when the rate falls, so that what is above it does not fold back."""
        if rate_hz == self.rate_hz:
            return self
        count = max(round(len(self.samples) * rate_hz / self.rate_hz), 1)
        total = np.concatenate(([0.0], np.cumsum(self.samples.astype(np.float64))))
        edges = np.linspace(0, len(self.samples), count + 1)
        summed = np.diff(np.interp(edges, np.arange(len(total)), total))
        return Sound(rate_hz, (summed * (count / len(self.samples))).round().astype(np.int16))

    def mu_law(self) -> bytes:
        """G.711 µ-law at 8 kHz."""
        samples = self.resampled(TELEPHONE_HZ).samples.astype(np.int32)
        sign = np.where(samples < 0, 0x80, 0)
        size = np.minimum(np.abs(samples), ULAW_CLIP) + ULAW_BIAS
        segment = np.floor(np.log2(size)).astype(np.int32) - 7
        step = (size >> (segment + 3)) & 0x0F
        return bytes((~(sign | (segment << 4) | step) & 0xFF).astype(np.uint8))

    def a_law(self) -> bytes:
        """G.711 A-law at 8 kHz."""
        samples = self.resampled(TELEPHONE_HZ).samples.astype(np.int32) >> 3
        sign = np.where(samples >= 0, 0x80, 0)
        size = np.where(samples >= 0, samples, -samples - 1)
        segment = np.maximum(np.floor(np.log2(np.maximum(size, 1))).astype(np.int32) - 4, 0)
        step = (size >> np.maximum(segment, 1)) & 0x0F
        return bytes(((sign | (segment << 4) | step) ^ 0x55).astype(np.uint8))

    def as_wav(self, words: str = "") -> bytes:
        """The whole file; words: what is said in it."""
        data = self.samples.astype("<i2").tobytes()
        form = struct.pack("<HHIIHH", PCM, 1, self.rate_hz, 2 * self.rate_hz, 2, 16)
        said = words.encode("utf-8") + b"\0"
        info = _chunk(b"LIST", b"INFO" + _chunk(b"ICMT", said)) if words else b""
        body = b"WAVE" + _chunk(b"fmt ", form) + info + _chunk(b"data", data)
        return _chunk(b"RIFF", body)


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def read_wav(raw: bytes) -> Sound:
    """16-bit PCM with one channel or two. A program that writes to a pipe does not know how long the data will be, so
    data that ends early is taken for all there is. Raises SoundRefused.
    """
    if len(raw) > MOST_BYTES:
        raise SoundRefused(f"it is larger than {MOST_BYTES // 1_000_000} MB; say it in fewer words")
    if raw[:4] != b"RIFF" or raw[8:12] != b"WAVE":
        raise SoundRefused("it is no WAV file; save it as WAV, 16 bit")
    form: tuple[int, int, int, int] | None = None
    at = 12
    while at + 8 <= len(raw):
        name, size = raw[at : at + 4], struct.unpack_from("<I", raw, at + 4)[0]
        content = raw[at + 8 : at + 8 + size]
        if name == b"fmt " and len(content) >= 16:
            tag, channels, rate_hz, _, _, bits = struct.unpack_from("<HHIIHH", content)
            form = tag, channels, rate_hz, bits
        elif name == b"data" and form is not None:
            return _of_pcm(form, content)
        at += 8 + size + size % 2
    raise SoundRefused("it holds no sound; record it again")


def _of_pcm(form: tuple[int, int, int, int], content: bytes) -> Sound:
    tag, channels, rate_hz, bits = form
    if tag not in (PCM, EXTENSIBLE) or bits != 16 or channels not in (1, 2) or rate_hz not in RATES:
        raise SoundRefused("it is WAV, but not 16-bit PCM with one channel or two; save it so")
    samples = np.frombuffer(content[: len(content) // (2 * channels) * 2 * channels], "<i2").astype(np.int16)
    if channels == 2:
        samples = samples.reshape(-1, 2).astype(np.int32).mean(axis=1).astype(np.int16)
    seconds = len(samples) / rate_hz
    if not SHORTEST_S <= seconds <= LONGEST_S:
        raise SoundRefused(f"it lasts {seconds:.1f} s; a loudspeaker says {SHORTEST_S} to {LONGEST_S:.0f} s at a time")
    return Sound(rate_hz, samples)


def chime() -> Sound:
    """Two falling tones: what is played where nothing can speak."""
    rate_hz = 16_000
    at_s = np.arange(rate_hz) / rate_hz
    tones = [np.sin(2 * np.pi * pitch_hz * at_s) * np.exp(-3 * at_s) for pitch_hz in (784, 622)]  # G5, E flat 5
    return Sound(rate_hz, (np.concatenate(tones) * 0.6 * FULL).astype(np.int16))
