"""Words become sound: sentences, a plate sign by sign, the voice as a command, and what is no recording."""

import struct
import sys
from pathlib import Path

import numpy as np
import pytest

from models.enums import Offence
from notify.announcements import LONGEST_TYPED, press_sentences, spoken_plate, typed, warning, wordings
from notify.errors import NoVoice, SoundRefused
from notify.sound import LONGEST_S, Sound, chime, read_wav
from notify.speech import Voice, find_voice, speak

TONE = Sound(16_000, (12_000 * np.sin(np.arange(16_000) / 5)).astype(np.int16))


def decoded_mu_law(data: bytes) -> list[int]:
    """ITU-T G.711, the table read backwards."""
    found = []
    for byte in data:
        code = ~byte & 0xFF
        size = (((code & 0x0F) << 3) + 0x84 << ((code >> 4) & 7)) - 0x84
        found.append(-size if code & 0x80 else size)
    return found


def decoded_a_law(data: bytes) -> list[int]:
    found = []
    for byte in data:
        code = byte ^ 0x55
        segment, size = (code >> 4) & 7, ((code & 0x0F) << 4) + 8
        size = size if segment == 0 else (size + 0x100) << (segment - 1)
        found.append(size if code & 0x80 else -size)
    return found


@pytest.mark.parametrize("law", ["mu", "a"])
def test_g711_gives_back_what_went_in_as_finely_as_it_can(law: str) -> None:
    samples = np.arange(-32_000, 32_001, 7).astype(np.int16)
    sound = Sound(8000, samples)
    back = decoded_mu_law(sound.mu_law()) if law == "mu" else decoded_a_law(sound.a_law())
    assert len(back) == len(samples)
    for sample, heard in zip(samples.tolist(), back, strict=True):
        assert abs(sample - heard) <= max(abs(sample) / 25, 16), sample


def test_silence_is_silence_in_both_laws() -> None:
    silent = Sound(8000, np.zeros(3, np.int16))
    assert (silent.mu_law(), silent.a_law()) == (b"\xff" * 3, b"\xd5" * 3)


def test_a_wav_file_holds_sound_and_words_and_is_read_back() -> None:
    raw = TONE.as_wav("请立即驶离")
    assert "请立即驶离".encode() in raw
    assert struct.unpack_from("<I", raw, 4)[0] == len(raw) - 8
    back = read_wav(raw)
    assert back.rate_hz == 16_000
    assert (back.samples == TONE.samples).all()
    assert back.resampled(8000).seconds == pytest.approx(back.seconds, abs=0.001)
    assert (TONE.at_volume(50).samples == (TONE.samples / 2).round()).all()
    assert abs(TONE.at_volume(200).samples.astype(int)).max() <= 32_768, "louder than loudest is as loud as it gets"


def test_two_channels_become_one_and_a_length_that_was_not_known_is_all_there_is() -> None:
    stereo = np.repeat(TONE.samples, 2).astype("<i2").tobytes()
    form = struct.pack("<HHIIHH", 1, 2, 16_000, 64_000, 4, 16)
    raw = b"RIFF\xff\xff\xff\xffWAVEfmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", 0x7FFFF000)
    assert (read_wav(raw + stereo).samples == TONE.samples).all()


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"ID3\x04 an mp3", "no WAV file"),
        (TONE.as_wav()[:30], "no sound"),
        (TONE.as_wav().replace(struct.pack("<HH", 2, 16), struct.pack("<HH", 1, 8), 1), "16-bit PCM"),
        (Sound(8000, np.zeros(int(8000 * LONGEST_S) + 8000, np.int16)).as_wav(), "lasts 31.0 s"),
        (Sound(8000, np.zeros(10, np.int16)).as_wav(), "lasts 0.0 s"),
        (b"RIFF" + b"\0" * 8_000_001, "larger than 8 MB"),
    ],
    ids=["mp3", "cut_off", "eight_bit", "too_long", "nothing_on_it", "too_large"],
)
def test_what_no_loudspeaker_is_given(raw: bytes, says: str) -> None:
    with pytest.raises(SoundRefused, match=says):
        read_wav(raw)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("offence", list(Offence))
