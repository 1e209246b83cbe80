"""Long tests: `make soak NAME=…`."""

import sys
from pathlib import Path

sys.path += [str(one) for one in sorted(Path(__file__).parents[2].glob("fakes/*/src"))]  # as pytest's settings have it
