"""Much work waits for a target: Carol sees all of it, page by page, in the order in which it goes out."""

from __future__ import annotations

from uuid import UUID, uuid4

from plugins.accounting import listing
from plugins.accounting.outgoing import RANKS, Work, add_works
from tests.plugins.accounting.conftest import Desk


def pile(desk: Desk, count: int) -> list[UUID]:
    """Payments and customers that wait, more than a page of them."""
    works = [Work("payment" if at % 2 else "client", uuid4(), f"No. {at}") for at in range(count)]
    with desk.call() as ctx:
        add_works(ctx, desk.target_id, works)
    return [one.our_id for one in sorted(works, key=lambda one: RANKS[one.kind, one.action])]


def test_all_of_it_is_seen_once_in_its_order(desk: Desk) -> None:
    waiting, found, cursor = pile(desk, 450), list[UUID](), None
    with desk.call() as ctx:
        while cursor is not None or not found:
            page = listing.list_work(ctx, desk.target_id, {"limit": 200, **({"cursor": cursor} if cursor else {})})
            found, cursor = found + [one["our_id"] for one in page.items], page.next_cursor
        assert len(listing.list_work(ctx, desk.target_id, {"kind": "payment", "limit": 200}).items) == 200
        assert listing.list_work(ctx, desk.target_id, {"state": "failed"}).items == []
        assert listing.list_work(ctx, uuid4(), {}).items == []
    assert found == waiting


def test_the_page_and_rest_give_a_page_of_it(desk: Desk) -> None:
    pile(desk, 60)
    page = desk.world.client("carol").get(f"/accounting/targets/{desk.target_id}?kind=payment").text
    assert "No. 1<" in page and "No. 0<" not in page
    first = desk.world.api("carol").get(f"/api/v1/accounting/targets/{desk.target_id}/work?limit=50").get_json()
    assert (len(first["items"]), bool(first["next_cursor"])) == (50, True)
