// A web application with openid-client: /login sends the browser to the issuer, /callback gets the tokens, /refresh and
// /machine get others. What it found out is JSON.
import express from "express";
import * as client from "openid-client";

const { APP_ORIGIN, APP_PORT, AUTH0_AUDIENCE, AUTH0_ISSUER, CLIENT_ID, CLIENT_SECRET } = process.env;
const { MACHINE_CLIENT_ID, MACHINE_CLIENT_SECRET, NATIVE_CLIENT_ID } = process.env;

const issuer = new URL(AUTH0_ISSUER);
const configuration = await client.discovery(
  issuer,
  CLIENT_ID,
  undefined,
  CLIENT_SECRET ? client.ClientSecretBasic(CLIENT_SECRET) : client.None(),
);
const redirect_uri = `${APP_ORIGIN}/callback`;
const session = {};
const app = express();

app.get("/login", async (_request, response) => {
  session.verifier = client.randomPKCECodeVerifier();
  session.state = client.randomState();
  session.nonce = client.randomNonce();
  const url = client.buildAuthorizationUrl(configuration, {
    redirect_uri,
    scope: "openid profile email offline_access",
    audience: AUTH0_AUDIENCE,
    code_challenge: await client.calculatePKCECodeChallenge(session.verifier),
    code_challenge_method: "S256",
    state: session.state,
    nonce: session.nonce,
  });
  response.redirect(url.href);
});

app.get("/callback", async (request, response) => {
  session.tokens = await client.authorizationCodeGrant(configuration, new URL(request.url, APP_ORIGIN), {
    pkceCodeVerifier: session.verifier,
    expectedState: session.state,
    expectedNonce: session.nonce,
    idTokenExpected: true,
  });
  const claims = session.tokens.claims();
  const userinfo = await client.fetchUserInfo(configuration, session.tokens.access_token, claims.sub);
  response.json({ claims, userinfo, access_token: session.tokens.access_token });
});

app.get("/refresh", async (_request, response) => {
  const refreshed = await client.refreshTokenGrant(configuration, session.tokens.refresh_token);
  const reused = await client
    .refreshTokenGrant(configuration, session.tokens.refresh_token)
    .then(() => null)
    .catch((error) => ({ error: error.error, status: error.status }));
  response.json({ access_token: refreshed.access_token, reused });
});

app.get("/device", async (_request, response) => {
  const device = await client.discovery(issuer, NATIVE_CLIENT_ID, undefined, client.None());
  const started = await client.initiateDeviceAuthorization(device, { scope: "openid", audience: AUTH0_AUDIENCE });
  session.polled = client.pollDeviceAuthorizationGrant(device, started);
  session.polled.catch(() => undefined);
  response.redirect(started.verification_uri_complete);
});

app.get("/device/tokens", async (_request, response) => {
  response.json({ access_token: (await session.polled).access_token });
});

app.get("/machine", async (_request, response) => {
  const tokens = [];
  for (const authentication of [client.ClientSecretBasic, client.ClientSecretPost]) {
    const machine = await client.discovery(issuer, MACHINE_CLIENT_ID, undefined, authentication(MACHINE_CLIENT_SECRET));
    tokens.push((await client.clientCredentialsGrant(machine, { audience: AUTH0_AUDIENCE })).access_token);
  }
  response.json(tokens);
});

app.get("/revoke", async (_request, response) => {
  await client.tokenRevocation(configuration, session.tokens.refresh_token);
  const refused = await client
    .refreshTokenGrant(configuration, session.tokens.refresh_token)
    .then(() => null)
    .catch((error) => error.error);
  response.json({ refused });
});

app.get("/logout", (_request, response) => {
  const url = client.buildEndSessionUrl(configuration, {
    id_token_hint: session.tokens.id_token,
    post_logout_redirect_uri: APP_ORIGIN,
  });
  response.redirect(url.href);
});

app.get("/", (_request, response) => response.json({ loggedOut: true }));

app.listen(Number(APP_PORT), "localhost", () => console.log(JSON.stringify({ url: APP_ORIGIN })));
