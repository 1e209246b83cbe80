"""Alice connects Acme's books outside; tokens renew themselves, fail, end, and are taken back."""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from sqlalchemy import select, text

from kernel.clock import FixedClock
from kernel.errors import Unavailable
from kernel.hookspecs.connections import Access, ConsentWithdrawn
from kernel.jobs import enqueue, run_due
from plugins.connections.models import ConnectionRow
from tests.conftest import World
from tests.plugins.connections.books_room import hooks
from tests.plugins.connections.books_service import BooksService

API = "/api/v1/connections"


def _ask(world: World, user: str = "alice") -> dict[str, str]:
    """What the address of the service carries, where the person is sent to."""
    application = world.api().get(f"{API}/applications").json["items"][0]["id"]
    page = world.client(user).post(f"/connections/applications/{application}/connect")
    assert page.status_code == 200, page.text
    [where] = re.findall(r'href="(http://127\.0\.0\.1:\d+/authorize[^"]+)"', page.text)
    return {name: values[0] for name, values in parse_qs(urlsplit(unescape(where)).query).items()}


def _come_back(world: World, user: str = "alice", **arguments: str) -> Any:
    return world.client(user).get("/connections/callback", query_string=arguments)


def _connect(world: World, books: BooksService) -> UUID:
    asked = _ask(world)
    answer = _come_back(world, state=asked["state"], code=books.consent(asked["code_challenge"]))
    assert answer.status_code == 303, answer.text
    run_due(world.kernel, world.tenant_id)
    return _only(world).id


def _only(world: World) -> ConnectionRow:
    with world.call() as ctx:
        return ctx.session.scalars(select(ConnectionRow)).one()


def _open(world: World, connection_id: UUID, refused: str = "") -> Access:
    with world.call() as ctx:
        access: Access = ctx.hooks.open_connection(ctx=ctx, connection_id=connection_id, refused=refused)
        return access


def test_alice_connects_and_the_books_open(our: World, books: BooksService) -> None:
    asked = _ask(our)
    assert (asked["client_id"], asked["redirect_uri"]) == ("app-1", "http://localhost/connections/callback")
    back = _come_back(our, state=asked["state"], code=books.consent(asked["code_challenge"]))
    waiting = our.client().get(back.location)
    assert "The service is being asked for its keys" in waiting.text
    run_due(our.kernel, our.tenant_id)
    assert "The service gave access to this account" in our.client().get(back.location).text
    row = _only(our)
    access = _open(our, row.id)
    assert (access.account_id, access.account_name, access.provider) == ("4711", "Acme Books", "books")
    assert access.token.startswith("a-")
    assert books.asked == ["code"]
    assert hooks.TOLD == ["Acme Books connected"]
    page = our.client().get(f"/connections/{row.id}")
    assert "Acme Books" in page.text
    assert "connected it" in page.text
    listed = our.api().get(API).json["items"]
    assert [(one["account_name"], one["state"], one["connected_by"]) for one in listed] == [("Acme Books", "connected", "Alice")]


def test_no_page_answer_or_table_shows_a_secret(our: World, books: BooksService) -> None:
    connection_id = _connect(our, books)
    token, application = _open(our, connection_id).token, our.api().get(f"{API}/applications").json["items"][0]
    refresh = next(iter(books.refresh))
    texts = [our.client().get(path).text for path in ("/connections", f"/connections/{connection_id}",
             f"/connections/applications/{application['id']}/edit")]  # fmt: skip
    texts += [our.api().get(path).text for path in (API, f"{API}/{connection_id}", f"{API}/applications")]
    with our.call() as ctx:
        for table in ("connections", "connections_applications", "connections_consents", "jobs", "audit_entries", "events"):
            texts += [str(row) for row in ctx.session.execute(text(f"select t::text from {table} t")).all()]
    for secret in (token, refresh, books.secret):
        assert [one[:80] for one in texts if secret in one or secret.encode().hex() in one] == []


def test_declining_and_errors_connect_nothing(our: World, books: BooksService) -> None:
    declined = _come_back(our, state=_ask(our)["state"], error="access_denied")
    assert "You declined at the service" in our.client().get(declined.location).text
    failed = _come_back(our, state=_ask(our)["state"], error="invalid_scope", error_description="Scope <b>unknown</b>")
    page = our.client().get(failed.location).text
    assert "Scope &lt;b&gt;unknown&lt;/b&gt;" in page
    empty = _come_back(our, state=_ask(our)["state"])
    assert "The service sent no code" in our.client().get(empty.location).text
    wrong = _come_back(our, state=_ask(our)["state"], code="guessed")
    run_due(our.kernel, our.tenant_id)
    assert "Books said invalid_grant" in our.client().get(wrong.location).text
    assert our.api().get(API).json["items"] == []


