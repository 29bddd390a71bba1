"""The monitoring page and the admins' reports inside the Airflow UI, for those who are logged in."""

from __future__ import annotations

import hmac
import mimetypes
from typing import Any

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import (
    AccessView,
    DagAccessEntity,
    DagDetails,
)
from airflow.api_fastapi.core_api.security import get_user, requires_access_view
from airflow.configuration import conf
from airflow.plugins_manager import AirflowPlugin
from fastapi import Depends, FastAPI, Header, HTTPException, Response
from fastapi.responses import HTMLResponse

from include.errors import InputError
from include.web.app import create_app
from include.web.visitor import Visitor

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


@app.get("/reports/search")
def find_report(
    since: str = "", until: str = "", report: str = "", accept_language: str | None = Header(None)
) -> Response:
    """Reports by the period they are about; a period that is none gets the form and a sentence."""
    from include.reports.find import search_page
    from include.web.views import language

    lang = language(accept_language)
    try:
        page, status = search_page(since, until, report, lang=lang), 200
    except InputError as error:
        page, status = search_page(since, until, report, lang=lang, fault=error.message(lang)), 400
    return HTMLResponse(page, status, headers=HEADERS)


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


@app.get("/unmasked/{key:path}")
def unmasked(key: str, user: Any = Depends(get_user)) -> Response:  # noqa: B008
    """One page with whole numbers, for who may run taxation_unmask; each reading is audited."""
    from include.reports.analysis_page import read_whole

    may = get_auth_manager().is_authorized_dag(
        method="POST",
        access_entity=DagAccessEntity.RUN,
        details=DagDetails(id="taxation_unmask"),
        user=user,
    )
    if not may:
        raise HTTPException(403, "Whole numbers are for those who may run taxation_unmask.")
    try:
        content = read_whole(key, f"ops:{user.get_name()}")
    except (FileNotFoundError, IsADirectoryError, InputError):
        raise HTTPException(404, "There is no such page.") from None
    kind = mimetypes.guess_type(key)[0] or "application/octet-stream"
    return Response(content, media_type=kind, headers=HEADERS)


MAY_LOOK = Depends(requires_access_view(AccessView.PLUGINS))


def visitor(user: Any = Depends(get_user), _may_look: None = MAY_LOOK) -> Visitor:  # noqa: B008
    """Whoever may open the plugins' pages may look; who may edit runs of group_control may act."""
    may_act = get_auth_manager().is_authorized_dag(
        method="PUT",
        access_entity=DagAccessEntity.RUN,
        details=DagDetails(id="group_control"),
        user=user,
    )
    return Visitor(f"ops:{user.get_name()}", may_act)


def _secret() -> bytes:
    """Known to every api-server of this Airflow, and to nobody who looks at a page."""
    key = conf.get("api", "secret_key")
    return hmac.digest(key.encode(), b"the buttons of the monitoring page", "sha256")


monitoring = create_app(visitor, _secret())


class SmsswitchPlugin(AirflowPlugin):
    """What Airflow mounts."""

    name = "smsswitch"
    fastapi_apps = [  # noqa: RUF012
        {"app": app, "url_prefix": "/smsswitch", "name": "smsswitch"},
        {"app": monitoring, "url_prefix": "/monitoring", "name": "monitoring"},
    ]
    external_views = [  # noqa: RUF012
        {
            "name": "Monitoring",
            "href": "/monitoring/",
            "destination": "nav",
            "url_route": "monitoring",
            "nav_top_level": True,
        },
        {
            "name": "SMS reports",
            "href": "/smsswitch/reports/search",
            "destination": "nav",
            "url_route": "sms-reports",
        },
    ]
