"""One template language, two moments: what is known when the project is built, and what only a friend tells."""
