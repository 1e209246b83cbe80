"""What published extensions rely on, as data to compare: host functions, exports, events, `deskhand.json`, an invoice's facts.

A version of the interface only ever gets more. What would break an extension in the field waits for the next major version:
raise `VERSION` in `wit_text`, and the versions of the SDK's packages with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from marshmallow import Schema, fields, missing, validate

from kernel.plugins import Plugins
from plugins.extensions.author.sample_invoice import SAMPLE
from plugins.extensions.guests.contract import load_contract
from plugins.extensions.publishing.manifest_schemas import ManifestSchema
from plugins.extensions.surface.wit_text import VERSION

Promised = Mapping[str, Any]
_KINDS: tuple[tuple[type[fields.Field[Any]], str], ...] = (
    (fields.UUID, "uuid"), (fields.Date, "date"), (fields.DateTime, "instant"), (fields.Decimal, "decimal text"),
    (fields.Boolean, "boolean"), (fields.Integer, "whole number"), (fields.Float, "number"), (fields.List, "list"),
    (fields.Nested, "object"), (fields.Dict, "object"), (fields.String, "text"),
)  # fmt: skip


def read_promises(plugins: Plugins) -> dict[str, Any]:
    """Everything that is promised, if it is frozen as it is now."""
    contract, said = load_contract(), [event for _, event in plugins.collect("register_events")]
    return {
        "major": major_of(VERSION),
        "functions": dict(sorted(contract.functions.items())),
        "capabilities": dict(sorted(contract.capabilities.items())),
        "exports": dict(sorted(contract.exports.items())),
        "events": {one.name: dict(_said(one.payload())) for one in sorted(said, key=lambda one: one.name)},
        "manifest": dict(_asked("", ManifestSchema())),
        "invoice": dict(_shape("", SAMPLE)),
    }


def broken_promises(promised: Promised, found: Promised) -> list[str]:
    """A sentence for each thing that an extension in the field relies on and that would be another by now."""
    return [words for part, compare in _COMPARED.items() for words in compare(promised[part], found[part])]


def major_of(version: str) -> int:
    """The major number of a semantic version.

    >>> major_of("1.4.0")
    1
    """
    return int(version.split(".", 1)[0])


def _exactly(what: str, mend: str) -> Callable[[Promised, Promised], Iterator[str]]:
    """Each that is promised must be there, to the letter."""

    def compare(promised: Promised, found: Promised) -> Iterator[str]:
        for name, kind in promised.items():
            if name not in found:
                yield f"{what} {name} is gone; it was {kind}. {mend}"
            elif found[name] != kind:
                yield f"{what} {name} is {found[name]}; it was {kind}. {mend}"

    return compare


def _events(promised: Promised, found: Promised) -> Iterator[str]:
    """An event goes on to be said, with what it had; it may say more."""
    for name, members in promised.items():
        if name not in found:
            yield f"The event {name} is said no more. Go on saying it beside its successor."
            continue
        for member, kind in members.items():
            if (now := found[name].get(member)) != kind:
                yield f"In the event {name}, {member} is {now or 'gone'}; it was {kind}. Add another member instead."


def _manifest(promised: Promised, found: Promised) -> Iterator[str]:
    """A `deskhand.json` that was taken is taken: what is new may be left out, and bounds only widen."""
    for key, was in promised.items():
        now = found.get(key)
        if now is None or now["kind"] != was["kind"]:
            yield f"In deskhand.json, {key} is {now['kind'] if now else 'gone'}; it was {was['kind']}. Go on reading it."
        else:
            yield from _narrower(key, was, now)
    for key, now in found.items():
        if key not in promised and now["required"]:
            yield f"In deskhand.json, {key} is new and required. Give it a default: published bundles have none."


def _narrower(key: str, was: Promised, now: Promised) -> Iterator[str]:
    if now["required"] and not was["required"]:
        yield f"In deskhand.json, {key} is required by now. Give it a default: published bundles may have none."
    if gone := [one for one in was["choices"] if now["choices"] and one not in now["choices"]]:
        yield f"In deskhand.json, {key} may be {', '.join(gone)} no more. Go on reading it."
    elif now["choices"] and not was["choices"]:
        yield f"In deskhand.json, {key} is one of a few by now; it was free. Go on reading the others."
    if now["least"] > was["least"] or (now["most"] is not None and (was["most"] is None or now["most"] < was["most"])):
        yield f"In deskhand.json, {key} has narrower bounds than it had: {was['least']} to {was['most']}. Widen them again."


_COMPARED: Mapping[str, Callable[[Promised, Promised], Iterator[str]]] = {
    "functions": _exactly("The host function", "Give the new shape a new name."),
    "capabilities": _exactly("The capability of", "Give what asks for another one a new name."),
    "exports": _exactly("The export", "Give the new shape a new name."),
    "events": _events,
    "manifest": _manifest,
    "invoice": _exactly("What render-invoice is told as", "Add another member instead."),
}


def _said(schema: Schema) -> Iterator[tuple[str, str]]:
    for name, field in schema.fields.items():
        yield name, f"{_kind(field)}{'' if field.required else ', or left out'}{', or null' if field.allow_none else ''}"


def _asked(at: str, schema: Schema) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each key of a manifest by its path, with what may stand there: `endpoints[].method`."""
    for name, field in schema.fields.items():
        path = f"{at}{name}"
        yield path, {"kind": _kind(field), "required": field.required and field.load_default is missing} | _bounds(field)
        inner, more = (field.inner, "[]") if isinstance(field, fields.List) else (field, "")
        shape = inner.schema if isinstance(inner, fields.Nested) else getattr(inner, "shape", None)
        if shape is not None:
            yield from _asked(f"{path}{more}.", shape() if isinstance(shape, type) else shape)
        elif more:
            yield f"{path}[]", {"kind": _kind(inner), "required": False} | _bounds(inner)


def _bounds(field: fields.Field[Any]) -> dict[str, Any]:
    lengths = [one for one in field.validators if isinstance(one, validate.Length)]
    choices = [str(case) for one in field.validators if isinstance(one, validate.OneOf) for case in one.choices]
    return {
        "choices": sorted(choices),
        "least": max((one.min or 0 for one in lengths), default=0),
        "most": min((one.max for one in lengths if one.max is not None), default=None),
    }


def _kind(field: fields.Field[Any]) -> str:
    return next((name for kind, name in _KINDS if isinstance(field, kind)), "text or object")


def _shape(at: str, value: Any) -> Iterator[tuple[str, str]]:
    """What stands where in a value of JSON; of a list, what its items have together."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _shape(f"{at}.{name}" if at else name, inner)
    elif isinstance(value, list):
        for one in value:
            yield from _shape(f"{at}[]", one)
    else:
        yield at, {str: "text", int: "whole number", bool: "boolean"}[type(value)]
