"""Carol's real invoices become files: with the names that stand on them, or with a word about what is in the way."""

from __future__ import annotations

import io
import zipfile
from decimal import Decimal
from uuid import UUID

import pytest
from lxml import etree

from kernel.context import Actor, CallContext
from kernel.directory.clients import get_client
from kernel.hookspecs.accounting import AccountingSystem, Document, DocumentLine, DocumentTax
from plugins.accounting_files.errors import AccountingFileRefused
from plugins.tax.services import get_client_facts
from tests.conftest import World
from tests.plugins.accounting_files.test_files import rows
from tests.plugins.billing.invoice_desk import final, line, taxed_client
from tests.plugins.einvoicing.many_invoices import lay_out


def system(ctx: CallContext, key: str) -> AccountingSystem:
    found: list[AccountingSystem] = [one for _, one in ctx.kernel.plugins.collect("register_accounting_systems")]
    return next(one for one in found if one.key == key)


def delivered(ctx: CallContext, invoice_id: UUID, customer: str = "", item: str = "4000", code: str = "VAT20") -> Document:
    """An invoice as the accounting room delivers it."""
    paper = ctx.hooks.get_invoice_papers(ctx=ctx, invoice_ids=[invoice_id])[invoice_id]
    lines = tuple(
        DocumentLine(one.position, one.description, item, one.quantity, one.unit_price, one.net - one.discount, one.tax, code)
        for one in paper.lines
    )
    taxes = tuple(DocumentTax(code, one.name, one.percent, one.base, one.tax) for one in paper.taxes)
    return Document(paper.id, paper.kind, "r", paper.number, customer, paper.currency, paper.exponent, paper.invoice_date,
                    paper.due_date, None, lines, taxes, paper.subtotal, paper.tax, paper.total,
                    customer_name=paper.buyer.name)  # fmt: skip


def test_customers_that_nobody_mapped_go_by_the_name_on_the_invoice(acme: World) -> None:
    with acme.call(Actor.system()) as ctx:
        client_id = lay_out(ctx).plain[0][0]
        region_id = get_client_facts(ctx, client_id).region_id
        one = final(ctx, client_id, line("=HYPERLINK(1)", "3", 3333), line("Cable", "0.3333", 1001))
        other = final(ctx, taxed_client(ctx, region_id, "+Söhne GmbH"))
        batch = [delivered(ctx, one.id), delivered(ctx, other.id, customer="Söhne")]
        for key, column in (("quickbooks_csv", "*Customer"), ("xero_csv", "*ContactName"), ("journal_csv", "Customer")):
            found = system(ctx, key)
            assert found.check and found.write and not found.check(ctx, batch)
            told = {row[column] for row in rows(found.write(ctx, batch))}
            assert told == {get_client(ctx, client_id).name, "'+Söhne GmbH" if key == "journal_csv" else "Söhne"}
        written = rows(system(ctx, "quickbooks_csv").write(ctx, batch))  # type: ignore[misc]
        assert written[0]["ItemDescription"] == "'=HYPERLINK(1)"
        assert sum(Decimal(row["*ItemAmount"]) for row in written[:2]) * 100 == one.subtotal


def test_a_batch_as_ubl_is_one_archive_or_nothing(acme: World) -> None:
    with acme.call(Actor.system()) as ctx:
        client_id = lay_out(ctx).plain[0][0]
        region_id = get_client_facts(ctx, client_id).region_id
        batch = [delivered(ctx, final(ctx, client_id).id) for _ in range(3)]
        ubl = system(ctx, "ubl")
        assert ubl.check and ubl.write and not ubl.check(ctx, batch)
        (file,), (again,) = ubl.write(ctx, batch), ubl.write(ctx, batch)
        assert file == again
        with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
            assert archive.namelist() == [f"{one.number}.xml" for one in batch]
            assert all(etree.fromstring(archive.read(name)).tag.endswith("}Invoice") for name in archive.namelist())
        kept = delivered(ctx, final(ctx, taxed_client(ctx, region_id, "Nowhere Ltd")).id)
        (problem,) = ubl.check(ctx, [*batch, kept])
        assert problem.document_id == kept.id and problem.mend_url.startswith("/clients/")
        with pytest.raises(AccountingFileRefused, match=kept.number):
            ubl.write(ctx, [*batch, kept])
