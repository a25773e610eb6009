"""Whether the run that holds a lock still lives, as far as this machine can know."""

from __future__ import annotations

import os
import socket


def owner_is_gone(owner: str) -> bool:
    """True only where `owner` (`lineform.run.options.new_worker`) ran on this machine and its process has ended.

    Another machine's process may be alive however long it is silent; its lock has to run out.
    """
    host, _, rest = owner.rpartition(":")[0].rpartition(":")
    if host != socket.gethostname() or not rest.isdigit():
        return False
    try:
        os.kill(int(rest), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
