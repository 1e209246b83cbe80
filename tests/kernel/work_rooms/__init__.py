"""Two rooms of the tests' own: bells that ring, and ears that listen. What they do is seen in the audit trail."""
