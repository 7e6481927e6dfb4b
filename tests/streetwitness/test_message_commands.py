"""The commands for messages, register and keys: what they print, what they refuse, and no number anywhere."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from models.database import open_database, sessions_of, sqlite_url, transaction
from models.personal_data import load_or_make_key, rotate
from notify import outbox
from streetwitness.command import app
from streetwitness.errors import SettingsRefused
from streetwitness.gateways import gateways_of, routes_of, webhooks_of
from streetwitness.settings import Settings, load_settings
from streetwitness.workplace import now, opened_workplace
from tests.notify.scene import AT
from tests.streetwitness.running import run as run_as_a_process

LIST = "车牌,车主,电话\n浙J12345,车主甲,13800000042\n浙J54321,车主乙,13800000043\n"


@dataclass(frozen=True)
class Answer:
    returncode: int
    stdout: str
    stderr: str


def run(*words: object) -> Answer:
    """The command within this process: a process of its own costs a second each, and one of them shows the same."""
    bare = {name: None for name in os.environ if name.startswith("STREETWITNESS_")}
    result = CliRunner().invoke(app, [str(word) for word in words], env=bare)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return Answer(result.exit_code, result.stdout, result.stderr)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_a_list_is_taken_in_looked_up_and_its_keys_rotated(tmp_path: Path, data: Path) -> None:
    listed = tmp_path / "vehicles.csv"
    listed.write_text(LIST, "utf-8")
    taken = run_as_a_process("register", "import", listed, "--purpose", "parking notices", "--data", data, "--json")
    assert json.loads(taken.stdout) == {"added": 2, "changed": 0, "unchanged": 0}
    found = run("register", "look-up", "浙J12345", "--purpose", "incident 1", "--data", data)
    assert (found.returncode, found.stdout.strip()) == (0, "found")
    assert run("register", "look-up", "浙J99999", "--purpose", "incident 1", "--data", data).returncode == 1
    assert "13800000042" not in found.stdout + found.stderr + taken.stderr

    before = load_or_make_key(data / "keys" / "personal_data.key").key_id
    assert run("keys", "rotate", "--data", data).stdout.startswith("4 values sealed with ")
    keys = json.loads(run("keys", "list", "--data", data, "--json").stdout)
    assert keys["retired"] == [before] != [keys["in_use"]]
    assert keys["older"] == {}
    assert run("keys", "rotate", "--go-on", "--data", data).stdout.startswith("0 values")
    assert run("keys", "forget", "--data", data).stdout.strip() == f"only {keys['in_use']} is left"
    assert run("register", "import", listed, "--purpose", "again", "--data", data).stdout.startswith("0 added")


def test_older_keys_are_not_forgotten_while_they_are_needed(tmp_path: Path, data: Path) -> None:
    listed = tmp_path / "vehicles.csv"
    listed.write_text(LIST, "utf-8")
    run("register", "import", listed, "--purpose", "parking notices", "--data", data)
    rotate(data / "keys" / "personal_data.key")  # as if `keys rotate` had been cut off at once
    cut_off = run("keys", "forget", "--data", data)
    assert cut_off.returncode == 1
    assert "owner.name (2), owner.phone (2)" in cut_off.stderr
    assert run("keys", "rotate", "--go-on", "--data", data).stdout.startswith("4 values")
    assert run("keys", "forget", "--data", data).returncode == 0


def test_a_bad_list_is_refused_by_line_and_leaves_nothing(tmp_path: Path, data: Path) -> None:
    listed = tmp_path / "vehicles.csv"
    listed.write_text(LIST + "no plate,车主丙,13800000044\n", "utf-8")
    wrong = run("register", "import", listed, "--purpose", "parking notices", "--data", data)
    assert wrong.returncode == 1
    assert "line 4: plate: `no plate` does not look like a plate" in wrong.stderr
    assert not data.exists()
    misused = run("register", "look-up", "x", "--purpose", "y", "--data", data)
    assert (misused.returncode, "does not look like a plate" in misused.stderr) == (2, True)


def test_messages_are_listed_and_a_dead_one_is_a_no(data: Path) -> None:
    with opened_workplace(load_settings({}, data_dir=data), make=True):
        pass
    engine = open_database(sqlite_url(data / "streetwitness.db"))
    with transaction(sessions_of(engine)) as session:
        outbox.promise(session, key="k", kind="officer_told", payload={}, at=AT)
    listed = run("message", "list", "--data", data, "--json")
    assert listed.returncode == 0
    (line,) = map(json.loads, listed.stdout.splitlines())
    assert (line["kind"], line["state"]) == ("officer_told", "pending")
    assert run("message", "list", "--state", "dead", "--data", data).stdout == ""
    with transaction(sessions_of(engine)) as session:
        session.connection().exec_driver_sql("UPDATE outbox_message SET state = 'dead', last_error = 'no such number'")
    engine.dispose()
    dead = run("message", "list", "--data", data)
    assert dead.returncode == 1
    assert "no such number" in dead.stdout


def test_wordings_are_shown_with_their_parts() -> None:
    shown = [json.loads(line) for line in run("message", "wordings", "--json").stdout.splitlines()]
    assert {(each["kind"], each["language"]) for each in shown} >= {("move_vehicle", "zh"), ("officer_told", "en")}
    assert all(each["count"] in (1, 2) for each in shown)


GIVEN = {
    "public_url": "https://desk.example/",
    "twilio_account_sid": "AC1",
    "twilio_auth_token": "the token",
    "twilio_sender": "+861069",
    "aliyun_access_key_id": "id",
    "aliyun_access_key_secret": "the secret",
    "aliyun_sign_name": "城管",
    "aliyun_templates": "move_vehicle=SMS_1, thank_you=SMS_2",
    "aliyun_webhook_token": "sixteen characters",
    "mail_url": "smtps://u:the-password@mail.example",
    "mail_sender": "desk@bureau.example",
    "mail_to": "duty@bureau.example",
    "webhook_url": "https://oa.example/in?token=the-token",
    "webhook_secret": "sixteen characters",
    "wecom_url": "https://qyapi.example/send?key=the-key",
    "dingtalk_url": "https://oapi.example/send?access_token=the-key",
    "message_routes": "move_vehicle=twilio,aliyun officer_told=wecom *=mail",
}


def settings_with(tmp_path: Path, **given: str) -> Settings:
    return load_settings({}, data_dir=tmp_path, **given)


def test_every_gateway_of_the_settings_is_made_and_none_shows_its_secrets(tmp_path: Path) -> None:
    settings = settings_with(tmp_path, **GIVEN)
    gateways = gateways_of(settings, now)
    assert sorted(gateways) == ["aliyun", "dingtalk", "file", "mail", "twilio", "webhook", "wecom"]
    assert routes_of(settings, now).gateways_for("move_vehicle") == ("twilio", "aliyun")
    with opened_workplace(settings, make=True) as workplace:
        webhooks = webhooks_of(workplace)
    assert webhooks is not None
    assert webhooks.public_url == "https://desk.example"
    seen = f"{settings!r}{gateways!r}{webhooks!r}"
    for secret in ("the token", "the secret", "the-password", "the-token", "the-key", "sixteen characters"):
        assert secret not in seen


def test_without_settings_there_is_the_folder_alone_and_nobody_sends_anything_back(tmp_path: Path) -> None:
    settings = settings_with(tmp_path)
    assert list(gateways_of(settings, now)) == ["file"]
    with opened_workplace(settings, make=True) as workplace:
        assert webhooks_of(workplace) is None


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"twilio_account_sid": "AC1"}, "belong together; twilio_auth_token, twilio_sender not given"),
        ({"message_routes": "*=pigeon"}, "MESSAGE_ROUTES: the gateway `pigeon` is not set up"),
        ({"public_url": "desk.example"}, "PUBLIC_URL"),
        ({"gateway_networks": "10.0.0.1/8"}, "GATEWAY_NETWORKS"),
        ({"webhook_url": "https://x.example", "webhook_secret": "short"}, "WEBHOOK_SECRET"),
        (GIVEN | {"aliyun_templates": "SMS_1"}, "ALIYUN_TEMPLATES"),
    ],
    ids=["half_a_gateway", "no_such_gateway", "no_url", "no_network", "short_secret", "no_template"],
)
def test_settings_that_cannot_be_stop_the_start_with_a_sentence(
    tmp_path: Path, given: dict[str, str], says: str
) -> None:
    with pytest.raises(SettingsRefused, match=says):
        routes_of(settings_with(tmp_path, **given), now)
