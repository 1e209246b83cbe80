"""A paper as it is delivered: their ids in place of ours, and what is in the way of delivering it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote
from uuid import UUID

from kernel.hookspecs.accounting import (
    CREDIT_NOTE,
    DEFAULT,
    TAXED,
    AccountingSystem,
    Document,
    DocumentLine,
    DocumentTax,
    External,
)
from kernel.hookspecs.papers import InvoicePaper, PaperLine, PaperTax
from kernel.hookspecs.pricing import ItemFacts
from kernel.hookspecs.tax import UNTAXED, TaxSource
from kernel.hookspecs.tax_keys import tax_key
from plugins.accounting.links import find_links
from plugins.accounting.mapping import Mappings, read_mappings
from plugins.accounting.models import Target
from plugins.accounting.targets import connections_of, keeps, system_of
from plugins.accounting.tax_words import tax_names, words_of_tax

if TYPE_CHECKING:
    from kernel.context import CallContext


OTHER_CURRENCY = "currency_not_kept"


class Trouble(NamedTuple):
    """Why a document cannot be delivered: a named `code` about a `subject` of ours, in words, and the page that mends it."""

    code: str
    subject: str
    detail: str
    mend_url: str


@dataclass(frozen=True, slots=True)
class Desk:
    """All that is needed to assemble documents of one target: its system, mappings, customers, the items' facts, and what
    taxes are called.
    """

    target: Target
    system: AccountingSystem
    mappings: Mappings
    customers: Mapping[UUID, External]
    items: Mapping[UUID, ItemFacts]
    broken: Trouble | None
    taxes: Mapping[str, str]


def open_desk(ctx: CallContext, target: Target, papers: Sequence[InvoicePaper]) -> Desk:
    """What is needed for these papers, in a fixed number of queries."""
    system = system_of(ctx, target)
    items = {line.item_id for paper in papers for line in paper.lines if line.item_id}
    links = find_links(ctx, target.id, "client", {paper.client_id for paper in papers})
    return Desk(
        target, system, read_mappings(ctx, target),
        {client_id: External(one.external_id, one.external_version, one.external_name) for client_id, one in links.items()},
        ctx.hooks.get_items(ctx=ctx, item_ids=sorted(items)) or {} if items else {}, _broken(ctx, target, system),
        tax_names(ctx) if "tax" in system.needs else {},
    )  # fmt: skip


def _broken(ctx: CallContext, target: Target, system: AccountingSystem) -> Trouble | None:
    """What is wrong with the connection of a target."""
    if target.connection_id is None:
        return None
    known = {one.id: one for one in connections_of(ctx, system)}.get(target.connection_id)
    if known is None or known.state == "withdrawn" or target.halted == "missing_connection":
        words = f"The connection to {target.account_name or system.title} is gone. Connect again."
        return Trouble("missing_connection", "", words, "/connections")
    if known.account_id != target.account_id or target.halted == "wrong_company":
        words = f"The connection opens {known.account_name}, not {target.account_name}. Connect to the right company."
        return Trouble("wrong_company", "", words, "/connections")
    return None


def assemble(desk: Desk, paper: InvoicePaper, request_id: str,
             external: External | None = None) -> tuple[Document, list[Trouble]]:  # fmt: skip
    """The document of a paper, and what is in its way; one with troubles is not to be delivered."""
    troubles = [desk.broken] if desk.broken else []
    if paper.kind == "prepayment":
        words = f"{paper.number} asks for money in advance and is no sale. Its payment goes out; leave the document out."
        troubles.append(Trouble("prepayment_not_exportable", "", words, f"/invoices/{paper.id}"))
    if not keeps(desk.target, paper.currency):
        troubles.append(other_currency(desk.target, desk.system, paper.currency))
    lines = tuple(_line(desk, paper, line, troubles) for line in paper.lines)
    taxes = tuple(DocumentTax(_code(desk, [one]), one.name, one.percent, one.base, one.tax) for one in paper.taxes)
    document = Document(
        id=paper.id, kind=CREDIT_NOTE if paper.kind == CREDIT_NOTE else "invoice", request_id=request_id, number=paper.number,
        customer=_customer(desk, paper, troubles), currency=paper.currency, exponent=paper.exponent,
        issued_on=paper.invoice_date, due_on=paper.due_date, term=_term(desk, paper, troubles), lines=lines, taxes=taxes,
        net=paper.subtotal, tax=paper.tax, total=paper.total, po_number=paper.po_number, memo=paper.notes,
        tax_theirs=paper.tax_source == TaxSource.PENDING_EXTERNAL, external=external, accounts=_accounts(desk, troubles),
        customer_name=paper.buyer.name, corrects=paper.corrects_number or "",
    )  # fmt: skip
    return document, list(dict.fromkeys(troubles))


def _line(desk: Desk, paper: InvoicePaper, line: PaperLine, troubles: list[Trouble]) -> DocumentLine:
    net = line.net - line.discount
    exact = line.unit_price is not None and line.quantity * line.unit_price == net
    taxes = [paper.taxes[at] for at, _ in line.taxes]
    return DocumentLine(
        line.position, line.description, _item(desk, line, troubles), line.quantity, line.unit_price if exact else None, net,
        line.tax, _tax(desk, taxes, troubles), line.period_start, line.period_end, _is_taxed(taxes),
    )  # fmt: skip


def _item(desk: Desk, line: PaperLine, troubles: list[Trouble]) -> str | None:
    if "item" not in desk.system.maps:
        return None
    facts = desk.items.get(line.item_id) if line.item_id else None
    found = desk.mappings.item(line.item_id, facts.category_id if facts else None)
    if found is None and "item" in desk.system.needs:
        words = f"{facts.name} is not mapped." if facts else f"“{line.description}” names no product, and there is no default."
        troubles.append(_unmapped(desk, "item", str(line.item_id) if facts else DEFAULT, words))
    return found.external_id if found else None


def _is_taxed(taxes: Sequence[PaperTax]) -> bool:
    return any(one.code not in UNTAXED for one in taxes)


def _tax(desk: Desk, taxes: Sequence[PaperTax], troubles: list[Trouble]) -> str | None:
    code = _code(desk, taxes)
    if code is None and "tax" in desk.system.needs and desk.target.tax_by == "ours":
        key = tax_key(taxes)
        troubles.append(_unmapped(desk, "tax", key, f"The tax “{words_of_tax(key, desk.taxes)}” is not mapped."))
    return code


def _code(desk: Desk, taxes: Sequence[PaperTax]) -> str | None:
    """Their code of taxes; what is taxed by whatever the other side finds has one code, before and after it said how much."""
    if "tax" not in desk.system.maps:
        return None
    theirs = desk.target.tax_by == "theirs" and _is_taxed(taxes)
    found = (desk.mappings.own("tax", TAXED) if theirs else None) or desk.mappings.find("tax", tax_key(taxes))
    return found.external_id if found else None


def _term(desk: Desk, paper: InvoicePaper, troubles: list[Trouble]) -> str | None:
    if "term" not in desk.system.maps or paper.terms_id is None:
        return None
    found = desk.mappings.find("term", str(paper.terms_id))
    if found is None and "term" in desk.system.needs:
        troubles.append(_unmapped(desk, "term", str(paper.terms_id), "The terms of payment are not mapped."))
    return found.external_id if found else None


def _customer(desk: Desk, paper: InvoicePaper, troubles: list[Trouble]) -> str:
    if desk.target.realm is None:
        found = desk.mappings.find("client", str(paper.client_id)) if "client" in desk.system.maps else None
        needed = "client" in desk.system.needs
    else:
        link = desk.customers.get(paper.client_id)
        if link is not None:
            return link.id
        found, needed = None, not desk.target.provision
    if found is None and needed:
        troubles.append(_unmapped(desk, "client", str(paper.client_id), f"{paper.buyer.name} is not mapped.", "customer"))
    return found.external_id if found else ""


def _accounts(desk: Desk, troubles: list[Trouble]) -> dict[str, str]:
    known = {key: desk.mappings.own("account", key) for key in desk.system.accounts}
    if "account" in desk.system.needs:
        troubles += [_unmapped(desk, "account", key, f"{desk.system.accounts[key]} is not mapped.")
                     for key, found in known.items() if found is None]  # fmt: skip
    return {key: found.external_id for key, found in known.items() if found is not None}


def other_currency(target: Target, system: AccountingSystem, currency: str) -> Trouble:
    """A target's company keeps no books in a currency."""
    words = (f"{target.account_name or system.title} keeps its books in {', '.join(target.currencies)} only, not in {currency}. "
             "Let it take more currencies there and read again what is there, or leave the document out.")  # fmt: skip
    return Trouble(OTHER_CURRENCY, currency, words, f"/accounting/targets/{target.id}/mappings?kind=client")


def _unmapped(desk: Desk, kind: str, key: str, words: str, name: str = "") -> Trouble:
    url = f"/accounting/targets/{desk.target.id}/mappings?kind={kind}&key={quote(key)}"
    return Trouble(f"missing_{name or kind}_mapping", key, words, url)
