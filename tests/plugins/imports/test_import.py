"""Importing: all of a file or nothing of it, again without harm, and every row that cannot be loaded is named."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from kernel.clock import FixedClock
from kernel.directory.models import Client, Contact
from kernel.errors import PermissionDenied
from kernel.hookspecs.transfer import Column, Importer, RowError
from plugins.imports import services
from plugins.imports.errors import ImporterFault, ImportRunning, NothingToImport
from plugins.imports.models import ImportRef
from plugins.imports.services import Options

pytestmark = pytest.mark.usefixtures("room")
FORBIDDEN = "Charlie & Sons"
FIRMS = b"external_id,name,currency\nF-1,Quellbach,EUR\nF-2,Rosenquist,USD\n"
PEOPLE = b"external_id,firm,name,email\nP-1,F-1,Dana,dana@client.example\nP-2,F-2,Edda,\n"


def run_import(world: Any, files: Mapping[str, bytes], source: services.Source = "cli", **options: Any) -> UUID:
    """An import from its beginning to its end, each step a transaction."""
    with world.call() as ctx:
        run_id = services.begin_import(ctx, files, Options(**options), source).id
    more = True
    while more:
        with world.call() as ctx:
            more = services.next_step(ctx, run_id, lambda file, done, total: None)
    return run_id


def outcome(world: Any, run_id: UUID) -> tuple[str, dict[str, tuple[str, int]]]:
    with world.call() as ctx:
        files = {one.name: (one.state, one.rows_loaded) for one in services.list_files(ctx, run_id)}
        return services.get_run(ctx, run_id).state, files


def problems(world: Any, run_id: UUID) -> list[tuple[Any, ...]]:
    with world.call() as ctx:
        return [(one["file"], one["line"], one["column"]) for one in services.find_problems(ctx, run_id)]


def names(world: Any, table: Any = Client) -> list[str]:
    with world.call() as ctx:
        return sorted(ctx.session.scalars(select(table.name)))


def test_files_are_loaded_in_their_order_and_point_at_each_other(acme: Any) -> None:
    run_id = run_import(acme, {"exports/People.csv": PEOPLE, "firms.csv": FIRMS, "notes.csv": b"x"})
    assert outcome(acme, run_id) == ("done", {"firms.csv": ("loaded", 2), "people.csv": ("loaded", 2)})
    with acme.call() as ctx:
        dana = ctx.session.scalars(select(Contact).where(Contact.name == "Dana")).one()
        assert ctx.session.get_one(Client, (acme.tenant_id, dana.client_id)).name == "Quellbach"
        assert services.get_run(ctx, run_id).unknown_files == ["notes.csv"]


def test_loading_again_changes_what_is_there_and_doubles_nothing(acme: Any) -> None:
    run_import(acme, {"firms.csv": FIRMS, "people.csv": PEOPLE})
    run_id = run_import(acme, {"firms.csv": FIRMS.replace(b"Quellbach", b"Quellbach AG"), "people.csv": PEOPLE})
    assert outcome(acme, run_id)[1] == {"firms.csv": ("loaded", 2), "people.csv": ("unchanged", 0)}
    assert names(acme) == ["Quellbach AG", "Rosenquist"]
    assert outcome(acme, run_import(acme, {"people.csv": PEOPLE}, again=True))[1] == {"people.csv": ("loaded", 2)}
    assert names(acme, Contact) == ["Dana", "Edda"]


def test_a_row_that_is_there_already_is_met_by_its_natural_key(acme: Any) -> None:
    run_import(acme, {"firms.csv": FIRMS})
    with acme.call() as ctx:
        firm = ctx.session.scalars(select(Client.id).where(Client.name == "Quellbach")).one()
        ctx.session.add(Contact(client_id=firm, name="D.", email="dana@client.example"))
    run_import(acme, {"people.csv": PEOPLE})
    assert names(acme, Contact) == ["Dana", "Edda"]


def test_a_dry_run_finds_everything_and_keeps_nothing(acme: Any) -> None:
    people = PEOPLE + b"P-3,F-9,Falk,\n"
    run_id = run_import(acme, {"firms.csv": FIRMS, "people.csv": people}, dry_run=True)
    assert outcome(acme, run_id) == ("refused", {"firms.csv": ("checked", 2), "people.csv": ("refused", 2)})
    assert problems(acme, run_id) == [("people.csv", 4, "firm")]
    assert names(acme) == names(acme, Contact) == []
    with acme.call() as ctx:
        assert ctx.session.scalar(select(func.count()).select_from(ImportRef)) == 0
    assert outcome(acme, run_import(acme, {"firms.csv": FIRMS}, dry_run=True))[0] == "done"


def test_one_bad_row_refuses_its_file_and_the_files_after_it_are_not_tried(acme: Any) -> None:
    firms = FIRMS + f"F-3,{FORBIDDEN},EUR\n".encode()
    run_id = run_import(acme, {"firms.csv": firms, "people.csv": PEOPLE})
    assert outcome(acme, run_id) == ("refused", {"firms.csv": ("refused", 0), "people.csv": ("untried", 0)})
    assert problems(acme, run_id) == [("firms.csv", 4, "name")]
    assert names(acme) == []


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        (f"F-3,{FORBIDDEN},EUR", "name", "We do not serve them."),
        ("F-3,Raises,EUR", "name", "This firm is on no list. Choose another."),
        ("F-3,No currency,EUR", None, "ck_clients_currency"),
        ("F-3,,EUR", "name", "must have a value."),
        ("F-3,Ulf,EURO", "currency", "'EURO' is not a currency code"),
        ("F-1,Twice,EUR", "external_id", "of line 2 already"),
        ("F-3,Too,EUR,many", None, "has 4 cells"),
    ],
)
def test_bad_rows_may_be_skipped_whoever_refuses_them(acme: Any, row: str, column: str | None, words: str) -> None:
    filler = "".join(f"G-{n},Firm {n},EUR\n" for n in range(600)).encode()
    run_id = run_import(acme, {"firms.csv": FIRMS + row.encode() + b"\n" + filler}, skip_bad_rows=True)
    assert outcome(acme, run_id) == ("done", {"firms.csv": ("partly", 602)})
    with acme.call() as ctx:
        (problem,) = services.find_problems(ctx, run_id)
    assert (problem["line"], problem["column"]) == (4, column)
    assert words in problem["message"]
    assert len(names(acme)) == 602


def test_a_file_with_skipped_rows_is_loaded_again_when_it_comes_again(acme: Any) -> None:
    firms = FIRMS + b"F-3,,EUR\n"
    run_import(acme, {"firms.csv": firms}, skip_bad_rows=True)
    assert outcome(acme, run_import(acme, {"firms.csv": firms}, skip_bad_rows=True))[1] == {"firms.csv": ("partly", 2)}


def test_a_file_that_is_no_table_is_refused_in_one_sentence(acme: Any) -> None:
    run_id = run_import(acme, {"firms.csv": b"external_id,name\nF-1,Quellbach\n"})
    with acme.call() as ctx:
        (problem,) = services.find_problems(ctx, run_id)
    assert problem["line"] is None
    assert "has no column currency" in problem["message"]


def test_a_reference_to_a_kind_that_nobody_loads_is_let_go_if_it_may_be(acme: Any) -> None:
    run_import(acme, {"firms.csv": FIRMS})
    people = b"external_id,firm,name,email,car\nP-1,F-1,Dana,,CAR-1\n"
    assert outcome(acme, run_import(acme, {"people.csv": people}))[1] == {"people.csv": ("loaded", 1)}


def test_another_tenants_external_ids_are_not_known_here(acme: Any, beta: Any) -> None:
    run_import(acme, {"firms.csv": FIRMS})
    run_id = run_import(beta, {"people.csv": PEOPLE})
    assert problems(beta, run_id) == [("people.csv", 2, "firm"), ("people.csv", 3, "firm")]
    run_import(beta, {"firms.csv": FIRMS})
    assert names(acme) == names(beta)


def test_an_import_that_was_killed_is_taken_up_by_the_next(acme: Any) -> None:
    with acme.call() as ctx:
        killed = services.begin_import(ctx, {"firms.csv": FIRMS, "people.csv": PEOPLE}, Options(), "cli").id
    with acme.call() as ctx:
        assert services.next_step(ctx, killed, lambda *_: None)
    run_id = run_import(acme, {"firms.csv": FIRMS, "people.csv": PEOPLE})
    assert outcome(acme, killed) == ("interrupted", {"firms.csv": ("loaded", 2), "people.csv": ("waiting", 0)})
    assert outcome(acme, run_id) == ("done", {"firms.csv": ("unchanged", 0), "people.csv": ("loaded", 2)})
    with acme.call() as ctx:
        assert not services.next_step(ctx, killed, lambda *_: None)


def test_one_import_at_a_time(acme: Any, beta: Any, clock: FixedClock) -> None:
    with acme.call() as ctx:
        services.begin_import(ctx, {"firms.csv": FIRMS}, Options(), "web")
    with pytest.raises(ImportRunning, match="not finished"), acme.call() as ctx:
        services.begin_import(ctx, {"firms.csv": FIRMS}, Options(), "cli")
    run_import(beta, {"firms.csv": FIRMS})
    clock.advance(timedelta(minutes=11))
    run_import(acme, {"firms.csv": FIRMS})


def test_two_processes_never_load_at_once(acme: Any) -> None:
    with acme.call() as ctx:
        run_id = services.begin_import(ctx, {"firms.csv": FIRMS}, Options(), "cli").id
    with acme.call() as first:
        services.next_step(first, run_id, lambda *_: None)
        with pytest.raises(ImportRunning), acme.call() as second:
            services.next_step(second, run_id, lambda *_: None)
        with pytest.raises(ImportRunning), acme.call() as third:
            services.begin_import(third, {"firms.csv": FIRMS}, Options(), "cli")
    assert outcome(acme, run_id)[0] == "done"


def test_what_was_to_happen_after_the_commit_is_forgotten_with_a_refused_file(acme: Any, room: Any) -> None:
    done: list[str] = []

    def load(ctx: Any, rows: Any, resolver: Any) -> list[RowError]:
        ctx.after_commit(lambda: done.append("sent"))
        return [RowError(rows[0].line, None, "No.")] if len(rows) > 1 else []

    room.importers.append(Importer("note", "notes.csv", 3, (Column("name"),), load))
    run_import(acme, {"notes.csv": b"external_id,name\n1,a\n2,b\n"})
    assert done == []
    run_import(acme, {"notes.csv": b"external_id,name\n1,a\n2,b\n"}, skip_bad_rows=True)
    assert done == ["sent"]


def test_an_importer_that_blames_rows_it_was_not_given_is_stopped(acme: Any, room: Any) -> None:
    def load(ctx: Any, rows: Any, resolver: Any) -> list[RowError]:
        return [RowError(99, None, "No.")]

    room.importers.append(Importer("liar", "lies.csv", 3, (Column("name"),), load))
    with pytest.raises(ImporterFault, match="liar"):
        run_import(acme, {"lies.csv": b"external_id,name\n1,a\n"})


def test_only_who_may_import_begins_one(acme: Any) -> None:
    with pytest.raises(PermissionDenied, match=r"import\.run"), acme.call("bob") as ctx:
        services.begin_import(ctx, {"firms.csv": FIRMS}, Options(), "web")
    with pytest.raises(NothingToImport, match=r"firms\.csv"), acme.call() as ctx:
        services.begin_import(ctx, {"other.csv": b""}, Options(), "web")
