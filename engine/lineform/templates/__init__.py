"""One template language with two moments: what the build knows, and what only a send knows."""
