"""Content Credentials: a derivative says inside who made it and how, any change shows, and no network is asked."""

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from evidence.content_credentials import CHAIN, KEY, RECIPE, ContentCredentials, read_credentials
from evidence.errors import CredentialsUnusable
from tests.evidence.identity import write_identity

SOFTWARE = ("StreetWitness", "0.1.0")
RECIPE_OF_STILL = {"how": "derive", "form": "still", "parts": [{"original_sha256": "ab" * 32}]}


@pytest.fixture(params=["ed25519", "p256"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    pytest.importorskip("c2pa", reason="Content Credentials are an option: pip install streetwitness[credentials]")
    keys = {"ed25519": ed25519.Ed25519PrivateKey.generate, "p256": lambda: ec.generate_private_key(ec.SECP256R1())}
    write_identity(tmp_path / "identity", keys[request.param]())
    return tmp_path / "identity"


@pytest.fixture
def still(tmp_path: Path) -> Path:
    picture = np.random.default_rng(1).integers(0, 255, (120, 160, 3), dtype=np.uint8)
    path = tmp_path / "still.jpg"
    path.write_bytes(cv2.imencode(".jpg", picture)[1].tobytes())
    return path


def test_a_still_says_who_made_it_and_by_which_recipe(folder: Path, still: Path, tmp_path: Path) -> None:
    out = tmp_path / "signed.jpg"
    ContentCredentials.opened(folder, SOFTWARE).attach(still, "image/jpeg", out, title="s.jpg", recipe=RECIPE_OF_STILL)
    said = read_credentials(out, "image/jpeg")
    assert said["validation_state"] == "Valid"
    manifest = said["manifests"][said["active_manifest"]]
    assert manifest["claim_generator_info"][0]["name"] == "StreetWitness"
    assert {each["label"]: each["data"] for each in manifest["assertions"]}[RECIPE] == RECIPE_OF_STILL
    assert "ingredients" not in manifest or manifest["ingredients"] == []
    before, after = (cv2.imread(str(path)) for path in (still, out))
    assert (before == after).all(), "the picture itself is the same"


def test_a_changed_byte_of_the_picture_shows(folder: Path, still: Path, tmp_path: Path) -> None:
    out = tmp_path / "signed.jpg"
    ContentCredentials.opened(folder, SOFTWARE).attach(still, "image/jpeg", out, title="s.jpg", recipe=RECIPE_OF_STILL)
    changed = bytearray(out.read_bytes())
    changed[-100] ^= 1
    out.write_bytes(changed)
    assert read_credentials(out, "image/jpeg")["validation_state"] == "Invalid"


def test_a_file_without_credentials_says_nothing(folder: Path, still: Path) -> None:
    with pytest.raises(CredentialsUnusable):
        read_credentials(still, "image/jpeg")


@pytest.mark.parametrize("spoil", ["no_key", "no_chain", "no_pem", "another_kind"])
def test_a_folder_that_cannot_sign_is_refused_at_the_start(folder: Path, spoil: str) -> None:
    another = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    written = another.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    {
        "no_key": (folder / KEY).unlink,
        "no_chain": (folder / CHAIN).unlink,
        "no_pem": lambda: (folder / KEY).write_bytes(b"nothing"),
        "another_kind": lambda: (folder / KEY).write_bytes(written),
    }[spoil]()
    with pytest.raises(CredentialsUnusable, match="STREETWITNESS_CONTENT_CREDENTIALS"):
        ContentCredentials.opened(folder, SOFTWARE)


def test_a_key_that_is_not_the_certificates_signs_nothing(folder: Path, still: Path, tmp_path: Path) -> None:
    other = ed25519.Ed25519PrivateKey.generate()
    (folder / KEY).write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    credentials = ContentCredentials.opened(folder, SOFTWARE)
    out = tmp_path / "signed.jpg"
    with pytest.raises(CredentialsUnusable):
        credentials.attach(still, "image/jpeg", out, title="s.jpg", recipe=RECIPE_OF_STILL)


def test_without_the_package_the_sentence_says_what_to_install(tmp_path: Path) -> None:
    """In a process of its own, where the package cannot be found."""
    asked = (
        "import sys; sys.modules['c2pa'] = None\n"
        "from pathlib import Path\n"
        "from evidence.content_credentials import ContentCredentials\n"
        "ContentCredentials.opened(Path('.'), ('a', 'b'))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=False, env=dict(os.environ), cwd=tmp_path
    )
    assert ran.returncode == 1
    assert "pip install streetwitness[credentials]" in ran.stderr
