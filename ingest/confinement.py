"""Confinement: what a process gives up before it opens a file that nobody vouches for.

Limits on memory, time and what it may write (setrlimit); no network and no other program (seccomp, Linux); no file but
those named (Landlock, Linux 5.13 on). None of it can be taken back, none of it needs privileges. Where the kernel lacks
one of them the others hold, and the answer says which.
"""

import ctypes
import os
import platform
import resource
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38
SIGKILL = 9

# linux/seccomp.h, linux/filter.h
SYS_SECCOMP = {"x86_64": 317, "aarch64": 277}
SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC = 1, 1
LOAD, JUMP_EQUAL, JUMP_AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
ALLOW, ERRNO, KILL = 0x7FFF0000, 0x00050000, 0x80000000
EACCES = 13
NUMBER_AT, ARCHITECTURE_AT, FIRST_ARGUMENT_AT = 0, 4, 16
X32_NUMBERS_FROM = 0x40000000  # a second set of system calls of the same kernel, which no program of ours uses
AF_UNIX = 1


@dataclass(frozen=True)
class _Calls:
    """Numbers of system calls, from the kernel's tables."""

    audit_architecture: int
    socket: int
    refused: tuple[int, ...]  # execve, execveat, ptrace, process_vm_writev, io_uring_setup


CALLS = {
    "x86_64": _Calls(0xC000003E, 41, (59, 322, 101, 311, 425)),
    "aarch64": _Calls(0xC00000B7, 198, (221, 281, 117, 271, 425)),
}

# linux/landlock.h; the numbers of its calls are the same everywhere
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
VERSION_ONLY, PATH_BENEATH = 1, 1
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 1 << 1, 1 << 2, 1 << 3
TRUNCATE, REFER = 1 << 14, 1 << 13
ALL_OF_VERSION = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1}
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE
READING = READ_FILE | READ_DIR
NET_FROM, BIND_AND_CONNECT = 4, 0b11


@dataclass(frozen=True)
class Limits:
    """`memory_bytes` of address space; `written_bytes` of one file."""

    memory_bytes: int
    cpu_s: int
    open_files: int = 64
    written_bytes: int = 0


@dataclass(frozen=True)
class Confined:
    """What holds from now on, the limits apart."""

    no_network: bool
    no_other_files: bool


def leave_with_parent() -> None:
    """Whoever asked is gone, so nobody wants the answer."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)


def confine(
    limits: Limits, *, readable: Sequence[Path] = (), writable: Sequence[Path] = (), unix_sockets: bool = False
) -> Confined:
    """From now on and for good, for this thread and those it starts; the network is closed to all of them.

    unix_sockets: a database or Redis on this machine may be called. What is open already stays open.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_s, limits.cpu_s + 1))
    resource.setrlimit(resource.RLIMIT_NOFILE, (limits.open_files, limits.open_files))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits.written_bytes, limits.written_bytes))
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return Confined(no_network=False, no_other_files=False)
    files = _close_files(libc, readable, writable)
    return Confined(no_network=_close_network(libc, unix_sockets=unix_sockets), no_other_files=files)


def _close_network(libc: ctypes.CDLL, *, unix_sockets: bool) -> bool:
    machine = platform.machine()
    if machine not in CALLS:
        return False
    program = _network_filter(CALLS[machine], unix_sockets=unix_sockets)
    code = ctypes.create_string_buffer(b"".join(program))
    header = struct.pack("HxxxxxxP", len(program), ctypes.addressof(code))
    number = SYS_SECCOMP[machine]
    return bool(libc.syscall(number, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, header) == 0)


def _network_filter(calls: _Calls, *, unix_sockets: bool) -> list[bytes]:
    """Berkeley packet filter over a system call: jumps count from the next instruction."""

    def step(code: int, value: int, if_so: int = 0, if_not: int = 0) -> bytes:
        return struct.pack("HBBI", code, if_so, if_not, value)

    head = [
        step(LOAD, ARCHITECTURE_AT),
        step(JUMP_EQUAL, calls.audit_architecture, 1, 0),
        step(RETURN, KILL),
        step(LOAD, NUMBER_AT),
    ]
    refused = [(JUMP_AT_LEAST, X32_NUMBERS_FROM), *((JUMP_EQUAL, number) for number in calls.refused)]
    tail = [
        step(JUMP_EQUAL, calls.socket, 1, 0),
        step(RETURN, ALLOW),
        step(LOAD, FIRST_ARGUMENT_AT),
        step(JUMP_EQUAL, AF_UNIX, 0 if unix_sockets else 1, 1),
        step(RETURN, ALLOW),
        step(RETURN, ERRNO | EACCES),
    ]
    last = len(refused) + len(tail) - 1
    return [*head, *(step(code, value, last - place - 1) for place, (code, value) in enumerate(refused)), *tail]


def _close_files(libc: ctypes.CDLL, readable: Sequence[Path], writable: Sequence[Path]) -> bool:
    version = libc.syscall(CREATE_RULESET, None, 0, VERSION_ONLY)
    if version < 2:  # the first could not allow what the vault does: the same file under two names
        return False
    handled = ALL_OF_VERSION[min(version, 3)]
    net = BIND_AND_CONNECT if version >= NET_FROM else 0
    attributes = struct.pack("QQ", handled, net)[: 16 if net else 8]
    rules = libc.syscall(CREATE_RULESET, attributes, len(attributes), 0)
    if rules < 0:
        return False
    try:
        allowed = [(path, READING) for path in readable] + [(path, handled & ~EXECUTE) for path in writable]
        return all(_allow(libc, rules, path, access) for path, access in allowed) and (
            libc.syscall(RESTRICT_SELF, rules, 0) == 0
        )
    finally:
        os.close(rules)


def _allow(libc: ctypes.CDLL, rules: int, path: Path, access: int) -> bool:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return True  # nothing to allow
    try:
        beneath = struct.pack("=Qi", access if path.is_dir() else access & OF_FILES, handle)
        return bool(libc.syscall(ADD_RULE, rules, PATH_BENEATH, beneath, 0) == 0)
    finally:
        os.close(handle)
