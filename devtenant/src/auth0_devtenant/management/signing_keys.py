"""Signing keys: list, rotate and revoke (Management API: Keys)."""

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from auth0_devtenant.errors import ApiError
from auth0_devtenant.keys import KeyInUseError, SigningKey, UnknownKeyError
from auth0_devtenant.management.guard import require_any_scope
from auth0_devtenant.state import Json, Tenant


@require_any_scope("read:signing_keys")
async def list_keys(_: Request, tenant: Tenant) -> Response:
    """List the keys; each says whether it is the current, the next or a previous one."""
    return JSONResponse([_document(tenant, key) for key in tenant.state.keys.published])


@require_any_scope("create:signing_keys", "update:signing_keys")
async def rotate_keys(_: Request, tenant: Tenant) -> Response:
    """Make the next key the current one."""
    key = tenant.state.keys.rotate(tenant.make_key(tenant.now()))
    return JSONResponse({"cert": _pem(key), "kid": key.kid}, 201)


@require_any_scope("update:signing_keys")
async def revoke_key(request: Request, tenant: Tenant) -> Response:
    """Remove a previous key from the JWK Set."""
    try:
        key = tenant.state.keys.revoke(request.path_params["kid"])
    except UnknownKeyError:
        raise ApiError(404, "The key does not exist.") from None
    except KeyInUseError:
        raise ApiError(400, "The current and the next key cannot be revoked.", "invalid_operation") from None
    return JSONResponse({"cert": _pem(key), "kid": key.kid, "revoked_at": tenant.timestamp()})


def _document(tenant: Tenant, key: SigningKey) -> Json:
    fingerprint = key.certificate.fingerprint(hashes.SHA1()).hex(":").upper()  # noqa: S303 - an identifier that Auth0 shows, not a protection
    return {
        "kid": key.kid,
        "cert": _pem(key),
        "fingerprint": fingerprint,
        "thumbprint": fingerprint.replace(":", ""),
        "current": key is tenant.state.keys.current,
        "next": key is tenant.state.keys.next,
        "previous": key in tenant.state.keys.previous,
        "revoked": False,
    }


def _pem(key: SigningKey) -> str:
    return key.certificate.public_bytes(Encoding.PEM).decode("ascii")


ROUTES = (
    Route("/keys/signing", list_keys, methods=["GET"]),
    Route("/keys/signing/rotate", rotate_keys, methods=["POST"]),
    Route("/keys/signing/{kid}/revoke", revoke_key, methods=["PUT"]),
)
