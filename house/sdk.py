"""`deskhand sdk`: what authors of extensions build against, made from the host functions that the rooms give."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from house.docs import first_party
from plugins.extensions.guests.contract import WIT_FOLDER, load_contract
from plugins.extensions.surface.files import ASSEMBLYSCRIPT, BY_HAND, FROZEN, PYTHON, RUST, TYPESCRIPT, WIT, sdk_files

ROOT = Path(__file__).parents[1]


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; end with exit code 1 if a file is out of date.")
@click.option("--freeze", is_flag=True, help="Promise that no function there is now will ever change; for a release.")
def sdk(check: bool, freeze: bool) -> None:
    """Write the WIT and the types of this tree's SDKs from its host functions."""
    _refuse_broken_promises()
    if freeze:
        (WIT_FOLDER / FROZEN).write_text(json.dumps(dict(sorted(load_contract().functions.items())), indent=2) + "\n")
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
    """Published components import frozen functions by name and type; a changed one is a new name."""
    promised = json.loads((WIT_FOLDER / FROZEN).read_text())
    found = load_contract().functions
    if broken := [f"{name}: {found.get(name)} was {kind}" for name, kind in promised.items() if found.get(name) != kind]:
        raise click.ClickException("\n".join(["These host functions are frozen; give the new shape a new name.", *broken]))


def _made() -> Iterator[Path]:
    """Files of the folders that hold nothing but generated ones."""
    for folder in (WIT, TYPESCRIPT, ASSEMBLYSCRIPT, PYTHON, RUST):
        yield from (path for path in (ROOT / folder).glob("*.*") if path.name not in BY_HAND)
