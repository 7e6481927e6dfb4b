"""Prints: which original in a bundle a printed picture was made from, by the anti-forgery code in its strip.

Asked of a bundle that was verified: the digests are those of the files as they lie in it.
"""

from pathlib import Path

from evidence.bundle_files import EXHIBITS
from evidence.contents import opened
from evidence.derivatives.anti_forgery import code_of


def originals_in(bundle: Path, code: str) -> list[str]:
    """Names of the exhibits in the bundle whose code it is. Raises NotABundle."""
    with opened(bundle) as contents:
        return sorted(
            name
            for name, found in contents.files.items()
            if name.startswith(EXHIBITS) and code_of(found.sha256) == code
        )
