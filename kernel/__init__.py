"""The kernel: tenancy, identity, capabilities, events, jobs and hook specifications. It knows no plugin."""
