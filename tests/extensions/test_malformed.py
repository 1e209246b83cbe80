"""Bytes that are no good guest, by the hundred: each is refused by name or runs within its limits, and nothing breaks down."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from wasmtime import wat2wasm

from plugins.extensions.errors import ComponentRefused
from plugins.extensions.guests.artefacts import ArtefactStore
from plugins.extensions.guests.compiling import compile_component
from plugins.extensions.guests.inspection import check_bytes
from plugins.extensions.guests.limits import EXTISM
from tests.extensions.conftest import answering_guest, wat_guest
from tests.extensions.test_plugin_lane import module

EACH = 12
"""Of these the compiler's process sees; one start of it costs a third of a second."""


def mutants(wasm: bytes, number: int, seed: int) -> Iterator[bytes]:
    """A guest cut off, with bytes flipped, parts doubled, parts taken out, and lengths that lie."""
    chance = random.Random(seed)
    for one in range(number):
        at = chance.randrange(8, len(wasm))
        length = chance.randrange(1, 64)
        match one % 5:
            case 0:
                yield wasm[:at]
            case 1:
                yield (
                    wasm[:at] + bytes(byte ^ (1 << chance.randrange(8)) for byte in wasm[at : at + length]) + wasm[at + length :]
                )
            case 2:
                yield wasm[:at] + wasm[at : at + length] * chance.randrange(2, 50) + wasm[at + length :]
            case 3:
                yield wasm[:at] + wasm[at + length :]
            case _:
                yield wasm[:at] + b"\xff\xff\xff\xff\x0f" + wasm[at + 1 :]


@pytest.mark.parametrize("runtime", ["component@1", EXTISM])
def test_mutants_of_good_guests_are_refused_by_name_or_compile(store: ArtefactStore, runtime: str) -> None:
    good = [module()] if runtime == EXTISM else [wat_guest("polite"), answering_guest()]
    made = [mutant for seed, wasm in enumerate(good) for mutant in mutants(wasm, EACH, seed)]
    codes = [refusal(store, mutant, runtime) for mutant in made]
    assert "component_refused" not in codes  # that would be the compiler itself breaking down
    assert set(codes) - {""}


def refusal(store: ArtefactStore, wasm: bytes, runtime: str) -> str:
    """The code by which it is refused; empty where it compiles."""
    try:
        compile_component(store, wasm, (), (), runtime)
    except ComponentRefused as refused:
        return refused.code
    return ""


@pytest.mark.parametrize("runtime", ["component@1", EXTISM])
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
        compile_component(store, wasm, (), (), EXTISM, seconds=0.6)
    assert slow.value.code == "compile_limit_exceeded"
    with pytest.raises(ComponentRefused) as large:
        compile_component(store, wasm, (), (), EXTISM, memory_bytes=170 << 20)
    assert large.value.code == "compile_limit_exceeded"
