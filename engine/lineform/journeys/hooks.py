"""Where kinds plug in: what reacts to a happening, and what does the effects that are more than rows of the store.

A kind adds a line to a table. The tables are read in their order: whoever answers what a friend wrote comes before
those who answer only what nobody else did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from lineform.journeys.calls import intend
from lineform.journeys.cases import Doer, Reaction
from lineform.journeys.conversing import asks, converses
from lineform.scenarios.effect import Ask, Call

REACTIONS: Final[Sequence[Reaction]] = (converses,)
"""Asked in this order about every happening; scenarios come after all of them."""

DOERS: Final[Mapping[type[Ask | Call], Doer]] = {
    Ask: asks,
    Call: intend,
}
"""By the type of the effect: what does it, and what follows from that at once."""
