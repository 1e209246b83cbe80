"""Forms: what was typed → what the schema wants; errors back at the fields; nothing typed is ever lost.

A widget may say how its text is to be read by a hidden twin: `price--money` holds a currency (or `@field`, the name of
the field that holds it). Names of rows are `lines-0-description`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from babel.numbers import NumberFormatError
from marshmallow import EXCLUDE, Schema, ValidationError, fields, missing
from werkzeug.datastructures import MultiDict

from kernel.clock import zone_info
from kernel.errors import DeskhandError, InvalidInput
from kernel.web import formats
from kernel.web.i18n import gettext as _

MONEY = "--money"
_ROW = re.compile(r"(\w+)-(\d+)-(.+)")
_PATH = re.compile(r"[.\[\]]+")
_TEACHING = {
    "Missing data for required field.": "Fill this in.",
    "Field may not be null.": "Fill this in.",
    "Not a valid UUID.": "Choose one from the list.",
    "Not a valid number.": "Write a number.",
    "Not a valid integer.": "Write a whole number.",
    "Not a valid date.": "Write a date.",
    "Not a valid datetime.": "Write a date and a time.",
}


class Form:
    """One form on a page: a schema, present values, and the errors of the last attempt."""

    def __init__(self, schema: type[Schema] | Schema, values: Any = None, version: int | None = None) -> None:
        self.schema = schema() if isinstance(schema, type) else schema
        self.values: Mapping[str, Any] = _as_mapping(values, self.schema)
        self.fresh = True
        self.errors: dict[str, str] = {}
        self.general: list[str] = []
        self.version = version if version is not None else getattr(values, "version", self.values.get("version"))
        self._shown: set[str] = set()

    @classmethod
    def read(cls, schema: type[Schema] | Schema, typed: MultiDict[str, str]) -> Form:
        """The form as it came back from the browser."""
        version = typed.get("row_version", "")
        form = cls(schema, _nested(typed), int(version) if version.isdecimal() else None)
        form.fresh = False
        return form

    def load(self, zone: str) -> dict[str, Any]:
        """What was typed, checked by the schema; local times are read in `zone`. Raises InvalidInput by field."""
        reader = _Reader(zone)
        plain = reader.read(self.schema, self.values)
        problems: dict[str, str] = {}
        data: dict[str, Any] = {}
        try:
            data = cast(dict[str, Any], self.schema.load(plain, unknown=EXCLUDE))
        except ValidationError as error:
            problems = error_messages(error)
        if problems or reader.problems:
            raise InvalidInput(errors=problems | reader.problems)
        return data

    def refuse(self, error: DeskhandError | ValidationError) -> None:
        """Take over the errors of a failed attempt, to be shown at their fields."""
        if isinstance(error, ValidationError):
            self.errors |= error_messages(error)
        else:
            self.errors |= {_flat_name(path): str(words) for path, words in error.errors.items()}
            if not error.errors or error.detail != error.title:
                self.general.append(error.detail)

    def name(self, field: str) -> str:
        """The name that the field has in the HTML form."""
        return field

    def value(self, field: str) -> Any:
        """What was typed, or the present value, or what the schema takes when nothing is said."""
        return self.values.get(field, _default(self.schema, field) if self.fresh else None)

    def error(self, field: str) -> str | None:
        """The sentence to show at the field."""
        self._shown.add(field)
        return self.errors.get(field)

    def required(self, field: str) -> bool:
        """True if the schema demands the field, or if an existing row cannot be without it."""
        known = self.schema.fields.get(field)
        return bool(known and (known.required or (self.version is not None and not _may_be_empty(known))))

    def rows(self, field: str) -> list[FormRow]:
        """The repeated rows of a nested list."""
        schema = _row_schema(self.schema.fields.get(field)) or self.schema
        given = self.values.get(field) or []
        return [FormRow(self, schema, field, str(index), _as_mapping(row, schema)) for index, row in enumerate(given)]

    def blank_row(self, field: str) -> FormRow:
        """The pattern from which the browser makes new rows."""
        schema = _row_schema(self.schema.fields.get(field)) or self.schema
        return FormRow(self, schema, field, "N", {})

    def unplaced_errors(self) -> list[str]:
        """Errors that no field of the page has shown; asked for after the fields were drawn."""
        strays = [f"{name}: {words}" for name, words in self.errors.items() if name not in self._shown]
        return [*self.general, *strays]


class FormRow:
    """One row of a repeated group; macros treat it like a form."""

    def __init__(self, form: Form, schema: Schema, group: str, index: str, values: Mapping[str, Any]) -> None:
        self.form, self.schema, self.group, self.index, self.values = form, schema, group, index, values

    def name(self, field: str) -> str:
        return f"{self.group}-{self.index}-{field}"

    def value(self, field: str) -> Any:
        return self.values.get(field, _default(self.schema, field) if self.form.fresh or self.index == "N" else None)

    def error(self, field: str) -> str | None:
        return self.form.error(self.name(field))

    def required(self, field: str) -> bool:
        known = self.schema.fields.get(field)
        return bool(known and known.required)


def read_query(schema: type[Schema], args: MultiDict[str, str], zone: str) -> dict[str, Any]:
    """The GET parameters that a page takes; empty ones and unknown ones are left out, dates without a time begin in
    `zone`. Raises InvalidInput by name.
    """
    known = schema()
    given: dict[str, Any] = {}
    for name, field in known.fields.items():
        key = field.data_key or name
        if args.get(key, "") != "":
            given[key] = args.getlist(key) if type(field) is fields.List else args[key]
            if _is_instant(field):
                given[key] = _with_zone(args[key], zone)
    try:
        return cast(dict[str, Any], known.load(given, unknown=EXCLUDE))
    except ValidationError as error:
        raise InvalidInput(errors=error_messages(error)) from error


def error_messages(error: ValidationError) -> dict[str, str]:
    """A schema's refusal as sentences by field name."""
    return flat_errors(error.messages if isinstance(error.messages, dict) else {"_schema": error.messages})


