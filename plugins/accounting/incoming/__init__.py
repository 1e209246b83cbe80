"""What comes back from accounting systems: how things stand there, money that was noted there, and where both sides differ."""
