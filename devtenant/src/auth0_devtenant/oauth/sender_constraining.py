"""Whether an access token is bound to the client's key (Auth0: "Configure Sender Constraining", RFC 9449)."""

from starlette.requests import Request

from auth0_devtenant import dpop
from auth0_devtenant.bodies import issuer_of, tenant_of
from auth0_devtenant.errors import OAuthError
from auth0_devtenant.state import Api, Client, Tenant


def read_proof(request: Request, client: Client) -> str | None:
    """Return the thumbprint of the key of a token request's DPoP proof, None without a proof.

    Raises `OAuthError`: a public client needs the tenant's nonce, others may have it.
    """
    try:
        return dpop.verify_proof(request, f"{issuer_of(request)}oauth/token", nonce_required=client.is_public)
    except dpop.NonceRequiredError:
        nonce = dpop.current_nonce(tenant_of(request))
        message = "Authorization server requires nonce in DPoP proof"
        raise OAuthError(400, "use_dpop_nonce", message, headers={"DPoP-Nonce": nonce}) from None
    except dpop.InvalidProofError as error:
        raise OAuthError(400, "invalid_dpop_proof", str(error)) from None


def binding(tenant: Tenant, client: Client, audience: str | None, thumbprint: str | None) -> str | None:
    """Return the thumbprint that the access token is bound to, None for one that is not bound.

    This is the table of Auth0's page. An API without a policy gets tokens that are not bound, even if the client sent
    a proof. Raises `OAuthError` where Auth0 issues no token; its status and words are unverified.
    """
    api = tenant.api(audience or "")
    mechanism = None if api is None else _mechanism(api)
    allowed = api is None or mechanism == "dpop"
    bound_to = thumbprint if allowed else None
    required = client.require_proof_of_possession or (api is not None and _requires_proof(api, client))
    if required and bound_to is None:
        raise OAuthError(400, "invalid_request", "Sender constraining is required: a DPoP proof is missing.")
    return bound_to


def _mechanism(api: Api) -> str | None:
    mechanism = (api.proof_of_possession or {}).get("mechanism")
    return None if mechanism == "none" else mechanism


def _requires_proof(api: Api, client: Client) -> bool:
    """Return whether the API requires bound tokens of the client; with mTLS Auth0 always does."""
    policy = api.proof_of_possession or {}
    if _mechanism(api) == "mtls":
        return True
    return bool(
        _mechanism(api)
        and policy.get("required")
        and (policy.get("required_for") != "public_clients" or client.is_public)
    )
