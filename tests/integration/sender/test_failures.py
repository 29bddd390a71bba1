"""Whatever dies: nothing is sent twice, nothing is lost, and what is not known is said."""

import json
import signal
import sqlite3
import time
import urllib.request
from collections.abc import Callable
from typing import Any

from include.fleet.groups import condemn_group
from sms_sender.simulator import read_log
from tests.integration.sender.hosts import Fleet, Host, Machine, until

Make = Callable[[Host], Machine]


def accepted(machine: Machine) -> int:
    """Parts that the network took so far."""
    if not machine.network.exists():
        return 0
    return sum(line["event"] == "accepted" for line in read_log([machine.network]))


def prepared(fleet: Fleet, machine: Make, messages: int, *options: str) -> Machine:
    """A host with four modems of some latency, and batches to send."""
    host = fleet.host()
    fleet.campaign()
    fleet.batches(host, messages)
    here = machine(host)
    here.simulate(4, "--latency", "20", "--report-delay", "0.1", *options)
    return here


def went_out(machine: Machine) -> set[str]:
    """Texts of which every part went out."""
    parts: dict[tuple[str, int | None], dict[int, str]] = {}
    for line in read_log([machine.network]):
        if line["event"] == "accepted":
            parts.setdefault((line["to"], line["ref"]), {})[line["part"]] = line["text"]
            parts[line["to"], line["ref"]][0] = str(line["parts"])
    return {
        "".join(texts[n] for n in range(1, int(texts[0]) + 1))
        for texts in parts.values()
        if len(texts) == int(texts[0]) + 1
    }


def test_killed_in_mid_run(fleet: Fleet, machine: Make) -> None:
    here = prepared(fleet, machine, 300, "--no-smss", "--delivered", "0")
    kills = 3
    for kill in range(kills):
        process = here.run()
        until(lambda least=40 + 80 * kill: accepted(here) >= least)  # type: ignore[misc]
        process.send_signal(signal.SIGKILL)
        process.wait(200)
    here.run_until_idle()
    states, network = fleet.states(), here.count()
    assert network.duplicates == 0
    assert states.keys() <= {"sent", "uncertain"}, here.log()
    assert sum(states.values()) == 300
    assert states.get("uncertain", 0) <= kills * 4
    sent = {text for (text,) in fleet.db.all("select text from message where state = 'sent'")}
    assert sent <= went_out(here)
    assert fleet.db.one("select count(*) from attempt where conflict") == 0


def test_killed_with_a_sim_that_can_be_asked(fleet: Fleet, machine: Make) -> None:
    here = prepared(fleet, machine, 320)
    process = here.run()
    until(lambda: accepted(here) >= 150)
    process.send_signal(signal.SIGKILL)
    process.wait(200)
    here.run_until_idle()
    given_back = fleet.db.one("select count(*) from attempt where error like '%says the SIM'")
    network, states = here.count(), fleet.states()
    assert network.duplicates == 0
    assert states.keys() <= {"sent", "delivered", "uncertain", "planned"}
    # Never submitted, as the SIM's own count proves: planned again, and never seen by the network.
    assert states.get("planned", 0) <= int(str(given_back))
    planned = {text for (text,) in fleet.db.all("select text from message where state = 'planned'")}
    assert not planned & went_out(here)
    assert sum(states.values()) == 320


def test_asked_to_stop(fleet: Fleet, machine: Make) -> None:
    here = prepared(fleet, machine, 200)
    for least in (30, 90):
        process = here.run()
        until(lambda least=least: accepted(here) >= least)  # type: ignore[misc]
        process.send_signal(signal.SIGTERM)
        assert process.wait(200) == 0, here.log()
        states = fleet.states()
        assert states.keys() <= {"planned", "sent", "delivered"}, here.log()
        assert fleet.db.one("select count(*) from send_batch where state = 'leased'") == 0
        fleet.db.conn.cursor().execute(
            "with again as (insert into send_batch (activation_month, campaign_id, group_id, messages,"
            " segments) select activation_month, min(campaign_id), 1, count(*), sum(segments)"
            " from message where state = 'planned' and batch_id is null group by 1"
            " returning batch_id)"
            " update message set batch_id = again.batch_id from again"
            " where state = 'planned' and message.batch_id is null"
        )
    here.run_until_idle()
    network, states = here.count(), fleet.states()
    assert (network.accepted, network.duplicates) == (200, 0)
    assert states.keys() <= {"sent", "delivered"}


