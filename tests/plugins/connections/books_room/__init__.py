"""A room that connects to the service of the tests."""

from kernel.manifest import Manifest

manifest = Manifest(name="books_room", title="Books", summary="Books outside.", requires=("connections",))
