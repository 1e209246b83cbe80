"""Layouts that another room gives as data: asked for on every way to a final invoice, kept with it, and missed as said."""

from __future__ import annotations

import importlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from kernel import jobs
from kernel.app import Kernel, create_app
from kernel.audit import AuditEntry
from kernel.context import Actor
from kernel.plugins import Plugins
from kernel.tenancy import change_settings
from plugins.billing import by_hand, finishing, paper, runs
from plugins.billing.layouts import choosing, previewing, store
from plugins.billing.layouts.errors import LayoutFixed, LayoutNotGiven, LayoutRendererMissing
from plugins.billing.models import Invoice, Layout
from tests.conftest import World
from tests.plugins.billing import given_room
from tests.plugins.billing.given_room import answers
from tests.plugins.billing.invoice_desk import draft, final, lay_out_taxes, line, taxed_client
from tests.plugins.billing.test_layout_store import words
from tests.plugins.billing.test_runs import SEPTEMBER, contracts


@pytest.fixture(scope="module")
def _with_given(_shared_kernel: Kernel) -> tuple[Kernel, Flask]:
    packages = [importlib.import_module(one.package) for one in _shared_kernel.plugins.installed.values()]
    plugins = Plugins([*packages, given_room])
    plugins.register_hooks()
    kernel = replace(_shared_kernel, plugins=plugins)
    return kernel, create_app(kernel)


@pytest.fixture
def house(acme: World, _with_given: tuple[Kernel, Flask]) -> World:
    """Acme with the room beside the others."""
    kernel, app = _with_given
    return replace(acme, kernel=kernel, app=app)


@pytest.fixture
def hill(house: World) -> UUID:
    with house.call(Actor.system()) as ctx:
        return taxed_client(ctx, lay_out_taxes(ctx))


@pytest.fixture
def saying(monkeypatch: pytest.MonkeyPatch) -> Any:
    return lambda said: monkeypatch.setattr(answers, "SAID", [said])


def layout(ctx: Any, kind: str) -> Layout:
    return next(one for one in store.find_layouts(ctx) if one.key == f"given_room.{kind}")


def choose(ctx: Any, kind: str, **whom: Any) -> UUID:
    layout_id = layout(ctx, kind).id
    choosing.choose_layout(ctx, layout_id=layout_id, **whom)
    return layout_id


def test_a_final_invoice_keeps_what_was_given_then(house: World, hill: UUID, saying: Any) -> None:
    with house.call(Actor.system()) as ctx:
        chosen = choose(ctx, "words")
        invoices = [final(ctx, hill), final(ctx, hill)]
        before = [paper.print_invoice(ctx, one) for one in invoices]
        assert f"One {invoices[0].number}" in words(before[0])
        assert [one.number for one in store.list_versions(ctx, chosen)] == [2, 1]  # one version for both
    saying("Two")
    with house.call(Actor.system()) as ctx:
        assert [paper.print_invoice(ctx, ctx.session.get_one(Invoice, (ctx.tenant_id, one.id))) for one in invoices] == before
        assert "Two" in words(paper.print_invoice(ctx, draft(ctx, hill)))
        newer = final(ctx, hill)
        assert "Two" in words(paper.print_invoice(ctx, newer))
        kept = store.list_versions(ctx, chosen)
        assert [(one.number, one.made_by) for one in kept[:2]] == [(3, "room Two"), (2, "room One")]
        assert paper.name_of_layout(ctx, newer) == "Words, version 3"
        with pytest.raises(LayoutFixed):
            store.clone_layout(ctx, chosen, "Mine")


def test_invoices_that_become_final_at_once_share_a_version(house: World, hill: UUID) -> None:
    with house.call(Actor.system()) as ctx:
        chosen = choose(ctx, "words")

    def finalized(_: int) -> UUID | None:
        with house.call(Actor.system()) as ctx:
            return final(ctx, hill).layout_version_id

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(finalized, range(4)))) == 1
    with house.call(Actor.system()) as ctx:
        assert len(store.list_versions(ctx, chosen)) == 2


def test_every_way_to_a_final_invoice_asks(house: World, hill: UUID) -> None:
    with house.call("carol") as ctx:
        choose(ctx, "client")
        at_once = by_hand.create_invoice(ctx, client_id=hill, lines=[line()], final=True)
        finished = finishing.finalize_by_hand(ctx, draft(ctx, hill).id)
        for invoice_id in (at_once.id, finished.id):
            invoice = ctx.session.get_one(Invoice, (ctx.tenant_id, invoice_id), populate_existing=True)
            assert f"For Hill & Sons: <script> {invoice.number}" in words(paper.print_invoice(ctx, invoice))
            assert b"For Hill &amp; Sons: &lt;script&gt;" in paper.show_invoice(ctx, invoice).content


