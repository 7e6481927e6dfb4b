"""Derivatives of what somebody handed in: decoded and made in a process of its own, which can harm nobody.

A clip cut from an upload holds the upload's own packets, so whoever decodes it opens what nobody vouches for.
`derive_confined` brings the originals to this machine, starts the process and judges how it ended;
`python -m streetwitness.confined_derivation CPU_S ID` is that process.
"""

import logging
import resource
import signal
import subprocess
import sys
import sysconfig
import tempfile
import uuid
from pathlib import Path

from sqlalchemy import exists, select, text

from detectors.errors import DetectorError
from evidence.at_hand import AtHand
from evidence.derivatives import requests
from evidence.errors import EvidenceError
from evidence.vault import Vault
from ingest.confinement import Limits, confine, leave_with_parent
from ingest.derive import derive
from models.database import reading, transaction
from models.derivatives import Derivative
from models.incidents import Incident
from models.uploads import Upload
from streetwitness.analysis import detector_on, weights_of
from streetwitness.confined_analysis import MORE_MEMORY_BYTES, OPEN_FILES, TOO_MUCH_MEMORY, WRITES_AT_LEAST, harm_of
from streetwitness.settings import REPOSITORY, load_settings
from streetwitness.stores import at_hand
from streetwitness.workplace import Workplace, now, opened_workplace

log = logging.getLogger(__name__)

CPU_S, WALL_TIMES_CPU = 1800, 4  # a clip of half a minute, masked, is encoded anew in a few minutes


def is_of_what_was_handed_in(workplace: Workplace, derivative_id: uuid.UUID) -> bool:
    wanted = (
        select(Derivative.id)
        .join(Incident, Incident.id == Derivative.incident_id)
        .where(Derivative.id == derivative_id, exists().where(Upload.recording_id == Incident.recording_id))
    )
    with reading(workplace.sessions) as session:
        return session.scalar(wanted) is not None


def derive_confined(workplace: Workplace, derivative_id: uuid.UUID) -> None:
    """Returns when it has ended, however it did; what the row says then is the answer."""
    try:
        originals = _originals(workplace, derivative_id)
    except EvidenceError as error:  # no room, no network: asked again until there are
        log.error("derivative %s: %s", derivative_id, error)  # noqa: TRY400 - the sentence says it all
        return
    command = [sys.executable, "-m", "streetwitness.confined_derivation", str(CPU_S), str(derivative_id)]
    try:
        status = subprocess.run(  # noqa: S603
            [*command, *map(str, originals)], stdin=subprocess.DEVNULL, timeout=CPU_S * WALL_TIMES_CPU, check=False
        ).returncode
    except subprocess.TimeoutExpired:
        status = -signal.SIGXCPU
    harm = harm_of(status)
    if harm is not None:
        with transaction(workplace.sessions) as session:
            requests.failed(session, derivative_id, harm.replace("its analysis", "making it"))


def _originals(workplace: Workplace, derivative_id: uuid.UUID) -> list[Path]:
    """Where their bytes are on this machine, brought here from the store where they have to be."""
    with reading(workplace.sessions) as session:
        row = requests.find(session, derivative_id)
        exhibits = [] if row is None else requests.originals_of(session, row)
        hand = at_hand(workplace.settings) or AtHand(workplace.data.vault)
        return [hand.path(each.sha256, each.sealed.suffix) for each in exhibits]


def _confine(workplace: Workplace, originals: list[Path], cpu_s: int) -> None:
    taken = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
    database = workplace.data.database
    there = database.stat().st_size if database.exists() else 0
    own = [Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    # fonts, for the words above a picture
    shared = ("/usr/lib", "/usr/share", "/lib", "/proc", "/sys/devices", "/dev", "/etc/fonts")
    confine(
        Limits(taken + MORE_MEMORY_BYTES, cpu_s, OPEN_FILES, there + WRITES_AT_LEAST),
        readable=[*own, *map(Path, shared), REPOSITORY, *originals],
        writable=[workplace.data.root, Path(tempfile.gettempdir()), Path("/dev/null")],
        unix_sockets=True,
    )


def main(cpu_s: int, derivative_id: uuid.UUID, originals: list[Path]) -> None:
    """The process. Its connection to the database stays open: it can open no other that leaves this machine."""
    leave_with_parent()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    with opened_workplace(load_settings()) as workplace, Vault.open(workplace.data.vault) as vault:
        with reading(workplace.sessions) as session:
            session.execute(text("SELECT 1"))
        try:
            detector = detector_on(weights_of(workplace.settings))
            _confine(workplace, originals, cpu_s)
            done = derive(workplace.sessions, vault, derivative_id, detector=lambda: detector, clock=now)
        except MemoryError:
            sys.exit(TOO_MUCH_MEMORY)
        except (EvidenceError, DetectorError) as error:  # no room, no weights: asked again until there are
            log.error("derivative %s: %s", derivative_id, error)  # noqa: TRY400 - the sentence says it all
            return
        if done:
            log.info("derivative %s made", derivative_id)


if __name__ == "__main__":
    main(int(sys.argv[1]), uuid.UUID(sys.argv[2]), [Path(each) for each in sys.argv[3:]])
