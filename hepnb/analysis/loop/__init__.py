"""What a worker runs: a frozen path, chunk by chunk, with all variations in the one event loop."""
