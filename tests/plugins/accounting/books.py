"""An accounting system for tests: real books in memory behind the port, with faults to order. Amounts are minor units."""
