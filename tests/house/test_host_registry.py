"""What authors are told they may call, what the house gives, and what gates it are the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from marshmallow import Schema, fields

from house.docs import first_party
from house.sdk import sdk
from kernel.app import Kernel
from kernel.errors import StartupError
from kernel.hookspecs.start import HostFunction, HostInterface
from kernel.plugins import Plugins
from plugins.extensions.guests.contract import WIT_FOLDER, load_contract
from plugins.extensions.guests.wit import parse_package
from plugins.extensions.surface.files import FROZEN
from plugins.extensions.surface.model import kebab
from plugins.extensions.surface.promises import broken_promises, read_promises
from plugins.extensions.surface.reading import read_surface
from plugins.extensions.surface.typescript import BY_HAND


def test_every_capability_opens_something_and_is_declared_in_words(kernel: Kernel) -> None:
    declared = kernel.plugins.capabilities
    assert {one.capability for one in kernel.host_functions.values() if one.capability} == declared.keys()
    assert all(one.title.endswith(".") for one in declared.values())


def test_the_files_of_the_sdk_are_those_of_the_registry() -> None:
    done = CliRunner().invoke(sdk, ["--check"])
    assert done.exit_code == 0, done.output


def test_the_wit_that_authors_build_against_is_the_contract_that_is_enforced() -> None:
    package = parse_package(*(path.read_text("utf-8") for path in sorted(WIT_FOLDER.glob("*.wit"), key=_shared_first)))
    listed = {f"{name}.{one}": kind for name, found in package.interfaces.items() for one, kind in found.functions.items()}
    assert listed == load_contract().functions
    assert json.loads((WIT_FOLDER / "capabilities.json").read_text())["functions"] == load_contract().capabilities


def _shared_first(path: Path) -> tuple[int, str]:
    return (("types.wit", "world.wit").index(path.name) * 2 - 1 if path.name in ("types.wit", "world.wit") else 0, path.name)


def test_what_components_in_the_field_rely_on_is_as_it_was() -> None:
    promised = json.loads((WIT_FOLDER / FROZEN).read_text())
    assert promised["functions"].keys() >= {"context.current", "invoicing.create-manual-invoice", "charges.create-charges"}
    assert promised["exports"].keys() == {"handler", "on-event", "collect-charges", "render-invoice"}
    assert {"ticket.opened", "invoice.finalized"} <= promised["events"].keys()
    assert {"endpoints[].auth", "capabilities[].hosts", "hooks[].on_failure"} <= promised["manifest"].keys()
    assert broken_promises(promised, read_promises(first_party())) == []


def _with(promised: dict[str, Any], part: str, name: str, value: Any) -> dict[str, Any]:
    """The promises with one of them another, or gone (None)."""
    kept = {key: kind for key, kind in promised[part].items() if key != name}
    return promised | {part: kept if value is None else kept | {name: value}}


def _asked(**changes: Any) -> dict[str, Any]:
    return {"kind": "text", "required": False, "choices": [], "least": 0, "most": None} | changes


@pytest.mark.parametrize(
    ("part", "name", "value", "words"),
    [
        ("functions", "config.get", None, "The host function config.get is gone"),
        ("functions", "config.get", "func() -> string", "Give the new shape a new name"),
        ("capabilities", "config.get", "cap:config.all", "The capability of config.get is cap:config.all"),
        ("exports", "on-event", "func(event: string)", "The export on-event is func(event: string)"),
        ("events", "ticket.opened", None, "The event ticket.opened is said no more"),
        ("events", "ticket.opened", {"ticket_id": "text"}, "In the event ticket.opened, ticket_id is text; it was uuid"),
        ("manifest", "title", None, "In deskhand.json, title is gone"),
        ("manifest", "title", _asked(required=True, least=0, most=40), "narrower bounds"),
        ("manifest", "endpoints[].auth", _asked(required=True, choices=["user"]), "may be public-signed no more"),
        ("manifest", "description", _asked(required=True, most=400), "description is required by now"),
        ("manifest", "color", _asked(required=True), "color is new and required"),
        ("invoice", "lines[].quantity", "whole number", "What render-invoice is told as lines[].quantity is whole number"),
    ],
)
def test_what_would_break_an_extension_in_the_field_is_named(part: str, name: str, value: Any, words: str) -> None:
    promised = json.loads((WIT_FOLDER / FROZEN).read_text())
    broken = broken_promises(promised, _with(promised, part, name, value))
    assert any(words in one for one in broken), broken


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [
        ("functions", "tickets.archive", "func(ticket-id: string)"),
        ("events", "ticket.frozen", {"ticket_id": "uuid"}),
        ("manifest", "color", _asked()),
        ("manifest", "title", _asked(required=True, most=200)),
        ("manifest", "endpoints[].auth", _asked(required=True, choices=["portal", "public-signed", "user"])),
        ("invoice", "lines[].color", "text"),
    ],
)
def test_what_only_adds_breaks_nothing(part: str, name: str, value: Any) -> None:
    promised = json.loads((WIT_FOLDER / FROZEN).read_text())
    assert broken_promises(promised, _with(promised, part, name, value)) == []


def test_a_broken_promise_is_refused_up_to_the_next_major_version(monkeypatch: pytest.MonkeyPatch) -> None:
    other = _with(read_promises(first_party()), "functions", "config.get", None)
    monkeypatch.setattr("house.sdk.read_promises", lambda _plugins: other)
    for arguments in (["--check"], ["--freeze"]):
        refused = CliRunner().invoke(sdk, arguments)
        assert (refused.exit_code, "declare version 2.0.0" in refused.output) == (1, True), refused.output
    monkeypatch.setattr("house.sdk.read_promises", lambda _plugins: other | {"major": 2})
    refused = CliRunner().invoke(sdk, ["--check"])
    assert "sdk/typescript/package.json: 1.0.0" in refused.output, "packages go with it"
    monkeypatch.setattr("house.sdk._package_versions", lambda: iter(()))
    assert CliRunner().invoke(sdk, ["--check"]).exit_code == 0


def test_every_function_has_words_and_every_field_a_kind(kernel: Kernel) -> None:
    for one in read_surface(kernel.plugins):
        assert one.says.endswith("."), one.name
        for function in one.functions:
            assert function.says.endswith("."), (one.name, function.name)
            assert (one.name, function.name) in kernel.host_functions
            assert f"{one.name}.{kebab(function.name)}" in load_contract().functions


def test_types_of_different_interfaces_have_different_names(kernel: Kernel) -> None:
    names = [named.name for one in read_surface(kernel.plugins) for named in one.types() if one.name not in BY_HAND]
    assert len(set(names)) == len(names)


class Shapeless(Schema):
    anything = fields.Dict()


def _given(interfaces: list[HostInterface], functions: list[HostFunction]) -> Plugins:
    class Room:
        def collect(self, hook: str) -> list[tuple[object, object]]:
            plugin = type("Plugin", (), {"name": "room"})
            return [(plugin, one) for one in (interfaces if "interfaces" in hook else functions)]

    return Room()  # type: ignore[return-value]


def test_what_no_guest_could_read_is_refused_at_once() -> None:
    odd = HostFunction("rooms", "get", None, "Anything.", Shapeless, Shapeless, None)
    with pytest.raises(StartupError, match="anything is a Dict"):
        read_surface(_given([HostInterface("rooms", "Rooms.")], [odd]))
    with pytest.raises(StartupError, match="differ in rooms"):
        read_surface(_given([], [odd]))
