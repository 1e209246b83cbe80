"""An invoice as a guest is shown one, for an author's cases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def _line(position: int, kind: str, description: str, quantity: str, unit: str, price: int, **more: str) -> dict[str, Any]:
    net = int(quantity) * price
    return {"position": position, "kind": kind, "description": description, "quantity": quantity, "unit": unit,
            "unit_price": price, "net": net, "discount": 0, "tax": net // 5, "total": net + net // 5, **more}  # fmt: skip


SAMPLE: Mapping[str, Any] = {
    "kind": "invoice", "currency": "EUR", "exponent": 2, "locale": "en", "invoice_date": "2026-11-02", "due_date": "2026-11-16",
    "po_number": "PO-7781", "notes": "Thank you for your order.", "period_start": "2026-10-01", "period_end": "2026-11-01",
    "client": {"id": "0198c1d0-0000-7000-8000-000000000001", "name": "Sample Client Ltd",
               "address": ["22 Harbour Road", "4020 Sampleville"], "country": "AT", "tax_id": "ATU87654329"},
    "seller": {"name": "Example IT", "address": ["1 Example Street", "1010 Exampletown"], "country": "AT",
               "tax_id": "ATU12345675"},
    "lines": [
        _line(1, "fixed", "Managed care, head office", "1", "month", 40_000, period_start="2026-10-01", period_end="2026-11-01",
              location="Head office", contract="Managed care"),
        _line(2, "hourly", "Remote support", "7", "hour", 9_000, ticket="1042"),
        _line(3, "product", "Docking station with two displays", "2", "each", 11_500),
    ],
    "line_count": 3, "taxes": [{"name": "VAT", "code": "S", "percent": "20", "base": 121_000, "tax": 24_200}],
    "discounts": [{"description": "Loyalty discount", "amount": 5_000}], "net": 126_000, "discount": 5_000, "subtotal": 121_000,
    "tax": 24_200, "total": 145_200, "pictures": [{"id": "0198c1d0-0000-7000-8000-000000000002", "name": "Logo"}],
}  # fmt: skip
