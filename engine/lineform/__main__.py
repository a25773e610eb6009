"""``python -m lineform``."""

from lineform.cli import main

main()
