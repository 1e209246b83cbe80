"""Refuse-to-delete answers: every room is asked what still depends on a row."""

from __future__ import annotations

from collections.abc import Sequence

from kernel.context import CallContext
from kernel.errors import StillInUse
from kernel.hookspecs.directory import Blocker, Ref


def refuse_if_needed(ctx: CallContext, refs: Sequence[Ref], own: Sequence[Blocker], words: str,
                     alternatives: Sequence[str]) -> None:  # fmt: skip
    """Raise StillInUse listing the blockers of the caller and of every room; switched-off rooms count as well,
    since their rows are still there.
    """
    answers = ctx.hooks.collect_blockers(ctx=ctx, refs=refs) + ctx.hooks.silenced.collect_blockers(ctx=ctx, refs=refs)
    blockers = [*own, *(one for answer in answers for one in answer)]
    if blockers:
        found = [{"type": one.type, "count": one.count, "label": one.label} for one in blockers]
        listed = ", ".join(one.label for one in blockers)
        raise StillInUse(f"{words} In the way: {listed}.", found, alternatives)
