# SPDX-License-Identifier: Apache-2.0
"""From a line as written to words that can be looked up, and to phones where a dictionary has none.

The guess is for names above all ("Mara", "Theo"): it has to move the lips at the right time and close them on m, b
and p, not to be right about every vowel. US English, ARPAbet without stress.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["guess_phones", "words_of"]

_ASIDE = re.compile(r"\([^)]*\)|\[[^\]]*\]")  # (beat), [laughs]: direction, not dialogue
_TOKEN = re.compile(r"[a-z]+(?:'[a-z]+)*'?|\d+")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")
_SPOKEN = {
    "mr": "mister",
    "mrs": "missus",
    "ms": "miz",
    "dr": "doctor",
    "st": "saint",
    "vs": "versus",
    "etc": "etcetera",
}

_ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = (
    "zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
)  # fmt: skip

# Longest spelling first; letters that stay silent have no phones.
_SOUNDS: dict[str, str] = {
    "tion": "SH AH N", "sion": "ZH AH N", "ough": "AO", "augh": "AO", "eigh": "EY", "tch": "CH", "igh": "AY",
    "sch": "SH", "eau": "OW", "dge": "JH", "ch": "CH", "sh": "SH", "th": "TH", "ph": "F", "wh": "W", "ck": "K",
    "gh": "G", "kn": "N", "wr": "R", "qu": "K W", "ng": "NG", "ee": "IY", "ea": "IY", "ie": "IY", "ei": "EY",
    "ai": "EY", "ay": "EY", "ey": "IY", "oo": "UW", "ou": "AW", "ow": "OW", "oa": "OW", "oi": "OY", "oy": "OY",
    "au": "AO", "aw": "AO", "ew": "UW", "ue": "UW", "eo": "IY OW", "ia": "IY AH", "io": "IY OW", "ar": "AA R",
    "er": "ER", "ir": "ER", "or": "AO R", "ur": "ER", "a": "AE", "b": "B", "c": "K", "d": "D", "e": "EH", "f": "F",
    "g": "G", "h": "HH", "i": "IH", "j": "JH", "k": "K", "l": "L", "m": "M", "n": "N", "o": "AA", "p": "P", "q": "K",
    "r": "R", "s": "S", "t": "T", "u": "AH", "v": "V", "w": "W", "x": "K S", "y": "IY", "z": "Z", "'": "",
}  # fmt: skip
_LONG = {"a": "EY", "e": "IY", "i": "AY", "o": "OW", "u": "UW"}
_OPEN_END = {"a": "AH", "e": "IY", "i": "IY", "o": "OW", "u": "UW", "y": "IY"}  # a vowel that ends the word


def words_of(line: str) -> list[str]:
    """The words that are spoken, lower case: numbers read out, accents off, directions in brackets left out.

    >>> words_of("(beat) Mr. Dvořák’s 21 well-kept dogs!")
    ['mister', "dvorak's", 'twenty', 'one', 'well', 'kept', 'dogs']
    """
    plain = unicodedata.normalize("NFKD", _ASIDE.sub(" ", line).replace("’", "'"))
    plain = "".join(c for c in plain if not unicodedata.combining(c)).casefold()
    words: list[str] = []
    for token in _TOKEN.findall(_THOUSANDS.sub("", plain)):
        words += _number(int(token)) if token.isdigit() else [_SPOKEN.get(token, token.strip("'"))]
    return words


def guess_phones(word: str) -> list[str]:
    """Phones of a word that no dictionary has, from its spelling.

    >>> guess_phones("mara"), guess_phones("jane")
    (['M', 'AA', 'R', 'AH'], ['JH', 'EY', 'N'])
    """
    magic = re.fullmatch(r"(.*[^aeiou])?([aeiou])([^aeiouwxy])e", word)  # the silent e of "jane"
    if magic:
        before, vowel, after = magic.groups(default="")
        return [*_sounds(before), _LONG[vowel], *_sounds(after)]
    if len(word) > 1 and word[-1] in _OPEN_END and word[-2] not in "aeiou":
        return [*_sounds(word[:-1]), _OPEN_END[word[-1]]]
    return _sounds(word) or ["AH"]


def _sounds(letters: str) -> list[str]:
    phones: list[str] = []
    at = 0
    while at < len(letters):
        size = next((n for n in (4, 3, 2, 1) if letters[at : at + n] in _SOUNDS), 1)
        spelled = letters[at : at + size]
        soft = spelled in ("c", "g") and letters[at + 1 : at + 2] in ("e", "i", "y")
        phones += [{"c": "S", "g": "JH"}[spelled]] if soft else _SOUNDS.get(spelled, "").split()
        at += size
        while at < len(letters) and letters[at] == letters[at - 1] and letters[at] not in "aeiou":
            at += 1  # a doubled consonant is one sound
    return phones


def _number(value: int) -> list[str]:
    if value < 20:
        return [_ONES[value]]
    if value < 100:
        return [_TENS[value // 10], *_rest(value % 10)]
    if value < 1000:
        return [_ONES[value // 100], "hundred", *_rest(value % 100)]
    if value < 1_000_000:
        return [*_number(value // 1000), "thousand", *_rest(value % 1000)]
    return [_ONES[int(digit)] for digit in str(value)]


def _rest(value: int) -> list[str]:
    return _number(value) if value else []
