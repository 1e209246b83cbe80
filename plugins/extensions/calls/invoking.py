"""One call of an installed extension, from finding it to the record of what became of it.

`find_target` or `find_export` reads all it needs in one short transaction; `invoke` or `ask_guest` then runs the guest while
no transaction is open. The guest's host calls open their own.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

from kernel.api import ratelimit
from kernel.context import Actor, CallContext, Cause
from kernel.db import cursor
from kernel.errors import DeskhandError
from plugins.extensions.calls.breaker import check_breaker, note_end
from plugins.extensions.calls.dispatcher import Dispatcher
from plugins.extensions.calls.invocations import Made, record_invocation
from plugins.extensions.calls.journals import keep_journal
from plugins.extensions.errors import (
    ArtefactMissing,
    ArtefactTampered,
    EndpointNotFound,
    GuestRefused,
    GuestsBusy,
    GuestStopped,
    InstallBusy,
    InstallDisabled,
    InstallNotFound,
)
from plugins.extensions.guests.answers import request_bytes
from plugins.extensions.guests.invocation import ExportCall, GuestRequest, GuestResponse, Invocation, Outcome
from plugins.extensions.guests.limits import BY_TRIGGER, WEBHOOK
from plugins.extensions.installs.limits import AT_ONCE, Own, narrowed, pace
from plugins.extensions.interfaces.egress import MeteredCall
from plugins.extensions.models import SERVING
from plugins.extensions.publishers.trust import check_content
from plugins.extensions.publishing.manifest import read_manifest
from plugins.extensions.publishing.manifest_parts import ExtensionManifest
from plugins.extensions.publishing.releases import ensure_compiled
from plugins.extensions.runtime import artefact_store, guest_pool

if TYPE_CHECKING:
    from kernel.app import Kernel

_log = logging.getLogger(__name__)
_TARGET = """
select i.state, i.halted, i.resting_until, i.rests, i.recording, i.limits, r.name, r.semver, r.title, r.publisher, r.digest,
  r.component_key, r.manifest::text as manifest, r.files_digest, r.signature, r.signer,
  array(select g.capability from extensions_grants g where g.install_id = i.id) as grants,
  array(select k.key from extensions_publisher_keys k where k.publisher = r.publisher and k.distrusted_at is null) as keys,
  exists(select from extensions_publisher_keys k where k.publisher = r.publisher) as known,
  exists(select from extensions_revocations v where v.subject = any(s.subjects)) as revoked,
  exists(select from extensions_revoked_everywhere v where v.subject = any(s.subjects)) as revoked_everywhere
from extensions_installs i join extensions_releases r on r.tenant_id = i.tenant_id and r.id = i.release_id
  cross join lateral (select array[r.name, r.name || '@' || r.semver, encode(sha256(r.signer), 'hex')] as subjects) s
