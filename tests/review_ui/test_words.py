"""Every word on a page comes from the catalogs, and both catalogs say the same things."""

import inspect
import re
import string
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType

import pytest

from cases import accounts, api_tokens, camera_settings, hooks, passwords, speaking
from cases.casework import proposal
from cases.entitlements import Right
from cases.grounds import Choice
from cases.happenings import Happened
from cases.languages import LANGUAGES
from cases.law import catalogue
from cases.law.errors import LawFileRefused
from cases.papers import documents, matter, number_forms, officer_keys, registry, signature_images, signing
from cases.papers.kinds import Need, Place
from evidence.retention import Reason
from models.enums import (
    AccountAct,
    Act,
    AnnouncementState,
    AreaLevel,
    CameraState,
    ClockMeasure,
    ClockSource,
    CustodyAct,
    ExhibitKind,
    ExhibitMoment,
    FootageRequestState,
    Ground,
    HookAct,
    IncidentState,
    LawAct,
    LawEditionState,
    NoticeStatus,
    Offence,
    OutboxState,
    PaperKind,
    RecordingState,
    Role,
    SheetKind,
    SheetState,
    SightingKind,
    TrackSource,
    UploadState,
)
from notify.messages import KINDS
from notify.outbox import FOR_HOOKS, SPOKEN
from review_ui import file_overview, paper_pages, proposal_pages, recording_pages, registry_pages, request_pages
from review_ui.catalog import choose_language, load
from review_ui.desk import TEMPLATES
from review_ui.incident_pages import MARKS, POINTS
from review_ui.looking import Purpose

READ_ALOUD = {"alt", "title", "aria-label", "placeholder", "value"}
PAPERS = (
    documents,
    matter,
    number_forms,
    officer_keys,
    registry,
    signature_images,
    signing,
    paper_pages,
    registry_pages,
)
PAGES = sorted(TEMPLATES.glob("*.html"))


class LiteralText(HTMLParser):
    """Collects what a visitor would read of a template that does not come out of an expression."""

    def __init__(self) -> None:
        super().__init__()
        self.silent = 0
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in {"script", "style"}
        self.found += [value for name, value in attrs if name in READ_ALOUD and value and is_words(value)]

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in {"script", "style"}

    def handle_data(self, data: str) -> None:
        if not self.silent and is_words(data):
            self.found.append(data.strip())


def is_words(text: str) -> bool:
    """Ctrl stands on keyboards and sha256: before digests, whatever the language."""
    return bool(re.search(r"[a-z]{2}|[\u4e00-\u9fff]", re.sub("Ctrl|sha256:", "", text), re.IGNORECASE))


