"""Extensions: code of strangers that runs for a tenant, with the capabilities that an administrator granted."""

from kernel.manifest import Capability, Manifest, Permission
from plugins.extensions.settings import ExtensionSettings

manifest = Manifest(
    name="extensions",
    title="Extensions",
    summary="Publish, install and run WebAssembly extensions; each may do what an administrator granted, and nothing else.",
    permissions=(
        Permission("extension.read", "See extensions, their grants and what they did", ("manager",)),
        Permission("extension.manage", "Install, upgrade and switch off extensions, and grant them capabilities"),
        Permission("extension.publish", "Publish extension releases"),
        Permission("extension.use", "Call installed extensions", ("manager", "technician", "dispatcher", "finance")),
    ),
    settings=ExtensionSettings,
    capabilities=(
        Capability("cap:context.read", "Know which tenant and install it runs for, and why it was called.", by_default=True),
        Capability("cap:log.emit", "Write log lines that administrators can read.", by_default=True),
        Capability("cap:config.read", "Read the settings that administrators gave to this install.", by_default=True),
        Capability("cap:user.read", "Know for whom it is called: name and e-mail address.", by_default=True),
        Capability("cap:secrets.get", "Read the secrets that administrators gave to this install."),
        Capability("cap:storage.kv", "Keep data of its own, up to 256 MiB, until it is uninstalled."),
        Capability("cap:scheduler.manage", "Let itself be called at times of its choice, at most every 5 minutes."),
        Capability("cap:event.publish", "Tell other extensions here of events of its own."),
        Capability("cap:http.fetch", "Send data to and read data from these hosts on the internet, and no others."),
    ),
)
