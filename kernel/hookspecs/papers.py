"""Invoices as documents: the facts that stand on them, for rooms that render them or write them as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from kernel.hookspecs import hookspec

if TYPE_CHECKING:
    from kernel.context import CallContext


class PaperPlace(NamedTuple):
    """A postal address in its parts; `country` is a code of ISO 3166-1. Parts that nobody wrote are empty."""

    street: str = ""
    addition: str = ""
    postal_code: str = ""
    city: str = ""
    subdivision: str = ""
    country: str = ""


class PaperParty(NamedTuple):
    """Seller or buyer as printed. `address` are the lines on paper; `place` the same in parts, where they are known."""

    name: str
    address: tuple[str, ...] = ()
    place: PaperPlace | None = None
    tax_id: str | None = None
    email: str | None = None


class PaperAccount(NamedTuple):
    """Where to pay: the `lines` as the seller wrote them; `iban` and `bic` without blanks where a line is labelled so."""

    lines: tuple[str, ...] = ()
    iban: str | None = None
    bic: str | None = None


class PaperLine(NamedTuple):
    """One line. `net` is before discounts, `discount` what discounts take off it, `total` = `net` - `discount` + `tax`.

    `taxes` says which taxes of the document it pays: (index in `InvoicePaper.taxes`, amount). Periods end before `period_end`.
    `unit` is `hour`, `each` or the catalog's own word; `unit_price` is None where one price does not say it. `location`,
    `contract` and `ticket` are names, for grouping. `trace` is the stored reckoning, `exemption` why this line alone is exempt.
    """

    id: UUID
    position: int
    kind: str
    description: str
    quantity: Decimal
    unit: str
    unit_price: int | None
    net: int
    discount: int
    tax: int
    total: int
    item_id: UUID | None = None
    tax_category: str | None = None
    taxes: tuple[tuple[int, int], ...] = ()
    period_start: date | None = None
    period_end: date | None = None
    location_id: UUID | None = None
    location: str = ""
    contract: str = ""
    ticket: str = ""
    trace: Mapping[str, Any] = {}
    exemption: str | None = None


class PaperTax(NamedTuple):
    """One tax of the document. `code` is the category code of EN 16931 (UNTDID 5305); `note` the reason or legal note."""

    name: str
    code: str
    percent: Decimal
    base: int
    tax: int
    region: str | None = None
    note: str | None = None
    tax_date: date | None = None


class PaperDiscount(NamedTuple):
    """A discount; what of it falls on each line is that line's `discount`. `line_position` is set when it is for one line."""

    description: str
    amount: int
    percent: Decimal | None = None
    line_position: int | None = None


class PaperAttachment(NamedTuple):
    """A file that goes with the mail of an invoice; one that `replaces_pdf` goes in place of its PDF."""

    name: str
    content_type: str
    content: bytes
    replaces_pdf: bool = False


class PaperSettled(NamedTuple):
    """What was paid of an invoice by its payments (`kind` payment), by credits (`kind` credit), and what was kept back for
    paying early (`kind` discount).
    """

    kind: str
    on: date
    amount: int


class PaperEarly(NamedTuple):
    """Who pays by `until` may keep back `percent`, which is `amount` in minor units of the whole invoice."""

    percent: Decimal
    until: date
    amount: int


