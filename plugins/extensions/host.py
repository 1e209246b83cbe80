"""The host functions of the platform itself that need no table: `context`, `config`, `user`, and those answered by workers."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy import select

from kernel.capabilities import GuestCall
from kernel.context import CallContext
from kernel.directory.models import User
from kernel.hookspecs.start import HostFunction, HostInterface
from plugins.extensions.guests.limits import MAX_RANDOM_BYTES
from plugins.extensions.installs.secrets import list_secrets, open_secret
from plugins.extensions.interfaces import storage_host
from plugins.extensions.interfaces.egress import FETCH
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


class Msp(Schema):
    """The MSP for whom the handler runs, and what it counts in."""

    name = fields.String(required=True)
    zone = fields.String(required=True, metadata={"description": "An IANA name: `Europe/Berlin`."})
    today = fields.Date(required=True, metadata={"description": "The business date in its zone."})
    currency = fields.String(required=True, metadata={"description": "ISO 4217."})
    locale = fields.String(required=True, metadata={"description": "A BCP 47 tag: `de`."})


class Person(Schema):
    """Somebody on whose behalf the handler runs. A contact belongs to a client."""

    kind = fields.String(required=True, validate=validate.OneOf(("user", "contact")), metadata={"enum": "person_kind"})
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    email = fields.String(required=True, allow_none=True)
    client_id = fields.UUID(required=True, allow_none=True)


class MaybePerson(Schema):
    value = fields.Nested(Person, required=True, allow_none=True)


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


class SecretName(Schema):
    name = fields.String(required=True, validate=validate.Length(1, 64))


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


def whose_tenant(ctx: CallContext, _invocation: GuestCall) -> dict[str, Any]:
    """The MSP for whom the guest runs."""
    tenant = ctx.tenant
    return {"name": tenant.name, "zone": tenant.zone, "today": ctx.today(), "currency": tenant.currency, "locale": tenant.locale}


def get_setting(ctx: CallContext, invocation: GuestCall, key: str) -> dict[str, Any]:
    """One setting of the install, or nothing."""
    return {"value": get_config(ctx, invocation.install_id).get(key)}


def list_settings(ctx: CallContext, invocation: GuestCall) -> dict[str, Any]:
    """The names of the install's settings."""
    return {"value": sorted(get_config(ctx, invocation.install_id))}


def acting_person(ctx: CallContext, _invocation: GuestCall) -> dict[str, Any]:
    """The user that the guest acts for; none for a schedule, an event or a signed call from outside."""
    user_id = ctx.actor.on_behalf_of
    found = ctx.session.scalar(select(User).where(User.id == user_id)) if user_id else None
    return {"value": found and {"kind": "user", "id": found.id, "name": found.name, "email": found.email, "client_id": None}}


def get_secret(ctx: CallContext, invocation: GuestCall, name: str) -> dict[str, Any]:
    """One secret of the install, or nothing."""
    return {"value": open_secret(ctx, invocation.install_id, name)}


def secret_names(ctx: CallContext, invocation: GuestCall) -> dict[str, Any]:
    """The names of the install's secrets."""
    return {"value": [one.name for one in list_secrets(ctx, invocation.install_id)]}


def _log(level: str) -> HostFunction:
    return HostFunction("log", level, "cap:log.emit", f"Write a line at the level {level}.", Message, Nothing, None)


HOST_INTERFACES = (
    HostInterface("context", "Who and where the handler is."),
    HostInterface("log", "Lines for whoever looks after the extension. Lines over the limit of one invocation are dropped and "
                  "counted."),
    HostInterface("clock", "Real time. The guest's own clock may stand still."),
    HostInterface("random", "Randomness from the operating system."),
    HostInterface("secrets", "What an administrator entrusted to this install and nobody sees again: keys, tokens, passwords."),
    HostInterface("user", "The person on whose behalf the handler runs."),
    storage_host.STORAGE,
    HostInterface("http", "The way out: HTTPS to the hosts that an administrator consented to, and to no other."),
    HostInterface("config", "The settings that an administrator gave to this install. Values are text as it was entered."),
)  # fmt: skip
HOST_FUNCTIONS = (
    HostFunction("context", "current", "cap:context.read", "Who and where the handler is.", Nothing, Invocation, current),
    HostFunction("context", "tenant", "cap:context.read", "The MSP for whom the handler runs.", Nothing, Msp, whose_tenant),
    *map(_log, ("debug", "info", "warn", "error")),
    HostFunction("clock", "now_ms", None, "Milliseconds since 1970-01-01 UTC.", Nothing, Milliseconds, None),
    HostFunction("random", "fraction", None, "A number from 0 up to, not including, 1, with 53 random bits.", Nothing, Fraction,
                 None),
    HostFunction("random", "uuid", None, "A UUID of version 4.", Nothing, Text, None),
    HostFunction("random", "bytes", None, "Some random bytes.", ByteCount, Bytes, None),
    HostFunction("config", "get", "cap:config.read", "One setting of this install, or none.", Key, OptionalText, get_setting),
    HostFunction("config", "keys", "cap:config.read", "The names of this install's settings.", Nothing, Texts, list_settings),
    HostFunction("secrets", "get", "cap:secrets.get", "One secret of this install, or none.", SecretName, OptionalText,
                 get_secret),
    HostFunction("secrets", "keys", "cap:secrets.get", "The names of this install's secrets.", Nothing, Texts, secret_names),
    HostFunction("user", "current", "cap:user.read", "Whom the handler acts for, if anybody.", Nothing, MaybePerson,
                 acting_person),
    FETCH,
    *storage_host.HOST_FUNCTIONS,
)  # fmt: skip
