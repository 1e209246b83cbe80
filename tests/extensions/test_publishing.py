"""What may be published: real components that import what they asked for, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from plugins.extensions import errors
from plugins.extensions.guests.artefacts import ArtefactStore
from plugins.extensions.guests.compiling import Compiled, compile_component
from plugins.extensions.guests.contract import load_contract
from plugins.extensions.guests.limits import MAX_COMPONENT_BYTES
from plugins.extensions.guests.wit import WitError, parse_package
from tests.extensions.conftest import DEMO_ASKS, INVOICING, ROOT, wat_guest

DEMO = ROOT / "samples" / "invoicing-demo" / "dist" / "component.wasm"


def lowered(interface: str, function: str) -> str:
    """Text of an import of one function."""
    return f'(import "{interface}" (instance (export "{function}" (func (result u32)))))'


def test_the_demo_imports_exactly_what_it_says(demo: Compiled) -> None:
    inspection = demo.inspection
    assert inspection.capabilities == (
        "cap:client.read",
        "cap:config.read",
        "cap:context.read",
        "cap:invoice.manual.create",
        "cap:log.emit",
        "cap:service.read",
        "cap:storage.kv",
        "cap:user.read",
    )
    assert inspection.functions == tuple(sorted(load_contract().allowed(load_contract().default_capabilities | DEMO_ASKS)))
    assert inspection.wasi == ()


def test_an_import_that_the_manifest_does_not_ask_for_is_refused_by_name(store: ArtefactStore, demo: Compiled) -> None:
    with pytest.raises(errors.UndeclaredImport, match=r"create-manual-invoice.*cap:invoice\.manual\.create"):
        compile_component(store, DEMO.read_bytes(), DEMO_ASKS - INVOICING)


@pytest.mark.parametrize(
    "interface",
    [
        "wasi:http/outgoing-handler@0.2.6",
        "wasi:sockets/tcp@0.2.6",
        "evil:host/files@1.0.0",
        "deskhand:extension/ledger@1.0.0",
        "deskhand:extension/clock@2.0.0",
    ],
)
def test_an_unknown_import_is_refused_by_name(store: ArtefactStore, interface: str) -> None:
    wasm = wat_guest("polite", imports=lowered(interface, "go"))
    with pytest.raises(errors.UndeclaredImport) as refused:
        compile_component(store, wasm, INVOICING)
    assert interface in str(refused.value)
    assert refused.value.code == "undeclared_import"
    assert not store.intact(store.key(wasm))


def test_a_function_outside_any_interface_is_refused(store: ArtefactStore) -> None:
    wasm = wat_guest("polite", imports='(import "give-me-root" (func (result u32)))')
    with pytest.raises(errors.UndeclaredImport, match="give-me-root"):
        compile_component(store, wasm, ())


def test_another_function_of_our_interface_is_refused(store: ArtefactStore) -> None:
    wasm = wat_guest("polite", imports=lowered("deskhand:extension/clock@1.0.0", "set-ms"))
    with pytest.raises(errors.UndeclaredImport, match=r"clock\.set-ms"):
        compile_component(store, wasm, ())


def test_our_function_in_another_shape_is_refused(store: ArtefactStore) -> None:
    wasm = wat_guest("polite", imports=lowered("deskhand:extension/clock@1.0.0", "now-ms"))
    with pytest.raises(errors.ImportTypeMismatch, match=r"func\(\) -> u32; it is func\(\) -> u64"):
        compile_component(store, wasm, ())


def test_a_component_without_our_handler_is_refused(store: ArtefactStore) -> None:
    empty = bytes.fromhex("0061736d0d000100")
    with pytest.raises(errors.MissingExport):
        compile_component(store, empty, ())


@pytest.mark.parametrize(
    "junk",
    [b"", b"(component)", b"\x7fELF" * 10, bytes.fromhex("0061736d01000000"), bytes.fromhex("0061736d0d0001") + b"x"],
    ids=["nothing", "text", "another file", "core module", "almost"],
)
def test_what_is_no_component_is_refused_before_it_is_parsed(store: ArtefactStore, junk: bytes) -> None:
    with pytest.raises(errors.NotAComponent):
        compile_component(store, junk, ())


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.999])
def test_a_component_cut_off_is_refused(store: ArtefactStore, demo: Compiled, keep: float) -> None:
    wasm = DEMO.read_bytes()
    with pytest.raises(errors.NotAComponent, match="cannot be read"):
        compile_component(store, wasm[: int(len(wasm) * keep)], DEMO_ASKS)


def test_a_component_too_large_is_refused(store: ArtefactStore) -> None:
    with pytest.raises(errors.ComponentTooLarge):
        compile_component(store, b"\0" * (MAX_COMPONENT_BYTES + 1), ())


@pytest.mark.parametrize("limits", [{"seconds": 0.05}, {"memory_bytes": 150 << 20}], ids=["time", "memory"])
def test_compiling_is_limited(tmp_path: Path, demo: Compiled, limits: dict[str, float]) -> None:
    with pytest.raises(errors.CompileLimitExceeded):
        compile_component(ArtefactStore(tmp_path, b"s" * 32), DEMO.read_bytes(), DEMO_ASKS, **limits)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_compiling_twice_gives_the_same_artefact(store: ArtefactStore, demo: Compiled) -> None:
    assert compile_component(store, DEMO.read_bytes(), DEMO_ASKS) == demo


def test_every_function_of_the_world_is_typed_and_has_its_capability_named() -> None:
    contract = load_contract()
    assert contract.functions["invoicing.create-manual-invoice"].startswith("func(input: record{client-id: string")
    assert contract.required == {"handler"}
    assert contract.exports.keys() == {"handler", "on-event", "collect-charges", "render-invoice"}
    assert contract.default_capabilities <= set(contract.capabilities.values())


def test_wit_outside_our_subset_is_an_error() -> None:
    with pytest.raises(WitError):
        parse_package("package a:b; interface i { f: func() -> nothing; }")
