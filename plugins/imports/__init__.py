"""Imports: CSV files become rows of the rooms that know them, by external id, again and again."""

from kernel.manifest import Manifest, Permission

manifest = Manifest(
    name="imports",
    title="Imports",
    summary="Loads clients, contracts, tickets, time and more from CSV files, with a dry run and errors by row and column.",
    permissions=(Permission("import.run", "Import files; they may add users of any role", ()),),
)