def test_every_offence_has_its_sentences_with_and_without_a_plate(offence: Offence, language: str) -> None:
    words = [
        warning(
            offence,
            place="人民路",
            plate=plate,
            warned_before=before,
            language="zh" if language == "zh" else "en",
        )
        for plate in ("浙J12345", None)
        for before in (False, True)
    ]
    assert all(text and "{" not in text and "人民路" in text for _, text in words)
    assert words[0][1] != words[1][1], "the second time it is said otherwise"
    assert len({name for name, _ in words}) == (4 if offence is Offence.ILLEGAL_PARKING else 2)


def test_a_plate_is_said_sign_by_sign() -> None:
    assert spoken_plate("浙J12305", "zh") == "浙，J，一，二，三，零，五"
    assert spoken_plate("浙J12305", "en") == "Zhe, J, 1, 2, 3, 0, 5"
    name, text = warning(Offence.ILLEGAL_PARKING, place="东街", plate="浙J9", warned_before=False, language="zh")
    assert name == "illegal_parking.first"
    assert text.startswith("浙，J，九车主请注意，东街禁止停车")
    assert len(wordings()["province"]) >= 31
    assert press_sentences("zh").keys() == press_sentences("en").keys()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (" \n ", "nothing to say"),
        ("走" * (LONGEST_TYPED + 1), "longer than 120"),
        ("<voice name='x'>", "brackets"),
        ("[[h@'loU]]", "brackets"),
        ("a\x07b", "cannot be spoken"),
    ],
    ids=["nothing", "too_long", "markup", "phonemes", "a_bell"],
)
def test_typed_words_that_cannot_be_spoken(text: str, says: str) -> None:
    with pytest.raises(SoundRefused, match=says):
        typed(text)
    assert typed("  请 \n 离开 ") == "请 离开"


@pytest.mark.parametrize(("language", "text"), [("zh", "请立即驶离"), ("en", "Please move on")])
def test_the_packaged_voice_speaks_both_languages_without_anything_installed(language: str, text: str) -> None:
    voice = find_voice(None)
    assert voice is not None
    sound = speak(voice, text, language)
    assert 0.5 < sound.seconds < 10
    assert np.abs(sound.samples.astype(int)).max() > 3000, "it can be heard"
    assert (speak(voice, text, language).samples == sound.samples).all(), "the same words are the same sound"


def speaks(tmp_path: Path, script: str) -> Voice:
    path = tmp_path / "voice.py"
    path.write_text(script)
    found = find_voice(f"{sys.executable} {path} --as {{language}}")
    assert found is not None
    return found


def test_another_voice_is_a_command_that_gets_the_words_on_its_standard_input(tmp_path: Path) -> None:
    script = f"import sys; open({str(tmp_path / 'said')!r}, 'w').write(sys.stdin.read() + ' ' + sys.argv[2]);"
    (tmp_path / "tone.wav").write_bytes(TONE.as_wav())
    script += f"sys.stdout.buffer.write(open({str(tmp_path / 'tone.wav')!r}, 'rb').read())"
    sound = speak(speaks(tmp_path, script), "-s 9; $(reboot)", "zh")
    assert (sound.samples == TONE.samples).all()
    assert (tmp_path / "said").read_text() == "-s 9; $(reboot) zh"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("import sys; sys.exit('no model found')", "no model found"),
        ("print('hello')", "no WAV file"),
        ("import time; time.sleep(60)", "within 1 s"),
    ],
    ids=["fails", "gives_no_sound", "takes_too_long"],
)
def test_a_voice_that_does_not_speak_is_none(tmp_path: Path, script: str, says: str) -> None:
    with pytest.raises(NoVoice, match=says):
        speak(speaks(tmp_path, script), "words", "zh", deadline_s=1)
    with pytest.raises(NoVoice, match="cannot be started"):
        speak(Voice("x", ("no-such-program",)), "words", "zh")
    voice = find_voice(None)
    assert voice is not None
    with pytest.raises(NoVoice, match="no language xx"):
        speak(voice, "words", "xx")


def test_a_chime_can_be_played_anywhere() -> None:
    assert read_wav(chime().as_wav()).seconds == 2
