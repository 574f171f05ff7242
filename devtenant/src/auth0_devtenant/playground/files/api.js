// The API: its routes from /openapi.json, calls, and what its headers say.

const DOCUMENT_TIMEOUT_MILLISECONDS = 10_000;
const TIMEOUT_MILLISECONDS = 60_000;
const METHODS = ["get", "post", "put", "patch", "delete"];

/** Return the routes of the API's OpenAPI document. */
export async function readRoutes(api) {
  const answer = await fetch(`${api}/openapi.json`, { signal: AbortSignal.timeout(DOCUMENT_TIMEOUT_MILLISECONDS) });
  const document = await answer.json();
  return Object.entries(document.paths ?? {}).flatMap(([path, operations]) =>
    METHODS.filter((method) => operations[method]).map((method) => route(document, path, method, operations)),
  );
}

function route(document, path, method, operations) {
  const operation = operations[method];
  const parameters = [...(operations.parameters ?? []), ...(operation.parameters ?? [])].map((each) =>
    resolve(document, each),
  );
  const content = resolve(document, operation.requestBody)?.content?.["application/json"];
  return {
    path,
    method: method.toUpperCase(),
    about: firstSentence(operation.description ?? operation.summary ?? ""),
    requires: requirements(document, operation),
    parameters: parameters.filter(({ required, in: place }) => place === "path" || (required && place === "query")),
    body: content && JSON.stringify(content.example ?? example(document, content.schema), null, 2),
  };
}

const firstSentence = (text) => text.split("\n\n")[0].replaceAll("\n", " ").replace(/^(.+?\.)\s.*$/, "$1");

// x-requires lists what the guards of auth0_sso ask for, in words; other APIs have their security requirements.
function requirements(document, operation) {
  const security = operation.security ?? document.security ?? [];
  if (security.length === 0) return ["public"];
  if (operation["x-requires"]?.length) return operation["x-requires"];
  if (security.some((each) => Object.keys(each).length === 0)) return ["token optional"];
  return ["access token", ...new Set(security.flatMap((each) => Object.values(each).flat()))];
}

function resolve(document, value) {
  if (!value?.$ref) return value;
  return resolve(document, value.$ref.slice(2).split("/").reduce((at, key) => at?.[key], document));
}

function example(document, schema, depth = 0) {
  const known = resolve(document, schema) ?? {};
  const given = known.examples?.[0] ?? known.example ?? known.default ?? known.enum?.[0];
  if (given !== undefined) return given;
  const alternative = (known.anyOf ?? known.oneOf ?? known.allOf)?.[0];
  if (alternative) return example(document, alternative, depth);
  if (known.type === "array") return depth > 3 ? [] : [example(document, known.items, depth + 1)];
  if (known.properties && depth < 4) {
    const required = known.required ?? Object.keys(known.properties);
    return Object.fromEntries(required.map((name) => [name, example(document, known.properties[name], depth + 1)]));
  }
  if (known.type === "object") return {};
  if (known.format === "email") return "new@example.com";
  if (known.format === "password") return "New-password-1!";
  return { integer: 1, number: 1, boolean: true, string: "text" }[known.type] ?? null;
}

/** Send a request, and return status, headers, body and RateLimit; the status is 0 if there was no response. */
export async function call(api, { method, path }, { values, body, token }) {
  const query = new URLSearchParams(values.filter(({ place }) => place === "query").map(({ name, value }) => [name, value]));
  const filled = values.reduce((at, { name, value }) => at.replace(`{${name}}`, encodeURIComponent(value)), path);
  const headers = { ...(token ? { Authorization: `Bearer ${token}` } : {}) };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  try {
    const answer = await fetch(`${api}${filled}${query.size ? `?${query}` : ""}`, {
      method,
      headers,
      body,
      signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS),
    });
    return { status: answer.status, headers: answer.headers, text: await answer.text(), limits: limits(answer.headers) };
  } catch {
    return { status: 0, headers: new Headers(), text: "", limits: [] };
  }
}

/** Return the parameters of the login that a challenge asks for (RFC 9470); null for any other response. */
export function askedLogin(headers) {
  const challenge = headers.get("WWW-Authenticate") ?? "";
  if (!challenge.includes('error="insufficient_user_authentication"')) return null;
  const found = ["acr_values", "max_age"].map((name) => [name, challenge.match(new RegExp(`${name}="?([^",]*)`))?.[1]]);
  return Object.fromEntries(found.filter(([, value]) => value !== undefined));
}

// RateLimit and RateLimit-Policy: draft-ietf-httpapi-ratelimit-headers.
function limits(headers) {
  const items = (name) =>
    [...(headers.get(name) ?? "").matchAll(/"([^"]*)"((?:;\w+=[^;,]+)*)/g)].map(([, policy, rest]) => ({
      policy,
      ...Object.fromEntries([...rest.matchAll(/;(\w+)=(\d+)/g)].map(([, key, value]) => [key, Number(value)])),
    }));
  const quotas = Object.fromEntries(items("RateLimit-Policy").map(({ policy, q }) => [policy, q]));
  return items("RateLimit").map(({ policy, r, t }) => ({
    policy,
    remaining: r,
    quota: quotas[policy] ?? r,
    until: t === undefined ? undefined : Date.now() + t * 1000,
  }));
}
