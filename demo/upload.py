"""Files that visitors send: nothing but what they uploaded is ever opened."""

from __future__ import annotations

from abc import ABCMeta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import gradio as gr
from gradio.component_meta import ComponentMeta
from gradio.utils import abspath, get_upload_folder, is_in_or_equal

FILE_ROUTE = "/gradio_api/file="  # under which Gradio serves what lies in the upload folder


class Silent(ComponentMeta):
    """Gradio's metaclass without the stub file that it writes beside the source at import."""

    def __new__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> type:
        return ABCMeta.__new__(cls, name, bases, namespace)


class Confined:
    """Put before a component in a list of bases: takes nothing but uploaded files.

    Gradio 6.31 skips this check in apps that are mounted rather than launched, so that any file
    on the server could be named; and it would fetch a URL.
    """

    async def async_move_resource_to_block_cache(
        self, url_or_file_path: str | Path | None
    ) -> str | None:
        """Refuse what does not lie in Gradio's upload folder.

        Programs may give a file that they uploaded by the URL at which we serve it; it is opened
        as the file that it is, whatever host the URL names, and nothing is fetched.

        Raises:
            gradio.Error: the path lies elsewhere.
        """
        _, served, path = str(url_or_file_path).partition(FILE_ROUTE)
        if served:
            url_or_file_path = unquote(path)
        if url_or_file_path is None or not is_in_or_equal(
            abspath(url_or_file_path), get_upload_folder()
        ):
            raise gr.Error("Send the file itself, not where it lies.", print_exception=False)
        moved: str | None = await super().async_move_resource_to_block_cache(  # type: ignore[misc]
            url_or_file_path
        )
        return moved


class ConfinedFile(Confined, gr.File, metaclass=Silent):
    """`gr.File` that takes uploaded files alone; store what you hand out in the upload folder."""

    def get_block_name(self) -> str:
        return "file"  # the page has no script of another name
