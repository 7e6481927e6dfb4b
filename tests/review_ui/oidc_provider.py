"""A small OpenID provider on loopback that speaks the real protocol: discovery, keys, authorization, token.

It checks what a provider checks (client, redirect address, PKCE, a code is good once), and signs with a key of its own.
A test makes it lie by `lie`, which changes the claims of the next ID token, or by another key.
"""

import base64
import hashlib
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from json import dumps
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT_ID, CLIENT_SECRET = "streetwitness", "a secret of the two"

Claims = dict[str, Any]


@cache
def usual_key() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": "one"})


@dataclass
class Provider:
    """who: the claims about who signs in there. lie: what is made of the claims before they are signed."""

    url: str = ""
    who: Claims = field(default_factory=lambda: {"sub": "s-17", "email": "li.na@example.cn", "email_verified": True})
    lie: Callable[[Claims], Claims] = lambda claims: claims
    named: str | None = None  # as discovery gives the issuer; None: truly
    key: RSAKey = field(default_factory=usual_key)
    signs_with: RSAKey | None = None  # None: the published one
    algorithm: str = "RS256"
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def authorize(self, asked: dict[str, str]) -> str:
        """Where the browser is sent back to."""
        assert asked["client_id"] == CLIENT_ID
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state'], 'iss': self.url})}"

    def token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        asked = self.codes.pop(form.get("code", ""), None)
        challenge = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        proven = base64.urlsafe_b64encode(challenge).rstrip(b"=").decode()
        known = form.get("client_id") == CLIENT_ID and form.get("client_secret") == CLIENT_SECRET
        if asked is None or not known or proven != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        if form.get("redirect_uri") != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        issued = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT_ID, "iat": issued, "exp": issued + 300, "nonce": asked["nonce"]}
        header = {"alg": self.algorithm, "kid": "one"}
        signed = jwt.encode(header, self.lie(claims | self.who), self.signs_with or self.key, [self.algorithm])
        return 200, {"access_token": "x", "token_type": "Bearer", "id_token": signed}

    def published(self) -> dict[str, Any]:
        return {
            "issuer": self.named or self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
        }


@contextmanager
def running(provider: Provider) -> Iterator[Provider]:
    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/authorize":
                asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
                self.send_response(303)
                self.send_header("location", provider.authorize(asked))
                self.end_headers()
            elif parts.path == "/keys":
                self._say(200, {"keys": [provider.key.as_dict(private=False)]})
            else:
                self._say(200, provider.published())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            self._say(*provider.token({name: values[0] for name, values in parse_qs(body).items()}))

        def _say(self, status: int, what: dict[str, Any]) -> None:
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.end_headers()
            self.wfile.write(dumps(what).encode())

        def log_message(self, *_arguments: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    provider.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield provider
    server.shutdown()
    thread.join()
    server.server_close()