@dataclass(frozen=True, slots=True)
class InvoicePaper:
    """All that stands on an invoice or credit note. Amounts are minor units of `currency`, which has `exponent` decimals;
    those of a credit note are above zero as well.

    `kind` is `invoice`, `prepayment` or `credit_note`, `status` `draft`, `finalized` or `void`; a draft's number may be
    provisional.
    `net` - `discount` = `subtotal`, + `tax` = `total`; `settled` is paid already. `corrects_*` name the invoice that a credit
    note corrects. `locale` is the buyer's language, else the tenant's. `period_start` to `period_end` (not included) spans
    the service periods of the lines. `layout` names the stored version of the layout that prints it, once it is final.
    `tax_source` is one of `TaxSource`.
    `early` is the discount for early payment that its terms offer; `terms_id` says which terms these are.
    """

    id: UUID
    kind: str
    status: str
    number: str
    currency: str
    exponent: int
    locale: str
    invoice_date: date
    due_date: date
    po_number: str | None
    notes: str
    tax_notes: tuple[str, ...]
    client_id: UUID
    seller: PaperParty
    buyer: PaperParty
    account: PaperAccount
    footer: tuple[str, ...]
    lines: tuple[PaperLine, ...]
    discounts: tuple[PaperDiscount, ...]
    taxes: tuple[PaperTax, ...]
    settlements: tuple[PaperSettled, ...]
    net: int
    discount: int
    subtotal: int
    tax: int
    total: int
    settled: int
    period_start: date | None
    period_end: date | None
    corrects_id: UUID | None
    corrects_number: str | None
    corrects_date: date | None
    finalized_at: datetime | None
    updated_at: datetime
    layout: UUID | None = None
    tax_source: str = "internal"
    early: PaperEarly | None = None
    terms_id: UUID | None = None

    @property
    def due(self) -> int:
        """What is still to be paid, in minor units; nothing on credit notes."""
        return self.total - self.settled if self.kind != "credit_note" and self.status != "void" else 0


class PaperQuery(NamedTuple):
    """Which final or void documents are asked for: each condition that is set must hold. Days are invoice dates, both included;
    those after `after` in the order of ids come, at most `limit`. With `tax_pending` drafts are asked for, those that wait for
    taxes that are reckoned elsewhere.
    """

    first_day: date | None = None
    last_day: date | None = None
    statuses: tuple[str, ...] = ("finalized",)
    client_ids: tuple[UUID, ...] | None = None
    ids: tuple[UUID, ...] | None = None
    tax_pending: bool = False
    after: UUID | None = None
    limit: int = 1_000


@hookspec(firstresult=True)
def find_invoice_papers(ctx: CallContext, query: PaperQuery) -> Sequence[UUID] | None:
    """Ask: give the ids of invoices and credit notes, in the order of ids. Billing; page by page.

    Example: `[invoice, credit_note]`.
    """


@hookspec(firstresult=True)
def get_invoice_papers(ctx: CallContext, invoice_ids: Sequence[UUID]) -> Mapping[UUID, InvoicePaper] | None:
    """Ask: give what stands on these invoices and credit notes; unknown ids are left out. Billing; once per batch, in a fixed
    number of queries.

    Example: `{invoice: InvoicePaper(kind="invoice", number="INV-000042", currency="EUR", exponent=2, total=12000, …)}`.
    """


class Letterhead(NamedTuple):
    """What a seller shows of itself to a client: its `name`, and the logo on its invoices, a file of the tenant, if any."""

    name: str
    logo: str = ""
    content_type: str = ""


@hookspec(firstresult=True)
def get_letterhead(ctx: CallContext, client_id: UUID) -> Letterhead | None:
    """Ask: give the name and logo of the letterhead of a client's invoices, for pages and letters that clients see. Billing; once
    per page.

    Example: `Letterhead("Acme MSP", "layouts/9f86d081…", "image/png")`.
    """


class PaperSum(NamedTuple):
    """What an invoice or credit note comes to now, in minor units; `open` is what is still to be paid of an invoice, or not used
    of a credit note. One that is void comes to nothing. `finalized_at` is None for a draft, and another one after
    it was final anew.
    """

    kind: str
    number: str
    client_id: UUID
    client: str
    currency: str
    total: int
    tax: int
    open: int
    finalized_at: datetime | None = None


@hookspec(firstresult=True)
def sum_up_papers(ctx: CallContext, invoice_ids: Sequence[UUID]) -> Mapping[UUID, PaperSum] | None:
    """Ask: give what these invoices and credit notes come to; unknown ids are left out. Billing; once per batch, in one query.

    Example: `{invoice: PaperSum("invoice", "INV-000042", client, "Globex", "EUR", 12000, 2000, 0)}`.
    """


@hookspec(firstresult=True)
def print_invoice(ctx: CallContext, invoice_id: UUID) -> bytes | None:
    """Ask: give the PDF of an invoice as its client gets it. Billing; once per document that another room makes from it.

    Raises InvoiceNotFound and PdfFailed. Example: `b"%PDF-1.7 …"`.
    """


