// The tenant's endpoints under /_development, which Auth0 does not have.

import { isMachine } from "./token.js";

let base;

export const connect = (issuer) => { base = `${issuer}_development/`; };

async function send(method, path, body) {
  const answer = await fetch(base + path, {
    method,
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(JSON.parse(text).message ?? text);
  return text ? JSON.parse(text) : null;
}

export const people = () => send("GET", "people");
export const rotateKeys = () => send("POST", "keys/rotate", {});
export const revokeKeys = () => send("POST", "keys/revoke", {});
export const endSessions = () => send("POST", "sessions/revoke", {});
export const faults = () => send("GET", "faults");
export const repair = () => send("DELETE", "faults");
export const reset = () => send("POST", "reset", {});
export const assignRoles = (user, roles) => send("PUT", `users/${encodeURIComponent(user)}/roles`, { roles });

/** Make all requests to paths that start with `path` fail, until `repair`. */
export const fail = (path, preset) => send("POST", "faults", { path, preset, times: 100_000 });

/** Return a token that expired an hour ago: made while the tenant's clock is behind. */
export async function expiredToken(claims, organization) {
  const behind = claims.exp - claims.iat + 3600;
  const user = isMachine(claims) ? {} : { user: claims.sub };
  await send("POST", "clock", { advance: -behind });
  try {
    return (await send("POST", "tokens", { ...user, organization })).access_token;
  } finally {
    await send("POST", "clock", { advance: behind });
  }
}
