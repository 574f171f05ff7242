// OAuth 2.0 in a browser, by hand: authorization code with PKCE (RFC 7636), silent login, client credentials, logout.

const MULTI_FACTOR = "http://schemas.openid.net/pape/policies/2007/06/multi-factor";
const SILENT_MILLISECONDS = 8000;
const TIMEOUT_MILLISECONDS = 10_000;
const HOME = `${location.origin}/`;

export class LoginError extends Error {
  constructor(code, description) {
    super(description || code);
    this.code = code;
  }
}

const base64url = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));

async function authorizationRequest(configuration, more) {
  const secrets = { verifier: random(), state: random(), nonce: random() };
  const challenge = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(secrets.verifier));
  const url = new URL("authorize", configuration.issuer);
  url.search = new URLSearchParams({
    response_type: "code",
    client_id: configuration.client_id,
    redirect_uri: HOME,
    audience: configuration.audience,
    scope: configuration.scope,
    state: secrets.state,
    nonce: secrets.nonce,
    code_challenge: base64url(challenge),
    code_challenge_method: "S256",
    ...more,
  });
  return { url, secrets };
}

async function requestTokens(configuration, parameters) {
  const answer = await fetch(new URL("oauth/token", configuration.issuer), {
    method: "POST",
    body: new URLSearchParams(parameters),
    signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS),
  }).catch(() => {
    throw new LoginError("no response", "The token endpoint does not respond, or with an error that has no CORS headers.");
  });
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new LoginError(body.error ?? `status ${answer.status}`, body.error_description);
  return body;
}

async function redeem(configuration, secrets, response) {
  if (response.state !== secrets?.state) throw new LoginError("state", "The state of the response is not ours.");
  if (response.error) throw new LoginError(response.error, response.error_description);
  return requestTokens(configuration, {
    grant_type: "authorization_code",
    client_id: configuration.client_id,
    redirect_uri: HOME,
    code: response.code,
    code_verifier: secrets.verifier,
  });
}

/** Leave for the login page. `organization` is a name, "" for none. */
export const logIn = (configuration, { email, organization, multiFactor }) =>
  leave(configuration, organization, {
    login_hint: email,
    prompt: "login",
    ...(multiFactor ? { acr_values: MULTI_FACTOR } : {}),
  });

/** Leave for a login with the parameters of a challenge (RFC 9470) of a route; the session is used if it suffices. */
export async function logInAsAsked(configuration, asked, { email, route }) {
  const more = { ...(email ? { login_hint: email } : {}), ...asked };
  await leave(configuration, sessionStorage.getItem("session"), more, route);
}

/** Return the route whose challenge the login of this page answered, once; null without. */
export function takeAnsweredRoute() {
  const route = sessionStorage.getItem("answered");
  sessionStorage.removeItem("answered");
  return route;
}

async function leave(configuration, organization, more, route = null) {
  if (organization) more.organization = organization;
  const { url, secrets } = await authorizationRequest(configuration, more);
  sessionStorage.setItem("login", JSON.stringify({ ...secrets, organization: organization ?? "", route }));
  location.assign(url);
}

/** Return the tokens if this page is the response to a login; null if it is not. Raise `LoginError`. */
export async function finishLogIn(configuration) {
  const response = Object.fromEntries(new URLSearchParams(location.search));
  if (!response.code && !response.error) return null;
  history.replaceState(null, "", HOME);
  const secrets = JSON.parse(sessionStorage.getItem("login"));
  sessionStorage.removeItem("login");
  const tokens = await redeem(configuration, secrets, response);
  sessionStorage.setItem("session", secrets.organization);
  if (secrets.route) sessionStorage.setItem("answered", secrets.route);
  return tokens;
}

/** Return whether a login of this tab has not ended by a logout. */
export const hasSession = () => sessionStorage.getItem("session") !== null;

export const forgetSession = () => sessionStorage.removeItem("session");

/** Return new tokens for the session at the tenant, without showing anything: prompt=none in an iframe. */
export async function renewSilently(configuration) {
  const more = { prompt: "none", response_mode: "web_message" };
  const organization = sessionStorage.getItem("session");
  if (organization) more.organization = organization;
  const { url, secrets } = await authorizationRequest(configuration, more);
  return redeem(configuration, secrets, await responseOfFrame(url));
}

function responseOfFrame(url) {
  const frame = document.createElement("iframe");
  frame.hidden = true;
  frame.title = "Silent login";
  return new Promise((resolve, reject) => {
    const receive = ({ origin, data }) => {
      if (origin === url.origin && data?.type === "authorization_response") resolve(data.response);
    };
    addEventListener("message", receive);
    const tooLate = () => reject(new LoginError("timeout", "The tenant did not respond to the silent login."));
    const timer = setTimeout(tooLate, SILENT_MILLISECONDS);
    frame.finish = () => {
      removeEventListener("message", receive);
      clearTimeout(timer);
      frame.remove();
    };
    frame.src = url;
    document.body.append(frame);
  }).finally(() => frame.finish());
}

/** Return the token of a machine. A real machine keeps its secret on a server, never in a page. */
export const machineTokens = (configuration) =>
  requestTokens(configuration, {
    grant_type: "client_credentials",
    audience: configuration.audience,
    ...configuration.machine,
  });

/** Leave to end the session at the tenant (OpenID Connect RP-Initiated Logout 1.0). */
export function logOut(configuration, idToken) {
  forgetSession();
  const url = new URL("oidc/logout", configuration.issuer);
  url.search = new URLSearchParams({ id_token_hint: idToken, post_logout_redirect_uri: HOME });
  location.assign(url);
}
