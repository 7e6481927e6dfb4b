"""A timestamp authority of our own on loopback: its tokens are made by `openssl ts -reply`, so they really hold.

It can also be told to misbehave, one way at a time. `certs` is left out of its configuration: with the root in the
answer OpenSSL does not sort the certificates, and the client refuses the token as not DER.
"""

import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ANSWER = "application/timestamp-reply"
HUGE_BYTES = 4_000_000


class Manner(StrEnum):
    """How the authority answers."""

    SIGNS = "signs"
    IS_DOWN = "is_down"  # 503
    REFUSES = "refuses"  # an RFC 3161 answer of status `rejection`
    REPEATS = "repeats"  # the token it gave last, for another message and nonce
    DRIPS = "drips"  # a byte now and then, and never the whole
    SENDS_TOO_MUCH = "sends_too_much"
    REDIRECTS = "redirects"
    TALKS_NONSENSE = "talks_nonsense"


class TimestampAuthority:
    """url: where it answers. roots: the PEM file to check its tokens by. asked: how often it was asked."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.manner = Manner.SIGNS
        self.asked = 0
        self.roots = folder / "root.pem"
        self._folder = folder
        self._last: bytes | None = None
        self._lock = threading.Lock()  # one serial number file
        _make_certificates(folder)
        (folder / "serial").write_text("01\n", encoding="ascii")
        (folder / "authority.cnf").write_text(
            f"[tsa]\nserial = {folder}/serial\nsigner_cert = {folder}/signer.pem\nsigner_key = {folder}/signer.key\n"
            "signer_digest = sha256\ndefault_policy = 1.3.6.1.4.1.99999.1\ndigests = sha256\naccuracy = secs:1\n"
            "ess_cert_id_alg = sha256\n",
            encoding="ascii",
        )
        self.url = ""

    def token_for(self, request: bytes) -> bytes:
        """The whole TimeStampResp for a TimeStampReq in DER."""
        with self._lock:
            (self._folder / "request.tsq").write_bytes(request)
            words = "openssl ts -reply -config authority.cnf -section tsa -queryfile request.tsq -out answer.tsr"
            subprocess.run(words.split(), cwd=self._folder, check=True, capture_output=True)
            return (self._folder / "answer.tsr").read_bytes()

    @contextmanager
    def answering(self) -> Iterator["TimestampAuthority"]:
        with ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self)) as server:
            self.url = f"http://127.0.0.1:{server.server_port}/tsa"
            thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="timestamp-authority")
            thread.start()
            try:
                yield self
            finally:
                server.shutdown()
                thread.join()

    def answer(self, request: bytes, handler: BaseHTTPRequestHandler) -> None:
        with self._lock:
            self.asked += 1
        match self.manner:
            case Manner.SIGNS:
                self._last = self.token_for(request)
                _send(handler, 200, self._last)
            case Manner.IS_DOWN:
                _send(handler, 503, b"")
            case Manner.REFUSES:
                # PKIStatusInfo: status rejection (2), failInfo badAlg
                _send(handler, 200, bytes.fromhex("3009 3007 020102 03020780"))
            case Manner.REPEATS:
                assert self._last is not None, "it has given no token yet"
                _send(handler, 200, self._last)
            case Manner.DRIPS:
                _drip(handler)
            case Manner.SENDS_TOO_MUCH:
                _send(handler, 200, bytes(HUGE_BYTES))
            case Manner.REDIRECTS:
                handler.send_response(302)
                handler.send_header("Location", f"{self.url}/elsewhere")
                handler.send_header("Content-Length", "0")
                handler.end_headers()
            case Manner.TALKS_NONSENSE:
                _send(handler, 200, b"<html>Sign in to the network</html>")


def _handler_of(authority: TimestampAuthority) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = self.rfile.read(int(self.headers["Content-Length"]))
            try:
                authority.answer(request, self)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True  # the one who asked has heard enough

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Quietly."""

    return Handler


def _send(handler: BaseHTTPRequestHandler, status: int, body: bytes) -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", ANSWER)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def _drip(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", ANSWER)
    handler.send_header("Content-Length", "2000")
    handler.end_headers()
    for _ in range(200):
        handler.wfile.write(b"0")
        handler.wfile.flush()
        time.sleep(0.05)


def _make_certificates(folder: Path) -> None:
    """A root, and the signer it vouches for. RFC 3161, 2.3: timeStamping alone, and critical."""
    since, until = datetime.now(UTC) - timedelta(days=1), datetime.now(UTC) + timedelta(days=365)
    root_key, signer_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name, signer_name = _name("Root of the test authority"), _name("Test timestamp authority")
    identifier = x509.SubjectKeyIdentifier.from_public_key(root_key.public_key())
    root = (
        _certificate(root_name, root_name, root_key.public_key(), since, until)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(identifier, critical=False)
        .sign(root_key, hashes.SHA256())
    )
    signer = (
        _certificate(signer_name, root_name, signer_key.public_key(), since, until)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(signer_key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    (folder / "root.pem").write_bytes(root.public_bytes(Encoding.PEM))
    (folder / "signer.pem").write_bytes(signer.public_bytes(Encoding.PEM))
    (folder / "signer.key").write_bytes(
        signer_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, since: datetime, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
