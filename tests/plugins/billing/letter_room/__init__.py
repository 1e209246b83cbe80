"""A room from outside that prints invoices by its own code: plain letters."""

from kernel.manifest import Manifest

manifest = Manifest(name="letter_room", title="Letters", summary="Prints invoices as letters.", requires=("billing",))
