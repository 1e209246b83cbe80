"""A room from outside that gives layouts as data, invoice by invoice, and fails in every way."""

from kernel.manifest import Manifest

manifest = Manifest(name="given_room", title="Given layouts", summary="Gives layouts as data.", requires=("billing",))
