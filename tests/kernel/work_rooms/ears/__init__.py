"""Ears: listens to bells."""

from kernel.manifest import Manifest

manifest = Manifest(name="ears", title="Ears", summary="Listens, for the tests of events.", listens=("bell.rung",))
