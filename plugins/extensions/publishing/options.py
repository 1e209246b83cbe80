"""Settings of an extension that its bundle describes by a JSON schema: a part of JSON Schema that a form can show.

An object whose properties are strings, whole numbers, numbers and booleans. Of each property: `type`, `title`, `description`,
`default`, and for strings `enum`, `minLength`, `maxLength`, `format` (`email`, `uri`, `date`) and `writeOnly` (a secret, never
shown again), for numbers `minimum` and `maximum`. Anything else is refused, so that no rule is promised and not kept.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson
from marshmallow import RAISE, Schema, ValidationError, fields, post_load, validate

from kernel.errors import InvalidInput
from plugins.extensions.errors import OptionsRefused

MOST_OPTIONS, MOST_SCHEMA_BYTES, LONGEST = 100, 64 * 1024, 4096
_MOST_PLACES = 30
KINDS = ("string", "integer", "number", "boolean")
FORMATS = ("email", "uri", "date")
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")


@dataclass(frozen=True, slots=True)
class Option:
    """One setting. `field` checks what was typed; its value is kept as text."""

    name: str
    kind: str
    title: str
    says: str
    required: bool
    secret: bool
    choices: tuple[str, ...]
    default: Any
    field: fields.Field[Any]

    @property
    def listed(self) -> list[tuple[str, str]]:
        """The choices as a form lists them."""
        return [(one, one) for one in self.choices]

    def text(self, value: Any) -> str:
        """A value as it is kept and as the handler reads it: `true`, `12`, `2.5`."""
        if self.kind == "boolean":
            return "true" if value else "false"
        return format(value, "f") if self.kind == "number" else str(value)


class _Property(Schema):
    class Meta:
        unknown = RAISE

    type = fields.String(required=True, validate=validate.OneOf(KINDS))
    title = fields.String(load_default="", validate=validate.Length(max=80))
    description = fields.String(load_default="", validate=validate.Length(max=400))
    default = fields.Raw(load_default=None)
    enum = fields.List(fields.String(validate=validate.Length(1, 200)), load_default=None, validate=validate.Length(1, 100))
    minLength = fields.Integer(strict=True, load_default=None, validate=validate.Range(0, LONGEST))
    maxLength = fields.Integer(strict=True, load_default=None, validate=validate.Range(1, LONGEST))
    format = fields.String(load_default=None, validate=validate.OneOf(FORMATS))
    writeOnly = fields.Boolean(load_default=False)
    minimum = fields.Decimal(load_default=None, allow_nan=False)
    maximum = fields.Decimal(load_default=None, allow_nan=False)


class _Object(Schema):
    class Meta:
        unknown = RAISE

    schema = fields.String(data_key="$schema")
    type = fields.String(required=True, validate=validate.Equal("object"))
    title = fields.String()
    description = fields.String()
    properties = fields.Dict(
        keys=fields.String(validate=validate.Regexp(_NAME, error="Use letters, digits, dots, hyphens, underscores.")),
        values=fields.Nested(_Property), required=True, validate=validate.Length(1, MOST_OPTIONS),
    )  # fmt: skip
    required = fields.List(fields.String(), load_default=list)
    additionalProperties = fields.Boolean(validate=validate.Equal(False))

    @post_load
    def make(self, data: Mapping[str, Any], **_: Any) -> tuple[Option, ...]:
        if strange := set(data["required"]) - data["properties"].keys():
            raise ValidationError(f"properties has no {min(strange)}", "required")
        return tuple(_option(name, one, required=name in data["required"]) for name, one in data["properties"].items())


def read_options(schema: bytes) -> tuple[Option, ...]:
    """The settings that a schema describes, in its order. Raises OptionsRefused with an error for each place."""
    if len(schema) > MOST_SCHEMA_BYTES:
        raise OptionsRefused(f"The schema of the settings has {len(schema)} bytes; at most {MOST_SCHEMA_BYTES} are allowed.")
    try:
        options: tuple[Option, ...] = _Object().load(orjson.loads(schema))
    except orjson.JSONDecodeError as error:
        raise OptionsRefused(f"The schema of the settings is no JSON: {error}") from None
    except ValidationError as error:
        raise OptionsRefused(f"The schema of the settings cannot be used: {_first(error.messages)}") from None
    return options


def form_of(options: tuple[Option, ...], kept: Collection[str] = ()) -> type[Schema]:
    """The form's schema; its fields are named by their position. A secret that is `kept` already need not be typed again."""
    typed = {
        f"option{index}": fields.String(allow_none=True) if one.secret and one.name in kept else one.field
        for index, one in enumerate(options)
    }
    return Schema.from_dict(typed, name="OptionsForm")  # type: ignore[arg-type]


