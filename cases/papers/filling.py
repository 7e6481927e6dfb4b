"""Filling: a template, which a bureau may have edited in Word, and plain values make a DOCX.

A template is input: it runs in Jinja's sandbox, is given values of plain types alone, and so reaches nothing of the
program. One that does not fill is refused with the piece of it that is wrong. The site's own folder goes before ours.
"""

import hashlib
import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from docx.opc.exceptions import PackageNotFoundError
from docx.shared import Cm
from docxtpl import DocxTemplate
from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from lxml import etree
from markupsafe import Markup

from cases.draft_paper import NOT_IN_XML
from cases.papers.errors import TemplateRefused
from cases.papers.packing import repacked
from cases.papers.template_layouts import FOLDER, file_name
from models.enums import PaperKind

OWN = "streetwitness"
LARGEST_TEMPLATE = 2_000_000  # bytes of the file
LARGEST_UNPACKED = 30_000_000
PICTURE_WIDTH, PICTURE_HEIGHT = Cm(14.0), Cm(9.0)
FILTERS = frozenset({"default", "e", "escape", "first", "join", "last", "length", "lower", "trim", "upper"})
MOST_COMPILED = 600  # texts: a template has its body, its footer and its properties
SHOWN = 120
BREAKS_A_PARAGRAPH = re.compile(r"[\a\f\v]")  # docxtpl takes these for its own


@dataclass(frozen=True)
class Template:
    """name: as it is shown and refused by. sha256: of its bytes, kept with every paper filled from it."""

    name: str
    held: bytes
    sha256: str


def template_of(kind: PaperKind, folder: Path | None) -> Template:
    """folder: of the site's own templates. Raises TemplateRefused for one that is no DOCX, or too large."""
    own = None if folder is None else folder / "templates" / file_name(kind)
    if own is not None and own.is_file():
        name, held = own.name, own.read_bytes()
    else:
        name, held = f"{OWN}/{file_name(kind)}", (FOLDER / file_name(kind)).read_bytes()
    _look_into(name, held)
    return Template(name, held, hashlib.sha256(held).hexdigest())


def fill(template: Template, values: Mapping[str, Any], pictures: Mapping[str, bytes]) -> bytes:
    """The filled DOCX; the same template, values and pictures give the same bytes. Raises TemplateRefused.

    pictures: by the SHA-256 that the values name them by; one that is not given stays out, with its caption.
    """
    document = _Document(io.BytesIO(template.held))
    document.render_init()
    said = _clean(dict(values))
    for entry in said.get("pictures", []):
        entry["image"] = _picture(document, pictures.get(entry["sha256"]))
    try:
        document.render(said, _environment())
        saved = io.BytesIO()
        document.save(saved)
    except TemplateSyntaxError as error:
        raise TemplateRefused(template.name, error.message or "it cannot be read", _near(error)) from error
    except TemplateError as error:  # what is not defined, and what the sandbox does not allow
        raise TemplateRefused(template.name, error.message or "it cannot be filled", _near(error)) from error
    except etree.XMLSyntaxError as error:
        what = "a tag begins in one paragraph, row or cell and ends in another"
        raise TemplateRefused(template.name, what) from error
    except (TypeError, ValueError, ArithmeticError, LookupError) as error:  # what an expression of the template did
        raise TemplateRefused(template.name, str(error)) from error
    return repacked(saved.getvalue())


class _Document(DocxTemplate):  # type: ignore[misc] # the library has no types
    """docxtpl mends XML that is not whole by leaving out what it cannot place; a paper is whole or refused."""

    def fix_tables(self, xml: str) -> Any:
        etree.fromstring(xml)
        return super().fix_tables(xml)


class _Environment(ImmutableSandboxedEnvironment):
    """Jinja's sandbox, narrowed: a template shows values, repeats over lists and asks whether something is there.

    It has nothing to call, and no arithmetic by which a few characters become gigabytes.
    """

    intercepted_binops = frozenset({"*", "**", "%"})

    def __init__(self) -> None:
        super().__init__(autoescape=True, undefined=StrictUndefined)
        self.globals.clear()
        self.filters = {name: known for name, known in self.filters.items() if name in FILTERS}
        # docxtpl hands over the text of a template anew for each paper; compiling it is most of the work
        self._compiled = lru_cache(MOST_COMPILED)(super().from_string)

    def from_string(self, source: Any, *_arguments: Any, **_named: Any) -> Any:
        return self._compiled(source)

    def call(self, /, *_arguments: Any, **_named: Any) -> Any:
        raise SecurityError("a template calls nothing; it shows values and repeats over lists")

    def call_binop(self, _context: Any, operator: str, _left: Any, _right: Any) -> Any:
        raise SecurityError(f"a template does not reckon with {operator}")


@cache
def _environment() -> _Environment:
    return _Environment()


@lru_cache(len(PaperKind) * 2)
def _look_into(name: str, held: bytes) -> None:
    if len(held) > LARGEST_TEMPLATE:
        raise TemplateRefused(name, f"it is larger than {LARGEST_TEMPLATE:,} bytes")
    try:
        with zipfile.ZipFile(io.BytesIO(held)) as packed:
            unpacked = sum(member.file_size for member in packed.infolist())
            if unpacked > LARGEST_UNPACKED:
                raise TemplateRefused(name, f"unpacked it is larger than {LARGEST_UNPACKED:,} bytes")
            if any("vbaproject" in member.filename.lower() for member in packed.infolist()):
                raise TemplateRefused(name, "it carries macros")
        DocxTemplate(io.BytesIO(held)).init_docx()
    except (zipfile.BadZipFile, PackageNotFoundError, KeyError, ValueError, etree.XMLSyntaxError) as error:
        raise TemplateRefused(name, "it is no DOCX") from error


def _clean(value: Any) -> Any:
    """The same with texts that XML can hold."""
    if isinstance(value, str):
        return BREAKS_A_PARAGRAPH.sub(" ", NOT_IN_XML.sub("\ufffd", value.replace("\r\n", "\n").replace("\r", "\n")))
    if isinstance(value, dict):
        return {name: _clean(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_clean(each) for each in value]
    return value


def _picture(document: Any, held: bytes | None) -> Markup:
    """As a run of its own in the place of the text; nothing where the bytes are not given."""
    if held is None:
        return Markup()
    inline = document.docx.part.new_pic_inline(io.BytesIO(held), PICTURE_WIDTH)
    if inline.extent.cy > PICTURE_HEIGHT:
        inline = document.docx.part.new_pic_inline(io.BytesIO(held), None, PICTURE_HEIGHT)
    drawing = f"<w:drawing>{etree.tostring(inline, encoding='unicode')}</w:drawing>"
    return Markup(f'</w:t></w:r><w:r>{drawing}</w:r><w:r><w:t xml:space="preserve">')  # noqa: S704 - XML of the library


def _near(error: TemplateError) -> str:
    """The paragraph of the template that the library found it in, without what Word writes round it."""
    lines = [line.strip() for line in getattr(error, "docx_context", ())]
    return " ".join(line for line in lines if "{" in line)[:SHOWN]
