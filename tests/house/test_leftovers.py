"""What a killed run leaves in the temporary folder is removed by the next one; what is in use stays."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from house.leftovers import YOUNG_SECONDS, make_folder, remove_folder
from local.folder import FolderLock


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def _folder(*, old: bool) -> Path:
    folder = make_folder("try")
    (folder / "pg").mkdir()
    lock = folder / "pg" / "lock"
    lock.touch()
    if old:
        since = lock.stat().st_mtime - YOUNG_SECONDS - 1
        os.utime(lock, (since, since))
    return folder


def test_folders_of_dead_runs_go_and_others_stay() -> None:
    young, dead, alive = _folder(old=False), _folder(old=True), _folder(old=False)
    lock = FolderLock(alive / "pg" / "lock")
    lock.take()
    os.utime(lock.path, (0, 0))
    other = make_folder("other")
    fresh = make_folder("try")
    assert [one.exists() for one in (young, dead, alive, other, fresh)] == [True, False, True, True, True]
    lock.release()
    make_folder("try")
    assert not alive.exists()


def test_a_database_that_lies_elsewhere_goes_as_well(tmp_path: Path) -> None:
    folder, place = _folder(old=False), tmp_path / "place"
    (place / "data").mkdir(parents=True)
    (folder / "pg" / "data").symlink_to(place / "data")
    remove_folder(folder)
    assert not folder.exists()
    assert not place.exists()
