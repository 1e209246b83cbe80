"""Extensions in Rust, where there is a Rust: built by cargo without a network, run in the extism lane."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cli import main
from kernel.plugins import Plugins
from plugins.extensions.author.errors import ToolMissing
from plugins.extensions.author.rust import find_cargo
from plugins.extensions.author.sdk import sdk_folder
from plugins.extensions.author.starting import create_extension
from plugins.extensions.surface.model import Choice, Function, Interface, Kind, Many, Maybe, Plain, Record, pascal
from plugins.extensions.surface.reading import read_surface


def why_no_rust() -> str:
    """The reason to skip, in the words an author would read."""
    try:
        find_cargo(Path.cwd())
    except ToolMissing as missing:
        return missing.detail
    return ""


needs_rust = pytest.mark.skipif(bool(why_no_rust()), reason=why_no_rust())
EXPORTS = r"""
use deskhand_extension_sdk::host::{clock, config, log, random, storage, tickets};
use deskhand_extension_sdk::{call_host, exports, json, record, ChargeWindow, Event, FromJson, Json, Owed, Request, Response};

exports! { handler, on_event, collect_charges }

record! {
    struct Order {
        client_id as "clientId": String,
        pieces: u32 = 2,
    }
}

fn handler(request: Request) -> Response {
    match request.json::<Order>() {
        Ok(order) => Response::json(&json!({ "client": order.client_id, "pieces": order.pieces, "für": request.query("für") })),
        Err(words) => Response::text(words).with_status(422),
    }
}

fn on_event(event: Event) -> Result<(), String> {
    let payload = Json::parse(&event.payload)?;
    let priority = payload.get("priority").map(String::from_json).transpose()?;
    if priority.as_deref() == Some("low") {
        return Err("nicht der Mühe wert".into());
    }
    let keys = config::keys()?;
    let kept = storage::put(&storage::NewValue {
        namespace: "seen".into(),
        key: event.id,
        ttl_seconds: Some(90),
        ..Default::default()
    })?;
    let refused = tickets::create(&tickets::NewTicket::default()).unwrap_err();
    let field = refused.field_errors.contains_key("clientId");
    log::info(&format!("{keys:?} {} {:?} {field}", kept.revision, storage::get("seen", "a")?));
    let chance = random::bytes(3).len() == 3 && random::uuid().len() == 36 && random::fraction() < 1.0;
    let alive = chance && clock::now_ms() > 1_700_000_000_000;
    log::info(&format!("{alive} {}", call_host("vault", "open", json!({})).unwrap_err().code()));
    priority.expect("a priority");
    Ok(())
}

