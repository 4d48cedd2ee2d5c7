"""Content Credentials (C2PA): who signed what about the file, checked without any network.

See the C2PA Technical Specification 2.x; c2pa-python is its reference implementation.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from provenance.fact import Fact, clean, fact
from provenance.software import Kind, source_type

State = Literal["none", "trusted", "untrusted", "invalid", "unreadable"]

MAX_BYTES = 100_000_000  # of a file; hashing that takes half a second
MAX_MANIFESTS = 50  # a picture edited fifty times
MAX_ACTIONS = 100
UNTRUSTED = "signingCredential.untrusted"
MEDIA_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "AVIF": "image/avif"}
MEANINGS: dict[State, str] = {
    "none": "The file carries none. Most pictures do not, and they are easily removed.",
    "trusted": "The signature is intact and its signer is on the list of those trusted here: the "
    "file is as it was when they signed it.",
    "untrusted": "The signature is intact: the file is as it was when it was signed. Whether the "
    "signer is who the certificate says was not checked against a list of trusted signers; anyone "
    "can make a certificate with any name.",
    "invalid": "They break a rule of the standard, named below. That may be the fault of the "
    "program that wrote them: no hash showed that the file was changed.",
    "unreadable": "There is a block of credentials, but it is damaged and cannot be read.",
}
CHANGED = (
    "A hash or a signature does not fit: the file was changed after it was signed, or the "
    "credentials themselves were."
)
MISMATCH = ".mismatch"  # ends C2PA's status codes for hashes and signatures that do not fit


@dataclass(frozen=True, slots=True)
class Credentials:
    """What was found.

    Attributes:
        state: whether the signature holds, and whether its signer is trusted.
        signer: name in the certificate; empty if unknown.
        generator: the program that wrote the claim.
        signed_at: as the signature says, ISO 8601; empty if it does not.
        actions: what the signed history says was done, oldest manifest first.
        sources: digital source types claimed anywhere in the history, as (words, kind).
        failures: checks that failed, in the library's words.
    """

    state: State = "none"
    signer: str = ""
    generator: str = ""
    signed_at: str = ""
    actions: tuple[Fact, ...] = ()
    sources: tuple[tuple[str, Kind], ...] = ()
    failures: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether they are invalid since a hash or a signature is not that of what is there."""
        codes = (failure.partition(":")[0] for failure in self.failures)
        return self.state == "invalid" and any(code.endswith(MISMATCH) for code in codes)

    def facts(self) -> tuple[Fact, ...]:
        """Rows of a table."""
        meaning = CHANGED if self.changed else MEANINGS[self.state]
        rows = [Fact("State", self.state), Fact("What that says", meaning)]
        named = (
            ("Signed by", self.signer),
            ("Signed with", self.generator),
            ("Signed at", self.signed_at),
            ("Source claimed", "; ".join(words for words, _ in self.sources)),
        )
        rows += [Fact(name, value) for name, value in named if value]
        rows += [Fact("Failed check", failure) for failure in self.failures]
        return (*rows, *self.actions)


def read(data: bytes, file_format: str, trust_anchors: str = "") -> Credentials:
    """Read and check the credentials embedded in a file.

    Args:
        data: the file.
        file_format: as `detector.containers.identify` names it.
        trust_anchors: PEM certificates of issuers to trust; without any, no signer is trusted.
    """
    if file_format not in MEDIA_TYPES or len(data) > MAX_BYTES:
        return Credentials()
    import c2pa

    settings: dict[str, Any] = {
        # nothing is fetched: not a remote manifest, not the state of a certificate
        "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_trust": True},
        "core": {"allowed_network_hosts": []},
    }
    if trust_anchors:
        settings["trust"] = {"trust_anchors": trust_anchors}
    try:
        with c2pa.Context.from_dict(settings) as context:
            reader = c2pa.Reader.try_create(
                MEDIA_TYPES[file_format], io.BytesIO(data), context=context
            )
            if reader is None:
                return Credentials()
            with reader:
                return _credentials(json.loads(reader.json()))
    except (c2pa.C2paError, ValueError) as error:
        return Credentials("unreadable", failures=(clean(str(error), 200),))


def _credentials(store: dict[str, Any]) -> Credentials:
    manifests = dict(list(store.get("manifests", {}).items())[:MAX_MANIFESTS])
    active = manifests.get(store.get("active_manifest", ""), {})
    failures = [
        failure
        for failure in _failures(store.get("validation_results", {}))
        if failure.get("code") != UNTRUSTED
    ]
    signature = active.get("signature_info") or {}
    signer = ", ".join(filter(None, [signature.get("common_name"), signature.get("issuer")]))
    actions: list[Fact] = []
    sources: dict[str, Kind] = {}
    for manifest in manifests.values():
        for action in _actions(manifest):
            actions.append(_step(manifest, action))
            if found := source_type(str(action.get("digitalSourceType", ""))):
                sources.setdefault(*found)
    states: dict[str, State] = {"Trusted": "trusted", "Valid": "untrusted"}
    return Credentials(
        states.get(store.get("validation_state", ""), "invalid"),
        clean(signer),
        _generator(active),
        clean(str(signature.get("time") or "")),
        tuple(actions[:MAX_ACTIONS]),
        tuple(sources.items()),
        tuple(clean(f"{item.get('code')}: {item.get('explanation')}", 200) for item in failures),
    )


def _failures(results: dict[str, Any]) -> list[dict[str, Any]]:
    found = list((results.get("activeManifest") or {}).get("failure") or [])
    for delta in results.get("ingredientDeltas") or []:
        found += (delta.get("validationDeltas") or {}).get("failure") or []
    return found[:20]


def _actions(manifest: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for assertion in manifest.get("assertions") or []:
        if str(assertion.get("label", "")).startswith("c2pa.actions"):
            data = assertion.get("data")
            if isinstance(data, dict):
                yield from (item for item in data.get("actions") or [] if isinstance(item, dict))


def _step(manifest: dict[str, Any], action: dict[str, Any]) -> Fact:
    agent = action.get("softwareAgent") or _generator(manifest)
    if isinstance(agent, dict):
        agent = f"{agent.get('name', '')} {agent.get('version', '')}".strip()
    done = str(action.get("action", "")).removeprefix("c2pa.") or "something"
    parts = [f"with {agent}" if agent else "", str(action.get("when") or "")]
    if found := source_type(str(action.get("digitalSourceType", ""))):
        parts.append(f"source: {found[0]}")
    if description := action.get("description"):
        parts.append(str(description))
    return fact(f"Signed history: {done}", ", ".join(filter(None, parts)) or "no details")


def _generator(manifest: dict[str, Any]) -> str:
    info = manifest.get("claim_generator_info")
    first = info[0] if isinstance(info, list) and info else info
    if isinstance(first, dict) and first.get("name"):
        return clean(f"{first['name']} {first.get('version') or ''}")
    return clean(str(manifest.get("claim_generator") or ""))
