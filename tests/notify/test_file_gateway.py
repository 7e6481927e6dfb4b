"""The gateway into a folder: one file a key, whole or not there, readable by its owner alone."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from models.enums import OutboxState
from notify.errors import GatewayUnavailable
from notify.file_gateway import FileGateway
from notify.gateway import Letter
from tests.conftest import Database
from tests.notify.scene import AT, PHONE, Clock, promised, relay_of, the_message

LETTER = Letter(PHONE, "请到场处置")


def test_a_message_is_one_file_under_its_key(tmp_path: Path) -> None:
    gateway = FileGateway(tmp_path / "sent")
    provider_id = gateway.send("case_ready:1:2", LETTER)
    (path,) = (tmp_path / "sent").iterdir()
    assert path.name == provider_id == gateway.find("case_ready:1:2", LETTER, AT)
    assert json.loads(path.read_text("utf-8")) == {"key": "case_ready:1:2", "to": PHONE, "text": "请到场处置"}
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_same_key_twice_is_one_file_and_the_first_stays(tmp_path: Path) -> None:
    gateway = FileGateway(tmp_path)
    assert gateway.send("k", LETTER) == gateway.send("k", replace(LETTER, text="second"))
    (path,) = tmp_path.iterdir()
    assert json.loads(path.read_text("utf-8"))["text"] == "请到场处置"


def test_what_was_never_sent_is_not_found(tmp_path: Path) -> None:
    assert FileGateway(tmp_path / "sent").find("k", LETTER, AT) is None


@pytest.mark.parametrize("key", ["../../escape", "/etc/passwd", "a/b", ".."], ids=["up", "absolute", "inside", "dots"])
def test_a_key_never_leads_out_of_the_folder(tmp_path: Path, key: str) -> None:
    folder = tmp_path / "deep" / "sent"
    FileGateway(folder).send(key, LETTER)
    assert [path.parent for path in tmp_path.rglob("*.json")] == [folder]


def test_a_folder_that_cannot_be_written_is_for_another_try(tmp_path: Path) -> None:
    (tmp_path / "sent").write_text("a file stands where the folder should be")
    with pytest.raises(GatewayUnavailable, match="tried again"):
        FileGateway(tmp_path / "sent").send("k", LETTER)


def test_the_relay_keeps_a_promise_through_it(sqlite_database: Database, tmp_path: Path) -> None:
    promised(sqlite_database.sessions)
    gateway = FileGateway(tmp_path / "sent")
    assert relay_of(sqlite_database.sessions, gateway, Clock()).deliver_due() == 1
    message = the_message(sqlite_database.sessions)
    assert message.state is OutboxState.SENT
    assert message.provider_id == gateway.find(message.key, LETTER, AT)
