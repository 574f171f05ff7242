import { Auth0Client } from "@auth0/nextjs-auth0/server";

export const auth0 = new Auth0Client({
  allowInsecureRequests: process.env.NODE_ENV === "development", // http, for the development tenant
  enableAccessTokenEndpoint: false, // /auth/access-token would give the token to scripts of the page
  authorizationParameters: {
    audience: process.env.AUTH0_AUDIENCE,
    scope: "openid profile email offline_access",
  },
});
