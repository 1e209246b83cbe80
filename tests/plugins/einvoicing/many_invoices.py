"""Invoices of all kinds, drawn from a seed and written by the real engine: rates, zero rates, exemptions, reverse charge,
out of scope, prepayments, discounts of lines and documents, credits on lines, periods, payments, credit notes, currencies
with and without decimals, all modes and levels of rounding that EN 16931 bears.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import NamedTuple
from uuid import UUID

from kernel.context import CallContext
from kernel.directory.clients import add_client, add_location
from kernel.money import Rounding, multiply
from kernel.tenancy import change_settings
from plugins.billing import payments
from plugins.billing.credit_notes import CreditAsked, create_credit_note
from plugins.billing.drafts import Assembled, Draft, DraftDiscount
from plugins.billing.due.values import DueLine
from plugins.billing.finalizing import finalize_invoices
from plugins.billing.funnel import write_invoices
from plugins.billing.invoices import get_invoice, list_lines
from plugins.billing.periods import Period
from plugins.billing.reckoning import assemble
from plugins.einvoicing.services import change_seller, set_client_facts
from plugins.tax import exemptions
from plugins.tax import services as taxes

DAY = date(2026, 3, 31)
CURRENCIES = ("EUR", "EUR", "EUR", "USD", "CHF", "JPY", "HUF")
UNITS = ("each", "hour", "month", "user", "GB", "rack unit")
WORDS = (
    "Managed firewall",
    "Remote support, Ärger & <Söhne>",
    "Backup\nper device",
    "日本語サポート",
    "Tabs\tand \x07 bells",
    "é" * 400,
)
RATES = {
    "AT": ("AT", "20", "10"), "DE": ("DE", "19", "7"), "FR": ("FR", "20", "5.5"), "CH": ("CH", "8.1", "2.6"),
    "US-NY": ("US", "8.875", "4.5"), "ZERO": ("IE", "0", "0"), "JP": ("JP", "10", "8"),
}  # fmt: skip


class Ground(NamedTuple):
    """Clients by how they are taxed; each with its region, and a location in another one."""

    plain: list[tuple[UUID, UUID]]
    reverse: list[UUID]
    exempt: list[UUID]

    def draw(self, dice: Random) -> tuple[UUID, UUID | None]:
        """A client, and a location of it that is taxed elsewhere."""
        kind = dice.random()
        if kind < 0.12:
            return dice.choice(self.reverse), None
        if kind < 0.22:
            return dice.choice(self.exempt), None
        client_id, place = dice.choice(self.plain)
        return client_id, place


def lay_out(ctx: CallContext) -> Ground:
    """A seller of whom all is known, regions with rates, clients of all kinds."""
    taxes.change_own_facts(ctx, {"tax_id": "ATU13585627", "tax_country": "AT"})
    change_seller(ctx, {
        "street": "Hauptplatz 1", "postal_code": "8010", "city": "Graz", "country": "AT", "registration": "FN 4711",
        "iban": "AT611904300234573201", "bic": "BKAUATWW", "endpoint": "books@acme.example", "endpoint_scheme": "EM",
        "contact_name": "Carol", "contact_email": "carol@acme.example", "units": "rack unit = H87",
    })  # fmt: skip
    regions = {code: _region(ctx, code) for code in RATES}
    plain = [(_client(ctx, code, regions[code]), code) for code in RATES]
    reverse = [_client(ctx, "DE", regions["DE"], tax_id="DE136695976", reverse_charge=True) for _ in range(2)]
    exempt = [_client(ctx, "AT", regions["AT"]) for _ in range(2)]
    for client_id, certificate in zip(exempt, ("501-7731", ""), strict=True):
        exemptions.add_exemption(ctx, client_id, reason="Charity (§ 6 UStG)", certificate=certificate)
    return Ground([(one, _elsewhere(ctx, one, regions["FR" if code == "AT" else "AT"])) for one, code in plain], reverse, exempt)


def _region(ctx: CallContext, code: str) -> UUID:
    country, standard, reduced = RATES[code]
    region = taxes.add_region(ctx, code=code, name=code, country=country)
    for category, percent in (("standard", standard), ("reduced", reduced)):
        taxes.add_rate(ctx, region_id=region.id, name="VAT", category=category, percent=Decimal(percent), starts=date(2020, 1, 1))
    return region.id


def _client(ctx: CallContext, code: str, region_id: UUID, **facts: object) -> UUID:
    client_id = add_client(ctx, name=f"Client in {code}").id
    add_location(ctx, client_id=client_id, name="Office", line1="Main street 7", postal_code="12345", city="Town",
                 country=RATES[code][0], is_default=True)  # fmt: skip
    taxes.set_client_facts(ctx, client_id, region_id=region_id, **facts)
    set_client_facts(ctx, client_id, reference="04011000-1234512345-06", endpoint="991-01484-64", endpoint_scheme="0204")
    return client_id


def _elsewhere(ctx: CallContext, client_id: UUID, region_id: UUID) -> UUID:
    place = add_location(ctx, client_id=client_id, name="Branch", city="Elsewhere", country="FR").id
    taxes.set_location_region(ctx, place, region_id)
    return place


def write_many(ctx: CallContext, ground: Ground, seed: int, count: int) -> list[UUID]:
    """Finalized invoices, some paid in part or whole, and credit notes on some of them; `count` documents in all."""
    dice, made = Random(seed), list[UUID]()
    while len(made) < count:
        mode, level = dice.choice(list(Rounding)), dice.choice(("line", "tax_group", "invoice"))
        change_settings(ctx, "billing", {"rounding_mode": mode.value, "rounding_level": level})
        # What is rounded line by line in yen, or for two regions of one rate, is off by more than BR-CO-17 bears.
        currencies = CURRENCIES if level == "tax_group" else [one for one in CURRENCIES if one != "JPY"]
        drafts = [draw_draft(dice, ground, mode, dice.choice(currencies)) for _ in range(min(40, count - len(made)))]
        written = write_invoices(ctx, [one for one in assemble(ctx, drafts) if isinstance(one, Assembled)])
        ids = [one.id for one in written]
        finalize_invoices(ctx, ids)
        made += [*ids, *_settle(ctx, dice, ids)]
    return made[:count]


def draw_draft(dice: Random, ground: Ground, mode: Rounding, currency: str) -> Draft:
    """One invoice; where nothing of it is taxable, nothing is (BR-O-11)."""
    client_id, place = ground.draw(dice)
    place = None if currency == "JPY" else place
    outside = dice.random() < 0.1
    lines = [draw_line(dice, mode, outside=outside, place=place) for _ in range(dice.randint(1, 9))]
    if dice.random() < 0.2:
        lines.append(_given_back(lines, dice))
    early = (Decimal(2), DAY + timedelta(days=7)) if dice.random() < 0.2 else (None, None)
    return Draft(
        client_id=client_id, currency=currency, invoice_date=DAY, due_date=DAY + timedelta(days=14), lines=lines,
        discounts=tuple(_discounts(dice, len(lines))), po_number=dice.choice((None, "PO 4711")),
        notes=dice.choice(("", "Thank you for your order.\nSee you.")), early_percent=early[0], early_until=early[1],
        kind="prepayment" if outside and dice.random() < 0.3 else "invoice",
    )  # fmt: skip


def draw_line(dice: Random, mode: Rounding, *, outside: bool, place: UUID | None) -> DueLine:
    """One line, priced by quantity, or an amount that no one price gives."""
    quantity = Decimal(dice.choice((1, 1, 3, 12, 250, "0.25", "1.3333", "7.5")))
    price = dice.choice((1, 99, 100, 9_500, 12_345, 1_000_000, dice.randint(1, 99_999)))
    whole = dice.random() < 0.8
    category = None if outside else dice.choices(("standard", "reduced", "exempt"), (6, 2, 1))[0]
    month = Period(date(2026, 3, 1), date(2026, 4, 1)) if dice.random() < 0.5 else None
    return DueLine(
        dice.choice(WORDS), None, quantity, price if whole else None,
        multiply(price, quantity, mode) if whole else dice.randint(1, 500_000), dice.choice(UNITS), category,
        place if dice.random() < 0.3 else None, None, "fixed", month, dice.choice((None, DAY)), {}, [],
    )  # fmt: skip


def _given_back(lines: Sequence[DueLine], dice: Random) -> DueLine:
    taken = dice.choice(lines)
    return DueLine("Given back", None, Decimal(1), None, -(taken.amount // 2), "each", taken.tax_category, taken.location_id,
                   None, "manual", None, taken.tax_point, {}, [])  # fmt: skip


def _discounts(dice: Random, count: int) -> list[DraftDiscount]:
    kinds = dice.choices(("none", "percent", "fixed", "line"), (4, 2, 1, 2), k=2)
    made = {
        "percent": DraftDiscount("Spring", percent=Decimal(dice.choice((5, 10, "33.333", 100)))),
        "fixed": DraftDiscount("Voucher", fixed=dice.choice((1, 500, 10_000))),
        "line": DraftDiscount("Loyalty", percent=Decimal(dice.choice((3, 50, 100))), line_position=dice.randint(1, count)),
    }
    return [made[kind] for kind in kinds if kind != "none"]


def _settle(ctx: CallContext, dice: Random, ids: Sequence[UUID]) -> list[UUID]:
    """Pay some, and credit some in whole or part; returns the credit notes."""
    notes = []
    for invoice_id in ids:
        kind, invoice = dice.random(), get_invoice(ctx, invoice_id)
        if kind < 0.2 and invoice.total > 1:
            amount = invoice.total if kind < 0.1 else dice.randint(1, invoice.total - 1)
            payments.record_payment(ctx, invoice_id, amount=amount)
        elif kind < 0.35 and invoice.kind == "invoice" and (lines := _creditable(ctx, invoice_id)):
            asked = [CreditAsked(line_id, dice.randint(1, amount)) for line_id, amount in dice.sample(lines, min(2, len(lines)))]
            whole = dice.random() < 0.4
            notes.append(create_credit_note(ctx, invoice_id, reason="Rebate", lines=None if whole else asked).id)
    return notes


def _creditable(ctx: CallContext, invoice_id: UUID) -> list[tuple[UUID, int]]:
    """The lines of which something can be credited; none of an invoice that gave something back already."""
    lines = [(one.id, one.net - one.discount) for one in list_lines(ctx, invoice_id)]
    return [one for one in lines if one[1]] if all(amount >= 0 for _, amount in lines) else []
