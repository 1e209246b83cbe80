from __future__ import annotations

from kernel import audit, events
from kernel.context import CallContext
from kernel.errors import Refused, Unavailable
from kernel.hookspecs import hookimpl
from kernel.hookspecs.notify import Event


@hookimpl
def on_event(ctx: CallContext, event: Event) -> None:
    tone = event.payload["tone"]
    audit.record(ctx, "bell.heard", kind="bell", label=tone, changes={"by": "ears", "payload": repr(event.payload)})
    if tone == "too loud":
        raise Refused("It hurts.")
    if tone == "too far":
        raise Unavailable("Come nearer.")
    if tone == "echo":
        events.publish(ctx, "bell.rung", {"tone": "echo"})
