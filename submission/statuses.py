"""What the platform says of how something is, in words."""

from __future__ import annotations

READY = {"Ready", "Complete", "Approved"}
FAILED = {"Error", "Failed", "Denied", "Deleted", "Terminated"}
REASONS = {
    "QuotaLimit": "it waits until a quota of the account or the platform allows it",
    "UnsatisfiedDependency": "it waits for something that it needs",
    "FailedDependency": "something that it needs has failed",
    "FetchFailed": "the platform could not fetch its files",
    "UploadFailed": "its upload was not complete",
    "WaitingForUpload": "the platform waits for its files",
    "Expired": "it took longer than it may",
    "Interrupted": "it was interrupted",
    "TerminateCommand": "somebody ended it",
    "DeleteCommand": "somebody deleted it",
}


def describe(status: str, reason: str | None, message: str | None) -> str:
    """A status in words."""
    parts = [part for part in (REASONS.get(reason or "", reason), message) if part]
    return f"{status} ({'; '.join(parts)})" if parts else status
