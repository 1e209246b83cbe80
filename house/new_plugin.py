"""`deskhand new-plugin NAME`: a small room that passes the house rules, to grow from."""

from __future__ import annotations

import keyword
import re
import subprocess
import sys
from pathlib import Path

import click

from kernel.errors import Conflict, InvalidInput

TEMPLATE = Path(__file__).parent / "template"
TREE = Path(__file__).parents[1]
TIDY = (
    ("check", "--quiet", "--fix", "--select", "I", "--config", 'lint.isort.known-first-party=["kernel", "plugins"]'),
    ("format", "--quiet", "--config", "line-length=130"),
)
GROUP = '[project.entry-points."deskhand.plugins"]\n'


@click.command("new-plugin")
@click.argument("name")
@click.option("--outside", type=click.Path(path_type=Path), metavar="FOLDER", help="Make a distribution of its own there.")
def new_plugin(name: str, outside: Path | None) -> None:
    """Make a small plugin that passes the house rules, to grow from."""
    made = make_outside(name, outside) if outside else make_inside(name)
    click.echo(f"Made {made}. Next: `make setup` (or install it), `deskhand migrate`, then change it to what you need.")


def make_inside(name: str) -> Path:
    """A room in `plugins/` of this tree, with its entry point and tests."""
    room = TREE / "plugins" / name
    write_room(name, f"plugins.{name}", room)
    tests = TREE / "tests" / "plugins" / name
    _write(tests / "test_room.py", "test_room.py", name, f"plugins.{name}")
    tidy(room, tests)
    project = TREE / "pyproject.toml"
    text = project.read_text()
    project.write_text(text.replace(GROUP, f'{GROUP}{name} = "plugins.{name}"\n', 1))
    return room


def make_outside(name: str, folder: Path) -> Path:
    """A distribution of its own, found by its entry point once it is installed."""
    package = f"deskhand_{name}"
    write_room(name, package, folder / package)
    _write(folder / "pyproject.toml", "pyproject.toml", name, package)
    _write(folder / "tests" / "test_room.py", "test_room.py", name, package)
    tidy(folder)
    return folder


def tidy(*folders: Path) -> None:
    """Sort imports and wrap lines: where they belong depends on how the room is called."""
    for command in TIDY:
        subprocess.run([sys.executable, "-m", "ruff", *command, "--isolated", *folders], check=True)


def write_room(name: str, package: str, room: Path) -> None:
    """The files of a room. Raises InvalidInput for a bad name and Conflict when the folder is there."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{1,30}", name) or keyword.iskeyword(name):
        raise InvalidInput(f"{name!r} cannot name a plugin: 2 to 31 lower-case letters, digits or underscores.")
    if room.exists():
        raise Conflict(f"{room} exists already.")
    for source in sorted(TEMPLATE.rglob("*.txt")):
        place = source.relative_to(TEMPLATE).with_suffix("")
        if place.parts[0] == "templates":
            place = Path("templates", name, *place.parts[1:])
        elif place.parts[0] == "migrations":
            place = Path("migrations", f"0001_{name}.py")
        elif place.name in ("test_room.py", "pyproject.toml"):
            continue
        _write(room / place, str(source.relative_to(TEMPLATE).with_suffix("")), name, package)


def _write(target: Path, template: str, name: str, package: str) -> None:
    text = (TEMPLATE / f"{template}.txt").read_text()
    title = name.replace("_", " ").capitalize()
    for mark, word in {"name": name, "slug": name.replace("_", "-"), "Title": title, "package": package}.items():
        text = text.replace(f"@{mark}@", word)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)
