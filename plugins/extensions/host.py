"""The host functions of the platform itself: `context` and `config`. Log, clock and random are answered in the worker."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from kernel.capabilities import GuestCall
from kernel.context import CallContext
from kernel.hookspecs.start import HostFunction
from plugins.extensions.egress import FETCH
from plugins.extensions.services import get_config


class Nothing(Schema):
    """No arguments."""


class Key(Schema):
    key = fields.String(required=True)


class InvocationFacts(Schema):
    tenant_id = fields.UUID(required=True)
    install_id = fields.UUID(required=True)
    extension_name = fields.String(required=True)
    extension_version = fields.String(required=True)
    trigger = fields.String(required=True)
    request_id = fields.String(required=True)
    deadline_ms = fields.Integer(required=True)


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


HOST_FUNCTIONS = (
    HostFunction("context", "current", "cap:context.read", "Who and where the handler is.", Nothing, InvocationFacts, current),
    HostFunction("config", "get", "cap:config.read", "One setting of this install.", Key, OptionalText, get_setting),
    HostFunction("config", "keys", "cap:config.read", "The names of this install's settings.", Nothing, Texts, list_settings),
    FETCH,
)
