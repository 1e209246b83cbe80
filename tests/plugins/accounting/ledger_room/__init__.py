"""A room from outside that brings an accounting system: books of companies in memory, and a system of files."""

from kernel.manifest import Manifest

manifest = Manifest(name="ledger_room", title="Ledgers", summary="Books in memory, and files of them.", requires=("accounting",))
