"""Great Expectations, imported in a third of the time and half the memory.

It imports scipy.stats and altair, for expectations on distributions and for charts that nobody
asks of it here: they are left to be imported at their first use. What it takes up only where it is
installed, databases and clouds, it does not find. Its sources of data other than a frame of pandas
are left out, each a class with a name and nothing else. What checks a frame is whole.
"""

import gc
import importlib.util
import logging
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

_LATER = frozenset({"altair", "scipy.stats"})
#: Optional to it; hidden only while it is imported, and only if nobody else has them.
_NOT_FOUND = frozenset(
    {"boto3", "botocore", "pyathena", "sqlalchemy", "sqlalchemy_redshift", "trino"}
)
_SOURCES = "great_expectations.datasource.fluent."
_NEEDED_SOURCES = frozenset({"invalid_datasource", "pandas_datasource"})
_SPARK_FILES = "data_asset.path.spark"
_LOCK = threading.Lock()
#: A tenth of Python's own: Arrow and PostgreSQL work beside it, and come back to Python often.
_SWITCH_SECONDS = 0.0005


def great_expectations() -> Any:
    """The library; a second caller waits for the first."""
    with _LOCK:
        if "great_expectations" not in sys.modules:
            sys.setswitchinterval(_SWITCH_SECONDS)
            with _left_for_later():
                return _import()
    return _import()


def warm_up() -> None:
    """Begin to import it beside whatever else is done, such as waiting for a file to be read."""
    if "great_expectations" not in sys.modules:
        threading.Thread(target=great_expectations, name="warm-up", daemon=True).start()


def _import() -> Any:
    # It speaks at INFO whatever the application asked for, already while it is imported.
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    # That module asks for INFO itself.
    logging.getLogger(ProgressBarsConfig.__module__).setLevel(logging.WARNING)
    return gx


@contextmanager
def _left_for_later() -> Iterator[None]:
    finders = [_Absent(), _Later()]
    sys.meta_path[:0] = finders
    # Nothing of a million new objects is garbage: not to look for any saves a tenth of the time.
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
        for finder in finders:
            sys.meta_path.remove(finder)


class _Absent(MetaPathFinder):
    """Finds no optional library, and names only for sources of data that are left out."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()  # what other threads import meanwhile is theirs

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """An error, the specification of a stand-in, or none: for the next finder."""
        if threading.get_ident() != self._thread:
            return None
        if name in _NOT_FOUND:
            raise ModuleNotFoundError(name)
        source = name.removeprefix(_SOURCES) if name.startswith(_SOURCES) else ""
        spark = source.startswith(_SPARK_FILES)
        if spark or (source.endswith("_datasource") and source not in _NEEDED_SOURCES):
            return ModuleSpec(name, _Names(), is_package=source == _SPARK_FILES)
        return None


class _Names(Loader):
    """Fills a module with whatever is asked of it: classes without any use."""

    def exec_module(self, module: ModuleType) -> None:
        """Let every name that the module is asked for be a class."""

        def named(name: str) -> type:
            if name.startswith("__"):
                raise AttributeError(name)
            made = type(name, (), {"__module__": module.__name__})
            setattr(module, name, made)
            return made

        module.__dict__["__getattr__"] = named


class _Later(MetaPathFinder):
    """Finds a module as ever, and lets its first attribute execute it."""

    def __init__(self) -> None:
        self._looking = threading.local()

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The specification of one that can wait; of any other none, for the next finder."""
        if name not in _LATER or getattr(self._looking, "now", False):
            return None
        self._looking.now = True
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self._looking.now = False
        if spec is not None and spec.loader is not None:
            spec.loader = importlib.util.LazyLoader(spec.loader)
        return spec
