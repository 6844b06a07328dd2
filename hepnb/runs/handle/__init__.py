"""Runs as whoever asked for them sees them, from any process: found, watched, listed, removed."""
