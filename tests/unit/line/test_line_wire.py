"""The sends' own HTTP: whatever way an answer is cut into pieces, it is read whole or called trouble."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineform.line.body import Head, Trouble, reader_of
from lineform.line.wire import Wire, WireAnswer

OK = b"HTTP/1.1 200 OK\r\nX-Line-Request-Id: r-1\r\nContent-Length: 2\r\n\r\n{}"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x=y\r\n{\r\n1\r\n}\r\n0\r\nTrailer: t\r\n\r\n"


def pieces(data: bytes, cuts: Sequence[int]) -> list[bytes]:
    edges = [0, *sorted({cut for cut in cuts if 0 < cut < len(data)}), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


async def talk(
    answers: Sequence[list[bytes] | None], use: Callable[[Wire], Awaitable[object]], **settings: float
) -> tuple[object, list[int]]:
    """What `use` returns or raises at a server that gives one answer a request (None: silence, nothing: it hangs up),
    and the requests that each connection brought."""
    left = list(answers)
    brought: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = len(brought)
        brought.append(0)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
                await reader.readexactly(length)
                brought[number] += 1
                answer = left.pop(0) if len(left) > 1 else left[0]
                if answer is None:
                    await reader.read()
                for piece in answer or ():
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(0)
                if not answer or b"Connection: close" in b"".join(answer):
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    options = {"timeout": 5.0, "keep_alive": 4.0, **settings}
    wire = Wire(origin, {"A": "b"}, connections=2, longest=1000, **options)
    try:
        found: object = await use(wire)
    except (Trouble, OSError) as error:
        found = error
    finally:
        await wire.close()
        server.close()
        await server.wait_closed()
    return found, brought


def ask(wire: Wire) -> Awaitable[WireAnswer]:
    return wire.exchange("/v2/bot/message/push", "key", b"{}")


async def ask_twice(wire: Wire) -> tuple[int, int]:
    return (await ask(wire)).status, (await ask(wire)).status


@given(st.sampled_from([OK, CHUNKED]), st.lists(st.integers(1, 120), max_size=6))
def test_an_answer_is_the_same_however_it_is_cut(answer: bytes, cuts: list[int]) -> None:
    head, _, rest = answer.partition(b"\r\n\r\n")
    reader = reader_of(Head.read(head), 1000)
    ends = [reader.feed(piece) for piece in pieces(rest, cuts)]
    assert (reader.body, reader.exact, reader.cut) == (b"{}", True, False)
    assert ends == [False] * (len(ends) - 1) + [True]


@pytest.mark.parametrize("answer", [OK, CHUNKED], ids=["sized", "chunked"])
def test_a_connection_carries_one_request_after_another(answer: bytes) -> None:
    found, brought = asyncio.run(talk([pieces(answer, range(0, 200, 7))], ask_twice))
    assert found == (200, 200)
    assert brought == [2]


@pytest.mark.parametrize(
    "answer", [OK + b"HTTP/1.1 200", OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")], ids=["more", "close"]
)
def test_a_connection_with_more_on_it_or_that_ends_is_not_used_again(answer: bytes) -> None:
    found, brought = asyncio.run(talk([[answer]], ask_twice))
    assert found == (200, 200)
    assert brought == [1, 1]


def test_an_interim_answer_is_passed_over() -> None:
    found, _ = asyncio.run(talk([[b"HTTP/1.1 103 Early Hints\r\n\r\n" + OK]], ask))
    assert isinstance(found, WireAnswer)
    assert (found.status, found.headers[b"x-line-request-id"], found.body) == (200, b"r-1", b"{}")


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-dropbear\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{}}",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000,
        b"",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 9\r\n\r\n{}",
    ],
)
def test_what_is_not_understood_or_not_whole_is_trouble(answer: bytes) -> None:
    found, brought = asyncio.run(talk([[answer] if answer else []], ask))
    assert isinstance(found, Trouble)
    assert brought == [1]


def test_an_answer_that_ends_with_its_connection_is_whole() -> None:
    found, _ = asyncio.run(talk([[b"HTTP/1.1 400 Bad\r\nConnection: close\r\n\r\n{", b"}"]], ask))
    assert isinstance(found, WireAnswer)
    assert (found.status, found.body, found.whole) == (400, b"{}", True)


def test_of_an_answer_that_is_too_long_the_beginning_is_kept() -> None:
    long = b"HTTP/1.1 500 No\r\nContent-Length: 5000\r\n\r\n" + b"x" * 5000
    found, _ = asyncio.run(talk([[long]], ask))
    assert isinstance(found, WireAnswer)
    assert (len(found.body), found.whole) == (1000, False)


def test_silence_is_trouble_after_the_time_out_and_the_connection_is_given_up() -> None:
    async def use(wire: Wire) -> int:
        with pytest.raises(Trouble, match=r"no answer within 0\.1 seconds"):
            await ask(wire)
        return (await ask(wire)).status

    found, brought = asyncio.run(talk([None, [OK]], use, timeout=0.1))
    assert (found, brought) == (200, [1, 1])


def test_many_requests_share_the_connections_that_may_be_open() -> None:
    async def use(wire: Wire) -> int:
        return len([await one for one in asyncio.as_completed([ask(wire) for _ in range(30)])])

    found, brought = asyncio.run(talk([[OK]], use))
    assert found == 30
    assert len(brought) <= 2
    assert sum(brought) == 30


def test_a_request_that_is_given_up_leaves_its_place_to_others() -> None:
    async def use(wire: Wire) -> int:
        tasks = [asyncio.ensure_future(ask(wire)) for _ in range(4)]
        await asyncio.sleep(0.05)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return (await ask(wire)).status

    found, _ = asyncio.run(talk([None, None, [OK]], use))
    assert found == 200


def test_a_header_that_would_end_its_line_is_refused_without_its_text() -> None:
    with pytest.raises(ValueError, match="does not allow") as caught:
        Wire("http://h", {"Authorization": "secret\r\nX: y"}, timeout=1, connections=1, keep_alive=1, longest=1)
    assert "secret" not in str(caught.value)
