"""What every page must be, checked without a browser."""

import re
from html.parser import HTMLParser

MOST_BYTES = 300_000
VOID = {"meta", "link", "br", "hr", "img", "input", "col"}


class _Checker(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.ids: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id" and value]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag, f"</{tag}> closes what was not open"

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] != "style":
            self.text.append(data)


def check_page(html: str, lang: str) -> str:
    """Assert that a page stands alone, is well-formed and accessible; its text."""
    assert len(html.encode()) < MOST_BYTES
    assert html.startswith("<!DOCTYPE html>")
    checker = _Checker()
    checker.feed(html)
    assert not checker.open
    assert len(checker.ids) == len(set(checker.ids))
    tags = checker.tags
    names = [name for name, _ in tags]
    assert not {"script", "iframe", "object", "embed", "link", "form", "img", "base"} & set(names)
    assert names.count("h1") == names.count("main") == names.count("title") == 1
    assert dict(tags)["html"]["lang"] == lang
    for name, attrs in tags:
        assert not [attr for attr in attrs if attr.startswith("on")], (name, attrs)
        for attr in ("href", "src", "xlink:href", "action"):
            target = attrs.get(attr)
            assert target is None or re.match(r"(?![a-z]+:|//)[\w./-]+$", target), target
        if name == "svg":
            assert attrs["role"] == "img"
            assert attrs["aria-label"]
    assert names.count("table") == names.count("caption")
    assert "url(" not in html
    assert "@import" not in html
    return re.sub(r"[ \n]+", " ", "".join(checker.text))
