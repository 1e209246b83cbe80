"""Marshmallow's nested messages as one flat map: `{"lines": {0: {"rate": ["…"]}}}` → `{"lines[0].rate": "…"}`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from marshmallow import ValidationError

from kernel.errors import InvalidInput

WHOLE = "_schema"


def field_errors(messages: Any) -> dict[str, str]:
    """Sentences by field path; what is wrong with an object as a whole stands at the object's own path."""
    return {path or WHOLE: words for path, words in _walk("", messages)}


def refuse_fields(error: ValidationError) -> InvalidInput:
    """The named error of a schema's refusal; its detail lists the fields."""
    errors = field_errors(error.normalized_messages())  # type: ignore[no-untyped-call]
    return InvalidInput(f"Check {', '.join(errors)}." if WHOLE not in errors else errors[WHOLE], errors=errors)


def _walk(path: str, messages: Any) -> Iterator[tuple[str, str]]:
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            yield from _walk(_join(path, key), inner)
    elif isinstance(messages, list | tuple):
        yield path, " ".join(str(one) for one in messages)
    else:
        yield path, str(messages)


def _join(path: str, key: Any) -> str:
    if key == WHOLE:
        return path
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else str(key)
