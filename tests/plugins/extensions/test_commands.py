"""`deskhand ext …`: from a built folder to a call and its log, on the command line."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cli import main
from kernel.config import Settings
from tests.conftest import World
from tests.extensions.room_stage import DEMO_FOLDER, MANUAL_INVOICE, publish
from tests.extensions.test_plugin_lane import module

NAME = "org.deskhand.samples.invoicing-demo"


@pytest.fixture
def ext(acme: World, settings: Settings, demo_wasm: bytes, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs `deskhand ext` in Acme; `demo_wasm` makes sure that the demo is built."""
    monkeypatch.setenv("DESKHAND_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("DESKHAND_DATA_DIR", str(settings.data_dir))

    def run(command: str, *arguments: str) -> Result:
        return CliRunner().invoke(main, ["ext", command, *arguments, "--tenant", acme.tenant.slug])

    return run


def test_publish_install_call_and_look(ext: Any) -> None:
    published = ext("publish", str(DEMO_FOLDER))
    assert published.exit_code == 0, published.output
    assert f"it asks for: {MANUAL_INVOICE}" in published.output
    assert NAME in ext("list", "--releases").output
    installed = ext("install", NAME, "--set", "defaultDescription=Remote support")
    assert f"Not granted: {MANUAL_INVOICE}" in installed.output
    assert ext("grant", NAME, MANUAL_INVOICE).output == f"Granted: {MANUAL_INVOICE}\n"
    called = ext("call", NAME, "/")
    assert called.exit_code == 0, called.output
    assert json.loads(called.stdout)["defaultDescription"] == "Remote support"
    assert "context.current: ok" in ext("logs", NAME).output
    assert ext("call", NAME, "?name=x").exit_code == 0
    again = ext("install", NAME, "--grant", "cap:bank.rob")
    assert (again.exit_code, "does not ask for cap:bank.rob" in again.output) == (1, True)
    assert ext("install", NAME, "--set", "defaultDescription=Work", "--grant", MANUAL_INVOICE).exit_code == 0
    assert json.loads(ext("call", NAME, "/").stdout)["defaultDescription"] == "Work"
    *_, record = ext("logs", NAME, "--json").stdout.splitlines()
    assert json.loads(record)["status"] == 200
    assert ext("revoke", NAME, MANUAL_INVOICE).exit_code == 0
    assert "was not recorded" in ext("replay", json.loads(record)["id"]).output
    [row] = json.loads(ext("list", "--json").stdout)
    assert (row["name"], row["state"]) == (NAME, "active")
    assert ext("disable", NAME).exit_code == 0
    refused = ext("call", NAME, "/")
    assert (refused.exit_code, "switched off" in refused.output) == (1, True)
    assert ext("enable", NAME).exit_code == 0
    assert ext("uninstall", NAME).exit_code == 0
    assert ext("logs", NAME).exit_code == 1


def test_what_is_wrong_is_one_sentence(ext: Any, tmp_path: Any, acme: World) -> None:
    missing = ext("publish", str(tmp_path))
    assert (missing.exit_code, "deskhand.json is not there." in missing.output) == (1, True)
    assert "No release of org.example.none is published here." in ext("install", "org.example.none").output
    assert "KEY=VALUE" in ext("install", NAME, "--set", "novalue").output
    bob = CliRunner().invoke(main, ["ext", "list", "--tenant", acme.tenant.slug, "--as", f"bob@{acme.tenant.slug}.example"])
    assert (bob.exit_code, "extension.read" in bob.output) == (1, True)


def test_limits_the_secret_and_consent(ext: Any, acme: World) -> None:
    small: dict[str, Any] = {
        "name": "org.example.small", "publisher": "example", "version": "1.0.0", "runtime": "extism@1", "title": "Small",
        "endpoints": [{"method": "POST", "path": "/", "auth": "public-signed"}],
    }  # fmt: skip
    publish(acme, small, module())
    name = str(small["name"])
    assert ext("install", name).exit_code == 0
    assert ext("limit", name).output == "It has the limits that every install has.\n"
    assert ext("limit", name, "--set", "cpu_seconds=0.5", "--set", "at_once=2").output == "cpu_seconds=0.5\nat_once=2\n"
    assert ext("limit", name, "--set", "cpu_seconds=").output == "at_once=2\n"
    for wrong in ("at_once=9", "at_once=many", "nonsense=1", "host_calls=-1"):
        refused = ext("limit", name, "--set", wrong)
        assert (refused.exit_code, wrong.partition("=")[0] in refused.output) == (1, True), refused.output
    assert ext("limit", name).output == "at_once=2\n"
    first, second = ext("secret", name), ext("secret", name)
    assert first.stdout.startswith("dhs_")
    assert first.stdout != second.stdout
    assert f"@{acme.tenant.slug}/" in second.stderr
    bob = ["--as", f"bob@{acme.tenant.slug}.example"]
    assert all(
        ext(*words, *bob).exit_code == 1 for words in (("secret", name), ("limit", name), ("limit", name, "--set", "at_once=1"))
    )
    nightly = {"name": "nightly", "cron": "0 3 * * *", "endpoint": "POST /"}
    publish(acme, small | {"version": "1.1.0", "schedules": [nightly]}, module())
    waits = ext("install", name)
    assert "does more: schedule 0 3 * * *  POST /." in waits.output
    assert "org.example.small 1.0.0" in ext("list").output
    assert "1.1.0 is active" in ext("install", name, "--consent").output


def test_a_guests_log_line_cannot_paint_the_terminal_or_forge_another() -> None:
    from plugins.extensions.calls.wording import _visible

    assert _visible("\x1b[2Jcleared\n2026-01-01 GET / 200") == "\\x1b[2Jcleared\n      2026-01-01 GET / 200"
