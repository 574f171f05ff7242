"""What Auth0's Management API has and this tenant lacks, so that a 404 can say which of the two it is."""

from collections.abc import Sequence

from auth0_devtenant.management.routing import match_path

MISSING_HERE = "Not Found. Auth0's Management API has this endpoint, this development tenant does not."

_RESOURCES = (
    *("actions", "anomaly", "attack-protection", "blacklists", "branding", "client-profiles", "connection-profiles"),
    *("connections-directory-provisionings", "connections-scim-configurations", "custom-domains"),
    *("device-credentials", "email-templates", "emails", "event-streams", "events", "experimentation", "flows"),
    *("forms", "groups", "guardian", "hooks", "jobs", "log-streams", "network-acls", "prompts"),
    *("rate-limit-policies", "risk-assessments", "rules", "rules-configs", "self-service-profiles", "stats"),
    *("supplemental-signals", "token-exchange-profiles", "user-attribute-profiles", "user-blocks"),
    "verifiable-credentials",
)
_PATHS = (
    "client-grants/search",
    "clients/cimd/preview",
    "clients/cimd/register",
    "clients/search",
    "clients/{id}/connections",
    "clients/{id}/credentials",
    "clients/{id}/credentials/{credential_id}",
    "connections/{id}/directory-provisioning",
    "connections/{id}/keys",
    "connections/{id}/keys/rotate",
    "connections/{id}/scim-configuration",
    "connections/{id}/status",
    "connections/{id}/users",
    "keys/custom-signing",
    "keys/encryption",
    "organizations/search",
    "organizations/{id}/clients",
    "organizations/{id}/connections",
    "organizations/{id}/connections/{connection_id}",
    "organizations/{id}/discovery-domains",
    "organizations/{id}/members/{user_id}/effective-roles",
    "resource-servers/search",
    "users/{id}/authentication-methods",
    "users/{id}/authentication-methods/{method_id}",
    "users/{id}/authenticators",
    "users/{id}/connected-accounts",
    "users/{id}/effective-permissions",
    "users/{id}/enrollments",
    "users/{id}/federated-connections-tokensets",
    "users/{id}/groups",
    "users/{id}/multifactor/actions/invalidate-remember-browser",
    "users/{id}/multifactor/{provider}",
    "users/{id}/recovery-code-regeneration",
    "users/{id}/risk-assessments/clear",
)
_TEMPLATES = tuple(tuple(path.split("/")) for path in _PATHS)


def exists_at_auth0(segments: Sequence[str]) -> bool:
    """Return whether Auth0 has an endpoint at a path, by its encoded segments after /api/v2."""
    known = segments[0] in _RESOURCES
    return known or any(match_path(template, list(segments)) is not None for template in _TEMPLATES)
