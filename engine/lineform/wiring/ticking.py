"""What a tick does besides sending campaigns, assembled for everybody who runs one."""

from __future__ import annotations

from lineform.journeys.due import due_steps
from lineform.run.menus import menus_due
from lineform.run.tick import Also

ALSO: tuple[Also, ...] = (due_steps, menus_due)
"""In this order; menus come last, because they follow from all that was done before."""
