"""The network behind the emulated modems: it decides, and its log is the truth."""

import hashlib
import json
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sms_sender.pdu import PduError, Submit, decode_submit
from sms_sender.simulator.options import Options

_UNKNOWN_NUMBER = (28, 30, 21, 1)
_TEMPORARY = (38, 41, 42, 47, 331, 512)
INVALID_PDU = 304
NETWORK_TIMEOUT = 332


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of one PDU: the error it gets (None: accepted), and how the modem behaves."""

    submit: Submit | None
    code: int | None = None
    taken: bool = False
    fault: str | None = None  # silent, late, hang or unplug


class Network:
    """Decides for all modems of one set and writes the log, one JSON line per part."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._pending: list[str] = []
        self._tries: dict[str, int] = {}
        self._log: int | None = None
        if options.network_log is not None:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
            self._log = os.open(options.network_log, flags, 0o644)

    def decide(self, length: int, pdu_hex: str, has_credit: bool) -> Decision:
        """Return what becomes of a PDU that was submitted as of `length` octets."""
        try:
            submit = decode_submit(pdu_hex, length)
        except PduError:
            return Decision(None, INVALID_PDU)
        if not has_credit:
            return Decision(submit, self._options.credit_code)
        if self.chance("reject", submit.msisdn, self._options.reject):
            draw = self._draw("reject code", submit.msisdn)
            return Decision(submit, _UNKNOWN_NUMBER[int(draw * len(_UNKNOWN_NUMBER))])
        return self._with_faults(submit, pdu_hex)

    def chance(self, what: str, key: str, rate: float) -> bool:
        """Say whether `what` happens to `key`, the same for the same seed."""
        return rate > 0 and self._draw(what, key) < rate

    def report_code(self, msisdn: str) -> int | None:
        """Return the TP-Status that a number's messages get, None for no report."""
        draw = self._draw("report", msisdn)
        if draw < self._options.delivered:
            return 0x00
        return 0x46 if draw < self._options.delivered + self._options.undelivered else None

    def accept(self, imei: str, reference: int, pdu_hex: str, submit: Submit) -> None:
        """Log a part that the network took."""
        concat = submit.concat
        self._write(
            {
                "event": "accepted",
                "at": _now(),
                "imei": imei,
                "mr": reference,
                "to": submit.msisdn,
                "ref": concat.reference if concat else None,
                "part": concat.part if concat else 1,
                "parts": concat.parts if concat else 1,
                "encoding": submit.encoding,
                "text": submit.text,
                "sha256": hashlib.sha256(bytes.fromhex(pdu_hex)).hexdigest(),
            }
        )

    def refuse(self, imei: str, code: int, pdu_hex: str) -> None:
        """Log a part that was refused; as malformed if it was no PDU."""
        event = "malformed" if code == INVALID_PDU else "refused"
        self._write(
            {"event": event, "at": _now(), "imei": imei, "code": code, "pdu": pdu_hex[:512]}
        )

    def flush(self) -> None:
        """Hand the lines to the kernel: before any answer that follows from them."""
        if self._pending and self._log is not None:
            data = "".join(self._pending).encode()
            while data:
                data = data[os.write(self._log, data) :]
        self._pending.clear()

    def close(self) -> None:
        """Write what is left and close the log."""
        self.flush()
        if self._log is not None:
            os.close(self._log)
            self._log = None

    def _with_faults(self, submit: Submit, pdu_hex: str) -> Decision:
        options = self._options
        rates = {
            "retryable": options.retryable,
            "network_timeout": options.network_timeout,
            "silent": options.silent,
            "late": options.late,
            "hang": options.hang,
            "unplug": options.unplug,
        }
        if not any(rates.values()):
            return Decision(submit, taken=True)
        tried = self._tries[pdu_hex] = self._tries.get(pdu_hex, 0) + 1
        key = f"{pdu_hex}/{tried}"
        draw = self._draw("fault", key)
        fault = None
        for name, rate in rates.items():
            if draw < rate:
                fault = name
                break
            draw -= rate
        if fault is None or fault == "late":
            return Decision(submit, taken=True, fault=fault)
        if fault == "retryable":
            code = _TEMPORARY[int(self._draw("code", key) * len(_TEMPORARY))]
            return Decision(submit, code)
        taken = self._draw("taken", key) < 0.5
        if fault == "network_timeout":
            return Decision(submit, NETWORK_TIMEOUT, taken)
        return Decision(submit, None, taken, fault)

    def _draw(self, what: str, key: str) -> float:
        text = f"{self._options.seed}|{what}|{key}".encode()
        return int.from_bytes(hashlib.blake2b(text, digest_size=7).digest(), "big") / 2**56

    def _write(self, line: dict[str, Any]) -> None:
        self._pending.append(json.dumps(line, ensure_ascii=False) + "\n")


def _now() -> str:
    return datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="milliseconds")
