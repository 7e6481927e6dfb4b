"""How a command answers: its exit status, the one line for what cannot be, and what every command is given.

Exit status 0 done, 1 "no", 2 misuse. Nothing heavy is imported here: `--help` and `verify` start at once.
"""

import functools
import getpass
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec, TypeVar

import typer

from streetwitness.errors import Misuse, StartError

if TYPE_CHECKING:
    from streetwitness.settings import Settings

P = ParamSpec("P")
R = TypeVar("R")

NO, MISUSE = 1, 2

DataOption = Annotated[
    Path | None, typer.Option("--data", help="The data folder; default: STREETWITNESS_DATA_DIR, or the user's own.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="For scripts.")]


def _sentence_of(error: Exception) -> str | None:
    """What to tell a person, for the errors that are answers; None for a fault of the program."""
    from cases.errors import CaseError
    from detectors.errors import DetectorError
    from evidence.errors import EvidenceError
    from ingest.errors import AnalysisCalledOff, IngestError
    from models.personal_data import PersonalDataError
    from notify.errors import NotifyError

    ours = (
        StartError
        | CaseError
        | DetectorError
        | EvidenceError
        | IngestError
        | AnalysisCalledOff
        | NotifyError
        | PersonalDataError
    )
    if isinstance(error, ours):
        return str(error)
    database = sys.modules.get("sqlalchemy.exc")  # where it was never imported, it cannot have raised anything
    # exactly these two: a broken constraint is a fault of ours
    if database is not None and type(error) in (database.OperationalError, database.DatabaseError):
        first = str(getattr(error, "orig", error)).strip().splitlines()[0]
        return f"the database does not answer as it should ({first}); look with `streetwitness doctor`"
    if isinstance(error, OSError):
        return f"{error.filename or 'the system'}: {error.strerror}; check the path, its rights and the room left"
    return None


def answers(command: Callable[P, R]) -> Callable[P, R]:
    """Errors that are answers become a line and a status; anything else is a fault of ours and shows its traceback."""

    @functools.wraps(command)
    def answered(*arguments: P.args, **options: P.kwargs) -> R:
        try:
            return command(*arguments, **options)
        except typer.Exit:
            raise
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read us has enough
            raise typer.Exit(NO) from None
        except KeyboardInterrupt:
            typer.echo("stopped", err=True)
            raise typer.Exit(130) from None
        except Exception as error:
            sentence = _sentence_of(error)
            if sentence is None:
                raise
            typer.echo(sentence, err=True)
            raise typer.Exit(MISUSE if isinstance(error, Misuse) else NO) from error

    return answered


def given_settings(**given: Any) -> "Settings":
    from streetwitness.settings import load_settings

    return load_settings(**given)


def utc_now() -> datetime:
    return datetime.now(UTC)


def actor() -> str:
    """Who typed the command: the name on the machine."""
    return getpass.getuser()
