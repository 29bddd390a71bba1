"""The routes. All of them are closed by the dependency that ``create_app`` is given."""

import secrets
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Path, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse

from include.errors import InputError, TransientError
from include.fleet.groups import set_state
from include.pages import words
from include.web import figures, views
from include.web.metrics import CONTENT_TYPE, metrics
from include.web.visitor import Visitor, make_token, token_holds

STATES = {"start": "started", "stop": "stopped", "drain": "draining"}
TOKEN_HEADER = "X-CSRF-Token"  # noqa: S105  its name
POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; "
    "img-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
GroupId = Annotated[int, Path(ge=1, le=2**63 - 1)]
Language = Annotated[str | None, Header(alias="Accept-Language")]
router = APIRouter()


def create_app(visitor: Callable[..., Any], secret: bytes) -> FastAPI:
    """The application, to be mounted anywhere.

    ``visitor`` is a FastAPI dependency that gives a ``Visitor``, or raises HTTPException 401 or 403
    for whoever must not even look. ``secret`` signs the buttons' tokens: the same in every process.
    """

    def enter(request: Request, who: Annotated[Visitor, Depends(visitor)]) -> None:
        request.state.visitor = who

    # Mounted routes and those of static files would not pass here: there are none.
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, dependencies=[Depends(enter)])
    app.state.secret = secret
    app.middleware("http")(_seal)
    app.add_exception_handler(InputError, _not_there)
    app.add_exception_handler(TransientError, _not_now)
    app.include_router(router)
    return app


async def _seal(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
    """No page runs or loads anything but what carries the nonce of this very answer."""
    request.state.nonce = secrets.token_urlsafe(18)
    answer = await go_on(request)
    answer.headers["Content-Security-Policy"] = POLICY.format(nonce=request.state.nonce)
    answer.headers.update(HEADERS)
    return answer


def _not_there(request: Request, error: Exception) -> Response:
    assert isinstance(error, InputError)
    lang = views.language(request.headers.get("Accept-Language"))
    status = 404 if error.code == "unknown_group" else 409
    return JSONResponse({"detail": error.message(lang), "code": error.code}, status)


def _not_now(request: Request, error: Exception) -> Response:
    lang = views.language(request.headers.get("Accept-Language"))
    return PlainTextResponse(words(lang)("monitoring.no_database"), 503, {"Retry-After": "20"})


@router.get("/", response_class=HTMLResponse)
def overview(request: Request, accepted: Language = None) -> str:
    """The page of all groups."""
    lang = views.language(accepted)
    document, alerts = figures.overview(), figures.alerts()
    return views.overview_page(document, alerts, lang, request.state.visitor, **_of(request, "."))


@router.get("/groups/{group_id}", response_class=HTMLResponse)
def group(request: Request, group_id: GroupId, accepted: Language = None) -> str:
    """The page of one group."""
    document = figures.group_details(group_id)
    lang = views.language(accepted)
    return views.group_page(document, lang, request.state.visitor, **_of(request, ".."))


@router.get("/monitoring.js")
def script() -> Response:
    """The one script of ours: refreshes the page and sends what its buttons ask."""
    return Response(views.script(), media_type="text/javascript")


@router.get("/monitoring.css")
def style() -> Response:
    """How the pages look, light and dark."""
    return Response(views.style(), media_type="text/css")


@router.get("/api/groups")
def api_overview(request: Request, response: Response) -> dict[str, Any]:
    """The figures of the page; the header X-CSRF-Token brings what a POST must send back."""
    response.headers[TOKEN_HEADER] = _token(request)
    return figures.overview()


@router.get("/api/groups/{group_id}")
def api_group(request: Request, response: Response, group_id: GroupId) -> dict[str, Any]:
    """One group, its modems, and the last 24 hours."""
    response.headers[TOKEN_HEADER] = _token(request)
    return figures.group_details(group_id)


@router.get("/api/alerts")
def api_alerts() -> dict[str, Any]:
    """The open alerts."""
    return {"alerts": figures.alerts()}


@router.get("/metrics")
def prometheus() -> Response:
    """The centre's figures for Prometheus, which logs in like anybody else."""
    return Response(metrics(), media_type=CONTENT_TYPE)


@router.post("/api/groups/{group_id}/{action}")
def act(
    request: Request,
    group_id: GroupId,
    action: Literal["start", "stop", "drain"],
    accepted: Language = None,
    token: Annotated[str | None, Header(alias=TOKEN_HEADER)] = None,
) -> dict[str, Any]:
    """What a button asks; doing it twice changes nothing more."""
    t = words(views.language(accepted))
    visitor: Visitor = request.state.visitor
    if not visitor.may_act:
        raise HTTPException(403, t("monitoring.may_not"))
    if not token_holds(request.app.state.secret, visitor, token):
        raise HTTPException(403, t("monitoring.page_too_old"))
    done = set_state(figures.mac_of(group_id), STATES[action], by=visitor.name)
    return done | {
        "message": t("monitoring.done", alias=done["alias"], state=t(f"state.{done['state']}"))
    }


def _of(request: Request, root: str) -> dict[str, str]:
    return {"nonce": request.state.nonce, "token": _token(request), "root": root}


def _token(request: Request) -> str:
    return make_token(request.app.state.secret, request.state.visitor)
