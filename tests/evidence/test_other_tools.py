"""The same bundle checked by tools that are not ours, with exactly the lines that its VERIFY.txt gives."""

import shlex
import subprocess
import zipfile
from itertools import pairwise
from pathlib import Path

import pytest

OPENSSL_HOLDS = {"pkeyutl": "Signature Verified Successfully", "ts": "Verification: OK"}


@pytest.fixture
def folder(bundle: Path, tmp_path: Path) -> Path:
    out = tmp_path / "unpacked"
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(out)
    return out


def lines_of(folder: Path) -> list[list[str]]:
    """The commands of VERIFY.txt, but for our own program."""
    text = (folder / "VERIFY.txt").read_text("utf-8")
    lines = [line.strip() for line in text.splitlines() if line.startswith("    ")]
    return [shlex.split(line) for line in lines if line.startswith(("sha256sum ", "openssl "))]


def run(folder: Path, words: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)


def test_every_line_of_verify_txt_holds(folder: Path) -> None:
    kinds = []
    for words in lines_of(folder):
        done = run(folder, words)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        if words[0] == "openssl":
            assert OPENSSL_HOLDS[words[1]] in done.stdout
        kinds.append(words[0] if words[0] == "sha256sum" else words[1])
    # the manifest, three statements and two heads are signed; three statements and one head have their token
    assert kinds == ["sha256sum"] + ["pkeyutl"] * 6 + ["ts"] * 4


def test_each_line_fails_when_what_it_checks_was_changed(folder: Path) -> None:
    for words in lines_of(folder):
        options = dict(pairwise(words))
        for name in {options.get("-in"), options.get("-sigfile"), options.get("-data")} - {None}:
            path = folder / str(name)
            whole = path.read_bytes()
            path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
            assert run(folder, words).returncode != 0, (words, name)
            assert run(folder, ["sha256sum", "-c", "SHA256SUMS"]).returncode != 0
            path.write_bytes(whole)
