"""The terms of payment of clients, from the column of their file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import select

from kernel.context import CallContext
from kernel.db import among, upsert
from kernel.hookspecs.transfer import Column, Importer, ImportRow, Resolver, RowError
from plugins.billing.models import Payer, Terms
from plugins.billing.receivables.terms import add_terms

_PLAIN = re.compile(r"(net|eom)_([1-9]\d?|[12]\d\d|3[0-5]\d|36[0-5])")
"""Codes that say what they mean: so many days after the invoice date, or after the end of its month."""


def load_client_terms(ctx: CallContext, rows: Sequence[ImportRow], resolver: Resolver) -> list[RowError]:
    """Terms of clients by code; a code such as net_45 that is not known yet is added. An empty cell changes nothing."""
    known = dict(ctx.session.execute(select(Terms.code, Terms.id)).all())
    wanted = {row.values["payment_terms"] for row in rows if row.values["payment_terms"]}
    known |= {code: _add(ctx, code) for code in sorted(wanted - known.keys()) if _PLAIN.fullmatch(code)}
    wrong = [
        RowError(row.line, "payment_terms", f"There are no terms {code}. Known are {', '.join(sorted(known))}.")
        for row in rows if (code := row.values["payment_terms"]) and code not in known
    ]  # fmt: skip
    if not wrong:
        _save(ctx, [row for row in rows if row.values["payment_terms"]], resolver, known)
    return wrong


def _add(ctx: CallContext, code: str) -> UUID:
    kind, _, days = code.partition("_")
    name = f"End of month plus {days} days" if kind == "eom" else f"Net {days} days"
    counted_from = "month_end" if kind == "eom" else "invoice_date"
    return add_terms(ctx, code=code, name=name, days=int(days), counted_from=counted_from).id


def _save(ctx: CallContext, rows: Sequence[ImportRow], resolver: Resolver, known: Mapping[str, UUID]) -> None:
    """What else is known of how a client pays stays as it is."""
    clients = resolver.resolve("client", [row.external_id for row in rows])
    present = {one.client_id: one for one in ctx.session.scalars(select(Payer).where(among(Payer.client_id, clients.values())))}
    met = {external: present[client].id for external, client in clients.items() if client in present}
    remembered = resolver.resolve("payer", list(met))
    resolver.remember("payer", {external: row for external, row in met.items() if external not in remembered})
    ids = resolver.claim("payer", [row.external_id for row in rows])
    upsert(ctx.session, Payer, [
        {"id": ids[row.external_id], "client_id": clients[row.external_id], "terms_id": known[row.values["payment_terms"]]}
        for row in rows
    ])  # fmt: skip


IMPORTERS = (
    Importer("payer", "clients.csv", 82, (Column("payment_terms", max_length=40),), load_client_terms, "Terms of payment"),
)
