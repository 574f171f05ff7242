// An API guarded by express-oauth2-jwt-bearer, as its README writes it.
import express from "express";
import { auth, claimIncludes, requiredScopes } from "express-oauth2-jwt-bearer";

const app = express();
app.use(auth({ issuerBaseURL: process.env.AUTH0_ISSUER, audience: process.env.AUTH0_AUDIENCE }));
const subject = (request, response) => response.json({ sub: request.auth.payload.sub });
app.get("/any", subject);
app.get("/scope", requiredScopes("read:data"), subject);
app.get("/permission", claimIncludes("permissions", "write:data"), subject);
const server = app.listen(0, "127.0.0.1", () => {
  console.log(JSON.stringify({ url: `http://127.0.0.1:${server.address().port}` }));
});
