"""The embedded PostgreSQL survives what happens to servers, and says in one sentence what it cannot mend."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from kernel.errors import StartupError
from local.cluster import Cluster, send
from local.folder import FolderLock, check_space
from local.identity import Identity, choose_identity, unprivileged
from local.lifeline import processes_in
from local.postgres import EmbeddedPostgres

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a database that was stopped in order; tests work on copies."""
    folder = tmp_path_factory.mktemp("prepared") / "pg"
    server = EmbeddedPostgres(folder, durable=False)
    server.start()
    with connect(server) as connection:
        connection.execute("create table memory (word text)")
        connection.execute("insert into memory values ('kept')")
    server.stop()
    return folder


@pytest.fixture
def folder(prepared: Path, tmp_path: Path) -> Path:
    return shutil.copytree(prepared, tmp_path / "pg")


@pytest.fixture
def server(folder: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(folder, durable=False)
    yield server
    server.stop()


def connect(server: EmbeddedPostgres, account: str = "deskhand_owner") -> psycopg.Connection:
    return psycopg.connect(server.url(account).replace("+psycopg", ""))


def remembers(server: EmbeddedPostgres) -> bool:
    with connect(server) as connection:
        return connection.execute("select word from memory").fetchall() == [("kept",)]


def gone(folder: Path) -> bool:
    """Wait until no server process works in the folder."""
    deadline = time.monotonic() + 20
    while processes_in(folder / "data", "postgres") and time.monotonic() < deadline:
        time.sleep(0.02)
    return not processes_in(folder / "data", "postgres")


def start_elsewhere(folder: Path) -> subprocess.Popen[str]:
    """Another process runs the server of the folder; it has said `ready` when this returns."""
    script = (
        "import sys, time; from pathlib import Path; from local.postgres import EmbeddedPostgres\n"
        "EmbeddedPostgres(Path(sys.argv[1])).start(); print('ready', flush=True); time.sleep(60)"
    )
    root = Path(__file__).parents[2]
    process = subprocess.Popen([sys.executable, "-c", script, folder], stdout=subprocess.PIPE, text=True, cwd=root)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_data_stays_from_one_start_to_the_next(server: EmbeddedPostgres, folder: Path) -> None:
    assert not server.running()
    server.start()
    assert server.running()
    assert EmbeddedPostgres(folder).running()
    assert remembers(server)
    server.stop()
    assert not server.running()
    assert gone(folder)


def test_nobody_else_on_the_machine_may_look_in(server: EmbeddedPostgres, folder: Path) -> None:
    server.start()
    for name, mode in {".": 0o700, "data": 0o700, "socket": 0o700, "passwords.json": 0o600, "lock": 0o600}.items():
        assert stat.S_IMODE((folder / name).stat().st_mode) == mode, name
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(f"postgresql://deskhand_admin:guess@/deskhand?host={folder}/socket")


def test_the_roles_can_do_their_work_and_no_more(server: EmbeddedPostgres) -> None:
    server.start()
    refused = {
        "deskhand_app": ["create table t (x int)", "truncate memory", "select 1 from pgmq.meta", "create schema s"],
        "deskhand_queue": ["select 1 from public.memory", "create table public.t (x int)", "create schema s"],
        "deskhand_owner": ["select 1 from pgmq.meta", "create role r"],
    }
    for account, statements in refused.items():
        for statement in statements:
            with connect(server, account) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
    with connect(server, "deskhand_app") as connection:
        assert connection.execute("insert into memory values ('new') returning word").fetchone() == ("new",)
        assert connection.execute("show timezone").fetchone() == ("UTC",)
        connection.rollback()
    with connect(server, "deskhand_queue") as connection:
        connection.execute("select pgmq.create('celery')")


def test_a_database_copied_from_a_template_has_the_same_rights(server: EmbeddedPostgres) -> None:
    server.start()
    server.create_database("copy", template="deskhand")
    with psycopg.connect(server.app_url_for("copy").replace("+psycopg", "")) as connection:
        assert connection.execute("select word from memory").fetchone() == ("kept",)
        assert connection.execute("show timezone").fetchone() == ("UTC",)
    server.drop_database("copy")
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(server.app_url_for("copy").replace("+psycopg", ""))


def test_the_server_ends_with_the_process_that_started_it(server: EmbeddedPostgres, folder: Path) -> None:
    other = start_elsewhere(folder)
    other.kill()
    other.communicate()
    assert gone(folder)
    server.start()
    assert remembers(server)


def test_a_server_killed_with_all_its_processes_recovers(server: EmbeddedPostgres, folder: Path) -> None:
    other = start_elsewhere(folder)
    with connect(server) as connection:
        connection.execute("insert into memory select 'more' from generate_series(1, 1000)")
    for pid in [*processes_in(folder / "data", "postgres"), other.pid]:
        send(pid, signal.SIGKILL)
    other.communicate()
    server.start()
    with connect(server) as connection:
        assert connection.execute("select count(*) from memory").fetchone() == (1001,)


def test_a_stale_status_file_with_a_reused_number_does_not_block(server: EmbeddedPostgres, folder: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as stranger:
        (folder / "data" / "postmaster.pid").write_text(f"{stranger.pid}\n{folder}/data\n0\n5432\n\n\n\nready\n")
        assert not server.running()
        server.start()
        assert remembers(server)
        assert stranger.poll() is None
        stranger.kill()


def test_a_folder_in_use_is_named_with_its_process(server: EmbeddedPostgres, folder: Path) -> None:
    other = start_elsewhere(folder)
    with pytest.raises(StartupError, match=rf"in use by another Deskhand \(process {other.pid}\)"):
        server.start()
    assert remembers(server)
    other.terminate()
    other.communicate()


def test_the_lock_is_free_again_after_release(tmp_path: Path) -> None:
    first, second = FolderLock(tmp_path / "lock"), FolderLock(tmp_path / "lock")
    first.take()
    with pytest.raises(StartupError, match="in use"):
        second.take()
    first.release()
    second.take()
    second.release()


def test_a_path_too_long_for_a_socket_gets_a_short_private_one(folder: Path) -> None:
    long = folder.parent / ("a-rather-long-name-" * 6) / "pg"
    long.parent.mkdir()
    server = EmbeddedPostgres(folder.rename(long), durable=False)
    server.start()
    try:
        assert remembers(server)
        private = Path(f"/tmp/deskhand-{os.geteuid()}")
        assert stat.S_IMODE(private.stat().st_mode) == 0o700
    finally:
        server.stop()


def test_another_version_is_named(server: EmbeddedPostgres, folder: Path) -> None:
    (folder / "data" / "PG_VERSION").write_text("16\n")
    with pytest.raises(StartupError, match="was made by PostgreSQL 16"):
        server.start()


def test_lost_passwords_are_named(server: EmbeddedPostgres, folder: Path) -> None:
    (folder / "passwords.json").unlink()
    with pytest.raises(StartupError, match=r"holds no database passwords \(passwords.json\)"):
        server.start()


def test_what_the_server_says_is_passed_on(server: EmbeddedPostgres, folder: Path) -> None:
    with (folder / "data" / "postgresql.conf").open("a") as configuration:
        configuration.write("\nno_such_setting = 1\n")
    with pytest.raises(StartupError, match=r"does not start: .*FATAL:.*postgresql.conf"):
        server.start()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StartupError, match="cannot be made: Not a directory"):
        EmbeddedPostgres(tmp_path / "file" / "pg").start()


def test_too_little_room_is_said_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match=r"is too full \(\d+ MB are free, 999999999 MB are needed\)"):
        check_space(tmp_path, 999_999_999)


