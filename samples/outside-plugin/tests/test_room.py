"""Alice keeps entries about clients; Beta sees none of them."""

from __future__ import annotations

from house.stage import World


def test_an_entry_is_added_read_and_deleted(acme: World, beta: World) -> None:
    api = acme.api()
    client_id = api.post("/api/v1/clients", json={"name": "Contoso"}).json["id"]
    entry = api.post("/api/v1/wishlist-entries", json={"client_id": client_id, "title": "Likes to be called"}).json
    url = f"/api/v1/wishlist-entries/{entry['id']}"
    assert api.get(url).json["title"] == "Likes to be called"
    assert beta.api().get(url).json["code"] == "wishlist_entry_not_found"
    assert api.delete(f"/api/v1/clients/{client_id}").json["code"] == "still_in_use"
    assert api.delete(url).status_code == 204
    assert api.get("/api/v1/wishlist-entries").json["items"] == []


def test_the_page_shows_what_there_is(acme: World) -> None:
    client_id = acme.api().post("/api/v1/clients", json={"name": "Contoso"}).json["id"]
    acme.api().post("/api/v1/wishlist-entries", json={"client_id": client_id, "title": "Likes to be called"})
    assert "Likes to be called" in acme.client().get("/wishlist").text
