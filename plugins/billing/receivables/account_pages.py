"""Web pages of statements and of the ageing of receivables."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask.typing import ResponseReturnValue

from kernel.context import CallContext
from kernel.directory.clients import get_client
from kernel.money import as_major
from kernel.web.i18n import gettext as _
from kernel.web.i18n import lazy_gettext as _l
from kernel.web.pages import Pages, csv_download, redirect_to, render
from plugins.billing.receivables import ageing, schemas, statement_paper, statements
from plugins.billing.receivables.account_routes import pdf_response
from plugins.billing.receivables.letters import address_of

pages = Pages("billing")
BUCKETS = {
    "current": _l("Not due"), "days_30": _l("1–30 days late"), "days_60": _l("31–60"), "days_90": _l("61–90"),
    "older": _l("Older"),
}  # fmt: skip
_STATEMENT = "/statements/<uuid:client_id>"
_ROWS = ("date", "kind", "reference", "currency", "charged", "settled", "balance")
_AGED = ("client", "currency", *ageing.BUCKETS, "total", "credits")


@pages.get(_STATEMENT, permission="invoice.read", query=schemas.PeriodQuery)
def statement_page(ctx: CallContext, client_id: UUID, query: dict[str, Any]) -> ResponseReturnValue:
    found = statements.read_statements(ctx, client_id, **query)
    client = get_client(ctx, client_id)
    return render("billing/statement.html", client=client, statements=found, kinds=statement_paper.KINDS,
                  address=address_of(client) or "")  # fmt: skip


@pages.get(f"{_STATEMENT}/pdf", permission="invoice.read", query=schemas.PeriodQuery)
def statement_pdf(ctx: CallContext, client_id: UUID, query: dict[str, Any]) -> ResponseReturnValue:
    return pdf_response(statement_paper.print_statement(ctx, client_id, **query))


@pages.get(f"{_STATEMENT}/csv", permission="invoice.read", query=schemas.PeriodQuery)
def statement_csv(ctx: CallContext, client_id: UUID, query: dict[str, Any]) -> ResponseReturnValue:
    found = statements.read_statements(ctx, client_id, **query)
    return csv_download("statement.csv", _ROWS, (row for one in found for row in _cells(one)))


def _cells(one: statements.Statement) -> list[list[object]]:
    """Opening balance, bookings, closing balance, in major units."""
    money = lambda minor: as_major(minor, one.currency)  # noqa: E731 - one currency on every row
    rows: list[list[object]] = [[one.first_day, "opening", "", one.currency, "", "", money(one.opening)]]
    for row in one.rows:
        sides = [money(row.amount), ""] if row.amount > 0 else ["", money(-row.amount)]
        rows.append([row.booked_on, row.kind, row.reference, one.currency, *sides, money(row.balance)])
    return [*rows, [one.last_day, "closing", "", one.currency, money(one.charged), money(one.settled), money(one.closing)]]


@pages.post(f"{_STATEMENT}/send", permission="invoice.send", schema=schemas.StatementForm)
def send_statement(ctx: CallContext, client_id: UUID, data: dict[str, Any]) -> ResponseReturnValue:
    letter = statement_paper.send_statement(ctx, client_id, **data)
    return redirect_to(f"/statements/{client_id}", toast=_("On its way to %(names)s.", names=letter.recipient))


@pages.get("/ageing", permission="invoice.read", query=schemas.AgeingQuery)
def ageing_page(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    found = ageing.age_on(ctx, **query)
    charts = {code: [(str(words), amount) for words, amount in zip(BUCKETS.values(), sums, strict=True)]
              for code, sums in found.totals.items()}  # fmt: skip
    return render("billing/ageing.html", ageing=found, charts=charts, buckets=BUCKETS)


@pages.get("/ageing.csv", permission="invoice.read", query=schemas.AgeingQuery)
def ageing_csv(ctx: CallContext, query: dict[str, Any]) -> ResponseReturnValue:
    rows = ageing.age_on(ctx, **query).rows
    return csv_download("ageing.csv", _AGED, ([one[1], one[2], *(as_major(minor, one[2]) for minor in one[3:])] for one in rows))
