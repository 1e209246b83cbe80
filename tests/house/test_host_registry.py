"""What guests are told they may call, what the house gives, and what gates it are the same."""

from __future__ import annotations

import json

from kernel.app import Kernel
from kernel.capabilities import default_capabilities
from plugins.extensions.guests.contract import WIT_FOLDER

IN_THE_WORKER = {"log", "clock", "random"}
"""Interfaces that a guest's worker answers itself; only their capability is the house's."""


def _listed() -> dict[str, dict[str, str | None]]:
    return json.loads((WIT_FOLDER / "capabilities.json").read_text("utf-8"))


def test_every_function_of_the_wit_is_given_by_a_plugin_with_the_capability_that_the_sdk_names(kernel: Kernel) -> None:
    wanted = {name: gate for name, gate in _listed()["functions"].items() if name.partition(".")[0] not in IN_THE_WORKER}
    given = {f"{interface}.{name.replace('_', '-')}": one.capability for (interface, name), one in kernel.host_functions.items()}
    assert given == wanted


def test_every_capability_of_the_sdk_is_declared_in_words_and_nothing_else_is(kernel: Kernel) -> None:
    declared = kernel.plugins.capabilities
    assert {gate for gate in _listed()["functions"].values() if gate} == declared.keys()
    assert all(one.title.endswith(".") for one in declared.values())


def test_the_defaults_are_those_of_the_sdk(kernel: Kernel) -> None:
    assert default_capabilities(kernel.plugins.capabilities) == set(_listed()["default"])


def test_every_host_function_can_be_called_as_the_wit_says(kernel: Kernel) -> None:
    """Arguments by the names of the WIT; a lone `value` stands for a result that is no record."""
    from plugins.extensions.guests.contract import load_contract

    for (interface, name), one in kernel.host_functions.items():
        signature = load_contract().functions[f"{interface}.{name.replace('_', '-')}"]
        for argument in one.takes().fields:
            assert f"{argument.replace('_', '-')}: " in signature, (interface, name, argument)
