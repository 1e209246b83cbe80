"""Delivery: portion by portion, the other side called between two transactions, so that a worker may end at any moment.

What was marked as being sent and never answered is looked for by its number, then sent again under the same request id.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from kernel.errors import DeskhandError, NotFound, Unavailable
from kernel.hookspecs.accounting import AccountingSystem, Change, Document, Done, Failed, Gateway
from kernel.hookspecs.connections import Access, ConsentWithdrawn
from kernel.hookspecs.delegated_tax import TAX
from plugins.accounting.batches import recheck_open
from plugins.accounting.links import find_links
from plugins.accounting.outgoing import count_open, next_due, wake_later
from plugins.accounting.portions import Portion, take_portion
from plugins.accounting.settling import put_all_off, put_back, settle
from plugins.accounting.targets import get_target, halt, note_currencies, systems_of
from plugins.accounting.taxing import settle_taxes
from plugins.accounting.watched import UNFORESEEN, Unforeseen, log, open_watched

if TYPE_CHECKING:
    from kernel.context import CallContext
    from kernel.jobs import JobRun

_SOON = timedelta(minutes=1)
_PUTS = {"client": "put_customers", "item": "put_items", "invoice": "put_documents", "credit_note": "put_documents",
         "payment": "put_money", "credit_use": "put_money", TAX: "reckon_taxes"}  # fmt: skip


class Books(NamedTuple):
    """The books of a target, opened."""

    access: Access
    gateway: Gateway


def deliver(job: JobRun) -> Generator[None, None, dict[str, Any]]:
    """Deliver what is due of a target: customers, questions of taxes, documents, money, what is voided."""
    target_id, done, books = UUID(job.args["target_id"]), 0, None
    with job.step() as ctx:
        total, system = count_open(ctx, target_id), _system(ctx, target_id)
    yield
    while system is not None:
        try:
            books = books or open_books(job, target_id, system)
        except Unavailable as error:
            _come_back(job, target_id, [], error)
            break
        if books is None:
            break
        with job.step() as ctx:
            portion = take_portion(ctx, get_target(ctx, target_id))
        if portion is None:
            _plan_next(job, target_id)
            break
        if portion.rows:
            answers, books = _send(job, target_id, system, books, portion)
            if answers is None:
                break
            with job.step() as ctx:
                (settle_taxes if portion.kind == TAX else settle)(ctx, target_id, portion.rows, portion.values, answers)
            done += len(portion.rows)
            job.progress(done, max(done, total))
        yield
    return {"url": f"/accounting/targets/{target_id}", "says": f"{done} sent"}


def _system(ctx: CallContext, target_id: UUID) -> AccountingSystem | None:
    """The system of a target that may be called now."""
    target = get_target(ctx, target_id)
    system = systems_of(ctx).get(target.system)
    return system if system and system.open and target.connection_id and target.active and not target.halted else None


def open_books(job: JobRun, target_id: UUID, system: AccountingSystem, refused: str = "") -> Books | None:
    """Open the books of a target; None where its connection is gone or opens another company, which halts the target.

    Raises Unavailable.
    """
    access = _open_connection(job, target_id, refused)
    if access is None or system.open is None:
        return None
    try:
        gateway = open_watched(system, access)
        company = gateway.company()
    except Unforeseen as error:
        log.exception("The books of target %s cannot be opened", target_id)
        raise Unavailable(error.detail) from error
    except ConsentWithdrawn as error:
        if not refused:
            return open_books(job, target_id, system, access.token)
        with job.step() as ctx:
            ctx.hooks.withdraw_connection(ctx=ctx, connection_id=access.connection_id, detail=error.detail)
        return _halt(job, target_id, "missing_connection", error.detail)
    with job.step() as ctx:
        target = get_target(ctx, target_id)
        if company.id == target.account_id and note_currencies(ctx, target, company.currencies):
            recheck_open(ctx, target_id)
    if company.id != target.account_id:
        return _halt(job, target_id, "wrong_company", f"The connection opens {company.name}, not {target.account_name}.")
    return Books(access, gateway)


def _open_connection(job: JobRun, target_id: UUID, refused: str) -> Access | None:
    try:
        with job.step() as ctx:
            target = get_target(ctx, target_id)
            if target.connection_id is None:
                return None
            access: Access = ctx.hooks.open_connection(ctx=ctx, connection_id=target.connection_id, refused=refused)
            return access
    except (ConsentWithdrawn, NotFound) as error:
        return _halt(job, target_id, "missing_connection", error.detail)


def _halt(job: JobRun, target_id: UUID, code: str, detail: str) -> None:
    with job.step() as ctx:
        halt(ctx, target_id, code, detail)


def _send(job: JobRun, target_id: UUID, system: AccountingSystem, books: Books,
          portion: Portion) -> tuple[Sequence[Done | Failed] | None, Books | None]:  # fmt: skip
    """What the other side answers to a portion, and the books by the token that it takes; no answers where nothing was possible,
    and all of it is tried later.
    """
    try:
        try:
            return _each_answered(job, target_id, books.gateway, portion), books
        except ConsentWithdrawn as error:
            anew = open_books(job, target_id, system, books.access.token)
            if anew is None:
                _come_back(job, target_id, portion.rows, error)
                return None, None
            return _each_answered(job, target_id, anew.gateway, portion), anew
    except (Unavailable, ConsentWithdrawn) as error:
        _come_back(job, target_id, portion.rows, error)
        return None, None


def _plan_next(job: JobRun, target_id: UUID) -> None:
    """Nothing is due any more: come back when something will be."""
    with job.step() as ctx:
        upcoming = next_due(ctx, target_id)
        if upcoming is not None:
            wake_later(ctx, target_id, max(upcoming, ctx.now() + _SOON))


def _come_back(job: JobRun, target_id: UUID, rows: Sequence[UUID], error: DeskhandError) -> None:
    wait = int(error.extra.get("retry_after") or 0)
    with job.step() as ctx:
        due_at = put_back(ctx, rows, "unavailable", error.detail, wait)
        asked = ctx.now() + max(_SOON, timedelta(seconds=wait))
        if wait > _SOON.total_seconds():
            put_all_off(ctx, target_id, asked, "unavailable", error.detail)
        wake_later(ctx, target_id, due_at or asked)


def _each_answered(job: JobRun, target_id: UUID, gateway: Gateway, portion: Portion) -> list[Done | Failed]:
    """Answers to a portion. Where it fails in a way that nobody foresaw, each goes by itself, so that one does not hold up the
    others.
    """
    try:
        return _ask(job, target_id, gateway, portion)
    except Unforeseen as error:
        if len(portion.values) > 1:
            return [answer for one in portion.apart() for answer in _each_answered(job, target_id, gateway, one)]
        log.exception("%s %s of target %s: nobody foresaw this", portion.kind, portion.ours[0], target_id)
        return [Failed(UNFORESEEN, error.detail)]


def _ask(job: JobRun, target_id: UUID, gateway: Gateway, portion: Portion) -> list[Done | Failed]:
    if portion.action == "void":
        answers = list(gateway.void(portion.values))
        return _again_if_unchanged(job, target_id, gateway, portion, answers)
    values, answers = portion.values, dict[int, Done | Failed]()
    if portion.kind in ("invoice", "credit_note"):
        if portion.unsure:
            answers |= _found(gateway, portion.kind, dict(enumerate(values)))
        left = [at for at in range(len(values)) if at not in answers]
        answers |= dict(zip(left, gateway.put_documents([values[at] for at in left]) if left else (), strict=True))
        twice = {at: values[at] for at, one in answers.items() if isinstance(one, Failed) and one.code == "duplicate_number"}
        answers |= _found(gateway, portion.kind, twice)
        return [answers[at] for at in range(len(values))]
    if portion.unsure and portion.kind in ("payment", "credit_use"):
        values = [one._replace(sent_before=True) for one in values]
    return _again_if_unchanged(job, target_id, gateway, portion, list(getattr(gateway, _PUTS[portion.kind])(values)))


def _found(gateway: Gateway, kind: str, documents: dict[int, Document]) -> dict[int, Done | Failed]:
    """Documents that are there already, by their number, with the same customer, currency and total."""
    fresh = {at: one for at, one in documents.items() if one.external is None}
    there = {(one.number, one.customer, one.currency, one.total): one
             for one in (gateway.find(kind, [one.number for one in fresh.values()]) if fresh else ())
             if not one.deleted and not one.voided}  # fmt: skip
    hits = {at: there.get((one.number, one.customer, one.currency, one.total)) for at, one in fresh.items()}
    return {at: Done(hit.external, hit.total, hit.tax, hit.lines) for at, hit in hits.items() if hit is not None}


def _again_if_unchanged(job: JobRun, target_id: UUID, gateway: Gateway, portion: Portion,
                        answers: list[Done | Failed]) -> list[Done | Failed]:  # fmt: skip
    """What has another version there, but says what we delivered, is sent once more: nothing that somebody changed is
    overwritten.
    """
    stale = {at: portion.values[at] for at, one in enumerate(answers) if isinstance(one, Failed) and one.code == "stale"}
    if not stale:
        return answers
    now = {one.external.id: one for one in gateway.read(portion.kind, [one.external.id for one in stale.values()])}
    with job.step() as ctx:
        delivered = {one.external_id: one.total for one in find_links(ctx, target_id, portion.kind, portion.ours).values()}
    for at, value in stale.items():
        change = now.get(value.external.id)
        if change is not None and _same(change, delivered.get(value.external.id)):
            fresh = value._replace(external=change.external)
            [answers[at]] = gateway.void([fresh]) if portion.action == "void" else gateway.put_money([fresh])
    return answers


def _same(change: Change, total: int | None) -> bool:
    return not change.deleted and (change.voided or total is None or change.total == total)
