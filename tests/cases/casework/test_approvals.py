"""Approvals: each level another person with its role, none of them who asked; the last agreement takes the step."""

import threading
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select

from cases.casework import approvals
from cases.casework.chains import PATH, chain_for, chains_of, read_chains
from cases.casework.errors import FileError, GateUnmet, UnknownApproval
from cases.casework.officers import recuse
from cases.entitlements import Right, scope_of
from cases.errors import LawDataUnusable, NotEntitled
from models.case_files import ApprovalMark, FileEvent
from models.database import reading, transaction
from models.enums import ApprovalState, ApprovalVerdict, FileAct, FileState, Offence, Procedure, Role
from models.papers import NumberedSheet
from tests.cases.casework.case_scene import PEOPLE, REASON, Bureau
from tests.conftest import Database

AGREES, RETURNS = ApprovalVerdict


def asked(bureau: Bureau) -> tuple[uuid.UUID, uuid.UUID]:
    """A matter that an officer wants filed; officer, legal reviewer and leader have to agree."""
    file_id = bureau.register()
    approval_id = bureau.ask(file_id, FileAct.FILE)
    assert approval_id is not None, "three have to agree"
    return file_id, approval_id


def refused(try_it: Callable[[], object]) -> str:
    with pytest.raises(FileError) as caught:
        try_it()
    return caught.value.why


def waits_for(bureau: Bureau, file_id: uuid.UUID) -> set[str]:
    """Whose word is waited for."""
    found = set()
    with reading(bureau.sessions) as session:
        for name in PEOPLE:
            user = bureau.user(session, name)
            try:
                scope = scope_of(user, Right.APPROVE_FILES)
            except NotEntitled:
                continue
            if file_id in {each.file_id for each in approvals.waiting_for(session, user, scope)}:
                found.add(name)
    return found


def test_every_level_is_another_person_and_nobody_goes_before_their_turn(bureau: Bureau) -> None:
    file_id, approval_id = asked(bureau)
    turns = (({"wang", "zhao", "qian"}, "zhao"), ({"sun", "zhou"}, "sun"), ({"wu", "zheng"}, "wu"))
    marked = set()
    for turn, who in turns:
        assert waits_for(bureau, file_id) == turn
        for name in PEOPLE.keys() - turn:
            expected = "asked_it_oneself" if name == "li" else "marked_already" if name in marked else "not_ones_level"
            assert refused(lambda: bureau.mark(approval_id, name)) == expected  # noqa: B023 - runs now
        assert bureau.state(file_id) is FileState.REGISTERED
        bureau.mark(approval_id, who)
        marked.add(who)
    assert bureau.state(file_id) is FileState.FILED
    assert waits_for(bureau, file_id) == set()
    (round_,) = bureau.rounds(file_id)
    assert round_.state is ApprovalState.APPROVED
    assert [each.user.name for each in round_.marks] == ["zhao", "sun", "wu"]
    assert refused(lambda: bureau.mark(approval_id, "zheng")) == "approval_ended"


def test_a_return_ends_the_round_and_it_can_be_asked_for_again(bureau: Bureau) -> None:
    file_id, approval_id = asked(bureau)
    bureau.mark(approval_id, "zhao")
    bureau.mark(approval_id, "sun", RETURNS)
    assert bureau.state(file_id) is FileState.REGISTERED
    assert bureau.rounds(file_id)[0].state is ApprovalState.RETURNED
    bureau.step(file_id, FileAct.FILE, "zhao", "sun", "wu")
    assert bureau.state(file_id) is FileState.FILED
    verdicts = [each.facts["verdict"] for each in bureau.events(file_id) if each.act is FileAct.APPROVAL_MARKED]
    assert verdicts == ["agrees", "returns", "agrees", "agrees", "agrees"]


def test_who_asked_takes_it_back_and_nobody_else_does(bureau: Bureau) -> None:
    file_id, approval_id = asked(bureau)

    def take_back(name: str, reason: str = "事实需要补充") -> None:
        with transaction(bureau.sessions) as session:
            approvals.withdraw(session, approval_id, by=bureau.user(session, name), reason=reason, at=bureau.now)

    assert refused(lambda: take_back("wang")) == "asked_by_another"
    assert refused(lambda: take_back("li", " ")) == "no_reason"
    take_back("li")
    assert refused(lambda: take_back("li")) == "approval_ended"
    assert refused(lambda: bureau.mark(approval_id, "zhao")) == "approval_ended"
    assert [each.state for each in bureau.rounds(file_id)] == [ApprovalState.WITHDRAWN]
    assert bureau.events(file_id)[-1].act is FileAct.APPROVAL_WITHDRAWN


