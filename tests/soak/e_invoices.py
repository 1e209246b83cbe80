"""Invoices of all kinds, by the thousand, held against the official rules of EN 16931 in both syntaxes."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.ground import found, ground
from tests.plugins.einvoicing.many_invoices import lay_out, write_many
from tests.plugins.einvoicing.official_rules import broken_by

BATCH = 100


def e_invoices(notes: dict[str, Any], keep: Callable[[], None]) -> str:
    """Write `SOAK_INVOICES` (2,000) invoices and credit notes and break no rule with any; returns the figures in words."""
    wanted, kinds = int(os.environ.get("SOAK_INVOICES", "2000")), Counter(notes.get("kinds", {}))
    with ground() as (kernel, _):
        tenant_id = found(kernel, f"papers-{notes.get('done', 0)}")
        with kernel.call(tenant_id) as ctx:
            desk = lay_out(ctx)
        while (done := notes.setdefault("done", 0)) < wanted:
            with kernel.call(tenant_id) as ctx:
                ids = write_many(ctx, desk, notes["seed"] + done, min(BATCH, wanted - done))
                papers = ctx.hooks.get_invoice_papers(ctx=ctx, invoice_ids=ids).values()
                kinds.update(kind for paper in papers for kind in {paper.kind, *(tax.code for tax in paper.taxes)})
                if broken := broken_by(ctx, ids):
                    raise SystemExit(f"Batch from {done}, seed {notes['seed']}:\n" + "\n".join(broken))
            notes |= {"done": done + len(ids), "kinds": dict(kinds)}
            keep()
    told = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    return f"{notes['done']} documents ({told}), each as UBL 2.1 and as CII: no rule broken, no warning"
