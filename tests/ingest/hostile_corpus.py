"""Files that nobody means well with, more than five hundred, made from four sound recordings in the same way each time.

Truncated at every box, with bits turned round, sizes and counts that cannot be, pictures of 100,000 pixels a side,
durations without end, playlists and scripts that point at files and hosts, archives in archives, odd names.
"""

import io
import random
import struct
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path

CONTAINERS_OF_BOXES = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"dinf", b"udta"}
TURNED_ROUND = 70  # files of each recording
NAMES = (
    "-i.mp4",
    "concat:canary.mp4",
    "file:canary.mp4",
    "http:⁄⁄127.0.0.1⁄x.mp4",
    "%03d.mp4",
    "a\nb.mp4",
    "a\x1b[2J.mp4",
    "gpj.\u202e4pm.mp4",
    "..mp4",
    "$(touch canary2).mp4",
    "a;b&c|d.mp4",
    "'\".mp4",
    "停车 1.mp4",
    "x" * 240 + ".mp4",
)
PLAYLISTS: Mapping[str, str] = {
    "m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{target}\n#EXT-X-ENDLIST\n",
    "recursive.m3u8": "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{own}\n",
    "keyed.m3u8": '#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-KEY:METHOD=AES-128,URI="{target}"\n#EXTINF:4,\n{own}\n',
    "ffconcat": "ffconcat version 1.0\nfile '{target}'\n",
    "recursive.ffconcat": "ffconcat version 1.0\nfile '{own}'\nfile '{own}'\n",
    "mpd": (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period><AdaptationSet>'
        '<Representation id="1" bandwidth="1"><BaseURL>{target}</BaseURL></Representation></AdaptationSet>'
        "</Period></MPD>"
    ),
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n",
    "xml": '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "{target}">]><a>&x;</a>',
    "ass": "[Script Info]\n[Events]\nDialogue: 0,0:00:00.00,9:00:00.00,,,,,,,{target}\n",
    "svg": '<svg xmlns="http://www.w3.org/2000/svg"><image href="{target}"/></svg>',
}


def boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int, bytes]]:
    """Where each box of an MP4 begins, its size and its kind, those inside others too (ISO/IEC 14496-12, 4.2)."""
    end = len(data) if end is None else end
    while start + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, start)
        if size < 8 or start + size > end:
            return
        yield start, size, kind
        if kind in CONTAINERS_OF_BOXES:
            yield from boxes(data, start + 8, start + size)
        start += size


def changed(data: bytes, at: int, to: bytes) -> bytes:
    return data[:at] + to + data[at + len(to) :]


