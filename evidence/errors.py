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


class SigningKeyFailed(EvidenceError):
    def __init__(self, path: Path, why: str) -> None:
        super().__init__(
            f"{path}: no key to sign with: {why}; restore it, or begin another with `streetwitness log new-key`"
        )
        self.path = path


class NotAKey(EvidenceError):
    """What was given as a public key to check with is none; give the site's key in PEM."""


class TokenRefused(EvidenceError):
    """A timestamp token that does not hold; the message says what about it. Ask the authority again, keep both."""


class RetentionDataUnusable(EvidenceError):
    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path.name} cannot be used: {why}; mend the file, nothing is deleted on a guess")
        self.path = path


class HoldRefused(EvidenceError):
    """A legal hold cannot be put or lifted as asked; the message says what is missing."""


class PurgeRunning(EvidenceError):
    def __init__(self, root: Path) -> None:
        super().__init__(f"{root}: another process is deleting just now; wait for it, then ask again")
        self.root = root


class DerivativeRefused(EvidenceError):
    """What is asked for cannot be made from such an exhibit; the page offers what can."""


class StoreError(EvidenceError):
    """The store beside the vault could not take, give or drop a copy."""


class StoreRefused(StoreError):
    def __init__(self, store: str, why: str) -> None:
        super().__init__(f"{store}: {why}; correct the store's settings, the evidence itself is safe in the vault")
        self.store = store


class StoreUnreachable(StoreError):
    def __init__(self, store: str, why: str) -> None:
        super().__init__(f"{store}: no answer to rely on ({why}); it is tried again, nothing is lost meanwhile")
        self.store = store


class StoreNotWriteOnce(StoreError):
    def __init__(self, store: str) -> None:
        super().__init__(
            f"{store}: writes over what is there even when asked not to (If-None-Match); choose one that refuses"
        )
        self.store = store


class NotInStore(StoreError):
    def __init__(self, store: str, key: str) -> None:
        super().__init__(f"{store}: holds nothing under {key}; restore it from a backup")
        self.store, self.key = store, key


class OtherBytesInStore(StoreError):
    def __init__(self, store: str, key: str, what: str) -> None:
        super().__init__(f"{store}: {key} is not what was sealed ({what}); keep it, and find out who writes there")
        self.store, self.key, self.what = store, key, what


class SealedBytesChanged(StoreError):
    def __init__(self, name: str, what: str) -> None:
        super().__init__(f"{name} was changed since it was encrypted ({what}); keep it, and restore it from a backup")
        self.name, self.what = name, what


class StoreKeyUnusable(StoreError):
    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: no key to encrypt copies with: {why}; make one with `streetwitness store key`")
        self.path = path


class WrongStoreKey(StoreError):
    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is encrypted, and no key at hand opens it; name the key file it was encrypted with")
        self.name = name


class LogBroken(EvidenceError):
    def __init__(self, why: str) -> None:
        super().__init__(f"the log does not hold: {why}; find out where with `streetwitness audit`, and keep a copy")


class NotAHead(EvidenceError):
    """What was given as a published tree head is none; give the file that the site publishes its heads to."""


class AuthorityFailed(EvidenceError):
    """The timestamp authority gave no token; the message says why. It is asked again, and the delay is on record."""


class NotPublished(EvidenceError):
    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: the tree head could not be published ({why}); it is tried again")
        self.where = where


class CredentialsUnusable(EvidenceError):
    def __init__(self, path: Path, why: str) -> None:
        super().__init__(
            f"{path}: no Content Credentials: {why}; correct the folder named by STREETWITNESS_CONTENT_CREDENTIALS, "
            "or unset it"
        )
        self.path, self.why = path, why
