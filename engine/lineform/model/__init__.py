"""What may be written in a workspace: one file per kind, and the words for places and problems."""
