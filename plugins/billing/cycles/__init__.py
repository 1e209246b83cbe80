"""The cycles in which clients are billed, and where their periods begin."""
