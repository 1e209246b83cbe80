"""Carol sets up books on pages, maps, delivers and downloads; Bob and Beta see nothing of it."""

from __future__ import annotations

import re
from typing import Any

from house.stage import csrf_of
from kernel.hookspecs.directory import Ref
from plugins.accounting import answers, batches, listing, outgoing
from plugins.accounting.looking import plain_name, suggest
from plugins.accounting.models import ChoiceRow
from plugins.accounting.targets import get_target
from tests.plugins.accounting.conftest import Desk
from tests.plugins.accounting.ledger_room.hooks import STATE


def test_carol_walks_from_mappings_to_delivered_documents(desk: Desk) -> None:
    desk.books.items["B7"] = "backup!"
    desk.invoice(100)
    desk.invoice(200, item="Backup")
    carol = desk.world.client("carol")
    at = f"/accounting/targets/{desk.target_id}"
    assert "No batches yet" in carol.get("/accounting").text
    assert carol.post(f"{at}/look", data={"csrf_token": carol.csrf}).status_code in (200, 303)
    desk.drain()
    page = carol.get(f"{at}/mappings?kind=item").text
    assert "backup!" in page
    for kind in ("client", "tax", "category", "account"):
        assert carol.get(f"{at}/mappings?kind={kind}").status_code == 200
    made = carol.post("/accounting/batches/new", data={"csrf_token": carol.csrf, "target_id": str(desk.target_id)})
    batch = made.headers["Location"]
    assert "missing_item_mapping" in carol.get(batch).text
    form = carol.get(f"{at}/mappings/item/{desk.items['Backup']}")
    assert form.status_code == 200
    assert csrf_of(form.text)
    mend = re.search(r'href="([^"]*/mappings[?][^"]*key=[^"]*)"', carol.get(batch).text)
    assert mend is not None
    there = carol.get(mend[1].replace("&amp;", "&"))
    assert there.status_code == 303
    assert carol.get(there.headers["Location"]).status_code == 200
    back = carol.post(there.headers["Location"], data={"csrf_token": carol.csrf, "external_id": ""})
    assert back.headers["Location"] == batch
    accepted = carol.post(f"{at}/mappings-accept/item", data={"csrf_token": carol.csrf, "ids": [str(desk.items["Backup"])]})
    assert accepted.status_code == 303
    assert "missing_item_mapping" not in carol.get(batch).text
    assert carol.post(f"{batch}/deliver", data={"csrf_token": carol.csrf}).status_code == 303
    desk.drain()
    assert set(desk.states().values()) == {"delivered"}
    assert {line.item for one in desk.books.of("invoice") for line in one.value.lines} == {"S1", "B7"}
    for url in (batch, at, "/accounting", "/accounting/targets", f"{at}/edit"):
        assert carol.get(url).status_code == 200, url
    assert desk.world.client("bob").get("/accounting").status_code == 403


def test_products_and_clients_are_created_there(desk: Desk) -> None:
    carol, at = desk.world.client("carol"), f"/accounting/targets/{desk.target_id}"
    early = carol.post(f"{at}/mappings-create/item", data={"csrf_token": carol.csrf, "ids": [str(desk.items["Seats"])]})
    assert early.status_code == 422
    assert "Map the account first" in early.text
    assert "Products cannot be created there yet" in carol.get(f"{at}/mappings?kind=item").text
    desk.map("account", "income", "4000")
    for kind, key in (("item", desk.items["Seats"]), ("client", desk.client_id)):
        data = {"csrf_token": carol.csrf, "ids": [str(key)]}
        assert carol.post(f"{at}/mappings-create/{kind}", data=data).status_code == 303
        assert carol.post(f"{at}/mappings-create/{kind}", data={**data, "ids": ["no id"]}).status_code == 422
    desk.drain()
    assert "Seats" in desk.books.items.values()
    assert [one.external.name for one in desk.books.of("client")] == ["Hill & Sons"]
    desk.invoice(item="Seats")
    desk.deliver(desk.batch())
    assert set(desk.states().values()) == {"delivered"}


def test_what_waits_is_tried_again_or_put_aside_in_one_go(desk: Desk) -> None:
    carol, at = desk.world.client("carol"), f"/accounting/targets/{desk.target_id}"
    desk.map("account", "income", "4000")
    desk.target(active=False)
    with desk.call() as ctx:
        for one in desk.items.values():
            outgoing.add_work(ctx, desk.target_id, "item", one, label=str(one))
        waiting = [str(one["id"]) for one in listing.list_work(ctx, desk.target_id, {"limit": 50}).items]
    assert "Before the first batch" in carol.get(at).text
    chosen = {"csrf_token": carol.csrf, "ids": waiting}
    assert carol.post(f"{at}/work-retry", data=chosen).status_code == 303
    assert carol.post(f"{at}/work-drop", data=chosen).status_code == 303
    assert {state for state, _code in desk.work("item")} == {"dropped"}
    assert carol.post(f"{at}/work-retry", data=chosen).status_code == 303
    assert {state for state, _code in desk.work("item")} == {"dropped"}


