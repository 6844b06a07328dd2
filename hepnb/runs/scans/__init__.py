"""Scans: a run for each combination of parameters, and the small process that starts them in turn."""
