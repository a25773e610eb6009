"""Files to a Project: YAML with positions, client layers, provenance."""
