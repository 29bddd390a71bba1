"""Whether the sender of this container says of itself that it is well: GET /healthz is 200."""

import sys
from urllib.request import urlopen

try:
    with urlopen("http://127.0.0.1:9123/healthz", timeout=10) as answer:
        sys.stdout.write(answer.read().decode())
except OSError as error:  # HTTPError included: the service answers, and says that it is not well
    sys.exit(f"/healthz: {error}")
