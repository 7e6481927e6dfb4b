"""The draft at work: edited beside the evidence by who may decide, read by a second person, on paper in two forms."""

import re

import httpx
import pypdfium2
import pytest
from sqlalchemy import select

from cases import accounts
from cases.draft_content import DraftContent
from models.database import reading, transaction
from models.enums import CustodyAct, IncidentState, Role
from models.exhibits import CustodyEvent
from models.incidents import DraftCase
from models.second_reviews import SecondReview
from tests.review_ui.conftest import PASSWORD, RunningDesk, token_in
from tests.rows import NOON


def drafts(desk: RunningDesk) -> list[DraftContent]:
    with reading(desk.database.sessions) as session:
        rows = session.scalars(select(DraftCase).order_by(DraftCase.version))
        return [DraftContent.model_validate(row.content) for row in rows]


def drafting(browser: httpx.Client, desk: RunningDesk, **form: object) -> httpx.Response:
    place = f"/incidents/{desk.incident_id}/drafting"
    token = token_in(browser.get(place).text)
    return browser.post(place, data={"csrf_token": token, "version": "1"} | form)


def second(browser: httpx.Client, desk: RunningDesk, verdict: str, **form: str) -> httpx.Response:
    token = token_in(browser.get(f"/incidents/{desk.incident_id}/drafting").text)
    return browser.post(
        f"/incidents/{desk.incident_id}/second-review",
        data={"csrf_token": token, "verdict": verdict, "reason": "与证据相符", "no_stake": "true"} | form,
    )


def accept(browser: httpx.Client, desk: RunningDesk) -> None:
    token = token_in(browser.get(f"/incidents/{desk.incident_id}").text)
    form = {"csrf_token": token, "decision": "accept", "reason": "清楚", "draft_version": str(len(drafts(desk)))}
    points = {"points": ["true", "clear", "complete", "accurate"]}
    assert browser.post(f"/incidents/{desk.incident_id}/decision", data=form | points).status_code == 303
    assert desk.state() is IncidentState.ACCEPTED


def add_colleague(desk: RunningDesk, name: str, role: Role) -> None:
    with transaction(desk.database.sessions) as session:
        accounts.add_user(session, name=name, display_name=name, password=PASSWORD, role=role, at=NOON)


def test_every_sentence_stands_there_with_what_carries_it(desk: RunningDesk) -> None:
    page = desk.signed_in().get(f"/incidents/{desk.incident_id}/drafting").text
    (draft,) = drafts(desk)
    assert len(re.findall(r'name="text-\d+"', page)) == len(draft.statements)
    for statement in draft.statements:
        for pointer in statement.pointers:
            assert str(pointer.label.en).replace("'", "&#39;") in page


def test_what_is_changed_is_a_new_version_and_what_is_not_stays(desk: RunningDesk) -> None:
    browser = desk.signed_in()
    (before,) = drafts(desk)
    unchanged = {f"text-{number}": one.text.en for number, one in enumerate(before.statements, start=1)}
    carried_by = f"exhibit/{before.exhibits[0].id}"
    done = drafting(
        browser,
        desk,
        **unchanged
        | {
            "text-1": "The plate could not be read.",
            "leave-2": "yes",
            "why-2": "not to be seen",
            "section": "where",
            "added": "It stands on the  paving for the blind.",
            "carried_by": carried_by,
        },
    )
    assert done.status_code == 303
    _, after = drafts(desk)
    assert after.statements[0].text.en == "The plate could not be read."
    assert after.statements[1] == before.statements[2]
    (added,) = [one for one in after.statements if one.code == "added"]
    assert (added.text.zh, added.by) == ("It stands on the paving for the blind.", "李娜")
    assert [each for each in after.statements if each.by is None] == [
        each for each in before.statements[2:] if each not in (before.statements[0], before.statements[1])
    ]
    page = browser.get(f"/incidents/{desk.incident_id}/drafting").text
    assert "edited by li.na from version 1" in page


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({}, "Nothing was changed."),
        ({"added": "They were rude.", "section": "what"}, "Choose what carries the new sentence"),
        ({"leave-1": "yes"}, "needs its reason"),
        ({"text-1": "x", "version": "7"}, "Version 7 is not the newest draft any more. Read version 1"),
        ({"text-1": "a" * 1001}, "this one has 1001"),
    ],
)
def test_a_refusal_is_a_sentence_and_what_was_typed_is_still_there(
    desk: RunningDesk, form: dict[str, str], says: str
) -> None:
    refused = drafting(desk.signed_in(), desk, **form)
    assert refused.status_code == 409
    assert says in refused.text
    assert form.get("added", "") in refused.text
    assert len(drafts(desk)) == 1


