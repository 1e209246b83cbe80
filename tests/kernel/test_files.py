"""Files are kept by content, within their tenant, and damage is noticed."""

from __future__ import annotations

import hashlib
from pathlib import Path
from uuid import uuid4

import pytest
from obstore.store import MemoryStore

from kernel.config import Settings
from kernel.errors import StartupError
from kernel.files import FileDamaged, FileMissing, FileStore, FilesUnavailable, FileTooLarge, open_store

ACME, BETA = uuid4(), uuid4()
PDF = b"%PDF-1.7 " + bytes(3_000_000)


@pytest.fixture(params=["folder", "memory"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> FileStore:
    return open_store(Settings(data_dir=tmp_path)) if request.param == "folder" else FileStore(MemoryStore())


def test_a_file_comes_back_whole(files: FileStore) -> None:
    stored = files.put_bytes(ACME, PDF, content_type="application/pdf")
    assert stored.key == f"{ACME}/{hashlib.sha256(PDF).hexdigest()}"
    assert (stored.size, stored.content_type) == (len(PDF), "application/pdf")
    assert files.get_bytes(ACME, stored.key) == PDF
    chunks = list(files.open_stream(ACME, stored.key))
    assert b"".join(chunks) == PDF


def test_the_same_bytes_are_one_file(files: FileStore) -> None:
    first = files.put_bytes(ACME, b"logo", content_type="image/png")
    assert files.put_bytes(ACME, b"logo", content_type="image/png") == first
    files.delete(ACME, first.key)
    files.delete(ACME, first.key)
    with pytest.raises(FileMissing):
        files.get_bytes(ACME, first.key)


def test_an_empty_file_is_a_file(files: FileStore) -> None:
    stored = files.put_bytes(ACME, b"", content_type="text/plain")
    assert files.get_bytes(ACME, stored.key) == b""


@pytest.mark.parametrize("spelling", ["{beta}", "{acme}/../{beta}", "{acme}/x", "", "/etc/passwd", "{acme}/../../secret.key"])
def test_no_spelling_reaches_another_tenants_file(files: FileStore, spelling: str) -> None:
    beta = files.put_bytes(BETA, b"Beta's own", content_type="text/plain")
    key = spelling.format(acme=ACME, beta=beta.key)
    for reach in (files.get_bytes, files.open_stream, files.delete):
        with pytest.raises(FileMissing):
            reach(ACME, key)
    assert files.get_bytes(BETA, beta.key) == b"Beta's own"


def test_a_large_file_is_refused_before_it_is_stored(tmp_path: Path) -> None:
    files = open_store(Settings(data_dir=tmp_path), max_bytes=10)
    with pytest.raises(FileTooLarge, match="at most 10"):
        files.put_bytes(ACME, b"eleven bytes", content_type="text/plain")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_damage_on_the_disk_is_noticed(tmp_path: Path) -> None:
    files = open_store(Settings(data_dir=tmp_path))
    stored = files.put_bytes(ACME, b"as it was", content_type="text/plain")
    (tmp_path / "files" / stored.key).write_bytes(b"as it is!")
    with pytest.raises(FileDamaged):
        files.get_bytes(ACME, stored.key)


def test_storage_that_fails_is_named(tmp_path: Path) -> None:
    files = open_store(Settings(data_dir=tmp_path))
    (tmp_path / "files" / str(ACME)).write_text("a file where a folder belongs")
    with pytest.raises(FilesUnavailable):
        files.put_bytes(ACME, b"data", content_type="text/plain")


def test_a_wrong_url_stops_the_start() -> None:
    with pytest.raises(StartupError, match="cannot be opened"):
        open_store(Settings(files_url="gopher://bucket"))
