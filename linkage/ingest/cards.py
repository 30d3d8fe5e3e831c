"""Card numbers: how one is told from a token. What looks like one is refused and stored nowhere, digests included.

A number is refused when its length and first digits belong to a known issuer range and its Luhn check sum is right.
Ranges: ISO/IEC 7812 issuer identification numbers as the networks publish them.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

#: Length and leading digits of the large networks, for digits without separators.
CARD_PATTERN = (
    r"(?:4[0-9]{12}(?:[0-9]{3}(?:[0-9]{3})?)?"  # Visa
    r"|5[1-5][0-9]{14}|2(?:22[1-9]|2[3-9][0-9]|[3-6][0-9]{2}|7[01][0-9]|720)[0-9]{12}"  # Mastercard
    r"|3[47][0-9]{13}"  # American Express
    r"|(?:6011|64[4-9][0-9]|65[0-9]{2})[0-9]{12,15}"  # Discover
    r"|35(?:2[89]|[3-8][0-9])[0-9]{12,15}"  # JCB
    r"|3(?:0[0-59]|[689][0-9])[0-9]{11,16}"  # Diners Club
    r"|62[0-9]{14,17}|81[0-9]{14,17}"  # UnionPay
    r"|(?:50[0-9]{2}|5[6-8][0-9]{2}|6304|67[0-9]{2}|639[0-9])[0-9]{9,15}"  # Maestro
    r"|220[0-4][0-9]{12,15}"  # Mir
    r"|60[0-9]{14}|508[0-9]{13}"  # RuPay
    r"|9792[0-9]{12}"  # Troy
    r"|1[0-9]{14})"  # UATP
)

#: A whole number as a column of floats writes it: 4111111111111111.0, or 4.111111111111111E15.
REAL_PATTERN = r"[0-9]{13,19}[.]0*|[0-9][.][0-9]{1,18}[eE][+]?1[2-8]"

_CARD = re.compile(CARD_PATTERN)
_REAL = re.compile(REAL_PATTERN)
#: In a record, what stands between groups is a single blank, dot or dash.
_GROUPED = re.compile(r"(?=([0-9](?:[ .\-]?[0-9]){12,18}))")
_SEPARATORS = str.maketrans("", "", " .-")


def is_card_number(text: str) -> bool:
    """Whether ``text`` as a whole is a card number, grouped or not, or written as a float.

    >>> is_card_number("4111 1111 1111 1111"), is_card_number("4111111111111111.0"), is_card_number("4111111111111112")
    (True, True, False)
    """
    text = unicodedata.normalize("NFKC", text).strip()
    if _REAL.fullmatch(text) and _is_card(str(int(Decimal(text)))):
        return True
    # In groups or not: whatever stands between the digits is no letter.
    return not re.search("[A-Za-z]", text) and _is_card(re.sub("[^0-9]", "", text))


def holds_card_number(text: str) -> bool:
    """Whether a card number stands anywhere in ``text``, say in a row that could not be taken apart."""
    for match in _GROUPED.finditer(text):
        digits = match.group(1).translate(_SEPARATORS)
        if any(_is_card(digits[:length]) for length in range(13, len(digits) + 1)):
            return True
    return False


def _is_card(digits: str) -> bool:
    return _CARD.fullmatch(digits) is not None and _luhn(digits)


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
