"""Japan's prefectures, and which of them a postcode lies in.

The ranges are facts of Japan Post's lists of postcodes and of large offices' own codes, as of October 2026
(https://www.post.japanpost.jp/zipcode/download.html, on which Japan Post claims no copyright): 142,920 codes change
their prefecture 134 times in ascending order. A library that holds the whole list weighs 84 MB.
"""

from __future__ import annotations

import re
from bisect import bisect_right

_NAMES = (
    "北海道 青森県 岩手県 宮城県 秋田県 山形県 福島県 茨城県 栃木県 群馬県 埼玉県 千葉県 東京都 "
    "神奈川県 新潟県 富山県 石川県 福井県 山梨県 長野県 岐阜県 静岡県 愛知県 三重県 滋賀県 京都府 "
    "大阪府 兵庫県 奈良県 和歌山県 鳥取県 島根県 岡山県 広島県 山口県 徳島県 香川県 愛媛県 高知県 "
    "福岡県 佐賀県 長崎県 熊本県 大分県 宮崎県 鹿児島県 沖縄県"
)
PREFECTURES = tuple(_NAMES.split())
"""The 47, by their number in JIS X 0401: the first is Hokkaido, the thirteenth Tokyo."""

_RANGES = (
    "001000001 010000005 018550102 018551105 020000003 030011102 040000001 100000013 100862011 100862113 100863911 "
    "100864013 100867712 100879113 121872911 123084113 174874111 174874413 210000014 220860413 220860914 247856613 "
    "247857014 260000012 300000008 311441109 311450108 320000109 330000011 349122109 349129211 370000010 370150711 "
    "370151110 370868613 371000010 380080120 384009710 384030120 389012110 389019220 389226115 389229220 400000019 "
    "410000022 431412123 431419522 440000123 498080124 498850123 498850324 498850523 500000021 510000024 520000025 "
    "520046126 520047125 530000027 539879428 540000127 563080128 563851027 600000026 618000127 618007126 618850227 "
    "618851126 618851827 618852526 618855527 618855826 618857027 619020026 630000029 630027127 630028829 640000030 "
    "647127129 647129430 647132124 647158129 647160030 648030029 648040130 650000028 680000031 684010032 684850131 "
    "685000032 689010131 690000032 700000033 720000134 740000035 760000037 770000036 780000039 790000138 800000040 "
    "811510042 812000040 817000042 818000040 839142144 839149340 840000141 848040142 848850141 850000042 860000143 "
    "870000144 871000040 871000144 871022640 871029544 871080140 871850144 871858540 871860944 880000045 890000046 "
    "900000047 910000118 920000017 922067918 922080117 930000116 939017117 939019216 940000015 949832120 949840115 "
    "960000007 980000004 990000006"
)
_STARTS = _RANGES.split()
"""The first code of each range, and the number of its prefecture."""
_CODES = [start[:7] for start in _STARTS]
_CODE = re.compile(r"(\d{3})[-\u2010-\u2015\u2212\u30fc\uff0d]?(\d{4})")


def postcode_of(text: str) -> str | None:
    """The seven digits of a postcode as people write it (half-width digits, with a hyphen or without, 〒 before it);
    None where `text` is none."""
    found = _CODE.fullmatch(text.strip().removeprefix("〒").strip())
    return found[1] + found[2] if found else None


def prefecture_of(code: str) -> str | None:
    """The prefecture of seven digits; None where no postcode begins so."""
    place = bisect_right(_CODES, code)
    return PREFECTURES[int(_STARTS[place - 1][7:]) - 1] if place else None


_SHORT = {name if name == "北海道" else name[:-1]: name for name in PREFECTURES}


def prefecture_named(text: str) -> str | None:
    """The prefecture that a text names, with its last character or without it: 東京都, 東京."""
    word = text.strip()
    return word if word in PREFECTURES else _SHORT.get(word)
