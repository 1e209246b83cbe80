"""A plugin from outside the tree: made by the command, installed, migrated, and holding to the house rules."""

from __future__ import annotations

import os
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
    rules = [f"house.rules.{name}" for name in ("test_code", "test_database")]
    answer = _run("-m", "pytest", "tests", "--pyargs", *rules, cwd=SAMPLE, path=site)
    assert " failed" not in answer.stdout
    assert "wishlist" in _run("-m", "pytest", "--collect-only", "--pyargs", "house.rules.test_code", cwd=SAMPLE, path=site).stdout


def _run(*args: str, cwd: Path = TREE, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    known = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "DESKHAND"))}
    env = known | {"PYTHONPATH": f"{path}{os.pathsep}{TREE}" if path else str(TREE), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, *args], cwd=cwd, env=env, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done
