"""The pages themselves: who may see them, what they say, what they can never run."""

import re
from typing import Any

import pytest
from fastapi.routing import APIRoute

from include.fleet.groups import edit_group
from include.web.views import language
from include.web.visitor import Visitor
from tests.integration.campaigns.scene import Scene
from tests.integration.web.conftest import Site

HOSTILE = '<img src=x onerror="alert(1)"><script>alert(2)</script>'
COLUMNS = (
    "Numéro MAC", "Alias", "Nombre de modems", "État", "Vitesse", "SMS envoyés", "SMS reçus",
    "% reçus", "SMS en queue",
)  # fmt: skip


def routes(site: Site) -> list[tuple[str, str]]:
    found = [
        (method, route.path.format(group_id=1, action="stop"))
        for route in site.app.routes
        if isinstance(route, APIRoute)
        for method in route.methods
    ]
    assert len(found) == len(site.app.routes)  # nothing is mounted beside them
    return found


def test_every_route_is_closed_to_whoever_is_not_logged_in(busy: Scene) -> None:
    site = Site(None)
    asked = routes(site)
    assert len(asked) == 9
    for method, path in asked:
        answer = site.client.request(method, path)
        assert answer.status_code == 401, path
        assert "machine" not in answer.text
    assert busy.db.one("select count(*) from audit_entry where action = 'group_stopped'") == 0


def test_a_viewer_reads_and_does_not_act(busy: Scene) -> None:
    site = Site(Visitor("ops:victor", False))
    page = site.get("/").text
    assert "data-action" not in page
    assert "Lecture seule" in page
    answer = site.post("/api/groups/1/stop")
    assert answer.status_code == 403
    assert "regarder" in answer.json()["detail"]
    assert busy.db.one("select state::text from modem_group where group_id = 1") == "started"


def test_an_order_without_the_pages_own_token_is_refused(busy: Scene, site: Site) -> None:
    for token in ("", "1.x", Site(Visitor("ops:joe", True)).token()):
        assert site.post("/api/groups/1/stop", token).status_code == 403
    assert site.client.post("/api/groups/1/stop").status_code == 403
    assert busy.db.one("select state::text from modem_group where group_id = 1") == "started"
    (token,) = re.findall(r'name="csrf-token" content="([^"]+)"', site.get("/").text)
    assert site.post("/api/groups/1/stop", token).status_code == 200


def test_french_words_and_english_ones(busy: Scene, site: Site) -> None:
    french, english = site.get("/").text, site.get("/", "en-GB").text
    for word in (*COLUMNS, "Démarrer", "Arrêter", "Détails", "Capacité restante"):
        assert word in french, word
    assert "2 groupes démarrés" not in french
    assert "3 groupes démarrés sur 3" in french
    assert "3 of 3 groups are started" in english
    assert 'lang="en"' in english
    assert "Démarrer" not in english


@pytest.mark.parametrize(
    ("header", "lang"),
    [
        (None, "fr"), ("", "fr"), ("de", "fr"), ("fr-FR,fr;q=0.9,en;q=0.8", "fr"), ("en-US", "en"),
        ("de, en;q=0.5", "en"), ("fr;q=0.1, en", "en"), ("en;q=0, fr;q=0.1", "fr"), ("x" * 9999, "fr"),
        ("en;q=banana", "en"),
    ],
)  # fmt: skip
def test_the_language_is_the_readers(header: str | None, lang: str) -> None:
    assert language(header) == lang


def test_hostile_names_stay_text(busy: Scene, site: Site) -> None:
    edit_group("group 0", alias=HOSTILE)
    busy.db.conn.cursor().execute("update modem set last_error = %s, operator = %s", (HOSTILE,) * 2)
    for page in (site.get("/").text, site.get("/groups/1").text):
        assert "<img" not in page
        assert page.count("<script") == 1
        assert "&lt;img src=x" in page


def test_nothing_runs_without_the_nonce_of_the_answer(busy: Scene, site: Site) -> None:
    policies = set()
    for path in ("/", "/groups/1", "/monitoring.js", "/api/groups", "/nowhere"):
        answer = site.get(path)
        policy = answer.headers["content-security-policy"]
        policies.add(policy)
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        if "text/html" in answer.headers["content-type"]:
            nonces = re.findall(r'nonce="([^"]+)"', answer.text)
            assert len(nonces) == 2
            assert f"'nonce-{nonces[0]}'" in policy
            assert nonces[0] == nonces[1]
            assert not re.search(r"""\son\w+=|\sstyle=|(src|href)=["']https?:""", answer.text)
    assert len(policies) == 5


def test_pages_are_well_formed_in_both_languages(busy: Scene, site: Site) -> None:
    for lang in ("fr", "en"):
        for path in ("/", "/groups/1", "/groups/2"):
            check(site.get(path, lang).text)


def test_an_empty_centre_says_what_to_do(db: Any, site: Site) -> None:
    assert "group_control" in site.get("/").text


def check(page: str) -> None:
    from tests.unit.pages.html import _Checker

    checker = _Checker()
    checker.feed(page)
    assert checker.open == []
    assert len(set(checker.ids)) == len(checker.ids)
