"""Sign-in elsewhere: OpenID Connect, the authorization code flow with PKCE, against the one issuer of the settings.

What comes of it is who somebody is there, and nothing of what they may here (cases/sign_in.py finds the account).
The steps are numbered as in OpenID Connect Core 1.0. Nothing is followed that the issuer redirects to, no answer is
read beyond MAX_ANSWER_BYTES, and of the algorithms for signing only those with a public key are taken.
"""

import base64
import hashlib
import hmac
import json
import secrets
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

import requests
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from review_ui.errors import SignInElsewhereFailed
from review_ui.issuer import Issuer, is_safe

ALGORITHMS = ("RS256", "PS256", "ES256", "ES384", "EdDSA", "Ed25519")
SCOPE = "openid profile email"
DISCOVERY = "/.well-known/openid-configuration"
MAX_ANSWER_BYTES = 512 * 1024
TIMEOUT_S = (5, 10)  # to connect, to answer
CLOCKS_AGREE_S = 60
KEYS_KEPT_FOR = timedelta(hours=6)
ASKED_ANEW_AFTER = timedelta(minutes=1)  # for a key that is not known: issuers change them, and so may who knocks
LONGEST_COOKIE = 1500


@dataclass(frozen=True)
class Begun:
    """What the browser keeps of a sign-in that is under way, in a cookie of its own."""

    state: str
    nonce: str
    verifier: str
    wanted: str

    def kept(self) -> str:
        return base64.urlsafe_b64encode(json.dumps(asdict(self)).encode()).decode()

    @classmethod
    def read(cls, kept: str) -> Self:
        """Raises SignInElsewhereFailed."""
        if len(kept) > LONGEST_COOKIE:
            raise SignInElsewhereFailed("the cookie is too long")
        try:
            told = json.loads(base64.urlsafe_b64decode(kept))
            return cls(*(str(told[name]) for name in ("state", "nonce", "verifier", "wanted")))
        except (ValueError, KeyError, TypeError) as error:
            raise SignInElsewhereFailed("the browser kept nothing of a sign-in that was begun here") from error


@dataclass(frozen=True)
class Identity:
    """verified_email: only where the issuer says that it has verified it."""

    issuer: str
    subject: str
    verified_email: str | None


@dataclass(frozen=True)
class _Endpoints:
    authorization: str
    token: str
    keys: KeySet
    asked_at: datetime


