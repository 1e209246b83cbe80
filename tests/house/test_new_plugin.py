"""A plugin from outside the tree: made by the command, installed, migrated, and holding to the house rules."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from house.new_plugin import make_outside, write_room
from kernel.errors import Conflict, InvalidInput

TREE = Path(__file__).parents[2]
SAMPLE = TREE / "samples" / "outside-plugin"


def _files(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*"))
            if path.is_file() and "__pycache__" not in path.parts and path != folder / "README.md"}  # fmt: skip


def test_the_sample_is_what_the_command_makes(tmp_path: Path) -> None:
    assert _files(make_outside("wishlist", tmp_path / "made")) == _files(SAMPLE)


@pytest.mark.parametrize("name", ["", "9lives", "Big", "class", "a-b", "x" * 40])
def test_a_name_that_cannot_be_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot name a plugin"):
        write_room(name, "x", tmp_path / "room")


def test_a_room_that_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "room").mkdir()
    with pytest.raises(Conflict, match="exists already"):
        write_room("wishlist", "x", tmp_path / "room")


def test_an_outside_plugin_passes_its_own_tests_and_the_house_rules(tmp_path: Path) -> None:
    site = tmp_path / "site"
    _run("-m", "uv", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "--offline", "--target", str(site), str(SAMPLE))
    answer = _run("-m", "pytest", "-rA", "tests", "--pyargs", "house.rules", "--room", "wishlist", cwd=SAMPLE, path=site)
    assert "[wishlist]" in answer.stdout
    assert "[tickets]" not in answer.stdout


def test_a_room_made_in_the_tree_holds_to_the_rules_of_rooms(tmp_path: Path) -> None:
    """In a copy of the tree, as `make new-plugin` does it; `make setup` would then tell Python of the new entry point."""
    for name in ("cli", "house", "kernel", "local", "plugins"):
        shutil.copytree(TREE / name, tmp_path / name, ignore=shutil.ignore_patterns("node_modules"))
    shutil.copy(TREE / "pyproject.toml", tmp_path)
    _run("-c", "from cli import main; main(['new-plugin', 'parking'])", cwd=tmp_path, path=tmp_path)
    told = tmp_path / "site" / "parking-0.dist-info"
    told.mkdir(parents=True)
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: parking\nVersion: 0\n")
    (told / "entry_points.txt").write_text("[deskhand.plugins]\nparking = plugins.parking\n")
    assert 'parking = "plugins.parking"' in (tmp_path / "pyproject.toml").read_text()
    rooms = ("-rA", "tests", "house/rules", "-k", "parking or test_room")
    answer = _run("-m", "pytest", *rooms, cwd=tmp_path, path=tmp_path / "site")
    assert "test_acmes_ids_in_a_body_are_to_beta_like_random_ones[parking]" in answer.stdout
    _run("-m", "ruff", "check", "plugins/parking", "tests", cwd=tmp_path)
    _run("-m", "ruff", "format", "--check", "plugins/parking", "tests", cwd=tmp_path)


def _run(*args: str, cwd: Path = TREE, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    known = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "DESKHAND"))}
    env = known | {"PYTHONPATH": f"{path}{os.pathsep}{TREE}" if path else str(TREE), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, *args], cwd=cwd, env=env, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done
