"""XML from a device: read with no DTD at all, and only as much of it as a camera ever sends.

A DTD is how a document makes its reader fetch files or grow without end, and no ONVIF message has one, so a bare
DOCTYPE is already refused. The parser stops where it meets one: nothing of it is read.
"""

from lxml import etree

from ingest.errors import ReplyRefused

MOST_ELEMENTS = 50_000  # a 64-channel recorder names its profiles in about 15,000
DEEPEST = 64


class _Refusal(Exception):
    pass


class _Gate:
    """A target for lxml's parser that builds nothing: it looks at what comes and stops the parser."""

    def __init__(self) -> None:
        self._elements = self._depth = 0

    def doctype(self, _name: str, _public: str | None, _system: str | None) -> None:
        raise _Refusal("its answer has a DOCTYPE, which no ONVIF message has")

    def start(self, _tag: str, _attributes: object) -> None:
        self._elements += 1
        self._depth += 1
        if self._elements > MOST_ELEMENTS or self._depth > DEEPEST:
            raise _Refusal(f"its answer has more than {MOST_ELEMENTS} elements, or more than {DEEPEST} in each other")

    def end(self, _tag: str) -> None:
        self._depth -= 1

    def close(self) -> None:
        return None


def check_xml(content: bytes, device: str) -> None:
    """Raises ReplyRefused unless the content is well-formed XML without a DTD, and of bearable size."""
    try:
        etree.fromstring(content, _parser(_Gate()))
    except _Refusal as refusal:
        raise ReplyRefused(device, str(refusal)) from refusal
    except (etree.XMLSyntaxError, ValueError) as error:
        raise ReplyRefused(device, "its answer is no XML") from error


def read_xml(content: bytes, device: str) -> etree._Element:
    """The root element of checked XML. Raises ReplyRefused as `check_xml` does."""
    check_xml(content, device)
    return etree.fromstring(content, _parser(None))


def _parser(target: _Gate | None) -> etree.XMLParser:
    return etree.XMLParser(target=target, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
