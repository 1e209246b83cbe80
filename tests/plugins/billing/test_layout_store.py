"""Carol designs invoices: versions that never change, who gets which, pictures, and layouts that other rooms print."""

from __future__ import annotations

import importlib
import io
import struct
import zlib
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from pypdf import PdfReader
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from kernel.app import create_app
from kernel.context import Actor
from kernel.plugins import Plugins
from plugins.billing import credit_notes, paper
from plugins.billing.layouts import choosing, images, store
from plugins.billing.layouts.errors import LayoutFixed, LayoutImageInvalid, LayoutInUse, LayoutRendererMissing
from plugins.billing.models import Invoice, Layout, LayoutVersion
from plugins.tax.models import Region
from tests.plugins.billing import letter_room
from tests.plugins.billing.invoice_desk import draft, final, lay_out_taxes, taxed_client

LAYOUTS = "/api/v1/invoice-layouts"
CHOICES = "/api/v1/invoice-layout-choices"
IMAGES = "/api/v1/invoice-layout-images"


def png(width: int = 4, height: int = 2) -> bytes:
    """A red picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\x00" + b"\xff\x00\x00" * width for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def words(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def saying(said: str) -> dict[str, Any]:
    return {"format": 1, "blocks": [{"kind": "text", "text": f"{said} {{invoice.number}}"}, {"kind": "totals"}]}


def standard(ctx: Any, key: str = "classic") -> Layout:
    return next(one for one in store.find_layouts(ctx) if one.key == key)


@pytest.fixture
def hill(acme: Any) -> UUID:
    with acme.call(Actor.system()) as ctx:
        return taxed_client(ctx, lay_out_taxes(ctx))


def test_a_final_invoice_is_printed_by_the_layout_of_its_day_for_ever(acme: Any, hill: UUID) -> None:
    carol = acme.api("carol")
    made = carol.post(LAYOUTS, json={"name": "House style", "document": saying("First")}).json
    assert carol.post(CHOICES, json={"layout_id": made["id"]}).status_code == 201
    with acme.call(Actor.system()) as ctx:
        old = final(ctx, hill)
        before = paper.print_invoice(ctx, old)
        assert f"First {old.number}" in words(before)
    changed = carol.patch(
        f"{LAYOUTS}/{made['id']}", json={"document": saying("Second")}, headers={"If-Match": f'"{made["version"]}"'}
    )
    assert (changed.status_code, changed.json["current"]) == (200, 2)
    with acme.call(Actor.system()) as ctx:
        again, new = ctx.session.get_one(Invoice, (ctx.tenant_id, old.id)), final(ctx, hill)
        assert paper.print_invoice(ctx, again) == before
        assert "Second" in words(paper.print_invoice(ctx, new))
        assert "Second" in words(paper.print_invoice(ctx, draft(ctx, hill)))
    assert b"First" in carol.get(f"/api/v1/invoices/{old.id}/html").data
    restored = carol.post(f"{LAYOUTS}/{made['id']}/restore", json={"number": 1}).json
    assert (restored["current"], restored["document"]["blocks"][0]["text"]) == (3, "First {invoice.number}")
    assert [one["number"] for one in carol.get(f"{LAYOUTS}/{made['id']}/versions").json["items"]] == [3, 2, 1]
    refused = carol.delete(f"{LAYOUTS}/{made['id']}")
    assert (refused.status_code, refused.json["code"]) == (409, "layout_in_use")
    assert refused.json["detail"] == "House style is chosen for everybody and what 2 final invoices are printed by."


def test_versions_and_the_choice_of_a_final_invoice_are_kept_by_the_database(acme: Any, hill: UUID) -> None:
    with acme.call(Actor.system()) as ctx:
        invoice = final(ctx, hill)
        other = store.version_in_force(ctx, standard(ctx, "compact")).id
    for statement in (
        "update billing_layout_versions set document = '{}'::jsonb",
        "delete from billing_layout_versions",
        f"update billing_invoices set layout_version_id = '{other}' where id = '{invoice.id}'",
    ):
        with pytest.raises(DBAPIError, match="never change"), acme.call(Actor.system()) as ctx:
            ctx.session.execute(text(statement))


def test_the_closest_choice_wins(acme: Any, hill: UUID) -> None:
    with acme.call(Actor.system()) as ctx:
        other = taxed_client(ctx, ctx.session.scalars(select(Region.id)).one(), "Other")
        named = {
            name: store.create_layout(ctx, name=name, document=saying(name)).id for name in ("All", "Notes", "Hill", "Hill notes")
        }
        choosing.choose_layout(ctx, layout_id=named["All"])
        choosing.choose_layout(ctx, layout_id=named["Notes"], kind="credit_note")
        choosing.choose_layout(ctx, layout_id=named["Hill"], client_id=hill)
        special = choosing.choose_layout(ctx, layout_id=named["Hill notes"], client_id=hill, kind="credit_note")

        def prints(invoice: Invoice) -> str:
            version = ctx.session.get_one(
                LayoutVersion, (ctx.tenant_id, choosing.chosen_versions(ctx, [invoice]).versions[invoice.id])
            )
            return store.get_layout(ctx, version.layout_id).name

        invoice, others = final(ctx, hill), final(ctx, other)
        notes = [credit_notes.create_credit_note(ctx, one.id, reason="Rebate") for one in (invoice, others)]
        assert [prints(one) for one in (invoice, others, *notes)] == ["Hill", "All", "Hill notes", "Notes"]
        choosing.drop_choice(ctx, special.id)
        assert prints(notes[0]) == "Hill"
        assert "Hill notes" in words(paper.print_invoice(ctx, notes[0]))


def test_what_the_house_brings_is_cloned_not_changed(acme: Any) -> None:
    with acme.call(Actor.system()) as ctx:
        layout = standard(ctx)
        for attempt in (store.rename_layout, store.save_draft):
            with pytest.raises(LayoutFixed, match="Clone it"):
                attempt(ctx, layout.id, "x")
        clone = store.clone_layout(ctx, layout.id, "Mine")
        assert store.document_of(ctx, clone) == store.document_of(ctx, layout)
        choosing.delete_layout(ctx, clone.id)
        assert [one.key for one in store.find_layouts(ctx)] == ["classic", "compact", "detailed"]


def test_a_tenant_that_never_met_layouts_gets_them_once(acme: Any, hill: UUID) -> None:
    """As after an upgrade: what is final already is printed by the first layout of the house."""
    with acme.call(Actor.system()) as ctx:
        ctx.session.execute(text("delete from billing_layouts"))
    with ThreadPoolExecutor(4) as pool:

        def finalized(_: int) -> UUID:
            with acme.call(Actor.system()) as ctx:
                invoice = final(ctx, hill)
                assert invoice.layout_version_id
                return invoice.layout_version_id

        assert len(set(pool.map(finalized, range(4)))) == 1
    with acme.call(Actor.system()) as ctx:
        assert len(store.find_layouts(ctx)) == 3
        assert [one.number for one in store.list_versions(ctx, standard(ctx).id)] == [1]
        old = replace_layout(ctx, final(ctx, hill))
        assert paper.printed_by(ctx, old) == store.version_in_force(ctx, standard(ctx)).document


def replace_layout(ctx: Any, invoice: Invoice) -> Invoice:
    """The invoice as one that was final before layouts were kept."""
    ctx.session.expunge(invoice)
    invoice.layout_version_id = None
    return invoice


def test_a_changed_standard_is_a_new_version(acme: Any, hill: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    with acme.call(Actor.system()) as ctx:
        invoice, layout = final(ctx, hill), standard(ctx)
        before = paper.print_invoice(ctx, invoice)
        monkeypatch.setattr(store, "STANDARDS", {**store.STANDARDS, "classic": store.check_document(saying("New release"))})
        assert standard(ctx).current == layout.current == 2
        assert "New release" in words(paper.print_invoice(ctx, draft(ctx, hill)))
        assert paper.print_invoice(ctx, invoice) == before


def test_a_logo_is_printed_and_bad_files_are_named(acme: Any, hill: UUID) -> None:
    carol = acme.api("carol")
    image = carol.post(IMAGES, json={"name": "Logo", "content": b64encode(png()).decode()}).json
    assert (image["content_type"], image["width"], image["height"]) == ("image/png", 4, 2)
    assert carol.post(IMAGES, json={"name": "Again", "content": b64encode(png()).decode()}).json["id"] == image["id"]
    shown = carol.get(f"{IMAGES}/{image['id']}")
    assert (shown.data, shown.headers["Content-Security-Policy"]) == (png(), "default-src 'none'; sandbox")
    letterhead = {"format": 1, "blocks": [{"kind": "letterhead", "image": image["id"]}]}
    layout = carol.post(LAYOUTS, json={"name": "With logo", "document": letterhead}).json
    pdf = carol.post(f"{LAYOUTS}/{layout['id']}/preview", json={}).data
    assert len(PdfReader(io.BytesIO(pdf)).pages[0].images) == 1
    used = carol.delete(f"{IMAGES}/{image['id']}")
    assert (used.status_code, used.json["detail"].startswith("Logo is on With logo")) == (409, True)
    lost = {"format": 1, "blocks": [{"kind": "image", "image": str(UUID(int=3))}]}
    assert carol.post(LAYOUTS, json={"name": "Lost", "document": lost}).json["code"] == "layout_image_not_found"
    assert carol.delete(f"{LAYOUTS}/{layout['id']}").status_code == 204
    assert carol.delete(f"{IMAGES}/{image['id']}").status_code == 204
    assert carol.get(f"{IMAGES}/{image['id']}").status_code == 404


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "Choose a file"),
        (b"GIF89a...", "no PNG or JPEG"),
        (b"<svg onload='x'/>", "no PNG or JPEG"),
        (png()[:40], "damaged"),
        (png(4001, 1000)[:60], "pixels"),
        (b"\xff\xd8\xff\xe0\x00\x04", "no PNG or JPEG"),
        (png() + b"x" * 600_000, "bytes"),
    ],
)
def test_only_small_pictures_are_kept(acme: Any, content: bytes, says: str) -> None:
    with acme.call(Actor.system()) as ctx, pytest.raises(LayoutImageInvalid) as caught:
        images.add_image(ctx, name="Logo", content=content)
    assert says in caught.value.errors["content"]


def test_mistakes_come_back_with_their_paths_and_bob_may_not(acme: Any, beta: Any) -> None:
    carol, bad = acme.api("carol"), {"format": 1, "blocks": [{"kind": "spacer", "height": 0}]}
    refused = carol.post(LAYOUTS, json={"name": "Bad", "document": bad})
    assert (refused.status_code, refused.json["code"], list(refused.json["errors"])) == (
        422,
        "layout_invalid",
        ["blocks[0].height"],
    )
    both = carol.post(LAYOUTS, json={"name": "Nothing"})
    assert list(both.json["errors"]) == ["clone_of"]
    made = carol.post(LAYOUTS, json={"name": "Fine", "document": saying("x")}).json
    assert carol.post(LAYOUTS, json={"name": "fine", "document": saying("x")}).status_code == 409
    stale = carol.patch(f"{LAYOUTS}/{made['id']}", json={"name": "Other"}, headers={"If-Match": '"99"'})
    assert stale.status_code == 412
    assert acme.api("bob").post(LAYOUTS, json={"name": "Bob's", "document": saying("x")}).status_code == 403
    assert beta.api("alice").get(f"{LAYOUTS}/{made['id']}").status_code == 404
    html = carol.post(f"{LAYOUTS}/{made['id']}/preview", json={"form": "html", "document": saying("Typed")})
    assert b"Typed INV-000042" in html.data
    assert html.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")


def test_another_room_prints_by_its_own_code(acme: Any, hill: UUID) -> None:
    packages = [importlib.import_module(one.package) for one in acme.kernel.plugins.installed.values()]
    plugins = Plugins([*packages, letter_room])
    plugins.register_hooks()
    kernel = replace(acme.kernel, plugins=plugins)
    world = replace(acme, kernel=kernel, app=create_app(kernel))
    with kernel.call(acme.tenant_id) as ctx:
        letter = standard(ctx, "letter_room.letter")
        assert (letter.origin, letter.name) == ("code", "Letter")
        choosing.choose_layout(ctx, layout_id=letter.id, client_id=hill)
        invoice = final(ctx, hill)
        assert b"Hill & Sons owes" in paper.print_invoice(ctx, invoice)
        page = paper.show_invoice(ctx, invoice)
        assert b"Hill &amp; Sons owes" in page.content
        assert page.policy.endswith("sandbox")
        with pytest.raises(LayoutFixed):
            store.clone_layout(ctx, letter.id, "Mine")
    assert world.client("carol").get(f"/invoice-layouts/{letter.id}").status_code == 200
    with acme.call(Actor.system()) as ctx, pytest.raises(LayoutRendererMissing, match="Switch its room on"):
        paper.print_invoice(ctx, ctx.session.scalars(select(Invoice).where(Invoice.id == invoice.id)).one())  # the room is gone


def test_a_layout_that_is_chosen_is_not_deleted(acme: Any, hill: UUID) -> None:
    with acme.call(Actor.system()) as ctx:
        made = store.create_layout(ctx, name="Mine", document=saying("x"))
        choosing.choose_layout(ctx, layout_id=made.id, client_id=hill)
        with pytest.raises(LayoutInUse, match=r"Mine is chosen for Hill & Sons\."):
            choosing.delete_layout(ctx, made.id)