@hookspec
def collect_attachments(ctx: CallContext, invoice_id: UUID, pdf: bytes) -> Sequence[PaperAttachment]:
    """Collect: give what shall go with the mail that brings this invoice, whose PDF is at hand. Any room; once per mail, in the
    transaction that sends it; raising refuses the sending.

    Example: `[PaperAttachment("INV-000042.xml", "application/xml", b"<Invoice …")]`.
    """


class PaperData(NamedTuple):
    """An invoice as a file that programs read, or the `problem` in words that keeps it from being one, and the page that mends
    it.
    """

    name: str = ""
    content_type: str = ""
    content: bytes = b""
    problem: str = ""
    mend_url: str = ""


@hookspec(firstresult=True)
def write_invoice_data(ctx: CallContext, invoice_ids: Sequence[UUID], syntax: str) -> Mapping[UUID, PaperData] | None:
    """Ask: give these invoices and credit notes as data by EN 16931; `syntax` is `ubl` or `cii`. The e-invoicing room; once per
    batch of files; unknown ids are left out.

    Example: `{invoice: PaperData("INV-000042.xml", "application/xml", b"<Invoice …")}`.
    """


class InvoiceLayout(NamedTuple):
    """A layout that a room prints by its own code. `key` begins with the room's name, as in `acme.letter`."""

    key: str
    title: str
    says: str = ""


@hookspec
def register_invoice_layouts() -> Sequence[InvoiceLayout]:
    """Register: name the layouts that your code prints, to be chosen beside those made of data. Any room; asked of the rooms that
    a tenant has switched on, whenever it looks at its layouts.

    Example: `[InvoiceLayout("acme.letter", "Letter", "A letter with a payment slip.")]`.
    """


class LaidOut(NamedTuple):
    """The layout of one invoice as data, or None and the `problem` in words. `made_by` says who gave it, with its version.

    `on_failure` decides where there is none, or one with mistakes: the work that asked fails (`closed`), the next closest
    layout prints (`open`), or the invoice stays a draft (`skip`).
    """

    document: Any
    made_by: str
    on_failure: str
    problem: str = ""


@hookspec
def collect_invoice_layouts(ctx: CallContext) -> Sequence[InvoiceLayout]:
    """Collect: name the layouts that you give this tenant as data, invoice by invoice, to be chosen beside its own. Any room;
    whenever the tenant looks at its layouts.

    Example: `[InvoiceLayout("extensions.0198c1d0-…", "Letter (Contoso)")]`.
    """


@hookspec
def lay_out_invoices(
    ctx: CallContext, layout_key: str, papers: Sequence[InvoicePaper], pictures: Mapping[UUID, str]
) -> Sequence[LaidOut] | None:
    """Collect: give the layouts of these invoices, one each in their order; `pictures` are those of the tenant, by name. The room
    that named the key; all others answer None. Once when invoices become final, and for each look at a draft.

    The answer may end early, after one that fails and is not `open`. What passes the check of layouts is kept with a final
    invoice for ever. Example: `[LaidOut({"format": 1, "blocks": [{"kind": "lines", "columns": [{"show": "net"}]}]}, "acme 1.0.0",
    "closed")]`.
    """


@hookspec(firstresult=True)
def check_invoice_layout(document: Any) -> Mapping[str, str] | None:
    """Ask: say what is wrong with a layout made of data, by the path of each mistake; nothing where it can be printed. Billing;
    wherever somebody tries one without a tenant.

    Example: `{"blocks[3].height": "Must be greater than or equal to 1 and less than or equal to 200."}`.
    """


@hookspec
def render_invoices(ctx: CallContext, layout_key: str, papers: Sequence[InvoicePaper], form: str) -> Sequence[bytes] | None:
    """Collect: print these invoices by your layout of this key, each as one file in their order: `form` is `pdf` or `html` (a
    whole page, shown without scripts). The room that registered the key; all others answer None. Once per batch of invoices.

    The same invoice gives the same bytes, for ever: a later release keeps a key as it was, or takes another.
    Example: `[b"%PDF-1.7 …"]`.
    """


@hookspec
def collect_mail_lines(ctx: CallContext, invoice_id: UUID) -> Sequence[str]:
    """Collect: give lines of text for the mail that brings this invoice, in the language that is spoken now. Any room; once per
    mail, in the transaction that sends it.

    Example: `["Pay online: https://desk.example/pay/…"]`.
    """
