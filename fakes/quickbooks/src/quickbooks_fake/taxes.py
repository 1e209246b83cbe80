"""Sales tax of a transaction: computed from its codes, or as the caller says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from quickbooks_fake import faults
from quickbooks_fake.books import Books
from quickbooks_fake.money import NOTHING, need_amount, read_amount, reading, rounded
from quickbooks_fake.wire import Entity, ref

TAXABLE, EXEMPT = "TAX", "NON"


def reckon(books: Books, row: Entity, currency: str) -> Entity:
    """The `TxnTaxDetail` of a transaction. Raises Fault."""
    said = row.get("TxnTaxDetail") or {}
    bases = _us_bases(books, row, said) if books.country == "US" else _world_bases(books, row)
    lines = [_tax_line(books, rate, base, currency) for rate, base in bases.items()]
    computed = sum((line["Amount"] for line in lines), NOTHING)
    told = _told_total(books, said)
    detail: Entity = {"TotalTax": rounded(computed if told is None else told, currency)}
    if code := ref(said, "TxnTaxCodeRef"):
        detail["TxnTaxCodeRef"] = {"value": code}
    if lines:
        detail["TaxLine"] = _as_told(lines, said, detail["TotalTax"]) or _shared(lines, detail["TotalTax"], currency)
    return detail


def _as_told(lines: list[Entity], said: Entity, total: Decimal) -> list[Entity]:
    """The tax of each rate as the caller says it, where that is said of all of them and comes to the total; else none."""
    told = {ref(one.get("TaxLineDetail") or {}, "TaxRateRef"): need_amount(one, "Amount") for one in said.get("TaxLine") or ()}
    rates = [ref(one["TaxLineDetail"], "TaxRateRef") for one in lines]
    if told.keys() != set(rates) or sum(told.values()) != total:
        return []
    return [one | {"Amount": told[rate]} for one, rate in zip(lines, rates, strict=True)]


def _told_total(books: Books, said: Entity) -> Decimal | None:
    """The tax that the caller says, if this company takes it."""
    if not books.takes_tax_override:
        return None
    total = read_amount(said, "TotalTax")
    lines = said.get("TaxLine")
    if total is None and lines:
        return sum((need_amount(line, "Amount") for line in lines), NOTHING)
    if total is not None and total < 0:
        raise faults.business("The tax amount has to be 0 or greater.")
    return total


def _us_bases(books: Books, row: Entity, said: Entity) -> dict[str, Decimal]:
    """Companies of the United States tax lines or do not; one code for the whole transaction says how much."""
    taxable = NOTHING
    for detail, amount in _sold(row):
        code = ref(detail, "TaxCodeRef") or EXEMPT
        if code not in (TAXABLE, EXEMPT):
            raise faults.wrong_line_tax(code)
        detail["TaxCodeRef"] = {"value": code}
        taxable += amount if code == TAXABLE else 0
    code = ref(said, "TxnTaxCodeRef") or _found_code(books, row)
    return _rates(books, code, taxable) if code and taxable else {}


def _world_bases(books: Books, row: Entity) -> dict[str, Decimal]:
    """Companies elsewhere have a code on each line."""
    bases: dict[str, Decimal] = defaultdict(Decimal)
    for detail, amount in _sold(row):
        code = ref(detail, "TaxCodeRef")
        if not code:
            raise faults.business("Make sure all your transactions have a GST/HST rate before you save.")
        for rate, base in _rates(books, code, amount).items():
            bases[rate] += base
    return bases


def _found_code(books: Books, row: Entity) -> str:
    """The code that automated sales tax finds: that of the state that is shipped to (the transaction's own address, else the
    customer's), the company's own where nobody says where that is; none where the company owes no tax there.
    """
    if not books.automated_tax:
        return ""
    address = row.get("ShipAddr") or books.refer("Customer", ref(row, "CustomerRef")).get("ShipAddr") or {}
    state = str(address.get("CountrySubDivisionCode") or "")
    if books.tax_by_region and state:
        return books.tax_by_region.get(state, "")
    return next((one["Id"] for one in books.rows("TaxCode") if one["TaxGroup"]), "")


def _sold(row: Entity) -> Iterable[tuple[Entity, Decimal]]:
    for line in row["Line"]:
        if line["DetailType"] == "SalesItemLineDetail":
            yield line["SalesItemLineDetail"], line["Amount"]


def _rates(books: Books, code: str, base: Decimal) -> dict[str, Decimal]:
    listed = books.refer("TaxCode", code).get("SalesTaxRateList", {}).get("TaxRateDetail", [])
    return {ref(one, "TaxRateRef"): base for one in listed}


def _tax_line(books: Books, rate_id: str, base: Decimal, currency: str) -> Entity:
    percent = reading(books.need("TaxRate", rate_id)["RateValue"])
    detail = {"TaxRateRef": {"value": rate_id}, "PercentBased": True, "TaxPercent": percent, "NetAmountTaxable": base}
    return {"Amount": rounded(base * percent / 100, currency), "DetailType": "TaxLineDetail", "TaxLineDetail": detail}


def _shared(lines: list[Entity], total: Decimal, currency: str) -> list[Entity]:
    """The lines so that they add up to the total; what the caller's total differs by goes to the last one."""
    difference = total - sum((line["Amount"] for line in lines), NOTHING)
    lines[-1]["Amount"] = rounded(lines[-1]["Amount"] + difference, currency)
    return lines