class SignInElsewhere:
    """The issuer as the desk knows it. What it publishes about itself is asked for once and kept for a while."""

    def __init__(self, issuer: Issuer) -> None:
        self.issuer = issuer
        self._known: _Endpoints | None = None
        self._asking = threading.Lock()

    def begin(self, redirect_uri: str, wanted: str, at: datetime) -> tuple[str, Begun]:
        """Where to send the browser, and what it keeps meanwhile (3.1.2.1). Raises SignInElsewhereFailed."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        begun = Begun(state, nonce, verifier, wanted)
        challenge = hashlib.sha256(begun.verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": self.issuer.client_id,
            "redirect_uri": redirect_uri,
            "scope": SCOPE,
            "state": begun.state,
            "nonce": begun.nonce,
            "code_challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),  # RFC 7636 4.2
            "code_challenge_method": "S256",
        }
        endpoint = self._endpoints(at).authorization
        return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{urlencode(asked)}", begun

    def finish(self, begun: Begun, answer: Mapping[str, str], redirect_uri: str, at: datetime) -> Identity:
        """Who it is that came back (3.1.2.5 to 3.1.3.7). Raises SignInElsewhereFailed."""
        if not hmac.compare_digest(answer.get("state", "").encode(), begun.state.encode()):
            raise SignInElsewhereFailed("the answer belongs to no sign-in of this browser")
        if answer.get("iss", self.issuer.url) != self.issuer.url:  # RFC 9207: mix-up
            raise SignInElsewhereFailed("another issuer answered")
        if "error" in answer or not answer.get("code"):
            raise SignInElsewhereFailed(f"the issuer refused: {answer.get('error', 'it gave no code')[:100]}")
        known = self._endpoints(at)
        fields = {
            "grant_type": "authorization_code",
            "code": answer["code"],
            "redirect_uri": redirect_uri,
            "client_id": self.issuer.client_id,
            "code_verifier": begun.verifier,
        }
        secret = self.issuer.client_secret
        told = _asked(known.token, fields | ({"client_secret": secret} if secret else {}))
        return self._identity(told.get("id_token"), begun.nonce, at)

    def _identity(self, token: object, nonce: str, at: datetime) -> Identity:
        """The checks of 3.1.3.7, by their numbers."""
        if not isinstance(token, str):
            raise SignInElsewhereFailed("the issuer gave no ID token")
        claims = self._claims(token, at)
        registry = jwt.JWTClaimsRegistry(
            now=int(at.timestamp()),
            leeway=CLOCKS_AGREE_S,
            iss={"essential": True, "value": self.issuer.url},  # 2
            aud={"essential": True, "value": self.issuer.client_id},  # 3
            sub={"essential": True},
            exp={"essential": True},  # 9
            iat={"essential": True},  # 10
            nonce={"essential": True, "value": nonce},  # 11
        )
        try:
            registry.validate(claims)
        except JoseError as error:
            raise SignInElsewhereFailed(f"the ID token does not hold: {error}") from error
        audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        if (len(audience) > 1 or "azp" in claims) and claims.get("azp") != self.issuer.client_id:  # 4, 5
            raise SignInElsewhereFailed("the ID token was made for another program")
        subject, email = claims["sub"], claims.get("email")
        if not isinstance(subject, str) or not 0 < len(subject) <= 255:  # 2: at most 255 ASCII characters
            raise SignInElsewhereFailed("the ID token names nobody")
        verified = claims.get("email_verified") is True and isinstance(email, str)
        return Identity(self.issuer.url, subject, str(email) if verified else None)

    def _claims(self, token: str, at: datetime) -> dict[str, Any]:
        """What a token says that one of the issuer's keys has signed (6, 7)."""
        known = self._endpoints(at)
        try:
            return dict(jwt.decode(token, known.keys, algorithms=list(ALGORITHMS)).claims)
        except (JoseError, ValueError) as error:
            if at < known.asked_at + ASKED_ANEW_AFTER:
                raise SignInElsewhereFailed(f"the ID token is not signed by the issuer: {error}") from error
        try:
            return dict(jwt.decode(token, self._ask(at).keys, algorithms=list(ALGORITHMS)).claims)
        except (JoseError, ValueError) as error:
            raise SignInElsewhereFailed(f"the ID token is not signed by the issuer: {error}") from error

    def _endpoints(self, at: datetime) -> _Endpoints:
        known = self._known
        return known if known is not None and at < known.asked_at + KEYS_KEPT_FOR else self._ask(at)

    def _ask(self, at: datetime) -> _Endpoints:
        """What the issuer publishes (OpenID Connect Discovery 1.0, 4)."""
        with self._asking:
            told = _asked(self.issuer.url.rstrip("/") + DISCOVERY)
            if told.get("issuer") != self.issuer.url:  # Discovery 4.3
                raise SignInElsewhereFailed("the issuer gives itself another name than the settings do")
            addresses = [self._own(told.get(name)) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
            try:
                keys = KeySet.import_key_set(_asked(addresses[2]))  # type: ignore[arg-type] # checked by the import
            except (JoseError, ValueError, KeyError, TypeError) as error:
                raise SignInElsewhereFailed(f"the issuer's keys cannot be read: {error}") from error
            authorization, token, _ = addresses
            self._known = _Endpoints(authorization, token, keys, at)
            return self._known

    def _own(self, address: object) -> str:
        """An address of the issuer: by HTTPS, or on this machine where the issuer is. Raises SignInElsewhereFailed."""
        if isinstance(address, str) and is_safe(address):
            return address
        raise SignInElsewhereFailed("the issuer names an address that is not safe to ask")


def _asked(address: str, fields: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The JSON object there; with fields, as the answer to a form. Raises SignInElsewhereFailed."""
    try:
        with requests.request(
            "GET" if fields is None else "POST",
            address,
            data=fields,
            headers={"accept": "application/json"},
            timeout=TIMEOUT_S,
            allow_redirects=False,
            stream=True,
        ) as answer:
            body = answer.raw.read(MAX_ANSWER_BYTES + 1, decode_content=True)
            status = answer.status_code
    except (requests.RequestException, OSError) as error:
        raise SignInElsewhereFailed("the issuer does not answer") from error
    if status != requests.codes.ok or len(body) > MAX_ANSWER_BYTES:
        raise SignInElsewhereFailed(f"the issuer answered {status}")
    try:
        told = json.loads(body)
    except ValueError as error:
        raise SignInElsewhereFailed("the issuer's answer is no JSON") from error
    if not isinstance(told, dict):
        raise SignInElsewhereFailed("the issuer's answer is no object")
    return told
