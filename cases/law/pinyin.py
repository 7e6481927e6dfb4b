"""Pinyin: the first letters of Chinese words, by which they are found without an input method.

The reading of a character that has several is the one its word asks for; where a word is not known, the usual one.
"""

from pypinyin import Style, lazy_pinyin


def initials(text: str) -> str:
    """`违反规定停放机动车` becomes `wfgdtfjdc`; what is no Chinese stays, without spaces, in lower case."""
    letters = "".join(lazy_pinyin(text, style=Style.FIRST_LETTER)).lower()
    return "".join(sign for sign in letters if sign.isascii() and sign.isalnum())
