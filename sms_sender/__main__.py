"""``python -m sms_sender``: the same as the ``sms-sender`` command."""

import sys

from sms_sender.cli import main

sys.exit(main())