fn collect_charges(window: ChargeWindow) -> Result<Vec<Owed>, String> {
    let owed = |client_id: String| Owed {
        client_id,
        description: "Metering".into(),
        quantity: "1.5".into(),
        rate: Some(i64::MAX),
        currency_code: Some("EUR".into()),
        idempotency_key: window.end.clone(),
        ..Default::default()
    };
    Ok(window.client_ids.into_iter().map(owed).collect())
}
"""


def started(folder: Path, source: str | None = None, **more: Any) -> Path:
    """A new extension in Rust, with another source and more in its manifest."""
    create_extension(folder, "rust")
    manifest = json.loads((folder / "deskhand.json").read_text()) | more
    (folder / "deskhand.json").write_text(json.dumps(manifest))
    if source is not None:
        (folder / "src" / "lib.rs").write_text(source)
    return folder


def cases(folder: Path, *listed: dict[str, Any]) -> Result:
    """`deskhand ext test` with these cases instead of the folder's; without any, with the folder's."""
    if listed:
        (folder / "tests" / "greeting.test.json").write_text(json.dumps(listed))
    return CliRunner().invoke(main, ["ext", "test", str(folder)])


@needs_rust
def test_a_new_one_passes_its_own_cases_without_a_network_and_is_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARGO_HOME", str(tmp_path / "no registry"))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.chdir(tmp_path)
    folder = started(Path("hello"))
    done = cases(folder)
    assert (done.exit_code, done.output.splitlines()[-1]) == (0, "2 passed, 0 failed"), done.output
    assert (folder / "dist" / "component.wasm").stat().st_size < 150_000
    again = CliRunner().invoke(main, ["ext", "build", "hello"])
    assert again.output == "hello: unchanged\n"


@needs_rust
def test_all_exports_host_calls_and_last_words(tmp_path: Path) -> None:
    folder = started(
        tmp_path / "all", EXPORTS, events=["ticket.opened"], hooks=[{"name": "collect_charges", "on_failure": "closed"}],
        capabilities=["cap:storage.kv", "cap:ticket.write"], endpoints=[{"method": "POST", "path": "/", "auth": "user"}],
    )  # fmt: skip
    event = {"name": "ticket.opened", "payload": {"priority": "high"}}
    host = {"config.keys": {"value": ["ä"]}, "storage.get": {"value": None},
            "storage.put": {"value": {"key": "k", "revision": 7, "expiresAt": None}}}  # fmt: skip
    said = ['["ä"] 7 None true', "true function_unknown"]
    post = {"method": "POST", "path": "/"}
    done = cases(
        folder,
        {"name": "beyond ASCII", "request": post | {"query": {"für": "漢字 \"€\"🙂"}, "body": {"clientId": "c1"}},
         "expect": {"status": 200, "json": {"client": "c1", "pieces": 2, "für": "漢字 \"€\"🙂"}}},
        {"name": "bad body", "request": post | {"body": {"pieces": 1}}, "expect": {"status": 422, "body": "clientId is missing"}},
        {"name": "takes an event", "event": event, "host": host, "expect": {"logs": said}},
        {"name": "declines one", "event": event | {"payload": {"priority": "low"}}, "expect": {"error": "nicht der Mühe wert"}},
        {"name": "panics", "event": event | {"payload": {}}, "host": host,
         "expect": {"trap": "guest_trapped", "logs": [*said, "a priority (src/lib.rs:40:14)"]}},
        {"name": "charges", "window": {"start": "2026-01-01", "end": "2026-02-01", "clientIds": ["c1"]}, "expect": {"answer": [
            {"clientId": "c1", "serviceId": None, "description": "Metering", "quantity": "1.5", "rate": 2**63 - 1,
             "currencyCode": "EUR", "chargedOn": None, "idempotencyKey": "2026-02-01"}]}},
    )  # fmt: skip
    assert (done.exit_code, done.output.splitlines()[-1]) == (0, "6 passed, 0 failed"), done.output


@needs_rust
@pytest.mark.parametrize("export", ["on_event", "render_invoice"])
def test_the_examples_of_the_readme_run(tmp_path: Path, export: str) -> None:
    """One of them has a hook alone: it serves nothing, so it has no handler of its own."""
    readme = (sdk_folder() / "rust" / "README.md").read_text()
    example = next(one for one in re.findall(r"```rust\n(.*?)```", readme, re.DOTALL) if f"fn {export}" in one)
    folder = started(
        tmp_path / "letter", example, endpoints=[], events=["ticket.opened"] if export == "on_event" else [],
        hooks=[{"name": "render_invoice", "on_failure": "skip"}] if export == "render_invoice" else [],
        capabilities=["cap:ticket.write"],
    )  # fmt: skip
    client = "0198c1d0-0000-7000-8000-000000000001"
    case: dict[str, Any] = {"name": "prints", "invoice": {}, "expect": {}}
    if export == "on_event":
        opened = {"function": "tickets.create", "args": {"input": {"clientId": client, "title": "Something happened"}}}
        case = {"name": "opens", "event": {"name": "ticket.opened", "payload": {"client_id": client}}, "expect": {}}
        done = cases(folder, case | {"expect": {"calls": [opened]}})
        assert '"title": "Something happened"' in done.output
        assert "refused" not in done.output
    done = cases(folder, case)
    assert (done.exit_code, done.output.splitlines()[-1]) == (0, "1 passed, 0 failed"), done.output


@needs_rust
def test_every_host_function_is_there_with_arguments_of_its_types(tmp_path: Path) -> None:
    """Each is called, and whatever the host answers is understood."""
    surface = read_surface(Plugins.discover())
    calls = [_said(one, each) for one in surface for each in one.functions if one.name != "log"]
    source = (
        "use deskhand_extension_sdk::{exports, host, Refusal, Request, Response};\nexports! { handler }\n"
        "fn say(name: &str, refused: Option<Refusal>) {\n"
        '    host::log::info(&format!("{name} {}", refused.as_ref().map_or("ok", Refusal::code)));\n}\n'
        f'fn handler(_request: Request) -> Response {{\n    {chr(10).join(calls)}\n    Response::text("")\n}}\n'
    )
    asked = sorted({each.capability for one in surface for each in one.functions if each.capability})
    folder = started(tmp_path / "every", source, capabilities=[_asked(one) for one in asked])
    done = cases(folder, {"name": "calls all", "request": {"path": "/"}, "expect": {"logs": []}})
    said = dict(line.strip().removeprefix("[log] ").split() for line in done.output.splitlines() if "[log]" in line)
    assert len(said) == len(calls), done.output
    assert set(said.values()) == {"ok", "invalid_input"}, said


def _asked(capability: str) -> Any:
    return {"name": capability, "hosts": ["api.example.com"]} if capability == "cap:http.fetch" else capability


def _said(face: Interface, one: Function) -> str:
    call = f"host::{face.name}::{one.name}({', '.join(_argument(face.name, each.kind) for each in one.takes)})"
    return f'say("{face.name}.{one.name}", {f"Ok::<_, Refusal>({call})" if one.local else call}.err());'


def _argument(face: str, kind: Kind) -> str:
    match kind:
        case Plain("string"):
            return '"x"'
        case Many():
            return "&[]"
        case Maybe():
            return "None"
        case Record(name=name):
            return f"&host::{face}::{pascal(name)}::default()"
        case Choice(name=name):
            return f"host::{face}::{pascal(name)}::default()"
    return "1"


@needs_rust
def test_what_the_compiler_says_is_told(tmp_path: Path) -> None:
    folder = started(tmp_path / "broken", "use deskhand_extension_sdk::exports;\nexports! { handler }\n")
    done = CliRunner().invoke(main, ["ext", "build", str(folder)])
    assert done.exit_code == 1
    assert "cannot find value `handler` in this scope" in done.output
    library = (folder / "Cargo.toml").read_text().replace('"cdylib"', '"rlib"')
    (folder / "Cargo.toml").write_text(library)
    (folder / "src" / "lib.rs").write_text("")
    done = CliRunner().invoke(main, ["ext", "build", str(folder)])
    assert (done.exit_code, 'crate-type = ["cdylib"' in done.output) == (1, True), done.output


@needs_rust
def test_the_crates_own_tests_pass_and_it_packs_whole(tmp_path: Path) -> None:
    crate, tools = sdk_folder() / "rust", find_cargo(Path.cwd())
    settings = os.environ | {"RUSTC": str(tools.rustc), "CARGO_TARGET_DIR": str(tmp_path)}
    tested = subprocess.run([tools.cargo, "test", "--offline", "--quiet", "--test", "reading"], cwd=crate, env=settings,
                            check=False, capture_output=True, text=True)  # fmt: skip
    assert tested.returncode == 0, tested.stdout + tested.stderr
    packed = subprocess.run([tools.cargo, "package", "--list", "--allow-dirty"], cwd=crate, env=settings, check=False,
                            capture_output=True, text=True)  # fmt: skip
    names = set(packed.stdout.split())
    assert names >= {"Cargo.toml", "README.md", "CHANGELOG.md", "src/lib.rs", "src/host/mod.rs", "src/host/tickets.rs"}
    version = re.search(r'^version = "(.+)"', (crate / "Cargo.toml").read_text(), re.MULTILINE)
    assert version is not None
    assert f"\n## {version[1]}\n" in (crate / "CHANGELOG.md").read_text()


def pretend(folder: Path, rustc: str, cargo: str = "exit 0") -> Path:
    """A folder with a Rust that says what it is told to."""
    folder.mkdir()
    for name, script in (("rustc", rustc), ("cargo", cargo)):
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    return folder


def test_a_missing_tool_chain_is_named_with_the_command_that_mends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = started(tmp_path / "hello")

    def refusal(*places: Path) -> str:
        monkeypatch.setenv("PATH", os.pathsep.join(map(str, (*places, "/nowhere"))))
        done = CliRunner().invoke(main, ["ext", "build", str(folder)])
        assert done.exit_code == 1
        return done.output

    assert "rustup target add wasm32-unknown-unknown" in refusal()
    assert "apt install cargo rustc libstd-rust-dev-wasm32 lld" in refusal()
    debian = pretend(tmp_path / "debian", f"echo {tmp_path}/libdir")
    assert "does not compile to wasm32-unknown-unknown. Say: apt install libstd-rust-dev-wasm32 lld" in refusal(debian)
    rustup = pretend(tmp_path / "rustup", f"echo {tmp_path}/libdir")
    (rustup / "rustup").write_text("")
    assert "Say: rustup target add wasm32-unknown-unknown" in refusal(rustup)
    assert "does not compile" in refusal(pretend(tmp_path / "odd", "exit 1"))
    (tmp_path / "libdir").mkdir()
    (tmp_path / "libdir" / "libcore-1.rlib").write_text("")
    unlinked = pretend(tmp_path / "unlinked", f"echo {tmp_path}/libdir", 'echo "error: linker \\`rust-lld\\` not found"; exit 1')
    assert "has no linker for wasm32-unknown-unknown. Say: apt install lld" in refusal(unlinked)
    once = (
        'case "$*" in *--offline*) echo "as a reminder, you are using offline mode" && exit 1;; esac; echo tried online; exit 1'
    )
    assert "tried online" in refusal(pretend(tmp_path / "fetches", f"echo {tmp_path}/libdir", once))
