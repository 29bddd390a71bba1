"""A file that another takes the place of between its registration and its turn: the other is its own drop."""

import pytest

from include.bucket.process import process
from tests.integration.client_files import Inbox

CAMPAIGN = """\
version: 1
kind: campaign
campaign: hello
list: guests
state: active
purpose: transactional
message: "Bonjour"
"""
# What was registered, and what lies there when its turn comes: here the first half of something longer.
FILES = {
    "campaigns/hello.yaml": (CAMPAIGN + "schedule: {start_at: 2031-01-01}\n", CAMPAIGN),
    "commands/off.yaml": (
        "version: 1\nkind: command\ncommand: delete_list\nlist: old\n",
        "version: 1\nkind: command\ncommand: delete_list\nlist: o",
    ),
    "contacts/mapping.yaml": ("version: 1\nimport_id: imp_12345678\n", "version: 1\n"),
    "blocklist/stop.csv": ("06 39 98 00 01\n06 39 98 00 02\n", "06 39 98 00 01\n"),
}


@pytest.mark.parametrize("place", FILES)
def test_a_file_that_was_replaced_is_not_read_as_the_one_before(inbox: Inbox, place: str) -> None:
    registered, there = FILES[place]
    inbox.put(place, registered)
    upload = inbox.register(place)
    inbox.put(place, there)
    process(upload)
    assert inbox.db.all("select state::text, reason from upload") in (
        [("rejected", "file_gone")],
        [("rejected", "replaced")],
    )
    assert (inbox.root / "inbox" / place).read_text() == there
    assert inbox.db.one("select count(*) from opt_out") == 0
    assert inbox.db.one("select count(*) from campaign") == 0
