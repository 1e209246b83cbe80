"""What of ours may be mapped, beside what it is mapped to and what is suggested."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from sqlalchemy import select

from kernel.directory.models import Client
from kernel.hookspecs.accounting import CUSTOMER, DEFAULT, Ours
from plugins.accounting.looking import list_choices, suggest
from plugins.accounting.mapping import customers_of, read_mappings, set_mapping
from plugins.accounting.models import ExportDocument, ProblemRow, Target
from plugins.accounting.targets import get_target, system_of
from plugins.accounting.tax_words import words_of_tax

if TYPE_CHECKING:
    from kernel.context import CallContext

MOST_ROWS = 200
_WITH_DEFAULT = ("item", "tax")


class KindCount(NamedTuple):
    """How much of a kind is mapped; what a default or a category covers counts. `needed`: documents wait for the rest."""

    kind: str
    words: str
    mapped: int
    total: int
    needed: bool


class MappedRow(NamedTuple):
    """One line of the page of mappings. `own` is False where the mapping holds for all companies of the system."""

    id: str
    name: str
    url: str
    external_id: str
    external_name: str
    own: bool
    suggested_id: str = ""
    suggested_name: str = ""


def kinds_of(ctx: CallContext, target: Target) -> dict[str, str]:
    """The kinds that a target's system maps, with its words for them."""
    system = system_of(ctx, target)
    kinds = dict(system.maps)
    if "item" in kinds:
        kinds.setdefault("category", "Categories")
    if system.accounts:
        kinds.setdefault("account", "Accounts")
    return kinds


def count_mapped(ctx: CallContext, target: Target) -> list[KindCount]:
    """How much of each kind is mapped for a target; categories only stand in for items, and are not counted."""
    system, mappings = system_of(ctx, target), read_mappings(ctx, target)
    linked = customers_of(ctx, target) if target.realm else {}
    counts = list[KindCount]()
    for kind, words in kinds_of(ctx, target).items():
        if kind == "category":
            continue
        some = [one for one in _ours(ctx, target, kind) if one.key != DEFAULT]
        if kind == "item":
            mapped = sum(mappings.item(UUID(one.key), _id(one.category or DEFAULT)) is not None for one in some)
        elif kind == CUSTOMER and target.realm:
            mapped = sum(_id(one.key) in linked for one in some)
        else:
            mapped = sum(mappings.find(kind, one.key) is not None for one in some)
        needed = kind in system.needs or (target.realm is not None and kind == "account")
        if kind == CUSTOMER and target.realm:
            needed = not target.provision
        counts.append(KindCount(kind, words, mapped, len(some), needed))
    return counts


def list_mapped(ctx: CallContext, target_id: UUID, kind: str, *, text: str = "", key: str = "", unmapped: bool = False,
                limit: int = MOST_ROWS) -> list[MappedRow]:  # fmt: skip
    """What may be mapped of a kind, what it is mapped to, and for the rest what it may mean; at most `limit` rows."""
    target = get_target(ctx, target_id)
    mappings, customers = read_mappings(ctx, target).kind(kind), customers_of(ctx, target) if kind == CUSTOMER else {}
    choices, rows = list_choices(ctx, target_id, kind), list[MappedRow]()
    taken = {one.external_id for one in customers.values()}
    for one in _ours(ctx, target, kind):
        if (text and text.casefold() not in one.name.casefold()) or (key and one.key != key):
            continue
        link, found = customers.get(_id(one.key)) if kind == CUSTOMER and target.realm else None, mappings.get(one.key)
        if unmapped and (link or found):
            continue
        if link is not None:
            rows.append(MappedRow(one.key, one.name, one.url, link.external_id, link.external_name, own=True))
        elif found is not None:
            rows.append(MappedRow(one.key, one.name, one.url, found.external_id, found.name or found.external_id, found.own))
        else:
            hint = suggest(one.name, choices, taken) if one.key != DEFAULT else None
            rows.append(MappedRow(one.key, one.name, one.url, "", "", own=True, suggested_id=hint.external_id if hint else "",
                                  suggested_name=hint.name if hint else ""))  # fmt: skip
        if len(rows) == limit:
            break
    return rows


def _id(key: str) -> UUID:
    return UUID(key) if key != DEFAULT else UUID(int=0)


def _ours(ctx: CallContext, target: Target, kind: str) -> list[Ours]:
    system = system_of(ctx, target)
    if kind == "account":
        return [Ours(key, words) for key, words in system.accounts.items()]
    if kind == CUSTOMER:
        clients = select(Client.id, Client.name).order_by(Client.name_key, Client.id)
        return [Ours(str(one.id), one.name, url=f"/clients/{one.id}") for one in ctx.session.execute(clients)]
    found = [one for answer in ctx.hooks.collect_ours(ctx=ctx, kind=kind) for one in answer]
    known = {one.key for one in found}
    seen = [Ours(key, words_of_tax(key, {})) for key in _seen(ctx, target, kind) if key not in known and key != DEFAULT]
    first = [Ours(DEFAULT, "")] if kind in _WITH_DEFAULT else []
    return [*first, *found, *seen]


def _seen(ctx: CallContext, target: Target, kind: str) -> list[str]:
    """What documents that wait ask for, though nobody names it: taxes of other days."""
    if kind != "tax":
        return []
    same = (ExportDocument.tenant_id == ProblemRow.tenant_id) & (ExportDocument.id == ProblemRow.document_id)
    open_ones = ProblemRow.resolved_at.is_(None), ProblemRow.code == f"missing_{kind}_mapping"
    wanted = select(ProblemRow.subject).join(ExportDocument, same).where(*open_ones, ExportDocument.target_id == target.id)
    return list(ctx.session.scalars(wanted.distinct().order_by(ProblemRow.subject)))


def accept_suggestions(ctx: CallContext, target_id: UUID, kind: str, keys: Sequence[str]) -> int:
    """Map these to what is suggested for them; returns how many there were."""
    target, wanted = get_target(ctx, target_id), set(keys)
    rows = [one for one in list_mapped(ctx, target_id, kind, limit=10_000) if one.suggested_id and one.id in wanted]
    taken: set[str] = set()
    for one in rows:
        if kind == CUSTOMER and one.suggested_id in taken:
            continue
        taken.add(one.suggested_id)
        set_mapping(ctx, target, kind, one.id, one.suggested_id, one.suggested_name)
    return len(rows)
