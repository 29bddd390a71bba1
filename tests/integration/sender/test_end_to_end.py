"""The service as it runs: real PostgreSQL, its own login, real bytes on pseudo-terminals."""

from collections.abc import Callable

from tests.integration.sender.hosts import Fleet, Host, Machine

Make = Callable[[Host], Machine]


def test_all_is_sent_once_and_reported(fleet: Fleet, machine: Make) -> None:
    host = fleet.host()
    fleet.campaign()
    fleet.batches(host, 240)
    here = machine(host)
    here.simulate(4, "--report-delay", "0.2", "--undelivered", "0.1", "--delivered", "0.9")
    here.run_until_idle()
    states, network = fleet.states(), here.count()
    assert states.keys() == {"delivered", "undelivered"}, here.log()
    assert sum(states.values()) == network.accepted == 240
    assert sum(fleet.segments().values()) == network.segments == 240 + 48
    assert (network.duplicates, network.malformed) == (0, 0)
    assert fleet.db.all("select distinct state::text from send_batch") == [("done",)]
    assert fleet.db.one("select count(*) from attempt where conflict") == 0
    assert fleet.db.one("select count(*) from modem where sim_state = 'ready'") == 4
