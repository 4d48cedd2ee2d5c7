"""A refusal of the Hugging Face Hub in words: what it means for this model and this token."""

from __future__ import annotations

from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RevisionNotFoundError

GIVE_TOKEN = (
    "pass a token that may read it with --token-file, HF_TOKEN, or in a build "
    "`--secret id=HF_TOKEN,src=FILE` (on a Space: the secret HF_TOKEN)"
)


def explain(error: HfHubHTTPError, repository: str, revision: str | None, has_token: bool) -> str:
    """One or two sentences; never the token, since the Hub does not repeat it."""
    status = error.response.status_code
    meaning: str | None
    if isinstance(error, RevisionNotFoundError):
        meaning = f"it has no revision {revision}; its page lists the commits."
    elif isinstance(error, GatedRepoError):
        meaning = f"it is gated; ask for access on its page, then {GIVE_TOKEN}."
    else:
        meaning = (with_token if has_token else without_token)(status, repository)
    if meaning is None:
        meaning = f"{error.server_message or error.response.reason_phrase}. Try again later."
    return f"The Hub answered {status} for {repository}: {meaning}"


def with_token(status: int, repository: str) -> str | None:
    organisation, _, _ = repository.partition("/")
    return {
        401: "the token is not valid; it is incomplete, expired or revoked. Make a new one.",
        403: f"the token may not read it; give it read access to the models of {organisation}.",
        404: "it does not exist, or the token's account may not see it. Check the name, and that "
        f"the account is a member of {organisation}.",
    }.get(status)


def without_token(status: int, repository: str) -> str | None:
    if status in (401, 404):  # the Hub says 401 for either
        return f"it does not exist or is private. Check the name; if it is private, {GIVE_TOKEN}."
    if status == 403:
        return f"it may not be read by everyone; {GIVE_TOKEN}."
    return None
