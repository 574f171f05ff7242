// A token decoded and explained, and the checks of an API carried out on it.

import { duration } from "./dom.js";

const LEEWAY_SECONDS = 10;
const TIMEOUT_MILLISECONDS = 10_000;
const USER = "The user, by the id at Auth0. It never changes, unlike an email.";
const EXPLAINED = {
  iss: "Who issued the token: this tenant.",
  aud: "For which API it is. Others refuse it. With openid, /userinfo is added.",
  azp: "The application that asked for it.",
  client_id: "The application that asked for it.",
  scope: "What the application may do for the user.",
  permissions: "What the roles allow at this API. Its guards can ask for them.",
  gty: "How it was obtained: not by a login.",
  org_id: "The organization that the user logged in to.",
  org_name: "Its name.",
  jti: "The id of this token.",
  auth_time: "When the user last typed a password or a code.",
  amr: "How the user authenticated: mfa is a second factor.",
  acr: "How strong the authentication was.",
  sid: "The session at the tenant, for logouts.",
  nonce: "Ties it to our own login request.",
  name: "For display.",
  email: "For display. It can change.",
  email_verified: "Whether the user has proven to read it.",
  updated_at: "When the profile last changed.",
};

/** Return whether a token was issued by client credentials: Auth0 then adds @clients to the client id. */
export const isMachine = ({ sub }) => String(sub).endsWith("@clients");

function explain(name, claims) {
  if (name === "sub") return isMachine(claims) ? "The machine itself: no user is involved." : USER;
  const ago = (moment) => `${duration(Date.now() / 1000 - moment)} ago`;
  if (name === "iat") return `When it was issued: ${ago(claims.iat)}.`;
  if (name === "exp") return `When it ends, ${duration(claims.exp - claims.iat)} after it was issued.`;
  return EXPLAINED[name] ?? "";
}

const bytes = (part) => Uint8Array.from(atob(part.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const json = (part) => JSON.parse(new TextDecoder().decode(bytes(part)));

/** Return header and claims of a JWT; null for an opaque token. */
export function decode(token) {
  const parts = token.split(".");
  if (parts.length !== 3) return null;
  return { header: json(parts[0]), claims: json(parts[1]) };
}

/** Return rows of name, value and explanation. */
export const explained = (claims) =>
  Object.entries(claims).map(([name, value]) => [name, shown(name, value), explain(name, claims)]);

function shown(name, value) {
  if (["iat", "exp", "auth_time"].includes(name)) return new Date(value * 1000).toLocaleString();
  if (Array.isArray(value)) return value.join(", ") || "none";
  return String(value);
}

/** Return the token with another signature. */
export function forge(token) {
  const [header, claims, signature] = token.split(".");
  return [header, claims, (signature[0] === "A" ? "B" : "A") + signature.slice(1)].join(".");
}

/** Return what an API checks, each with whether it holds now. */
export async function checks(token, configuration) {
  const { header, claims } = decode(token);
  const keys = await publishedKeys(configuration);
  const key = keys?.find(({ kid }) => kid === header.kid);
  const where = key ? "published in the JWK Set" : keys ? "no longer in the JWK Set" : "unknown: the JWK Set cannot be fetched";
  const audiences = [claims.aud].flat();
  return [
    [header.alg === "RS256", `Algorithm ${header.alg}`, "one that the API expects, never “none”"],
    [key !== undefined, "Key", where],
    [key !== undefined && (await verifies(token, key)), "Signature", "made with that key"],
    [claims.iss === configuration.issuer, "Issuer", "this tenant, with the slash"],
    [audiences.includes(configuration.audience), "Audience", "this API is among them"],
    [claims.iat < Date.now() / 1000 + LEEWAY_SECONDS, "Issued", "not in the future"],
    [claims.exp > Date.now() / 1000, "Expiration", "in the future"],
  ];
}

async function publishedKeys({ issuer }) {
  const options = { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS) };
  try {
    return (await (await fetch(new URL(".well-known/jwks.json", issuer), options)).json()).keys;
  } catch {
    return undefined;
  }
}

async function verifies(token, { kty, n, e }) {
  const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("jwk", { kty, n, e }, algorithm, false, ["verify"]);
  const cut = token.lastIndexOf(".");
  const signed = new TextEncoder().encode(token.slice(0, cut));
  return crypto.subtle.verify(algorithm, key, bytes(token.slice(cut + 1)), signed);
}
