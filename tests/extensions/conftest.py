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

WatGuest = Callable[..., bytes]


def build(folder: Path) -> bytes:
    """A TypeScript extension, built as `make setup` builds the samples."""
    build_extension(folder)
    return (folder / COMPONENT).read_bytes()


def wat_guest(name: str, *, imports: str = "", core_imports: str = "", with_: str = "") -> bytes:
    """One of the components in `wat/`, as bytes."""
    text = (WAT / "frame.wat").read_text()
    parts = {"@imports@": imports, "@core-imports@": core_imports, "@with@": with_}
    for mark, part in parts.items():
        text = text.replace(mark, part)
    return bytes(wat2wasm(text.replace("@core@", (WAT / f"{name}.wat").read_text())))


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> ArtefactStore:
    return ArtefactStore(tmp_path_factory.mktemp("artefacts"), b"a secret of thirty-two bytes ...")


@pytest.fixture(scope="session")
def hostile(store: ArtefactStore) -> Compiled:
    return compile_component(store, build(Path(__file__).parent / "hostile"), INVOICING | {"cap:http.fetch"})


@pytest.fixture(scope="session")
def demo(store: ArtefactStore) -> Compiled:
    return compile_component(store, build(ROOT / "samples" / "invoicing-demo"), INVOICING)


@pytest.fixture(scope="session")
def pool(store: ArtefactStore) -> Iterator[GuestPool]:
    with GuestPool(store, size=2) as pool:
        yield pool
