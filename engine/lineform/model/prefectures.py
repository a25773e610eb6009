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
    "0010000010078 0100000050185 0185501020185 0185511050192 0200000030295 0300111020395 0400000010996 "
    "1000000131008 1008620111008 1008621131008 1008639111008 1008640131008 1008677121008 1008791131218 "
    "1218729111218 1230841131748 1748741111748 1748744132088 2100000142208 2208604132208 2208609142478 "
    "2478566132478 2478570142591 2600000122995 3000000083114 3114411093114 3114501083193 3200001093294 "
    "3300000113491 3491221093491 3491292113691 3700000103701 3701507113701 3701511103708 3708686133708 "
    "3710000103792 3800801203840 3840097103840 3840301203890 3890121103890 3890192203892 3892261153892 "
    "3892292203999 4000000194093 4100000224314 4314121234314 4314195224398 4400001234980 4980801244980 "
    "4988501234988 4988503244988 4988505234988 5000000215099 5100000245195 5200000255200 5200461265200 "
    "5200471255291 5300000275390 5398794285398 5400001275630 5630801285630 5638510275998 6000000266180 "
    "6180001276180 6180071266188 6188502276188 6188511266188 6188518276188 6188525266188 6188555276188 "
    "6188558266188 6188570276188 6190200266293 6300000296300 6300271276300 6300288296393 6400000306471 "
    "6471271296471 6471294306471 6471321246471 6471581296471 6471600306480 6480300296480 6480401306497 "
    "6500000286795 6800000316840 6840100326840 6848501316848 6850000326858 6890101316895 6900000326995 "
    "7000000337193 7200001347398 7400000357596 7600000377692 7700000367795 7800000397891 7900001387993 "
    "8000000408114 8115100428115 8120000408168 8170000428178 8180000408391 8391421448391 8391493408398 "
    "8400001418480 8480401428480 8488501418498 8500000428596 8600001438696 8700001448708 8710000408710 "
    "8710001448710 8710226408710 8710295448710 8710801408710 8718501448718 8718585408718 8718609448797 "
    "8800000458894 8900000468998 9000000479078 9100001189192 9200000179220 9220679189220 9220801179292 "
    "9300001169390 9390171179390 9390192169398 9400000159498 9498321209498 9498401159594 9600000079793 "
    "9800000049896 9900000069998"
)
_EACH = _RANGES.split()
"""The first code of each range, the number of its prefecture, and how its last code begins."""
_CODES = [one[:7] for one in _EACH]
_AREAS = (
    "000 008 009 032 117 118 119 122 126 127 128 129 138 139 147 148 149 159 172 199 200 209 217 218 219 228 229 "
    "268 269 280 281 291 423 429 499 548 588 608 609 628 686 687 688 724 748 908 909 977 978"
)
_UNUSED = frozenset(_AREAS.split())
"""Beginnings of three digits that no code has."""
_CODE = re.compile(r"(\d{3})[-\u2010-\u2015\u2212\u30fc\uff0d]?(\d{4})")


def postcode_of(text: str) -> str | None:
    """The seven digits of a postcode as people write it (half-width digits, with a hyphen or without, 〒 before it);
    None where `text` is none."""
    found = _CODE.fullmatch(text.strip().removeprefix("〒").strip())
    return found[1] + found[2] if found else None


def prefecture_of(code: str) -> str | None:
    """The prefecture of seven digits; None where no postcode begins so. One that lies between two that are used is
    taken for a postcode: new ones are made every month."""
    place = bisect_right(_CODES, code)
    if not place or code[:3] in _UNUSED or code[:4] > _EACH[place - 1][9:]:
        return None
    return PREFECTURES[int(_EACH[place - 1][7:9]) - 1]


_SHORT = {name if name == "北海道" else name[:-1]: name for name in PREFECTURES}


def prefecture_named(text: str) -> str | None:
    """The prefecture that a text names, with its last character or without it: 東京都, 東京."""
    word = text.strip()
    return word if word in PREFECTURES else _SHORT.get(word)