def truncated(mp4: bytes) -> Iterator[bytes]:
    for start, size, _ in boxes(mp4):
        yield from (mp4[:start], mp4[: start + 6], mp4[: start + size // 2], mp4[: start + size - 1])


def impossible_boxes(mp4: bytes) -> Iterator[bytes]:
    """Sizes and counts that cannot be, in each box."""
    for start, size, kind in boxes(mp4):
        for wrong in (0, 1, 7, 0x7FFFFFFF, 0xFFFFFFFF):
            yield changed(mp4, start, struct.pack(">I", wrong))
        if kind in {b"stsz", b"stts", b"stsc", b"stco", b"stss", b"ctts", b"elst", b"dref", b"stsd"} and size >= 20:
            for at in (12, 16):
                yield changed(mp4, start + at, b"\xff\xff\xff\xff")


def huge_pictures(mp4: bytes, mkv: bytes, avi: bytes) -> Iterator[bytes]:
    side = 100_000
    for start, size, kind in boxes(mp4):
        if kind == b"tkhd":
            yield changed(mp4, start + size - 8, struct.pack(">II", side << 16 & 0xFFFFFFFF, side << 16 & 0xFFFFFFFF))
        if kind == b"stsd":
            yield changed(mp4, start + 16 + 32, b"\xff\xff\xff\xff")
    for element in (b"\xb0", b"\xba"):  # PixelWidth, PixelHeight
        at = mkv.find(element + b"\x82")
        while 0 <= at < 2000:
            yield changed(mkv, at + 2, b"\xff\xff")
            at = mkv.find(element + b"\x82", at + 1)
    at = avi.find(b"strf") + 8
    yield changed(avi, at + 4, struct.pack("<II", side, side))
    yield changed(avi, at + 4, struct.pack("<ii", -1, -1))
    yield changed(avi, avi.find(b"avih") + 8 + 32, struct.pack("<II", side, side))


def endless(mp4: bytes, avi: bytes) -> Iterator[bytes]:
    for start, _, kind in boxes(mp4):
        if kind in {b"mvhd", b"mdhd", b"tkhd"}:
            yield changed(mp4, start + (28 if kind == b"tkhd" else 24), b"\xff\xff\xff\xff")
        if kind == b"mdhd":
            for scale in (0, 1, 0xFFFFFFFF):
                yield changed(mp4, start + 20, struct.pack(">I", scale))
        if kind == b"stts":
            for delta in (0, 0x7FFFFFFF, 0xFFFFFFFF):
                yield changed(mp4, start + 20, struct.pack(">I", delta))
    yield changed(avi, avi.find(b"strh") + 8 + 20, b"\xff\xff\xff\xff" * 2)
    yield changed(avi, avi.find(b"avih") + 8, b"\x00\x00\x00\x00")


def turned_round(data: bytes, chance: random.Random) -> Iterator[bytes]:
    for number in range(TURNED_ROUND):
        wrong = bytearray(data)
        for _ in range((1, 3, 20, 200)[number % 4]):
            # every other file in its first part, where what decides lies
            at = chance.randrange(len(wrong) if number % 2 else min(len(wrong), 1500))
            wrong[at] ^= 1 << chance.randrange(8)
        yield bytes(wrong)


def archives(mp4: bytes) -> Iterator[tuple[str, bytes]]:
    def zipped(name: str, data: bytes) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, data)
        return out.getvalue()

    nested = mp4
    for depth in range(12):
        nested = zipped(f"{depth}.zip", nested)
        yield f"nested-{depth}.mp4", nested
    bomb = zipped("bomb", bytes(20_000_000))
    yield "bomb.mp4", zipped("a.zip", bomb * 40)
    yield "climbs.mp4", zipped("../../canary.mp4", mp4)
    tarred = io.BytesIO()
    with tarfile.open(fileobj=tarred, mode="w") as tar:
        link = tarfile.TarInfo("link.mp4")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    yield "links.mp4", tarred.getvalue()


def odd_structures(mp4: bytes) -> Iterator[bytes]:
    deep = b""
    for _ in range(3000):
        deep = struct.pack(">I4s", len(deep) + 8, b"moov") + deep
        if len(deep) % 997 == 0:
            yield mp4[:32] + deep
    yield mp4[:32] + deep
    yield mp4.replace(b"url \x00\x00\x00\x01", b"url \x00\x00\x00\x00")  # the pictures are said to be elsewhere
    yield mp4 + mp4
    yield mp4 * 3
    for size in (0, 1, 3, 8, 100, 100_000):
        yield bytes(size)
        yield b"\xff" * size
        yield random.Random(size).randbytes(size)


def playlists(folder: Path, address: str) -> Iterator[tuple[str, bytes]]:
    targets = ("canary.mp4", str(folder / "canary.mp4"), "/etc/passwd", f"http://{address}/x.ts", f"tcp://{address}")
    for kind, text in PLAYLISTS.items():
        for number, target in enumerate(targets):
            for suffix in (kind.rpartition(".")[2], "mp4", "ts"):
                name = f"list-{kind}-{number}.{suffix}"
                yield name, text.format(target=target, own=name).encode()


def under_other_names(sound: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    for kind, data in sound.items():
        for other in ("mp4", "mkv", "avi", "ts", "dav", "jpg"):
            yield f"really-{kind}.{other}", data
        for share in (0.1, 0.5, 0.9):
            yield f"cut-{share}.{kind}", data[: int(len(data) * share)]
    for name in NAMES:
        yield name, sound["mp4"]


def numbered(what: str, files: Iterator[bytes], suffix: str = "mp4") -> Iterator[tuple[str, bytes]]:
    for number, data in enumerate(files):
        yield f"{what}-{number:03}.{suffix}", data


def write_corpus(folder: Path, sound: Mapping[str, bytes], address: str) -> list[Path]:
    """Every file, in `folder`. sound: mp4, mkv, avi and ts. address: of a listener that nobody should call."""
    chance = random.Random(11)
    mp4 = sound["mp4"]
    made: list[Path] = []
    for name, data in chain(
        numbered("truncated", truncated(mp4)),
        numbered("impossible", impossible_boxes(mp4)),
        numbered("huge", huge_pictures(mp4, sound["mkv"], sound["avi"])),
        numbered("endless", endless(mp4, sound["avi"])),
        numbered("odd", odd_structures(mp4)),
        *(numbered("turned", turned_round(data, chance), kind) for kind, data in sound.items()),
        under_other_names(sound),
        playlists(folder, address),
        archives(mp4),
    ):
        path = folder / name
        path.write_bytes(data)
        made.append(path)
    return made
