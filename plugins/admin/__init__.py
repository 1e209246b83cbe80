"""Administration: users, roles, teams, plugins, keys, jobs, the audit trail, and one's own profile."""

from kernel.manifest import Manifest, Permission
from plugins.admin.settings import AdminSettings

_STAFF = ("manager", "technician", "dispatcher", "finance")

manifest = Manifest(
    name="admin",
    title="Administration",
    summary="Users, roles, teams, plugins, API keys, jobs and the audit trail.",
    permissions=(
        Permission("user.read", "See users and teams", _STAFF),
        Permission("user.manage", "Add and change users who may do no more than oneself", ("manager",)),
        Permission("team.manage", "Change teams", ("manager", "dispatcher")),
        Permission("role.manage", "Change roles and what they may do", ()),
        Permission("plugin.manage", "Switch plugins on and off, and change their settings", ()),
        Permission("tenant.manage", "Change the company's name, zone, currency and language", ()),
        Permission("api_key.create", "Make API keys of one's own", _STAFF),
        Permission("api_key.manage", "See and revoke everyone's API keys, and make keys for others", ()),
        Permission("job.read", "See background jobs and schedules", ("manager",)),
        Permission("job.manage", "Cancel and retry jobs, change schedules", ("manager",)),
        Permission("audit.read", "See the audit trail", ("manager",)),
    ),
    settings=AdminSettings,
    required=True,
)
