"""The rest of a held send, once a person let it go: sent as it was frozen, to those who may be sent to now."""

from __future__ import annotations

from lineform.ports.ledger import Send
from lineform.run.capping import Chosen, choose_again
from lineform.run.crew import Crew
from lineform.run.options import Run
from lineform.run.outcome import Outcome, TickEntry
from lineform.run.rollout import open_waves
from lineform.run.telling import note
from lineform.sending.caps import sentence
from lineform.sending.conclusion import untouched
from lineform.sending.quiet import Quiet
from lineform.sending.revision import Armed


async def send_rest(run: Run, held: Send, armed: Armed, quiet: Quiet | None, crew: Crew) -> None:
    """Opens every part that is left and has it delivered. While it was held it promised nothing to anybody, so the
    budget and the limits about its friends are judged anew: whoever is over a limit now is left out."""
    staged = await run.records(run.store.staged, held.id)
    recipients = held.recipients if untouched(held.batches, reopened=held.reopened) else sum(staged.values())
    chosen: Chosen = await run.records(choose_again, run, held, armed)
    capped = tuple(chosen.left.capped)
    if run.options.dry_run:
        entry = TickEntry(
            held.address, held.key, Outcome.WOULD_SEND, recipients=recipients - len(capped), capped=len(capped)
        )
        crew.tell(entry)
        return
    stopped = await open_waves(
        run, held, max(staged), recipients - len(capped), without=capped, position=chosen.position
    )
    if stopped is not None:
        crew.tell(stopped)
        return
    if said := sentence(chosen.left.why):
        await note(run, "capped", held.name, f"{said}; they are left out of the rest")
    await crew.deliver(run, held, quiet=quiet)