def test_while_one_round_is_open_nothing_else_is_asked_for(bureau: Bureau) -> None:
    file_id, _ = asked(bureau)
    assert refused(lambda: bureau.ask(file_id, FileAct.FILE, by="wang")) == "waits_for_approval"
    assert refused(lambda: bureau.ask(file_id, FileAct.REFUSE_FILING)) == "waits_for_approval"


def test_who_stood_back_approves_nothing_for_good(bureau: Bureau) -> None:
    file_id, approval_id = asked(bureau)
    with transaction(bureau.sessions) as session:
        zhao = bureau.user(session, "zhao")
        recuse(session, file_id, zhao, reason="与当事人是亲戚", by=zhao, at=bureau.now)
    assert waits_for(bureau, file_id) == {"wang", "qian"}
    assert refused(lambda: bureau.mark(approval_id, "zhao")) == "recused"


def test_what_was_all_right_when_it_was_asked_for_is_asked_again_at_the_last_agreement(bureau: Bureau) -> None:
    """The second officer stood back meanwhile: the leader's agreement is refused, and nothing of it remains."""
    file_id = bureau.heard()
    approval_id = bureau.ask(file_id, FileAct.DECIDE, facts=bureau.outcome().as_facts())
    assert approval_id is not None, "three have to agree"
    bureau.mark(approval_id, "zhao")
    bureau.mark(approval_id, "sun")
    with transaction(bureau.sessions) as session:
        wang = bureau.user(session, "wang")
        recuse(
            session,
            file_id,
            wang,
            reason="当事人申请回避",
            by=bureau.user(session, "wu"),
            at=bureau.now,
            party_asked=True,
        )
    before = len(bureau.events(file_id))
    with pytest.raises(GateUnmet) as caught:
        bureau.mark(approval_id, "wu")
    assert [each.code for each in caught.value.unmet] == ["officers_missing"]
    assert "penalty-42" in str(caught.value)
    assert len(bureau.events(file_id)) == before
    assert len(bureau.rounds(file_id)[-1].marks) == 2
    bureau.mark(approval_id, "wu", RETURNS)
    assert bureau.rounds(file_id)[-1].state is ApprovalState.RETURNED


def test_a_role_in_another_district_approves_nothing_here(sqlite_database: Database) -> None:
    bureau = Bureau(sqlite_database.sessions)
    file_id, approval_id = asked(bureau)
    with transaction(bureau.sessions) as session:
        for name in ("wang", "zhao", "qian"):
            for grant in bureau.user(session, name).grants:
                grant.offence = Offence.DUMPING
    assert waits_for(bureau, file_id) == set()
    assert refused(lambda: bureau.mark(approval_id, "zhao")) == "not_ones_level"


def test_an_account_that_is_closed_approves_nothing(sqlite_database: Database) -> None:
    bureau = Bureau(sqlite_database.sessions)
    _, approval_id = asked(bureau)
    with transaction(bureau.sessions) as session:
        bureau.user(session, "zhao").active = False
    assert refused(lambda: bureau.mark(approval_id, "zhao")) == "not_ones_level"


def test_what_is_asked_for_has_a_reason_and_a_word_needs_one(bureau: Bureau) -> None:
    file_id, approval_id = asked(bureau)

    def mark(reason: str) -> None:
        with transaction(bureau.sessions) as session:
            by = bureau.user(session, "zhao")
            approvals.mark(session, approval_id, AGREES, by=by, reason=reason, at=bureau.now)

    assert refused(lambda: mark("  ")) == "no_reason"
    assert refused(lambda: mark("字" * 1001)) == "reason_too_long"
    with pytest.raises(UnknownApproval):
        bureau.mark(uuid.uuid4(), "zhao")
    assert bureau.state(file_id) is FileState.REGISTERED


def test_a_step_carries_what_it_may_and_nothing_else(bureau: Bureau) -> None:
    file_id = bureau.register()
    assert refused(lambda: bureau.ask(file_id, FileAct.TRANSFER)) == "transfer_names_nobody"
    assert refused(lambda: bureau.ask(file_id, FileAct.FILE, facts={"number": "1"})) == "facts_not_of_the_step"
    bureau.step(file_id, FileAct.TRANSFER, "wu", facts={"to": "市场监督管理局"})
    assert bureau.events(file_id)[-1].facts["to"] == "市场监督管理局"


