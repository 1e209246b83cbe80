"""Takes files, TCP and other processes' signals from this process by Linux's Landlock, where the kernel has it (5.13 and later).

Own code, since the few packages for it are young and bring compiled parts; it is three system calls.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_VERSION = 1
_BENEATH = 1
_READ = 1 << 0 | 1 << 2 | 1 << 3
"""Of LANDLOCK_ACCESS_FS: execute, read a file, read a directory."""
_RIGHTS_BY_VERSION = {1: 13, 2: 14, 3: 15, 4: 15}
_RIGHTS_NOW = 16
"""How many rights over files each version of the interface knows; all of them are taken."""
_TCP_SINCE, _SCOPES_SINCE = 4, 6


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("tcp", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


def read_only_beneath(folders: Iterable[Path]) -> bool:
    """From now on this thread, and those it starts, may read what lies beneath these folders, and open no other file.

    What is open stays open. Returns whether the kernel agreed. No new privileges may be gained any more, which is asked for
    by whoever calls this.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _ASK_VERSION)
    if version < 1:
        return False
    rights = (1 << _RIGHTS_BY_VERSION.get(version, _RIGHTS_NOW)) - 1
    wanted = _Ruleset(rights, 3 if version >= _TCP_SINCE else 0, 3 if version >= _SCOPES_SINCE else 0)
    rules = libc.syscall(_CREATE_RULESET, ctypes.byref(wanted), ctypes.c_size_t(_known_bytes(version)), 0)
    if rules < 0:
        return False
    try:
        for folder in folders:
            _allow(libc, rules, folder)
        return bool(libc.syscall(_RESTRICT_SELF, rules, 0) == 0)
    finally:
        os.close(rules)


def _known_bytes(version: int) -> int:
    """An older kernel refuses a structure with fields that it has not heard of."""
    return 8 if version < _TCP_SINCE else 16 if version < _SCOPES_SINCE else 24


def _allow(libc: ctypes.CDLL, rules: int, folder: Path) -> None:
    if not folder.is_dir():
        return
    descriptor = os.open(folder, os.O_PATH | os.O_CLOEXEC)
    try:
        beneath = _Beneath(_READ, descriptor)
        libc.syscall(_ADD_RULE, rules, _BENEATH, ctypes.byref(beneath), 0)
    finally:
        os.close(descriptor)
