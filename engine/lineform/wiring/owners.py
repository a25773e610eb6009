"""Whether the run that holds a lock still lives, as far as this machine can know."""

from __future__ import annotations

import os
import socket

from lineform.run.place import place


def owner_is_gone(owner: str) -> bool:
    """True only where `owner` (`lineform.run.options.new_worker`) ran in this place and its process has ended.

    A process of another machine, of another container, or of a system that does not tell its places apart may be
    alive however long it is silent; its lock has to run out.
    """
    parts = owner.rsplit(":", maxsplit=3)
    if len(parts) < 4 or not place() or parts[:2] != [socket.gethostname(), place()] or not parts[2].isdecimal():
        return False
    try:
        os.kill(int(parts[2]), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