def run(house: World, kind: str) -> tuple[Any, list[str]]:
    """A run that finalizes for three clients, one of whom is printed by this layout; what it did, and the layouts used."""
    with house.call(Actor.system()) as ctx:
        clients = contracts(ctx, 3, lay_out_taxes(ctx))
        change_settings(ctx, "billing", {"runs_finalize": True})
        choose(ctx, kind, client_id=clients[1])
    with house.call("carol") as ctx:
        run_id = runs.start_run(ctx, **SEPTEMBER).id
    jobs.drain(house.kernel, house.tenant_id)
    with house.call("carol") as ctx:
        final = ctx.session.scalars(select(Invoice).where(Invoice.status == "finalized").order_by(Invoice.serial)).all()
        return runs.describe_run(ctx, run_id), [paper.name_of_layout(ctx, one) for one in final]


def test_a_run_prints_by_what_was_given(house: World) -> None:
    done, layouts = run(house, "words")
    assert (done["billed"], sorted(layouts)) == (3, ["Classic, version 1", "Classic, version 1", "Words, version 2"])


def test_skip_parks_the_client_in_a_run(house: World) -> None:
    done, layouts = run(house, "skip")
    assert (done["billed"], done["parked"], layouts) == (2, 1, ["Classic, version 1"] * 2)


def test_closed_stops_the_run(house: World) -> None:
    done, layouts = run(house, "closed")
    assert (done["state"], done["pending"], layouts) == ("stopped", 3, [])


def test_open_prints_by_the_next_closest_and_leaves_a_note(house: World, hill: UUID) -> None:
    with house.call("carol") as ctx:
        choosing.choose_layout(ctx, layout_id=next(one.id for one in store.find_layouts(ctx) if one.key == "compact"))
        choose(ctx, "open", client_id=hill)
        assert paper.name_of_layout(ctx, final(ctx, hill)) == "Compact, version 1"
        assert words(paper.print_invoice(ctx, draft(ctx, hill)))
        [noted] = ctx.session.scalars(select(AuditEntry).where(AuditEntry.action == "invoice_layout.failed")).all()
        assert (noted.label, noted.changes) == ("Open", {"reason": "The printer is away.", "invoices": 1})


def test_what_is_no_layout_leaves_a_draft(house: World, hill: UUID) -> None:
    with house.call("carol") as ctx:
        invoice_id = draft(ctx, hill).id
    for kind in ("skip", "closed", "late", *answers.BAD):
        with house.call("carol") as ctx:
            choose(ctx, kind)
        with pytest.raises((LayoutNotGiven, LayoutRendererMissing)), house.call("carol") as ctx:
            finishing.finalize_by_hand(ctx, invoice_id)
        with house.call("carol") as ctx:
            assert ctx.session.get_one(Invoice, (ctx.tenant_id, invoice_id)).status == "draft"
            assert [one.number for one in store.list_versions(ctx, layout(ctx, kind).id)] == [1], kind


def test_the_page_of_a_given_layout_shows_it_and_its_mistakes(house: World, hill: UUID) -> None:
    with house.call("carol") as ctx:
        good, bad = layout(ctx, "words").id, layout(ctx, "strange-block").id
        pictures = previewing.preview_pages(ctx, store.document_of(ctx, store.get_layout(ctx, good)))
        assert pictures[0].startswith(b"\x89PNG")
    carol = house.client("carol")
    assert "Made by an extension" in carol.get("/invoice-layouts").text
    assert "No final invoice yet" in carol.get(f"/invoice-layouts/{good}").text
    assert "data:image/png;base64," in carol.get(f"/invoice-layouts/{good}/preview").text
    assert carol.get(f"/invoice-layouts/{good}/preview.pdf").data.startswith(b"%PDF")
    shown = carol.get(f"/invoice-layouts/{bad}/preview").text
    assert "The sample" not in shown
    assert "blocks[0].kind: One of letterhead" in shown


def test_switched_off_it_is_not_chosen_and_what_is_final_stays(acme: World, house: World, hill: UUID) -> None:
    with house.call("carol") as ctx:
        chosen = choose(ctx, "words")
        invoice = final(ctx, hill)
        before = paper.print_invoice(ctx, invoice)
        waiting = draft(ctx, hill).id
    with acme.call("carol") as ctx:  # the room is gone
        assert paper.print_invoice(ctx, ctx.session.get_one(Invoice, (ctx.tenant_id, invoice.id))) == before
        with pytest.raises(LayoutRendererMissing, match="switched off or gone"):
            choosing.choose_layout(ctx, layout_id=chosen)
    with pytest.raises(LayoutRendererMissing, match="choose another layout"), acme.call("carol") as ctx:
        finishing.finalize_by_hand(ctx, waiting)
    assert ">Off<" in acme.client("carol").get("/invoice-layouts").text


def test_layouts_of_a_tenant_are_its_own(house: World, hill: UUID, beta: World) -> None:
    with house.call("carol") as ctx:
        chosen = choose(ctx, "words")
    other = replace(beta, kernel=house.kernel, app=house.app)
    assert other.api("alice").get(f"/api/v1/invoice-layouts/{chosen}").status_code == 404
    with other.call(Actor.system()) as ctx:
        client = taxed_client(ctx, lay_out_taxes(ctx))
        assert paper.name_of_layout(ctx, final(ctx, client)) == "Classic, version 1"
