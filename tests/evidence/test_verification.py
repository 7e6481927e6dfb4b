"""A bundle is intact or it is not: whatever one changes, it is found and named, and nothing else is.

The manifest's own honesty (chain, cross-references) is tested on rewritten bundles whose digests all agree.
"""

import io
import json
import os
import random
import shutil
import stat
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from evidence.bundle_files import sums_text, verify_text
from evidence.canonical import canonical
from evidence.container import DIRECTORY_SIGNATURE
from evidence.custody_chain import digest_of
from evidence.digest import sha256_of_bytes
from evidence.errors import EvidenceError
from evidence.merkle import EMPTY_ROOT
from evidence.pins import HeadGiven, Pins, authorities_in, heads_in, keys_in
from evidence.signature import SigningKey
from evidence.verdict import FaultCode, Outcome, Subject
from evidence.verification import verify
from tests.evidence import tampering
from tests.evidence.scene import Scene
from tests.evidence.tampering import contents, named, rewritten
from tests.evidence.timestamp_authority import TimestampAuthority

CLIP = "exhibits/01_entry_clip.mp4"
CLOSE_UP = "exhibits/02_entry_close_up.jpg"
STILL = "exhibits/03_entry_still.jpg"
SEALS = ("proof/01_entry_clip", "proof/02_entry_close_up", "proof/03_entry_still", "proof/head_timestamped")
ALWAYS = {
    "SHA256SUMS",
    "VERIFY.txt",
    "custody.json",
    "draft.json",
    CLIP,
    CLOSE_UP,
    STILL,
    "index.html",
    "manifest.json",
    "manifest.sig",
    "proof/authorities.pem",
    "proof/head.json",
    "proof/head.sig",
    "proof/log.json",
    *(f"{seal}.{ending}" for seal in SEALS for ending in ("json", "sig", "tsr")),
}
BUNDLE_OF_FORMAT_1 = Path(__file__).parent / "bundle_of_format_1.zip"


def resealed(files: dict[str, bytes], claims: dict, out: Path) -> Path:
    """By a forger without the site's key, who says that nobody signed: every digest fits, the claims are not honest."""
    unsigned = {name: data for name, data in files.items() if name != "manifest.sig"}
    if "proofs" in claims:
        claims["proofs"]["signed_by"] = None
    return rewritten(tampering.resealed(unsigned, claims), out)


def with_manifest(files: dict[str, bytes], manifest: bytes, out: Path) -> Path:
    """Whatever that manifest is: the other witnesses agree with it."""
    done = files | {"manifest.json": manifest}
    done["VERIFY.txt"] = verify_text(sha256_of_bytes(manifest), json.loads(files["manifest.json"]))
    done["SHA256SUMS"] = sums_text({name: sha256_of_bytes(data) for name, data in done.items() if name != "SHA256SUMS"})
    return rewritten(done, out)


@pytest.fixture
def unsigned(bundle: Path, tmp_path: Path) -> dict[str, bytes]:
    """The files of an honest bundle that nobody signed, so that nothing but its words is to be judged."""
    files = contents(bundle)
    return contents(resealed(files, json.loads(files["manifest.json"]), tmp_path / "unsigned.zip"))


@pytest.fixture
def folder(bundle: Path, tmp_path: Path) -> Path:
    out = tmp_path / "unpacked"
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(out)
    return out


def test_an_exported_bundle_is_intact(bundle: Path, folder: Path, scene: Scene) -> None:
    key = {name for name in contents(bundle) if name.startswith("proof/key_")}
    assert len(key) == 1
    assert set(contents(bundle)) == ALWAYS | key
    for path in (bundle, folder):
        verdict = verify(path)
        assert verdict.faults == ()
        assert (verdict.outcome, verdict.exit_status) == (Outcome.INTACT, 0)
        assert verdict.incident == str(scene.incident_id)
        assert verdict.files == len(ALWAYS) + 1


