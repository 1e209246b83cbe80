"""`deskhand sdk`: what authors of extensions build against, made from the host functions that the rooms give."""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click

from house.docs import first_party
from plugins.extensions.guests.contract import SHARED, TRIGGERS, WIT_FOLDER
from plugins.extensions.surface.files import ASSEMBLYSCRIPT, BY_HAND, FROZEN, PYTHON, RUST, TYPESCRIPT, WIT, sdk_files
from plugins.extensions.surface.promises import broken_promises, major_of, read_promises

ROOT = Path(__file__).parents[1]
_HOW = (
    "Extensions in the field rely on this. If it must change, declare version {next}.0.0: raise VERSION in"
    " plugins/extensions/surface/wit_text.py, the versions of types.wit, triggers.wit and the packages in sdk/, and run"
    " `deskhand sdk --freeze` with the release."
)


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; end with exit code 1 if a file is out of date.")
@click.option(
    "--freeze", is_flag=True, help="Promise that extensions built against what is there now go on working; for a release."
)
def sdk(check: bool, freeze: bool) -> None:
    """Write the WIT and the types of this tree's SDKs from its host functions."""
    _refuse_broken_promises()
    if freeze:
        (WIT_FOLDER / FROZEN).write_text(json.dumps(read_promises(first_party()), indent=1) + "\n")
    wanted = {ROOT / path: text for path, text in sdk_files(first_party())}
    stale = [path for path, text in wanted.items() if not (path.is_file() and path.read_text() == text)]
    left = [path for path in _made() if path not in wanted]
    names = ", ".join(sorted(path.name for path in (*stale, *left)))
    if check and names:
        click.secho(f"Out of date: {names}. Run `deskhand sdk`.", fg="red", err=True)
        sys.exit(1)
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted[path])
    for path in left:
        path.unlink()
    click.echo(f"Wrote {names}." if names else "The SDK is up to date.")


def _refuse_broken_promises() -> None:
    """Extensions in the field rely on what is frozen, up to the next major version."""
    promised, found = json.loads((WIT_FOLDER / FROZEN).read_text()), read_promises(first_party())
    if promised["major"] == found["major"] and (broken := broken_promises(promised, found)):
        raise click.ClickException("\n".join([*broken, _HOW.format(next=found["major"] + 1)]))
    if promised["major"] > found["major"]:
        raise click.ClickException(f"VERSION is below {promised['major']}.0.0, which is promised already.")
    if unlike := [f"{path.relative_to(ROOT)}: {at}" for path, at in _package_versions() if major_of(at) != found["major"]]:
        raise click.ClickException(f"These packages are not of version {found['major']}: {', '.join(unlike)}.")


def _package_versions() -> Iterator[tuple[Path, str]]:
    """The versions of the SDK's packages, and that of the WIT written by hand."""
    for name in ("typescript/package.json", "assemblyscript/package.json"):
        yield ROOT / "sdk" / name, json.loads((ROOT / "sdk" / name).read_text())["version"]
    for name, table in (("python/pyproject.toml", "project"), ("rust/Cargo.toml", "package")):
        yield ROOT / "sdk" / name, tomllib.loads((ROOT / "sdk" / name).read_text())[table]["version"]
    for shared in (SHARED, TRIGGERS):
        yield WIT_FOLDER / shared, (WIT_FOLDER / shared).read_text().split("@", 1)[1].split(";", 1)[0]


def _made() -> Iterator[Path]:
    """Files of the folders that hold nothing but generated ones."""
    for folder in (WIT, TYPESCRIPT, ASSEMBLYSCRIPT, PYTHON, RUST):
        yield from (path for path in (ROOT / folder).glob("*.*") if path.name not in BY_HAND)
