// Fastify with @fastify/jwt and its cache of verified tokens. `node fastify.js PORT`.
import { createPublicKey } from "node:crypto";
import jwt from "@fastify/jwt";
import Fastify from "fastify";

const issuer = `https://${process.env.AUTH0_DOMAIN}/`;
const { keys } = await (await fetch(`${issuer}.well-known/jwks.json`)).json();
const pem = createPublicKey({ key: keys[0], format: "jwk" }).export({ type: "spki", format: "pem" });
const app = Fastify();
app.register(jwt, {
  secret: { public: pem },
  verify: { algorithms: ["RS256"], allowedIss: issuer, allowedAud: process.env.AUTH0_AUDIENCE, cache: 4096 },
});
const schema = { response: { 200: { type: "object", properties: { data: { type: "string" } } } } };
app.get("/data", { schema, onRequest: (request) => request.jwtVerify() }, async () => ({ data: "x" }));
await app.listen({ port: Number(process.argv[2]), host: "127.0.0.1" });
