"""The safe expression language, and what a definition, written in it or in Python, needs of its inputs."""
