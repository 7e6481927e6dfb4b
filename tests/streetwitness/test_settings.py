"""Settings: read once, checked at once, and never printed with their passwords."""

from ipaddress import ip_address

import pytest
from pydantic import ValidationError

from streetwitness.demo import DEMO_PROCESSES
from streetwitness.errors import SettingsRefused
from streetwitness.running_site import children
from streetwitness.settings import Settings, load_settings, web_processes_on


@pytest.fixture(autouse=True)
def _no_settings_around(monkeypatch):
    for name in Settings.model_fields:
        monkeypatch.delenv(f"STREETWITNESS_{name.upper()}", raising=False)


def loaded(monkeypatch, **environment: str) -> Settings:
    for name, value in environment.items():
        monkeypatch.setenv(f"STREETWITNESS_{name}", value)
    return load_settings()


def test_without_settings_everything_is_embedded_below_one_folder(monkeypatch, tmp_path):
    settings = loaded(monkeypatch, DATA_DIR=str(tmp_path))
    assert settings.database == f"sqlite:///{tmp_path}/streetwitness.db"
    assert settings.redis_url is None
    assert settings.look_s == 2.0
    assert settings.public_hosts == ("127.0.0.1", "localhost")
    below = [settings.data.vault, settings.data.personal_data_key, settings.data.drafts, settings.data.redis]
    assert [str(path.relative_to(tmp_path)) for path in below] == ["vault", "keys/personal_data.key", "drafts", "redis"]


@pytest.mark.parametrize(
    ("there", "shares_port", "processes"),
    [(1, True, 1), (2, True, 2), (4, True, 4), (64, True, 4), (0, True, 1), (8, False, 1)],
    ids=["one_core", "two", "four", "many", "none_that_we_see", "no_port_that_is_shared"],
)
def test_as_many_processes_serve_the_desk_as_the_machine_has_cores_within_bounds(there, shares_port, processes):
    assert web_processes_on(there, shares_port=shares_port) == processes


def test_the_demo_is_served_by_one_process_and_a_site_by_as_many_as_were_started(monkeypatch, tmp_path):
    settings = loaded(monkeypatch, DATA_DIR=str(tmp_path), WEB_PROCESSES="3")
    for names, told in ((DEMO_PROCESSES, "1"), (("web", "web", "web", "worker"), "3")):
        assert {child.environment["STREETWITNESS_WEB_PROCESSES"] for child in children(settings, None, names)} == {told}


def test_an_empty_variable_is_as_good_as_none(monkeypatch):
    assert loaded(monkeypatch, WEIGHTS="", DATABASE_URL="").weights is None


def test_a_list_of_hosts_is_written_with_commas(monkeypatch):
    assert loaded(monkeypatch, PUBLIC_HOSTS="desk.example, localhost").public_hosts == ("desk.example", "localhost")


def test_cameras_are_dialled_in_private_networks_unless_others_are_named(monkeypatch):
    assert loaded(monkeypatch).dialled.why_refused(ip_address("192.168.1.64")) is None
    assert "not in the networks of this site" in str(loaded(monkeypatch).dialled.why_refused(ip_address("8.8.8.8")))
    named = loaded(monkeypatch, CAMERA_NETWORKS="203.0.113.0/24, fd12::/64").dialled
    assert named.why_refused(ip_address("203.0.113.9")) is None
    assert named.why_refused(ip_address("fd12::1")) is None
    assert named.why_refused(ip_address("192.168.1.64")) is not None


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("STREETWITNESS_DATA_DRI", "did you mean STREETWITNESS_DATA_DIR?"),
        ("STREETWITNESS_XYZZY_PLUGH", "known are STREETWITNESS_ALIYUN_ACCESS_KEY_ID, STREETWITNESS_ALIYUN_ACCESS_KEY"),
        ("streetwitness_wieghts", "did you mean STREETWITNESS_WEIGHTS?"),
    ],
    ids=["letters_swapped", "nothing_like_it", "lower_case"],
)
def test_an_unknown_key_stops_the_start_with_a_hint(name, hint):
    with pytest.raises(SettingsRefused) as refused:
        load_settings({name: "x", "PATH": "/bin"})
    assert str(refused.value).startswith(f"{name} is not a setting; {hint}")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LOOK_S", "0"),
        ("LOOK_S", "soon"),
        ("IDLE_LOOK_S", "16"),
        ("WEB_PORT", "70000"),
        ("SECURE_COOKIES", "perhaps"),
        ("CAMERA_NETWORKS", "10.0.0.0/8, cameras.example"),
        ("CAMERA_NETWORKS", "10.0.0.1/8"),
        ("METRICS_TOKEN", "short"),
        ("API_TOKEN_PER_MINUTE", "0"),
        ("WEB_PROCESSES", "0"),
    ],
    ids=[
        "look_of_zero",
        "look_in_words",
        "idle_look_beyond_the_ring",
        "no_such_port",
        "neither_yes_nor_no",
        "network_that_is_a_name",
        "network_with_a_host_in_it",
        "token_that_is_guessed",
        "nobody_may_ask",
        "nobody_serves",
    ],
)
def test_a_value_that_cannot_be_is_refused_with_the_name_of_the_setting(monkeypatch, name, value):
    with pytest.raises(SettingsRefused, match=f"^STREETWITNESS_{name}: .*correct it or unset it$"):
        loaded(monkeypatch, **{name: value})


def test_a_quiet_street_may_be_looked_at_less_often_as_long_as_looking_back_reaches_what_lies_between(monkeypatch):
    assert loaded(monkeypatch).idle_look_s is None
    assert loaded(monkeypatch, IDLE_LOOK_S="10").idle_look_s == 10
    with pytest.raises(SettingsRefused, match="make it at least LOOK_S"):
        loaded(monkeypatch, IDLE_LOOK_S="1.5")
    with pytest.raises(SettingsRefused, match="RING_S has to be 15 s more than IDLE_LOOK_S"):
        loaded(monkeypatch, IDLE_LOOK_S="10", RING_S="24")


def test_a_password_in_a_refused_setting_is_not_told():
    with pytest.raises(SettingsRefused) as refused:
        load_settings({}, database_url=["postgresql://u:geheim@h/d"])
    assert "geheim" not in str(refused.value)


def test_passwords_print_as_stars(monkeypatch):
    urls = {"DATABASE_URL": "postgresql+psycopg://u:geheim@h/d", "REDIS_URL": "redis://:geheim@h"}
    settings = loaded(monkeypatch, METRICS_TOKEN="geheim" * 4, **urls)
    assert settings.database == "postgresql+psycopg://u:geheim@h/d"
    for shown in (repr(settings), str(settings), str(settings.model_dump()), settings.model_dump_json()):
        assert "geheim" not in shown


def test_what_the_command_line_gives_wins_and_nothing_changes_after(monkeypatch, tmp_path):
    monkeypatch.setenv("STREETWITNESS_DATA_DIR", "/somewhere/else")
    settings = load_settings(data_dir=tmp_path, footage=None)
    assert settings.data_dir == tmp_path
    with pytest.raises(ValidationError, match="frozen"):
        settings.look_s = 3.0


def test_a_data_folder_that_cannot_be_made_is_refused_in_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsRefused, match=r"cannot be the data folder .* choose another with --data"):
        load_settings({}, data_dir=tmp_path / "file" / "data").data.make()
