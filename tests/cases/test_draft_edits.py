"""Drafts edited by people: a new version each time, and no sentence without something that carries it."""

import uuid
from pathlib import Path

import pytest
from sqlalchemy import select

from cases import claims, draft_edits, review
from cases.draft_content import DraftContent
from cases.draft_documents import render_html
from cases.draft_edits import Add, Change, LeaveOut, SayOtherwise, edited, named, pointers_of
from cases.errors import DecisionRefused, DraftEditRefused, InHandOfAnother, TransitionRefused
from models.database import reading, transaction
from models.enums import Act, Decision
from models.incidents import CaseEvent, DraftCase
from models.people import User
from tests import rows
from tests.cases.parked_van import later
from tests.cases.test_review import ALL_FOUR, decide, drafted
from tests.conftest import Database


def drafts(database: Database) -> list[DraftCase]:
    with reading(database.sessions) as session:
        return list(session.scalars(select(DraftCase).order_by(DraftCase.version)))


def content_of(draft: DraftCase) -> DraftContent:
    return DraftContent.model_validate(draft.content)


def edit(database: Database, incident_id: uuid.UUID, user: User, *changes: Change, version: int = 1) -> None:
    with transaction(database.sessions) as session:
        draft_edits.edit(session, incident_id, changes, user=user, draft_version=version, at=later(3))


def test_a_sentence_said_otherwise_is_a_new_version_that_keeps_what_carries_it(
    database: Database, tmp_path: Path
) -> None:
    incident_id, user = drafted(database, tmp_path)
    edit(database, incident_id, user, SayOtherwise(2, "  该车为白色厢式货车。 "))
    first, second = drafts(database)
    before, after = content_of(first).statements[1], content_of(second).statements[1]
    assert (second.version, second.edited_by, second.edited_from) == (2, "li.na", 1)
    assert (after.text.zh, after.text.en, after.by) == ("该车为白色厢式货车。", "该车为白色厢式货车。", "李娜")
    assert after.pointers == before.pointers
    assert [one for one in content_of(second).statements if one.by] == [after]
    assert "表述：李娜" in render_html(second.content, "zh")
    with reading(database.sessions) as session:
        event = session.scalars(select(CaseEvent).order_by(CaseEvent.seq.desc()).limit(1)).one()
    assert (event.act, event.actor, event.from_state) == (Act.DRAFT_EDITED, "li.na", event.to_state)
    changes = [{"number": 2, "said_otherwise": "该车为白色厢式货车。"}]
    assert event.facts == {"version": 2, "from": 1, "changes": changes}


def test_what_is_added_stands_in_its_section_with_what_carries_it(database: Database, tmp_path: Path) -> None:
    incident_id, user = drafted(database, tmp_path)
    draft = content_of(drafts(database)[0])
    carried_by = next(name for name in pointers_of(draft) if name.startswith("exhibit/"))
    edit(database, incident_id, user, Add("where", "车辆压住盲道。", (carried_by,)), LeaveOut(2, "照片中看不清车型"))
    after = content_of(drafts(database)[1]).statements
    (added,) = [one for one in after if one.code == draft_edits.ADDED]
    assert [named(pointer) for pointer in added.pointers] == [carried_by]
    assert after[after.index(added) - 1].section == "where"
    assert after[after.index(added) + 1].section == "when"
    assert len(after) == len(draft.statements)
    assert draft.statements[1] not in after


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ([], "unchanged"),
        ([SayOtherwise(99, "x")], "no such sentence"),
        ([SayOtherwise(0, "x")], "no such sentence"),
        ([SayOtherwise(1, "x"), LeaveOut(1, "y")], "no such sentence"),
        ([SayOtherwise(1, "  ")], "length .most 1000, here 0"),
        ([SayOtherwise(1, "长" * 1001)], "here 1001"),
        ([SayOtherwise(1, "a\nb")], "unprintable"),
        ([SayOtherwise(1, "gpj.\u202eexe")], "unprintable"),
        ([LeaveOut(1, " ")], "no reason"),
        ([Add("what", "车主态度恶劣。", ())], "nothing carries"),
        ([Add("what", "车主态度恶劣。", ("exhibit/of another case",))], "nothing carries"),
        ([LeaveOut(number, "不需要") for number in range(1, 16)], "nothing left"),
    ],
)
def test_what_is_not_carried_or_cannot_be_printed_is_refused(
    sqlite_database: Database, tmp_path: Path, changes: list[Change], says: str
) -> None:
    drafted(sqlite_database, tmp_path)
    (draft,) = drafts(sqlite_database)
    with pytest.raises(DraftEditRefused, match=says):
        edited(content_of(draft), changes, by="李娜")


def test_who_read_an_older_version_reads_the_newer_first(database: Database, tmp_path: Path) -> None:
    incident_id, user = drafted(database, tmp_path)
    edit(database, incident_id, user, SayOtherwise(1, "第一次修改。"))
    with pytest.raises(DraftEditRefused, match=r"newer draft .read 1, newest 2"):
        edit(database, incident_id, user, SayOtherwise(1, "第二次修改。"))
    with pytest.raises(DecisionRefused, match="read version 2"):
        decide(database, incident_id, user, Decision.ACCEPT, draft_version=1)
    assert len(drafts(database)) == 2


def test_what_somebody_else_has_in_hand_is_not_edited(database: Database, tmp_path: Path) -> None:
    incident_id, user = drafted(database, tmp_path)
    with transaction(database.sessions) as session:
        claims.take(session, incident_id, rows.add_user(session, "wang.qiang"), at=later(2))
    with pytest.raises(InHandOfAnother):
        edit(database, incident_id, user, SayOtherwise(1, "修改。"))
    assert len(drafts(database)) == 1


def test_a_decided_case_is_not_edited(database: Database, tmp_path: Path) -> None:
    incident_id, user = drafted(database, tmp_path)
    with transaction(database.sessions) as session:
        review.decide(
            session, incident_id, user=user, decision=Decision.ACCEPT, reason="清楚", four_points=ALL_FOUR, at=later(1)
        )
    with pytest.raises(TransitionRefused):
        edit(database, incident_id, user, SayOtherwise(1, "修改。"))
