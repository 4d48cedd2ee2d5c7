"""A field for one or several files that says how their senders call them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gradio.data_classes import FileData, ListFiles

from demo.schemas import schema
from demo.upload import ConfinedFile


class SentFiles(ConfinedFile):
    """Hands over (path in the upload folder, name as its sender calls it) for each file."""

    def preprocess(  # type: ignore[override]
        self, payload: ListFiles | FileData | None
    ) -> list[tuple[Path, str]]:
        if payload is None:
            return []
        files: list[Any] = [payload] if isinstance(payload, FileData) else list(payload.root)
        return [(Path(file.path), file.orig_name or Path(file.path).name) for file in files]

    def api_info(self) -> dict[str, Any]:
        """The schema without Gradio's remarks on its own class, which are shown to callers."""
        model = ListFiles if self.file_count == "multiple" else FileData
        found = schema(model)
        for part in (found, *found.get("$defs", {}).values()):
            part.pop("description", None)
        return found
