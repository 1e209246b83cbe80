"""The author's bench: from an empty folder to an extension that runs, and again at every save."""
