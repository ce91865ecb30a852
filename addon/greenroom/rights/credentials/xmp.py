# SPDX-License-Identifier: Apache-2.0
"""An XMP sidecar with IPTC's fields for made media, for programs and containers that know no content credentials.

Iptc4xmpExt:DigitalSourceType, AISystemUsed and AISystemVersionUsed are IPTC's (2025.1); NAME.xmp beside NAME.mov is
where Adobe's programs look.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from greenroom.rights.credentials.statement import IPTC, source_type

__all__ = ["xmp_of"]

_FRAME = """\
<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
{attributes}>
   <dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
   <dc:description><rdf:Alt><rdf:li xml:lang="x-default">{description}</rdf:li></rdf:Alt></dc:description>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>
"""
# what XML 1.0 can't hold at all
_FORBIDDEN = {number: None for number in range(32) if chr(number) not in "\t\n\r"} | {0xFFFE: None, 0xFFFF: None}


def xmp_of(record: Mapping[str, Any], title: str) -> bytes:
    """The sidecar of a take, out of its take.json."""
    engine, request = record["engine"], record["request"]
    software = record["software"]
    values = {
        "xmp:CreatorTool": f"{software['name']} {software['version']}",
        "xmp:CreateDate": str(record["created"]),
        "Iptc4xmpExt:DigitalSourceType": IPTC + source_type(record),
        "Iptc4xmpExt:AISystemUsed": str(engine.get("title") or engine["name"]),
        "Iptc4xmpExt:AISystemVersionUsed": str(engine.get("version", "")),
    }
    attributes = "\n".join(f"    {name}={quoteattr(_clean(value))}" for name, value in values.items())
    actor = request["actor"]["name"]
    label = f" ({engine['label']})" if engine.get("label") else ""
    said = f"{request['mode']}{' as ' + actor if actor else ''}, performed by {engine['name']}{label}"
    text = _FRAME.format(attributes=attributes, title=escape(_clean(title)), description=escape(_clean(said)))
    return text.encode()


def _clean(text: str) -> str:
    return text.translate(_FORBIDDEN)
