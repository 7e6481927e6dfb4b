"""What the program put on record in a sentence of its own, said in the language of who reads it.

Rows and logs hold one English sentence, whoever reads them: why a stream was lost, what a gap was, why a file failed.
Here such a sentence is found among those of [on_record] in words/, and said anew with the same facts. What is not
found, a word of an operating system perhaps, is shown as it stands.
"""

import re
from functools import cache

from cases.languages import Language
from review_ui.catalog import Catalog, load

RECORDED_IN: Language = "en"
TABLE = "on_record."
OURS_TOO = ("why", "what", "doing")  # facts that are sentences of the program themselves; others are people's or names


def retold(catalog: Catalog, sentence: str) -> str:
    if catalog.language == RECORDED_IN:
        return sentence
    for key, pattern in _patterns():
        found = pattern.fullmatch(sentence)
        if found:
            facts = found.groupdict()
            return catalog.say(
                key, **facts | {name: retold(catalog, facts[name]) for name in OURS_TOO if name in facts}
            )
    return sentence


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    """Those that say most by themselves first: a general one is also like many others."""
    known = [(key, text) for key, text in load(RECORDED_IN).sentences.items() if key.startswith(TABLE)]
    known.sort(key=lambda each: -len(re.sub(r"\{\w+\}", "", each[1])))
    return [
        (key, re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+?)", re.escape(text)), re.DOTALL)) for key, text in known
    ]
