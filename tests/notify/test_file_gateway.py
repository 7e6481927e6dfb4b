"""The gateway into a folder: one file a key, whole or not there, readable by its owner alone."""

import json
from pathlib import Path

import pytest

from models.enums import OutboxState
from notify.errors import GatewayUnavailable
from notify.file_gateway import FileGateway
from notify.relay import Relay
from tests.conftest import Database
from tests.notify.scene import KEY, PHONE, Clock, promised, the_message


def test_a_message_is_one_file_under_its_key(tmp_path: Path) -> None:
    gateway = FileGateway(tmp_path / "sent")
    provider_id = gateway.send("case_ready:1:2", PHONE, "请到场处置")
    (path,) = (tmp_path / "sent").iterdir()
    assert path.name == provider_id == gateway.find("case_ready:1:2")
    assert json.loads(path.read_text("utf-8")) == {"key": "case_ready:1:2", "to": PHONE, "text": "请到场处置"}
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_same_key_twice_is_one_file_and_the_first_stays(tmp_path: Path) -> None:
    gateway = FileGateway(tmp_path)
    assert gateway.send("k", PHONE, "first") == gateway.send("k", PHONE, "second")
    (path,) = tmp_path.iterdir()
    assert json.loads(path.read_text("utf-8"))["text"] == "first"


def test_what_was_never_sent_is_not_found(tmp_path: Path) -> None:
    assert FileGateway(tmp_path / "sent").find("k") is None


@pytest.mark.parametrize("key", ["../../escape", "/etc/passwd", "a/b", ".."], ids=["up", "absolute", "inside", "dots"])
def test_a_key_never_leads_out_of_the_folder(tmp_path: Path, key: str) -> None:
    folder = tmp_path / "deep" / "sent"
    FileGateway(folder).send(key, PHONE, "text")
    assert [path.parent for path in tmp_path.rglob("*.json")] == [folder]


def test_a_folder_that_cannot_be_written_is_for_another_try(tmp_path: Path) -> None:
    (tmp_path / "sent").write_text("a file stands where the folder should be")
    with pytest.raises(GatewayUnavailable, match="tried again"):
        FileGateway(tmp_path / "sent").send("k", PHONE, "text")


def test_the_relay_keeps_a_promise_through_it(sqlite_database: Database, tmp_path: Path) -> None:
    promised(sqlite_database.sessions)
    gateway = FileGateway(tmp_path / "sent")
    relay = Relay(sqlite_database.sessions, gateway, KEY, "zh", Clock())
    assert relay.deliver_due() == 1
    message = the_message(sqlite_database.sessions)
    assert message.state is OutboxState.SENT
    assert message.provider_id == gateway.find(message.key)
