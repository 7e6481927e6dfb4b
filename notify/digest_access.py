"""Digest access: the answer to a device that asks who is there, by HTTP (RFC 7616) and RTSP (RFC 2326) alike.

The password is never sent. A device that asks for it in clear (Basic) gets it over TLS only.
"""

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass, field
from urllib.request import parse_http_list, parse_keqv_list

from notify.errors import GatewayRefused

# a challenge in a list of several: its parameters are name=value, the name of the next scheme is not
DIGEST = re.compile(r'\bDigest\s+((?:[\w-]+\s*=\s*(?:"[^"]*"|[^\s,"]+)\s*,?\s*)+)', re.IGNORECASE)
BASIC = re.compile(r"\bBasic\b", re.IGNORECASE)
HASHES = {"MD5": "md5", "SHA-256": "sha256"}


@dataclass(frozen=True)
class Login:
    username: str
    password: str = field(repr=False)


def answer_to(challenge: str, login: Login, method: str, uri: str, *, secret: bool) -> str:
    """The Authorization header. challenge: WWW-Authenticate as it came; secret: the connection is encrypted.

    Raises GatewayRefused for a device that knows neither way.
    """
    for found in DIGEST.finditer(challenge):
        asked = {name.lower(): value for name, value in parse_keqv_list(parse_http_list(found[1].rstrip(", "))).items()}
        algorithm = asked.get("algorithm", "MD5").upper()
        if algorithm in HASHES and {"realm", "nonce"} <= asked.keys():
            return _digest(asked, algorithm, login, method, uri)
    if BASIC.search(challenge) and secret:
        return "Basic " + base64.b64encode(f"{login.username}:{login.password}".encode()).decode()
    raise GatewayRefused(
        "the device wants the password in a way that is not used here; turn on digest access in it, or use https"
    )


def _digest(asked: dict[str, str], algorithm: str, login: Login, method: str, uri: str) -> str:
    def hashed(text: str) -> str:
        return hashlib.new(HASHES[algorithm], text.encode("utf-8"), usedforsecurity=False).hexdigest()

    who = hashed(f"{login.username}:{asked['realm']}:{login.password}")
    what = hashed(f"{method}:{uri}")
    said = {"username": login.username, "realm": asked["realm"], "nonce": asked["nonce"], "uri": uri}
    bare: dict[str, str] = {"algorithm": algorithm} if "algorithm" in asked else {}
    if "auth" in [way.strip() for way in asked.get("qop", "").split(",")]:
        count, own = "00000001", secrets.token_hex(8)
        response = hashed(f"{who}:{asked['nonce']}:{count}:{own}:auth:{what}")
        said["cnonce"] = own
        bare |= {"qop": "auth", "nc": count}
    else:
        response = hashed(f"{who}:{asked['nonce']}:{what}")  # RFC 2069, as RTSP servers ask
    said |= {"response": response} | ({"opaque": asked["opaque"]} if "opaque" in asked else {})
    quoted = [f'{name}="{value.translate(_ESCAPES)}"' for name, value in said.items()]
    return "Digest " + ", ".join([*quoted, *(f"{name}={value}" for name, value in bare.items())])


_ESCAPES = str.maketrans({'"': r"\"", "\\": r"\\"})