def flat_errors(messages: Mapping[Any, Any], prefix: str = "") -> dict[str, str]:
    """marshmallow's nested messages by field name: `{"lines": {0: {"rate": [...]}}}` → `lines-0-rate`."""
    flat: dict[str, str] = {}
    for key, words in messages.items():
        name = f"{prefix}-{key}" if prefix else str(key)
        if isinstance(words, Mapping):
            flat |= flat_errors(words, name)
        else:
            flat[name] = " ".join(_taught(str(one)) for one in ([words] if isinstance(words, str) else words))
    return flat


def _taught(message: str) -> str:
    return _(_TEACHING.get(message, message))


def _flat_name(path: str) -> str:
    """`lines[0].rate`, `lines.0.rate` and `lines-0-rate` name the same field."""
    return "-".join(part for part in _PATH.split(path) if part)


def _as_mapping(values: Any, schema: Schema) -> Mapping[str, Any]:
    if values is None or isinstance(values, Mapping):
        return values or {}
    return {name: getattr(values, field.attribute or name, None) for name, field in schema.fields.items()}


def _default(schema: Schema, name: str) -> Any:
    default = schema.fields[name].load_default if name in schema.fields else None
    return None if default is missing or callable(default) else default


def _may_be_empty(field: fields.Field[Any]) -> bool:
    try:
        return field.allow_none or field.deserialize("") == ""
    except ValidationError:
        return False


def _row_schema(field: fields.Field[Any] | None) -> Schema | None:
    if isinstance(field, fields.List):
        field = field.inner
    return field.schema if isinstance(field, fields.Nested) else None


def _nested(typed: MultiDict[str, str]) -> dict[str, Any]:
    """Flat names → nested values; several values of one name stay a list; rows in which nothing was typed are dropped."""
    top: dict[str, Any] = {}
    groups: dict[str, dict[int, MultiDict[str, str]]] = {}
    for name in typed:
        if row := _ROW.fullmatch(name):
            group = groups.setdefault(row[1], {}).setdefault(int(row[2]), MultiDict())
            group.setlist(row[3], typed.getlist(name))
        else:
            values = typed.getlist(name)
            top[name] = values if len(values) > 1 else values[0]
    for name, rows in groups.items():
        top[name] = [_nested(rows[index]) for index in sorted(rows) if _says_something(rows[index])]
    return top


