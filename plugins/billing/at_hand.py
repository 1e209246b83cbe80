"""What billing asks of a client before it writes an invoice by hand, in one query: whom it is for, when it is due, what prints
it, and whether credits may pay it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from psycopg.rows import namedtuple_row

from kernel.db import cursor
from plugins.billing.layouts.standards import DEFAULT
from plugins.billing.receivables.terms import UsualTerms

if TYPE_CHECKING:
    from kernel.context import CallContext

_ASKED = f"""
select c.id, c.name, c.billing_email, c.email, c.locale, c.currency, l.id as place_id, l.line1, l.line2, l.postal_code, l.city,
  l.subdivision, l.country, t.id as terms_id, t.counted_from, t.days, t.early_percent, t.early_days,
  (select json_agg(json_build_array(o.client_id, o.kind, v.id, y.origin = 'extension')) from billing_layout_choices o
    join billing_layouts y on y.tenant_id = o.tenant_id and y.id = o.layout_id
    join billing_layout_versions v on v.tenant_id = y.tenant_id and v.layout_id = y.id and v.number = y.current
    where o.tenant_id = c.tenant_id and (o.client_id is null or o.client_id = c.id)) as chosen,
  (select v.id from billing_layouts y
    join billing_layout_versions v on v.tenant_id = y.tenant_id and v.layout_id = y.id and v.number = y.current
    where y.tenant_id = c.tenant_id and y.key = '{DEFAULT}') as standard,
  exists(select from billing_credits r where r.tenant_id = c.tenant_id and r.client_id = c.id and r.remaining > 0) as has_credits
from clients c left join client_locations l on l.tenant_id = c.tenant_id and l.client_id = c.id and l.is_default
left join billing_payers p on p.tenant_id = c.tenant_id and p.client_id = c.id
left join billing_terms t on t.tenant_id = c.tenant_id and (t.id = p.terms_id or p.terms_id is null and t.is_default)
where c.id = %s
"""


class AtHand(NamedTuple):
    """A client as its invoices need it: `buyer` as `find_parties` takes it, `terms` (None: the tenant has no default), the
    versions of layouts that may print for it by client and kind, those of them that an extension is asked for, and whether it
    has credits.
    """

    buyer: Any
    currency: str
    terms: UsualTerms | None
    layouts: Mapping[tuple[UUID | None, str | None], UUID]
    asked: frozenset[UUID]
    has_credits: bool


def ask_about(ctx: CallContext, client_id: UUID) -> AtHand | None:
    """What is known of a client; None: there is no such client."""
    with cursor(ctx.session) as cur:
        cur.row_factory = namedtuple_row  # type: ignore[assignment]
        row: Any = cur.execute(_ASKED, [client_id]).fetchone()
    if row is None:
        return None
    terms = UsualTerms(row.terms_id, row.counted_from, row.days, row.early_percent, row.early_days) if row.terms_id else None
    layouts = {(None, None): row.standard} if row.standard else {}
    layouts |= {(_id(client), kind): UUID(version) for client, kind, version, _ in row.chosen or ()}
    asked = frozenset(UUID(version) for _, _, version, asked in row.chosen or () if asked)
    return AtHand(row, row.currency, terms, layouts, asked, row.has_credits)


def _id(text: str | None) -> UUID | None:
    return UUID(text) if text else None
