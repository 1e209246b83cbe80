"""What runs on this machine: the embedded PostgreSQL and the supervisor of processes behind `deskhand up`."""
