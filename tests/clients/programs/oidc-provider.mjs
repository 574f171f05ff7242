// oidc-provider as an issuer of JWT access tokens. A client's id ends with the algorithm that its tokens are signed with.
// POST /rotate replaces all keys, as an operator does who redeploys with a new JWK Set.
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import Provider from "oidc-provider";

const ALGORITHMS = ["RS256", "PS256", "ES256"];
const secret = process.env.CLIENT_SECRET;

function newKeys() {
  return ALGORITHMS.map((alg) => {
    const { privateKey } =
      alg === "ES256"
        ? generateKeyPairSync("ec", { namedCurve: "P-256" })
        : generateKeyPairSync("rsa", { modulusLength: 2048 });
    return { ...privateKey.export({ format: "jwk" }), alg, use: "sig", kid: randomUUID() };
  });
}

function provider(issuer) {
  const made = new Provider(issuer, {
    jwks: { keys: newKeys() },
    cookies: { keys: [randomUUID()] },
    clientDefaults: { token_endpoint_auth_method: "client_secret_post" },
    clients: ALGORITHMS.flatMap((alg) => [
      {
        client_id: `machine-${alg}`,
        client_secret: secret,
        grant_types: ["client_credentials"],
        redirect_uris: [],
        response_types: [],
      },
      { client_id: `web-${alg}`, client_secret: secret, redirect_uris: [process.env.REDIRECT_URI] },
    ]),
    features: {
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => process.env.AUDIENCE,
        useGrantedResource: () => true,
        getResourceServerInfo: (_context, _resource, client) => ({
          scope: "read:data",
          accessTokenFormat: "jwt",
          jwt: { sign: { alg: client.clientId.split("-")[1] } },
        }),
      },
    },
    // RFC 9068 section 2.2.1: what tells a user's token from a machine's.
    extraTokenClaims: (_context, token) => (token.kind === "AccessToken" && process.env.AMR ? { amr: ["pwd"] } : {}),
  });
  return made.callback();
}

let answer;
let issuer;
const server = createServer((request, response) => {
  if (request.method === "POST" && request.url === "/rotate") {
    answer = provider(issuer);
    response.end();
  } else {
    answer(request, response);
  }
});
server.listen(0, "127.0.0.1", () => {
  const url = `http://localhost:${server.address().port}`;
  issuer = `${url}${process.env.ISSUER_SLASH ?? ""}`;
  answer = provider(issuer);
  console.log(JSON.stringify({ url, issuer }));
});
