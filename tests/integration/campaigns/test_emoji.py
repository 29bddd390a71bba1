"""Row 34 of the table of bad inputs: one emoji in a name changes encoding, parts and price."""

from decimal import Decimal

from tests.integration.campaigns.scene import Scene

TEXT = "Bonjour {first_name}, " + "votre commande est disponible au magasin. " * 3


def test_row_34_an_emoji_in_a_name_makes_more_parts_and_the_quote_shows_it(scene: Scene) -> None:
    scene.contacts([("Zoé", None, None), ("Léo", None, None)])
    plain = scene.apply(state="draft", message=TEXT)["quote"]
    assert plain["encodings"] == {"gsm7": 2} and plain["segments"] == 2
    scene.db.all("update contact set first_name = 'Zoé 🎉' where first_name = 'Zoé' returning 1")
    quote = scene.apply(state="draft", message=TEXT, encoding="auto")["quote"]
    assert quote["encodings"] == {"gsm7": 1, "ucs2": 1} and quote["ucs2_because"] == ["🎉"]
    assert quote["segments"] == 1 + 3
    assert Decimal(quote["cost"]) == 2 * Decimal(plain["cost"])
    assert "ucs2" in [warning["code"] for warning in quote["warnings"]]
    capped = scene.apply(state="draft", message=TEXT, max_segments=2)["quote"]
    assert capped["skipped"] == {"too_many_parts": 1} and capped["recipients"] == 1
