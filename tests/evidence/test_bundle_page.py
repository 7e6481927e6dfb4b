"""The bundle's page in a real Chromium, opened from disk: it says of every bundle what `verify` says, and shows it."""

import shutil
import time
import zipfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from evidence.signature import SigningKey
from evidence.verdict import Outcome
from evidence.verification import verify
from tests.evidence.scene import Scene
from tests.evidence.tampering import INSIDE, contents, flips, forged, moves, rewritten
from tests.patience import PATIENCE_MS, PATIENCE_S

pytestmark = pytest.mark.browser

CHROMIUM = shutil.which("chromium")
QUIET = [
    "--no-sandbox",  # tests may run as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NOT_YET = ("none", "checking")
BUNDLE_OF_FORMAT_1 = Path(__file__).parent / "bundle_of_format_1.zip"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium here: install the package chromium to drive the page")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def folder(bundle: Path, tmp_path: Path) -> Path:
    out = tmp_path / "unpacked"
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(out)
    return out


def is_a_complaint(said: ConsoleMessage) -> bool:
    """A clip that is still shown while the next bundle is written under its file's name is the test's own doing: its
    blob can be read no further, in whichever words the browser says so.
    """
    cut_off = "ERR_UPLOAD_FILE_CHANGED" in said.text or (
        "ERR_FAILED" in said.text and said.location["url"].startswith("blob:")
    )
    return said.type in ("error", "warning") and not cut_off


@pytest.fixture
def page(chromium: Browser, folder: Path) -> Iterator[Page]:
    """The page of an unpacked bundle, from disk; whatever the browser complains of, or asks the network for, fails."""
    complaints: list[str] = []
    context = chromium.new_context(offline=True)
    opened = context.new_page()
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("console", lambda said: complaints.append(said.text) if is_a_complaint(said) else None)
    opened.on(
        "request", lambda asked: None if asked.url.startswith(("file:", "blob:")) else complaints.append(asked.url)
    )
    opened.goto((folder / "index.html").as_uri())
    yield opened
    context.close()
    assert complaints == []


def said_by_page(page: Page, path: Path) -> tuple[str, set[tuple[str, str]]]:
    """Its outcome and faults for a ZIP or folder that is chosen."""
    chooser = "#folder" if path.is_dir() else "#zip"
    page.eval_on_selector_all(f"{chooser}, #verdict", "all => { all[0].value = ''; all[1].dataset.outcome = 'none'; }")
    page.set_input_files(chooser, path)
    return answer_of(page)


def answer_of(page: Page) -> tuple[str, set[tuple[str, str]]]:
    deadline = time.monotonic() + PATIENCE_S
    while (outcome := page.evaluate("document.querySelector('#verdict').dataset.outcome")) in NOT_YET:
        assert time.monotonic() < deadline, f"no verdict: {outcome}"
        page.wait_for_timeout(5)
    found = page.eval_on_selector_all(
        "#verdict [data-code]", "all => all.map(one => [one.dataset.code, one.dataset.name])"
    )
    return outcome, {(code, name) for code, name in found}


def said_by_verify(path: Path) -> tuple[str, set[tuple[str, str]]]:
    verdict = verify(path)
    return verdict.outcome.value, {(fault.code.value, fault.name) for fault in verdict.faults}


def variants(bundle: Path, folder: Path, other: Path, key: SigningKey, scratch: Path) -> Iterator[tuple[str, Path]]:
    """Intact ones, and some of every way to tamper."""
    files, whole = contents(bundle), bundle.read_bytes()
    yield "intact", bundle
    yield "intact folder", folder
    yield "another of the case", other
    yield "older format", BUNDLE_OF_FORMAT_1
    out = scratch / "variant.zip"
    for number, flip in enumerate(islice(flips(bundle, 1, 150), 0, None, 3)):
        out.write_bytes(
            whole[: flip.position] + bytes([whole[flip.position] ^ 1 << flip.bit]) + whole[flip.position + 1 :]
        )
        yield f"flip {number} in {flip.owner}", out
    for attempt in islice(moves(files, contents(other)), 0, None, 11):
        yield attempt.name, rewritten(attempt.files, out)
    for name in INSIDE:
        yield f"forged with the key: {name}", rewritten(forged(name, files, key).files, out)
    yield "forged without the key", rewritten(forged("recipe", files, None).files, out)
    for name, data in {
        "bytes before": b"#!/bin/sh\n" + whole,
        "bytes after": whole + b"\0",
        "cut short": whole[:-100],
        "cut in the middle": whole[: len(whole) // 2],
        "not a bundle": b"just words",
        "empty": b"",
    }.items():
        out.write_bytes(data)
        yield name, out
    for method in (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED):
        with zipfile.ZipFile(out, "w", method) as archive:
            for name, data in sorted(files.items()):
                archive.writestr(name, data)
            archive.writestr("../outside", b"x")
        yield f"packed by another program, {method}", out
    (folder / "exhibits" / "03_entry_still.jpg").unlink()
    (folder / "notes.txt").write_bytes(b"mine")
    yield "tampered folder", folder


def test_page_and_verify_agree_on_every_verdict(
    page: Page, bundle: Path, folder: Path, scene: Scene, tmp_path: Path
) -> None:
    assert BUNDLE_OF_FORMAT_1.is_file()
    scene.export(tmp_path / "other.zip", at_s=3000)
    key = SigningKey.make_or_open(tmp_path / "keys" / "signing.pem")
    outcomes: dict[str, int] = {}
    for name, path in variants(bundle, folder, tmp_path / "other.zip", key, tmp_path):
        expected = said_by_verify(path)
        assert said_by_page(page, path) == expected, name
        outcomes[expected[0]] = outcomes.get(expected[0], 0) + 1
    print(f"\nverdicts on which page and verify agree: {sum(outcomes.values())}: {outcomes}")  # noqa: T201 - the figure is asked for
    assert outcomes.keys() == {outcome.value for outcome in Outcome}


def test_the_page_plays_the_clip_it_has_checked_and_names_the_one_that_changed(
    page: Page, folder: Path, bundle: Path
) -> None:
    expect(page.locator("figure .badge").first).to_be_empty()
    said_by_page(page, bundle)
    assert page.locator("video").first.get_attribute("src", timeout=PATIENCE_MS).startswith("blob:")
    page.locator("video").first.evaluate("video => { video.muted = true; return video.play(); }")
    expect(page.locator("figure .badge").first).to_contain_text("checked: as it was sealed")
    (folder / "exhibits" / "01_entry_clip.mp4").write_bytes(b"another clip")
    said_by_page(page, folder)
    expect(page.locator("figure .badge").first).to_contain_text("not what was sealed")
    expect(page.locator("[data-file='exhibits/01_entry_clip.mp4']")).to_have_attribute("data-ok", "false")
    expect(page.locator("[data-file='exhibits/03_entry_still.jpg']")).to_have_attribute("data-ok", "true")


def test_a_bundle_that_is_dropped_on_the_page_is_checked(page: Page, bundle: Path) -> None:
    page.set_input_files("#zip", bundle)
    answer_of(page)
    page.evaluate(
        """() => {
            document.querySelector('#verdict').dataset.outcome = 'none';
            const carried = new DataTransfer();
            carried.items.add(document.querySelector('#zip').files[0]);
            document.dispatchEvent(new DragEvent('drop', { dataTransfer: carried, cancelable: true }));
        }"""
    )
    assert answer_of(page) == ("intact", set())


def test_a_page_says_when_it_was_given_another_case(page: Page) -> None:
    said_by_page(page, BUNDLE_OF_FORMAT_1)
    expect(page.locator("#verdict")).to_contain_text("is another case")
    expect(page.locator("#verdict")).to_contain_text("no signature, timestamp or log")


def test_a_browser_without_ed25519_says_so_and_calls_nothing_intact(page: Page, bundle: Path) -> None:
    page.evaluate(
        """() => {
            const importKey = crypto.subtle.importKey.bind(crypto.subtle);
            crypto.subtle.importKey = async (form, data, algorithm, ...rest) => {
                if (algorithm.name === 'Ed25519') throw new DOMException('no', 'NotSupportedError');
                return importKey(form, data, algorithm, ...rest);
            };
        }"""
    )
    assert said_by_page(page, bundle) == ("unchecked", set())
    expect(page.locator("#verdict")).to_contain_text("lacks Ed25519")
    tampered = bundle.read_bytes()
    bundle.write_bytes(tampered[:5000] + bytes([tampered[5000] ^ 1]) + tampered[5001:])
    assert said_by_page(page, bundle)[0] == "not_intact"
