"""Settings: defaults, and words for what is wrong."""

from pathlib import Path

import pytest

from include.errors import ConfigurationError
from include.logs import masked
from include.settings import extra_valid_prefixes, settings


def test_without_a_database_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SMSSWITCH_DATABASE_URL", raising=False)
    with pytest.raises(ConfigurationError, match="make up"):
        settings()


def test_defaults_lie_in_var(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SMSSWITCH_DATABASE_URL", "postgresql://127.0.0.1/x")
    monkeypatch.setenv("SMSSWITCH_VAR", str(tmp_path))
    now = settings()
    assert now.bucket_url == (tmp_path / "bucket").as_uri()
    assert now.max_file_bytes == 50 * 1024 * 1024


def test_var_may_be_named_from_where_one_stands(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SMSSWITCH_DATABASE_URL", "postgresql://127.0.0.1/x")
    monkeypatch.setenv("SMSSWITCH_VAR", "my var")
    monkeypatch.chdir(tmp_path)
    assert settings().bucket_url == (tmp_path / "my var" / "bucket").as_uri()


def test_a_setting_of_nothing_is_its_default(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SMSSWITCH_DATABASE_URL", "postgresql://127.0.0.1/x")
    monkeypatch.setenv("SMSSWITCH_VAR", str(tmp_path))
    known = settings()
    for name in ("BUCKET_URL", "SPOOL_URL", "REPORTS_URL", "TIMEZONE", "COMPLIANCE_PROFILE"):
        monkeypatch.setenv(f"SMSSWITCH_{name}", "")
    assert settings() == known


def test_a_number_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMSSWITCH_DATABASE_URL", "postgresql://127.0.0.1/x")
    monkeypatch.setenv("SMSSWITCH_MAX_ROWS", "many")
    with pytest.raises(ConfigurationError, match="SMSSWITCH_MAX_ROWS"):
        settings()


def test_numbers_of_fiction_are_valid_on_the_local_stack_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("SMSSWITCH_DATABASE_URL", "SMSSWITCH_EXTRA_VALID_PREFIXES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SMSSWITCH_VAR", str(tmp_path))
    assert extra_valid_prefixes() == ()
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "stack.json").write_text('{"database_url": "postgresql://127.0.0.1/x"}')
    assert extra_valid_prefixes() == settings().extra_valid_prefixes == ("+3363998",)
    monkeypatch.setenv("SMSSWITCH_DATABASE_URL", "postgresql://127.0.0.1/y")
    assert extra_valid_prefixes() == ()


@pytest.mark.parametrize(("number", "shown"), [("+33639980012", "+3363998••••"), ("112", "••••")])
def test_logs_hide_the_last_four_digits(number: str, shown: str) -> None:
    assert masked(number) == shown
