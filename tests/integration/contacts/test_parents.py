"""What foreign keys said row by row, said once for each statement: no contact without its parents."""

import psycopg2
import pytest

from tests.integration.client_files import Inbox, csv_bytes, mapping, people

NAMES = ("first_name", "last_name", "phone")


@pytest.fixture
def loaded(inbox: Inbox) -> Inbox:
    inbox.drop("clients.csv", csv_bytes(people(3)), mapping("clients", *NAMES))
    inbox.drop("others.csv", csv_bytes(people(2)), mapping("others", *NAMES))
    return inbox


@pytest.mark.parametrize("column", ["list_id", "upload_id"])
def test_a_contact_needs_its_list_and_its_upload(loaded: Inbox, column: str) -> None:
    cursor = loaded.db.conn.cursor()
    with pytest.raises(psycopg2.errors.ForeignKeyViolation):
        cursor.execute(f"update contact set {column} = 999 where contact_id = 1")
    values = {"list_id": "list_id", "upload_id": "upload_id", column: "999"}
    with pytest.raises(psycopg2.errors.ForeignKeyViolation):
        cursor.execute(
            "insert into contact (list_id, msisdn, upload_id, row_number)"
            f" select {values['list_id']}, '+33639989999', {values['upload_id']}, 1 from contact limit 1"
        )


def test_contacts_go_with_their_list_and_keep_their_upload(loaded: Inbox) -> None:
    cursor = loaded.db.conn.cursor()
    with pytest.raises(psycopg2.errors.ForeignKeyViolation):
        cursor.execute("delete from upload where list_name = 'others'")
    cursor.execute("delete from contact_list where name = 'clients'")
    assert loaded.numbers("clients") == []
    assert len(loaded.numbers("others")) == 2


@pytest.mark.parametrize(
    "number", ["33639980001", "+0639980001", "+336", "+3363998000123456", "+33a39980001"]
)
def test_only_numbers_in_e164_are_contacts(loaded: Inbox, number: str) -> None:
    with pytest.raises(psycopg2.errors.CheckViolation):
        loaded.db.conn.cursor().execute(
            "update contact set msisdn = %s where row_number = 2", (number,)
        )
