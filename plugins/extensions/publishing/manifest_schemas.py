"""The shape of `deskhand.json`, key by key. What two keys say about one another is in `extension_manifest`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, post_load, validate, validates_schema

from kernel.errors import InvalidInput
from plugins.extensions.publishing.manifest_parts import (
    FAILURE_MODES,
    GUEST_HOOKS,
    HOST,
    MOST_VALUES,
    RUNTIMES,
    SLOTS,
    Asking,
    Endpoint,
    ExtensionManifest,
    GuestHook,
    GuestSchedule,
    Slot,
)
from plugins.extensions.triggers.timetable import check_cron

# https://semver.org, section "Is there a suggested regular expression"; written anew
_NUMBER = r"(?:0|[1-9][0-9]*)"
_IDENTIFIER = rf"(?:{_NUMBER}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_SEMVER = re.compile(
    rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-{_IDENTIFIER}(?:\.{_IDENTIFIER})*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?\Z"
)
_REVERSE_DOMAIN = re.compile(r"[a-z][a-z0-9-]*(?:\.[a-z][a-z0-9-]*){2,}\Z")
_PUBLISHER = re.compile(r"[a-z][a-z0-9-]{1,62}\Z")
_SEGMENT = r"(?::[a-z][A-Za-z0-9]*|(?!\.{1,2}(?:/|\Z))[A-Za-z0-9._~-]+)"
_PATH = re.compile(rf"/(?:{_SEGMENT}(?:/{_SEGMENT})*)?\Z")
_ONE_LINE = re.compile(r"(?=.*\S)[^\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]*\Z")
_LINES = re.compile(r"[^\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]*\Z")
_EVENT = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)+\Z")
_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}\Z")
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_SERVED = re.compile(rf"(?:{'|'.join(_METHODS)}) {_PATH.pattern}")
_FILE = re.compile(r"(?!.*(?:^|/)\.{1,2}(?:/|\Z))[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*\Z")
_FILES = re.compile(r"(?!.*(?:^|/)\.{1,2}(?:/|\Z))[A-Za-z0-9._*-]+(?:/[A-Za-z0-9._*-]+)*\Z")
_NO_PORTAL = "must be user or public-signed; there is no client portal yet"


def _matching(pattern: re.Pattern[str], words: str) -> validate.Regexp:
    return validate.Regexp(pattern, error=words)


def _words(most: int) -> list[validate.Validator]:
    return [validate.Length(max=most), _matching(_ONE_LINE, "must be one line of words that can be seen")]


class _Strict(Schema):
    class Meta:
        unknown = RAISE


class _AskingSchema(_Strict):
    name = fields.String(required=True, validate=validate.Length(max=80))
    hosts = fields.List(
        fields.String(validate=_matching(HOST, "must be a host's name in lower case: api.example.com")),
        validate=validate.Length(1, MOST_VALUES),
    )
    more_hosts = fields.Boolean(load_default=False, truthy={True}, falsy={False})

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Asking:
        name, more = data.pop("name"), data.pop("more_hosts")
        named = {"hosts": ()} if more else {}
        return Asking(name, named | {key: tuple(value) for key, value in data.items()}, more)


class _Capability(fields.Field[Asking]):
    """`"cap:x.read"`, or an object with its parameters."""

    shape = _AskingSchema

    def _deserialize(self, value: Any, *_args: Any, **_: Any) -> Asking:
        asking: Asking = self.shape().load({"name": value} if isinstance(value, str) else value)
        return asking


class _EndpointSchema(_Strict):
    method = fields.String(required=True, validate=validate.OneOf(_METHODS))
    path = fields.String(required=True, validate=_matching(_PATH, "must be a path such as /orders/:id"))
    auth = fields.String(required=True, validate=validate.OneOf(("user", "public-signed"), error=_NO_PORTAL))

    @post_load
    def make(self, data: Mapping[str, Any], **_: Any) -> Endpoint:
        return Endpoint(**data)


class _ScheduleSchema(_Strict):
    name = fields.String(required=True, validate=_matching(_NAME, "must be lower-case letters, digits, -"))
    cron = fields.String(required=True, validate=validate.Length(max=120))
    zone = fields.String(load_default=None, validate=validate.Length(max=64))
    endpoint = fields.String(required=True, validate=_matching(_SERVED, "must be one of `endpoints`: POST /nightly"))

    @validates_schema
    def check_times(self, data: Mapping[str, Any], **_: Any) -> None:
        try:
            check_cron(data["cron"], data["zone"] or "UTC")
        except InvalidInput as error:
            raise ValidationError(error.detail, next(iter(error.errors), "cron")) from None

    @post_load
    def make(self, data: Mapping[str, Any], **_: Any) -> GuestSchedule:
        return GuestSchedule(**data)


class _HookSchema(_Strict):
    name = fields.String(required=True, validate=validate.OneOf(GUEST_HOOKS))
    on_failure = fields.String(required=True, validate=validate.OneOf(FAILURE_MODES))

    @post_load
    def make(self, data: Mapping[str, Any], **_: Any) -> GuestHook:
        return GuestHook(**data)


class _SlotSchema(_Strict):
    slot = fields.String(required=True, validate=validate.OneOf(SLOTS))
    title = fields.String(load_default="", validate=_words(80))
    entry = fields.String(load_default=None, validate=_matching(_FILE, "must be a file of the bundle: ui/index.html"))
    schema = fields.String(load_default=None, validate=_matching(_FILE, "must be a file of the bundle: settings.schema.json"))

    @validates_schema
    def check_kind(self, data: Mapping[str, Any], **_: Any) -> None:
        if (data["entry"] is None) == (data["schema"] is None):
            raise ValidationError("name either an entry or, for settings, a schema", "entry")
        if data["schema"] is not None and data["slot"] != "settings":
            raise ValidationError("only the slot settings is made from a schema", "schema")
        if data["entry"] is not None and not data["title"]:
            raise ValidationError("must say how people find it", "title")

    @post_load
    def make(self, data: Mapping[str, Any], **_: Any) -> Slot:
        return Slot(**data)


class ManifestSchema(_Strict):
    """All of `deskhand.json`; loads an `ExtensionManifest`."""

    name = fields.String(
        required=True,
        validate=[validate.Length(max=128), _matching(_REVERSE_DOMAIN, "must be a reverse domain: org.example.orders")],
    )
    publisher = fields.String(required=True, validate=_matching(_PUBLISHER, "must be lower-case letters, digits, -"))
    version = fields.String(
        required=True, validate=[validate.Length(max=64), _matching(_SEMVER, "must be a semantic version: 1.4.0")]
    )
    runtime = fields.String(required=True, validate=validate.OneOf(RUNTIMES))
    title = fields.String(required=True, validate=_words(80))
    description = fields.String(load_default="", validate=_words(400))
    changes = fields.String(
        load_default="", validate=[validate.Length(max=2000), _matching(_LINES, "must be lines of words that can be seen")]
    )
    capabilities = fields.List(_Capability(), load_default=list, validate=validate.Length(max=100))
    endpoints = fields.List(fields.Nested(_EndpointSchema), load_default=list, validate=validate.Length(max=200))
    events = fields.List(
        fields.String(validate=_matching(_EVENT, "must be an event's name: ticket.opened")),
        load_default=list,
        validate=validate.Length(max=50),
    )
    schedules = fields.List(fields.Nested(_ScheduleSchema), load_default=list, validate=validate.Length(max=50))
    hooks = fields.List(fields.Nested(_HookSchema), load_default=list)
    ui = fields.List(fields.Nested(_SlotSchema), load_default=list, validate=validate.Length(max=20))
    assets = fields.List(
        fields.String(validate=_matching(_FILES, "must be files of the bundle: ui/**")),
        load_default=list,
        validate=validate.Length(max=50),
    )

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> ExtensionManifest:
        return ExtensionManifest(**{key: tuple(value) if isinstance(value, list) else value for key, value in data.items()})
