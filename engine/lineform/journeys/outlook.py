"""What a plan says about a scenario that it arms: whom it takes in at once, and what becomes of those in the middle."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lineform.journeys.looks import look_at_existing, never_in
from lineform.ports.journeys import Stand
from lineform.ports.store import Store
from lineform.run.options import Run
from lineform.run.outcome import Outcome, TickEntry
from lineform.scenarios.doing import messages_in
from lineform.scenarios.enrolment import OPEN
from lineform.scenarios.script import Script, read_script
from lineform.sending.revision import Revisioned
from lineform.sending.wording import all_spoken

_INSIDE = {"keep": "end what they began", "move": "go on in the new version", "stop": "leave"}


async def scenario_outlook(run: Run, address: str, revised: Revisioned) -> TickEntry:
    """Friends for whom it is true already, of whom each is taken in once, and friends in the middle of an older
    version. Nothing is written."""
    script = read_script(address, revised.digest, revised.body)
    return await run.records(_outlook, run, script)


def _outlook(run: Run, script: Script) -> TickEntry:
    store, account = run.store, run.client.name
    existing = _taken_in(store, account, script, run)
    inside = sum(one.count for one in store.stands(account) if _in_older(one, script))
    said = [_who(script)]
    if script.existing is not None:
        said.append(f"{existing:,} for whom it is true already are taken in at once")
    if inside:
        said.append(f"{inside:,} in the middle of an older version {_INSIDE[script.in_flight]}")
    reads = tuple(_reads(script))
    return TickEntry(script.address, "", Outcome.WOULD_BEGIN, existing, reason="; ".join(said), reads=reads)


def _reads(script: Script) -> Iterator[str]:
    """What each step says, on whatever way it goes on."""
    for step in script.steps:
        waiting = () if step.wait is None else (step.wait.met, step.wait.missed)
        for way in (step.way, *(way for _, way in step.arms), *waiting):
            for text in all_spoken(messages_in(way.actions), script.context):
                yield f"{step.id}: {text}"


def _taken_in(store: Store, account: str, script: Script, run: Run) -> int:
    """How many the look at those for whom it is true already takes in; none where it was made before."""
    if script.existing is None:
        return 0
    armed = next((one for one in store.armed(account) if one.address == script.address), None)
    if armed is not None:
        look = look_at_existing(replace(script, since=armed.since or armed.armed_at), script.existing)
        if look in store.swept(account, (look,)):
            return 0
    now = run.clock.now()
    if not any(one.scenario == script.name for one in store.stands(account)):
        return store.count(account, script.existing, now)
    return never_in(store, account, script.name, store.select(account, script.existing, now))


def _in_older(one: Stand, script: Script) -> bool:
    return one.scenario == script.name and one.state in OPEN and one.version != script.version


def _who(script: Script) -> str:
    return {
        "new": "begins for friends to whom it happens from the apply on",
        "existing": "begins for those for whom it is true already, and for nobody else",
        "both": "begins for friends to whom it happens from the apply on",
    }[script.enroll]
