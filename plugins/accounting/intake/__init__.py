"""Their customers and items as clients and catalog items of ours: what is there, what of it ours is, and taking it in."""
