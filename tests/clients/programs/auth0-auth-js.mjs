// A web application with @auth0/auth0-auth-js, the successor of node-auth0's AuthenticationClient.
import { AuthClient } from "@auth0/auth0-auth-js";
import express from "express";

const { APP_ORIGIN, APP_PORT, AUTH0_AUDIENCE, AUTH0_DOMAIN, CLIENT_ID, CLIENT_SECRET } = process.env;
const client = new AuthClient({
  domain: AUTH0_DOMAIN,
  clientId: CLIENT_ID,
  clientSecret: CLIENT_SECRET,
  authorizationParams: {
    redirect_uri: `${APP_ORIGIN}/callback`,
    audience: AUTH0_AUDIENCE,
    scope: "openid profile email offline_access",
  },
});
const session = {};
const app = express();

app.get("/login", async (request, response) => {
  const { authorizationUrl, codeVerifier } = await client.buildAuthorizationUrl({
    pushedAuthorizationRequests: request.query.pushed === "true",
  });
  session.codeVerifier = codeVerifier;
  response.redirect(authorizationUrl.href);
});

app.get("/callback", async (request, response) => {
  const { codeVerifier } = session;
  const tokens = await client.getTokenByCode(new URL(request.url, APP_ORIGIN), { codeVerifier });
  const refreshed = await client.getTokenByRefreshToken({ refreshToken: tokens.refreshToken });
  response.json({ claims: tokens.claims, access_token: refreshed.accessToken });
});

app.get("/logout", async (_request, response) => {
  response.redirect((await client.buildLogoutUrl({ returnTo: APP_ORIGIN })).href);
});

app.get("/", (_request, response) => response.json({ loggedOut: true }));

app.listen(Number(APP_PORT), "localhost", () => console.log(JSON.stringify({ url: APP_ORIGIN })));
