"""What `sms-sender encode` shows."""

from typing import Any

from sms_sender.pdu.segments import segment_text
from sms_sender.pdu.submit import encode_submit


def encode_report(to: str, text: str) -> dict[str, Any]:
    """Return the document of `sms-sender encode --json`: encoding, parts, PDUs and why UCS-2."""
    cut = segment_text(text)
    return {
        "encoding": cut.encoding,
        "parts": list(cut.parts),
        "pdus": [
            {"length": pdu.length, "hex": pdu.hex} for pdu in encode_submit(to, text, reference=1)
        ],
        "ucs2_because": list(cut.ucs2_because),
    }
