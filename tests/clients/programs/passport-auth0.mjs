// A web application with passport-auth0, as its README writes it: the secret is in the body, and there is no PKCE.
import express from "express";
import session from "express-session";
import passport from "passport";
import Auth0Strategy from "passport-auth0";

const { APP_ORIGIN, APP_PORT, AUTH0_AUDIENCE, AUTH0_DOMAIN, CLIENT_ID, CLIENT_SECRET } = process.env;

class Strategy extends Auth0Strategy {
  authorizationParams(options) {
    return { ...super.authorizationParams(options), audience: AUTH0_AUDIENCE };
  }
}

passport.use(
  new Strategy(
    {
      domain: AUTH0_DOMAIN,
      clientID: CLIENT_ID,
      clientSecret: CLIENT_SECRET,
      callbackURL: `${APP_ORIGIN}/callback`,
    },
    (accessToken, _refreshToken, extra, profile, done) =>
      done(null, { access_token: accessToken, id_token: extra.id_token, profile }),
  ),
);
passport.serializeUser((user, done) => done(null, user));
passport.deserializeUser((user, done) => done(null, user));

const app = express();
app.use(session({ secret: "development-only", resave: false, saveUninitialized: false }));
app.use(passport.session());
app.get("/login", passport.authenticate("auth0", { scope: "openid email profile" }));
app.get("/callback", passport.authenticate("auth0", { failureRedirect: "/failed" }), (_request, response) =>
  response.redirect("/profile"),
);
app.get("/profile", (request, response) => response.json(request.user ?? null));
app.get("/failed", (_request, response) => response.status(401).json(null));
app.listen(Number(APP_PORT), "localhost", () => console.log(JSON.stringify({ url: APP_ORIGIN })));
