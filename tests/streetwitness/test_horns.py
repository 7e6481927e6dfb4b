"""The process of the loudspeakers: what a press asks for is said through the driver of the site file, and a kill is
survived; where nothing can speak the doctor says so."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import select

from cases import accounts, speaking
from models.announcements import Announcement
from models.database import open_database, reading, sessions_of, transaction, upgrade
from models.enums import AnnouncementState, Role
from models.places import Loudspeaker
from notify.sound import read_wav
from streetwitness.doctor import examine
from streetwitness.errors import SettingsRefused
from streetwitness.horns import speak_through_horns
from streetwitness.settings import load_settings
from streetwitness.workplace import Workplace, now
from tests import rows
from tests.patience import PATIENCE_S


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    monkeypatch.setenv("STREETWITNESS_DATA_DIR", str(tmp_path / "data"))
    settings = load_settings()
    settings.data.make()
    engine = open_database(settings.database)
    upgrade(engine)
    site = Workplace(settings, engine, sessions_of(engine))
    with transaction(site.sessions) as session:
        rows.add_camera(session, rows.add_site(session))
        session.add(Loudspeaker(id="horn-1", camera_id="gate-3", driver="file"))
        rows.add_user(session, "wang.wei", role=Role.OPERATOR)
    yield site
    engine.dispose()


def press(site: Workplace) -> None:
    with transaction(site.sessions) as session:
        user = accounts.user_named(session, "wang.wei")
        speaking.say(session, "horn-1", speaking.Sentence("thank_you"), by=user, at=now(), language="zh")


def wait_until_said(site: Workplace, count: int) -> list[Announcement]:
    until = time.monotonic() + PATIENCE_S
    while True:
        with reading(site.sessions) as session:
            said = list(session.scalars(select(Announcement).where(Announcement.state == AnnouncementState.PLAYED)))
        if len(said) == count or time.monotonic() > until:
            return said
        time.sleep(0.05)


def test_a_press_becomes_a_file_that_speaks(workplace: Workplace) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=speak_through_horns, args=(workplace, stop))
    thread.start()
    try:
        press(workplace)
        [said] = wait_until_said(workplace, 1)
    finally:
        stop.set()
        thread.join()
    assert read_wav((workplace.data.announcements / "horn-1" / f"{said.id}.wav").read_bytes()).seconds > 0.5


def test_the_process_is_one_of_the_site_and_a_killed_one_is_followed_by_another(workplace: Workplace) -> None:
    command = [sys.executable, "-m", "streetwitness", "process", "horns"]
    environment = {**os.environ, "STREETWITNESS_DATA_DIR": str(workplace.settings.data_dir)}
    for count in (1, 2):
        press(workplace)
        with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            said = wait_until_said(workplace, count)
            process.kill()
        assert len(said) == count
    assert len(list((workplace.data.announcements / "horn-1").glob("*.wav"))) == 2


def test_the_doctor_says_what_speaks_and_what_does_not(workplace: Workplace, tmp_path: Path) -> None:
    found = {finding.about: finding for finding in examine(workplace.settings)}
    assert found["voice"].ok
    assert "espeak-ng" in found["voice"].detail
    mute = load_settings(data_dir=tmp_path / "data", voice_command="false")
    voice = next(finding for finding in examine(mute) if finding.about == "voice")
    assert not voice.ok
    assert "a chime is played" in voice.detail


def test_where_horns_may_be_dialled_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "192.168.0.0/16" in load_settings({}).horn_networks
    monkeypatch.setenv("STREETWITNESS_HORN_NETWORKS", "10.1.2.3, 10.9.0.0/16")
    assert load_settings().horn_networks == ("10.1.2.3", "10.9.0.0/16")
    monkeypatch.setenv("STREETWITNESS_HORN_NETWORKS", "horns")
    with pytest.raises(SettingsRefused):
        load_settings()