def test_who_may_not_decide_reads_and_does_not_edit(desk: RunningDesk) -> None:
    add_colleague(desk, "horn", Role.OPERATOR)
    browser = desk.signed_in("horn")
    page = browser.get(f"/incidents/{desk.incident_id}/drafting")
    assert page.status_code == 200
    assert "<textarea" not in page.text
    refused = browser.post(
        f"/incidents/{desk.incident_id}/drafting",
        data={"csrf_token": token_in(page.text), "version": "1", "text-1": "x"},
    )
    assert refused.status_code == 403
    assert len(drafts(desk)) == 1


def test_without_a_reason_to_look_there_is_no_draft(desk: RunningDesk) -> None:
    browser = desk.signed_in(looking=False)
    assert browser.get(f"/incidents/{desk.incident_id}/drafting").status_code == 403


def test_an_accepted_case_is_read_by_another_person(desk: RunningDesk) -> None:
    first = desk.signed_in()
    accept(first, desk)
    page = first.get(f"/incidents/{desk.incident_id}/drafting").text
    assert "You accepted it yourself." in page
    assert "<textarea" not in page
    refused = second(first, desk, "agrees")
    assert refused.status_code == 409
    assert "You accepted it yourself." in refused.text

    add_colleague(desk, "wang.qiang", Role.OFFICER)
    other = desk.signed_in("wang.qiang")
    assert "李娜 accepted this case" in other.get(f"/incidents/{desk.incident_id}/drafting").text
    undeclared = second(other, desk, "agrees", no_stake="false", reason="agreed by me")
    assert undeclared.status_code == 409
    assert "Say that you have no interest" in undeclared.text
    assert "agreed by me" in undeclared.text
    assert second(other, desk, "agrees").status_code == 303
    with reading(desk.database.sessions) as session:
        assert len(session.scalars(select(SecondReview)).all()) == 1
    assert "There is nothing to review a second time" in second(other, desk, "refuses").text
    assert desk.state() is IncidentState.ACCEPTED


def test_a_refusal_returns_it(desk: RunningDesk) -> None:
    accept(desk.signed_in(), desk)
    add_colleague(desk, "wang.qiang", Role.OFFICER)
    assert second(desk.signed_in("wang.qiang"), desk, "refuses").status_code == 303
    assert desk.state() is IncidentState.RETURNED


def test_a_monitor_is_no_second_reviewer(desk: RunningDesk) -> None:
    accept(desk.signed_in(), desk)
    add_colleague(desk, "xiao.wu", Role.MONITOR)
    browser = desk.signed_in("xiao.wu")
    page = browser.get(f"/incidents/{desk.incident_id}/drafting").text
    assert "Your role does not review a second time." in page
    assert second(browser, desk, "agrees").status_code == 403


def test_the_pdf_leaves_the_desk_with_an_entry_of_custody(desk: RunningDesk) -> None:
    answer = desk.signed_in().get(f"/incidents/{desk.incident_id}/draft.pdf")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    paper = pypdfium2.PdfDocument(answer.content)
    assert "Draft case" in paper[0].get_textpage().get_text_bounded()
    paper.close()
    with reading(desk.database.sessions) as session:
        (printed,) = session.scalars(select(CustodyEvent).where(CustodyEvent.act == CustodyAct.PRINTED))
    assert f"draft-{desk.incident_id}-v1-en.pdf" in printed.reason
