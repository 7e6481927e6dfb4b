"""The volume: one PDF with everything in the order of the archive, the same bytes for the same file, made once however
often it is begun, and on record with the file and with each original it shows.
"""

import os
import signal
import uuid
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pypdf import PdfReader
from pypdf.generic import DictionaryObject
from sqlalchemy import select

from cases.casework import steps
from cases.casework.errors import StepRefused
from cases.casework.steps import By
from cases.papers.kinds import KINDS
from cases.volume import binding, volumes
from cases.volume.drawn_pages import VolumeWords
from cases.volume.errors import OrderUnusable, VolumeRefused, VolumeTooLarge
from cases.volume.making import make
from cases.volume.order import order_of, read_order
from evidence import custody_chain
from evidence.custody import entry_of
from evidence.errors import VaultFull
from evidence.sealing import keep_object
from evidence.vault import DiskCalls, Vault
from models.case_files import CaseFile
from models.database import open_database, reading, sessions_of, transaction
from models.enums import CustodyAct, ExhibitKind, FileAct, FileState, PaperKind, Procedure, VolumeState
from models.exhibits import CustodyEvent, Exhibit, SealedObject
from models.papers import FilePaper
from models.volumes import FileVolume
from tests.cases.volume.bindery import NUMBER, Filed, copied, filed
from tests.cases.volume.filed import hour
from tests.conftest import Database, sqlite_copy


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> tuple[Filed, Path]:
    """Filed once, and its folder with the database: each test has a copy."""
    folder = tmp_path_factory.mktemp("filed")
    (found,) = (_filed(database, folder) for database in sqlite_copy(migrated_sqlite, folder))
    return found, folder


def _filed(database: Database, folder: Path) -> Filed:
    with filed(database.sessions, folder) as found:
        return found


@pytest.fixture
def database(template: tuple[Filed, Path], tmp_path: Path) -> Iterator[Database]:
    _, before = template
    yield from sqlite_copy(before / "streetwitness.db", tmp_path)


@pytest.fixture
def archived(template: tuple[Filed, Path], database: Database, tmp_path: Path) -> Iterator[Filed]:
    found, before = template
    with copied(found, before, database.sessions, tmp_path) as copy:
        yield copy


def read(archived: Filed, volume_id: object) -> tuple[FileVolume, PdfReader]:
    with reading(archived.bindery.sessions) as session:
        row = volumes.find(session, volume_id)  # type: ignore[arg-type]
    assert row is not None
    assert row.failure is None
    assert row.sha256 is not None
    return row, PdfReader(Vault.path_of(archived.bindery.vault.root, row.sha256, ".pdf"))


def test_a_volume_holds_everything_in_the_order_of_the_archive_with_pages_counted_across(archived: Filed) -> None:
    volume_id = archived.ask()
    assert make(archived.bindery, volume_id)
    row, pdf = read(archived, volume_id)
    texts = [page.extract_text() for page in pdf.pages]
    total = len(texts)
    assert row.pages == total
    assert all(text.rstrip().endswith(f"{number} / {total}") for number, text in enumerate(texts, start=1))
    assert row.contents is not None
    assert [(entry["title"], entry["first_page"]) for entry in row.contents] == [
        ("行政处罚决定书", 3),
        ("立案审批表", 5),
        ("违法停车告知单", 6),
        ("证据照片", 7),
        ("办案过程记录", total - 2),
        ("证据保管记录", total - 1),
    ]
    for number, words in (
        (3, "decision 2, its page 1"),
        (4, "decision 2, its page 2"),
        (5, "filing_approval 1"),
        (6, "window_slip 1, set from its DOCX"),
    ):
        assert words in texts[number - 1]
    assert not any("decision 1," in text for text in texts), "an older version is not bound"
    assert [item["/Title"] for item in pdf.outline if isinstance(item, dict)] == [  # type: ignore[call-overload]
        "行政处罚案卷",
        "卷内目录",
        *(entry["title"] for entry in row.contents),
        "卷内备考表",
    ]
    assert pdf.metadata is not None
    assert NUMBER in str(pdf.metadata["/Title"])


