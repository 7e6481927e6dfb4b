"""Pinyin: the first letters of Chinese words, by which they are found without an input method.

The reading of a character that has several is the one its word asks for; where a word is not known, the usual one.
"""


def initials(text: str) -> str:
    """`违反规定停放机动车` becomes `wfgdtfjdc`; what is no Chinese stays, without spaces, in lower case."""
    # here and not above: its dictionary of words costs a process 57 MB and a fifth of its start, and few ever ask
    from pypinyin import Style, lazy_pinyin  # noqa: PLC0415

    letters = "".join(lazy_pinyin(text, style=Style.FIRST_LETTER)).lower()
    return "".join(sign for sign in letters if sign.isascii() and sign.isalnum())
