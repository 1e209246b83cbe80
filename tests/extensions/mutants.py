"""Guests that were cut, flipped, doubled and lied about, and one process that reads many as the compiler does."""

from __future__ import annotations

import random
import struct
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import orjson

from plugins.extensions.errors import ComponentRefused
from plugins.extensions.guests.artefacts import ArtefactStore
from plugins.extensions.guests.compiler import READERS
from plugins.extensions.guests.contract import load_contract
from plugins.extensions.guests.inspection import inspect_module, inspect_shape
from plugins.extensions.guests.invocation import GuestRequest, Invocation
from plugins.extensions.guests.limits import EXTISM, Limits
from plugins.extensions.guests.pool import GuestPool
from tests.extensions.conftest import answering_guest, wat_guest
from tests.extensions.guest_stage import EVERYTHING, Host
from tests.extensions.test_plugin_lane import ASK, RELAY, module

_LENGTH = struct.Struct("!I")
_SHORT = Limits(cpu_seconds=0.2, wall_seconds=2.0, host_calls=20, log_lines=20)
_OURS = frozenset({"host_error", "guest_crashed"})
"""Traps that would be the fault of the house."""


class Mutant(NamedTuple):
    """A guest that was changed; `of` and `number` make it again."""

    of: str
    number: int
    wasm: bytes


def small_guests(runtime: str) -> dict[str, bytes]:
    """Guests of about a thousand bytes that run well."""
    if runtime == EXTISM:
        return {"says": module(), "asks": module(RELAY, ASK), "has a table": module(more="(elem (i32.const 0) $from-memory)")}
    return {"polite": wat_guest("polite"), "answers all": answering_guest(), "odd": wat_guest("odd_status")}


def mutants(name: str, wasm: bytes, number: int, seed: int) -> Iterator[Mutant]:
    """A guest cut off, with bits flipped, bytes replaced, parts doubled, parts taken out, and lengths that lie.

    Three of eight differ by one byte, so that some are still guests.
    """
    chance = random.Random(f"{seed} {name}")
    for one in range(number):
        yield Mutant(name, one, _changed(wasm, one % 8, chance))


def _changed(wasm: bytes, way: int, chance: random.Random) -> bytes:
    at, length = chance.randrange(8, len(wasm)), chance.randrange(1, 64)
    before, part, after = wasm[:at], wasm[at : at + length], wasm[at + length :]
    match way:
        case 0:
            return before
        case 1:
            return before + bytes(byte ^ (1 << chance.randrange(8)) for byte in part) + after
        case 2:
            return before + part * chance.randrange(2, 50) + after
        case 3:
            return before + after
        case 4:
            return before + b"\xff\xff\xff\xff\x0f" + wasm[at + 1 :]
        case 5:
            return before + bytes([chance.randrange(256)]) + wasm[at + 1 :]
        case _:
            return before + bytes([wasm[at] ^ (1 << chance.randrange(8))]) + wasm[at + 1 :]


def fates(store: ArtefactStore, pool: GuestPool, made: Sequence[Mutant], runtime: str) -> Counter[str]:
    """How many were refused and by which code, or compiled and ran, or were stopped and by which trap.

    Raises AssertionError, naming the mutant, where the compiler or a worker broke down over one.
    """
    seen: Counter[str] = Counter()
    for mutant, (shape, code) in zip(made, _read(made, runtime), strict=True):
        seen[_fate(store, pool, mutant, shape, code, runtime)] += 1
    return seen


def _fate(store: ArtefactStore, pool: GuestPool, mutant: Mutant, shape: dict[str, Any], code: bytes, runtime: str) -> str:
    if "refused" in shape:
        return "not_a_component"
    try:
        if runtime == EXTISM:
            inspect_module(mutant.wasm, shape["imports"], shape["exports"], ())
        else:
            inspect_shape(mutant.wasm, shape["imports"], shape["exports"], load_contract(), ())
    except ComponentRefused as refused:
        return refused.code
    store.put(store.key(mutant.wasm), code, shape["imports"], shape["exports"])
    order = Invocation(store.key(mutant.wasm), GuestRequest("GET", "/"), EVERYTHING, _SHORT, runtime=runtime)
    outcome = pool.invoke(order, Host())
    assert outcome.trap not in _OURS, (mutant.of, mutant.number, outcome.trap, outcome.detail)
    return outcome.trap or "ran"


def _read(made: Sequence[Mutant], runtime: str) -> Iterator[tuple[dict[str, Any], bytes]]:
    """The shape and code of each, or why it was refused, all from one process."""
    asked = b"".join(_LENGTH.pack(len(one.wasm)) + one.wasm for one in made)
    done = subprocess.run([sys.executable, "-m", __name__, runtime], input=asked, capture_output=True, check=False)
    given, at = done.stdout, 0
    for one in made:
        assert at + _LENGTH.size <= len(given), (
            f"the compiler broke down over {one.of} {one.number}: {done.stderr.decode()[-500:]}"
        )
        (length,) = _LENGTH.unpack_from(given, at)
        first, _, code = given[at + _LENGTH.size : at + _LENGTH.size + length].partition(b"\n")
        yield orjson.loads(first), code
        at += _LENGTH.size + length


def main(runtime: str) -> None:
    """Read guests from standard input, each with its length before it, and answer in the same way."""
    while header := sys.stdin.buffer.read(_LENGTH.size):
        answer = READERS[runtime](sys.stdin.buffer.read(_LENGTH.unpack(header)[0]))
        sys.stdout.buffer.write(_LENGTH.pack(len(answer)) + answer)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(sys.argv[1])
