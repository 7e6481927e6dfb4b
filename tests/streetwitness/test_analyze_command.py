"""`streetwitness analyze` on a real clip: what it prints, what it leaves behind, and what it does the second time."""

import json
import subprocess
from hashlib import sha256
from pathlib import Path

import pytest

from streetwitness.demo import DEMO_SITE
from tests.streetwitness.running import refused, run

pytestmark = pytest.mark.footage

LOT = "lot_arrivals_gopro.mp4"
START = "2026-03-02T12:00:00+08:00"


@pytest.fixture(scope="module")
def lot(footage_dir: Path) -> Path:
    return footage_dir / LOT


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("analyze") / "data"


@pytest.fixture(scope="module")
def analyze(lot: Path, data: Path, weights_dir: Path):
    def run_it(*words: object) -> subprocess.CompletedProcess[str]:
        asked = ("analyze", lot, "--site", DEMO_SITE, "--camera", "lot-1", "--start", START, "--data", data)
        return run(*asked, *words, WEIGHTS=str(weights_dir))

    return run_it


@pytest.fixture(scope="module")
def lines(analyze) -> list[dict]:
    result = analyze("--json")
    assert result.returncode == 0, result.stderr
    assert result.stderr == "", "no bar where there is no terminal"
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_each_vehicle_that_stood_is_one_line_and_a_summary_closes(lines):
    incidents, summary = lines[:-1], lines[-1]["summary"]
    assert summary["incidents"] == len(incidents) > 0
    assert summary["started_at"] == "2026-03-02T04:00:00+00:00"
    assert summary["clock"] == "given"
    assert summary["video_s"] == pytest.approx(21.1, abs=0.2)
    assert summary["frames_decoded"] > 0
    for line in incidents:
        assert line["offence"] == "illegal_parking"
        assert (line["geofence"], line["camera"]) == ("lot-bays", "lot-1")
        assert 0 <= line["first_seen_s"] <= line["confirmed_s"] <= summary["video_s"]
        assert line["last_seen_s"] <= summary["video_s"]
        x1, y1, x2, y2 = line["box"]
        assert 0 <= x1 < x2 <= 1280
        assert 0 <= y1 < y2 <= 720
        assert (line["plate"], line["plate_confidence"]) == (None, None)
        assert (line["draft"] is not None) == (line["state"] == "drafted")


def test_the_red_car_that_arrives_is_found_with_the_second_in_which_it_stopped(lines):
    arrived = [line for line in lines[:-1] if line["stopped_s"] is not None and 760 < sum(line["box"][::2]) / 2 < 860]
    assert len(arrived) == 1
    assert arrived[0]["stopped_s"] == pytest.approx(1.5, abs=2.0)
    assert arrived[0]["state"] == "drafted"


def test_every_exhibit_lies_where_it_is_said_to_and_is_what_it_is_said_to_be(lines, data):
    exhibits = [exhibit for line in lines[:-1] for exhibit in line["exhibits"]]
    assert {exhibit["kind"] for exhibit in exhibits} >= {"clip", "still", "close_up"}
    for exhibit in exhibits:
        path = Path(exhibit["path"])
        assert path.is_absolute()
        assert path.is_relative_to(data / "vault")
        assert sha256(path.read_bytes()).hexdigest() == exhibit["sha256"]
        assert 0 <= exhibit["from_s"] <= exhibit["to_s"]


def test_a_draft_is_a_document_to_edit_with_a_page_to_read_beside_it(lines):
    drafts = [Path(line["draft"]) for line in lines[:-1] if line["draft"]]
    assert len(set(drafts)) == len(drafts) > 0
    for draft in drafts:
        assert draft.suffix == ".docx"
        assert draft.is_file()
        assert "<html" in draft.with_suffix(".html").read_text(encoding="utf-8")


def test_asked_again_it_prints_the_stored_result_and_analyses_nothing(lines, analyze):
    again = [json.loads(line) for line in analyze("--json").stdout.splitlines()]
    assert again[:-1] == lines[:-1]
    assert (lines[-1]["summary"]["again"], again[-1]["summary"]["again"]) == (False, True)
    assert again[-1]["summary"]["wall_s"] == lines[-1]["summary"]["wall_s"]
    assert "analysed before, this is the stored result" in analyze().stdout


def test_people_get_a_table_and_where_the_drafts_are(lines, analyze):
    shown = analyze().stdout
    assert shown.count("lot-bays") >= len(lines) - 1
    for line in lines[:-1]:
        assert line["draft"] is None or line["draft"] in shown


def test_an_incident_goes_out_as_a_bundle_that_proves_itself_until_it_is_touched(lines, data, tmp_path):
    bundle = tmp_path / "case.zip"
    incident = lines[0]["incident"]
    exported = run("export", incident[:8], "-o", bundle, "--data", data, "--reason", "asked for by the court")
    assert exported.returncode == 0, exported.stderr
    intact = run("verify", bundle, "--json")
    assert intact.returncode == 0
    assert json.loads(intact.stdout)["incident"] == incident
    assert "choose another" in refused(1, "export", incident, "-o", bundle, "--data", data)
    touched = bytearray(bundle.read_bytes())
    touched[len(touched) // 2] ^= 1
    bundle.write_bytes(touched)
    broken = run("verify", bundle)
    assert broken.returncode == 1
    assert "NOT intact" in broken.stderr


def test_a_recording_of_before_is_judged_by_the_site_file_given_today_and_that_is_said(
    lines, analyze, lot, data, tmp_path, weights_dir
):
    changed = tmp_path / "changed.yaml"
    changed.write_text(DEMO_SITE.read_text(encoding="utf-8").replace("dwell_s: 5", "dwell_s: 15"), encoding="utf-8")
    words = ("analyze", lot, "--site", changed, "--camera", "lot-1", "--start", START, "--data", data, "--json")
    result = run(*words, WEIGHTS=str(weights_dir))
    assert result.stderr.startswith("lot-bays: came into force after this recording was made")
    *incidents, _ = [json.loads(line) for line in result.stdout.splitlines()]
    assert 0 < len(incidents) < len(lines) - 1, "who stood for five seconds and not for fifteen is no longer there"
    assert all(each["confirmed_s"] >= 15 for each in incidents)