def literal_text(template: str) -> list[str]:
    parser = LiteralText()
    parser.feed(re.sub(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", " ", template, flags=re.DOTALL))
    return parser.found


def test_both_languages_have_the_same_keys_with_the_same_places() -> None:
    zh, en = (load(language).sentences for language in ("zh", "en"))
    assert zh.keys() == en.keys()
    for key in zh:
        places = [sorted(name for _, name, _, _ in string.Formatter().parse(text[key]) if name) for text in (zh, en)]
        assert places[0] == places[1], key


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_template_says_anything_of_its_own(page: Path) -> None:
    assert literal_text(page.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "template",
    ["<p>Hello {{ name }}</p>", "<p>{{ name }} 你好</p>", '<img alt="A street">'],
    ids=["english", "chinese", "read_aloud"],
)
def test_the_check_finds_text_that_is_not_from_a_catalog(template: str) -> None:
    assert literal_text(template)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_template_needs_what_the_content_policy_forbids(page: Path) -> None:
    text = page.read_text("utf-8")
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", text)
    assert all(" src=" in script for script in re.findall(r"<script[^>]*>", text))


def whys(refusal: str, *modules: ModuleType) -> set[str]:
    """The keys that these modules raise the refusal with."""
    found = {why for module in modules for why in re.findall(rf'{refusal}\(\s*"(\w+)"', inspect.getsource(module))}
    assert found
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_key_a_template_names_and_every_word_of_the_enums_is_in_the_catalog(language: str) -> None:
    sentences = load("zh" if language == "zh" else "en").sentences
    named = {key for page in PAGES for key in re.findall(r"""\bt\(["']([\w.]+)["'][,)]""", page.read_text("utf-8"))}
    enums = {
        "state": IncidentState,
        "offence": Offence,
        "role": Role,
        "moment": ExhibitMoment,
        "kind": ExhibitKind,
        "sighting": SightingKind,
        "act": Act,
        "decision": Choice,
        "ground": Ground,
        "happened": Happened,
        "happened_sign": Happened,
        "custody": CustodyAct,
        "camera_state": CameraState,
        "clock_measure": ClockMeasure,
        "kept": Reason,
        "looking": Purpose,
        "outbox_state": OutboxState,
        "notice_status": NoticeStatus,
        "announcement_state": AnnouncementState,
        "upload_state": UploadState,
        "recording_state": RecordingState,
        "clock_source": ClockSource,
        "track_source": TrackSource,
        "footage_request_state": FootageRequestState,
        "account_act": AccountAct,
        "hook_act": HookAct,
        "area_level": AreaLevel,
        "right": Right,
        "law_edition_state": LawEditionState,
        "law_act": LawAct,
        "paper_kind": PaperKind,
        "paper_need": Need,
        "paper_place": Place,
        "sheet_kind": SheetKind,
        "sheet_state": SheetState,
    }
    worded = {f"{table}.{word.value}" for table, words in enums.items() for word in words}
    worded |= {f"message_kind.{kind}" for kind in (*KINDS, *SPOKEN, *FOR_HOOKS)}
    worded |= {f"loudspeakers.refused.{why}" for why in speaking.REFUSALS}
    worded |= {f"recording.refused.{why}" for why in recording_pages.REFUSALS}
    worded |= {f"footage_requests.refused.{why}" for why in request_pages.REFUSALS}
    worded |= {f"account_refused.{why}" for why in whys("AccountRefused", accounts, api_tokens)} - {
        "account_refused.unknown"
    }
    worded |= {f"hook_refused.{why}" for why in whys("HookRefused", hooks)} - {"hook_refused.unknown"}
    worded |= {f"camera_refused.{why}" for why in whys("CameraChangeRefused", camera_settings)}
    worded |= {f"password_refused.{why}" for why in whys("PasswordRefused", accounts, passwords)}
    worded |= {f"law.refused.{why}" for why in whys("LawRefused", catalogue)} | {f"law.refused.{LawFileRefused.why}"}
    worded |= {f"file_refused.{why}" for why in whys("FileRefused", proposal, proposal_pages)}
    worded |= {f"file_refused.{why}" for why in ("no_warning_here", "outside_the_limits", "below_the_limits")}
    worded |= {f"file_refused.{why}" for why in whys("PaperRefused", *PAPERS)}
    worded |= {f"file_refused.lacks_{need.value}" for need in Need}
    worded |= {f"file_refused.{why}" for why in ("template_refused", "site_data_unusable", "paper_damaged")}
    worded |= {f"proposal.same.{word}" for word in ("band", "circumstances", "place", "area", "hour", "source")}
    worded |= {f"file_noted.{what}" for what in file_overview.NOTED}
    worded |= {f"mark.{mark}" for mark in MARKS} | {f"point.{point}" for point in POINTS}
    assert len(named) > 50
    assert named | worded <= sentences.keys()


@pytest.mark.parametrize(
    ("chosen", "accepted", "expected"),
    [
        (None, "", "zh"),
        (None, "en-GB,en;q=0.9,zh;q=0.8", "en"),
        (None, "de, en;q=0.3, zh;q=0.7", "zh"),
        ("en", "zh-CN", "en"),
        ("fr", "fr-FR", "zh"),
        (None, "en;q=0", "zh"),
        (None, "en;q=lots, ;;,", "zh"),
    ],
    ids=["says_nothing", "first_wish", "best_offered", "chosen_on_the_page", "not_offered", "refused", "unreadable"],
)
def test_language_is_the_chosen_one_then_the_best_wish_then_the_first(
    chosen: str | None, accepted: str, expected: str
) -> None:
    assert choose_language(("zh", "en"), chosen, accepted) == expected


def test_durations_are_said_in_their_two_largest_units() -> None:
    english = load("en")
    assert [english.duration(s) for s in (0, 59.4, 60, 3599, 3600, 7384)] == [
        "0 s",
        "59 s",
        "1 min 0 s",
        "59 min 59 s",
        "1 h 0 min",
        "2 h 3 min",
    ]
