"""Transfer: what rooms load from files.

A room says which columns of which file it reads and how a batch of rows becomes its own rows. Reading the file, typing
its cells, finding what a row points at, errors by row and column, dry runs and progress are the importing room's work.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol
from uuid import UUID

from kernel.hookspecs import hookspec

if TYPE_CHECKING:
    from kernel.context import CallContext

ColumnKind = Literal[
    "text",
    "integer",
    "decimal",
    "money",
    "currency",
    "date",
    "datetime",
    "boolean",
    "enum",
    "email",
    "uuid",
    "reference",
]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a file and what its cells become in `ImportRow.values`; an empty cell is None.

    text, enum, email, currency → str (email lower-cased, currency upper-cased and known to ISO 4217) · integer → int ·
    decimal → Decimal · money → int, minor units of the currency in the row's `currency_column` · date → date ·
    datetime → aware datetime in UTC · boolean → bool (an empty cell is None) · uuid → UUID · reference → UUID of the
    row of kind `refers_to` that the cell's external id names. `choices` are the values of an enum. `at_most` settles
    a decimal that could be read two ways: 9.975 percent is not 9975.
    """

    name: str
    kind: ColumnKind = "text"
    required: bool = False
    choices: tuple[str, ...] = ()
    refers_to: str | None = None
    currency_column: str = "currency"
    max_length: int = 10_000
    at_most: Decimal | None = None


class ImportRow(NamedTuple):
    """One row of a file: `line` is where it begins in the file, counted from 1 with the header."""

    line: int
    external_id: str
    values: Mapping[str, Any]


class RowError(NamedTuple):
    """Why a row cannot be loaded: its line, the column to mend (None: the whole row) and a sentence that says how."""

    line: int
    column: str | None
    message: str


class Resolver(Protocol):
    """The memory of which external id stands for which row of ours, one entry per (kind, external id)."""

    def resolve(self, kind: str, external_ids: Sequence[str]) -> Mapping[str, UUID]:
        """The ids known for these external ids; unknown ones are absent."""

    def remember(self, kind: str, ids: Mapping[str, UUID]) -> None:
        """Note that these external ids stand for these rows."""

    def claim(self, kind: str, external_ids: Sequence[str], met: Mapping[str, UUID] | None = None) -> Mapping[str, UUID]:
        """An id for each: the one remembered; that of the row `met` by its natural key; or a new UUIDv7.

        All are remembered, so that an upsert by id is enough.
        """


Load = Callable[["CallContext", Sequence[ImportRow], Resolver], Sequence[RowError]]


@dataclass(frozen=True, slots=True)
class Importer:
    """One room's reading of one file.

    `load` upserts a batch (at most a few hundred rows) with a fixed number of statements, remembers the external ids
    under `kind`, and answers one RowError for each row it refuses. When it answers any, everything the batch wrote is
    rolled back; if the user lets bad rows be skipped, `load` is called again without them. It never commits.

    Several rooms may read the same file, each with a kind of its own. `order` places the file among the files and the
    importers of one file among each other: everything a file refers to has a smaller order.
    """

    kind: str
    file: str
    order: int
    columns: tuple[Column, ...]
    load: Load = field(repr=False)
    title: str = ""


@hookspec
def register_importers() -> Sequence[Importer]:
    """Register: name the files this plugin can load. Any plugin; once per import, enabled plugins only.

    Example: `[Importer("asset", "assets.csv", 240, (Column("external_id", required=True), Column("client", "reference",
    required=True, refers_to="client"), Column("name", required=True)), load_assets)]`
    """
