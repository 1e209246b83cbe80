"""A release, its install and a call of it, laid out for the house rules. Nothing is compiled and no guest runs."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import orjson

from kernel.context import CallContext
from plugins.extensions.calls import journals
from plugins.extensions.calls.replays import start_replay
from plugins.extensions.guests.inspection import COMPONENT_MAGIC
from plugins.extensions.guests.invocation import GuestRequest, GuestResponse, Invocation, Outcome
from plugins.extensions.guests.limits import Limits
from plugins.extensions.models import Install, InvocationRecord
from plugins.extensions.publishers.advisories import publish_advisory
from plugins.extensions.publishers.signing import KEY_BYTES
from plugins.extensions.publishers.trust import revoke, trust_key
from plugins.extensions.publishing.bundles import Bundle, pack_bundle
from plugins.extensions.publishing.releases import publish_release
from plugins.extensions.services import install_extension

_MANIFEST = {
    "name": "example.contoso.orders", "publisher": "contoso", "version": "1.0.0", "runtime": "component@1", "title": "Orders",
    "endpoints": [{"method": "POST", "path": "/hook", "auth": "public-signed"}], "assets": ["ui/*"],
    "ui": [
        {"slot": "app", "title": "Orders", "entry": "ui/index.html"},
        {"slot": "client_tab", "title": "Orders", "entry": "ui/index.html"},
        {"slot": "settings", "schema": "settings.schema.json"},
    ],
}  # fmt: skip
_FILES = {
    "ui/index.html": b"<!doctype html>",
    "settings.schema.json": b'{"type": "object", "properties": {"color": {"type": "string", "enum": ["red", "green"]}}}',
}


def furnish(ctx: CallContext, there: Mapping[str, UUID]) -> dict[str, UUID]:
    """An extension with a page, and the record of a call."""
    release = publish_release(ctx, pack_bundle(Bundle(orjson.dumps(_MANIFEST), COMPONENT_MAGIC, _FILES)))
    release.state = "ready"
    ctx.session.flush()
    install = install_extension(ctx, release_id=release.id)
    called = _call_of(ctx, install)
    ctx.session.add(called)
    ctx.session.flush()
    asked = Invocation(release.digest.hex(), GuestRequest("GET", "/"), frozenset(), Limits(), journal=True)
    answered = Outcome(GuestResponse(200, (), "{}"), journal=[])
    journals.add_journal(ctx, called.id, journals.journal_of(asked, answered))
    replay_id = start_replay(ctx, called.id, 3)
    key = trust_key(ctx, "contoso", bytes(KEY_BYTES))
    revoked = revoke(ctx, "example.contoso.broken", "It fails.")
    advisory = publish_advisory(ctx, extension=release.name, severity="low", title="Slow", says="It is slow.")
    return {
        "advisory_id": advisory.id,
        "key_id": key.id,
        "revocation_id": revoked.id,
        "release_id": release.id,
        "install_id": install.id,
        "install": install.id,
        "invocation_id": called.id,
        "replay_id": replay_id,
        "row_id": there["client_id"],
    }


def _call_of(ctx: CallContext, install: Install) -> InvocationRecord:
    return InvocationRecord(
        install_id=install.id, extension=install.name, semver="1.0.0", trigger="http", endpoint="GET /", actor_kind="user",
        actor_id=ctx.actor.id, actor_name=ctx.actor.name, request_id=ctx.cause.request_id, status=200, duration=900, cpu=700,
        host_time=0, memory=1_000_000, request_bytes=0, response_bytes=2,
    )  # fmt: skip
