"""The command line bills a month, explains a line, finalizes, prints and verifies."""

from __future__ import annotations

import json
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from kernel.context import Actor
from plugins.billing import commands
from tests.plugins.billing.contract_desk import Desk
from tests.plugins.billing.invoice_desk import lay_out_taxes, taxed_client

WINDOW = ["--from", "2026-09-01", "--until", "2026-10-01"]


@pytest.fixture
def deskhand(acme: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs a command as one types it, in the database of the test."""

    @contextmanager
    def here() -> Any:
        yield acme.kernel

    monkeypatch.setattr(commands, "open_kernel", here)
    monkeypatch.setattr("cli.open_kernel", here)
    by_name = {command.name: command for command in commands.COMMANDS}

    def run(name: str, *words: str, code: int = 0) -> str:
        done = CliRunner().invoke(by_name[name], [*words, *(["--tenant", acme.tenant.slug])], catch_exceptions=False)
        assert done.exit_code == code, done.output
        return done.stdout

    return run


def test_a_month_from_the_command_line(acme: Any, deskhand: Any, tmp_path: Path) -> None:
    with acme.call(Actor.system()) as ctx:
        client_id = taxed_client(ctx, lay_out_taxes(ctx))
        Desk.of(ctx, client_id).contract(
            {"kind": "fixed", "cycle": "monthly", "timing": "advance", "price": 10000}, start="2026-09-01"
        )
    assert "1 invoices in EUR: €120.00" in deskhand("billing", "preview", *WINDOW)
    assert json.loads(deskhand("billing", "run", *WINDOW, "--json"))["invoices"] == 1
    assert "Hill & Sons" in deskhand("invoice", "list", "--state", "draft")
    assert "€100.00" in deskhand("invoice", "why", "INV-000001", "1")
    carol = f"carol@{acme.tenant.slug}.example"
    assert "1 invoice is final" in deskhand("invoice", "finalize", "--all-drafts", "--as", carol)
    assert json.loads(deskhand("invoice", "show", "INV-000001", "--json"))["total"] == 12000
    target = tmp_path / "one.pdf"
    deskhand("invoice", "pdf", "INV-000001", "--output", str(target))
    assert target.read_bytes().startswith(b"%PDF")
    assert "Every finalized invoice is as it was sealed." in deskhand("ledger", "--verify")
    assert sum(row["balance"] for row in json.loads(deskhand("ledger", "--json"))) == 0
