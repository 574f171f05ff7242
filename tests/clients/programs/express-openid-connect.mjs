// A web application with express-openid-connect, as its README writes it. RESPONSE_TYPE=code has it get tokens for an API;
// without it the defaults hold: response_type=id_token and response_mode=form_post.
import express from "express";
import openid from "express-openid-connect";

const { APP_ORIGIN, APP_PORT, AUTH0_AUDIENCE, AUTH0_ISSUER, CLIENT_ID, CLIENT_SECRET, RESPONSE_TYPE } = process.env;
const code = {
  clientSecret: CLIENT_SECRET,
  authorizationParams: {
    response_type: "code",
    audience: AUTH0_AUDIENCE,
    scope: "openid profile email offline_access",
  },
};
const app = express();
app.use(
  openid.auth({
    authRequired: false,
    auth0Logout: true,
    baseURL: APP_ORIGIN,
    clientID: CLIENT_ID,
    issuerBaseURL: AUTH0_ISSUER,
    secret: "a long, randomly-generated string stored in env",
    ...(RESPONSE_TYPE === "code" ? code : {}),
  }),
);
app.get("/", (request, response) => response.json({ authenticated: request.oidc.isAuthenticated() }));
app.get("/profile", openid.requiresAuth(), async (request, response) => {
  const claims = request.oidc.idTokenClaims;
  if (RESPONSE_TYPE !== "code") {
    return response.json({ claims });
  }
  const refreshed = await request.oidc.accessToken.refresh();
  const userinfo = await request.oidc.fetchUserInfo();
  return response.json({ claims, userinfo, access_token: refreshed.access_token });
});
app.listen(Number(APP_PORT), "localhost", () => console.log(JSON.stringify({ url: APP_ORIGIN })));
