"""What became of a send, from what became of its batches: never more than is known."""

from __future__ import annotations

from collections.abc import Mapping

from lineform.sending.status import OVER, BatchStatus, SendStatus

_OPEN = (BatchStatus.READY, BatchStatus.CALLING, BatchStatus.ANSWERING)
_UNCALLED = frozenset({BatchStatus.READY, BatchStatus.STAGED, BatchStatus.FORGOTTEN})
_ARRIVED = frozenset({BatchStatus.ACCEPTED, BatchStatus.ANSWERED})
_PERHAPS = frozenset({BatchStatus.CALLING, BatchStatus.ANSWERING, BatchStatus.UNCERTAIN})


def conclusion(batches: Mapping[BatchStatus, int], *, asynchronous: bool) -> SendStatus | None:
    """The status of a send whose batches count so; None while one may still be called.

    `asynchronous` tells that LINE goes on working after it accepted (narrowcast).
    """
    accepted, refused, uncertain = (
        batches.get(status, 0) for status in (BatchStatus.ACCEPTED, BatchStatus.REFUSED, BatchStatus.UNCERTAIN)
    )
    accepted += batches.get(BatchStatus.ANSWERED, 0)
    if any(batches.get(status, 0) for status in _OPEN):
        return None
    if batches.get(BatchStatus.STAGED, 0):
        return SendStatus.WAITING
    if uncertain:
        return SendStatus.UNCERTAIN
    if accepted and refused:
        return SendStatus.PARTIAL
    if refused:
        return SendStatus.REFUSED
    if not accepted:
        return SendStatus.EMPTY
    return SendStatus.ACCEPTED if asynchronous else SendStatus.SENT


def untouched(batches: Mapping[BatchStatus, int], *, reopened: bool = False) -> bool:
    """Whether no batch was ever called, as far as the ledger knows, so that the whole may still be called off.
    `reopened` tells that one was called and is ready again."""
    return not reopened and not any(count for status, count in batches.items() if status not in _UNCALLED)


def may_have_reached(batches: Mapping[BatchStatus, int], *, reopened: bool = False) -> bool:
    """Whether somebody received something of it, or may have, whatever became of the rest."""
    return reopened or any(batches.get(status, 0) for status in _ARRIVED | _PERHAPS)


def went_out(status: SendStatus, batches: Mapping[BatchStatus, int], *, reopened: bool = False) -> bool:
    """Whether a send reached somebody, or still may: a campaign with one date is sent no second time then."""
    return status not in OVER or may_have_reached(batches, reopened=reopened)
