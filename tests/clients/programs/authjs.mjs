// A web application with Auth.js and its provider for Auth0.
import { ExpressAuth, getSession } from "@auth/express";
import Auth0 from "@auth/express/providers/auth0";
import express from "express";

const { APP_ORIGIN, APP_PORT, AUTH0_AUDIENCE, AUTH0_ISSUER, CLIENT_ID, CLIENT_SECRET } = process.env;
const config = {
  secret: "a long, randomly-generated string stored in env",
  trustHost: true,
  providers: [
    Auth0({
      issuer: AUTH0_ISSUER,
      clientId: CLIENT_ID,
      clientSecret: CLIENT_SECRET,
      authorization: { params: { audience: AUTH0_AUDIENCE, scope: "openid profile email" } },
    }),
  ],
  callbacks: {
    jwt: ({ token, account }) => (account ? { ...token, access_token: account.access_token } : token),
    session: ({ session, token }) => ({ ...session, sub: token.sub, access_token: token.access_token }),
  },
};
const app = express();
app.use("/auth", ExpressAuth(config));
app.get("/", async (request, response) => response.json(await getSession(request, config)));
app.listen(Number(APP_PORT), "localhost", () => console.log(JSON.stringify({ url: APP_ORIGIN })));
