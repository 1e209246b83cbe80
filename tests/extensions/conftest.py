"""Guests for the tests: the demo, one that misbehaves in every way, and small components from text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from wasmtime import wat2wasm

from plugins.extensions.author.building import COMPONENT, build_extension
from plugins.extensions.guests.artefacts import ArtefactStore
from plugins.extensions.guests.compiling import Compiled, compile_component
from plugins.extensions.guests.pool import GuestPool

ROOT = Path(__file__).parents[2]
WAT = Path(__file__).parent / "wat"
INVOICING = frozenset({"cap:invoice.manual.create"})
DEMO_ASKS = INVOICING | {"cap:client.read", "cap:service.read", "cap:storage.kv"}

WatGuest = Callable[..., bytes]


def build(folder: Path) -> bytes:
    """A TypeScript extension, built as `make setup` builds the samples."""
    build_extension(folder)
    return (folder / COMPONENT).read_bytes()


def wat_guest(name: str, *, imports: str = "", core_imports: str = "", with_: str = "", exports: str = "") -> bytes:
    """One of the components in `wat/`, as bytes."""
    text = (WAT / "frame.wat").read_text()
    parts = {"@imports@": imports, "@core-imports@": core_imports, "@with@": with_, "@exports@": exports}
    for mark, part in parts.items():
        text = text.replace(mark, part)
    return bytes(wat2wasm(text.replace("@core@", (WAT / f"{name}.wat").read_text())))


_TRIGGERS = """
  (type $trigger-shapes (instance
    (type $event-shape (record
      (field "id" string) (field "name" string) (field "occurred-at" string) (field "payload" string)))
    (export "event" (type (eq $event-shape)))
    (type $window-shape (record (field "start" string) (field "end" string) (field "client-ids" (list string))))
    (export "charge-window" (type (eq $window-shape)))
    (type $owed-shape (record (field "client-id" string) (field "service-id" (option string))
      (field "description" string) (field "quantity" string) (field "rate" (option s64))
      (field "currency-code" (option string)) (field "charged-on" (option string)) (field "idempotency-key" string)))
    (export "owed" (type (eq $owed-shape)))))
  (import "deskhand:extension/triggers@1.0.0" (instance $triggers (type $trigger-shapes)))
  (alias export $triggers "event" (type $event))
  (alias export $triggers "charge-window" (type $window))
  (alias export $triggers "owed" (type $owed))"""
_OPTIONS = '(memory (core memory $instance "memory")) (realloc (core func $instance "realloc"))'
_EXPORTS = {
    "on-event": '(param "event" $event) (result (result (error string)))',
    "collect-charges": '(param "window" $window) (result (result (list $owed) (error string)))',
    "render-invoice": '(param "document" string) (result (result string (error string)))',
}


def answering_guest(name: str = "answers_all") -> bytes:
    """A component that gives every export of the world."""
    lifted = (
        f'(func ${one} {kind} (canon lift (core func $instance "{one}") {_OPTIONS})) (export "{one}" (func ${one}))'
        for one, kind in _EXPORTS.items()
    )
    return wat_guest(name, imports=_TRIGGERS, exports="\n  ".join(lifted))


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> ArtefactStore:
    return ArtefactStore(tmp_path_factory.mktemp("artefacts"), b"a secret of thirty-two bytes ...")


@pytest.fixture(scope="session")
def hostile(store: ArtefactStore) -> Compiled:
    return compile_component(store, build(Path(__file__).parent / "hostile"), INVOICING | {"cap:http.fetch"})


@pytest.fixture(scope="session")
def demo(store: ArtefactStore) -> Compiled:
    return compile_component(store, build(ROOT / "samples" / "invoicing-demo"), DEMO_ASKS)


@pytest.fixture(scope="session")
def pool(store: ArtefactStore) -> Iterator[GuestPool]:
    with GuestPool(store, size=2) as pool:
        yield pool
