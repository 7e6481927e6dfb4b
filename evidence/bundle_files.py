"""The files of a bundle: their names, and the two that are wholly determined by the others.

Three witnesses name each digest, so that a change is blamed on the file that changed: a file itself, the manifest
and SHA256SUMS; for the manifest, VERIFY.txt stands in. Format 2 adds signatures, timestamp tokens and the log's
proofs; format 1 is still read. Each format means exactly these texts.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from evidence.digest import shown

FORMAT = "streetwitness-bundle/2"
FORMAT_1 = "streetwitness-bundle/1"

MANIFEST = "manifest.json"
SIGNATURE = "manifest.sig"
CUSTODY = "custody.json"
DRAFT = "draft.json"
PAGE = "index.html"
SUMS = "SHA256SUMS"
VERIFY = "VERIFY.txt"
EXHIBITS = "exhibits/"
PROOF = "proof/"
HEAD = f"{PROOF}head.json"
WITNESSED = f"{PROOF}head_timestamped.json"
LOG = f"{PROOF}log.json"
AUTHORITIES = f"{PROOF}authorities.pem"

VERIFY_TEXT_1 = """\
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
VERIFY_TEXT_2 = """\
这是一件电子证据包 / This is a bundle of evidence
=================================================

清单摘要 / digest of manifest.json:
{digest}

如另有书面或其他途径告知的摘要、公钥或日志树头，请与本包比对：包内的公钥只能证明“完整，且由持有该钥者签署”。
Compare with the digest, the key or the tree head that you were given by another way, if you were: a key inside the
bundle proves only that it is whole and was signed by whoever holds that key.

一、无需本软件即可核对 / Without our software, in the folder where it was unpacked:

{commands}
    -attime 是令牌所载时间：证书须在当时有效。-attime is the time in the token: the certificates must have been
    valid then. Every line must end with OK or "Signature Verified Successfully"; a line that is not here has nothing
    to check: not signed, or not yet timestamped.

二、用浏览器核对（无需网络） / With a browser, without a network: open index.html, drop the ZIP or the folder on it.
    能改动证据包的人也能改动其中的页面：请用您信任的另一份 index.html 打开，它能核对任何证据包。
    Who can change a bundle can change its page: use the index.html of a bundle you trust, it checks any bundle.

三、使用本软件核对（无需数据库和网络） / With our software, which needs neither a database nor a network:

    streetwitness verify BUNDLE.zip --key KEY.pem --tsa AUTHORITY.pem --head HEAD.json

    三个选项是由其他途径取得的公钥、时间戳机构证书、已公布的树头，均可省略。
    The options are what you were given by another way; without them it says what is not established.
    0 完整 / intact    1 有改动，并指出何处 / changed, and it says where    2 不是证据包 / not a bundle

manifest.json  事实、时间、设备、围栏、展示物及其摘要 / facts, times, camera, geofence, exhibits and their digests
manifest.sig   对 manifest.json 的 Ed25519 签名 / the Ed25519 signature of manifest.json
exhibits/      原始码流片段和由其解码的照片 / clips as the camera sent them, and stills decoded from them
custody.json   保管记录，每条包含前一条的摘要 / who sealed, viewed and exported it; each entry names the one before
draft.json     案件草稿，无法律效力（如有） / the draft case, which has no legal effect (if there is one)
proof/         封存声明、签名、时间戳令牌、公钥、日志 / seal statements with .sig and .tsr, keys, head and log
index.html     供阅读和核对的页面 / a page for reading and checking
SHA256SUMS     以上各文件的摘要 / the digest of every other file
"""
_DIGEST_LINE = re.compile(rb"^sha256:([0-9a-f]{64})$", re.MULTILINE)
_SUMS_LINE = re.compile(r"([0-9a-f]{64})  (\S.*)")


def verify_text(manifest_sha256: str, claims: Mapping[str, Any]) -> bytes:
    """VERIFY.txt as its format has it. claims: a manifest of a good form."""
    if claims["format"] == FORMAT_1:
        return VERIFY_TEXT_1.format(digest=shown(manifest_sha256)).encode()
    commands = "".join(f"    {line}\n" for line in ("sha256sum -c SHA256SUMS", *_openssl_lines(claims["proofs"])))
    return VERIFY_TEXT_2.format(digest=shown(manifest_sha256), commands=commands).encode()


def signed_parts(proofs: Mapping[str, Any]) -> list[Any]:
    """What of `proofs` is signed and may be timestamped: statements, the head, the head that is timestamped."""
    return [*proofs["statements"], *(proofs[name] for name in ("head", "witnessed") if proofs[name] is not None)]


def _openssl_lines(proofs: Mapping[str, Any]) -> Iterator[str]:
    keys = {key["key_id"]: key["file"] for key in proofs["keys"]}
    signed = [{"file": MANIFEST, "signature": SIGNATURE, "key_id": proofs["signed_by"], "token": None}]
    signed += signed_parts(proofs)
    for each in signed:
        if each["signature"] and each["key_id"] in keys:
            yield (
                f"openssl pkeyutl -verify -rawin -pubin -inkey {keys[each['key_id']]} "
                f"-in {each['file']} -sigfile {each['signature']}"
            )
    for each in signed:
        if each["token"] and each["token_at"] and proofs["authorities"]:
            yield (
                f"openssl ts -verify -data {each['file']} -in {each['token']} -CAfile {proofs['authorities']} "
                f"-attime {int(datetime.fromisoformat(each['token_at']).timestamp())}"
            )


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
