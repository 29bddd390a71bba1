"""Great Expectations, imported in half the time and half the memory.

It imports scipy.stats and altair, for expectations on distributions and for charts that nobody
asks of it here. They are left to be imported at their first use.
"""

import gc
import importlib.util
import logging
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

_LATER = frozenset({"altair", "scipy.stats"})
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
    finder = _Later()
    sys.meta_path.insert(0, finder)
    # Nothing of a million new objects is garbage: not to look for any saves a tenth of the time.
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
        sys.meta_path.remove(finder)


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
