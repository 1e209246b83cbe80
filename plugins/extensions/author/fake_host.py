"""A host for an author's tests: it has the very functions that the installed plugins give, with made-up answers.

Arguments are held against the schemas of the real functions, and so are the answers that a test gives; so a fake cannot differ
from the host in shape. Nothing is read or written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from marshmallow import RAISE, Schema, ValidationError, fields, missing, validate

from kernel.api.fieldpaths import field_errors
from plugins.extensions.author.errors import CaseRefused
from plugins.extensions.calls.dispatcher import guest_path

if TYPE_CHECKING:
    from kernel.hookspecs.start import HostFunction
    from plugins.extensions.guests.invocation import HostAnswer, HostCall

Functions = Mapping[tuple[str, str], "HostFunction"]
SOME_ID = UUID("0198c1d0-0000-7000-8000-000000000001")
_CAPITAL = re.compile(r"(?<=[a-z0-9])([A-Z])")


class FakeHost:
    """Answers a guest's host calls and keeps them: `calls` has names in camelCase and arguments as they came.

    `answers` has for `interface.function` one answer, or a list of them for one call after the other: `{"value": …}`, or
    `{"error": "code: sentence", "fieldErrors": {…}}`. Raises CaseRefused for answers that the real function cannot give.
    """

    def __init__(self, functions: Functions, answers: Mapping[str, Any]) -> None:
        self._functions = {f"{interface}.{_camel(name)}": one for (interface, name), one in functions.items()}
        self._answers = {name: self._checked(name, given) for name, given in answers.items()}
        self.calls: list[dict[str, Any]] = []

    def __call__(self, call: HostCall) -> HostAnswer:
        name = f"{call.interface}.{_camel(call.function)}"
        function = self._functions[name]
        arguments = keys_in_camel(call.args)
        self.calls.append({"function": name, "args": arguments.get("input", arguments)})
        if not call.granted:
            return {"success": False, "error": f"capability_denied: grant {call.capability} to this install"}
        try:
            function.takes().load(call.args, unknown=RAISE)
        except ValidationError as error:
            words = field_errors(error.normalized_messages())  # type: ignore[no-untyped-call]
            told = {guest_path(path): each for path, each in words.items()}
            return {"success": False, "error": "invalid_input: some fields need another value", "field_errors": told}
        waiting = self._answers.get(name)
        if waiting:
            return waiting.pop(0) if len(waiting) > 1 else waiting[0]
        return {"success": True, "value": _value(function.gives())}

    def _checked(self, name: str, given: Any) -> list[HostAnswer]:
        if name not in self._functions:
            raise CaseRefused(f"host: there is no function {name}; there are {', '.join(sorted(self._functions))}.")
        gives = self._functions[name].gives()
        return [_answer(name, gives, one) for one in (given if isinstance(given, list) else [given])]


def _answer(name: str, gives: Schema, given: Any) -> HostAnswer:
    if (
        not isinstance(given, dict)
        or given.keys() - {"value", "error", "fieldErrors"}
        or ("error" in given) == ("value" in given)
    ):
        raise CaseRefused(f'host: an answer of {name} is {{"value": …}} or {{"error": "code: sentence", "fieldErrors": {{…}}}}.')
    if "error" in given:
        return {"success": False, "error": given["error"], "field_errors": given.get("fieldErrors", {})}
    value = _keys(given["value"], _snake)
    try:
        loaded = gives.load({"value": value} if _is_bare(gives) else value, unknown=RAISE)
    except ValidationError as error:
        words = field_errors(error.normalized_messages())  # type: ignore[no-untyped-call]
        told = "; ".join(f"{guest_path(path)}: {each}" for path, each in words.items())
        raise CaseRefused(f"host: {name} cannot answer so. {told}") from None
    dumped = gives.dump(loaded)
    return {"success": True, "value": dumped["value"] if _is_bare(gives) else dumped}


def _value(gives: Schema) -> Any:
    """The plainest answer that a function can give."""
    made = {name: _example(field) for name, field in gives.fields.items()}
    return made["value"] if _is_bare(gives) else made


def _example(field: fields.Field[Any]) -> Any:
    if field.allow_none:
        return None
    if isinstance(field, fields.Nested):
        return [_value(field.schema)] if field.many else _value(field.schema)
    if isinstance(field, fields.List):
        return []
    if isinstance(field, fields.Mapping):
        return {}
    choices = next((one.choices for one in field.validators if isinstance(one, validate.OneOf)), None)
    return next(iter(choices)) if choices else _plain(field)


def _plain(field: fields.Field[Any]) -> Any:
    for kind, example in _EXAMPLES:
        if isinstance(field, kind):
            return example
    return field.dump_default if field.dump_default is not missing else "text"


_EXAMPLES: Sequence[tuple[type[fields.Field[Any]], Any]] = (
    (fields.UUID, str(SOME_ID)), (fields.Boolean, False), (fields.Integer, 0), (fields.Float, 0.0), (fields.Decimal, "0"),
    (fields.DateTime, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC).isoformat()), (fields.Date, date(2026, 1, 2).isoformat()),
)  # fmt: skip


def _is_bare(gives: Schema) -> bool:
    return list(gives.fields) == ["value"]


def _keys(value: Any, spell: Any) -> Any:
    """The same value with the names of its fields spelled otherwise."""
    if isinstance(value, Mapping):
        return {spell(name): _keys(inner, spell) for name, inner in value.items()}
    return [_keys(one, spell) for one in value] if isinstance(value, list | tuple) else value


def keys_in_camel(value: Any) -> Any:
    """The same value with the names of its fields in camelCase."""
    return _keys(value, _camel)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(one.capitalize() for one in rest)


def _snake(name: str) -> str:
    return _CAPITAL.sub(lambda found: f"_{found[1].lower()}", name)
