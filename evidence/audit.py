"""The audit: every digest computed again from the rows themselves, the tree from the entries, and both held against
the heads that were signed, those on record and those that the auditor brings from outside.

What somebody who can write to the database cannot do is sign a head; what somebody who has the key too cannot do is
change a head that is already elsewhere. It only reads, all of it as of one moment. What is wrong is said with its
place; the tree's part of that is in evidence/audit_tree.py, rows of no history of their own in evidence/audit_rows.py.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from evidence import audit_rows, custody, custody_chain, keys, log, tree_heads
from evidence.audit_tree import Checkpoint, Leaf, compare
from evidence.audit_verdict import Fault, FaultCode, Verdict
from evidence.canonical import canonical, instant, read_canonical
from evidence.deletion import proof_of
from evidence.digest import sha256_of_bytes
from evidence.errors import NotAHead, NotAKey, NotCanonical, TokenRefused
from evidence.log_contents import LOGGED, LoggedRow, said_by
from evidence.merkle import leaf_hash
from evidence.signature import check, key_id_of
from evidence.timestamp_token import checked, claimed
from evidence.tree_heads import PublishedHead
from evidence.vault import Vault
from models.copies import ObjectCopy
from models.digest import sha256_of
from models.enums import CopyState, LogKind
from models.exhibits import CustodyEvent, Exhibit, SealedObject
from models.incidents import CaseEvent, Incident
from models.proof import LogEntry, SealStatement, SigningKeyRow, Timestamp, TreeHead
from models.retention import Deletion

PAGE = 1000
DELETING = timedelta(days=1)  # bytes may be gone before their deletion is noted as done, for as long as a purge takes
CLOCKS_AGREE_S = 60.0  # between the authority's time and ours when its answer came
AT_ONCE = timedelta(minutes=1)  # of two who sign at once, the later may have looked at the clock first
WRITTEN_WITHIN = timedelta(hours=1)  # of the moment an entry is dated: no transaction is open for longer
OF_ROWS = frozenset(LogKind) - {LogKind.KEY, LogKind.OPENING}


@dataclass(frozen=True)
class Brought:
    """What the auditor brings. heads: as published. keys: ids of the site's keys as they were handed over; None: those
    of the database are believed. roots: the timestamp authority's; without, tokens are half checked.

    vault: where the objects lie; None leaves them out.
    """

    heads: Sequence[PublishedHead] = ()
    keys: frozenset[str] | None = None
    roots: Sequence[x509.Certificate] = ()
    vault: Path | None = None


def audit(session: Session, brought: Brought, *, at: datetime) -> Verdict:
    """`session` reads as of one moment (models/database.py `reading`). Raises VaultFailed."""
    return _Audit(session, brought, at).run()


@dataclass(frozen=True)
class _Entry:
    row: int
    kind: LogKind
    reference: str
    sha256: str
    content: bytes | None
    leaf_index: int | None
    at: datetime

    @property
    def name(self) -> str:
        return self.reference if self.leaf_index is None else f"log entry {self.leaf_index} ({self.reference})"


@dataclass
class _Audit:
    session: Session
    brought: Brought
    at: datetime
    verdict: Verdict = field(default_factory=Verdict)
    _entries: dict[str, _Entry] = field(default_factory=dict)
    _leaves: list[Leaf] = field(default_factory=list)
    _keys: dict[str, SigningKeyRow] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)  # references of entries whose rows are there

    def run(self) -> Verdict:
        self._read_entries()
        self._check_keys()
        self._check_heads()
        for row_type in LOGGED:
            self._check_rows(row_type)
        self._check_deletions()
        self._check_left_over()
        self._check_statements()
        self._check_custody_and_states()
        self.verdict.faults += audit_rows.disagreements(self.session)
        self._check_promises()
        self._check_tokens()
        if self.brought.vault is not None:
            self._check_objects(self.brought.vault)
        return self.verdict

    def _fault(self, code: FaultCode, where: str, what: str) -> None:
        self.verdict.faults.append(Fault(code, where, what))

    # the log itself

    def _read_entries(self) -> None:
        columns = (LogEntry.id, LogEntry.kind, LogEntry.reference, LogEntry.at, LogEntry.sha256)
        query = select(*columns, LogEntry.content, LogEntry.leaf, LogEntry.leaf_index).order_by(
            LogEntry.leaf_index.is_(None), LogEntry.leaf_index, LogEntry.id
        )
        for row, kind, reference, at, sha256, content, leaf, leaf_index in self.session.execute(query):
            entry = _Entry(row, kind, reference, sha256, content, leaf_index, at)
            computed = leaf_hash(log.leaf_data(kind, reference, sha256, at))
            if computed != leaf:
                self._fault(FaultCode.REWRITTEN, entry.name, "the entry no longer gives the leaf that was made of it")
            if content is not None and sha256_of_bytes(content) != sha256:
                self._fault(FaultCode.REWRITTEN, entry.name, "what it says no longer has the digest that it gives")
            self._entries[reference] = entry
            if leaf_index is None:
                self.verdict.waiting += 1
                continue
            self.verdict.entries += 1
            if leaf_index != len(self._leaves):
                self._fault(
                    FaultCode.DROPPED, f"log entries {len(self._leaves)} to {leaf_index - 1}", "these places are empty"
                )
            self._leaves.append(Leaf(computed, row, reference))
        if self.verdict.waiting:
            self.verdict.notes.append(
                f"{self.verdict.waiting} entries wait for their place in the tree; the notary gives it"
            )

    def _check_keys(self) -> None:
        for key in self.session.scalars(select(SigningKeyRow)):
            self._keys[key.key_id] = key
            entry = self._entries.get(f"key/{key.key_id}")
            if entry is None:
                self._fault(FaultCode.INSERTED, f"signing key {key.key_id}", "the log does not know it")
                continue
            try:
                replaces = read_canonical(entry.content or b"")["replaces"]
                same = canonical(keys.content_of(key, replaces)) == entry.content
            except (NotCanonical, KeyError, TypeError):
                same = False
            if not same or not _is_named_after_itself(key):
                self._fault(FaultCode.REWRITTEN, f"signing key {key.key_id}", "its row is not as the log has it")
            elif self.brought.keys is not None and key.key_id not in self.brought.keys:
                self._fault(FaultCode.SIGNATURE, f"signing key {key.key_id}", "it is none of the keys that were given")
        for entry in self._entries.values():
            if entry.kind is LogKind.KEY and entry.reference.removeprefix("key/") not in self._keys:
                self._fault(FaultCode.DROPPED, entry.name, "the row of this signing key is gone")

    def _check_heads(self) -> None:
        stored = self.session.scalars(select(TreeHead).order_by(TreeHead.number)).all()
        self.verdict.heads, self.verdict.published = len(stored), len(self.brought.heads)
        checkpoints = [*self._stored_heads(stored), *self._published_heads({head.body for head in stored})]
        self.verdict.faults += compare(self._leaves, checkpoints)
        if stored:
            newest = stored[-1]
            self.verdict.newest = f"{newest.size} entries, root {newest.root.hex()}, {instant(newest.at)}"
            not_covered = len(self._leaves) - newest.size
            if not_covered > 0:
                self.verdict.notes.append(f"{not_covered} entries are newer than the last head")
        elif self._leaves:
            self.verdict.notes.append("no head was signed yet: rows can be held against each other alone")
        self._check_dates(stored)
        if not self.brought.heads:
            self.verdict.notes.append(
                "no published heads were given (--heads): who holds the signing key, or could set the whole database "
                "back, is not found out"
            )
            if self.brought.keys is None:
                self.verdict.notes.append(
                    "nor was the site's key (--key): who could write to the database may have signed all heads anew "
                    "with a key of their own"
                )

    def _stored_heads(self, stored: Sequence[TreeHead]) -> Iterator[Checkpoint]:
        before: TreeHead | None = None
        for head in stored:
            name = f"tree head {head.number} of {instant(head.at)}"
            if self._head_holds(head, name):
                yield Checkpoint(head.size, head.root, name)
            if before is not None and (head.at < before.at - AT_ONCE or head.size < before.size):
                self._fault(FaultCode.CLOCK, name, f"it comes after head {before.number} and is older or smaller")
            before = head

    def _check_dates(self, stored: Sequence[TreeHead]) -> None:
        """What a head does not have in it was written after that head, and can hardly be dated long before."""
        heads = iter(stored)
        head, before = next(heads, None), None
        late: list[_Entry] = []
        for entry in sorted(self._entries.values(), key=lambda each: (each.leaf_index is None, each.leaf_index or 0)):
            while head is not None and (entry.leaf_index is None or entry.leaf_index >= head.size):
                head, before = next(heads, None), head
            if before is not None and entry.at < before.at - WRITTEN_WITHIN:
                late.append(entry)
        if late:
            what = f"dated {instant(late[0].at)}, long before a head that was signed without it: the clock was set back"
            more = f"; {len(late) - 1} more like it" if len(late) > 1 else ""
            self._fault(FaultCode.CLOCK, late[0].name, what + more)

    def _published_heads(self, on_record: set[bytes]) -> Iterator[Checkpoint]:
        for given in self.brought.heads:
            name = f"published head of {given.at}"
            if not self._signed(given.key_id, given.body, given.signature, None):
                self._fault(FaultCode.SIGNATURE, name, "it is not signed by a key of this site")
            elif given.body not in on_record:
                self._fault(FaultCode.DROPPED, name, "this head was published, and is not on record any more")
            yield Checkpoint(given.size, given.root, name)

    def _head_holds(self, head: TreeHead, name: str) -> bool:
        try:
            said = tree_heads.read_body(head.body)
        except NotAHead as error:
            self._fault(FaultCode.HEAD, name, str(error))
            return False
        if said != (head.size, head.root, instant(head.at), head.key_id):
            self._fault(FaultCode.HEAD, name, "its columns are not what was signed")
            return False
        if not self._signed(head.key_id, head.body, head.signature, head.at):
            self._fault(FaultCode.SIGNATURE, name, "its signature does not hold")
            return False
        return True

    def _signed(self, key_id: str | None, message: bytes, signature: bytes, at: datetime | None) -> bool:
        """at: when it was signed, where that is known; the key must have been in use then."""
        key = self._keys.get(key_id or "")
        if key is None:
            return False
        if at is not None and not key.valid_from - AT_ONCE <= at <= (key.valid_to or at) + AT_ONCE:
            return False
        try:
            return check(key.public_pem.encode(), message, signature)
        except NotAKey:
            return False

    # rows against entries

    def _check_rows(self, row_type: type[LoggedRow]) -> None:
        for row in self._all(row_type, tuple(row_type.__table__.primary_key)):
            try:
                said = said_by(row)
            except NotCanonical as error:
                self._fault(FaultCode.REWRITTEN, f"a row of {row_type.__tablename__}", str(error))
                continue
            self._match(said.reference, said.content, said.earlier)

    def _match(self, reference: str, content: bytes, earlier: bytes | None = None) -> None:
        """earlier: what an older entry of this row may say as well."""
        entry = self._entries.get(reference)
        if entry is None:
            self._fault(FaultCode.INSERTED, reference, "there is such a row, and the log does not know it")
            return
        if entry.sha256 not in {sha256_of_bytes(each) for each in (content, earlier) if each is not None}:
            self._fault(FaultCode.REWRITTEN, entry.name, "the row does not say what it said when it was logged")
        self._seen.add(reference)

    def _check_deletions(self) -> None:
        for deletion in self._all(Deletion, (Deletion.id,)):
            if deletion.done_at is not None:
                self._match(f"deletion/{deletion.id}", canonical(proof_of(deletion)))

    def _check_left_over(self) -> None:
        for reference, entry in self._entries.items():
            if entry.kind in OF_ROWS and reference not in self._seen:
                self._fault(FaultCode.DROPPED, entry.name, "the log knows it, and its row is gone")

    def _check_statements(self) -> None:
        unsigned = 0
        query = (
            select(Exhibit, SealStatement)
            .outerjoin(SealStatement, SealStatement.exhibit_id == Exhibit.id)
            .options(joinedload(Exhibit.sealed))
            .order_by(Exhibit.id)
            .execution_options(yield_per=PAGE)
        )
        for exhibit, statement in self.session.execute(query):
            name = f"exhibit {exhibit.id}"
            if statement is None:
                self._fault(FaultCode.INSERTED, name, "nothing was stated when it was sealed")
                continue
            differing = _differences(exhibit, statement)
            if differing:
                self._fault(FaultCode.REWRITTEN, name, f"not as it was sealed: {', '.join(differing)}")
            if statement.signature is None:
                unsigned += 1
            elif not self._signed(statement.key_id, statement.content, statement.signature, statement.signed_at):
                self._fault(FaultCode.SIGNATURE, name, "the signature of its statement does not hold")
        left_over = select(SealStatement.exhibit_id).outerjoin(Exhibit, Exhibit.id == SealStatement.exhibit_id)
        for exhibit_id in self.session.scalars(
            left_over.where(Exhibit.id.is_(None)).order_by(SealStatement.exhibit_id)
        ):
            self._fault(FaultCode.DROPPED, f"exhibit {exhibit_id}", "it was sealed, and its row is gone")
        if unsigned:
            self.verdict.notes.append(f"{unsigned} statements of seals wait for their signature; the notary gives it")

    def _check_custody_and_states(self) -> None:
        chain: list[dict[str, Any]] = []
        for event in self._all(CustodyEvent, (CustodyEvent.incident_id, CustodyEvent.seq)):
            entry = custody.entry_of(event)
            if chain and chain[-1]["incident"] != entry["incident"]:
                self._check_chain(chain)
                chain = []
            chain.append(entry)
        if chain:
            self._check_chain(chain)
        last = (
            select(CaseEvent.incident_id, func.max(CaseEvent.seq).label("seq"), func.count().label("count"))
            .group_by(CaseEvent.incident_id)
            .subquery()
        )
        states = (
            select(Incident.id, Incident.state, CaseEvent.to_state, last.c.seq, last.c.count)
            .outerjoin(last, last.c.incident_id == Incident.id)
            .outerjoin(CaseEvent, (CaseEvent.incident_id == Incident.id) & (CaseEvent.seq == last.c.seq))
        )
        for incident_id, state, shown, seq, count in self.session.execute(states):
            if state is not shown:
                said = "no event says so" if shown is None else f"its last event says {shown.value}"
                self._fault(FaultCode.STATE, f"incident {incident_id}", f"it stands at {state.value}, and {said}")
            if seq != count:
                self._fault(FaultCode.DROPPED, f"incident {incident_id}", f"{count} events, the last is number {seq}")

    def _check_chain(self, chain: list[dict[str, Any]]) -> None:
        for broken in custody_chain.breaks(chain, chain[0]["incident"]):
            self._fault(FaultCode.REWRITTEN, f"custody of incident {chain[0]['incident']}", broken)

    # what others said, and the bytes

    def _check_promises(self) -> None:
        """A timestamp is promised with every statement and every head; a token that is unwelcome goes with its row."""
        stated = select(SealStatement.exhibit_id).outerjoin(Timestamp, Timestamp.exhibit_id == SealStatement.exhibit_id)
        signed = select(TreeHead.number).outerjoin(Timestamp, Timestamp.head_number == TreeHead.number)
        named = [f"of exhibit {each}" for each in self.session.scalars(stated.where(Timestamp.id.is_(None)))]
        named += [f"of head {each}" for each in self.session.scalars(signed.where(Timestamp.id.is_(None)))]
        for name in named:
            self._fault(FaultCode.DROPPED, f"timestamp {name}", "it was promised, and its row is gone")

    def _check_tokens(self) -> None:
        owed: list[datetime] = []
        off_s: list[float] = []
        query = (
            select(Timestamp)
            .options(joinedload(Timestamp.statement), joinedload(Timestamp.head))
            .order_by(Timestamp.promised_at)
            .execution_options(yield_per=PAGE)
        )
        for stamp in self.session.scalars(query):
            name = f"timestamp of exhibit {stamp.exhibit_id}" if stamp.exhibit_id else f"of head {stamp.head_number}"
            message = stamp.statement.content if stamp.statement else stamp.head.body if stamp.head else None
            if message is None:
                self._fault(FaultCode.DROPPED, name, "what it was for is gone")
            elif stamp.token is None:
                owed.append(stamp.promised_at)
            else:
                try:
                    roots = self.brought.roots
                    said = checked(stamp.token, message, roots=roots) if roots else claimed(stamp.token, message)
                except TokenRefused as error:
                    self._fault(FaultCode.TIMESTAMP, name, str(error))
                else:
                    assert stamp.answered_at is not None, "the schema dates every token's answer"
                    off_s.append(abs((said - stamp.answered_at).total_seconds()))
                    if said != stamp.stamped_at:
                        self._fault(FaultCode.TIMESTAMP, name, f"the row says another time than the token, {said}")
        if off_s and not self.brought.roots:
            self.verdict.notes.append(
                f"{len(off_s)} timestamps were not checked by an authority's certificate; name it in the settings"
            )
        if off_s and max(off_s) > CLOCKS_AGREE_S:
            wrong = sum(each > CLOCKS_AGREE_S for each in off_s)
            self.verdict.notes.append(
                f"by {wrong} timestamps the site's clock was off, by {max(off_s):.0f} s at most: look at what it dated"
            )
        if owed:
            self.verdict.notes.append(f"{len(owed)} timestamps are still owed, the oldest since {instant(owed[0])}")

    def _check_objects(self, vault: Path) -> None:
        deletions = {each.sha256: each for each in self._all(Deletion, (Deletion.id,)) if each.void_at is None}
        verified = ObjectCopy.state == CopyState.VERIFIED
        elsewhere = set(self.session.scalars(select(ObjectCopy.sha256).where(verified)))
        away = 0
        for sealed in self._all(SealedObject, (SealedObject.sha256,)):
            self.verdict.objects += 1
            deletion = deletions.get(sealed.sha256)
            name = f"object sha256:{sealed.sha256}"
            path = Vault.path_of(vault, sealed.sha256, sealed.suffix)
            try:
                actual = sha256_of(path)
            except FileNotFoundError:
                if deletion is None and sealed.sha256 in elsewhere:
                    away += 1
                elif deletion is None:
                    self._fault(FaultCode.OBJECT, name, "the vault does not hold it, and no deletion is on record")
                elif deletion.done_at is None and deletion.intended_at < self.at - DELETING:
                    self._fault(FaultCode.OBJECT, name, "its deletion was begun and is not on record as done")
                continue
            except OSError as error:
                self._fault(FaultCode.OBJECT, name, f"it cannot be read: {error.strerror or error}")
                continue
            if actual != sealed.sha256:
                self._fault(FaultCode.OBJECT, name, f"its bytes are sha256:{actual}")
            elif deletion is not None and deletion.done_at is not None:
                self._fault(FaultCode.OBJECT, name, "it is on record as deleted by rule, and the vault holds it")
        if away:
            self.verdict.notes.append(f"{away} objects lie in the store alone and were not read")

    def _all(self, row_type: Any, order: Sequence[Any]) -> Iterator[Any]:
        yield from self.session.scalars(select(row_type).order_by(*order).execution_options(yield_per=PAGE))


def _is_named_after_itself(key: SigningKeyRow) -> bool:
    try:
        return key_id_of(key.public_pem.encode()) == key.key_id
    except NotAKey:
        return False


def _differences(exhibit: Exhibit, statement: SealStatement) -> list[str]:
    """Where an exhibit and its object are not what was stated of them."""
    try:
        stated = read_canonical(statement.content)
        now = {
            "exhibit": str(exhibit.id),
            "incident": str(exhibit.incident_id),
            "kind": exhibit.kind.value,
            "moment": exhibit.moment.value,
            "from_at": instant(exhibit.from_at),
            "to_at": instant(exhibit.to_at),
            "recipe_sha256": sha256_of_bytes(canonical(exhibit.recipe)),
            "sha256": exhibit.sealed.sha256,
            "size_bytes": exhibit.sealed.size_bytes,
            "media_type": exhibit.sealed.media_type,
        }
        return [name for name, value in now.items() if stated.get(name) != value]
    except (NotCanonical, AttributeError):
        return ["the statement"]
