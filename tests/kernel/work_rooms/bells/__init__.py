"""Bells: says `bell.rung` and has a job of every manner."""

from kernel.manifest import Manifest

manifest = Manifest(name="bells", title="Bells", summary="Rings, for the tests of events and jobs.")
