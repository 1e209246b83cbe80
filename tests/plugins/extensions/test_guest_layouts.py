"""Extensions that lay invoices out: kept with final ones, missed as the manifest says, checked as a stranger's word."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, NamedTuple
from uuid import UUID

import orjson
import pytest

from kernel.hookspecs.papers import PaperPlace
from plugins.billing import finishing, paper
from plugins.billing.layouts import choosing, previewing, store
from plugins.billing.layouts.errors import LayoutNotGiven, LayoutRendererMissing, LayoutWithheld
from plugins.billing.layouts.images import add_image
from plugins.billing.layouts.sample import sample_paper
from plugins.billing.models import Invoice, Layout
from plugins.extensions.author.sample_invoice import SAMPLE
from plugins.extensions.triggers import guest_layouts
from plugins.extensions.triggers.invoice_facts import MOST_LINES, facts_of
from tests.conftest import World
from tests.extensions.conftest import answering_guest
from tests.extensions.room_stage import API, calls_of, install, publish
from tests.extensions.test_plugin_lane import SAY, module
from tests.plugins.billing.invoice_desk import draft, final, lay_out_taxes, taxed_client
from tests.plugins.billing.test_layout_store import png, words

PRINTING: dict[str, Any] = {
    "name": "org.example.letters", "publisher": "example", "version": "1.0.0", "runtime": "extism@1", "title": "Letters",
}  # fmt: skip
GOOD = {"format": 1, "blocks": [{"kind": "text", "text": "Dear {client.name}, <b>{invoice.number}</b>"}, {"kind": "totals"}]}


class Desk(NamedTuple):
    world: World
    hill: UUID


@pytest.fixture
def desk(acme: World) -> Desk:
    with acme.call() as ctx:
        return Desk(acme, taxed_client(ctx, lay_out_taxes(ctx), "Hill"))


def printing(body: str, text: Any = "") -> bytes:
    """A module whose `render_invoice` is this."""
    said = text if isinstance(text, str) else json.dumps(text)
    export = f'(func (export "render_invoice") (result i32) {body})'
    return module(text=said, more=export.replace("@length@", str(len(said.encode()))))


def saying(layout: Any) -> bytes:
    return printing(SAY, {"success": True, "value": layout if isinstance(layout, str) else json.dumps(layout)})


def letters(desk: Desk, wasm: bytes, on_failure: str = "closed", **changes: Any) -> dict[str, Any]:
    """An install of it, chosen for everybody."""
    manifest = PRINTING | {"hooks": [{"name": "render_invoice", "on_failure": on_failure}]} | changes
    installed = install(desk.world, publish(desk.world, manifest, wasm))
    choose(desk)
    return installed


def choose(desk: Desk) -> UUID:
    with desk.world.call("carol") as ctx:
        layout = listed(ctx)
        choosing.choose_layout(ctx, layout_id=layout.id)
        return layout.id


def listed(ctx: Any) -> Layout:
    return next(one for one in store.find_layouts(ctx) if one.key == "extensions.org.example.letters")


def test_what_a_guest_gave_is_printed_for_ever(desk: Desk) -> None:
    installed = letters(desk, saying(GOOD))
    api = desk.world.api("carol")
    row = next(one for one in api.get(f"{API}/invoice-layouts").json["items"] if one["key"] == "extensions.org.example.letters")
    assert (row["name"], row["origin"]) == ("Letters", "extension")
    with desk.world.call("carol") as ctx:
        invoice = final(ctx, desk.hill)
        before = paper.print_invoice(ctx, invoice)
        assert f"Dear Hill, <b>{invoice.number}</b>" in words(before)
        assert b"&lt;b&gt;" in paper.show_invoice(ctx, invoice).content
        made_by = store.list_versions(ctx, listed(ctx).id)[0].made_by
    assert made_by == "org.example.letters 1.0.0"
    last = calls_of(desk.world, installed)[0]
    assert (last["trigger"], last["endpoint"], last["status"]) == ("hook", "render-invoice", 200)
    assert "data:image/png" in desk.world.client("carol").get(f"/invoice-layouts/{row['id']}/preview").text
    assert desk.world.api().delete(f"{API}/extension-installs/{installed['id']}").status_code == 204
    with desk.world.call("carol") as ctx:
        assert paper.print_invoice(ctx, ctx.session.get_one(Invoice, (ctx.tenant_id, invoice.id))) == before
        with pytest.raises(LayoutRendererMissing, match="choose another layout"):
            final(ctx, desk.hill)


def test_a_component_is_shown_the_invoice_and_asked_as_a_module_is(desk: Desk) -> None:
    """The component answers what it was given: facts, which are no layout."""
    letters(desk, answering_guest(), "skip", runtime="component@1")
    with desk.world.call("carol") as ctx, pytest.raises(LayoutNotGiven, match="A layout has `format`, `page` and `blocks`"):
        final(ctx, desk.hill)


ATTACKS: dict[str, tuple[bytes, str]] = {
    "trap": (printing("(unreachable)"), "was stopped. It broke down."),
    "words": (printing(SAY, {"success": False, "error": "out of ink"}), "Letters says: out of ink"),
    "no json": (saying("<html>"), "is no JSON"),
    "no object": (saying("[1]"), "is no object"),
    "no text": (printing(SAY, {"success": True, "value": {"format": 1}}), "is no text"),
    "deep": (saying("[" * 20_000), "is no JSON"),
    "huge": (saying({"format": 1, "blocks": [{"kind": "text", "text": "x" * 30_000}]}), "between 1 and 2000"),
    "script": (saying({"format": 1, "blocks": [{"kind": "html", "html": "<script>"}]}), "blocks[0].kind"),
    "attributes": (saying({"format": 1, "blocks": [{"kind": "text", "text": "{invoice.__class__}"}]}), "There is no field"),
    "style": (saying({"format": 1, "page": {"accent": "red;}body{display:none"}, "blocks": []}), "A colour such as"),
    "nul": (saying({"format": 1, "blocks": [{"kind": "text", "text": "a\0"}]}), "U+0000"),
    "by code": (saying({"format": 1, "code": "letter_room.letter"}), "nothing else"),
}


def test_attacks_leave_a_draft_and_nothing_else(desk: Desk, beta: World) -> None:
    with beta.call("carol") as ctx:
        foreign = add_image(ctx, name="Theirs", content=png())
    theirs = saying({"format": 1, "blocks": [{"kind": "image", "image": str(foreign.id)}]})
    attacks = ATTACKS | {"foreign picture": (theirs, "There is no picture")}
    with desk.world.call("carol") as ctx:
        invoice_id = draft(ctx, desk.hill).id
    for number, (name, (wasm, says)) in enumerate(attacks.items()):
        manifest = PRINTING | {"version": f"1.0.{number}", "hooks": [{"name": "render_invoice", "on_failure": "closed"}]}
        release = publish(desk.world, manifest, wasm)
        if number == 0:
            installed = install(desk.world, release)
            choose(desk)
        else:
            upgrade = f"{API}/extension-installs/{installed['id']}/upgrade"
            changed = desk.world.api().post(upgrade, json={"release_id": release["id"]})
            assert changed.status_code < 300, changed.json
        with pytest.raises(LayoutWithheld) as refused, desk.world.call("carol") as ctx:
            finishing.finalize_by_hand(ctx, invoice_id)
        assert says in refused.value.detail, name
        with desk.world.call("carol") as ctx:
            assert ctx.session.get_one(Invoice, (ctx.tenant_id, invoice_id)).status == "draft", name
            assert len(store.list_versions(ctx, listed(ctx).id)) == 1, name


def test_a_guest_that_never_answers_is_stopped_and_open_prints_without_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from plugins.extensions.calls import invoking

    monkeypatch.setitem(invoking.BY_TRIGGER, "hook", replace(invoking.BY_TRIGGER["hook"], cpu_seconds=0.3, wall_seconds=0.5))  # type: ignore[index]
    letters(desk, printing("(loop $l (br $l)) (i32.const 0)"), "open")
    with desk.world.call("carol") as ctx:
        assert paper.name_of_layout(ctx, final(ctx, desk.hill)) == "Classic, version 1"


def test_switched_off_it_is_not_offered_and_another_tenant_never_sees_it(desk: Desk, beta: World) -> None:
    installed = letters(desk, saying(GOOD), "skip")
    changed = desk.world.api().post(f"{API}/extension-installs/{installed['id']}/disable", json={})
    assert changed.status_code < 300, changed.json
    with desk.world.call("carol") as ctx:
        assert guest_layouts.layouts_of_guests(ctx) == []
        with pytest.raises(LayoutNotGiven, match="switched off by an administrator"):
            final(ctx, desk.hill)
    with beta.call("carol") as ctx:
        assert guest_layouts.layouts_of_guests(ctx) == []
        assert guest_layouts.laid_out_by_guests(ctx, "extensions.org.example.letters", [sample_paper("en")], {}) is None


def test_a_preview_of_the_sample_asks_too(desk: Desk) -> None:
    letters(desk, saying(GOOD))
    with desk.world.call("carol") as ctx:
        pictures = previewing.preview_pages(ctx, store.document_of(ctx, listed(ctx)))
        assert pictures[0].startswith(b"\x89PNG")


def test_the_facts_are_plain_and_bounded() -> None:
    sample = sample_paper("de")
    facts = facts_of(replace(sample, lines=sample.lines * 300), {UUID(int=7): "Logo"})
    assert (len(facts["lines"]), facts["line_count"]) == (MOST_LINES, 1200)
    assert facts.keys().isdisjoint({"number", "status", "settled"})
    assert facts["pictures"] == [{"id": UUID(int=7), "name": "Logo"}]
    assert "unit_price" in facts["lines"][0]
    assert None not in facts["lines"][0].values()


def test_authors_try_their_layouts_on_what_the_host_shows() -> None:
    def shape(value: Any) -> Any:
        return {key: shape(value[key]) for key in sorted(value)} if isinstance(value, dict) else type(value).__name__

    sample, place = sample_paper("en"), PaperPlace(country="AT")
    paper = replace(sample, buyer=sample.buyer._replace(place=place), seller=sample.seller._replace(place=place))
    shown = json.loads(orjson.dumps(facts_of(paper, {UUID(int=7): "Logo"})))
    assert shape(dict(SAMPLE)) == shape(shown)
    for part in ("lines", "taxes", "discounts", "pictures"):
        known = {key for one in shown[part] for key in one}
        assert {key for one in SAMPLE[part] for key in one} == known