def test_the_pictures_in_it_are_the_bytes_that_were_sealed(archived: Filed) -> None:
    volume_id = archived.ask()
    make(archived.bindery, volume_id)
    _, pdf = read(archived, volume_id)
    found = set()
    for page in pdf.pages:
        resources = page["/Resources"].get_object()
        assert isinstance(resources, DictionaryObject)
        objects = resources.get("/XObject", DictionaryObject()).get_object()
        found |= {
            each.get_object().get_data() for each in objects.values() if each.get_object()["/Subtype"] == "/Image"
        }
    root = archived.bindery.vault.root
    with reading(archived.bindery.sessions) as session:
        stills = session.query(Exhibit).filter(Exhibit.kind != ExhibitKind.CLIP)
        sealed = {Vault.path_of(root, each.sha256, ".jpg").read_bytes() for each in stills}
    assert found == sealed
    assert len(sealed) == 4


def test_a_volume_in_another_language_is_the_next_and_has_the_first_in_its_record(archived: Filed) -> None:
    make(archived.bindery, archived.ask())
    with reading(archived.bindery.sessions) as session:
        derived = session.query(CustodyEvent).filter_by(act=CustodyAct.DERIVED).all()
    assert len({event.sha256 for event in derived}) == len(derived) == 4, "one entry for each original that is shown"
    english = archived.ask("en", "for the court")
    make(archived.bindery, english)
    row, pdf = read(archived, english)
    assert row.version == 2
    assert "Catalogue" in pdf.pages[1].extract_text()
    assert "Volume made" in "".join(page.extract_text() for page in pdf.pages)


def test_two_workers_who_make_one_volume_at_once_make_the_same_bytes_and_leave_one(archived: Filed) -> None:
    """As one does who begins anew after another was killed."""
    volume_id = archived.ask()
    assert volume_id == archived.ask(), "asked for twice, it is one row"
    vault = archived.bindery.vault
    before, taken = set(vault.incoming.iterdir()), list[str]()

    def while_another_does(part: Path, whole: Path) -> None:
        taken.append(whole.name.partition("-")[2])
        if len(taken) == 1:
            assert make(archived.bindery, volume_id)
        part.rename(whole)

    vault.disk = replace(vault.disk, rename=while_another_does)
    assert not make(archived.bindery, volume_id)
    assert not make(archived.bindery, volume_id)
    assert len(taken) == 2, "both came as far as the vault"
    assert taken[0] == taken[1]
    with reading(archived.bindery.sessions) as session:
        file = session.get_one(CaseFile, archived.file_id)
        acts = [event.act for event in steps.events_of(session, file)]
        register = session.query(CustodyEvent).order_by(CustodyEvent.seq).all()
    assert acts.count(FileAct.VOLUME_MADE) == 1
    assert custody_chain.breaks([entry_of(each) for each in register], str(archived.incident_id)) == []
    assert set(vault.incoming.iterdir()) == before, "what came too late was thrown away"


@pytest.mark.parametrize(
    ("killed_at", "came_so_far"),
    [("rename", VolumeState.ASKED), ("link", VolumeState.ASKED), ("remove", VolumeState.MADE)],
    ids=["before_it_is_whole", "before_it_has_its_place", "after_the_commit"],
)
def test_a_worker_killed_anywhere_leaves_the_row_to_the_next_and_nothing_of_nobody(
    archived: Filed, database: Database, killed_at: str, came_so_far: VolumeState
) -> None:
    volume_id = archived.ask()
    root = archived.bindery.vault.root
    database.engine.dispose()
    child = get_context("fork").Process(target=make_and_be_killed, args=(archived, database.url, volume_id, killed_at))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    with Vault.open(root) as vault:
        vault.recover(lambda sha256: _is_known(archived, sha256))
    with reading(archived.bindery.sessions) as session:
        assert session.get_one(FileVolume, volume_id).state is came_so_far
        known = set(session.scalars(select(SealedObject.sha256)))
    there = {path.parent.name + path.stem for path in (root / "objects").glob("*/*")}
    assert there == known, "every object has its row, and every row its object"
    assert make(archived.bindery, volume_id) is (came_so_far is VolumeState.ASKED)
    read(archived, volume_id)
    with reading(archived.bindery.sessions) as session:
        acts = [event.act for event in steps.events_of(session, session.get_one(CaseFile, archived.file_id))]
    assert acts.count(FileAct.VOLUME_MADE) == 1


