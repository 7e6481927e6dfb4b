"""What can go wrong with evidence. Each message says what to do next."""

from pathlib import Path


class EvidenceError(Exception):
    """Something about evidence does not hold, or could not be kept."""


class VaultError(EvidenceError):
    """The vault could not take, keep or give back an object."""


class VaultFull(VaultError):
    def __init__(self, path: Path, doing: str) -> None:
        super().__init__(f"{path}: no room left to {doing}; free space or move the vault, nothing half-written stays")
        self.path = path


class VaultFailed(VaultError):
    def __init__(self, path: Path, doing: str, why: str) -> None:
        super().__init__(f"{path}: could not {doing}: {why}; check the disk and its rights, then try again")
        self.path = path


class NothingToSeal(VaultError):
    def __init__(self, path: Path) -> None:
        super().__init__(f"{path.name}: an exhibit of no bytes proves nothing; look at what should have written it")
        self.path = path


class NotPending(VaultError):
    def __init__(self, path: Path) -> None:
        super().__init__(f"{path.name}: not waiting in this vault; take it again before it is kept")
        self.path = path


class NoObjectName(VaultError):
    def __init__(self, root: Path, name: str) -> None:
        super().__init__(f"{root}: {name!r} does not name an object; move what is not ours out of the vault")
        self.root, self.name = root, name


class ExhibitMissing(EvidenceError):
    def __init__(self, path: Path, sha256: str) -> None:
        super().__init__(f"{path}: the vault does not hold sha256:{sha256}; restore it from a backup")
        self.path, self.sha256 = path, sha256


class DigestMismatch(EvidenceError):
    def __init__(self, path: Path, expected: str, actual: str) -> None:
        super().__init__(
            f"{path}: recorded as sha256:{expected}, the bytes are sha256:{actual}; keep both, restore it from a backup"
        )
        self.path, self.expected, self.actual = path, expected, actual


class NoSuchIncident(EvidenceError):
    def __init__(self, incident: object) -> None:
        super().__init__(f"there is no incident {incident}; the queue lists those there are")


class CustodyBroken(EvidenceError):
    def __init__(self, incident: object, what: str) -> None:
        super().__init__(
            f"the custody record of incident {incident} does not hold: {what}; do not hand this out, "
            "find out who wrote to the database"
        )
        self.what = what


class ExportFailed(EvidenceError):
    def __init__(self, out: Path, why: str) -> None:
        super().__init__(f"{out}: the bundle could not be written: {why}")
        self.out = out


class NotCanonical(EvidenceError):
    """A value that canonical JSON (RFC 8785) cannot hold, or text that is not in that form."""


class NotABundle(EvidenceError):
    def __init__(self, path: Path, why: str) -> None:
        super().__init__(
            f"{path}: not a bundle: {why}; expected the ZIP that `streetwitness export` wrote, or its folder"
        )
        self.path = path


class NotReadable(EvidenceError):
    """A file of a bundle that cannot be read, or should not be: broken, encrypted, or far larger than it claims."""
