"""Long tests: `make soak NAME=…`."""