def test_a_state_is_for_one_person_of_one_tenant_for_ten_minutes(
    our: World, their: World, books: BooksService, clock: FixedClock
) -> None:
    asked = _ask(our)
    code = books.consent(asked["code_challenge"])
    with our.call() as ctx:
        ctx.session.execute(text("insert into user_roles (tenant_id, id, user_id, role_id) select tenant_id, gen_random_uuid(),"
                                 " :carol, id from roles where key = 'admin'"), {"carol": our.users["carol"]})  # fmt: skip
    for world, user, state in ((our, "carol", asked["state"]), (their, "alice", asked["state"]), (our, "alice", "forged"),
                               (our, "alice", "ü" * 5000), (our, "alice", "")):  # fmt: skip
        answer = _come_back(world, user, state=state, code=code)
        assert (answer.status_code, "Nothing was connected" in answer.text) == (422, True)
    assert _come_back(our, code=code).status_code == 422
    clock.set(clock.now() + timedelta(minutes=10, seconds=1))
    assert _come_back(our, state=asked["state"], code=code).status_code == 422
    assert books.asked == []


def test_an_answer_counts_once_however_often_it_comes(our: World, books: BooksService) -> None:
    asked = _ask(our)
    brought = {"state": asked["state"], "code": books.consent(asked["code_challenge"])}
    answers: list[Any] = []
    browsers = [our.client() for _ in range(4)]
    threads = [threading.Thread(target=lambda one=one: answers.append(one.get("/connections/callback", query_string=brought)))
               for one in browsers]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {(one.status_code, one.location) for one in answers} == {(303, answers[0].location)}
    run_due(our.kernel, our.tenant_id)
    again = _come_back(our, **brought)
    run_due(our.kernel, our.tenant_id)
    assert again.location == answers[0].location
    assert books.asked == ["code"]
    assert _only(our).state == "connected"


def test_the_same_account_is_the_same_connection_and_another_one_is_not(our: World, their: World, books: BooksService) -> None:
    first = _connect(our, books)
    token = _open(our, first).token
    assert _connect(our, books) == first
    assert _open(our, first).token != token
    assert _connect(their, books) != first  # tenants may share an account, and do not see each other
    books.account = ("4712", "Acme Inc. Ünlimited 株式会社")
    asked = _ask(our)
    _come_back(our, state=asked["state"], code=books.consent(asked["code_challenge"]))
    run_due(our.kernel, our.tenant_id)
    assert sorted(one["account_id"] for one in our.api().get(API).json["items"]) == ["4711", "4712"]
    assert [one["account_id"] for one in their.api().get(API).json["items"]] == ["4711"]


def test_tokens_are_renewed_before_they_end_and_when_refused(our: World, books: BooksService, clock: FixedClock) -> None:
    connection_id = _connect(our, books)
    first = _open(our, connection_id).token
    clock.set(clock.now() + timedelta(minutes=24))
    assert _open(our, connection_id).token == first
    clock.set(clock.now() + timedelta(minutes=2))
    second = _open(our, connection_id).token
    assert second != first
    assert _open(our, connection_id, refused=first).token == second
    third = _open(our, connection_id, refused=second).token
    assert third != second
    assert books.asked == ["code", "refresh", "refresh"]


def test_a_new_token_is_kept_though_its_caller_fails(our: World, books: BooksService) -> None:
    connection_id = _connect(our, books)
    old = _open(our, connection_id).token
    with pytest.raises(RuntimeError, match="lost"), our.call() as ctx:
        ctx.hooks.open_connection(ctx=ctx, connection_id=connection_id, refused=old)
        raise RuntimeError("the caller lost its claim")
    assert _open(our, connection_id, refused=old).token != old
    assert books.asked == ["code", "refresh"]


