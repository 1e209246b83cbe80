"""An install of a tenant that makes host calls as a guest does, without one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from house.stage import World
from kernel.capabilities import GuestCall
from kernel.context import Actor
from kernel.ids import uuid7
from plugins.extensions.calls.dispatcher import Dispatcher
from plugins.extensions.furniture import furnish
from plugins.extensions.guests.invocation import HostCall
from plugins.extensions.models import Grant


@dataclass(frozen=True)
class Install:
    """An install with these grants, acting for Alice unless `for_nobody`."""

    world: World
    id: UUID
    for_nobody: bool = False

    def ask(self, name: str, /, **args: Any) -> Any:
        """The whole answer of `interface.function`."""
        clock = self.world.kernel.clock
        call = GuestCall(self.id, "example.contoso.orders", "1.0.0", "http", "r-1", clock.now() + timedelta(seconds=10))
        user = None if self.for_nobody else self.world.users["alice"]
        actor = Actor("extension", self.id, "Orders", on_behalf_of=user, author="example.contoso.orders@1.0.0")
        interface, _, function = name.partition(".")
        return Dispatcher(self.world.kernel, self.world.tenant_id, actor, call)(HostCall(interface, function, args, True, None))

    def get(self, name: str, /, **args: Any) -> Any:
        """What it gives; it must not refuse."""
        answer = self.ask(name, **args)
        assert answer["success"], answer
        return answer["value"]

    def refused(self, name: str, /, **args: Any) -> tuple[str, dict[str, str]]:
        """The code of the refusal, and its fields."""
        answer = self.ask(name, **args)
        assert not answer["success"], answer
        return answer["error"].partition(":")[0], answer.get("field_errors", {})


def installed(world: World, *capabilities: str) -> Install:
    """An install of the tenant with the default grants and these."""
    with world.call() as ctx:
        install_id = furnish(ctx, {"client_id": uuid7()})["install_id"]
        for one in capabilities:
            ctx.session.add(Grant(id=uuid7(), install_id=install_id, capability=one, parameters={}, granted_by="Alice",
                                  granted_at=ctx.now()))  # fmt: skip
    return Install(world, install_id)
