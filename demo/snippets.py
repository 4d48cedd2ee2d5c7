"""Ready-made calls of this very service in shell, Python and JavaScript; all of them are run in
the tests, as they are.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from detector.contract import Labels

EXAMPLE = "photo.jpg"  # named where there is no picture yet
TIMEOUT_S = 120  # waiting for others included; the service answers within its own time budget
MEDIA_TYPES = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "AVIF": "image/avif",
    "BMP": "image/bmp",
}
_HOST = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?")  # RFC 3986, names and IPs
_PATH = re.compile(r"(/[A-Za-z0-9._~%-]+)*")


@dataclass(frozen=True, slots=True)
class Target:
    """What a call needs to know.

    Attributes:
        base: the service's address without a slash at its end.
        name: the picture's file name.
        media_type: the picture's.
    """

    base: str
    name: str = EXAMPLE
    media_type: str = "image/jpeg"


def base_url(headers: Mapping[str, str], scheme: str, host: str, root_path: str = "") -> str:
    """The address that the visitor used, also behind proxies, without a slash at its end.

    Args:
        headers: of the request; `X-Forwarded-Proto` and `-Host` are what the outermost proxy saw,
            and are taken only if they look like what they should be.
        scheme, host: of the request as it arrived here.
        root_path: under which a proxy serves us, `/` and all.
    """
    forwarded = headers.get("x-forwarded-host", "").split(",")[0].strip()
    if _HOST.fullmatch(forwarded):
        host = forwarded
    proto = headers.get("x-forwarded-proto", "").split(",")[0].strip().lower()
    if proto in ("http", "https"):
        scheme = proto
    if not _HOST.fullmatch(host):
        host = "localhost"
    path = root_path.rstrip("/")
    return f"{scheme}://{host}{path if _PATH.fullmatch(path) else ''}"


def plain(name: str) -> str:
    """A file name that shows what it is: no folders, no control or direction characters."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(c if c.isprintable() else "_" for c in last).strip() or EXAMPLE


def curl(target: Target) -> str:
    """For a POSIX shell. The body goes through a pipe, since photos exceed a command's length."""
    name = plain(target.name)
    head = json.dumps({"image": {"mediaType": target.media_type, "data": ""}})[: -len('"}}')]
    return (
        f"{{ printf '{head}'; base64 < {shlex.quote(name)} | tr -d '\\n'; printf '\"}}}}'; }} |\n"
        f"  curl -sS --fail-with-body {shlex.quote(target.base + '/predict')} \\\n"
        "    -H 'Content-Type: application/json' --data-binary @-\n"
    )


def curl_request(target: Target, request: str) -> str:
    """For a shell, with a request's body that was saved as the file `request`."""
    return (
        f"curl -sS --fail-with-body {shlex.quote(target.base + '/predict')} \\\n"
        f"  -H 'Content-Type: application/json' --data-binary {shlex.quote('@' + request)}\n"
    )


def python(target: Target) -> str:
    """With httpx; also saves the mask."""
    return f"""\
import base64
import math
import pathlib

import httpx  # pip install httpx

picture = pathlib.Path({_quoted(plain(target.name))})
data = base64.b64encode(picture.read_bytes()).decode()
body = {{"image": {{"mediaType": {_quoted(target.media_type)}, "data": data}}}}
reply = httpx.post({_quoted(target.base + "/predict")}, json=body, timeout={TIMEOUT_S})
answer = reply.raise_for_status().json()

labels = {_quoted([label.name for label in Labels])}
for label, logprob in zip(labels, answer["logprobs"]):
    print(f"{{label:20}} {{math.exp(logprob):.3f}}")
if mask := answer.get("localizationMask"):
    pathlib.Path("mask.png").write_bytes(base64.b64decode(mask["data"]))
"""


def gradio(target: Target) -> str:
    """With gradio_client: the verdict in words."""
    return f"""\
from gradio_client import Client, handle_file  # pip install gradio_client

client = Client({_quoted(target.base + "/")})
picture = handle_file({_quoted(plain(target.name))})
verdict, mask, response = client.predict(picture, api_name="/analyse")
print(verdict["verdict"], verdict["where"])
print("mask:", mask)  # a PNG on this computer; None where there is none

# Two pictures, and many:
# found, difference, changed = client.predict(original, suspect, api_name="/compare")
# for rows, table, masks in client.submit([picture, a_zip], api_name="/batch"): ...
"""


def javascript(target: Target) -> str:
    """For Node; in a page of this service the same `fetch` works."""
    return f"""\
// Node 18 or newer: save as judge.mjs, run `node judge.mjs`
import {{ readFile, writeFile }} from "node:fs/promises";

const data = (await readFile({_quoted(plain(target.name))})).toString("base64");
const reply = await fetch({_quoted(target.base + "/predict")}, {{
  method: "POST",
  headers: {{ "Content-Type": "application/json" }},
  body: JSON.stringify({{ image: {{ mediaType: {_quoted(target.media_type)}, data }} }}),
}});
if (!reply.ok) throw new Error(await reply.text());
const {{ logprobs, localizationMask }} = await reply.json();

const labels = {_quoted([label.name for label in Labels])};
labels.forEach((label, i) => console.log(label, Math.exp(logprobs[i]).toFixed(3)));
if (localizationMask) await writeFile("mask.png", Buffer.from(localizationMask.data, "base64"));
"""


def agents(target: Target) -> str:
    """The settings that agents take for an MCP server."""
    servers = {"editscope": {"url": f"{target.base}/gradio_api/mcp/"}}
    return json.dumps({"mcpServers": servers}, indent=2) + "\n"


def _quoted(value: str | list[str]) -> str:
    """As JSON writes it, which Python and JavaScript read alike as long as nothing is escaped."""
    return json.dumps(value, ensure_ascii=False)
