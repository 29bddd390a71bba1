"""Texts to PDUs and back: pure functions, standard library only.

The sender encodes with it and the centre counts with it, so that a quote and what is sent agree.
"""

from sms_sender.pdu.alphabet import is_gsm7, outside_gsm7, transliterate
from sms_sender.pdu.deliver import InboundSms, decode_deliver, encode_deliver
from sms_sender.pdu.encode import encode_report
from sms_sender.pdu.errors import PduError
from sms_sender.pdu.fields import Concat, Pdu
from sms_sender.pdu.report import (
    DeliveryReport,
    ReportState,
    decode_status_report,
    encode_status_report,
)
from sms_sender.pdu.segments import (
    Encoding,
    EncodingChoice,
    Segmentation,
    count_segments,
    segment_text,
)
from sms_sender.pdu.submit import Submit, SubmitPdu, decode_submit, encode_part, encode_submit

__all__ = [
    "Concat",
    "DeliveryReport",
    "Encoding",
    "EncodingChoice",
    "InboundSms",
    "Pdu",
    "PduError",
    "ReportState",
    "Segmentation",
    "Submit",
    "SubmitPdu",
    "count_segments",
    "decode_deliver",
    "decode_status_report",
    "decode_submit",
    "encode_deliver",
    "encode_part",
    "encode_report",
    "encode_status_report",
    "encode_submit",
    "is_gsm7",
    "outside_gsm7",
    "segment_text",
    "transliterate",
]
