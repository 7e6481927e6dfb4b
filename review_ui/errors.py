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


class PasswordDue(ReviewError):
    """Somebody else knows the password: it is changed before anything else is done."""

    status = 403
    words = "error.password_due"


class SignInElsewhereFailed(ReviewError):
    """Who came back from the house's own sign-in is not believed; the words are for the log."""

    status = 502
    words = "error.elsewhere_failed"


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


class NoViewingReason(ReviewError):
    """Pictures asked for by somebody who has not said what for."""

    status = 403
    words = "error.no_viewing_reason"


class DeletedByRule(ReviewError):
    """The bytes are gone because nothing needed them any longer; their digest and the proof of it are there."""

    status = 410
    words = "error.deleted_by_rule"


class RightMissing(ReviewError):
    status = 403
    words = "error.not_entitled"


class HoldNotChanged(ReviewError):
    """No reason, or somebody lifted it before."""

    status = 409
    words = "error.hold_not_changed"


class ServiceNotRecorded(ReviewError):
    words = "error.service_not_recorded"


class NoPrintReason(ReviewError):
    words = "error.no_print_reason"


class NotADay(ReviewError):
    words = "error.not_a_day"


class NoDerivativeReason(ReviewError):
    """A derivative asked for, or taken along, by somebody who has not said what for."""

    words = "error.no_derivative_reason"


class NotDerivable(ReviewError):
    status = 409
    words = "error.not_derivable"


class NotBelieved(ReviewError):
    """A webhook that is not shown to come from our provider."""

    status = 403
    words = "error.not_believed"


class ToldBefore(ReviewError):
    """A webhook that came before."""

    status = 409
    words = "error.told_before"


class WebhookUnreadable(ReviewError):
    words = "error.webhook_unreadable"


class BodyTooLarge(ReviewError):
    status = 413
    words = "error.too_large"


class MessageNotSentAgain(ReviewError):
    """No reason, or the message is not given up."""

    status = 409
    words = "error.message_not_sent_again"


class TooManyTries(ReviewError):
    """wait_s: when to come again, in whole seconds."""

    status = 429
    words = "error.too_many_tries"

    def __init__(self, wait_s: int) -> None:
        super().__init__(f"again in {wait_s} s")
        self.wait_s = wait_s


class TooManyRequests(TooManyTries):
    """More requests to the API within a minute than one token, or all tokens of one user, may make."""

    words = "error.too_many_requests"


class TooMuchSaid(ReviewError):
    """What an owner sent could not be kept."""

    status = 503
    words = "error.not_kept"


class NoApiToken(ReviewError):
    """The API is asked by who brings a token made for it."""

    status = 401
    words = "error.no_api_token"


class ApiRefused(ReviewError):
    """What a workflow refused, in its own sentence."""

    status = 409
    words = "error.bad_request"

    def __init__(self, refused: Exception) -> None:
        super().__init__(str(refused))


class NoUploadToken(ReviewError):
    """Files are taken from who brings a token made for that."""

    status = 401
    words = "error.no_upload_token"


class ViewNotRelearnt(ReviewError):
    """No reason: that a view was turned on purpose goes on record."""

    words = "error.view_not_relearnt"
