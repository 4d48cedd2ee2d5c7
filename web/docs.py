"""`/docs`, `/redoc` and `/openapi.json` without a single asset from another host.

Swagger UI (Apache-2.0) and Redoc (MIT) come out of the package fastapi-offline (MIT), which ships
them as files.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse

from detector.contract import ImageRequest
from web.headers import FRAMES

ASSETS = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "redoc.standalone.js": "text/javascript",
}
ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Ccircle cx='7' cy='7' r='5' fill='none' stroke='%230f766e' stroke-width='2'/%3E"
    "%3Cpath d='M10.5 10.5 15 15' stroke='%230f766e' stroke-width='2'/%3E%3C/svg%3E"
)
REDOC_LOGO = b"https://cdn.redoc.ly/redoc/logo-mini.svg"  # the one outside asset in Redoc's script
NO_LOGO = b"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E"
POLICY = (  # the browser refuses whatever an update of the assets might fetch from elsewhere
    "default-src 'self'; img-src 'self' data:; font-src 'self' data:; worker-src blob:; "
    f"style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline'; {FRAMES}"
)


def install(app: FastAPI) -> None:
    """Add the documentation pages; create the app with `docs_url=None, redoc_url=None`."""

    @app.get("/docs", include_in_schema=False)
    async def docs(request: Request) -> HTMLResponse:
        root = request.scope.get("root_path", "")
        page = get_swagger_ui_html(
            openapi_url=f"{root}{app.openapi_url}",
            title=app.title,
            swagger_js_url=f"{root}/docs/swagger-ui-bundle.js",
            swagger_css_url=f"{root}/docs/swagger-ui.css",
            swagger_favicon_url=ICON,
            swagger_ui_parameters={"validatorUrl": None, "tryItOutEnabled": True},
        )
        return _guarded(page)

    @app.get("/redoc", include_in_schema=False)
    async def redoc(request: Request) -> HTMLResponse:
        root = request.scope.get("root_path", "")
        page = get_redoc_html(
            openapi_url=f"{root}{app.openapi_url}",
            title=app.title,
            redoc_js_url=f"{root}/docs/redoc.standalone.js",
            redoc_favicon_url=ICON,
            with_google_fonts=False,
        )
        return _guarded(page)

    for name, media_type in ASSETS.items():
        app.add_api_route(
            f"/docs/{name}", _asset(name, media_type), methods=["GET"], include_in_schema=False
        )

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _schema(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to extend it


def _guarded(page: HTMLResponse) -> HTMLResponse:
    page.headers["Content-Security-Policy"] = POLICY
    return page


def _asset(name: str, media_type: str) -> Any:
    def serve() -> Response:
        content = (files("fastapi_offline") / "static" / name).read_bytes()
        content = content.replace(REDOC_LOGO, NO_LOGO)
        return Response(content, media_type=media_type, headers={"Cache-Control": "max-age=3600"})

    return serve


def _schema(app: FastAPI) -> dict[str, Any]:
    """FastAPI's document plus the request's schema: `/predict` reads its body by itself."""
    document = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    schema = ImageRequest.model_json_schema(ref_template="#/components/schemas/{model}")
    nested = schema.pop("$defs", {})
    document["components"]["schemas"].update({ImageRequest.__name__: schema, **nested})
    return document
