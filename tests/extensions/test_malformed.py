"""Bytes that are no good guest, by the hundred: each is refused by name or runs within its limits, and nothing breaks down."""

from __future__ import annotations

import random

import pytest
from wasmtime import wat2wasm

from plugins.extensions.errors import ComponentRefused
from plugins.extensions.guests.artefacts import ArtefactStore
from plugins.extensions.guests.compiling import compile_component
from plugins.extensions.guests.inspection import check_bytes
from plugins.extensions.guests.limits import COMPONENT, EXTISM
from plugins.extensions.guests.pool import GuestPool
from tests.extensions.mutants import fates, mutants, small_guests

EACH, SEED = 40, 5
TIGHT = 130 << 20
"""Bytes of memory in which a small guest is compiled, and a large one is not."""


@pytest.mark.parametrize("runtime", [COMPONENT, EXTISM])
def test_mutants_of_good_guests_are_refused_by_name_or_run_within_their_limits(
    store: ArtefactStore, pool: GuestPool, runtime: str
) -> None:
    made = [mutant for name, wasm in small_guests(runtime).items() for mutant in mutants(name, wasm, EACH, SEED)]
    seen = fates(store, pool, made, runtime)
    assert seen.total() == len(made) >= 3 * EACH
    assert seen["not_a_component"] > EACH
    assert seen["ran"] > 0


@pytest.mark.parametrize("runtime", [COMPONENT, EXTISM])
def test_noise_is_refused_before_anything_parses_it(runtime: str) -> None:
    chance = random.Random(7)
    for _ in range(500):
        with pytest.raises(ComponentRefused):
            check_bytes(chance.randbytes(chance.randrange(200)), runtime)


def bomb(functions: int, depth: int) -> bytes:
    """Few bytes of text, much work for a compiler: many functions of deeply nested blocks and many locals."""
    body = "(block (result i32) " * depth + "(i32.const 1)" + ")" * depth
    one = f"(func (result i32) (local {'i64 ' * 1000}) {body})"
    return bytes(wat2wasm(f'(module {one * functions} (func (export "handler") (result i32) (i32.const 0)))'))


def test_a_compile_bomb_is_stopped_by_time_and_by_memory(store: ArtefactStore) -> None:
    wasm = bomb(2000, 400)
    with pytest.raises(ComponentRefused) as slow:
        compile_component(store, wasm, (), (), EXTISM, seconds=0.1)
    assert slow.value.code == "compile_limit_exceeded"
    compile_component(store, bomb(1, 1), (), (), EXTISM, memory_bytes=TIGHT)
    with pytest.raises(ComponentRefused) as large:
        compile_component(store, wasm, (), (), EXTISM, memory_bytes=TIGHT)
    assert large.value.code == "compile_limit_exceeded"
