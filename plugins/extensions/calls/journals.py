"""Recorded calls: kept with the host's answers where an administrator wants that, and made again without asking anybody."""

from __future__ import annotations

import zlib
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
from sqlalchemy import select

from kernel import audit
from kernel.context import CallContext
from kernel.ids import uuid7
from plugins.extensions.calls.invocations import get_invocation
from plugins.extensions.errors import ArtefactMissing, ArtefactTampered, InvocationNotRecorded
from plugins.extensions.guests.answers import asked_of
from plugins.extensions.guests.invocation import ExportCall, HostAnswer, HostCall, Invocation, Outcome
from plugins.extensions.guests.limits import MIB, Limits
from plugins.extensions.installs.grants import KIND
from plugins.extensions.models import Install, Journal
from plugins.extensions.publishers.trust import check_trust
from plugins.extensions.publishing.manifest_parts import ExtensionManifest
from plugins.extensions.publishing.releases import ensure_compiled, find_release, manifest_of
from plugins.extensions.runtime import artefact_store, guest_pool
from plugins.extensions.services import get_install

if TYPE_CHECKING:
    from kernel.app import Kernel

_MOST_BYTES = MIB


@dataclass(frozen=True, slots=True)
class Recorded:
    """A call as it was, and the release that answered it."""

    order: Invocation
    answer: Any
    component_key: str
    manifest: ExtensionManifest


@dataclass(frozen=True, slots=True)
class Replayed:
    """`then` and `now` are what the guest did: its answer or trap, and its log."""

    then: Any
    now: Any

    @property
    def same(self) -> bool:
        return bool(self.then == self.now)


def set_recording(ctx: CallContext, install_id: UUID, *, on: bool) -> Install:
    """Keep what each call was asked and answered, for replays; what was kept is forgotten with the call's record."""
    install = get_install(ctx, install_id, lock=True)
    if install.recording != on:
        install.recording = on
        audit.record(ctx, "extension.recording", kind=KIND, row_id=install.id, label=install.name, changes={"on": on})
        ctx.session.flush()
    return install


def keep_journal(kernel: Kernel, tenant_id: UUID, invocation_id: UUID, order: Invocation, outcome: Outcome) -> None:
    """Keep a call that was made with a journal; one that has none any more (too long, or its worker died) is not kept."""
    if outcome.journal is None or len(content := journal_of(order, outcome)) > _MOST_BYTES:
        return
    with kernel.call(tenant_id) as ctx:
        add_journal(ctx, invocation_id, content)


def journal_of(order: Invocation, outcome: Outcome) -> bytes:
    """All that it takes to make a call again, compressed."""
    asked = asked_of(order.request)
    return zlib.compress(orjson.dumps({
        "export": asked.export, "args": asked.args, "runtime": order.runtime, "artefact": order.artefact,
        "capabilities": sorted(order.capabilities), "limits": asdict(order.limits), "journal": outcome.journal,
        "answer": _did(outcome),
    }))  # fmt: skip


def add_journal(ctx: CallContext, invocation_id: UUID, content: bytes) -> None:
    """Keep a call's journal, sealed."""
    made = Journal(id=uuid7(), invocation_id=invocation_id)
    made.content = ctx.kernel.seal(ctx, content, Journal.__tablename__, made.id, "content")
    ctx.session.add(made)
    ctx.session.flush()


def is_recorded(ctx: CallContext, invocation_id: UUID) -> bool:
    """Whether a call can be replayed."""
    return ctx.session.scalar(select(Journal.id).where(Journal.invocation_id == invocation_id)) is not None


def read_recorded(ctx: CallContext, invocation_id: UUID) -> Recorded:
    """A recorded call. Raises InvocationNotFound, InvocationNotRecorded, ReleaseNotFound, and what `trust.check_trust` raises:
    what may not run does not run in replays either.
    """
    record, content = get_invocation(ctx, invocation_id), _opened(ctx, invocation_id)
    release = find_release(ctx, record.extension, record.semver)
    check_trust(ctx, release)
    order = Invocation(
        artefact_store(ctx.kernel).key_of(release.digest), ExportCall(content["export"], content["args"]),
        frozenset(content["capabilities"]), Limits(**content["limits"]), replay=content["journal"], owner=str(ctx.tenant_id),
        runtime=content["runtime"],
    )  # fmt: skip
    return Recorded(order, content["answer"], release.component_key, manifest_of(release))


def recorded_answer(ctx: CallContext, invocation_id: UUID) -> Any:
    """What a recorded call did: its answer or trap, and its log. Raises InvocationNotRecorded."""
    return _opened(ctx, invocation_id)["answer"]


def _opened(ctx: CallContext, invocation_id: UUID) -> dict[str, Any]:
    kept = ctx.session.scalar(select(Journal).where(Journal.invocation_id == invocation_id))
    if kept is None:
        raise InvocationNotRecorded("This call was not recorded. Switch recording on, on the page of the install.")
    sealed = ctx.kernel.open(ctx, kept.content, Journal.__tablename__, kept.id, "content")
    content: dict[str, Any] = orjson.loads(zlib.decompress(sealed))
    return content


def replay(kernel: Kernel, tenant_id: UUID, recorded: Recorded) -> Replayed:
    """Make a recorded call again: the guest is answered from the journal, and nothing is written, read or sent.

    Raises GuestsBusy.
    """
    pool = guest_pool(kernel)
    try:
        outcome = pool.invoke(recorded.order, _nobody)
    except (ArtefactMissing, ArtefactTampered):
        ensure_compiled(kernel, tenant_id, recorded.component_key, recorded.manifest)
        outcome = pool.invoke(recorded.order, _nobody)
    return Replayed(recorded.answer, orjson.loads(orjson.dumps(_did(outcome))))


def _nobody(call: HostCall) -> HostAnswer:
    """In a replay only denials come here, to be noted; they were noted when the call was made."""
    return {"success": False, "error": f"replay: nobody answers {call.interface}.{call.function}"}


def _did(outcome: Outcome) -> dict[str, Any]:
    response = outcome.response
    return {
        "response": [response.status, response.headers, response.body] if response else None,
        "answer": outcome.answer, "failed": outcome.failed, "trap": outcome.trap,
        "log": [[one.level, one.message] for one in outcome.logs],
    }  # fmt: skip
