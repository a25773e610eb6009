"""What became of a narrowcast that LINE accepted: it works on it for minutes, and tells when asked.

https://developers.line.biz/en/reference/messaging-api/#get-narrowcast-progress-status
"""

from __future__ import annotations

from lineform.ports.ledger import Send
from lineform.ports.line_account import LineFailure, NotFound, Phase
from lineform.run.options import Run
from lineform.sending.status import SendStatus

_ERRORS = {
    1: "an internal error of LINE",
    2: "too few recipients for LINE's privacy floor",
    3: "a conflict of a repeated request",
    4: "an audience below LINE's privacy floor",
    5: "more recipients than the quota that is left, and partial delivery was forbidden",
}


async def poll(run: Run, send: Send) -> str:
    """Asks about an accepted narrowcast and records what became of it; a sentence where that is not known yet."""
    requests = await run.records(run.store.accepted_request_ids, send.id)
    if not requests:
        return "LINE's request id is not recorded yet"
    try:
        progress = await run.account.narrowcast_progress(requests[0])
    except NotFound:
        # After 14 days, LINE forgets.
        reason = "LINE accepted it and no longer knows what became of it"
        await run.records(run.store.conclude, send.id, SendStatus.UNCERTAIN, run.clock.now(), reason=reason)
        return ""
    except LineFailure as failure:
        return failure.message
    match progress.phase:
        case Phase.ONGOING:
            return "LINE is still working on it"
        case Phase.SUCCEEDED:
            status, reason = SendStatus.SENT, ""
            if progress.failure:
                status, reason = SendStatus.PARTIAL, f"{progress.failure:,} of {progress.target:,} were not reached"
        case Phase.FAILED:
            status = SendStatus.REFUSED if not progress.success else SendStatus.PARTIAL
            named = _ERRORS.get(progress.error_code, f"error {progress.error_code}")
            reason = f"LINE did not send it: {progress.description or named}"
    await run.records(run.store.conclude, send.id, status, run.clock.now(), reason=reason, recipients=progress.success)
    return ""
