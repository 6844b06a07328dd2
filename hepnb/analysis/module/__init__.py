"""Class modules: their parameters, registry, resources, and the hooks of runs and events."""