def test_two_hosts_with_one_identity(fleet: Fleet, machine: Make) -> None:
    here = prepared(fleet, machine, 300, "--latency", "100")
    there = machine(here.host)
    first = here.run()
    until(lambda: accepted(here) >= 30)
    there.simulate(2, "--offset", "100", "--latency", "20")
    second = there.run("--until-idle")
    assert first.wait(200) == 3, here.log()
    held_by_first = fleet.db.one(
        "select count(*) from message join send_batch using (batch_id) where send_batch.state = 'leased'"
    )
    assert second.wait(200) == 0, there.log()
    network = [here.count(), there.count()]
    assert sum(count.duplicates for count in network) == 0
    both = went_out(here) & went_out(there)
    assert not both
    assert network[1].segments > 0
    states = fleet.states()
    assert states.get("uncertain", 0) == 0
    # What the first one held stays its own: nobody else sends it before it is condemned.
    assert states.get("leased", 0) <= int(str(held_by_first))
    assert sum(states.values()) == 300


def test_the_database_away(fleet: Fleet, machine: Make) -> None:
    """Sending goes on within the permit, and all is told when the database is back."""
    host = fleet.host(k=None)
    fleet.campaign()
    fleet.batches(host, 100, size=100)
    here = machine(host)
    here.simulate(4, "--latency", "20", "--delivered", "0")
    process = here.run("--until-idle")
    until(lambda: accepted(here) >= 10)
    with fleet.db.conn.cursor() as cur:
        role = '"' + host.role + '"'
        cur.execute(f"alter role {role} nologin")
        cur.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where usename = %s",
            (host.role,),
        )
        until(lambda: accepted(here) == 120)
        reported = fleet.db.one("select count(*) from segment")
        assert isinstance(reported, int) and reported < 120
        cur.execute(f"alter role {role} login")
    assert process.wait(200) == 0, here.log()
    assert fleet.states() == {"sent": 100}
    assert here.count().duplicates == 0


def test_a_paused_campaign_stops_within_seconds(fleet: Fleet, machine: Make) -> None:
    here = prepared(fleet, machine, 400)
    process = here.run()
    until(lambda: accepted(here) >= 30)
    fleet.db.conn.cursor().execute("update campaign set state = 'paused'")
    until(lambda: "leased" not in fleet.states(), 20)
    settled = accepted(here)
    assert settled < 300
    states = fleet.states()
    assert states.keys() == {"planned", "sent", "delivered"} or states.keys() == {
        "planned",
        "delivered",
    }
    process.send_signal(signal.SIGTERM)
    assert process.wait(200) == 0
    assert accepted(here) == settled


def test_numbers_that_do_not_exist_and_passing_errors(fleet: Fleet, machine: Make) -> None:
    host = fleet.host()
    fleet.campaign()
    fleet.batches(host, 200)
    here = machine(host)
    here.simulate(4, "--reject", "0.05", "--retryable", "0.05", "--noise", "0.2")
    here.run_until_idle()
    states, network = fleet.states(), here.count()
    assert states.keys() <= {"sent", "delivered", "failed", "planned"}
    assert states["failed"] > 0
    assert states["planned"] > 0  # each waits for its next try
    assert network.duplicates == 0
    assert network.accepted == states.get("sent", 0) + states["delivered"]
    waiting = fleet.db.one("select count(*) from message where state = 'planned' and attempts = 1")
    assert waiting == states["planned"]


def test_a_sim_without_credit_leaves_its_messages_to_the_others(
    fleet: Fleet, machine: Make
) -> None:
    host = fleet.host()
    fleet.campaign()
    fleet.batches(host, 40)
    here = machine(host)
    here.simulate(2, "--credit", "10", "--credit-code", "50", "--latency", "10")
    process = here.run()
    until(lambda: accepted(here) == 20)
    until(lambda: fleet.db.one("select count(*) from modem where not in_service") == 2)
    reason = str(fleet.db.one("select min(out_of_service_reason) from modem"))
    assert "50" in reason
    process.send_signal(signal.SIGTERM)
    assert process.wait(200) == 0, here.log()
    assert fleet.states().get("failed", 0) == 0
    assert here.count().duplicates == 0


def test_replies_arrive_and_stop_works(fleet: Fleet, machine: Make) -> None:
    host = fleet.host()
    fleet.campaign()
    fleet.batches(host, 20)
    here = machine(host)
    here.simulate(2, "--reply", "0.5", "--reply-text", "STOP !", "--report-delay", "0.1")
    here.run_until_idle()
    replies = fleet.db.one("select count(distinct sender) from inbound_message where opt_out")
    assert isinstance(replies, int) and replies > 0
    assert fleet.db.one("select count(*) from opt_out") == replies


