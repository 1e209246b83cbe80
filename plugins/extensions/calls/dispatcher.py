"""Answers a guest's host calls: known → plugin enabled → granted now → arguments → the call. Nothing is raised into it.

Each call is one transaction of its own with the extension as its actor; what waits for somebody outside (`Later`) runs after
it. A denial changes nothing and leaves an audit entry.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

from marshmallow import RAISE, Schema, ValidationError
from psycopg.errors import ReadOnlySqlTransaction
from psycopg.sql import Literal
from sqlalchemy import text
from sqlalchemy.exc import InternalError

from kernel import audit
from kernel.api.fieldpaths import field_errors
from kernel.capabilities import GuestCall, find_host_function
from kernel.context import Actor, CallContext, Cause
from kernel.errors import DeskhandError, InvalidInput
from kernel.hookspecs.start import HostFunction, Later
from plugins.extensions.calls.effects import Effect, effect_once
from plugins.extensions.guests.invocation import HostAnswer, HostCall
from plugins.extensions.models import SERVING
from plugins.extensions.services import KIND

if TYPE_CHECKING:
    from kernel.app import Kernel

_ARGUMENT = "input"
_READ_ONLY = text("set transaction read only")
_LETTER_AFTER = re.compile(r"_([a-z])")
# A lock on the grant would hold up who revokes it: a revocation holds from the next call, not from within this one.
_RIGHTS = """
select concat_ws(' ', i.state, (select 'granted' from extensions_grants g where g.tenant_id = i.tenant_id
  and g.install_id = i.id and g.capability = {capability})) from extensions_installs i where i.id = {install_id}
"""


class Denied(Exception):
    """A host call that may not be made, in the words the guest gets."""


class Dispatcher:
    """The host as one invocation sees it; called by the pool once for each host call."""

    def __init__(self, kernel: Kernel, tenant_id: UUID, actor: Actor, invocation: GuestCall, cause: Cause | None = None) -> None:
        self._kernel = kernel
        self._tenant_id = tenant_id
        self._actor = actor
        self._invocation = invocation
        self._cause = cause or Cause(
            invocation.request_id
        )  # events that a guest causes count as caused by what it was called for

    def __call__(self, call: HostCall) -> HostAnswer:
        """The answer in its envelope. What is no expected refusal is raised: the pool logs it and answers `host_error`."""
        found = find_host_function(self._kernel, call.interface, call.function)
        try:
            with self._kernel.call(self._tenant_id, self._actor, self._cause, also=self._rights_in(found)) as ctx:
                try:
                    function = self._admit(ctx, call, found)
                except Denied as denied:
                    _note_denial(ctx, self._invocation, call, str(denied))
                    return {"success": False, "error": str(denied)}
                given = self._carry_out(ctx, function, call.args)
                if not isinstance(given, Later):
                    return {"success": True, "value": given}
            return {"success": True, "value": _dumped(function, given.run())}
        except ValidationError as error:
            words = field_errors(error.normalized_messages())  # type: ignore[no-untyped-call]
            return _refusal("invalid_input", "some fields need another value", words)
        except InternalError as error:
            if not isinstance(error.orig, ReadOnlySqlTransaction):
                raise
            return _refusal("hook_changes_nothing", "an extension that answers a hook may read, and change nothing", {})
        except DeskhandError as error:
            return _refusal(error.code, error.detail, error.errors)

    def _rights_in(self, found: tuple[HostFunction, str] | None) -> str:
        """What is asked of the install and its grant with the message that begins the transaction."""
        capability = found[0].capability if found else None
        return _RIGHTS.format(install_id=literal(str(self._invocation.install_id)), capability=literal(capability))

    def _admit(self, ctx: CallContext, call: HostCall, found: tuple[HostFunction, str] | None) -> HostFunction:
        """The function behind a call. Raises Denied."""
        if not call.granted:  # the worker answered so already; this only leaves the trace
            raise Denied(f"capability_denied: grant {call.capability} to this install")
        if found is None or found[0].call is None:
            raise Denied(f"function_unknown: no plugin here gives {call.interface}.{call.function}")
        function, plugin = found
        if not ctx.hooks.enabled(plugin):
            raise Denied(f"plugin_not_enabled: switch {self._kernel.plugins.get(plugin).manifest.title} on for this tenant")
        self._check_rights(ctx, function.capability)
        return function

    def _check_rights(self, ctx: CallContext, capability: str | None) -> None:
        state, _, granted = ctx.session.info["also"].partition(" ")
        if state not in SERVING:
            raise Denied("install_disabled: this install was switched off or removed")
        if capability is not None and granted != "granted":
            raise Denied(f"capability_denied: grant {capability} to this install")

    def _carry_out(self, ctx: CallContext, function: HostFunction, args: Mapping[str, Any]) -> Any:
        """What the guest gets, ready to be sent, or `Later`."""
        refuse_unstorable(args)
        if self._invocation.trigger == "hook":  # whoever asks has a transaction open: a write might wait for it for ever
            ctx.session.execute(_READ_ONLY)
        arguments = _made(function.takes).load(args, unknown=RAISE)
        key = arguments[_ARGUMENT]["idempotency_key"] if function.once else None
        if key is None:
            return self._call(ctx, function, arguments)
        effect = Effect(self._invocation.install_id, f"{function.interface}.{function.name}", key, args)
        return effect_once(ctx, effect, lambda: self._call(ctx, function, arguments))

    def _call(self, ctx: CallContext, function: HostFunction, arguments: Mapping[str, Any]) -> Any:
        given = function.call(ctx, self._invocation, **arguments)
        ctx.session.flush()
        return given if isinstance(given, Later) else _dumped(function, given)


@cache
def literal(value: str | None) -> str:
    """A value as SQL, for an expression that goes without parameters."""
    return Literal(value).as_string()


@cache  # making a schema takes longer than using it
def _made(kind: type[Schema]) -> Schema:
    return kind()


def refuse_unstorable(args: Any, path: str = "") -> None:
    """Text that PostgreSQL cannot hold: U+0000, and halves of surrogate pairs, which no UTF-8 has."""
    if isinstance(args, str):
        if "\0" in args or not _is_utf8(args):
            raise InvalidInput(errors={path: "U+0000 and halves of surrogate pairs cannot be stored."})
    elif isinstance(args, Mapping):
        for key, inner in args.items():
            refuse_unstorable(inner, f"{path}.{key}" if path else key)
    elif isinstance(args, list):
        for index, inner in enumerate(args):
            refuse_unstorable(inner, f"{path}[{index}]")


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _dumped(function: HostFunction, given: Mapping[str, Any]) -> Any:
    schema = _made(function.gives)
    dumped = schema.dump(given)
    return dumped["value"] if list(schema.fields) == ["value"] else dumped


def _note_denial(ctx: CallContext, invocation: GuestCall, call: HostCall, words: str) -> None:
    audit.record(ctx, "host_call.denied", kind=KIND, row_id=invocation.install_id, label=invocation.extension_name,
                 changes={"function": f"{call.interface}.{call.function}", "reason": words})  # fmt: skip


def _refusal(code: str, detail: str, errors: Mapping[str, str]) -> HostAnswer:
    refusal = {"success": False, "error": f"{code}: {detail}"}
    return refusal | {"field_errors": {guest_path(path): words for path, words in errors.items()}} if errors else refusal


def guest_path(path: str) -> str:
    """A field's path as the contract writes it, from a path of ours.

    >>> guest_path("input.items[0].service_id")
    'items[0].serviceId'
    """
    return _LETTER_AFTER.sub(lambda found: found[1].upper(), path.removeprefix(f"{_ARGUMENT}."))
