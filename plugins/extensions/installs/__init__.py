"""What a tenant runs, with what it was granted, told and shown."""
