"""Under which account PostgreSQL runs: it refuses root, and an account that the system does not list.

First choice is the caller's own account. Root, and an unlisted number, run it in a user namespace in which they bear
another listed number; files stay the caller's, so folders closed to all others work. Where namespaces are refused, root
falls back to an unprivileged account.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from kernel.errors import StartupError

_OVERFLOW_UID = 65534


@dataclass(frozen=True, slots=True)
class Identity:
    """How to start a program of PostgreSQL: with a command in front, or as another account with a place of its own."""

    prefix: tuple[str, ...] = ()
    account: pwd.struct_passwd | None = None
    place: Path = Path("/var/lib/deskhand")

    @property
    def owner(self) -> tuple[int, int]:
        """User and group that the files must belong to, as seen from outside of a namespace."""
        return (self.account.pw_uid, self.account.pw_gid) if self.account else (os.geteuid(), os.getegid())

    def give(self, path: Path) -> None:
        """Make a file, or a folder and all in it, belong to this identity."""
        if path.exists() and path.stat().st_uid != self.owner[0]:
            for each in [path, *path.rglob("*")]:
                os.chown(each, *self.owner, follow_symlinks=False)

    def reaches(self, path: Path) -> bool:
        """True if the identity may walk to the path."""
        return self.account is None or all(_may_pass(folder, self.account) for folder in path.resolve().parents)


def choose_identity() -> Identity:
    """The least unusual way that works here. Raises StartupError if there is none."""
    uid = os.geteuid()
    if uid != 0 and _is_listed(uid):
        return Identity()
    inside = in_namespace()
    if inside is not None:
        return inside
    if uid == 0:
        return unprivileged()
    raise StartupError(
        f"PostgreSQL cannot run as user number {uid}, which has no entry in /etc/passwd, and this system refuses user"
        " namespaces. Run Deskhand as a listed user."
    )


def in_namespace() -> Identity | None:
    """An identity in a user namespace, or None where the system refuses that."""
    program = shutil.which("unshare")
    if program is None:
        return None
    uid = min((one.pw_uid for one in pwd.getpwall() if 0 < one.pw_uid < _OVERFLOW_UID), default=_OVERFLOW_UID)
    prefix = (program, "--user", f"--map-user={uid}")
    trial = subprocess.run([*prefix, "true"], check=False, capture_output=True)
    return Identity(prefix) if trial.returncode == 0 else None


def unprivileged() -> Identity:
    """The account `postgres` where there is one, else `nobody`."""
    names = {one.pw_name: one for one in pwd.getpwall()}
    for name in ("postgres", "nobody"):
        if name in names:
            return Identity(account=names[name])
    raise StartupError("PostgreSQL refuses to run as root, and there is no account `postgres` or `nobody`.")


def _is_listed(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _may_pass(folder: Path, account: pwd.struct_passwd) -> bool:
    found = folder.stat()
    if found.st_uid == account.pw_uid:
        return bool(found.st_mode & 0o100)
    return bool(found.st_mode & (0o010 if found.st_gid == account.pw_gid else 0o001))