def test_the_status_page(fleet: Fleet, machine: Make) -> None:
    here = prepared(fleet, machine, 20)
    process = here.run()
    until(lambda: fleet.states() == {"delivered": 20})
    where = json.loads((here.folder / "journal.sqlite3.status.json").read_text())["address"]

    def get(path: str) -> str:
        with urllib.request.urlopen(f"http://{where}{path}", timeout=60) as answer:
            found: str = answer.read().decode()
            return found

    document: dict[str, Any] = json.loads(get("/status.json"))
    assert (document["connected"], document["alias"], document["state"]) == (
        True,
        "machine 1",
        "started",
    )
    assert document["counts"]["sent"] == 24
    assert len(document["modems"]) == 4
    password = here.host.url.split(":")[2].split("@")[0]
    for path in ("/", "/status.json", "/metrics", "/healthz"):
        assert password not in get(path)
    assert 'sms_sender_segments_total{result="sent"} 24' in get("/metrics")
    assert get("/healthz") == "ok"
    process.send_signal(signal.SIGTERM)
    assert process.wait(200) == 0


def test_one_process_per_journal(fleet: Fleet, machine: Make) -> None:
    here = prepared(fleet, machine, 1)
    first = here.run()
    until(lambda: fleet.states() == {"delivered": 1})
    assert here.run("--until-idle").wait(200) == 1
    assert "another sms-sender" in here.log()
    first.send_signal(signal.SIGTERM)
    assert first.wait(200) == 0


def test_texts_are_forgotten(fleet: Fleet, machine: Make) -> None:
    here = prepared(fleet, machine, 10)
    here.run_until_idle()
    journal = sqlite3.connect(here.folder / "journal.sqlite3")
    with journal:
        assert journal.execute(
            "select count(*) from message where text is not null"
        ).fetchone() == (10,)
        journal.execute("update batch set closed_at = '2020-01-01T00:00:00.000+00:00'")
    here.run_until_idle()
    assert journal.execute("select count(*) from message where text is not null").fetchone() == (0,)
    assert journal.execute("select count(*) from attempt where msisdn is not null").fetchone() == (
        0,
    )
    journal.close()


def test_new_work_wakes_the_host(fleet: Fleet, machine: Make) -> None:
    here = prepared(fleet, machine, 1)
    process = here.run()
    until(lambda: fleet.states() == {"delivered": 1})
    fleet.batch(here.host, [("tout de suite", 1)])
    until(lambda: accepted(here) == 2, 3)
    process.send_signal(signal.SIGTERM)
    assert process.wait(200) == 0


def test_after_a_reboot_it_waits_before_it_resumes(fleet: Fleet, machine: Make) -> None:
    here = prepared(fleet, machine, 200, "--delivered", "0")
    process = here.run()
    until(lambda: accepted(here) >= 30)
    process.send_signal(signal.SIGKILL)
    process.wait(200)
    journal = sqlite3.connect(here.folder / "journal.sqlite3")
    with journal:
        journal.execute("update fact set value = 'before' where name = 'boot_id'")
    journal.close()
    here.configure(resume_seconds=4.0)
    begun = accepted(here)
    process = here.run("--until-idle")
    until(lambda: fleet.db.one("select epoch from modem_group") == 2)
    # Neither what was leased nor, with two leases out, anything new is begun before the wait is over.
    time.sleep(2)
    assert accepted(here) == begun
    assert process.wait(200) == 0, here.log()
    states = fleet.states()
    assert states.keys() <= {"sent", "uncertain"}
    assert states.get("uncertain", 0) <= 4
    assert here.count().duplicates == 0


def test_a_host_that_is_lost_is_condemned(fleet: Fleet, machine: Make) -> None:
    host = fleet.host(k=3)
    fleet.campaign()
    fleet.batches(host, 150)
    here = machine(host)
    here.simulate(4, "--latency", "40", "--delivered", "0")
    process = here.run()
    until(lambda: accepted(here) >= 40)
    process.send_signal(signal.SIGKILL)
    process.wait(200)
    result = condemn_group(host.mac)
    assert result["uncertain"] <= 3 * 4
    assert fleet.states().get("leased", 0) == 0
    sent = {text for (text,) in fleet.db.all("select text from message where state = 'planned'")}
    assert not sent & went_out(here)


def test_the_centre_knows_no_such_group(fleet: Fleet, machine: Make) -> None:
    here = prepared(fleet, machine, 1)
    here.configure(mac="64:31:50:1b:e9:99")
    assert here.run().wait(200) == 1
    assert "unknown group" in here.log()


def test_a_wrong_configuration_is_one_line(fleet: Fleet, machine: Make) -> None:
    here = machine(fleet.host())
    here.configure(status="nowhere")
    started = time.monotonic()
    assert here.run().wait(200) == 1
    assert time.monotonic() - started < 20
    assert "status must be address:port" in here.log()
    assert "Traceback" not in here.log()
