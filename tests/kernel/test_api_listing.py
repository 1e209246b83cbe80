"""Lists: every row once, in order, however the pages are cut; filters, sparse fields, damaged cursors."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from house.shapes import assert_same_shape
from kernel.api.listing import paginate
from kernel.db import fetch_rows
from kernel.directory.models import Client, Team
from kernel.errors import InvalidInput
from tests.kernel.api_room.routes import LISTED, SORTABLE
from tests.kernel.api_room.schemas import GadgetOut

URL = "/api/v1/gadgets"
START = datetime(2026, 1, 1, tzinfo=UTC)


def keep(ctx: Any, rows: list[tuple[str, int, str | None]]) -> None:
    """Rows of (name, day, phone)."""
    ctx.session.add_all(
        Client(name=name, currency="EUR", phone=phone, created_at=START + timedelta(days=day)) for name, day, phone in rows
    )


def walk(ctx: Any, **query: Any) -> list[dict[str, Any]]:
    """All rows, page by page."""
    rows: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = paginate(ctx, LISTED, {**query, "cursor": cursor}, sortable=SORTABLE, default="-created_at")
        rows += page.items
        assert len(page.items) <= query["limit"]
        if (cursor := page.next_cursor) is None:
            return rows


@given(
    rows=st.lists(
        st.tuples(st.sampled_from(["a", "B", "ä", "%", ""]), st.integers(0, 3), st.sampled_from([None, "1", "2"])),
        max_size=12,
    ),
    key=st.sampled_from(sorted(SORTABLE)),
    descending=st.booleans(),
    limit=st.integers(1, 5),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_pages_hold_each_row_once_and_in_order(acme: Any, rows: Any, key: str, descending: bool, limit: int) -> None:
    with acme.call() as ctx:
        ctx.session.execute(text("delete from clients"))
        keep(ctx, rows)
        walked = walk(ctx, sort=f"-{key}" if descending else key, limit=limit)
        column = SORTABLE[key]
        order = (column.desc(), Client.id.desc()) if descending else (column.asc(), Client.id.asc())
        assert walked == fetch_rows(ctx.session, LISTED.order_by(*order))


def test_a_row_added_meanwhile_neither_shifts_nor_repeats_others(acme: Any) -> None:
    with acme.call() as ctx:
        keep(ctx, [(str(day), day, None) for day in range(4)])
        first = paginate(ctx, LISTED, {"limit": 2}, sortable=SORTABLE, default="-created_at")
        keep(ctx, [("new", 9, None)])
        second = paginate(ctx, LISTED, {"limit": 2, "cursor": first.next_cursor}, sortable=SORTABLE, default="-created_at")
        assert [row["name"] for row in [*first.items, *second.items]] == ["3", "2", "1", "0"]


def test_links_lead_from_page_to_page(gadgets: Any) -> None:
    with gadgets.call() as ctx:
        keep(ctx, [(str(day), day, None) for day in range(5)])
    alice, url, names = gadgets.api(), f"{URL}?limit=2&sort=created_at", []
    while url:
        answer = alice.get(url)
        names += [row["name"] for row in answer.get_json()["items"]]
        links = dict(re.findall(r'<([^>]*)>; rel="(\w+)"', answer.headers["Link"]))
        links = {rel: target for target, rel in links.items()}
        assert links["first"] == f"{URL}?limit=2&sort=created_at"
        url = links.get("next", "")
        assert not url or parse_qs(urlsplit(url).query)["cursor"] == [answer.get_json()["next_cursor"]]
    assert names == ["0", "1", "2", "3", "4"]


def test_filters_by_equality_range_and_choice(gadgets: Any) -> None:
    with gadgets.call() as ctx:
        keep(ctx, [("a", 0, None), ("b", 1, None), ("c", 2, None)])
        ctx.session.add(Client(name="d", currency="USD", account_manager_id=gadgets.users["bob"]))
    alice = gadgets.api()

    def names(query: str) -> list[str]:
        answer = alice.get(f"{URL}?sort=name&{query}")
        assert answer.status_code == 200, answer.get_json()
        return [row["name"] for row in answer.get_json()["items"]]

    assert names("name=b") == ["b"]
    assert names("name__in=a,c,zz") == ["a", "c"]
    assert names("currency=USD") == ["d"]
    assert names(f"account_manager_id={gadgets.users['bob']}") == ["d"]
    assert names("created_at__gte=2026-01-02T00:00:00Z&created_at__lt=2026-01-03T00:00:00Z") == ["b"]
    assert names("created_at=2026-01-02T00:00:00%2B00:00") == ["b"]
    assert names("updated_since=2000-01-01T00:00:00Z") == ["a", "b", "c", "d"]
    assert names("updated_since=2999-01-01T00:00:00Z") == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"), ("limit=201", "limit"), ("limit=x", "limit"), ("sort=colour", "sort"), ("sort=--name", "sort"),
        ("fields=name,colour", "fields"), ("created_at__gte=yesterday", "created_at__gte"), ("cursor=!!", "cursor"),
        ("updated_since=2026-01-01T00:00:00", "updated_since"), ("colour__in=a", "colour__in"),
    ],
)  # fmt: skip
def test_what_a_list_does_not_understand(gadgets: Any, query: str, field: str) -> None:
    answer = gadgets.api().get(f"{URL}?{query}")
    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, [field])


def test_only_the_fields_that_are_wanted(gadgets: Any) -> None:
    with gadgets.call() as ctx:
        keep(ctx, [("a", 0, None), ("b", 1, None)])
    page = gadgets.api().get(f"{URL}?fields=name,id&limit=1").get_json()
    assert set(page["items"][0]) == {"name", "id"}
    assert page["next_cursor"]


def test_a_cursor_fits_its_list_sort_and_tenant_only(gadgets: Any, beta_gadgets: Any) -> None:
    for world in (gadgets, beta_gadgets):
        with world.call() as ctx:
            keep(ctx, [("a", 0, None), ("b", 1, None)])
    alice, beta = gadgets.api(), beta_gadgets.api()
    cursor = alice.get(f"{URL}?limit=1").get_json()["next_cursor"]
    assert alice.get(f"{URL}?limit=1&cursor={cursor}").status_code == 200
    raw = bytearray(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    raw[-5] ^= 1
    damaged = urlsafe_b64encode(bytes(raw)).decode().rstrip("=")
    for answer in (
        alice.get(f"{URL}?limit=1&cursor={damaged}"),
        alice.get(f"{URL}?limit=1&cursor={cursor[:-3]}"),
        alice.get(f"{URL}?limit=1&sort=name&cursor={cursor}"),
        beta.get(f"{URL}?limit=1&cursor={cursor}"),
    ):
        assert (answer.status_code, answer.get_json()["code"]) == (422, "cursor_invalid")


def test_a_list_that_keeps_no_times_of_change_says_so(acme: Any) -> None:
    with acme.call() as ctx, pytest.raises(InvalidInput) as refused:
        paginate(ctx, select(Team.id, Team.name), {"updated_since": START}, sortable={"name": Team.name}, default="name")
    assert list(refused.value.errors) == ["updated_since"]


def test_ready_rows_are_what_the_schema_documents(acme: Any) -> None:
    with acme.call() as ctx:
        keep(ctx, [("ä", 0, None), ("b", 1, "+43 1")])
        assert_same_shape(GadgetOut, walk(ctx, limit=50))
        with pytest.raises(AssertionError, match="documents"):
            assert_same_shape(GadgetOut, fetch_rows(ctx.session, select(Client.id, Client.name)))


def test_every_page_is_read_from_an_index(acme: Any) -> None:
    with acme.call() as ctx:
        ctx.session.execute(text("set local enable_seqscan = off"))
        ctx.session.execute(text("set local enable_sort = off"))
        keep(ctx, [(str(number), number, None) for number in range(300)])
        ctx.session.flush()
        seen: list[str] = []
        explain = "explain (costs off) select id, name from clients {} order by name_key {}, id {} limit 51"
        behind = f"(name_key, id) {{}} ('150', '{acme.users['bob']}'::uuid)"
        for way, sign in (("asc", ">"), ("desc", "<")):
            for where in ("", f"where {behind.format(sign)}"):
                plan = "\n".join(ctx.session.scalars(text(explain.format(where, way, way))))
                seen.append(plan)
                assert "ix_clients_tenant_id_name_key_id" in plan, plan
                assert "Sort" not in plan
        assert "ROW(name_key, id) >" in seen[1].split("Index Cond:")[1].split("\n")[0]