def test_of_two_who_agree_at_once_one_is_the_level_and_of_two_who_ask_one_has_asked(database: Database) -> None:
    bureau = Bureau(database.sessions)
    file_id = bureau.register()
    asked_for = at_once(lambda: bureau.ask(file_id, FileAct.FILE), lambda: bureau.ask(file_id, FileAct.FILE, by="wang"))
    assert asked_for == ["waits_for_approval"]
    (round_,) = bureau.rounds(file_id)
    third = "wang" if round_.asked_by.name == "li" else "li"
    marks = at_once(lambda: bureau.mark(round_.id, third), lambda: bureau.mark(round_.id, "zhao"))
    assert marks == ["not_ones_level"]
    bureau.mark(round_.id, "sun")
    assert at_once(lambda: bureau.mark(round_.id, "wu"), lambda: bureau.mark(round_.id, "zheng")) == ["approval_ended"]
    assert bureau.state(file_id) is FileState.FILED
    with reading(bureau.sessions) as session:
        assert session.scalar(select(func.count()).select_from(NumberedSheet)) == 1
        assert session.scalar(select(func.count()).select_from(ApprovalMark)) == 3
        filed = select(func.count()).select_from(FileEvent).where(FileEvent.act == FileAct.FILE)
        assert session.scalar(filed) == 1


def at_once(*acts: Callable[[], object]) -> list[str]:
    """Why those that were refused were."""
    start, why = threading.Barrier(len(acts)), list[str]()

    def run(act: Callable[[], object]) -> None:
        start.wait()
        try:
            act()
        except FileError as error:
            why.append(error.why)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return why


@pytest.mark.parametrize(
    ("written", "says"),
    [
        pytest.param("roles = []", "at least 1", id="nobody"),
        pytest.param('roles = ["monitor"]', "may not approve", id="one_who_may_not"),
        pytest.param('roles = ["officer"]', "has to end with the leader", id="no_leader_decides"),
        pytest.param('roles = ["leader"]\noffense = "dumping"', "Extra inputs", id="misspelt"),
    ],
)
def test_a_chain_nobody_could_go_through_is_refused_when_it_is_read(tmp_path: Path, written: str, says: str) -> None:
    path = tmp_path / "chains.toml"
    path.write_text(f'[[chain]]\nprocedure = "ordinary"\nstep = "decide"\n{written}\n', "utf-8")
    with pytest.raises(LawDataUnusable, match=says):
        read_chains(path)


def test_a_file_of_chains_without_the_leaders_decision_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "chains.toml"
    path.write_text('[[chain]]\nprocedure = "ordinary"\nstep = "file"\nroles = ["leader"]\n', "utf-8")
    with pytest.raises(LawDataUnusable, match="there is no chain for"):
        read_chains(path)
    twice = '[[chain]]\nprocedure = "simple"\nstep = "spare"\nroles = ["leader"]\n' * 2
    path.with_name("twice.toml").write_text(twice, "utf-8")
    with pytest.raises(LawDataUnusable, match="same procedure, step and offence"):
        read_chains(path.with_name("twice.toml"))
    unasked = '[[chain]]\nprocedure = "simple"\nstep = "file"\nroles = ["leader"]\n'
    path.with_name("unasked.toml").write_text(unasked, "utf-8")
    with pytest.raises(LawDataUnusable, match="never asked for"):
        read_chains(path.with_name("unasked.toml"))


def test_a_bureau_with_chains_of_its_own_goes_through_them(bureau: Bureau, tmp_path: Path) -> None:
    """Four levels for parking, three for the rest; what its file does not name needs nobody."""
    assert chains_of(None) == chains_of(tmp_path) == PATH
    usual, parking = '["officer", "legal_reviewer", "leader"]', '["officer", "officer", "leader", "leader"]'
    roles = {None: usual, "illegal_parking": parking}
    with (tmp_path / "chains.toml").open("w", encoding="utf-8") as file:
        for step in ("decide", "spare", "file"):
            for offence, named in roles.items():
                file.write(f'[[chain]]\nprocedure = "ordinary"\nstep = "{step}"\nroles = {named}\n')
                file.write(f'offence = "{offence}"\n' if offence else "")
    own = chains_of(tmp_path)
    assert chain_for(Procedure.ORDINARY, FileAct.FILE, Offence.DUMPING, own) == (
        Role.OFFICER,
        Role.LEGAL_REVIEWER,
        Role.LEADER,
    )
    assert chain_for(Procedure.ORDINARY, FileAct.CLOSE, None, own) == ()
    file_id = bureau.register()
    with transaction(bureau.sessions) as session:
        by = bureau.user(session, "li")
        asked_for = approvals.ask(session, file_id, FileAct.FILE, by=by, reason=REASON, at=bureau.now, chains=own)
        assert asked_for is not None
        approval_id = asked_for.id
    for name in ("wang", "zhao", "wu"):
        bureau.mark(approval_id, name)
    assert refused(lambda: bureau.mark(approval_id, "wu")) == "marked_already"
    bureau.mark(approval_id, "zheng")
    assert bureau.state(file_id) is FileState.FILED
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "chains.toml").write_text("chain = 3", "utf-8")
    with pytest.raises(LawDataUnusable):
        chains_of(broken)
