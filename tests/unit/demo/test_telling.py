"""The demo's progress: each state once, and no flood while a campaign is being sent."""

from include.demo.telling import EVERY, Campaign, Import, Story

QUOTE = {
    "recipients": 1399,
    "segments": 1399,
    "encoding": "gsm7",
    "cost": "83.94",
    "credit_after": "385.88",
}


def campaign(state: str, messages: dict[str, int], reason: str | None = None) -> Campaign:
    return Campaign(
        "hello", "acme", state, reason, messages, 0, QUOTE, reason and "The law says no."
    )


def told() -> tuple[list[str], list[float], Story]:
    lines: list[str] = []
    now = [0.0]
    return lines, now, Story(lines.append, clock=lambda: now[0])


def test_a_campaign_is_told_at_most_every_ten_seconds() -> None:
    lines, now, story = told()
    story.campaigns([campaign("scheduled", {})])
    for second in range(31):
        now[0] = float(second)
        story.campaigns([campaign("sending", {"sent": second, "planned": 31 - second})])
    story.campaigns([campaign("completed", {"delivered": 30, "failed": 1})])
    assert len(lines) == 1 + 1 + 30 // EVERY + 1
    assert "1,399 recipients" in lines[0] and "83.94 EUR" in lines[0]
    assert lines[-1] == "acme: hello is completed: 30 delivered, 1 failed"


def test_a_refusal_is_told_once_in_its_own_words() -> None:
    lines, _now, story = told()
    for _ in range(3):
        story.campaigns([campaign("quoted", {}, "marketing_over_sim_refused")])
    assert lines == ["acme: hello is refused: The law says no."]


def test_an_import_is_told_by_what_its_receipt_says() -> None:
    lines, _now, story = told()
    for state in ("received", "loading", "loaded", "loaded"):
        story.imports([Import("imp_1", "acme", "people.xlsx", state, 20, 1, None)])
    assert lines == [
        "acme: people.xlsx is loaded: 20 contacts, 1 row left out (rejects.xlsx says why)"
    ]
