"""The process behind a run: it leases chunks to workers, commits what they make, and tells watchers."""
