"""From a path and data to a run in the background: looked at, written down, launched, and resumed."""
