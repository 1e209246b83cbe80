"""Bells as a later version brings them: with a permission, and a schedule more."""

from dataclasses import replace

from kernel.manifest import Permission
from tests.kernel.work_rooms import bells

manifest = replace(bells.manifest, permissions=(Permission("bell.ring", "Ring bells", ("technician", "manager")),))
