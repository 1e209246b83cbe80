"""What a compiled component imports and exports, with types written as `wit` writes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wasmtime import Engine, FuncType, Module, component
from wasmtime.component import _types as kinds

from .wit import Shape

_PRIMITIVES: dict[type, str] = {
    kinds.Bool: "bool",
    kinds.S8: "s8",
    kinds.S16: "s16",
    kinds.S32: "s32",
    kinds.S64: "s64",
    kinds.U8: "u8",
    kinds.U16: "u16",
    kinds.U32: "u32",
    kinds.U64: "u64",
    kinds.F32: "f32",
    kinds.F64: "f64",
    kinds.Char: "char",
    kinds.String: "string",
}


def describe(engine: Engine, guest: component.Component) -> tuple[Shape, Shape]:
    """The imports and the exports of a component."""
    return _shape(engine, guest.type.imports(engine)), _shape(engine, guest.type.exports(engine))


def describe_module(module: Module) -> tuple[Shape, Shape]:
    """The imports of a core module by the module that they come from, and its exports."""
    imports: Shape = {}
    for one in module.imports:
        imports.setdefault(one.module, {})[one.name or ""] = _core(one.type)
    return imports, {"": {one.name: _core(one.type) for one in module.exports}}


def _core(kind: Any) -> str:
    """A core function's type as one line; other kinds are named by their class."""
    if not isinstance(kind, FuncType):
        return type(kind).__name__
    return f"func({', '.join(map(str, kind.params))}) -> {', '.join(map(str, kind.results)) or '_'}"


def _shape(engine: Engine, externs: dict[str, Any]) -> Shape:
    shape: Shape = {}
    for name, extern in externs.items():
        kind = extern.ty
        if isinstance(kind, kinds.FuncType):
            shape.setdefault("", {})[name] = signature(kind)
        elif isinstance(kind, kinds.ComponentInstanceType):
            shape[name] = _functions(engine, kind)
        else:
            shape.setdefault("", {})[name] = type(kind).__name__
    return shape


def _functions(engine: Engine, instance: kinds.ComponentInstanceType) -> dict[str, str]:
    functions = {name: extern.ty for name, extern in instance.exports(engine).items()}
    return {name: signature(kind) for name, kind in functions.items() if isinstance(kind, kinds.FuncType)}


def signature(function: kinds.FuncType) -> str:
    """The type of a function as one line."""
    params = ", ".join(f"{name}: {text(kind)}" for name, kind in function.params)
    result = function.result
    return f"func({params})" + (f" -> {text(result)}" if result is not None else "")


def text(kind: Any) -> str:
    """A value type as one line, spelled out; kinds that our world never uses are named by their class."""
    if primitive := _PRIMITIVES.get(type(kind)):
        return primitive
    spell = _COMPOUNDS.get(type(kind))
    return spell(kind) if spell else type(kind).__name__


def _optional(kind: Any) -> str:
    return "_" if kind is None else text(kind)


def _result(kind: Any) -> str:
    if kind.err is not None:
        return f"result<{_optional(kind.ok)}, {text(kind.err)}>"
    return "result" if kind.ok is None else f"result<{text(kind.ok)}>"


def _cases(kind: Any) -> str:
    return ", ".join(name if payload is None else f"{name}({text(payload)})" for name, payload in kind.cases)


_COMPOUNDS: dict[type, Callable[[Any], str]] = {
    kinds.ListType: lambda kind: f"list<{text(kind.element)}>",
    kinds.OptionType: lambda kind: f"option<{text(kind.payload)}>",
    kinds.ResultType: _result,
    kinds.TupleType: lambda kind: f"tuple<{', '.join(map(text, kind.elements))}>",
    kinds.RecordType: lambda kind: f"record{{{', '.join(f'{name}: {text(field)}' for name, field in kind.fields)}}}",
    kinds.EnumType: lambda kind: f"enum{{{', '.join(kind.names)}}}",
    kinds.VariantType: lambda kind: f"variant{{{_cases(kind)}}}",
}
