"""What the platform itself gives guests: storage, the way out, schedules and events."""
