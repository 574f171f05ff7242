"""The routes of the login and its pages, the logout, discovery and /userinfo."""

from starlette.routing import Route

from auth0_devtenant.authentication import (
    accounts,
    authorize,
    connections,
    consent,
    login,
    logout,
    metadata,
    organizations,
    prompts,
    pushed_requests,
    second_factor,
    signup,
    userinfo,
)

ROUTES = (
    Route("/.well-known/openid-configuration", metadata.show_discovery),
    Route("/.well-known/oauth-authorization-server", metadata.show_discovery),
    Route("/.well-known/jwks.json", metadata.show_jwks),
    Route("/authorize", authorize.authorize, methods=["GET", "POST"]),
    Route("/oauth/par", pushed_requests.push_request, methods=["POST"]),
    Route("/userinfo", userinfo.show_userinfo, methods=["GET", "POST"]),
    Route("/v2/logout", logout.log_out),
    Route("/oidc/logout", logout.end_session, methods=["GET", "POST"]),
    Route(prompts.LOGIN, login.show_login, methods=["GET"]),
    Route(prompts.LOGIN, login.log_in, methods=["POST"]),
    Route(prompts.SIGNUP, signup.show_signup, methods=["GET"]),
    Route(prompts.SIGNUP, signup.sign_up, methods=["POST"]),
    Route(prompts.CONNECTION, connections.show_connection, methods=["GET"]),
    Route(prompts.CONNECTION, connections.log_in_by_connection, methods=["POST"]),
    Route(prompts.SELECT_ACCOUNT, accounts.show_accounts, methods=["GET"]),
    Route(prompts.SELECT_ACCOUNT, accounts.select_account, methods=["POST"]),
    Route(prompts.MFA, second_factor.show_challenge, methods=["GET"]),
    Route(prompts.MFA, second_factor.answer_challenge, methods=["POST"]),
    Route(prompts.ORGANIZATION, organizations.show_organizations, methods=["GET"]),
    Route(prompts.ORGANIZATION, organizations.choose_organization, methods=["POST"]),
    Route(prompts.CONSENT, consent.show_consent, methods=["GET"]),
    Route(prompts.CONSENT, consent.give_consent, methods=["POST"]),
)
