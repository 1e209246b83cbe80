"""Looks a component over before it may be published: is it one, what does it import, does its manifest say so."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass

from ..errors import ComponentTooLarge, ImportTypeMismatch, MissingExport, NotAComponent, UndeclaredImport
from .contract import PACKAGE, VERSION, WASI_INTERFACES, Contract
from .limits import EXTISM, MAX_COMPONENT_BYTES, MAX_MODULE_BYTES
from .wit import Shape

COMPONENT_MAGIC = bytes.fromhex("0061736d0d000100")
_CORE_MAGIC = bytes.fromhex("0061736d01000000")
_PLUGIN_EXPORT = "func() -> i32"
_NAMES_OF_EXTISM = (
    "alloc config_get error_set free get_log_level input_length input_load_u64 input_load_u8 input_offset length length_unsafe "
    "load_u64 load_u8 log_debug log_error log_info log_trace log_warn output_set store_u64 store_u8 var_get var_set"
)
_OF_EXTISM = frozenset(_NAMES_OF_EXTISM.split())
"""What modules may import of extism's own functions: memory, input and output. Its HTTP is not among them."""
_PLUGIN_IMPORTS = {("extism:host/user", "deskhand_call"): "func(i64) -> i64"}


@dataclass(frozen=True, slots=True)
class Inspection:
    """`functions` are those of ours that it imports (`interface.function`), `capabilities` what they need."""

    digest: str
    size: int
    functions: tuple[str, ...]
    capabilities: tuple[str, ...]
    wasi: tuple[str, ...]


def check_bytes(wasm: bytes, runtime: str = "component@1") -> None:
    """Refuse what cannot be a guest for this runtime, before anything parses it.

    wasmtime would take WebAssembly text as well, hence the look at the first eight bytes. Raises `NotAComponent` or
    `ComponentTooLarge`.
    """
    if runtime == EXTISM:
        _check_module(wasm)
        return
    if len(wasm) > MAX_COMPONENT_BYTES:
        raise ComponentTooLarge(f"The component has {len(wasm)} bytes; at most {MAX_COMPONENT_BYTES} are allowed.")
    if wasm.startswith(_CORE_MAGIC):
        raise NotAComponent("This is a core WebAssembly module; build it as a component (world deskhand:extension).")
    if not wasm.startswith(COMPONENT_MAGIC):
        raise NotAComponent("This is no WebAssembly component: its first eight bytes are not those of one.")


def _check_module(wasm: bytes) -> None:
    if len(wasm) > MAX_MODULE_BYTES:
        raise ComponentTooLarge(f"The module has {len(wasm)} bytes; at most {MAX_MODULE_BYTES} are allowed for {EXTISM}.")
    if not wasm.startswith(_CORE_MAGIC):
        raise NotAComponent(f"{EXTISM} runs core WebAssembly modules: the first eight bytes are not those of one.")


def inspect_module(wasm: bytes, imports: Shape, exports: Shape, needed: Collection[str]) -> Inspection:
    """Hold a module for extism against what it may import and the exports that are `needed`.

    What it calls of the host is seen when it does. Raises `UndeclaredImport`, `ImportTypeMismatch` or `MissingExport`.
    """
    for name in sorted(one.replace("-", "_") for one in {"handler", *needed}):
        _check_export(name, _PLUGIN_EXPORT, exports[""].get(name))
    for module, content in imports.items():
        for name, kind in content.items():
            _check_plugin_import(module, name, kind)
    return Inspection(hashlib.sha256(wasm).hexdigest(), len(wasm), functions=(), capabilities=(), wasi=())


def _check_plugin_import(module: str, name: str, kind: str) -> None:
    if module == "extism:host/env" and name in _OF_EXTISM:
        return
    wanted = _PLUGIN_IMPORTS.get((module, name))
    if wanted is None:
        raise UndeclaredImport(f"The module imports {module}.{name}, which the platform does not have. Use deskhand_call.")
    if kind != wanted:
        raise ImportTypeMismatch(f"The module imports {name} as {kind}; it is {wanted}.")


def inspect_shape(
    wasm: bytes, imports: Shape, exports: Shape, contract: Contract, asked: Collection[str], needed: Collection[str] = ()
) -> Inspection:
    """Hold a component's imports and exports against the contract, the capabilities its manifest asks for, and the exports
    that are `needed` for what it declares.

    Raises `UndeclaredImport`, `ImportTypeMismatch` or `MissingExport`, naming the interface and the function.
    """
    for name in sorted({*contract.required, *needed}):
        _check_export(name, contract.exports[name], exports.get("", {}).get(name))
    functions: list[str] = []
    for instance, content in imports.items():
        functions += _checked_import(instance, content, contract, asked)
    capabilities = {capability for name in functions if (capability := contract.capabilities[name])}
    return Inspection(
        digest=hashlib.sha256(wasm).hexdigest(),
        size=len(wasm),
        functions=tuple(sorted(functions)),
        capabilities=tuple(sorted(capabilities)),
        wasi=tuple(sorted(name for name in imports if name.startswith("wasi:"))),
    )


def _check_export(name: str, wanted: str, found: str | None) -> None:
    if found is None:
        raise MissingExport(f"The component exports no function {name!r}.")
    if found != wanted:
        raise MissingExport(f"The component exports {name!r} as {found}; it must be {wanted}.")


def _checked_import(instance: str, content: dict[str, str], contract: Contract, asked: Collection[str]) -> list[str]:
    if instance == "":
        raise UndeclaredImport(f"The component imports {', '.join(sorted(content))}, which the platform does not have.")
    interface, _, version = instance.partition("@")
    if interface in WASI_INTERFACES:
        return []
    package, _, name = interface.partition("/")
    if package != PACKAGE or name not in contract.interfaces:
        raise UndeclaredImport(f"The component imports {instance}, which the platform does not have.")
    if version != VERSION:
        raise UndeclaredImport(f"The component imports {instance}; this platform has version {VERSION}.")
    return [_checked_function(f"{name}.{function}", kind, contract, asked) for function, kind in content.items()]


def _checked_function(name: str, found: str, contract: Contract, asked: Collection[str]) -> str:
    wanted = contract.functions.get(name)
    if wanted is None:
        raise UndeclaredImport(f"The component imports {name}, which the platform does not have.")
    capability = contract.capabilities[name]
    if capability and capability not in contract.default_capabilities and capability not in asked:
        raise UndeclaredImport(
            f"The component imports {name}, which needs {capability}; add that to `capabilities` in deskhand.json."
        )
    if found != wanted:
        raise ImportTypeMismatch(f"The component imports {name} as {found}; it is {wanted}.")
    return name
