"""/keys/signing: list, rotate, revoke (Management API: Keys)."""

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from auth0_devtenant.answers import ApiError
from auth0_devtenant.keys import KeyInUseError, SigningKey, UnknownKeyError
from auth0_devtenant.management.guard import needs
from auth0_devtenant.state import Json, Tenant


@needs("read:signing_keys")
async def list_keys(_: Request, tenant: Tenant) -> Response:
    """List the keys and which of them is current, next or previous."""
    return JSONResponse([_document(tenant, key) for key in tenant.keys.published])


@needs("create:signing_keys", "update:signing_keys")
async def rotate_keys(_: Request, tenant: Tenant) -> Response:
    """Sign with the next key from now on."""
    key = tenant.keys.rotate(tenant.now())
    return JSONResponse({"cert": _pem(key), "kid": key.kid}, 201)


@needs("update:signing_keys")
async def revoke_key(request: Request, tenant: Tenant) -> Response:
    """Take an earlier key out of the JWK Set."""
    try:
        key = tenant.keys.revoke(request.path_params["kid"])
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
        "current": key is tenant.keys.current,
        "next": key is tenant.keys.next,
        "previous": key in tenant.keys.previous,
        "revoked": False,
    }


def _pem(key: SigningKey) -> str:
    return key.certificate.public_bytes(Encoding.PEM).decode("ascii")


ROUTES = (
    Route("/keys/signing", list_keys, methods=["GET"]),
    Route("/keys/signing/rotate", rotate_keys, methods=["POST"]),
    Route("/keys/signing/{kid}/revoke", revoke_key, methods=["PUT"]),
)
