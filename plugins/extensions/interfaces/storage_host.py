"""The host functions of an install's own storage: `storage.get`, `put`, `delete`, `list`, and some keys at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import Schema, fields, validate

from kernel.capabilities import GuestCall
from kernel.context import CallContext
from kernel.errors import DeskhandError
from kernel.hookspecs.start import HostFunction, HostInterface
from plugins.extensions.interfaces import storage
from plugins.extensions.interfaces.storage import LEAST_SECONDS, MOST_AT_ONCE, MOST_SECONDS, MOST_VALUE_BYTES, Write

_NAMESPACE = validate.Regexp(r"[a-z0-9][a-z0-9._-]{0,63}\Z", error="Write 1 to 64 small letters, digits, dots, hyphens.")
_KEY = validate.Length(1, 256)
_REVISION = {
    "wit": "u64", "description": "The revision that the key must have: 0 for a key that is not there yet, none for any.",
}  # fmt: skip
_MOST_REVISION = 2**63 - 1


class Place(Schema):
    namespace = fields.String(required=True, validate=_NAMESPACE)
    key = fields.String(required=True, validate=_KEY)


class Places(Schema):
    namespace = fields.String(required=True, validate=_NAMESPACE)
    keys = fields.List(fields.String(validate=_KEY), required=True, validate=validate.Length(1, MOST_AT_ONCE))


class StoredValue(Schema):
    """A value with its revision, which grows with each write of the install and never comes twice."""

    key = fields.String(required=True)
    value = fields.String(required=True)
    revision = fields.Integer(required=True, metadata={"wit": "u64"})
    expires_at = fields.AwareDateTime(required=True, allow_none=True)


class StoredKey(Schema):
    """A key without its value; `bytes` are those of key and value in UTF-8."""

    key = fields.String(required=True)
    bytes = fields.Integer(required=True, metadata={"wit": "u32"})
    revision = fields.Integer(required=True, metadata={"wit": "u64"})
    expires_at = fields.AwareDateTime(required=True, allow_none=True)


class NewValue(Schema):
    """A value to be kept under a key, which need not be there yet."""

    namespace = fields.String(required=True, validate=_NAMESPACE)
    key = fields.String(required=True, validate=_KEY)
    value = fields.String(required=True, metadata={"description": f"At most {MOST_VALUE_BYTES >> 10} KiB of UTF-8."})
    ttl_seconds = fields.Integer(
        load_default=None, allow_none=True, strict=True, validate=validate.Range(LEAST_SECONDS, MOST_SECONDS),
        metadata={"wit": "u32", "description": "When it goes by itself; never unless given."},
    )  # fmt: skip
    if_revision = fields.Integer(load_default=None, allow_none=True, strict=True, validate=validate.Range(0, _MOST_REVISION),
                                 metadata=_REVISION)  # fmt: skip


class NewValues(Schema):
    """Values to be kept, all or none."""

    items = fields.List(fields.Nested(NewValue), required=True, validate=validate.Length(1, MOST_AT_ONCE))


class KeptValue(Schema):
    """What a value is known by from now on."""

    key = fields.String(required=True)
    revision = fields.Integer(required=True, metadata={"wit": "u64"})
    expires_at = fields.AwareDateTime(required=True, allow_none=True)


class Removal(Schema):
    """A key to be taken away."""

    namespace = fields.String(required=True, validate=_NAMESPACE)
    key = fields.String(required=True, validate=_KEY)
    if_revision = fields.Integer(load_default=None, allow_none=True, strict=True, validate=validate.Range(1, _MOST_REVISION),
                                 metadata={"wit": "u64", "description": "The revision that the key must have; none for any."},
                                 )  # fmt: skip


class KeyQuery(Schema):
    """Which keys of a namespace, in the order of their code points."""

    namespace = fields.String(required=True, validate=_NAMESPACE)
    prefix = fields.String(load_default="", validate=validate.Length(max=256))
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200), metadata={"wit": "u32"})
    cursor = fields.String(load_default=None, allow_none=True, metadata={"description": "`next_cursor` of the page before."})


class KeyPage(Schema):
    """Some keys, and where the next page starts: none after the last."""

    items = fields.List(fields.Nested(StoredKey), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class PutArguments(Schema):
    input = fields.Nested(NewValue, required=True)


class PutManyArguments(Schema):
    input = fields.Nested(NewValues, required=True)


class RemovalArguments(Schema):
    input = fields.Nested(Removal, required=True)


class ListArguments(Schema):
    input = fields.Nested(KeyQuery, required=True)


class MaybeValue(Schema):
    value = fields.Nested(StoredValue, required=True, allow_none=True)


class FoundValues(Schema):
    value = fields.List(fields.Nested(StoredValue), required=True)


class KeptValues(Schema):
    value = fields.List(fields.Nested(KeptValue), required=True)


class WasThere(Schema):
    value = fields.Boolean(required=True)


class HowMany(Schema):
    value = fields.Integer(required=True, metadata={"wit": "u32"})


def get_value(ctx: CallContext, invocation: GuestCall, namespace: str, key: str) -> dict[str, Any]:
    """One value, or none."""
    return {"value": next(iter(storage.read_values(ctx, invocation.install_id, namespace, [key])), None)}


def get_values(ctx: CallContext, invocation: GuestCall, namespace: str, keys: Sequence[str]) -> dict[str, Any]:
    """The values that are there."""
    return {"value": storage.read_values(ctx, invocation.install_id, namespace, keys)}


def put_value(ctx: CallContext, invocation: GuestCall, input: Mapping[str, Any]) -> Any:
    """Keep one value. Raises StorageConflict, StorageFull, InvalidInput."""
    try:
        return storage.write_values(ctx, invocation.install_id, [_write(input)])[0]
    except DeskhandError as error:
        error.errors = {path.removeprefix("items[0]."): words for path, words in error.errors.items()}
        raise


def put_values(ctx: CallContext, invocation: GuestCall, input: Mapping[str, Any]) -> dict[str, Any]:
    """Keep values, all or none. Raises StorageConflict, StorageFull, InvalidInput."""
    return {"value": storage.write_values(ctx, invocation.install_id, [_write(one) for one in input["items"]])}


def delete_value(ctx: CallContext, invocation: GuestCall, input: Mapping[str, Any]) -> dict[str, Any]:
    """Remove one key. Raises StorageConflict."""
    found = storage.delete_values(ctx, invocation.install_id, input["namespace"], [input["key"]], input["if_revision"])
    return {"value": found > 0}


def delete_values(ctx: CallContext, invocation: GuestCall, namespace: str, keys: Sequence[str]) -> dict[str, Any]:
    """Remove some keys."""
    return {"value": storage.delete_values(ctx, invocation.install_id, namespace, keys)}


def list_keys(ctx: CallContext, invocation: GuestCall, input: Mapping[str, Any]) -> dict[str, Any]:
    """One page of keys. Raises CursorInvalid."""
    items, cursor = storage.list_keys(ctx, invocation.install_id, input["namespace"], prefix=input["prefix"],
                                      limit=input["limit"], cursor=input["cursor"])  # fmt: skip
    return {"items": items, "next_cursor": cursor}


def _write(one: Mapping[str, Any]) -> Write:
    return Write(one["namespace"], one["key"], one["value"], one["ttl_seconds"], one["if_revision"])


KV = "cap:storage.kv"
STORAGE = HostInterface(
    "storage", "What this install keeps from call to call: text by namespace and key. No other install sees it."
)
HOST_FUNCTIONS = (
    HostFunction("storage", "get", KV, "One value, or none.", Place, MaybeValue, get_value),
    HostFunction("storage", "get_many", KV, "Those of some values that are there, by key.", Places, FoundValues, get_values),
    HostFunction("storage", "put", KV, "Keep a value.", PutArguments, KeptValue, put_value),
    HostFunction("storage", "put_many", KV, "Keep values, all or none.", PutManyArguments, KeptValues, put_values),
    HostFunction(
        "storage", "delete", KV, "Take a key away; tells whether it was there.", RemovalArguments, WasThere, delete_value
    ),
    HostFunction("storage", "delete_many", KV, "Take keys away; tells how many were there.", Places, HowMany, delete_values),
    HostFunction("storage", "list", KV, "Keys that begin with a prefix, a page at a time.", ListArguments, KeyPage, list_keys),
)
