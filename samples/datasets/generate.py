"""Write the sample quarter and the broken files: `python samples/datasets/generate.py [folder]`. Always the same."""

from __future__ import annotations

import sys
from pathlib import Path

from story import clients, company, contracts, desk, work
from story.broken import broken_files
from story.catalog import catalog_items, catalog_prices
from story.dialects import Row, spoken
from story.dice import Dice

SEED = 20260701
HERE = Path(__file__).parent


def tables() -> dict[str, list[Row]]:
    """Every table of the quarter by its file's name. Each has dice of its own, so that one may change alone."""
    served = clients.build_clients()
    book = contracts.build_agreements(served, Dice(SEED + 1))
    tickets = desk.build_tickets(served, Dice(SEED + 2))
    readings = work.usage_rows(book, Dice(SEED + 3))
    extra = work.unplanned_usage_rows(served, len(readings) + 1, Dice(SEED + 4))
    return {
        "teams.csv": company.teams(),
        "users.csv": company.users(),
        "tax_regions.csv": company.tax_regions(),
        "tax_rates.csv": company.tax_rates(),
        "tax_rate_components.csv": company.tax_rate_components(),
        "catalog_items.csv": catalog_items(),
        "catalog_prices.csv": catalog_prices(),
        "clients.csv": clients.client_rows(served, Dice(SEED + 5)),
        "locations.csv": clients.location_rows(served, Dice(SEED + 6)),
        "contacts.csv": clients.contact_rows(served, Dice(SEED + 7)),
        "contracts.csv": book.contracts,
        "contract_lines.csv": book.lines,
        "contract_line_items.csv": book.items,
        "contract_line_role_rates.csv": book.role_rates,
        "contract_line_tiers.csv": book.tiers,
        "contract_scheduled_prices.csv": book.scheduled_prices,
        "contract_discounts.csv": book.discounts,
        "ticket_boards.csv": desk.boards(),
        "ticket_statuses.csv": desk.statuses(),
        "ticket_priorities.csv": desk.priorities(),
        "tickets.csv": desk.ticket_rows(tickets, Dice(SEED + 8)),
        "ticket_comments.csv": desk.comment_rows(tickets, Dice(SEED + 9)),
        "ticket_materials.csv": desk.material_rows(tickets, Dice(SEED + 10)),
        "time_entries.csv": work.time_rows(tickets, book, Dice(SEED + 11)),
        "usage_records.csv": readings + extra,
        "assets.csv": work.asset_rows(served, Dice(SEED + 12)),
    }


def write(folder: Path) -> None:
    """Write `acme-2026-q3/` and `broken/` below the folder."""
    quarter = folder / "acme-2026-q3"
    broken = folder / "broken"
    quarter.mkdir(parents=True, exist_ok=True)
    broken.mkdir(exist_ok=True)
    for name, rows in tables().items():
        (quarter / name).write_bytes(spoken(name).dump(rows))
    for name, content in broken_files().items():
        (broken / name).write_bytes(content)


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
