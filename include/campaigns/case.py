"""One campaign on the desk: everything that quoting and activating it depend on."""

from dataclasses import dataclass
from datetime import datetime

from psycopg2.extensions import connection as Connection

from include.campaigns.compliance import Profile
from include.campaigns.spec import Spec
from include.campaigns.store import Campaign, Client


@dataclass(frozen=True)
class Case:
    """A locked campaign within a transaction, and what it is to become; ``at`` is the database's now."""

    conn: Connection
    client: Client
    campaign: Campaign
    spec: Spec
    list_id: int
    profile: Profile
    at: datetime
