"""Import files that lie in the inbox, one after the other in this process, and tell how it went."""

import json
import sys
import time
from typing import Any

from include.bucket.intake import find_client, register_now
from include.contacts.importer import import_upload
from include.settings import settings
from include.storage import Storage


def main(suffix: str, lists: list[str]) -> None:
    """Each from its registration to its last receipt; the first one imports the libraries."""
    print(json.dumps([_import(f"contacts/{name}{suffix}") for name in lists]))


def _import(place: str) -> dict[str, Any]:
    began = time.monotonic()
    storage = Storage(settings().bucket_url)
    receipt = import_upload(register_now(find_client("acme"), storage, place))
    return {
        "seconds": round(time.monotonic() - began, 3),
        "state": receipt["state"],
        "counts": receipt["counts"],
        "steps": receipt["timings"]["seconds"],
    }


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
