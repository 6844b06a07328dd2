"""Benchmarks: each compares hepnb with a peer in the same run and prints a table of ratios.

`python -m bench` runs them all; `python -m bench overhead coffea` runs those two. Timings are
printed, never asserted: trust the ratios, not the seconds.
"""