def test_only_what_is_chosen_is_left_out_of_a_batch(desk: Desk) -> None:
    desk.invoice(100)
    desk.invoice(200)
    batch, carol = desk.batch(), desk.world.client("carol")
    with desk.call() as ctx:
        first = batches.list_documents(ctx, batch, "ready")[0]
    answer = carol.post(f"/accounting/batches/{batch}/leave-out", data={"csrf_token": carol.csrf, "ids": [str(first.id)]})
    assert answer.status_code == 303
    assert sorted(desk.states().values()) == ["left_out", "ready"]


def test_programs_do_the_same_and_files_are_kept(desk: Desk, beta: Any) -> None:
    desk.invoice(100)
    api = desk.world.api("carol")
    files = api.post("/api/v1/accounting/targets", json={"system": "ledger_csv", "starts_on": "2026-01-01"}).json
    wanted = {"kind": "item", "our_key": "*", "external_id": "4400"}
    assert api.put(f"/api/v1/accounting/targets/{files['id']}/mappings", json=wanted).status_code == 204
    batch = api.post("/api/v1/accounting/batches", json={"target_id": files["id"]}).json
    at = f"/api/v1/accounting/batches/{batch['id']}"
    assert api.post(f"{at}/deliver").json["state"] == "delivered"
    [kept] = api.get(f"{at}/files").json["items"]
    before = api.get(f"/api/v1/accounting/files/{kept['id']}").data
    assert b";4400;100" in before
    api.put(f"/api/v1/accounting/targets/{files['id']}/mappings", json={**wanted, "external_id": "9999"})
    assert api.get(f"/api/v1/accounting/files/{kept['id']}").data == before
    assert api.post(f"{at}/deliver").json["code"] == "accounting_batch_state"
    assert api.post("/api/v1/accounting/batches", json={"target_id": files["id"]}).json["code"] == "accounting_batch_empty"
    [row] = api.get(f"{at}/documents").json["items"]
    assert api.get(f"/api/v1/accounting/documents/{row['id']}").json["snapshot"]["number"] == row["number"]
    assert beta.api("alice").get(at).status_code == 404
    assert desk.world.api("bob").get(at).status_code == 403
    twice = api.post("/api/v1/accounting/targets", json={"system": "ledger_csv", "starts_on": "2026-01-01"})
    assert twice.json["code"] == "accounting_target_taken"


def test_a_target_is_chosen_among_connected_companies_and_formats(desk: Desk) -> None:
    carol, company = desk.world.client("carol"), f"ledger/{STATE['account']}"
    page = carol.get("/accounting/targets/new").text
    assert f'value="{company}"' in page
    assert 'value="ledger_csv"' in page
    wanted = {"csrf_token": carol.csrf, "starts_on": "2026-01-01"}
    taken = carol.post("/accounting/targets/new", data={**wanted, "books": company})
    assert taken.status_code == 422
    assert "is a target already" in taken.text
    by_itself = carol.post("/accounting/targets/new", data={**wanted, "books": "ledger_csv", "provision": "true"})
    assert "is a format of files; nothing goes there by itself" in by_itself.text
    made = carol.post("/accounting/targets/new", data={**wanted, "books": "ledger_csv"})
    assert carol.get(made.headers["Location"]).status_code == 200


def test_names_are_compared_without_what_people_write_differently() -> None:
    assert plain_name("Müller & Söhne GmbH") == plain_name("muller  sohne, gmbh.")


def test_names_with_other_numbers_are_not_suggested() -> None:
    theirs = [ChoiceRow(external_id="48", name="Switch 48 ports"), ChoiceRow(external_id="7", name="USt 7 %")]
    assert suggest("Switch 24 ports", theirs) is None
    assert suggest("USt 19 %", theirs) is None
    assert suggest("Switch, 48-port", theirs) is theirs[0]
    assert suggest("Switches ports", theirs) is theirs[0]


def test_a_connection_is_used_by_its_books(desk: Desk, beta: Any) -> None:
    with desk.world.call("carol") as ctx:
        target = get_target(ctx, desk.target_id)
        assert target.connection_id is not None
        ref, name = Ref("connection", target.connection_id), target.name
        assert [one.label for one in answers.blockers(ctx, [ref])] == [f"the accounting target {name}"]
    with beta.call("carol") as ctx:
        assert answers.blockers(ctx, [ref]) == []
