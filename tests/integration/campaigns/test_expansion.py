"""Expansion: texts, parts, skipped contacts, batches; once, however often it runs."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg2.extras import Json

from include.campaigns.pricing import prices
from include.campaigns.rendering import render
from include.campaigns.spec import Spec
from include.campaigns.template import fill
from include.db import connect
from sms_sender.pdu import segment_text, transliterate
from tests.integration.campaigns.scene import Scene


def test_expansion_twice_and_at_the_same_time_plans_once(scene: Scene) -> None:
    scene.contacts(450)
    scene.group()
    scene.apply()
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda _n: scene.expand(), range(8)))
    scene.expand()
    assert sum(len(one["expanded"]) for one in done) == 1
    assert scene.db.all("select count(*), count(distinct contact_id) from message") == [(450, 450)]
    sizes = scene.db.all("select messages from send_batch order by batch_id")
    assert sizes == [(200,), (200,), (50,)]
    assert scene.db.one("select count(*) from message where batch_id is null") == 0
    assert scene.balance()[1] == scene.db.one("select sum(price) from message")


def test_skipped_contacts_have_a_reason_and_cost_nothing(scene: Scene) -> None:
    people = [("Zoé", "A", None), (None, "B", None), ("Y" * 300, "C", None), ("Ali", "D", None)]
    numbers = scene.contacts(people)
    scene.group()
    receipt = scene.apply(message="Bonjour {first_name}", max_segments=1)
    assert receipt["quote"]["skipped"] == {"missing_variable": 1, "too_many_parts": 1}
    assert receipt["quote"]["cost"] == "0.12"
    scene.db.conn.cursor().execute(
        "insert into opt_out (msisdn, source) values (%s, 'stop')", (numbers[3],)
    )
    scene.expand()
    status = scene.status()
    assert status["skipped"] == {"missing_variable": 1, "too_many_parts": 1, "opted_out": 1}
    assert (status["counts"]["planned"], status["counts"]["skipped"]) == (1, 3)
    assert scene.balance() == (Decimal("99.94"), Decimal("0.06"))


def test_a_number_that_opted_out_of_another_client_is_still_written_to(scene: Scene) -> None:
    numbers = scene.contacts(2)
    other = scene.client("other")
    scene.db.conn.cursor().execute(
        "insert into opt_out (msisdn, client_id, source) values (%s, %s, 'blocklist')",
        (numbers[0], other),
    )
    assert scene.apply()["quote"]["recipients"] == 2


def test_a_list_that_grew_is_paid_for_or_waits(scene: Scene) -> None:
    scene.client("poor", credit="0.12")
    scene.contacts(2, client="poor")
    scene.group()
    scene.apply(client="poor")
    scene.db.all(
        "insert into contact (list_id, msisdn, first_name, upload_id, row_number) "
        "select list_id, '+33639989999', 'Zoé', upload_id, 9 from contact limit 1 returning 1"
    )
    scene.expand()
    status = scene.status(client="poor")
    assert (status["state"], status["reason"]) == ("paused", "credit_insufficient")
    assert status["total"] == 0
    assert scene.balance("poor") == (Decimal(0), Decimal("0.12"))


def test_a_list_that_shrank_gives_its_price_back(scene: Scene) -> None:
    scene.contacts(3)
    scene.group()
    scene.apply()
    scene.db.conn.cursor().execute("delete from contact where first_name = 'Anna0'")
    scene.expand()
    assert scene.balance() == (Decimal("99.88"), Decimal("0.12"))


def test_what_starts_later_waits(scene: Scene) -> None:
    scene.contacts(2)
    scene.group()
    receipt = scene.apply(schedule={"start_at": "2031-01-01T10:00"})
    assert receipt["state"] == "scheduled"
    assert scene.expand()["expanded"] == []
    assert scene.status()["state"] == "scheduled"


def test_messages_are_shared_by_modems(scene: Scene) -> None:
    scene.contacts(90)
    scene.group(0, modems=2)
    scene.group(1, modems=1)
    scene.apply()
    scene.expand()
    assert scene.db.all(
        "select group_id, sum(messages)::int from send_batch group by 1 order by 1"
    ) == [
        (1, 60),
        (2, 30),
    ]


def test_row_60_with_no_working_group_messages_wait_and_are_not_lost(scene: Scene) -> None:
    scene.contacts(10)
    scene.apply()
    done = scene.expand()
    assert done["waiting"] == 10
    assert scene.db.all("select kind from alert where over_at is null") == [("no_working_group",)]
    scene.group()
    assert scene.expand()["batched"] == 10
    assert scene.db.all("select kind from alert where over_at is null") == []


def test_row_60_a_group_whose_modems_are_all_out_gets_nothing(scene: Scene) -> None:
    scene.contacts(10)
    scene.group(0, modems=2)
    scene.group(1, modems=1)
    cursor = scene.db.conn.cursor()
    cursor.execute("update modem_group set last_heartbeat = now() where group_id = 1")
    cursor.execute(
        "insert into modem (group_id, imei, in_service) values (1, '356938035643809', false)"
    )
    scene.apply()
    scene.expand()
    assert scene.db.all("select distinct group_id from send_batch") == [(2,)]


def test_batches_of_a_stopped_group_go_to_others(scene: Scene) -> None:
    scene.contacts(10)
    scene.group(0)
    scene.apply()
    scene.expand()
    scene.group(1)
    scene.db.conn.cursor().execute("update modem_group set state = 'stopped' where group_id = 1")
    assert scene.expand()["moved"] == 1
    assert scene.db.all("select distinct group_id from send_batch") == [(2,)]


def test_an_idle_group_takes_over_what_waits_at_another(scene: Scene) -> None:
    scene.contacts(1000)
    scene.group(0)
    scene.apply()
    scene.expand()
    scene.group(1)
    assert scene.expand()["moved"] == 2
    assert scene.expand()["moved"] == 0
    assert scene.db.all(
        "select group_id, count(*) from send_batch where state = 'planned' group by 1 order by 1"
    ) == [(1, 3), (2, 2)]


def tell_quota(scene: Scene, group: int, quota: dict[str, Any] | None) -> None:
    """What the heartbeat of a host with one working modem says of its SIM."""
    cursor = scene.db.conn.cursor()
    cursor.execute("update modem_group set last_heartbeat = now() where group_id = %s", (group,))
    cursor.execute(
        "insert into modem (group_id, imei, in_service, seen_at, quota)"
        " values (%(group)s, '35693803564380' || %(group)s, true, now(), %(quota)s)"
        " on conflict (group_id, imei) do update set quota = excluded.quota, seen_at = now()",
        {"group": group, "quota": Json(quota) if quota else None},
    )


def shared(scene: Scene) -> dict[int, int]:
    rows: Any = scene.db.all("select group_id, sum(messages)::int from send_batch group by 1")
    return dict(sorted(rows))


def test_no_group_gets_more_than_its_sims_may_still_send(scene: Scene) -> None:
    scene.contacts(10)
    scene.group(0)
    scene.group(1)
    tell_quota(scene, 1, {"today": 47, "per_day": 50, "month": 60, "per_month": None})
    tell_quota(scene, 2, None)
    scene.apply()
    scene.expand()
    assert shared(scene) == {1: 3, 2: 7}


def test_messages_beyond_every_quota_wait_for_the_next_day(scene: Scene) -> None:
    scene.contacts(10)
    scene.group(0)
    tell_quota(scene, 1, {"today": 0, "per_day": 100, "month": 96, "per_month": 100, "x": "y"})
    scene.apply()
    assert scene.expand()["waiting"] == 6
    assert scene.expand()["batched"] == 0
    assert shared(scene) == {1: 4}
    assert scene.db.one("select count(*) from alert where kind = 'no_working_group'") == 0
    tell_quota(scene, 1, {"today": "nonsense", "per_day": 100, "month": 0, "per_month": 100})
    assert scene.expand()["batched"] == 6


def test_unclaimed_batches_leave_a_group_whose_sims_have_sent_all_they_may(scene: Scene) -> None:
    scene.contacts(10)
    scene.group(0)
    scene.group(1)
    tell_quota(scene, 1, {"today": 0, "per_day": 100})
    scene.apply()
    scene.expand()
    tell_quota(scene, 1, {"today": 100, "per_day": 100})
    assert scene.expand()["moved"] == 1
    assert shared(scene) == {2: 10}


def test_a_campaigns_own_rate_is_kept(scene: Scene) -> None:
    scene.contacts(10)
    scene.group()
    scene.apply(rate={"per_minute": 4})
    scene.expand()
    scene.expand()
    assert scene.db.one("select sum(messages) from send_batch") == 4
    scene.db.conn.cursor().execute(
        "update send_batch set planned_at = planned_at - interval '1 minute'"
    )
    scene.expand()
    assert scene.db.one("select sum(messages) from send_batch") == 8


def test_variants_are_spread_by_weight_and_stay_with_their_contact(scene: Scene) -> None:
    scene.contacts(200)
    scene.group()
    variants = [{"id": "A", "text": "a", "weight": 3}, {"id": "B", "text": "b"}]
    scene.apply(message={"variants": variants})
    scene.expand()
    assert scene.db.one("select count(distinct variant) from message") == 2
    first = scene.db.one("select count(*) from message where variant = 'A'")
    assert isinstance(first, int)
    assert 110 < first < 190
    assert scene.db.one("select count(*) from message where lower(variant) <> text") == 0


def test_the_lists_own_variables_work(scene: Scene) -> None:
    scene.contacts(1, variables={"city": "Nîmes"})
    scene.group()
    scene.apply(message="{var_city}, {city}, {variable2|rien}")
    scene.expand()
    assert scene.db.all("select text, encoding from message") == [("Nîmes, Nîmes, rien", "ucs2")]


def test_a_hostile_value_is_only_text(scene: Scene) -> None:
    value = "'); drop table message; -- {last_name} %s $$ \\ %(x)s"
    scene.contacts([(value, "B", None)])
    scene.group()
    scene.apply(message="a'b\\ 100% %s {first_name}")
    scene.expand()
    assert scene.db.one("select text from message") == f"a'b\\ 100% %s {value}"


TEXTS = st.lists(st.text(alphabet="aé€[]ç😀\n\\x", max_size=200), min_size=1, max_size=30)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(TEXTS, st.sampled_from(["auto", "gsm7", "gsm7_transliterate", "ucs2"]))
def test_sql_and_the_pdu_codec_agree_on_every_text(
    scene: Scene, names: list[str], encoding: str
) -> None:
    found = rendered(scene, names, {"message": "é{first_name|-}[", "encoding": encoding})
    for name, (text, used, parts, reason) in zip(names, found, strict=True):
        wanted = "é" + (name.strip(" ") or "-") + "["
        if encoding == "gsm7_transliterate":
            wanted = transliterate(wanted)
        if reason == "not_gsm7":
            assert encoding == "gsm7"
            continue
        exact = segment_text(wanted, encoding)  # type: ignore[arg-type]
        assert text == wanted
        assert (used, parts) == (exact.encoding, len(exact.parts))
        assert (reason == "too_many_parts") == (parts > 8)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.sampled_from(["{first_name}", "{last_name|x}", "{variable1}", "{{", "}}", "a'", "%s"]),
        min_size=1,
        max_size=6,
    ),
    st.text(alphabet=" aZé'\"%\\{}", max_size=12),
)
def test_sql_fills_as_the_template_says(scene: Scene, pieces: list[str], value: str) -> None:
    spec = Spec(
        {"campaign": "t", "list": "l", "purpose": "transactional", "message": "".join(pieces)}
    )
    expected = fill(spec.texts[0].parts, {"first_name": value})
    [(text, _encoding, _parts, reason)] = rendered(scene, [value], {"message": "".join(pieces)})
    assert text == expected
    assert (reason == "missing_variable") == (expected is None)


def rendered(scene: Scene, names: list[str], changes: dict[str, Any]) -> list[tuple[Any, ...]]:
    cursor = scene.db.conn.cursor()
    cursor.execute("delete from contact")
    cursor.execute("delete from contact_list")
    scene.contacts([(name, None, None) for name in names])
    spec = Spec(
        {
            "campaign": "t",
            "list": "members",
            "purpose": "transactional",
            "max_segments": 8,
            **changes,
        }
    )
    with connect() as conn:
        list_id = scene.db.one("select list_id from contact_list")
        client_id = scene.db.one("select client_id from client where code = 'acme'")
        assert isinstance(list_id, int)
        assert isinstance(client_id, int)
        cur = conn.cursor()
        render(conn, spec, client_id, list_id, prices(conn, "default", date(2026, 11, 23)))
        cur.execute("select text, encoding, segments, reason from rendered order by contact_id")
        return cur.fetchall()


@pytest.mark.parametrize("encoding", ["auto", "gsm7_transliterate"])
def test_the_quote_names_what_forces_ucs2(scene: Scene, encoding: str) -> None:
    scene.contacts([("Zoé", "A", None), ("Anaïs", "B", None)])
    quote = scene.apply(state="draft", message="Fête {first_name}", encoding=encoding)["quote"]
    if encoding == "auto":
        assert (quote["encoding"], quote["ucs2_because"]) == ("ucs2", ["ê", "ï"])
    else:
        assert (quote["encoding"], quote["ucs2_because"]) == ("gsm7", [])
        assert quote["samples"][0]["text"] == "Fete Anais"


def test_the_quote_names_what_transliterating_loses(scene: Scene) -> None:
    scene.contacts([("Zoé ê 🎉", "A", None), ("שלום", "B", None), ("Z", "C", None)])
    message = {"message": "Bonjour {first_name}", "encoding": "gsm7_transliterate"}
    quote = scene.apply(state="draft", **message)["quote"]
    [warned] = [w["message"] for w in quote["warnings"] if w["code"] == "lost"]
    assert warned.endswith(": 🎉 ש ל ו ם")
    kept = scene.apply(campaign="kept", state="draft", **{**message, "message": "Fête"})["quote"]
    assert "lost" not in [w["code"] for w in kept["warnings"]]


def test_nobody_is_sent_a_text_of_nothing(scene: Scene) -> None:
    scene.contacts([("Zoé", "A", None), (None, "B", None)])
    quote = scene.apply(state="draft", message=" {first_name|} ")["quote"]
    assert (quote["recipients"], quote["skipped"], quote["cost"]) == (1, {"empty_text": 1}, "0.06")
    blank = scene.apply(campaign="blank", message=" \n ")
    assert [fault["code"] for fault in blank["errors"]] == ["no_recipients"]
