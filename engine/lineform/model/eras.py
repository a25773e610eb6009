"""Japan's eras, by which people write their years.

An era begins and ends in the middle of a year, so a year has two names and a name holds only some of its days. The day
on which Meiji and Taisho ended bears both names; from Showa on an era ends with a day. Before the first of January of
Meiji 6 the calendar was another, so its days are not those that `date` means
(https://docs.oracle.com/javase/8/docs/api/java/time/chrono/JapaneseDate.html).
"""

from __future__ import annotations

from datetime import date

_MEIJI = (1868, date(1873, 1, 1), date(1912, 7, 30))
_TAISHO = (1912, date(1912, 7, 30), date(1926, 12, 25))
_SHOWA = (1926, date(1926, 12, 25), date(1989, 1, 7))
_HEISEI = (1989, date(1989, 1, 8), date(2019, 4, 30))
_REIWA = (2019, date(2019, 5, 1), date.max)

_ERAS = {
    "明治": _MEIJI, "大正": _TAISHO, "昭和": _SHOWA, "平成": _HEISEI, "令和": _REIWA,
    "M": _MEIJI, "T": _TAISHO, "S": _SHOWA, "H": _HEISEI, "R": _REIWA,
}  # fmt: skip
"""By name and by letter, as forms in Japan print them: the first year, the first day and the last."""
ERAS = tuple(_ERAS)
"""What an era is called."""


def day_in_era(era: str, year: int, month: int, day: int) -> date | None:
    """The day that is called so; `year` counts from 1. None where it is one of the old calendar.

    Raises ValueError where the era has no such day."""
    first_year, first, last = _ERAS[era]
    if first_year + year - 1 < _MEIJI[1].year:
        return None
    found = date(first_year + year - 1, month, day)
    if not first <= found <= last:
        raise ValueError(f"{era} {year} has no such day")
    return found
