"""What the person who plans has said beyond the files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

GRACE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """`adopt` names addresses (``richmenu.main``) that may take over an alias or default that is not ours."""

    prune: bool = False
    """Whether live menus whose file is gone are deleted."""
    grace: timedelta = GRACE
    """How long a replaced menu is kept: alias caches and late taps leave friends on it."""
    adopt: frozenset[str] = frozenset()
    replace: frozenset[str] = frozenset()
    """Addresses of coupons that may be made anew, and whose old ones are closed for everybody who has them."""
