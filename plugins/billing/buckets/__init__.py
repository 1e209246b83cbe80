"""Buckets: hours or units that a contract includes in each period, and the working hours by which they burn."""