def test_many_who_find_the_token_refused_renew_it_once(our: World, books: BooksService) -> None:
    connection_id = _connect(our, books)
    old, books.slow = _open(our, connection_id).token, 0.2
    got: list[str] = []
    threads = [threading.Thread(target=lambda: got.append(_open(our, connection_id, refused=old).token)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 4
    assert len(set(got)) == 1
    assert books.asked == ["code", "refresh"]


def test_an_outage_is_visible_and_asked_about_ever_less_often(our: World, books: BooksService, clock: FixedClock) -> None:
    connection_id = _connect(our, books)
    clock.set(clock.now() + timedelta(hours=1))
    books.down = True
    with pytest.raises(Unavailable, match="maintenance"):
        _open(our, connection_id)
    with pytest.raises(Unavailable, match="tried again at 09:00"):
        _open(our, connection_id)
    assert books.asked == ["code", "refresh"]
    row = _only(our)
    assert (row.state, row.failures, row.last_error) == ("failing", 1, "Books are under maintenance.")
    assert "Books are under maintenance." in our.client().get(f"/connections/{connection_id}").text
    assert "1 connection does not work." in our.client().get("/connections/card").text
    clock.set(clock.now() + timedelta(seconds=6))
    with pytest.raises(Unavailable):
        _open(our, connection_id)
    assert _only(our).next_try_at == clock.now() + timedelta(seconds=20)
    books.down = False
    clock.set(clock.now() + timedelta(seconds=21))
    _open(our, connection_id)
    row = _only(our)
    assert (row.state, row.failures, row.next_try_at) == ("connected", 0, None)


def test_a_wrong_secret_is_told_and_mended(our: World, books: BooksService, clock: FixedClock) -> None:
    connection_id = _connect(our, books)
    clock.set(clock.now() + timedelta(hours=1))
    books.secret = "another"
    with pytest.raises(Unavailable, match="do not know the application"):
        _open(our, connection_id)
    application = our.api().get(f"{API}/applications").json["items"][0]["id"]
    assert our.api().patch(f"{API}/applications/{application}", json={"client_secret": "another"}).status_code == 200
    assert our.client().post(f"/connections/{connection_id}/try").status_code == 303
    run_due(our.kernel, our.tenant_id)
    assert _only(our).state == "connected"


def test_a_withdrawn_consent_is_told_and_connected_anew(our: World, books: BooksService, clock: FixedClock) -> None:
    connection_id = _connect(our, books)
    books.refresh.clear()
    clock.set(clock.now() + timedelta(hours=1))
    with pytest.raises(ConsentWithdrawn, match="invalid_grant"):
        _open(our, connection_id)
    row = _only(our)
    assert (row.state, row.tokens) == ("withdrawn", None)
    with pytest.raises(ConsentWithdrawn, match="Connect it again"):
        _open(our, connection_id)
    assert books.asked == ["code", "refresh"]
    assert _connect(our, books) == connection_id
    assert hooks.TOLD == ["Acme Books connected", "Acme Books withdrawn", "Acme Books connected"]
    with our.call() as ctx:
        assert ctx.hooks.withdraw_connection(ctx=ctx, connection_id=connection_id, detail="403").state == "withdrawn"
    assert "403" in our.client().get(f"/connections/{connection_id}").text


def test_disconnecting_takes_the_tokens_back_over_there(our: World, books: BooksService) -> None:
    connection_id = _connect(our, books)
    refresh = next(iter(books.refresh))
    books.down = True
    assert our.client().post(f"/connections/{connection_id}/disconnect").status_code == 303
    run_due(our.kernel, our.tenant_id)
    page = our.client().get(f"/connections/{connection_id}").text
    assert "has not taken the access back yet" in page
    assert "Books are under maintenance." in page
    assert our.api().delete(f"{API}/{connection_id}").json["code"] == "connection_still_connected"
    books.down = False
    our.kernel.clock.set(our.kernel.clock.now() + timedelta(minutes=1))  # type: ignore[attr-defined]
    run_due(our.kernel, our.tenant_id)
    assert books.revoked == [refresh]
    row = _only(our)
    assert (row.state, row.parting, row.last_error) == ("withdrawn", None, "")
    hooks.HELD.add(connection_id)
    assert "2 batches" in our.client().get(f"/connections/{connection_id}").text
    assert our.api().delete(f"{API}/{connection_id}").json["code"] == "still_in_use"
    hooks.HELD.clear()
    assert our.api().delete(f"{API}/{connection_id}").status_code == 204


def test_what_cannot_be_taken_back_is_given_up_after_three_days(our: World, books: BooksService, clock: FixedClock) -> None:
    connection_id = _connect(our, books)
    books.down = True
    our.api().post(f"{API}/{connection_id}/disconnect")
    for _ in range(4):
        with our.call() as ctx:
            enqueue(ctx, "connections.keep_alive", {})
        run_due(our.kernel, our.tenant_id)
        clock.set(clock.now() + timedelta(days=1, seconds=1))
    assert _only(our).parting is None
    assert _only(our).last_error == "Books are under maintenance."
    assert "gave up having the access taken back at the service" in our.client().get(f"/connections/{connection_id}").text


def test_the_nightly_job_keeps_tokens_alive(our: World, their: World, books: BooksService, clock: FixedClock) -> None:
    ours, theirs = _connect(our, books), _connect(their, books)
    for _ in range(10):
        clock.set(clock.now() + timedelta(days=7))
        for world in (our, their):
            with world.call() as ctx:
                enqueue(ctx, "connections.keep_alive", {})
            run_due(our.kernel, world.tenant_id)
    assert _open(our, ours).token != _open(their, theirs).token
    row = _only(our)
    assert row.refresh_expires_at is not None
    assert row.refresh_expires_at - clock.now() > timedelta(days=50)


def test_who_may_not_manage_may_look_at_most(our: World, books: BooksService) -> None:
    connection_id = _connect(our, books)
    assert our.client("carol").get(f"/connections/{connection_id}").status_code == 200
    assert our.client("carol").post(f"/connections/{connection_id}/disconnect").status_code == 403
    assert our.client("carol").get("/connections/callback?state=x&code=y").status_code == 403
    assert our.client("bob").get("/connections").status_code == 403
