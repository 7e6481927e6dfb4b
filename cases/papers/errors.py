"""What can go wrong with a paper of a case file. Each has a key, `why`; the desk says it in two languages."""

from pathlib import Path

from cases.casework.errors import FileRefused


class PaperRefused(FileRefused):
    """A paper is not made or signed, or a number not drawn. why: the key of its sentence; facts: what it names."""


class TemplateRefused(PaperRefused):
    """A template cannot be filled. where: the piece of it that is wrong, as it stands there."""

    def __init__(self, template: str, what: str, where: str = "") -> None:
        super().__init__("template_refused", template=template, what=what, where=where)


class SiteDataUnusable(PaperRefused):
    """A file of the site's own folder of papers cannot be read."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__("site_data_unusable", file=path.name, what=what)


class PaperDamaged(PaperRefused):
    """The bytes of a paper are not those that were made, or are not to be had."""

    def __init__(self, what: str) -> None:
        super().__init__("paper_damaged", what=what)
