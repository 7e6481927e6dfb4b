"""The files of a bundle: their names, and the two that are wholly determined by the others.

Three witnesses name each digest, so that a change is blamed on the file that changed: a file itself, the manifest
and SHA256SUMS; for the manifest, VERIFY.txt stands in. Format 1 means exactly these texts.
"""

import re
from collections.abc import Mapping

from evidence.digest import shown

FORMAT = "streetwitness-bundle/1"

MANIFEST = "manifest.json"
CUSTODY = "custody.json"
DRAFT = "draft.json"
PAGE = "index.html"
SUMS = "SHA256SUMS"
VERIFY = "VERIFY.txt"
EXHIBITS = "exhibits/"

_VERIFY_TEXT = """\
这是一件电子证据包 / This is a bundle of evidence
=================================================

清单摘要 / digest of manifest.json:
{digest}

如另有书面或其他途径告知的摘要，请与上面一行比对。
Compare this line with the digest you were given by another way, if you were.

一、无需本软件即可核对 / Without our software, in the folder where it was unpacked:

    sha256sum -c SHA256SUMS

二、使用本软件核对（无需数据库和网络） / With our software, which needs neither a database nor a network:

    streetwitness verify BUNDLE.zip

    0 完整 / intact    1 有改动，并指出何处 / changed, and it says where    2 不是证据包 / not a bundle

manifest.json  事实、时间、设备、围栏、展示物及其摘要 / facts, times, camera, geofence, exhibits and their digests
exhibits/      原始码流片段和由其解码的照片 / clips as the camera sent them, and stills decoded from them
custody.json   保管记录，每条包含前一条的摘要 / who sealed, viewed and exported it; each entry names the one before
draft.json     案件草稿，无法律效力（如有） / the draft case, which has no legal effect (if there is one)
index.html     供阅读的页面 / a page for reading
SHA256SUMS     以上各文件的摘要 / the digest of every other file
"""
_DIGEST_LINE = re.compile(rb"^sha256:([0-9a-f]{64})$", re.MULTILINE)
_SUMS_LINE = re.compile(r"([0-9a-f]{64})  (\S.*)")


def verify_text(manifest_sha256: str) -> bytes:
    return _VERIFY_TEXT.format(digest=shown(manifest_sha256)).encode()


def manifest_digest_in(verify: bytes) -> str | None:
    """The digest that a VERIFY.txt names, if it is one."""
    match = _DIGEST_LINE.search(verify)
    return match.group(1).decode() if match else None


def sums_text(digests: Mapping[str, str]) -> bytes:
    """As `sha256sum` writes it, sorted by name."""
    return "".join(f"{digests[name]}  {name}\n" for name in sorted(digests, key=str.encode)).encode()


def read_sums(sums: bytes) -> dict[str, str]:
    """Digest by name, of the lines that can be read; it may have been changed by anybody."""
    lines = sums.decode("utf-8", "replace").split("\n")
    matches = (_SUMS_LINE.fullmatch(line) for line in lines)
    return {match.group(2): match.group(1) for match in matches if match}