@AS_ROOT
def test_a_disk_that_fills_up_leaves_nothing_half_done(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", disk], capture_output=True)
    if mounted.returncode:
        pytest.skip("mounting is refused here")
    try:
        cluster = Cluster(disk / "data", disk / "socket", disk / "log", choose_identity())
        with pytest.raises(StartupError, match=r"is too full \(no space left\)"):
            cluster.create("deskhand_admin", "secret")
        assert list(disk.iterdir()) == []
    finally:
        subprocess.run(["umount", disk], check=True)


@AS_ROOT
def test_root_keeps_its_files_in_a_folder_closed_to_all_others(server: EmbeddedPostgres, folder: Path) -> None:
    folder.parent.chmod(0o700)
    server.start()
    assert remembers(server)
    assert (folder / "data" / "PG_VERSION").stat().st_uid == 0


@AS_ROOT
def test_where_namespaces_are_refused_an_account_gets_a_place_it_reaches(folder: Path) -> None:
    place = Path(tempfile.mkdtemp(dir="/tmp", prefix="deskhand-place-"))
    place.chmod(0o755)
    heard: list[str] = []
    account = Identity(account=unprivileged().account, place=place)
    server = EmbeddedPostgres(folder, durable=False, say=heard.append, identity=account)
    try:
        server.start()
        assert remembers(server)
        assert heard == [f"PostgreSQL runs as {account.account.pw_name}; its data is in {(folder / 'data').resolve().parent}."]
        assert (folder / "data" / "PG_VERSION").stat().st_uid == account.owner[0] != 0
        server.stop()
        back = EmbeddedPostgres(folder, durable=False)
        back.start()
        assert remembers(back)
        back.stop()
    finally:
        server.stop()
        shutil.rmtree(place)


def test_a_listed_user_runs_it_as_itself() -> None:
    if os.geteuid() == 0:
        assert choose_identity().prefix or choose_identity().account
    else:
        assert choose_identity() == Identity()
        assert pwd.getpwuid(os.geteuid())
