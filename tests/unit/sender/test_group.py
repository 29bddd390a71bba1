"""Modems at work on one queue, on real pseudo-terminals, without a centre."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sms_sender.group import Group
from sms_sender.journal import Journal
from sms_sender.journal_rows import find_sent
from sms_sender.modem import Modem
from sms_sender.pdu import encode_status_report
from sms_sender.queue import Queue
from sms_sender.settings import ModemSettings, Settings
from sms_sender.simulator import Farm, Options, count_log, read_log
from sms_sender.simulator.sim import make_card
from sms_sender.tally import Quota
from tests.unit.sender.batches_for_tests import batch
from tests.unit.sender.conftest import PATIENT, QUICK, MakeFarm, busy


class Bench:
    """A group without a centre."""

    def __init__(self, folder: Path, farm: Farm, **more: Any) -> None:
        self.farm = farm
        self.log = folder / "network.jsonl"
        self.journal = Journal(folder / "journal.sqlite3")
        self.queue = Queue()
        settings = Settings(
            "none",
            folder / "journal.sqlite3",
            "127.0.0.1",
            0,
            "auto",
            modems=tuple(ModemSettings(port) for port in farm.ports),
            **{"timeouts": PATIENT, **more},
        )
        self.group = Group(settings, self.journal, self.queue, lambda: 1)
        self.kinds: list[str] = []
        self.ended = False

    def start(self) -> None:
        hopeless = self.group.recall(same_boot=True)
        assert hopeless == []
        self.journal.open()
        self.group.start()

    def told(self) -> list[str]:
        """Kinds of the results so far."""
        self.kinds += [e.body.get("kind", "inbound") for e in self.journal.outbox.take(999)]
        return self.kinds

    def until(self, check: Callable[[], object], timeout: float = 60) -> None:
        end = time.monotonic() + timeout
        while not check():
            assert time.monotonic() < end, (self.told(), self.group.statuses())
            time.sleep(0.01)

    def end(self) -> None:
        if self.ended:
            return
        self.ended = True
        self.queue.drain("returned")
        assert self.group.stop(10)
        self.journal.close()


@pytest.fixture
def bench(tmp_path: Path, make_farm: MakeFarm) -> Iterator[Callable[..., Bench]]:
    """Make one bench; it is ended with the test."""
    made: list[Bench] = []

    def make(more: dict[str, Any] | None = None, **options: object) -> Bench:
        made.append(Bench(tmp_path, make_farm(**options), **(more or {})))
        return made[-1]

    yield make
    for one in made:
        one.end()


def test_all_modems_pull_from_one_queue(bench: Callable[..., Bench]) -> None:
    here = bench(modems=3, latency=0.02, delivered=0)
    here.queue.add(batch(*[1, 2] * 15))
    here.start()
    here.until(lambda: len(here.told()) == 45)
    assert set(here.told()) == {"sent"}
    count = count_log([here.log])
    assert (count.accepted, count.segments, count.duplicates) == (30, 45, 0)
    lines = list(read_log([here.log]))
    assert len({line["imei"] for line in lines}) == 3
    # Both parts of a message leave through one modem, in order.
    for number in {line["to"] for line in lines if line["parts"] == 2}:
        parts = [line for line in lines if line["to"] == number]
        assert [line["part"] for line in parts] == [1, 2]
        assert len({line["imei"] for line in parts}) == 1


def test_delivery_reports_find_their_send(bench: Callable[..., Bench]) -> None:
    here = bench(modems=2, report_delay=0.05)
    here.queue.add(batch(1, 2, 1))
    here.start()
    here.until(lambda: sorted(here.told()) == ["delivered"] * 4 + ["sent"] * 4)


def test_delivery_reports_of_while_the_service_was_down(
    bench: Callable[..., Bench], tmp_path: Path
) -> None:
    here = bench(modems=2, report_delay=0.5)
    here.queue.add(batch(1, 2, 1))
    here.start()
    here.until(lambda: here.told() == ["sent"] * 4)
    here.end()
    here.until(lambda: not busy(here.farm))
    again = Bench(tmp_path, here.farm)
    again.start()
    again.until(lambda: again.told().count("delivered") == 4)
    again.end()


def test_a_report_that_cannot_be_written_yet_is_told_when_it_can(
    bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    full = threading.Event()
    full.set()

    def find(*args: Any) -> Any:
        if full.is_set():
            raise sqlite3.OperationalError("database or disk is full")
        return find_sent(*args)

    monkeypatch.setattr("sms_sender.journal.find_sent", find)
    here = bench(modems=1, report_delay=0.05)
    here.queue.add(batch(1, 2))
    here.start()
    here.until(lambda: here.journal.writer.failed is not None)
    assert "delivered" not in here.told()
    full.clear()
    here.until(lambda: sorted(here.told()) == ["delivered"] * 3 + ["sent"] * 3)


def test_a_sim_at_its_quota_rests_and_the_others_go_on(
    bench: Callable[..., Bench], tmp_path: Path
) -> None:
    farm_options = {"modems": 2, "delivered": 0}
    quotas = {"quotas": {make_card(Options(), 0).iccid: Quota(per_day=4)}}
    here = bench(quotas, **farm_options)
    here.queue.add(batch(*[1, 2] * 6))
    here.start()
    here.until(lambda: here.told() == ["sent"] * 18)
    here.until(lambda: here.group.in_service() == 1)
    first, second = here.group.statuses()
    assert first.reason == "quota"
    assert first.quota is not None
    assert 3 <= first.quota["today"] <= 4
    assert second.quota is None
    assert second.counts["sent"] == 18 - first.quota["today"]
    here.end()
    again = Bench(tmp_path, here.farm, **quotas)
    again.start()
    again.until(lambda: again.group.statuses()[0].quota == first.quota)
    again.end()


def test_as_many_numbers_as_a_plan_allows_also_after_a_restart(
    bench: Callable[..., Bench], tmp_path: Path
) -> None:
    quotas = {"quotas": {"*": Quota(recipients_per_month=3)}}
    here = bench(quotas, modems=1, delivered=0)
    here.queue.add(batch(*[1] * 5))
    here.start()
    here.until(lambda: here.group.statuses()[0].reason == "quota")
    here.until(lambda: here.told() == ["sent"] * 3)
    here.end()
    again = Bench(tmp_path, here.farm, **quotas)
    again.queue.add(batch(*[1] * 5, batch_id=2))
    again.start()
    again.until(lambda: again.group.statuses()[0].reason == "quota")
    again.end()
    assert len({line["to"] for line in read_log([here.log])}) == 3


def test_what_was_refused_does_not_count(bench: Callable[..., Bench]) -> None:
    here = bench({"quotas": {"*": Quota(per_day=2)}}, modems=1, reject=1.0)
    here.queue.add(batch(1, 1))
    here.start()
    here.until(lambda: here.told() == ["failed", "failed"])
    here.until(lambda: here.group.statuses()[0].in_service)


def test_the_balance_is_asked_where_a_code_is_set(bench: Callable[..., Bench]) -> None:
    here = bench({"balance": {"orange": "#123#"}}, modems=2, credit=9)
    here.start()
    here.until(lambda: here.group.in_service() == 2)
    here.until(lambda: here.group.statuses()[0].balance == "Solde: 9 SMS")
    assert here.group.statuses()[1].balance is None


def test_row_86_two_ports_with_one_imei(bench: Callable[..., Bench]) -> None:
    here = bench(modems=2, same_imei=True, delivered=0)
    here.start()
    here.until(lambda: here.group.in_service() == 1)
    here.until(lambda: "duplicate_imei" in [s.reason for s in here.group.statuses()])
    here.queue.add(batch(*[1] * 10))
    here.until(lambda: here.told() == ["sent"] * 10)


def test_row_86_a_report_on_the_other_port_of_a_stick(bench: Callable[..., Bench]) -> None:
    here = bench(modems=2, same_imei=True, delivered=0)
    here.start()
    here.until(lambda: "duplicate_imei" in [s.reason for s in here.group.statuses()])
    (sends,) = [at for at, s in enumerate(here.group.statuses()) if s.in_service]
    here.queue.add(batch(1))
    here.until(lambda: here.told() == ["sent"])
    when = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
    pdu = encode_status_report(1, "+33639980000", when, when, 0)
    other = here.farm.modems[1 - sends]
    here.farm.post(lambda: other.say(f"+CDS: {pdu.length}\r\n{pdu.hex}"))
    here.until(lambda: here.told() == ["sent", "delivered"])


def test_the_other_port_sends_once_the_first_is_gone(bench: Callable[..., Bench]) -> None:
    here = bench(modems=2, same_imei=True, delivered=0)
    here.start()
    here.until(lambda: "duplicate_imei" in [s.reason for s in here.group.statuses()])
    (sends,) = [at for at, s in enumerate(here.group.statuses()) if s.in_service]
    here.farm.post(lambda: here.farm.unplug(sends))
    here.until(lambda: here.group.statuses()[1 - sends].in_service)
    here.queue.add(batch(1, 1))
    here.until(lambda: here.told() == ["sent"] * 2)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_worker_that_died_of_our_own_fault_is_replaced(
    bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = bench(modems=1, delivered=0)
    here.start()
    here.until(lambda: here.group.in_service() == 1)
    with monkeypatch.context() as patch:
        patch.setattr(Modem, "poll", lambda *_: 1 / 0)
        here.until(lambda: here.group.in_service() == 0)
    here.queue.add(batch(1, 1))

    def sent() -> bool:
        here.group.start()  # as the service does at every turn
        return here.told() == ["sent"] * 2

    here.until(sent)


def test_three_refusals_in_a_row_are_the_sims_fault(bench: Callable[..., Bench]) -> None:
    here = bench(modems=1, reject=1.0)
    here.queue.add(batch(1, 1, 1, 1))
    here.start()
    here.until(lambda: here.told() == ["retryable"] * 3)
    (status,) = here.group.statuses()
    assert not status.in_service
    assert status.reason is not None and "is the SIM paid?" in status.reason
    assert here.queue.counts().waiting == 1


def test_a_number_refused_alone_is_at_fault_itself(bench: Callable[..., Bench]) -> None:
    here = bench(modems=1, reject=1.0)
    here.queue.add(batch(1, 2))
    here.start()
    here.until(lambda: here.told() == ["failed", "failed"])
    assert [why for _, why in here.queue.returns()] == ["other part failed"]
    assert here.group.in_service() == 1


def test_silence_is_uncertain_and_never_sent_again(bench: Callable[..., Bench]) -> None:
    here = bench({"timeouts": QUICK}, modems=1, silent=1.0, sim_smss=False, delivered=0)
    here.queue.add(batch(1, 1))
    here.start()
    here.until(lambda: here.told() == ["uncertain", "uncertain"], 30)
    assert count_log([here.log]).segments <= 2


def test_a_delivery_report_proves_what_was_uncertain(bench: Callable[..., Bench]) -> None:
    # Half of the silent ones went out: the SIM's next reference and the number show which.
    here = bench({"timeouts": QUICK}, modems=1, seed=3, silent=0.3, report_delay=1.0)
    here.queue.add(batch(*[1] * 12))
    here.start()
    here.until(lambda: len([k for k in here.told() if k in {"sent", "uncertain"}]) >= 12, 60)
    answered = here.told().count("uncertain")
    assert answered > 1
    here.until(lambda: here.told().count("delivered") == count_log([here.log]).segments, 60)
    assert here.told().count("sent") == count_log([here.log]).segments > 12 - answered
    assert count_log([here.log]).duplicates == 0


def test_a_port_that_vanishes_leaves_its_messages_to_the_others(
    bench: Callable[..., Bench],
) -> None:
    here = bench(modems=3, unplug=0.1, replug_after=0.3, sim_smss=False, delivered=0, latency=0.01)
    here.queue.add(batch(*[1] * 60))
    here.start()
    here.until(lambda: len(here.told()) == 60, 60)
    assert set(here.told()) <= {"sent", "uncertain"}
    assert count_log([here.log]).duplicates == 0


def test_a_text_that_was_planned_with_other_parts_is_refused(bench: Callable[..., Bench]) -> None:
    planned = batch(1, 1)
    wrong = planned.messages[0]
    planned.messages[0] = type(wrong)(wrong.message_id, 1, wrong.msisdn, "x" * 161, "gsm7", 1, (1,))
    here = bench(modems=1, delivered=0)
    here.queue.add(planned)
    here.start()
    here.until(lambda: sorted(here.told()) == ["failed", "sent"])
    assert count_log([here.log]).segments == 1
