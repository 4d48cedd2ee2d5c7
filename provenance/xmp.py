"""XMP: toolkit, history, and every simple property. See ISO 16684-1; XML through defusedxml."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from provenance.fact import Fact, fact

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MAX_PROPERTIES = 150  # shown; catalogue programs write a few dozen
MAX_HISTORY = 100  # steps shown
MAX_DEPTH = 8  # of nested structures; the deepest in use have five
MAX_ELEMENTS = 20_000  # walked

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
XML = "{http://www.w3.org/XML/1998/namespace}"
DESCRIPTION = f"{RDF}Description"
TOOLKIT = "{adobe:ns:meta/}xmptk"
HISTORY = "xmpMM:History"
PREFIXES = {
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://ns.adobe.com/xap/1.0/": "xmp",
    "http://ns.adobe.com/xap/1.0/mm/": "xmpMM",
    "http://ns.adobe.com/xap/1.0/rights/": "xmpRights",
    "http://ns.adobe.com/xap/1.0/sType/ResourceEvent#": "stEvt",
    "http://ns.adobe.com/xap/1.0/sType/ResourceRef#": "stRef",
    "http://ns.adobe.com/photoshop/1.0/": "photoshop",
    "http://ns.adobe.com/camera-raw-settings/1.0/": "crs",
    "http://ns.adobe.com/tiff/1.0/": "tiff",
    "http://ns.adobe.com/exif/1.0/": "exif",
    "http://ns.adobe.com/exif/1.0/aux/": "aux",
    "http://cipa.jp/exif/1.0/": "exifEX",
    "http://ns.adobe.com/lightroom/1.0/": "lr",
    "http://purl.org/dc/terms/": "dcterms",
    "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/": "Iptc4xmpCore",
    "http://iptc.org/std/Iptc4xmpExt/2008-02-29/": "Iptc4xmpExt",
    "http://ns.useplus.org/ldf/xmp/1.0/": "plus",
    "http://www.gimp.org/xmp/": "GIMP",
    "http://ns.google.com/photos/1.0/camera/": "GCamera",
    "http://ns.google.com/photos/1.0/container/": "Container",
    "http://ns.attribution.com/ads/1.0/": "Attrib",
}


@dataclass(frozen=True, slots=True)
class Xmp:
    """What XMP says.

    Attributes:
        toolkit: the library that wrote the packet; empty if it does not say.
        facts: properties as `prefix:name`, in the order of the file.
        history: one row a step: when, and what was done with which program.
    """

    toolkit: str = ""
    facts: tuple[Fact, ...] = ()
    history: tuple[Fact, ...] = ()

    def get(self, name: str) -> str:
        """The value of a property as shown; empty if it is missing."""
        return next((row.value for row in self.facts if row.name == name), "")


def read(packet: bytes) -> Xmp:
    """Read an XMP packet.

    Raises:
        ValueError: it is no XML, or has a document type, which XMP never has.
    """
    if not packet.strip(b"\0 \t\r\n"):
        return Xmp()
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    try:
        root = fromstring(packet.rstrip(b"\0"), forbid_dtd=True)
    except (ParseError, DefusedXmlException, UnicodeError, LookupError) as error:
        raise ValueError("the XMP is not well-formed XML") from error
    facts: list[Fact] = []
    history: list[Fact] = []
    elements = 0
    for block in root.iter(DESCRIPTION):
        if elements >= MAX_ELEMENTS:
            break
        for name, value in _top(block):
            elements += 1
            if isinstance(value, str):
                facts.append(fact(name, value))
            elif name == HISTORY:
                history += [_step(item) for item in value.iter(f"{RDF}li")][:MAX_HISTORY]
            else:
                facts += [fact(*pair) for pair in _flat(name, value, 0)]
            if len(facts) >= MAX_PROPERTIES:
                break
    toolkit = root.get(TOOLKIT, "")
    return Xmp(fact("", toolkit).value, tuple(facts[:MAX_PROPERTIES]), tuple(history))


def _top(block: Element) -> Iterator[tuple[str, str | Element]]:
    """The properties of one description: attributes are simple, children may be structures."""
    for name, value in block.items():
        if not name.startswith((RDF, XML)):
            yield _short(name), value
    for child in block:
        yield _short(child.tag), child


def _flat(name: str, element: Element, depth: int) -> Iterator[tuple[str, str]]:
    """A property as pairs of path and text; lists are joined, structures spelt out."""
    if depth > MAX_DEPTH:
        return
    items = [item for bag in element for item in bag if item.tag == f"{RDF}li"]
    simple = [item.text.strip() for item in items if item.text and item.text.strip()]
    if simple:
        yield name, ", ".join(simple[:50])
    elif resource := element.get(f"{RDF}resource"):
        yield name, resource
    elif not len(element) and element.text and element.text.strip():
        yield name, element.text.strip()
    nested = [child for holder in (element, *items) for child in holder if child.tag == DESCRIPTION]
    for holder in (element, *items, *nested):
        yield from _fields(name, holder, depth)


def _fields(name: str, holder: Element, depth: int) -> Iterator[tuple[str, str]]:
    """The fields of a structure, written as attributes or as children."""
    for key, value in holder.items():
        if not key.startswith((RDF, XML)):
            yield f"{name} / {_short(key)}", value
    for child in holder:
        if not child.tag.startswith(RDF):
            yield from _flat(f"{name} / {_short(child.tag)}", child, depth + 1)


def _step(item: Element) -> Fact:
    parts: dict[str, str] = {}
    for holder in item.iter():
        for key, value in (*holder.items(), (holder.tag, holder.text or "")):
            if value.strip() and not key.startswith((RDF, XML)):
                parts.setdefault(key.rpartition("}")[2], value.strip())
    done = " ".join(filter(None, [parts.get("action", "changed"), parts.get("parameters")]))
    if agent := parts.get("softwareAgent"):
        done += f", with {agent}"
    if changed := parts.get("changed"):
        done += f" ({changed})"
    return fact(parts.get("when", "no date"), done)


def _short(name: str) -> str:
    space, _, local = name.removeprefix("{").rpartition("}")
    return f"{PREFIXES[space]}:{local}" if space in PREFIXES else local
