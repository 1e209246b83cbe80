"""Looking at the other side's books: what ours may be mapped to there, and which of it is alike."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Generator, Iterable, Sequence
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from kernel import jobs
from kernel.directory.clients import get_clients
from kernel.hookspecs.accounting import Choice
from kernel.ids import uuid7
from plugins.accounting.delivering import open_books
from plugins.accounting.errors import AccountMissing, NothingToCreate
from plugins.accounting.mapping import read_mappings
from plugins.accounting.models import ChoiceRow, Target
from plugins.accounting.outgoing import add_work, wake
from plugins.accounting.targets import get_target, systems_of

if TYPE_CHECKING:
    from kernel.context import CallContext
    from kernel.jobs import JobRun

LOOK = "accounting.look"
_ALIKE = 0.82


def ask_to_look(ctx: CallContext, target_id: UUID) -> UUID:
    """Let a worker read what ours may be mapped to; returns the job."""
    target = get_target(ctx, target_id)
    return jobs.enqueue(ctx, LOOK, {"target_id": str(target.id)}, key=str(target.id))


def look(job: JobRun) -> Generator[None, None, dict[str, Any]]:
    """Read all that ours may be mapped to, kind by kind."""
    target_id, count = UUID(job.args["target_id"]), 0
    with job.step() as ctx:
        system = systems_of(ctx).get(get_target(ctx, target_id).system)
    yield
    books = open_books(job, target_id, system) if system is not None else None
    if books is None or system is None:
        return {"says": "The books could not be opened."}
    kinds = dict.fromkeys(one for one in (*system.maps, *(["account"] if system.accounts else [])) if one != "category")
    for at, kind in enumerate(kinds, 1):
        found = books.gateway.choices(kind)
        with job.step() as ctx:
            keep_choices(ctx, target_id, kind, found)
        count += len(found)
        job.progress(at, len(kinds))
        yield
    with job.step() as ctx:
        ctx.session.execute(update(Target).where(Target.id == target_id).values(looked_at=ctx.now()))
    return {"url": f"/accounting/targets/{target_id}/mappings", "says": f"{count} found"}


def keep_choices(ctx: CallContext, target_id: UUID, kind: str, found: Sequence[Choice]) -> None:
    """Keep exactly these choices of a kind."""
    ctx.session.execute(delete(ChoiceRow).where(ChoiceRow.target_id == target_id, ChoiceRow.kind == kind))
    rows = [{"tenant_id": ctx.tenant_id, "id": uuid7(), "target_id": target_id, "kind": kind, "external_id": one.id,
             "name": one.name, "detail": one.detail, "active": one.active} for one in found]  # fmt: skip
    for at in range(0, len(rows), 1_000):
        ctx.session.execute(insert(ChoiceRow).values(rows[at : at + 1_000]).on_conflict_do_nothing())


def list_choices(ctx: CallContext, target_id: UUID, kind: str) -> list[ChoiceRow]:
    """What ours may be mapped to there, by name; a category is mapped to an item of theirs."""
    theirs = "item" if kind == "category" else kind
    mine = select(ChoiceRow).where(ChoiceRow.target_id == target_id, ChoiceRow.kind == theirs, ChoiceRow.active)
    return list(ctx.session.scalars(mine.order_by(ChoiceRow.name, ChoiceRow.id)))


def plain_name(name: str) -> str:
    """A name without what people write differently: case, accents, punctuation, legal forms.

    >>> plain_name("Müller & Söhne GmbH"), plain_name("muller sohne, gmbh.")
    ('muller sohne', 'muller sohne')
    """
    letters = "".join(one for one in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(one))
    words = re.sub(r"[\W_]+", " ", letters).split()
    kept = [one for one in words if one not in {"gmbh", "inc", "ltd", "llc", "co", "corp", "ag", "kg", "the", "and", "und"}]
    return " ".join(kept or words)


def suggest(name: str, choices: Iterable[ChoiceRow], taken: Collection[str] = ()) -> ChoiceRow | None:
    """The choice that a name most likely means: the same name, then the same but for writing, then one much alike.

    What is `taken` is suggested no more. Names with other numbers are not alike: 19 % is not 7 %, nor 24 ports 48.
    """
    free = [one for one in choices if one.external_id not in taken]
    wanted = plain_name(name)
    for one in free:
        if one.name == name or (wanted and plain_name(one.name) == wanted):
            return one
    fitting = [one for one in free if _same_numbers(name, one.name)] if wanted else []
    rated = [(SequenceMatcher(None, wanted, plain_name(one.name)).ratio(), one) for one in fitting]
    best = max(rated, key=lambda pair: pair[0], default=None)
    return best[1] if best and best[0] >= _ALIKE else None


def _same_numbers(ours: str, theirs: str) -> bool:
    """Whether two names have the same numbers, or one of them has none."""
    mine, other = (set(re.findall(r"\d+", one)) for one in (ours, theirs))
    return not mine or not other or mine == other


def create_there(ctx: CallContext, target_id: UUID, kind: str, our_ids: Sequence[UUID]) -> UUID:
    """Let items or clients that are not mapped yet be made on the other side; returns the job.

    Raises TargetNotFound, NothingToCreate, and AccountMissing where new products need an income account.
    """
    target = get_target(ctx, target_id)
    if kind == "item" and income_missing(ctx, target):
        words = "Map the account first that new products go to (Mappings, Accounts)."
        raise AccountMissing(words, errors={"our_keys": words})
    names = _names(ctx, kind, our_ids)
    known = read_mappings(ctx, target)
    wanted = [one for one in our_ids if one in names and not (kind == "item" and known.own("item", str(one)))]
    if not wanted or target.realm is None:
        raise NothingToCreate(errors={"our_keys": "Choose items or clients of yours that are not mapped yet."})
    for one in wanted:
        add_work(ctx, target.id, kind, one, label=names[one])
    return wake(ctx, target.id)


def income_missing(ctx: CallContext, target: Target) -> bool:
    """Whether products cannot be created there, since the account that they go to is not mapped."""
    system = systems_of(ctx).get(target.system)
    return system is not None and "income" in system.accounts and not read_mappings(ctx, target).own("account", "income")


def _names(ctx: CallContext, kind: str, our_ids: Sequence[UUID]) -> dict[UUID, str]:
    if kind == "client":
        return {one.id: one.name for one in get_clients(ctx, our_ids).values()}
    facts = ctx.hooks.get_items(ctx=ctx, item_ids=our_ids) if kind == "item" else {}
    return {one.id: one.name for one in facts.values()}
