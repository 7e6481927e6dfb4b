"""Chains: whose agreement a step needs, and in which order, read from chains.toml.

Checked whole when it is read: a chain nobody could go through is refused at the start and not in the middle of a case.
"""

import tomllib
from functools import cache
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cases.casework.table import NEXT
from cases.entitlements import ROLES, Right
from cases.errors import LawDataUnusable
from models.enums import FileAct, Offence, Procedure, Role

PATH = Path(__file__).parent / "chains.toml"
LONGEST = 6
# 行政处罚法 art. 57: the bureau's leader decides
LEADER_DECIDES = frozenset({FileAct.DECIDE, FileAct.SPARE})


class Chain(BaseModel):
    """offence: None: of any."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    procedure: Procedure
    step: FileAct
    roles: tuple[Role, ...] = Field(min_length=1, max_length=LONGEST)
    offence: Offence | None = None

    @model_validator(mode="after")
    def _can_be_gone_through(self) -> Self:
        where = f"the chain of {self.step.value} in the {self.procedure.value} procedure"
        if self.step not in {step for _, step in NEXT[self.procedure]}:
            raise ValueError(f"{where} is never asked for; name a step of that procedure")
        if self.step is FileAct.REVOKE:
            raise ValueError(f"{where} is refused: a leader revokes alone")
        approvers = ROLES[Right.APPROVE_FILES]
        if wrong := [role.value for role in self.roles if role not in approvers]:
            raise ValueError(f"{where} names {', '.join(wrong)}, who may not approve; name an officer or above")
        if self.procedure is Procedure.ORDINARY and self.step in LEADER_DECIDES and self.roles[-1] is not Role.LEADER:
            raise ValueError(f"{where} has to end with the leader (行政处罚法 art. 57)")
        return self


class _ChainFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    chain: tuple[Chain, ...]

    @model_validator(mode="after")
    def _leader_decides(self) -> Self:
        keys = [(each.procedure, each.step, each.offence) for each in self.chain]
        if len(keys) != len(set(keys)):
            raise ValueError("two chains are for the same procedure, step and offence; merge them")
        for step in LEADER_DECIDES:
            if (Procedure.ORDINARY, step, None) not in keys:
                raise ValueError(f"there is no chain for {step.value} in the ordinary procedure (行政处罚法 art. 57)")
        return self


def chain_for(procedure: Procedure, step: FileAct, offence: Offence | None, path: Path = PATH) -> tuple[Role, ...]:
    """Whose agreement is needed, in order; empty: nobody's. Raises LawDataUnusable."""
    fits = [
        each
        for each in read_chains(path)
        if each.procedure is procedure and each.step is step and each.offence in (None, offence)
    ]
    chosen = max(fits, key=lambda each: each.offence is not None, default=None)
    return chosen.roles if chosen else ()


def chains_of(folder: Path | None) -> Path:
    """The bureau's own chains, `chains.toml` in its folder, or ours. Raises LawDataUnusable for one that is refused."""
    own = None if folder is None else folder / PATH.name
    path = own if own is not None and own.exists() else PATH
    read_chains(path)
    return path


@cache
def read_chains(path: Path = PATH) -> tuple[Chain, ...]:
    """Raises LawDataUnusable, naming what is wrong."""
    try:
        return _ChainFile.model_validate(tomllib.loads(path.read_text("utf-8"))).chain
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise LawDataUnusable(path, str(error)) from error
