// oauth2-mock-server as an issuer. Its tokens get what it leaves out: the audience, and a machine's subject.
import { OAuth2Server } from "oauth2-mock-server";

const slash = process.env.ISSUER_SLASH === "/";
const server = new OAuth2Server(undefined, undefined, { shouldIssuerUrlBeSuffixedWithATralingSlash: slash });
await server.issuer.keys.generate(process.env.ALGORITHM ?? "RS256");
await server.start(0, "localhost");
server.service.on("beforeTokenSigning", (token, request) => {
  token.payload.aud ??= process.env.AUDIENCE;
  if (request.body.grant_type === "client_credentials") {
    Object.assign(token.payload, { sub: request.body.client_id, client_id: request.body.client_id });
  }
});
console.log(JSON.stringify({ url: server.issuer.url.replace(/\/$/, ""), issuer: server.issuer.url }));
