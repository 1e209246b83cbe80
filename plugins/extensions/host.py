"""The host functions of the platform itself that need no table: `context`, `config`, `user`, and those answered by workers."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from kernel.capabilities import GuestCall
from kernel.context import CallContext
from kernel.hookspecs.start import HostFunction, HostInterface
from plugins.extensions.egress import FETCH
from plugins.extensions.guests.limits import MAX_RANDOM_BYTES
from plugins.extensions.services import get_config

TRIGGERS = ("http", "schedule", "event", "hook", "workflow")


class Nothing(Schema):
    """No arguments, or no answer."""


class Key(Schema):
    key = fields.String(required=True)


class Invocation(Schema):
    tenant_id = fields.UUID(required=True)
    install_id = fields.UUID(required=True)
    extension_name = fields.String(required=True)
    extension_version = fields.String(required=True)
    trigger = fields.String(required=True, validate=validate.OneOf(TRIGGERS), metadata={"enum": "trigger"})
    request_id = fields.String(required=True)
    deadline_ms = fields.Integer(required=True, metadata={
        "wit": "u64", "description": "When the handler is stopped: milliseconds since 1970-01-01 UTC."})  # fmt: skip


class Message(Schema):
    message = fields.String(required=True)


class Milliseconds(Schema):
    value = fields.Integer(required=True, metadata={"wit": "u64"})


class Fraction(Schema):
    value = fields.Float(required=True)


class Text(Schema):
    value = fields.String(required=True)


class ByteCount(Schema):
    count = fields.Integer(required=True, validate=validate.Range(0, MAX_RANDOM_BYTES), metadata={"wit": "u32"})


class Bytes(Schema):
    value = fields.List(fields.Integer(metadata={"wit": "u8"}), required=True)


class OptionalText(Schema):
    value = fields.String(required=True, allow_none=True)


class Texts(Schema):
    value = fields.List(fields.String(), required=True)


def current(ctx: CallContext, invocation: GuestCall) -> dict[str, Any]:
    """Who and where the guest is."""
    return {
        "tenant_id": ctx.tenant_id, "install_id": invocation.install_id, "extension_name": invocation.extension_name,
        "extension_version": invocation.extension_version, "trigger": invocation.trigger,
        "request_id": invocation.request_id, "deadline_ms": int(invocation.deadline.timestamp() * 1000),
    }  # fmt: skip


def get_setting(ctx: CallContext, invocation: GuestCall, key: str) -> dict[str, Any]:
    """One setting of the install, or nothing."""
    return {"value": get_config(ctx, invocation.install_id).get(key)}


def list_settings(ctx: CallContext, invocation: GuestCall) -> dict[str, Any]:
    """The names of the install's settings."""
    return {"value": sorted(get_config(ctx, invocation.install_id))}


def _log(level: str) -> HostFunction:
    return HostFunction("log", level, "cap:log.emit", f"Write a line at the level {level}.", Message, Nothing, None)


HOST_INTERFACES = (
    HostInterface("context", "Who and where the handler is."),
    HostInterface("log", "Lines for whoever looks after the extension. Lines over the limit of one invocation are dropped and "
                  "counted."),
    HostInterface("clock", "Real time. The guest's own clock may stand still."),
    HostInterface("random", "Randomness from the operating system."),
    HostInterface("http", "The way out: HTTPS to the hosts that an administrator consented to, and to no other."),
    HostInterface("config", "The settings that an administrator gave to this install. Values are text as it was entered."),
)  # fmt: skip
HOST_FUNCTIONS = (
    HostFunction("context", "current", "cap:context.read", "Who and where the handler is.", Nothing, Invocation, current),
    *map(_log, ("debug", "info", "warn", "error")),
    HostFunction("clock", "now_ms", None, "Milliseconds since 1970-01-01 UTC.", Nothing, Milliseconds, None),
    HostFunction("random", "fraction", None, "A number from 0 up to, not including, 1, with 53 random bits.", Nothing, Fraction,
                 None),
    HostFunction("random", "uuid", None, "A UUID of version 4.", Nothing, Text, None),
    HostFunction("random", "bytes", None, "Some random bytes.", ByteCount, Bytes, None),
    HostFunction("config", "get", "cap:config.read", "One setting of this install, or none.", Key, OptionalText, get_setting),
    HostFunction("config", "keys", "cap:config.read", "The names of this install's settings.", Nothing, Texts, list_settings),
    FETCH,
)  # fmt: skip