def test_a_bundle_of_the_older_format_is_intact_with_what_it_has_and_says_what_it_has_not(tmp_path: Path) -> None:
    verdict = verify(BUNDLE_OF_FORMAT_1)
    assert (verdict.outcome, verdict.faults) == (Outcome.INTACT, ())
    assert [standing.subject for standing in verdict.standings] == [Subject.FORMAT]
    assert "no signature, timestamp or log" in str(verdict.standings[0])
    files = contents(BUNDLE_OF_FORMAT_1)
    for name in files:
        tampered = rewritten(files | {name: files[name] + b"\0"}, tmp_path / "tampered.zip")
        assert named(verify(tampered)) == {("changed", name)}
    pinned = verify(BUNDLE_OF_FORMAT_1, Pins(keys=frozenset({"0" * 64}), heads=[HeadGiven(0, EMPTY_ROOT)]))
    assert named(pinned) == {("pinned", "manifest.sig"), ("pinned", "proof/head.json")}


def test_what_was_given_another_way_is_said_to_be_established(
    bundle: Path, authority: TimestampAuthority, tmp_path: Path
) -> None:
    files = contents(bundle)
    pem = next(data for name, data in files.items() if name.startswith("proof/key_"))
    heads = (tmp_path / "keys" / "heads.jsonl").read_bytes()
    pins = Pins(keys_in(pem), authorities_in(authority.roots.read_bytes()), heads_in(heads))
    verdict = verify(bundle, pins)
    assert verdict.faults == ()
    assert {standing.subject for standing in verdict.standings if standing.pinned} == {
        Subject.SIGNER,
        Subject.SEALS,
        Subject.TIME,
        Subject.LOG,
    }
    assert not any(standing.pinned for standing in verify(bundle).standings)


def test_another_key_authority_or_head_than_the_bundles_is_found(bundle: Path, tmp_path: Path) -> None:
    stranger = SigningKey.make_or_open(tmp_path / "stranger.pem")
    assert named(verify(bundle, Pins(keys=keys_in(stranger.public_pem)))) == {("pinned", "manifest.sig")}
    others = TimestampAuthority(tmp_path / "another authority")
    refused = verify(bundle, Pins(authorities=authorities_in(others.roots.read_bytes())))
    assert named(refused) == {("timestamp", f"{seal}.tsr") for seal in SEALS}
    published = heads_in((tmp_path / "keys" / "heads.jsonl").read_bytes())[0]
    rewritten_log = Pins(heads=[HeadGiven(published.size, b"\1" * 32)])
    assert named(verify(bundle, rewritten_log)) == {("pinned", "proof/head.json")}
    not_comparable = verify(bundle, Pins(heads=[HeadGiven(10_000, b"\1" * 32)]))
    assert not_comparable.faults == ()
    assert "none of the heads given can be compared" in str(not_comparable.standings[-1])


@pytest.mark.parametrize("read", [keys_in, authorities_in, heads_in])
@pytest.mark.parametrize("text", [b"", b"just words", b"{}", b'{"head":{"root":"00","size":1}}'])
def test_what_is_no_pin_is_refused(read, text: bytes) -> None:
    with pytest.raises(EvidenceError):
        read(text)


