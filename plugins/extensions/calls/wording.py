"""A call of an extension in words on a screen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from plugins.extensions.models import InvocationRecord


def print_records(records: Sequence[InvocationRecord], *, as_json: bool) -> None:
    """Print calls one after another, for people or as one JSON object each."""
    from plugins.extensions.schemas import InvocationOut

    for record in records:
        if as_json:
            click.echo(json.dumps(InvocationOut().dump(record)))
        else:
            print_record(record)


def print_record(record: InvocationRecord) -> None:
    """Print a call as people read it: when, what, how it ended, its host calls and its log."""
    ended = record.trap or record.status
    click.echo(f"{record.started_at:%Y-%m-%d %H:%M:%S} {record.endpoint} {ended} {record.duration / 1000:.1f} ms")
    if record.detail:
        click.echo(f"    {_visible(record.detail)}")
    for one in record.host_calls:
        click.echo(f"    {one['name']}: {one['outcome']} {one['duration'] / 1000:.1f} ms")
    for line in record.logs:
        click.echo(f"    [{line['level']}] {_visible(line['message'])}")


def _visible(text: str) -> str:
    """A guest's words without what would move the cursor, color the screen or look like a line of ours."""
    lines = ("".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in line)
             for line in text.split("\n"))  # fmt: skip
    return "\n      ".join(lines)
