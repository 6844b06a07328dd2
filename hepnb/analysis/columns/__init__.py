"""The columns of one chunk: flat numbers and their offsets, and what is computed on them."""