def test_sha256sum_agrees_without_our_software(folder: Path) -> None:
    done = subprocess.run(
        ["sha256sum", "-c", "--strict", "SHA256SUMS"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(": OK") == len(ALWAYS)


def test_verifying_loads_no_database_and_no_model_and_opens_no_socket(bundle: Path) -> None:
    program = (
        "import sys; from pathlib import Path; used = set(); "
        "sys.addaudithook(lambda event, _: used.add(event) if event.startswith('socket.') else None); "
        "from evidence.verification import verify; status = verify(Path(sys.argv[1])).exit_status; "
        "print(sorted(used | {'sqlalchemy', 'models', 'numpy'} & sys.modules.keys())); sys.exit(status)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(bundle)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr


@pytest.mark.parametrize("name", sorted(ALWAYS))
def test_a_missing_file_is_named(folder: Path, bundle: Path, tmp_path: Path, name: str) -> None:
    (folder / name).unlink()
    files = {other: data for other, data in contents(bundle).items() if other != name}
    for path in (folder, rewritten(files, tmp_path / "less.zip")):
        assert named(verify(path)) == {("missing", name)}
        assert verify(path).exit_status == 1


@pytest.mark.parametrize("name", sorted(ALWAYS))
def test_a_renamed_file_is_named_with_its_new_name(folder: Path, bundle: Path, tmp_path: Path, name: str) -> None:
    (folder / name).rename(folder / "other.bin")
    files = contents(bundle)
    files["other.bin"] = files.pop(name)
    for path in (folder, rewritten(files, tmp_path / "renamed.zip")):
        verdict = verify(path)
        assert named(verdict) == {("renamed", name)}
        assert "other.bin" in verdict.faults[0].what


@pytest.mark.parametrize("name", ["exhibits/04_grace_end_still.jpg", "README", ".hidden", "a/b/c.txt"])
def test_an_added_file_is_named(folder: Path, bundle: Path, tmp_path: Path, name: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(b"new")
    files = contents(bundle) | {name: b"new"}
    for path in (folder, rewritten(files, tmp_path / "more.zip")):
        assert named(verify(path)) == {("added", name)}


def test_two_files_that_changed_places_are_both_named(folder: Path) -> None:
    (folder / STILL).rename(folder / "aside")
    (folder / CLOSE_UP).rename(folder / STILL)
    (folder / "aside").rename(folder / CLOSE_UP)
    verdict = verify(folder)
    assert named(verdict) == {("changed", STILL), ("changed", CLOSE_UP)}
    assert all("holds the bytes of" in fault.what for fault in verdict.faults)


def test_a_file_cut_short_or_grown_is_named(folder: Path) -> None:
    whole = (folder / CLIP).read_bytes()
    for data in (b"", whole[:-1], whole + b"\0"):
        (folder / CLIP).write_bytes(data)
        assert named(verify(folder)) == {("changed", CLIP)}


@pytest.mark.parametrize("cut", [1, 22, 100, 5_000])
def test_a_zip_cut_short_is_not_intact(bundle: Path, cut: int) -> None:
    bundle.write_bytes(bundle.read_bytes()[:-cut])
    assert verify(bundle).exit_status == 1
    assert FaultCode.CONTAINER in {fault.code for fault in verify(bundle).faults}


def test_bytes_before_and_after_a_zip_are_found(bundle: Path) -> None:
    whole = bundle.read_bytes()
    for data in (whole + b"\0", b"#!/bin/sh\n" + whole):
        bundle.write_bytes(data)
        assert {fault.code for fault in verify(bundle).faults} == {FaultCode.CONTAINER}


def test_a_zip_that_another_program_packed_again_is_found_and_its_files_still_checked(
    folder: Path, tmp_path: Path
) -> None:
    packed = tmp_path / "again.zip"

    def pack() -> None:
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(folder.rglob("*")):
                archive.write(path, path.relative_to(folder).as_posix())

    pack()
    assert {fault.code for fault in verify(packed).faults} == {FaultCode.CONTAINER}
    (folder / CLIP).write_bytes(b"another clip")
    (folder / "draft.json").rename(folder / "old.json")
    pack()
    assert {("changed", CLIP), ("renamed", "draft.json")} <= named(verify(packed))


def test_a_directory_that_shows_other_names_than_the_headers_is_found(bundle: Path) -> None:
    """What one program unpacks and what another shows must be the same thing."""
    whole = bundle.read_bytes()
    at = whole.index(b"index.html", whole.index(DIRECTORY_SIGNATURE))
    bundle.write_bytes(whole[:at] + b"Index.html" + whole[at + 10 :])
    assert named(verify(bundle)) == {("container", "directory entry of index.html")}


@pytest.mark.parametrize(
    "name",
    [
        "../outside",
        "/etc/passwd",
        "exhibits/../../outside",
        "C:\\windows",
        "a\\b",
        "a//b",
        "line\nbreak",
        "二.txt",
        "./x",
    ],
)
def test_hostile_names_are_refused_and_nothing_is_written(bundle: Path, tmp_path: Path, name: str) -> None:
    hostile = tmp_path / "inner" / "hostile.zip"
    hostile.parent.mkdir()
    with zipfile.ZipFile(hostile, "w") as archive:
        for kept, data in contents(bundle).items():
            archive.writestr(kept, data)
        archive.writestr(name, b"gotcha")
    before = sorted(tmp_path.rglob("*"))
    refused = [fault for fault in verify(hostile).faults if fault.code is FaultCode.REFUSED]
    assert len(refused) == 1
    assert refused[0].name.isascii()
    assert refused[0].name.isprintable()
    assert sorted(tmp_path.rglob("*")) == before


def test_a_name_used_twice_and_a_link_are_refused(bundle: Path, tmp_path: Path) -> None:
    twice = tmp_path / "twice.zip"
    with zipfile.ZipFile(twice, "w") as archive:
        for name, data in contents(bundle).items():
            archive.writestr(name, data)
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr(CLIP, b"the clip a careless reader sees")
        link = zipfile.ZipInfo("exhibits/link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    assert {("refused", CLIP), ("refused", "exhibits/link")} <= named(verify(twice))


def test_links_and_devices_of_a_folder_are_refused_unopened(folder: Path) -> None:
    (folder / CLIP).rename(folder.parent / "clip.mp4")
    (folder / CLIP).symlink_to(folder.parent / "clip.mp4")
    os.mkfifo(folder / "exhibits" / "pipe")
    (folder / "elsewhere").symlink_to(folder.parent)
    assert named(verify(folder)) == {("refused", CLIP), ("refused", "exhibits/pipe"), ("refused", "elsewhere")}


def test_a_bomb_is_refused_before_it_grows(bundle: Path, tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in contents(bundle).items():
            archive.writestr(name, data)
        archive.writestr("exhibits/zeros.bin", bytes(64 << 20))
    assert ("refused", "exhibits/zeros.bin") in named(verify(bomb))


def test_sizes_that_cannot_be_are_refused(bundle: Path, tmp_path: Path) -> None:
    """Directory entries that all point at the same bytes: 43.zip's trick."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("manifest.json", contents(bundle)["manifest.json"])
        archive.writestr("padding", bytes(100))
        first = archive.infolist()[0]
        for number in range(50):
            again = zipfile.ZipInfo(f"exhibits/{number}.bin")
            again.header_offset, again.CRC = first.header_offset, first.CRC
            again.file_size = again.compress_size = first.file_size
            archive.filelist.append(again)
    overlapping = tmp_path / "overlapping.zip"
    overlapping.write_bytes(buffer.getvalue())
    verdict = verify(overlapping)
    assert verdict.exit_status == 2
    assert "overlap" in (verdict.reason or "")


@pytest.mark.parametrize(
    "what", ["absent", "empty", "text", "video", "foreign_zip", "foreign_folder", "foreign_manifest", "newer_format"]
)
def test_what_is_not_a_bundle_is_said_to_be_none(scene: Scene, bundle: Path, tmp_path: Path, what: str) -> None:
    path = tmp_path / what
    match what:
        case "empty":
            path.write_bytes(b"")
        case "text":
            path.write_text("just text", encoding="utf-8")
        case "video":
            path.write_bytes(contents(bundle)[CLIP])
        case "foreign_zip":
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("report.docx", b"x")
        case "foreign_folder":
            path.mkdir()
            (path / "notes.txt").write_text("x", encoding="utf-8")
        case "foreign_manifest":
            path.mkdir()
            (path / "manifest.json").write_text('{"name": "a web app"}', encoding="utf-8")
        case "newer_format":
            claims = json.loads(contents(bundle)["manifest.json"]) | {"format": "streetwitness-bundle/3"}
            resealed(contents(bundle), claims, path)
    verdict = verify(path)
    assert (verdict.outcome, verdict.exit_status) == (Outcome.NOT_A_BUNDLE, 2)
    assert verdict.reason
    assert verdict.faults == ()


def forge_custody_time(claims: dict) -> None:
    claims["custody"][1]["at"] = "2026-03-02T00:00:00.000000Z"


def forge_custody_removed(claims: dict) -> None:
    del claims["custody"][1]


def forge_custody_swapped(claims: dict) -> None:
    claims["custody"][0], claims["custody"][1] = claims["custody"][1], claims["custody"][0]


def forge_custody_of_another_incident(claims: dict) -> None:
    for entry in claims["custody"]:
        entry["incident"] = "00000000-0000-0000-0000-000000000000"
        entry["digest"] = digest_of(entry)


@pytest.mark.parametrize(
    "forge",
    [forge_custody_time, forge_custody_removed, forge_custody_swapped, forge_custody_of_another_incident],
    ids=["time_changed", "entry_removed", "entries_swapped", "another_incident"],
)
def test_a_custody_chain_that_does_not_hold_is_found_even_when_every_digest_fits(
    bundle: Path, tmp_path: Path, forge
) -> None:
    files = contents(bundle)
    claims = json.loads(files["manifest.json"])
    forge(claims)
    files["custody.json"] = canonical(claims["custody"])
    assert "custody" in {fault.code.value for fault in verify(resealed(files, claims, tmp_path / "forged.zip")).faults}


def forge_clip_of_a_still(claims: dict) -> None:
    claims["exhibits"][2]["recipe"]["clip_sha256"] = "0" * 64


def forge_uncited_exhibit(claims: dict) -> None:
    del claims["exhibits"][1]


def forge_other_digest(claims: dict) -> None:
    claims["exhibits"][0]["sha256"] = claims["exhibits"][1]["sha256"]


def forge_no_draft(claims: dict) -> None:
    claims["draft"] = None


def forge_custody_list(claims: dict) -> None:
    claims["custody"][-1]["reason"] = "none"


def forge_another_clock(claims: dict) -> None:
    told = claims["camera"]
    claims["seen_with"] = {
        "model": {},
        "clock": {"offset_s": told["clock_offset_s"], "error_s": told["clock_error_s"] / 2},
    }


def forge_unhashable(claims: dict) -> None:
    claims["exhibits"][2]["recipe"]["clip_sha256"] = {"a": []}
    claims["custody"][0]["sha256"] = [[]]


@pytest.mark.parametrize(
    "forge",
    [
        forge_clip_of_a_still,
        forge_uncited_exhibit,
        forge_other_digest,
        forge_no_draft,
        forge_custody_list,
        forge_another_clock,
        forge_unhashable,
    ],
    ids=[
        "still_of_no_clip",
        "uncited_exhibit",
        "digest_of_another",
        "draft_unnamed",
        "custody_differs",
        "clock_differs",
        "unhashable",
    ],
)
def test_a_manifest_that_contradicts_itself_is_found(bundle: Path, tmp_path: Path, forge) -> None:
    files = contents(bundle)
    claims = json.loads(files["manifest.json"])
    forge(claims)
    verdict = verify(resealed(files, claims, tmp_path / "forged.zip"))
    assert "disagrees" in {fault.code.value for fault in verdict.faults}


@pytest.mark.parametrize("part", ["incident", "exhibits", "custody", "files", "draft", "camera", "seen_with"])
@pytest.mark.parametrize("value", [None, 7, "x", [], {}, [None], {"a": 1}], ids=repr)
def test_a_manifest_of_any_form_gets_a_verdict_and_no_traceback(
    unsigned: dict[str, bytes], tmp_path: Path, part: str, value: object
) -> None:
    claims = json.loads(unsigned["manifest.json"])
    claims[part] = value
    verdict = verify(with_manifest(unsigned, canonical(claims), tmp_path / "odd.zip"))
    assert verdict.exit_status == (0 if (part, value) == ("seen_with", None) else 1)  # old incidents have none


@pytest.mark.parametrize(
    "part", ["keys", "signed_by", "statements", "head", "witnessed", "log", "authorities", "statements[0]", "keys[0]"]
)
def test_proofs_of_any_form_get_a_verdict_and_no_traceback(
    unsigned: dict[str, bytes], tmp_path: Path, part: str
) -> None:
    for value in (None, 7, "x", "proof/x", [], {}, [None], {"a": 1}, [[]], {"file": "proof/log.json"}):
        claims = json.loads(unsigned["manifest.json"])
        if part.endswith("[0]"):
            claims["proofs"][part[:-3]][0] = value
        else:
            claims["proofs"][part] = value
        verdict = verify(with_manifest(unsigned, canonical(claims), tmp_path / "odd.zip"))
        assert verdict.exit_status == (0 if (part, value) == ("signed_by", None) else 1), value


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z"])
def test_moments_at_the_ends_of_time_get_a_verdict_and_no_traceback(bundle: Path, tmp_path: Path, moment: str) -> None:
    files = contents(bundle)
    claims = json.loads(files["manifest.json"])
    claims["exhibits"][0]["sealed_at"] = moment
    assert ("disagrees", f"{SEALS[0]}.json") in named(verify(resealed(files, claims, tmp_path / "odd.zip")))
    claims["proofs"]["statements"][0]["token_at"] = moment
    assert ("timestamp", f"{SEALS[0]}.tsr") in named(verify(resealed(files, claims, tmp_path / "odder.zip")))


def test_a_token_that_cannot_be_read_gets_a_verdict_also_where_no_authority_is_named(
    bundle: Path, tmp_path: Path
) -> None:
    files = contents(bundle)
    claims = json.loads(files["manifest.json"])
    name, year = f"{SEALS[0]}.tsr", claims["proofs"]["statements"][0]["token_at"][:4].encode()
    files[name] = files[name].replace(b"\x18\x0f" + year, b"\x18\x0f0000", 1)
    del files[claims["proofs"]["authorities"]]
    claims["proofs"]["authorities"] = None
    assert named(verify(resealed(files, claims, tmp_path / "odd.zip"))) == {("timestamp", name)}


def test_a_manifest_of_thousands_of_entries_is_refused_before_they_are_compared(
    unsigned: dict[str, bytes], tmp_path: Path
) -> None:
    claims = json.loads(unsigned["manifest.json"])
    claims["exhibits"] *= 4000
    verdict = verify(with_manifest(unsigned, canonical(claims), tmp_path / "long.zip"))
    assert named(verdict) == {("disagrees", "manifest.json")}
    assert "more entries than any bundle" in verdict.faults[0].what


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b'{"earlier":[],"entries":[7]}', b"\xff", b'{"size":1}'])
@pytest.mark.parametrize("name", ["proof/head.json", "proof/head_timestamped.json", "proof/log.json"])
def test_a_head_or_log_of_any_form_gets_a_verdict_and_no_traceback(
    bundle: Path, tmp_path: Path, name: str, text: bytes
) -> None:
    files = contents(bundle) | {name: text}
    verdict = verify(resealed(files, json.loads(files["manifest.json"]), tmp_path / "odd.zip"))
    assert ("log", name) in named(verdict)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace(b'"format"', b' "format"', 1),
        lambda text: text.replace(b'{"analysis"', b'{"analysis":null,"analysis"', 1),
        lambda text: text + b"\n",
        lambda _: b"[" * 100_000,
        lambda _: b"\xff\xfe",
    ],
    ids=["blank", "name_twice", "line_end", "deep", "not_utf8"],
)
def test_a_manifest_not_in_canonical_form_is_found_even_when_every_digest_fits(
    unsigned: dict[str, bytes], tmp_path: Path, spoil
) -> None:
    loose = with_manifest(unsigned, spoil(unsigned["manifest.json"]), tmp_path / "loose.zip")
    assert named(verify(loose)) == {("changed", "manifest.json")}


def test_a_bundle_of_before_it_was_written_what_was_seen_with_is_intact(bundle: Path, tmp_path: Path) -> None:
    files = contents(bundle)
    claims = json.loads(files["manifest.json"])
    del claims["seen_with"]
    assert verify(resealed(files, claims, tmp_path / "older.zip")).exit_status == 0


def test_verifying_leaves_the_bundle_as_it_was(bundle: Path, folder: Path) -> None:
    before = bundle.read_bytes(), sorted(path.name for path in folder.rglob("*"))
    verify(bundle)
    verify(folder)
    assert (bundle.read_bytes(), sorted(path.name for path in folder.rglob("*"))) == before
    shutil.rmtree(folder)
    assert verify(bundle).exit_status == 0


def test_heavier_damage_gets_a_verdict_and_no_traceback(bundle: Path, tmp_path: Path) -> None:
    """Overwritten, cut out, doubled and shuffled stretches; the container's parts are hit more often than the files."""
    whole = bundle.read_bytes()
    dice = random.Random(832)
    edges = [at for at in range(len(whole)) if whole[at : at + 2] == b"PK"]
    damaged = tmp_path / "damaged.zip"
    outcomes: Counter[int] = Counter()
    for _ in range(400):
        data = bytearray(whole)
        for _ in range(dice.randint(1, 6)):
            at = (
                min(dice.choice(edges) + dice.randint(0, 60), len(data))
                if dice.random() < 0.7
                else dice.randrange(len(data))
            )
            length = dice.choice([1, 2, 4, 30, 400])
            match dice.randrange(4):
                case 0:
                    data[at : at + length] = dice.randbytes(length)
                case 1:
                    del data[at : at + length]
                case 2:
                    data[at:at] = data[at : at + length]
                case 3:
                    data[at : at + length] = b"\xff" * length
        damaged.write_bytes(data)
        verdict = verify(damaged)
        outcomes[verdict.exit_status] += 1
        assert verdict.exit_status != 0 or bytes(data) == whole
        assert all(fault.name.isprintable() for fault in verdict.faults)
    assert outcomes[1] > outcomes[2]
