"""Who made a bundle: signatures, the keys a tenant trusts, and what was revoked."""
