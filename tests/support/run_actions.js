// Runs post-login Actions one after the other, as Auth0's pipeline does. Reads {actions, event} as JSON, and prints what
// they have done: the claims of the access token, and the other calls of `api`.
"use strict";
const vm = require("node:vm");

const RESTRICTED = ["acr", "act", "active", "amr", "at_hash", "ath", "attest", "aud", "auth_time", "authorization_details",
  "azp", "client_id", "cnf", "events", "exp", "groups", "gty", "iat", "internalService", "iss", "jcard", "jku", "jti",
  "jwe", "jwk", "kid", "may_act", "mky", "nbf", "nonce", "object_id", "org_id", "org_name", "roles", "scope", "sid", "sub"];

const done = { claims: {}, calls: [] };
const noted = (name) => (...given) => done.calls.push([name, ...given]);
const api = {
  accessToken: {
    setCustomClaim(name, value) {
      if (RESTRICTED.includes(name)) throw new Error(`Auth0 drops the claim ${name} (Create Custom Claims)`);
      done.claims[name] = value;
    },
  },
  authentication: { challengeWithAny: noted("challengeWithAny") },
  multifactor: { enable: noted("enable") },
};

async function run({ actions, event }) {
  for (const code of actions) {
    const module = { exports: {} };
    vm.runInNewContext(code, { exports: module.exports, module }, { timeout: 1000 });
    await module.exports.onExecutePostLogin(event, api);
  }
}

run(JSON.parse(require("node:fs").readFileSync(0, "utf8"))).then(() => console.log(JSON.stringify(done)));
