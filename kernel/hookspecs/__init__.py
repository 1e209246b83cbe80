"""Every hook of the hall, one file a chapter, with its value types beside it.

Five manners: *register* (start-up, no context), *collect* (1→N), *ask* (`firstresult`, 1→1), *take part* (1→N inside
the caller's transaction; raising refuses the whole) and *notify* (after commit, one delivery per subscriber).
"""

import pluggy

PROJECT = "deskhand"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