def _says_something(row: MultiDict[str, str]) -> bool:
    return any(value.strip() not in ("", "false") for name in row for value in row.getlist(name) if "--" not in name)


class _Reader:
    """Puts typed texts into the spelling that marshmallow reads; notes what cannot be read by field name."""

    def __init__(self, zone: str) -> None:
        self.zone = zone
        self.problems: dict[str, str] = {}

    def read(self, schema: Schema, values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
        plain: dict[str, Any] = {}
        for name, field in schema.fields.items():
            if name not in values:
                continue
            if (rows := _row_schema(field)) is not None:
                given = values[name] if isinstance(values[name], list) else []
                plain[name] = [
                    self.read(rows, row, f"{prefix}{name}-{at}-") for at, row in enumerate(given) if isinstance(row, Mapping)
                ]
            elif isinstance(field, fields.List):
                plain[name] = [one for one in _all(values[name]) if one != ""]
            elif text := _last(values[name]).strip():
                plain |= self._one(field, name, text, values, prefix)
            else:
                plain |= _blank(name, field)
        return plain

    def _one(self, field: fields.Field[Any], name: str, text: str, values: Mapping[str, Any], prefix: str) -> dict[str, Any]:
        try:
            return {name: self._text(field, text, values.get(name + MONEY), values)}
        except (NumberFormatError, ValueError):
            self.problems[prefix + name] = _("Write a number.")
        except InvalidInput as error:
            self.problems[prefix + name] = error.detail
        return {}

    def _text(self, field: fields.Field[Any], text: str, currency: str | None, values: Mapping[str, Any]) -> Any:
        if currency:
            code = values.get(currency[1:], "") if currency.startswith("@") else currency
            return formats.read_money(text, _last(code))
        if isinstance(field, fields.Number):
            return formats.read_decimal(text)
        return _with_zone(text, self.zone) if _is_instant(field) else text


def _is_instant(field: fields.Field[Any]) -> bool:
    return isinstance(field, fields.DateTime) and not isinstance(field, fields.Date | fields.Time)


def _with_zone(text: str, zone: str) -> str:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return text  # the schema says in words what is wrong with it
    return (instant if instant.tzinfo else instant.replace(tzinfo=zone_info(zone))).isoformat()


def _blank(name: str, field: fields.Field[Any]) -> dict[str, Any]:
    """An empty entry: None where that is allowed, "" for an optional text that may be empty, else as if not sent."""
    if field.allow_none and not field.required:
        return {name: None}
    if type(field) is fields.String and not field.required and _accepts_empty(field):
        return {name: ""}
    return {}


def _accepts_empty(field: fields.String) -> bool:
    try:
        field.deserialize("")
    except ValidationError:
        return False
    return True


def _all(value: str | Sequence[str]) -> Sequence[str]:
    return [value] if isinstance(value, str) else value


def _last(value: str | Sequence[str]) -> str:
    return value if isinstance(value, str) else value[-1]


def listed(pairs: Mapping[str, Any] | Sequence[Any]) -> Iterator[tuple[str, Any]]:
    """Options of a select as (value, label), from pairs, plain values, or a statuses mapping."""
    if isinstance(pairs, Mapping):
        for value, label in pairs.items():
            yield value, label[0] if isinstance(label, tuple) else label
        return
    for pair in pairs:
        yield (str(pair[0]), pair[1]) if isinstance(pair, tuple | list) else (str(pair), pair)


def is_data(value: str, label: Any) -> bool:
    """True if an option's label is a row's name or a code, which are not translated."""
    is_id = len(value) == len("00000000-0000-0000-0000-000000000000")
    return is_id or label == value or (value != "" and str(label).startswith(f"{value} "))
