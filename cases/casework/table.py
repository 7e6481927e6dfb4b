"""The lifecycle of a case file as a table: which step leads where, in the simple and in the ordinary procedure.

Pure. Sources: 行政处罚法 (2021) art. 51-53 (simple), 54-62 (ordinary), 57 (what may be decided), 58 (legal review),
44-45 (telling and hearing), 61 (service), 66-73 (performance, enforcement). What has to be there before a step is in
cases/casework/gates.py; whose turn it is, by approval, in cases/casework/approvals.py.
"""

from models.enums import FileAct, FileState, Procedure, Role

(
    REGISTERED,
    NOT_FILED,
    FILED,
    INVESTIGATED,
    REVIEWED,
    NOTICED,
    HEARD,
    DECIDED,
    SPARED,
    SERVED,
    PERFORMED,
    ENFORCING,
    CLOSED,
    ARCHIVED,
    WITHDRAWN,
    TRANSFERRED,
    REVOKED,
) = FileState

Steps = dict[tuple[FileState, FileAct], FileState]

# from the decision on both procedures go the same way
_AFTERWARDS: Steps = {
    (DECIDED, FileAct.SERVE): SERVED,
    (SPARED, FileAct.SERVE): SERVED,
    (SERVED, FileAct.PERFORM): PERFORMED,
    (SERVED, FileAct.ENFORCE): ENFORCING,
    (SERVED, FileAct.CLOSE): CLOSED,  # where there is nothing to perform
    (ENFORCING, FileAct.PERFORM): PERFORMED,
    (ENFORCING, FileAct.CLOSE): CLOSED,  # the court ended it
    (PERFORMED, FileAct.CLOSE): CLOSED,
    (DECIDED, FileAct.REVOKE): REVOKED,
    (SPARED, FileAct.REVOKE): REVOKED,
    (SERVED, FileAct.REVOKE): REVOKED,
    (PERFORMED, FileAct.REVOKE): REVOKED,
    (ENFORCING, FileAct.REVOKE): REVOKED,
    (CLOSED, FileAct.REVOKE): REVOKED,
    (CLOSED, FileAct.ARCHIVE): ARCHIVED,
    (NOT_FILED, FileAct.ARCHIVE): ARCHIVED,
    (WITHDRAWN, FileAct.ARCHIVE): ARCHIVED,
    (TRANSFERRED, FileAct.ARCHIVE): ARCHIVED,
    (REVOKED, FileAct.ARCHIVE): ARCHIVED,
}

NEXT: dict[Procedure, Steps] = {
    Procedure.ORDINARY: {
        (REGISTERED, FileAct.FILE): FILED,
        (REGISTERED, FileAct.REFUSE_FILING): NOT_FILED,
        (REGISTERED, FileAct.TRANSFER): TRANSFERRED,
        (FILED, FileAct.END_INVESTIGATION): INVESTIGATED,
        (FILED, FileAct.WITHDRAW): WITHDRAWN,
        (FILED, FileAct.TRANSFER): TRANSFERRED,
        (INVESTIGATED, FileAct.PASS_LEGAL_REVIEW): REVIEWED,
        (INVESTIGATED, FileAct.FAIL_LEGAL_REVIEW): FILED,
        (INVESTIGATED, FileAct.NOTIFY): NOTICED,  # where no legal review is due
        (INVESTIGATED, FileAct.SPARE): SPARED,
        (INVESTIGATED, FileAct.REOPEN): FILED,
        (INVESTIGATED, FileAct.WITHDRAW): WITHDRAWN,
        (INVESTIGATED, FileAct.TRANSFER): TRANSFERRED,
        (REVIEWED, FileAct.NOTIFY): NOTICED,
        (REVIEWED, FileAct.SPARE): SPARED,
        (REVIEWED, FileAct.REOPEN): FILED,
        (REVIEWED, FileAct.WITHDRAW): WITHDRAWN,
        (NOTICED, FileAct.HEAR): HEARD,
        (NOTICED, FileAct.REOPEN): FILED,
        (NOTICED, FileAct.WITHDRAW): WITHDRAWN,
        (HEARD, FileAct.PASS_LEGAL_REVIEW): HEARD,  # after a hearing it is due again
        (HEARD, FileAct.FAIL_LEGAL_REVIEW): FILED,
        (HEARD, FileAct.DECIDE): DECIDED,
        (HEARD, FileAct.SPARE): SPARED,
        (HEARD, FileAct.REOPEN): FILED,
        (HEARD, FileAct.WITHDRAW): WITHDRAWN,
        **_AFTERWARDS,
    },
    Procedure.SIMPLE: {
        (REGISTERED, FileAct.NOTIFY): NOTICED,  # told on the spot
        (REGISTERED, FileAct.MAKE_ORDINARY): REGISTERED,
        (REGISTERED, FileAct.REFUSE_FILING): NOT_FILED,
        (NOTICED, FileAct.HEAR): HEARD,
        (NOTICED, FileAct.MAKE_ORDINARY): REGISTERED,
        (HEARD, FileAct.DECIDE): DECIDED,
        (HEARD, FileAct.SPARE): SPARED,
        (HEARD, FileAct.MAKE_ORDINARY): REGISTERED,
        **_AFTERWARDS,
    },
}

STEPS = frozenset(step for table in NEXT.values() for _, step in table) | {FileAct.REGISTER}
NOTES = frozenset(FileAct) - STEPS
ENDED = frozenset({NOT_FILED, CLOSED, ARCHIVED, WITHDRAWN, TRANSFERRED, REVOKED})

_OFFICER = frozenset({Role.OFFICER})
_LEGAL = frozenset({Role.LEGAL_REVIEWER})

# who asks for a step; who has to agree to it before it is taken is the chain's (cases/casework/chains.toml)
MAY_TAKE: dict[FileAct, frozenset[Role]] = {
    FileAct.REGISTER: _OFFICER,
    FileAct.FILE: _OFFICER,
    FileAct.REFUSE_FILING: _OFFICER,
    FileAct.MAKE_ORDINARY: _OFFICER,
    FileAct.END_INVESTIGATION: _OFFICER,
    FileAct.PASS_LEGAL_REVIEW: _LEGAL,
    FileAct.FAIL_LEGAL_REVIEW: _LEGAL,
    FileAct.NOTIFY: _OFFICER,
    FileAct.HEAR: _OFFICER,
    FileAct.REOPEN: _OFFICER | _LEGAL,
    FileAct.DECIDE: _OFFICER,
    FileAct.SPARE: _OFFICER,
    FileAct.SERVE: _OFFICER,
    FileAct.PERFORM: _OFFICER,
    FileAct.ENFORCE: _OFFICER,
    FileAct.CLOSE: _OFFICER,
    FileAct.ARCHIVE: _OFFICER,
    FileAct.WITHDRAW: _OFFICER,
    FileAct.TRANSFER: _OFFICER,
    FileAct.REVOKE: frozenset({Role.LEADER}),
}


def next_state(procedure: Procedure, state: FileState, step: FileAct) -> FileState | None:
    """Where the step leads; None: it is not in the table."""
    return NEXT[procedure].get((state, step))


def steps_from(procedure: Procedure, state: FileState) -> tuple[FileAct, ...]:
    """What may follow, in the order of the table."""
    return tuple(step for (before, step) in NEXT[procedure] if before is state)
