"""What can go wrong at the door of the review desk.

Each names the key of its sentence in words/*.toml; review_ui/app.py turns it into a page.
"""


class ReviewError(Exception):
    """A request that is answered with a sentence instead of the page asked for."""

    status = 400
    words = "error.bad_request"


class NotSignedIn(ReviewError):
    status = 401
    words = "error.not_signed_in"


class FormNotOurs(ReviewError):
    """A form that did not come from a page of ours: another site's, or one from before the sign-in."""

    status = 403
    words = "error.form_not_ours"


class NotAScraper(ReviewError):
    """Metrics are for who brings the token of the settings."""

    status = 401
    words = "error.not_a_scraper"


class NotFound(ReviewError):
    status = 404
    words = "error.not_found"


class BytesMissing(ReviewError):
    """The row is there, the vault has no such object."""

    status = 404
    words = "error.bytes_missing"


class TooBusy(ReviewError):
    status = 503
    words = "error.too_busy"


class NoExportReason(ReviewError):
    words = "error.no_export_reason"


class ExportNotMade(ReviewError):
    status = 500
    words = "error.export_failed"


class DocumentNotMade(ReviewError):
    status = 500
    words = "error.document_failed"
