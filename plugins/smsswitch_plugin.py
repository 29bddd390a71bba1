"""The admins' reports inside the Airflow UI, for those who are logged in."""

from __future__ import annotations

import mimetypes

from airflow.api_fastapi.auth.managers.models.resource_details import AccessView
from airflow.api_fastapi.core_api.security import requires_access_view
from airflow.plugins_manager import AirflowPlugin
from fastapi import Depends, FastAPI, HTTPException, Response

from include.errors import InputError

# A plugin's routes are open to everyone unless they say otherwise: the whole app does.
app = FastAPI(
    docs_url=None,
    redoc_url=None,
    openapi_url=None,
    dependencies=[Depends(requires_access_view(AccessView.PLUGINS))],
)
# The pages carry no script and load nothing; whatever text from outside they show cannot either.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


@app.get("/reports/{key:path}")
def report(key: str) -> Response:
    """One file below `reports/` of SMSSWITCH_REPORTS_URL."""
    from include.settings import settings
    from include.storage import Storage

    try:
        content = Storage(settings().reports_url).read_bytes(f"reports/{key}")
    except (FileNotFoundError, IsADirectoryError, InputError):
        raise HTTPException(404, "There is no such report; the DAG reports writes them.") from None
    kind = mimetypes.guess_type(key)[0] or "application/octet-stream"
    return Response(content, media_type=kind, headers=HEADERS)


class SmsswitchPlugin(AirflowPlugin):
    """What Airflow mounts."""

    name = "smsswitch"
    fastapi_apps = [{"app": app, "url_prefix": "/smsswitch", "name": "smsswitch"}]  # noqa: RUF012
    external_views = [  # noqa: RUF012
        {
            "name": "SMS reports",
            "href": "/smsswitch/reports/index.html",
            "destination": "nav",
            "url_route": "sms-reports",
        }
    ]
