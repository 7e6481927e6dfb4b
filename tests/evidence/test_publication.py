"""Heads leave the house: to a file, a folder, a webhook; what could not leave is tried again and says why."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from sqlalchemy import select

from evidence.errors import NotPublished
from evidence.notary import Outside
from evidence.publication import Mail, publish
from evidence.tree_heads import published_form, read_published
from models.proof import TreeHead
from streetwitness.gateways import mails_heads
from streetwitness.settings import load_settings
from tests.conftest import Database
from tests.evidence.log_scene import LogScene, logged_scene
from tests.notify.peers import Mailbox


@pytest.fixture
def scene(sqlite_database: Database, tmp_path: Path) -> LogScene:
    return logged_scene(sqlite_database, tmp_path)


def heads(scene: LogScene) -> list[TreeHead]:
    with scene.database.sessions() as session:
        return list(session.scalars(select(TreeHead).order_by(TreeHead.number)))


@dataclass
class Hook:
    status: int = 204
    took: list[bytes] = field(default_factory=list)
    url: str = ""


@contextmanager
def listening(hook: Hook) -> Iterator[Hook]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            hook.took.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(hook.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Quietly."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        hook.url = f"http://127.0.0.1:{server.server_port}/heads?token=secret"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield hook
        finally:
            server.shutdown()
            thread.join()


def test_every_head_is_a_line_of_the_file_and_when_and_where_is_on_record(scene: LogScene) -> None:
    on_record = heads(scene)
    assert [head.body for head in scene.published()] == [on_record[0].body, on_record[1].body]
    assert {head.published_to for head in on_record} == {str(scene.heads_file)}
    assert all(head.published_at is not None for head in on_record)


def test_a_line_that_was_cut_short_spoils_none_but_itself(scene: LogScene) -> None:
    whole = scene.heads_file.read_bytes()
    scene.heads_file.write_bytes(whole[:-30])
    publish(heads(scene)[1], str(scene.heads_file))
    lines = scene.heads_file.read_bytes().splitlines()
    assert len(lines) == 3
    assert read_published(lines[0]) == read_published(whole.splitlines()[0])
    assert read_published(lines[2]) == read_published(whole.splitlines()[1])


def test_a_folder_gets_a_file_for_each_head(scene: LogScene, tmp_path: Path) -> None:
    for head in heads(scene):
        publish(head, f"{tmp_path}/share/")
    files = sorted((tmp_path / "share").iterdir())
    assert [read_published(file.read_bytes()) for file in files] == scene.published()


def test_a_head_that_comes_again_for_another_tree_takes_nobodys_place(scene: LogScene, tmp_path: Path) -> None:
    """As after the database was set back, on purpose or from a backup: what was published before stays to be found."""
    to = f"{tmp_path}/share/"
    first, second = heads(scene)
    publish(second, to)
    publish(second, to)
    again = TreeHead(number=second.number, body=first.body, signature=first.signature)
    publish(again, to)
    found = {read_published(file.read_bytes()).body for file in (tmp_path / "share").iterdir()}
    assert found == {first.body, second.body}
    assert len(list((tmp_path / "share").iterdir())) == 2


def test_a_place_that_cannot_be_written_is_said(scene: LogScene, tmp_path: Path) -> None:
    with pytest.raises(NotPublished, match="tried again"):
        publish(heads(scene)[0], str(tmp_path / "no" / "such" / "folder" / "heads.jsonl"))


def test_a_webhook_that_refuses_gets_it_again_and_the_row_never_shows_its_token(scene: LogScene) -> None:
    with listening(Hook(status=500)) as hook:
        notary = scene.notary(outside=Outside(publish_to=hook.url, shown="http://127.0.0.1"))
        scene.clock.goes_on()
        notary.round()
        notary.round()
        assert len(hook.took) == 1
        assert "status 500" in (heads(scene)[2].publish_failure or "")
        hook.status = 204
        scene.clock.goes_on(timedelta(seconds=30))
        notary.round()
    newest = heads(scene)[2]
    assert hook.took == [published_form(newest)] * 2
    assert (newest.published_to, newest.publish_failure, newest.publish_tries) == ("http://127.0.0.1", None, 2)


def mailing(url: str) -> Mail:
    settings = load_settings(
        {},
        mail_url=url,
        mail_sender="desk@example.org",
        mail_to="duty@example.org",
        gateway_networks=("127.0.0.0/8",),
    )
    return mails_heads(settings)


def test_a_head_goes_to_a_mailbox_and_can_be_read_from_the_mail(scene: LogScene) -> None:
    with Mailbox().running() as mailbox:
        publish(heads(scene)[0], "mailto:auditor@example.net", mailing(mailbox.url))
    [mail] = mailbox.mails
    assert mail["To"] == "auditor@example.net"
    assert read_published(mail.get_content().strip().encode()) == scene.published()[0]


def test_a_mailbox_that_refuses_or_no_mail_server_is_said(scene: LogScene) -> None:
    with pytest.raises(NotPublished, match="no mail server"):
        publish(heads(scene)[0], "mailto:auditor@example.net")
    with pytest.raises(NotPublished, match="tried again"):
        publish(heads(scene)[0], "mailto:auditor@example.net", mailing("smtp://127.0.0.1:9"))