def make_and_be_killed(archived: Filed, url: str, volume_id: uuid.UUID, killed_at: str) -> None:
    """In a process of its own, which ends at that call of the disk."""

    def end(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    calls = replace(DiskCalls(), **{killed_at: end})
    with Vault.open(archived.bindery.vault.root, calls) as vault:
        make(replace(archived.bindery, vault=vault, sessions=sessions_of(open_database(url))), volume_id)


def _is_known(archived: Filed, sha256: str) -> bool:
    with reading(archived.bindery.sessions) as session:
        return session.get(SealedObject, sha256) is not None


def test_a_disk_without_room_leaves_the_row_as_it_was_and_the_next_worker_makes_it(archived: Filed) -> None:
    volume_id = archived.ask()

    def full(_: Path) -> None:
        raise OSError(28, "no space left on device")

    vault = archived.bindery.vault
    disk, vault.disk = vault.disk, replace(vault.disk, fsync=full)
    with pytest.raises(VaultFull):
        make(archived.bindery, volume_id)
    vault.disk = disk
    with reading(archived.bindery.sessions) as session:
        assert session.get_one(FileVolume, volume_id).state is VolumeState.ASKED
        assert volumes.to_do(session) == [volume_id]
    assert make(archived.bindery, volume_id)


def test_a_paper_that_is_no_pdf_fails_the_volume_with_a_sentence(archived: Filed) -> None:
    volume_id = archived.ask()
    vault = archived.bindery.vault
    with transaction(archived.bindery.sessions) as session:
        pending = vault.take(lambda out: out.write_text("no PDF"), ".pdf")
        paper = session.query(FilePaper).filter_by(kind=PaperKind.FILING_APPROVAL).one()
        before = paper.pdf_sha256
        paper.pdf_sha256 = keep_object(
            session, vault, replace(pending, suffix=".pdf"), "application/pdf", at=hour(20)
        ).sha256
    assert not make(archived.bindery, volume_id)
    with reading(archived.bindery.sessions) as session:
        row = session.get_one(FileVolume, volume_id)
        assert row.state is VolumeState.FAILED
        assert "make it again" in str(row.failure)
        assert volumes.to_do(session) == []
    with transaction(archived.bindery.sessions) as session:
        session.query(FilePaper).filter_by(kind=PaperKind.FILING_APPROVAL).one().pdf_sha256 = before
    assert make(archived.bindery, archived.ask()), "and the next one is made"


def test_an_exhibit_that_was_altered_is_bound_by_nobody(archived: Filed) -> None:
    volume_id = archived.ask()
    with reading(archived.bindery.sessions) as session:
        still = session.query(Exhibit).filter_by(kind=ExhibitKind.STILL).first()
    assert still is not None
    path = Vault.path_of(archived.bindery.vault.root, still.sha256, ".jpg")
    path.chmod(0o600)
    path.write_bytes(path.read_bytes() + b" ")
    assert not make(archived.bindery, volume_id)
    with reading(archived.bindery.sessions) as session:
        assert "restore it from a backup" in str(session.get_one(FileVolume, volume_id).failure)


def test_what_is_taken_along_is_on_record_with_the_file_and_the_incident(archived: Filed) -> None:
    volume_id = archived.ask()
    by = By.person(archived.lawyer)
    with transaction(archived.bindery.sessions) as session, pytest.raises(VolumeRefused) as refused:
        volumes.taken_along(session, volume_id, by=by, to="the court", reason="suit", at=hour(22))
    assert refused.value.why == "not_made"
    make(archived.bindery, volume_id)
    with transaction(archived.bindery.sessions) as session, pytest.raises(VolumeRefused) as refused:
        volumes.taken_along(session, volume_id, by=by, to="the court", reason="  ", at=hour(22))
    assert refused.value.why == "volume_reason"
    with transaction(archived.bindery.sessions) as session:
        row = volumes.taken_along(session, volume_id, by=by, to="the court", reason="suit", at=hour(22))
    with reading(archived.bindery.sessions) as session:
        file = session.get_one(CaseFile, archived.file_id)
        event = steps.events_of(session, file)[-1]
        assert (event.act, event.actor, event.facts["sha256"]) == (FileAct.SHARED, "zhou", row.sha256)
        last = session.query(CustodyEvent).order_by(CustodyEvent.seq.desc()).first()
        assert last is not None
        assert (last.act, last.actor) == (CustodyAct.EXPORTED, "zhou")
        assert file.state is FileState.ARCHIVED
    with transaction(archived.bindery.sessions) as session, pytest.raises(StepRefused):
        steps.note(session, session.get_one(CaseFile, archived.file_id), FileAct.FACTS_SAID, by=by, at=hour(23))


def test_a_volume_is_asked_for_with_a_reason(archived: Filed) -> None:
    for reason in ("", " \n ", "x" * 401):
        with pytest.raises(VolumeRefused):
            archived.ask(reason=reason)


def test_parts_that_are_too_much_for_one_volume_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "part.pdf"
    path.write_bytes(b"x" * 11)
    with pytest.raises(VolumeTooLarge):
        binding.bind([binding.Bound("part", path)], tmp_path / "out.pdf", title="", subject="", most_bytes=10)
    assert not (tmp_path / "out.pdf").exists()


ORDER = """
name = "own"
version = "1"
verified = true
source = "ours"
part = [{{kind = "cover"}}, {{kind = "catalogue"}}, {middle}, {{kind = "events"}}, {{kind = "back_note"}}]
"""


@pytest.mark.parametrize(
    ("middle", "why"),
    [
        ('{kind = "exhibits"}', "takes the papers that no other names"),
        ('{kind = "papers", rest = true}, {kind = "events"}', "one events"),
        ('{kind = "papers", rest = true}, {kind = "papers", papers = ["demand", "demand"]}', "two parts"),
        ('{kind = "papers", rest = true, papers = ["demand"]}', "names them, or takes the rest"),
        ('{kind = "papers", rest = true}, {kind = "exhibits", papers = ["demand"]}', "holds no papers"),
        ('{kind = "papers", rest = true}, {kind = "papers", papers = ["fine_list"]}', "papers.0"),
    ],
    ids=["leaves_some_out", "twice", "paper_twice", "both", "paper_among_exhibits", "unknown_paper"],
)
def test_an_order_that_would_leave_something_out_or_bind_it_twice_is_refused(
    tmp_path: Path, middle: str, why: str
) -> None:
    path = tmp_path / "order.toml"
    path.write_text(ORDER.format(middle=middle), "utf-8")
    with pytest.raises(OrderUnusable, match=why):
        read_order(path)


def test_a_bureau_that_writes_an_order_down_binds_by_it(tmp_path: Path) -> None:
    assert order_of(None) == order_of(tmp_path) == read_order()
    path = tmp_path / "archive_order.toml"
    path.write_text(ORDER.format(middle='{kind = "papers", rest = true}'), "utf-8")
    assert order_of(tmp_path).title == "own@1"


def test_an_order_names_what_is_missing_and_takes_every_paper_once() -> None:
    order = read_order()
    taken = [paper for part in order.part for paper in order.papers_of(part)]
    assert sorted(taken) == sorted(PaperKind)
    missing = order.missing(Procedure.ORDINARY, [PaperKind.DECISION, PaperKind.FILING_APPROVAL])
    assert (PaperKind.PENALTY_NOTICE,) in missing
    assert not any(PaperKind.DECISION in kinds for kinds in missing)
    assert order.missing(Procedure.SIMPLE, [PaperKind.SPOT_DECISION]) == ()


def test_a_volume_has_words_for_every_act_state_and_paper_in_both_languages() -> None:
    for language in ("zh", "en"):
        say = VolumeWords(language, ZoneInfo("Asia/Shanghai"))  # type: ignore[arg-type]
        keys = [f"act_{each.value}" for each in FileAct] + [f"state_{each.value}" for each in FileState]
        assert all(say(key).strip() for key in [*keys, *(f"paper_{each.value}" for each in PaperKind)])
    chinese = VolumeWords("zh", ZoneInfo("Asia/Shanghai"))
    assert {kind.kind: kind.name for kind in KINDS} == {kind: chinese(f"paper_{kind.value}") for kind in PaperKind}
