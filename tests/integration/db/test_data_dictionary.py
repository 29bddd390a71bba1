"""docs/data-dictionary.md says what the database says."""

import runpy

from include.settings import ROOT
from tests.conftest import Database

PAGE = runpy.run_path(str(ROOT / "scripts" / "data_dictionary.py"))


def test_the_dictionary_is_in_step_with_the_migrations(db: Database) -> None:
    kept = PAGE["DICTIONARY"].read_text(encoding="utf-8")
    assert PAGE["text"](db.url) == kept, "run `make docs-data` and commit docs/data-dictionary.md"


def test_every_table_says_what_it_is_for(db: Database) -> None:
    silent = db.all(
        "select relname from pg_class where relnamespace = 'public'::regnamespace "
        "and relkind in ('r', 'p') and not relispartition and obj_description(oid, 'pg_class') is null"
    )
    assert silent == []
