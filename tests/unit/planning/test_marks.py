"""The mark in a menu's name: what is written is read back, and what cannot be read is nobody's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from lineform.lineapi.counting import graphemes
from lineform.lineapi.limits import RICHMENU_NAME
from lineform.model.address import Address, Kind
from lineform.planning.marks import Mark, read_mark

NAMES = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,31}", fullmatch=True)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
MARKS = st.builds(
    Mark,
    NAMES,
    st.builds(Address, st.sampled_from(list(Kind)), NAMES),
    st.from_regex(r"[0-9a-f]{32}", fullmatch=True),
    MOMENTS.map(lambda moment: moment.replace(second=0, microsecond=0)),
    st.booleans(),
)


@given(MARKS)
def test_a_mark_is_read_back_as_it_was_written(mark: Mark) -> None:
    assert read_mark(str(mark)) == mark


@given(MARKS)
def test_a_mark_fits_into_a_name(mark: Mark) -> None:
    assert graphemes(str(mark)) <= RICHMENU_NAME


@given(MARKS, st.text(max_size=40).filter(lambda rest: not rest.startswith("!")))
def test_what_a_later_version_appends_is_no_hindrance(mark: Mark, rest: str) -> None:
    assert read_mark(str(mark) + rest) == mark


@given(st.text())
def test_no_other_text_is_a_mark(text: str) -> None:
    assert read_mark(text) is None


def test_what_only_resembles_a_mark_is_foreign() -> None:
    for name in (
        "lineform:salon/richmenu.main",
        "lineform:salon/richmenu.main@xyz+20261122T0719Z",
        "lineform:Salon/richmenu.main@0123456789abcdef+20261122T0719Z",
        "lineform:salon/poster.main@0123456789abcdef+20261122T0719Z",
        "lineform:salon/richmenu.main@0123456789abcdef+20261322T0719Z",
        " lineform:salon/richmenu.main@0123456789abcdef+20261122T0719Z",
        None,
        7,
    ):
        assert read_mark(name) is None


def test_a_mark_is_written_in_utc() -> None:
    tokyo = datetime(2026, 11, 22, 16, 19, tzinfo=timezone(timedelta(hours=9)))
    mark = Mark("salon", Address.parse("richmenu.main"), "0123456789abcdef", tokyo, protected=True)
    assert str(mark) == "lineform:salon/richmenu.main@0123456789abcdef+20261122T0719Z!"
