"""From an empty folder to an extension that runs: `deskhand ext new` and `deskhand ext dev`, as an author types them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from cli import main
from kernel.auth import ApiKey
from kernel.config import Settings
from plugins.extensions import services
from plugins.extensions.author.bench import serve_folder
from plugins.extensions.author.errors import BuildFailed, FolderNotEmpty, ServedAlready
from plugins.extensions.author.starting import create_extension
from plugins.extensions.errors import ManifestRefused
from plugins.extensions.publishing import releases
from plugins.extensions.publishing.bundles import Bundle, pack_bundle
from tests.conftest import World
from tests.extensions.room_stage import MANUAL_INVOICE, PICKING

DESKHAND = str(Path(sys.executable).with_name("deskhand"))


@pytest.fixture
def desk(acme: World, settings: Settings, tmp_path: Path) -> dict[str, str]:
    """An author's environment: Acme's database, an empty folder, no network for tools."""
    return os.environ | {
        "DESKHAND_DATABASE_URL": settings.database_url, "DESKHAND_DATA_DIR": str(settings.data_dir),
        "npm_config_offline": "true", "HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9",
    }  # fmt: skip


@contextmanager
def developing(folder: Path, desk: dict[str, str], tenant: str) -> Iterator[Callable[[str], str]]:
    """`deskhand ext dev` at work; gives what waits for words in what it says, and returns the line."""
    command = [DESKHAND, "ext", "dev", folder.name, "--port", "0", "--tenant", tenant]
    told = folder.with_suffix(".log")
    with told.open("w") as out:
        process = subprocess.Popen(command, cwd=folder.parent, env=desk, stdout=out, stderr=subprocess.STDOUT)

    def hear(words: str) -> str:
        for _ in range(600):
            if found := [line for line in told.read_text().splitlines() if words in line]:
                return found[-1]
            assert process.poll() is None, told.read_text()
            time.sleep(0.2)
        raise AssertionError(f"{words!r} was not said: {told.read_text()}")

    try:
        yield hear
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)
    assert "stopped; the last build stays installed" in told.read_text()


def get(address: str, **headers: str) -> tuple[int, str]:
    try:
        with urlopen(Request(address, headers=headers), timeout=60) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()


def test_from_an_empty_folder_to_a_running_handler_by_two_commands_without_a_network(
    acme: World, desk: dict[str, str], tmp_path: Path
) -> None:
    folder = tmp_path / "Late payers"
    made = subprocess.run(
        [DESKHAND, "ext", "new", folder.name], cwd=tmp_path, env=desk, capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr
    assert made.stdout == "org.example.late-payers is in Late payers. Run it: deskhand ext dev 'Late payers'\n"
    with developing(folder, desk, acme.tenant.slug) as hear:
        address = hear("Ctrl-C").split()[0]
        assert get(f"{address}?name=Dana") == (200, '{"hello":"Dana"}')
        assert hear("greeted Dana").strip() == "[info] greeted Dana"
        source = folder / "src" / "index.ts"
        right = source.read_text()
        source.write_text(right.replace("hello: name", "hello: nobody"))
        assert "Cannot find name 'nobody'" in hear("error TS")
        assert get(address) == (200, '{"hello":"world"}'), "the build before goes on serving"
        hear("goes on serving")
        source.write_text(right.replace("hello: name", "moin: name"))
        for _ in range(300):
            if get(address) == (200, '{"moin":"world"}'):
                break
            time.sleep(0.2)
        assert get(f"{address}?name=Bob") == (200, '{"moin":"Bob"}')
        assert get(address, **{"Sec-Fetch-Site": "cross-site"})[0] == 403
        assert get(address, Host="deskhand.evil.example")[0] == 403
    with acme.call() as ctx:
        [key] = ctx.session.scalars(select(ApiKey).where(ApiKey.name == "deskhand ext dev"))
        assert (key.revoked_at is not None, key.scopes) == (True, ["extension.use"])


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["ext", *arguments])


def test_a_new_extension_is_written_over_nothing_and_needs_a_name(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "thesis.txt").write_text("years of work")
    refused = run("new", str(tmp_path / "there"))
    assert (refused.exit_code, "has files in it" in refused.output) == (1, True)
    with pytest.raises(FolderNotEmpty):
        create_extension(tmp_path / "there", "ts")
    with pytest.raises(ManifestRefused, match="--name org"):
        create_extension(tmp_path / "2026", "ts")
    assert create_extension(tmp_path / "2026", "ts", "org.acme.backups") == "org.acme.backups"
    assert json.loads((tmp_path / "2026" / "deskhand.json").read_text())["name"] == "org.acme.backups"


def test_what_is_no_extension_is_named_in_words(acme: World, tmp_path: Path) -> None:
    refused = run("build", str(tmp_path))
    assert (refused.exit_code, "src/index.ts (TypeScript)" in refused.output) == (1, True)
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "index.ts").write_text("export const handler = 7;")
    with pytest.raises(BuildFailed, match=r"deskhand\.json is not there"):
        serve_folder(acme.kernel, acme.tenant_id, tmp_path)


def test_a_build_from_somebodys_desk_takes_no_published_version_away_unasked(
    acme: World, demo_wasm: bytes, tmp_path: Path
) -> None:
    folder = tmp_path / "orders"
    create_extension(folder, "ts", "org.acme.orders")
    manifest: dict[str, Any] = json.loads((folder / "deskhand.json").read_text()) | {"capabilities": [MANUAL_INVOICE, *PICKING]}
    with acme.call() as ctx:
        release_id = releases.publish_release(ctx, pack_bundle(Bundle(json.dumps(manifest).encode(), demo_wasm, {}))).id
    releases.compile_release(acme.call, release_id)
    with acme.call() as ctx:
        install_id = services.install_extension(ctx, release_id=release_id).id
    with pytest.raises(ServedAlready, match=r"serves org\.acme\.orders 0\.1\.0\. Say --replace"):
        serve_folder(acme.kernel, acme.tenant_id, folder)
    served = serve_folder(acme.kernel, acme.tenant_id, folder, replace=True)
    assert served.install_id == install_id
    assert served == serve_folder(acme.kernel, acme.tenant_id, folder), "a build from a desk makes way for the next one"
