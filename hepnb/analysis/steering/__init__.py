"""What a path is told: its steps, their checks, what varies with what, and their description."""
