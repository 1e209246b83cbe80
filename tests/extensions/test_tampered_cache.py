"""Compiled guests are machine code: one that was changed on disk is never loaded, and is compiled again."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from plugins.extensions.errors import ArtefactTampered
from plugins.extensions.guests.artefacts import ArtefactStore
from plugins.extensions.guests.compiling import compile_component
from plugins.extensions.guests.invocation import GuestRequest, Invocation
from plugins.extensions.guests.limits import COMPONENT, EXTISM
from plugins.extensions.guests.pool import GuestPool
from tests.extensions.guest_stage import EVERYTHING, SHORT, Host
from tests.extensions.mutants import small_guests

SECRET = b"a secret of thirty-two bytes ..."
SEAL = 32
CHANGES: dict[str, Callable[[bytes, bytes], bytes]] = {
    "a bit of the seal": lambda own, _other: bytes([own[0] ^ 1]) + own[1:],
    "the first bit": lambda own, _other: own[:SEAL] + bytes([own[SEAL] ^ 1]) + own[SEAL + 1 :],
    "the last bit": lambda own, _other: own[:-1] + bytes([own[-1] ^ 1]),
    "cut off": lambda own, _other: own[: len(own) // 2],
    "longer": lambda own, _other: own + b"\0",
    "the seal alone": lambda own, _other: own[:SEAL],
    "nothing": lambda _own, _other: b"",
    "another guest": lambda _own, other: other,
    "another guest's code": lambda own, other: own[:SEAL] + other[SEAL:],
}
RUNTIMES = (COMPONENT, EXTISM)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> tuple[ArtefactStore, dict[str, list[str]]]:
    """Two guests of each lane, compiled."""
    store = ArtefactStore(tmp_path_factory.mktemp("compiled"), SECRET)
    keys = {
        runtime: [compile_component(store, wasm, (), (), runtime).artefact for wasm in list(small_guests(runtime).values())[:2]]
        for runtime in RUNTIMES
    }
    return store, keys


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_compiled_guest_that_was_changed_is_never_loaded(
    compiled: tuple[ArtefactStore, dict[str, list[str]]], runtime: str, tmp_path: Path
) -> None:
    good, keys = compiled
    own, other = keys[runtime]
    for number, change in enumerate(CHANGES.values()):
        for kind, read in (("cwasm", ArtefactStore.code), ("json", ArtefactStore.shape)):
            folder = tmp_path / f"{number}-{kind}"
            shutil.copytree(good.folder, folder)
            file = folder / f"{own}.{kind}"
            before = file.read_bytes()
            if (changed := change(before, (folder / f"{other}.{kind}").read_bytes())) == before:
                continue  # the shapes of both may be the same
            file.write_bytes(changed)
            store = ArtefactStore(folder, SECRET)
            assert (store.intact(own), store.intact(other)) == (False, True)
            with pytest.raises(ArtefactTampered):
                read(store, own)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_what_was_sealed_elsewhere_is_nothing_here_and_is_compiled_again(
    compiled: tuple[ArtefactStore, dict[str, list[str]]], runtime: str, tmp_path: Path
) -> None:
    good, keys = compiled
    own = keys[runtime][0]
    shutil.copytree(good.folder, tmp_path / "copied")
    store = ArtefactStore(tmp_path / "copied", SECRET[::-1])
    order = Invocation(own, GuestRequest("GET", "/"), EVERYTHING, SHORT, runtime=runtime)
    with GuestPool(store, size=1) as pool:
        with pytest.raises(ArtefactTampered):
            pool.invoke(order, Host())
        wasm = next(iter(small_guests(runtime).values()))
        assert compile_component(store, wasm, (), (), runtime).artefact == own
        assert pool.invoke(order, Host()).ok