where i.id = %(install_id)s
"""
_WORDS = {
    "guest_timeout": "It used up its time.",
    "guest_memory_exceeded": "It used up its memory.",
    "guest_stack_exhausted": "It called itself too deeply.",
    "host_call_flood": "It made too many host calls.",
    "bad_response": "Its answer cannot be sent.",
    "guest_trapped": "It broke down.",
    "guest_not_loadable": "It cannot be loaded.",
    "guest_crashed": "It brought its process down.",
    "host_error": "A function of the platform failed; that is our fault, not the extension's.",
}
_WORDS_OF_GUEST = 1000
_HALTED = {
    "admin": "was switched off by an administrator",
    "revoked": "was revoked by an administrator",
    "breaker": "failed too often within an hour and was switched off",
}
_lock = threading.Lock()
_running: Counter[UUID | None] = Counter()  # by install, by tenant, and under None all of this process


@dataclass(frozen=True, slots=True)
class Target:
    """An install as it was when the call began, and what of it is called: `GET /orders/:id`, or an export's name."""

    tenant_id: UUID
    install_id: UUID
    name: str
    semver: str
    title: str
    digest: bytes
    component_key: str
    manifest: ExtensionManifest
    grants: frozenset[str]
    rests: int
    recording: bool
    limits: Own
    endpoint: str
    auth: str = "user"
    params: tuple[tuple[str, str], ...] = ()

    def actor(self, caller: Actor) -> Actor:
        """The extension, acting for the caller: it may do what it was granted, whatever the caller may do."""
        return Actor("extension", self.install_id, self.title, self.grants, on_behalf_of=caller.user_id,
                     author=f"{self.name}@{self.semver}")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why a guest is called: by `http`, `schedule`, `event`, `hook` or `workflow`, and for whom."""

    trigger: str
    caller: Actor
    cause: Cause


def find_target(ctx: CallContext, install_id: UUID, method: str, path: str) -> Target:
    """What serves this call. Raises InstallNotFound, InstallDisabled, EndpointNotFound, BreakerOpen."""
    target = _look_up(ctx, install_id)
    found = target.manifest.endpoint(method, path)
    if found is None:
        raise EndpointNotFound(f"{target.title} serves no {method} {path}.")
    endpoint, params = found
    named = f"{endpoint.method} {endpoint.path}"
    return replace(target, endpoint=named, auth=endpoint.auth, params=tuple(params.items()))


def find_export(ctx: CallContext, install_id: UUID, export: str) -> Target:
    """An install, for a call of one of its exports (`on-event`). Raises InstallNotFound, InstallDisabled, BreakerOpen, and
    EndpointNotFound where the release that serves now has it no more.
    """
    target = _look_up(ctx, install_id)
    if export not in target.manifest.exports:
        raise EndpointNotFound(f"{target.title} has no {export}.")
    return replace(target, endpoint=export)


def _look_up(ctx: CallContext, install_id: UUID) -> Target:
    with cursor(ctx.session) as hot:  # on each call of a guest
        row = hot.execute(_TARGET, {"install_id": install_id}).fetchone()
    if row is None:
        raise InstallNotFound("There is no install with this id.")
    if row["state"] not in SERVING:
        raise InstallDisabled(f"{row['title']} {_HALTED[row['halted']]}.")
    check_content(ctx, row)
    check_breaker(row["title"], row["resting_until"], ctx.now())
    return Target(
        ctx.tenant_id, install_id, row["name"], row["semver"], row["title"], bytes(row["digest"]), row["component_key"],
        _read(row["manifest"]), frozenset(row["grants"]), row["rests"], row["recording"], row["limits"] or {}, endpoint="",
    )  # fmt: skip


def invoke(
    kernel: Kernel, target: Target, request: GuestRequest, *, caller: Actor, request_id: str, trigger: str = "http"
) -> GuestResponse:
    """Call the handler and keep a record; no transaction is open while it runs.

    Raises RateLimited, InstallBusy, GuestsBusy, RequestTooLarge, and GuestStopped by the trap's name.
    """
    return invoke_for(kernel, target, request, Occasion(trigger, caller, Cause(request_id)))


def invoke_for(kernel: Kernel, target: Target, request: GuestRequest, why: Occasion) -> GuestResponse:
    """`invoke` for any occasion."""
    outcome = call_guest(kernel, target, request, why)
    if outcome.response is None:
        raise _stopped(target, outcome)
    return outcome.response


def ask_guest(kernel: Kernel, target: Target, call: ExportCall, why: Occasion) -> Any:
    """Call another export and keep a record; returns its ok value.

    Raises as `invoke` does, and GuestRefused with the guest's own words where it answers with an error.
    """
    outcome = call_guest(kernel, target, call, why)
    if outcome.trap is not None:
        raise _stopped(target, outcome)
    if outcome.failed:
        raise GuestRefused(f"{target.title} says: {outcome.answer[:_WORDS_OF_GUEST]}", extension=target.name)
    return outcome.answer


def call_guest(kernel: Kernel, target: Target, request: GuestRequest | ExportCall, why: Occasion) -> Outcome:
    """Run the guest and keep a record of what became of it, a trap as well.

    A hook is called by the platform, as often as its work wants and where a request has a thread already: it waits for a
    worker and is not counted. Raises RateLimited, InstallBusy, GuestsBusy, RequestTooLarge.
    """
    if why.trigger == "hook":
        return _run(kernel, target, request, why)
    burst, per_second = pace(target.limits)
    ratelimit.take_of_lot(kernel, target.tenant_id, f"extension:{target.install_id}", burst=burst, per_second=per_second)
    with slot(kernel, target):
        return _run(kernel, target, request, why)


def _run(kernel: Kernel, target: Target, request: GuestRequest | ExportCall, why: Occasion) -> Outcome:
    started = kernel.clock.now()
    limits = narrowed(WEBHOOK if target.auth == "public-signed" else BY_TRIGGER[why.trigger], target.limits)
    deadline = started + timedelta(seconds=limits.wall_seconds)
    facts = MeteredCall(target.install_id, target.name, target.semver, why.trigger, why.cause.request_id, deadline)
    host = Dispatcher(kernel, target.tenant_id, target.actor(why.caller), facts, why.cause)
    key = artefact_store(kernel).key_of(target.digest)
    order = Invocation(key, request, target.grants, limits, owner=str(target.tenant_id), runtime=target.manifest.runtime,
                       journal=target.recording)  # fmt: skip
    pool = guest_pool(kernel)
    try:
        outcome = pool.invoke(order, host)
    except (ArtefactMissing, ArtefactTampered) as error:
        _log.warning("compiling %s@%s again: %s", target.name, target.semver, error.detail)
        ensure_compiled(kernel, target.tenant_id, target.component_key, target.manifest)
        outcome = pool.invoke(order, host)
    made = Made(target.tenant_id, target.install_id, target.name, target.semver, why.trigger, target.endpoint, why.caller,
                why.cause.request_id, started, request_bytes(request))  # fmt: skip
    invocation_id = record_invocation(kernel, made, outcome)
    if target.recording:
        keep_journal(kernel, target.tenant_id, invocation_id, order, outcome)
    note_end(kernel, target.tenant_id, target.install_id, target.rests, outcome.trap)
    return outcome


@lru_cache(maxsize=256)
def _read(manifest: str) -> ExtensionManifest:
    """A published manifest."""
    return read_manifest(manifest.encode())


@contextmanager
def slot(kernel: Kernel, target: Target) -> Iterator[None]:
    """One of the calls that may run at once; the web processes of a machine share out those of an install evenly.

    A call holds a thread of the web server until the guest has answered. One thread is kept for requests that call no
    extension, and one more for extensions of other tenants. Raises InstallBusy or GuestsBusy.
    """
    settings = kernel.settings
    shares = {
        target.install_id: max(target.limits.get("at_once", AT_ONCE) // max(settings.web_workers, 1), 1),
        target.tenant_id: max(settings.web_threads - 2, 1),
        None: max(settings.web_threads - 1, 1),
    }
    _enter(target, shares)
    try:
        yield
    finally:
        with _lock:
            _running.subtract(shares.keys())
            for one in [one for one in shares if not _running[one]]:
                del _running[one]


def _enter(target: Target, shares: Mapping[UUID | None, int]) -> None:
    with _lock:
        for one, most in shares.items():
            if _running[one] >= most:
                raise _too_many(target, one, most)
        _running.update(shares.keys())


def _too_many(target: Target, counted: UUID | None, most: int) -> DeskhandError:
    if counted is None:
        return GuestsBusy("Extensions are answering as many calls as they may at once. Try again.", retry_after=1)
    who = f"{target.title} is" if counted == target.install_id else "Extensions of this tenant are"
    return InstallBusy(f"{who} answering {most} calls already. Try again in a moment.", retry_after=1)


def _stopped(target: Target, outcome: Outcome) -> GuestStopped:
    trap: Any = outcome.trap or GuestStopped.code
    return GuestStopped(f"{target.title} was stopped. {_WORDS.get(trap, '')}".strip(), code=trap, extension=target.name)
