"""What the offline account answers, one file per area of LINE's API; `table.py` lists them."""