def typed_values(options: tuple[Option, ...], config: Mapping[str, str]) -> dict[str, Any]:
    """What the form shows at first: what is kept, else the default; secrets never."""
    return {f"option{index}": None if one.secret else config.get(one.name, one.default) for index, one in enumerate(options)}


def config_of(options: tuple[Option, ...], data: Mapping[str, Any], kept: Mapping[str, str]) -> dict[str, str]:
    """The settings that a loaded form means; what is empty is not set, a secret that was not typed stays."""
    config = {}
    for index, one in enumerate(options):
        value = data.get(f"option{index}")
        if value not in (None, ""):
            config[one.name] = one.text(value)
        elif one.secret and one.name in kept:
            config[one.name] = kept[one.name]
    return config


def checked_config(options: tuple[Option, ...], config: Mapping[str, str]) -> dict[str, str]:
    """The settings as they are kept. Raises InvalidInput for those that the schema does not allow, each by its name."""
    known, kept = {one.name: one for one in options}, {}
    errors = {name: "The extension has no such setting." for name in config if name not in known}
    for name, one in known.items():
        if name not in config:
            errors |= {name: "This setting is needed."} if one.required else {}
            continue
        try:
            kept[name] = one.text(one.field.deserialize(config[name]))
        except ValidationError as error:
            errors[name] = " ".join(str(words) for words in error.messages)
    if errors:
        raise InvalidInput("Some settings need another value.", errors={f"config.{name}": says for name, says in errors.items()})
    return kept


def _option(name: str, given: Mapping[str, Any], *, required: bool) -> Option:
    kind, choices = given["type"], tuple(given["enum"] or ())
    field = _FIELDS[kind](given, choices, required)
    if given["default"] is not None:
        _check_default(name, field, given["default"])
    return Option(name, kind, given["title"] or name, given["description"], required, given["writeOnly"] and kind == "string",
                  choices, given["default"], field)  # fmt: skip


def _check_default(name: str, field: fields.Field[Any], default: Any) -> None:
    try:
        field.deserialize(default)
    except ValidationError as error:
        raise ValidationError(f"the default of {name} does not fit: {error.messages[0]}", "properties") from None


def _string(given: Mapping[str, Any], choices: tuple[str, ...], required: bool) -> fields.Field[Any]:
    least = max(given["minLength"] or 0, 1 if required else 0)
    rules: list[Any] = [validate.Length(least, given["maxLength"] or LONGEST), *([validate.OneOf(choices)] if choices else [])]
    kind = {"email": fields.Email, "uri": fields.URL, "date": fields.Date}.get(given["format"] or "", fields.String)
    return kind(required=required, validate=rules if kind is not fields.Date else None, allow_none=not required)


def _whole(given: Mapping[str, Any], _: tuple[str, ...], required: bool) -> fields.Field[Any]:
    return fields.Integer(required=required, allow_none=not required, validate=_range(given))


def _number(given: Mapping[str, Any], _: tuple[str, ...], required: bool) -> fields.Field[Any]:
    return fields.Decimal(required=required, allow_none=not required, allow_nan=False, validate=[_sizeable, _range(given)])


def _sizeable(value: Decimal) -> None:
    """Written in full, 1e1000000 has a million digits."""
    if abs(value.adjusted()) > _MOST_PLACES:
        raise ValidationError(f"Must have at most {_MOST_PLACES} places before and after the point.")


def _boolean(given: Mapping[str, Any], _: tuple[str, ...], required: bool) -> fields.Field[Any]:
    return fields.Boolean(required=True) if required else fields.Boolean(load_default=bool(given["default"]))


def _range(given: Mapping[str, Any]) -> validate.Range:
    return validate.Range(given["minimum"], given["maximum"])


_FIELDS = {"string": _string, "integer": _whole, "number": _number, "boolean": _boolean}


def _first(messages: Any, at: str = "") -> str:
    if isinstance(messages, dict):
        key, inner = next(iter(messages.items()))
        return _first(inner, at if key == "value" else f"{at}.{key}" if at else str(key))
    return f"{at}: {messages[0] if isinstance(messages, list) else messages}"
