"""The way of every call: who asks, how often, what goes wrong on purpose, then the handler, and all of it logged.

The order is: unknown path, token, rate, fault, retry key, body size, handler. One call is one transaction; a refusal
undoes whatever the handler had begun.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from lineform.lineapi import errors
from lineform.lineapi.buckets import Bucket
from lineform.lineapi.rates import rate_for
from lineform.sandbox import budget, retry_keys
from lineform.sandbox.accounts import Account
from lineform.sandbox.answers import Answer, Call, RefusedError, refuse
from lineform.sandbox.faults import AFTER, Fault, Faults, Kind
from lineform.sandbox.routing import Match, Routes
from lineform.sandbox.world import World

LONGEST_LOGGED = 64 * 1024


@dataclass(frozen=True, slots=True)
class Outcome:
    """What goes back. `hold` seconds pass first; with `cut` the connection ends and nothing goes back."""

    answer: Answer
    hold: float = 0.0
    cut: bool = False


class Gate:
    """Answers calls for one world. `log` keeps every request and answer for tests to read."""

    def __init__(self, world: World, routes: Routes, faults: Faults, *, log: bool = True) -> None:
        self._world = world
        self._routes = routes
        self._faults = faults
        self._log = log
        self._buckets: dict[tuple[int, str], Bucket] = {}

    def forget_rates(self) -> None:
        """Fill all buckets again, as after a reset or when the clock was turned back."""
        self._buckets.clear()

    def pass_through(self, call: Call) -> Outcome:
        """Handle one call completely; not to be entered twice at a time."""
        state = self._world.state
        self._settle()
        state.begin()
        try:
            account, fault, answer = self._handle(call)
            outcome = _outcome(fault, answer)
            if self._log:
                self._write_log(call, account, fault, outcome)
            state.commit()
        except BaseException:
            state.rollback()
            raise
        return outcome

    def _settle(self) -> None:
        """What was due is done in a transaction of its own: it stays, whatever becomes of this call."""
        if not self._world.has_due_jobs():
            return
        self._world.state.begin()
        try:
            self._world.settle()
            self._world.state.commit()
        except BaseException:
            self._world.state.rollback()
            self._world.look_for_jobs()
            raise

    def _handle(self, call: Call) -> tuple[Account | None, Fault | None, Answer]:
        account: Account | None = None
        fault: Fault | None = None
        try:
            match = self._match(call)
            if match.route.open_handler is None:
                account = self._authenticate(call)
            self._slow_down(account, call)
            fault = self._faults.meeting(call.method, call.path, account.name if account else None)
            if fault is not None and fault.kind not in AFTER:
                return account, fault, _fault_answer(fault)
            return account, fault, self._dispatch(match, account, call)
        except RefusedError as refused:
            # Nothing of what a refused handler had begun may stay.
            self._world.state.rollback()
            self._world.state.begin()
            return account, fault, refused.answer

    def _match(self, call: Call) -> Match:
        match = self._routes.find(call.method, call.path)
        if match is not None:
            return match
        if self._routes.knows(call.path):
            raise refuse(405, f"The request method, '{call.method}', is not supported")
        raise refuse(404, errors.NOT_FOUND)

    def _authenticate(self, call: Call) -> Account:
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise _unauthorized("Missing or malformed Authorization header")
        sql = "select a.*, t.expires from tokens t join accounts a on a.id=t.account where t.token=? and t.revoked=0"
        row = self._world.state.one(sql, token.strip())
        if row is None:
            raise _unauthorized("Invalid access token")
        if row["expires"] is not None and row["expires"] <= call.now:
            raise _unauthorized("The access token expired")
        return Account.from_row(row)

    def _slow_down(self, account: Account | None, call: Call) -> None:
        rate = rate_for(call.method, call.path)
        if not rate.documented or (account is not None and not account.settings.rate_limits):
            return
        key = (account.id if account else 0, rate.bucket)
        bucket = self._buckets.get(key) or Bucket.full(rate, call.now)
        self._buckets[key], passed = bucket.take(call.now)
        if not passed:
            raise refuse(429, errors.RATE_LIMITED)

    def _dispatch(self, match: Match, account: Account | None, call: Call) -> Answer:
        route = match.route
        retry_keys.check_header(call, allowed=route.retry_key)
        if len(call.body) > route.max_body:
            raise refuse(413, "Request Entity Too Large")
        if match.params:
            call = replace(call, params=match.params)
        if account is not None and route.handler is not None:
            return route.handler(self._world, account, call)
        if route.open_handler is not None:
            return route.open_handler(self._world, call)
        raise TypeError(f"{route.method} {route.template} has no handler")

    def _write_log(self, call: Call, account: Account | None, fault: Fault | None, outcome: Outcome) -> None:
        answer = outcome.answer
        headers = {name: value for name, value in call.headers.items() if name != "authorization"}
        self._world.state.run(
            "insert into requests (time, account, method, path, query, headers, body, status, answer, answer_headers,"
            " request_id, fault) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *(call.now, account.id if account else None, call.method, call.path, json.dumps(_loggable_query(call))),
            *(json.dumps(headers), _loggable(call.path, call.body)),
            *((None, None) if outcome.cut else (answer.status, _loggable(call.path, answer.body))),
            *(json.dumps(dict(answer.headers)), call.request_id, fault.kind.value if fault else None),
        )


def _loggable_query(call: Call) -> dict[str, str]:
    """Token calls carry tokens and assertions in their query; that they did may be seen, what they were may not."""
    return dict.fromkeys(call.query, "(not kept)") if "/oauth" in call.path else call.query


def _loggable(path: str, body: bytes) -> bytes | None:
    """Bodies with secrets in them (token calls) and large ones (images) are not kept."""
    if "/oauth" in path or len(body) > LONGEST_LOGGED:
        return None
    return body


def _unauthorized(reason: str) -> RefusedError:
    return refuse(401, f"Authentication failed due to the following reason: {reason}")


def _fault_answer(fault: Fault) -> Answer:
    match fault.kind:
        case Kind.RATE_LIMIT:
            return refuse(429, errors.RATE_LIMITED).answer
        case Kind.MONTHLY_LIMIT:
            return budget.monthly_limit().answer
        case _:
            return refuse(fault.status, "Internal server error").answer


def _outcome(fault: Fault | None, answer: Answer) -> Outcome:
    if fault is None:
        return Outcome(answer)
    match fault.kind:
        case Kind.ERROR_AFTER:
            return Outcome(_fault_answer(fault), fault.seconds)
        case Kind.TIMEOUT_BEFORE | Kind.TIMEOUT_AFTER | Kind.CUT_BEFORE | Kind.CUT_AFTER:
            return Outcome(answer, fault.seconds, cut=True)
        case _:
            return Outcome(answer, fault.seconds)
