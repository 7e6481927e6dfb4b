"""`streetwitness store …` and the process that keeps the copies of a running site."""

import json
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner, Result

from evidence.errors import StoreNotWriteOnce
from evidence.vault import Vault
from models.copies import ObjectCopy
from models.enums import CopyState, ExhibitKind
from streetwitness.command import app
from streetwitness.errors import SettingsRefused
from streetwitness.settings import load_settings
from streetwitness.stores import at_hand, keep_copies, store_of
from streetwitness.workplace import Workplace
from tests.conftest import Database
from tests.evidence.s3_server import ACCESS_KEY, SECRET_KEY, s3_server
from tests.evidence.scene import Scene, sealed_scene
from tests.streetwitness.running import eventually


@pytest.fixture
def scene(sqlite_database: Database, tmp_path: Path) -> Scene:
    """Its data folder is tmp_path."""
    return sealed_scene(sqlite_database, tmp_path)


def store(scene: Scene, *words: str, **settings: str) -> Result:
    environment = {f"STREETWITNESS_{name}": value for name, value in settings.items()}
    arguments = ["store", *words, *(["--data", str(scene.vault_root.parent)] if words[0] != "key" else [])]
    return CliRunner().invoke(app, arguments, env=environment)


def test_copies_are_made_counted_and_checked_by_hand(scene: Scene, tmp_path: Path) -> None:
    named = {"STORE_URL": f"file://{tmp_path / 'archive'}", "STORE_KEY_FILE": str(tmp_path / "store.key")}
    made = store(scene, "key", str(tmp_path / "store.key"))
    assert made.exit_code == 0
    assert "without it the copies are lost" in made.stdout
    assert store(scene, "copy", **named).stdout == "3 copied\n"
    assert store(scene, "copy", **named).stdout == "nothing to do\n"
    counted = json.loads(store(scene, "status", "--json", **named).stdout)
    assert counted == {"store": f"file://{tmp_path / 'archive'}", "sealed": 3, "verified": 3}
    assert store(scene, "check", **named).stdout == "3 checked\n"
    changed = next((tmp_path / "archive" / "objects").glob("*/*"))
    changed.write_bytes(changed.read_bytes()[:-1])
    said = store(scene, "check", **named)
    assert said.exit_code == 1
    assert "find out who writes there" in said.stderr


def test_exports_find_what_was_moved_away(scene: Scene, tmp_path: Path) -> None:
    named = {"STREETWITNESS_STORE_URL": f"file://{tmp_path / 'archive'}"}
    assert store(scene, "copy", STORE_URL=named["STREETWITNESS_STORE_URL"]).exit_code == 0
    for path in (scene.vault_root / "objects").glob("*/*"):
        path.unlink()
    words = ["export", str(scene.incident_id), "-o", str(tmp_path / "case.zip"), "--data", str(tmp_path)]
    assert CliRunner().invoke(app, words, env=named).exit_code == 0
    assert CliRunner().invoke(app, ["verify", str(tmp_path / "case.zip")]).exit_code == 0


def test_without_a_store_or_with_half_a_key_a_sentence_says_what_to_set(scene: Scene, tmp_path: Path) -> None:
    said = store(scene, "copy")
    assert (said.exit_code, said.stderr) == (
        2,
        "no store is named; set STREETWITNESS_STORE_URL, docs/stores.md says how\n",
    )
    half = store(scene, "copy", STORE_URL="s3://bucket", STORE_ACCESS_KEY="a")
    assert half.exit_code == 1
    assert "belong together" in half.stderr
    beside = store(scene, "copy", STORE_URL="s3://bucket", STORE_KEY_FILE=str(scene.vault_root / "store.key"))
    assert "keep the key out of the vault" in beside.stderr
    missing = store(scene, "copy", STORE_URL="s3://bucket", STORE_KEY_FILE=str(tmp_path / "none.key"))
    assert "streetwitness store key" in missing.stderr


def test_a_site_without_a_store_reads_its_vault_alone(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STREETWITNESS_STORE_URL", raising=False)
    settings = load_settings(data_dir=scene.vault_root.parent)
    assert store_of(settings) is None
    place = scene.object_path(ExhibitKind.CLIP)
    sha256 = place.parent.name + place.stem
    assert at_hand(settings).path(sha256, ".mp4") == Vault.path_of(settings.data.vault, sha256, ".mp4")
    with pytest.raises(SettingsRefused, match="nothing to copy to"):
        keep_copies(workplace(scene), threading.Event(), time.monotonic)


def workplace(scene: Scene, **settings: object) -> Workplace:
    database = scene.database
    return Workplace(load_settings(data_dir=scene.vault_root.parent, **settings), database.engine, database.sessions)


def test_a_running_site_copies_what_it_seals_and_refuses_a_store_that_is_none(scene: Scene) -> None:
    with s3_server() as server:
        server.bucket("evidence")
        named = {
            "store_url": server.address("evidence").url,
            "store_access_key": ACCESS_KEY,
            "store_secret_key": SECRET_KEY,
        }
        site, stop = workplace(scene, **named), threading.Event()
        copying = threading.Thread(target=keep_copies, args=(site, stop, time.monotonic))
        copying.start()
        try:
            eventually(lambda: len(server.objects("evidence")) == 4)  # three exhibits, and the proof that it refuses
            eventually(lambda: states(scene) == [CopyState.VERIFIED] * 3)
        finally:
            stop.set()
            copying.join()
        server.deaf = True
        said = store(scene, "copy", **{name.upper(): value for name, value in named.items()})
        assert said.exit_code == 1
        assert str(StoreNotWriteOnce("s3://evidence/street/witness")) in said.stderr


def states(scene: Scene) -> list[CopyState]:
    with scene.database.sessions() as session:
        return list(session.scalars(select(ObjectCopy.state)))
