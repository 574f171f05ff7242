// The list of routes: a button to call each, and its response in words.

import { askedLogin, call, readRoutes } from "./api.js";
import { announce, byId, countdown, duration, h } from "./dom.js";
import { words } from "./words.js";

const MAX_CALLS = 120;
const MILLISECONDS_BETWEEN_CALLS = 120; // slow enough to watch the meter

/**
 * Show the routes of an API.
 *
 * `caller.token` returns a promise of the token for a call, `caller.subject` the user id; `caller.logIn` takes the
 * parameters of a challenge, and the name of the route that asked for them.
 */
export async function showRoutes(api, caller) {
  const list = byId("routes");
  if (!api) {
    const option = h("code", {}, "--api http://127.0.0.1:3000");
    list.replaceChildren(h("p", { class: "empty" }, "No API is named. Start the tenant with ", option, "."));
    return;
  }
  try {
    const routes = await readRoutes(api);
    const elements = (chosen) => chosen.map((route) => routeElement(api, route, caller));
    const isSimple = ({ parameters, body }) => parameters.length === 0 && body === undefined;
    const others = routes.filter((route) => !isSimple(route));
    const more = h("details", { class: "more" }, h("summary", {}, `${others.length} more routes, which need something to send`), elements(others));
    list.replaceChildren(...elements(routes.filter(isSimple)), others.length > 0 ? more : "");
  } catch {
    const retry = h("button", { type: "button", onclick: () => showRoutes(api, caller) }, "Try again");
    const { meaning } = words(0, api);
    list.replaceChildren(h("p", { class: "empty" }, `There is no ${api}/openapi.json. ${meaning}`), retry);
  }
}

/** Bring a route into view whose challenge was answered by a login. */
export function showAnswered(name) {
  const element = document.querySelector(`[aria-label="${CSS.escape(name)}"]`);
  element?.closest("details")?.setAttribute("open", "");
  element?.querySelector(".output").replaceChildren(h("p", { class: "about" }, "You logged in as it asked. Call it again."));
  element?.querySelector(".line button").focus();
}

function routeElement(api, route, caller) {
  const fields = route.parameters.map((parameter) => {
    const value = /user/.test(parameter.name) ? caller.subject() : "";
    const input = h("input", { name: parameter.name, value, autocomplete: "off", spellcheck: "false" });
    // The caller can change between two calls: a field that was not touched follows.
    input.follow = () => { if (value && input.value === input.defaultValue) input.defaultValue = caller.subject(); };
    return { parameter, input, label: h("label", {}, parameter.name, input) };
  });
  const body = route.body && h("textarea", { rows: route.body.split("\n").length, spellcheck: "false" });
  if (body) body.value = route.body;
  const name = `${route.method} ${route.path}`;
  const button = h("button", { type: "button", "aria-label": `Call ${name}` }, "Call");
  const output = h("div", { class: "output" });
  const send = async () =>
    call(api, route, {
      values: fields.map(({ parameter, input }) => ({ name: parameter.name, place: parameter.in, value: input.value })),
      body: body ? body.value : undefined,
      token: await caller.token(),
    });
  const show = (response) => {
    const asked = askedLogin(response.headers);
    const { title, meaning } = words(response.status, api, asked);
    announce(`${name}: ${title}. ${meaning}`);
    output.replaceChildren(...responseElements(api, response, () => run(useUp)));
    if (asked) output.querySelector(".verdict").after(logInButton(() => run(() => caller.logIn(asked, name))));
  };
  const useUp = async () => {
    for (let count = 0; count < MAX_CALLS; count += 1) {
      const response = await send();
      show(response);
      if (response.status === 429 || response.limits.length === 0) return;
      await new Promise((resolve) => { setTimeout(resolve, MILLISECONDS_BETWEEN_CALLS); });
    }
  };
  const run = async (action) => {
    if (button.ariaDisabled === "true") return;
    fields.forEach(({ input }) => input.follow());
    button.ariaDisabled = "true"; // not disabled: that would take the focus away
    button.textContent = "Calling…";
    try {
      await action();
    } catch (error) {
      output.replaceChildren(h("p", { class: "verdict broken" }, error.message));
    }
    button.ariaDisabled = "false";
    button.textContent = "Call";
  };
  button.addEventListener("click", () => run(async () => show(await send())));
  const inputs = [...fields.map(({ label }) => label), body && h("label", {}, "Body", body)].filter(Boolean);
  return h("article", { class: "route", "aria-label": name },
    h("div", { class: "line" },
      h("h3", {}, h("span", { class: `method ${route.method}` }, route.method), " ", h("code", {}, route.path)),
      button),
    h("p", { class: "about" }, route.about, " ", route.requires.map((text) => [h("span", { class: "badge" }, text), " "])),
    inputs.length > 0 && h("details", { class: "inputs", open: fields.some(({ input }) => !input.value) }, h("summary", {}, "What to send"), inputs),
    output);
}

function responseElements(api, { status, headers, text, limits }, useUp) {
  const { title, meaning, advice } = words(status, api, askedLogin(headers));
  const problem = parsed(text);
  const kind = status === 0 || status >= 500 ? "broken" : status >= 400 ? "refused" : "passed";
  const wait = headers.get("Retry-After");
  const facts = [
    problem?.detail && status >= 400 && ["The API says", problem.detail],
    headers.get("WWW-Authenticate") && ["Challenge", headers.get("WWW-Authenticate")],
    advice && ["What a client does", advice],
    wait && ["Retry-After", countdown(Date.now() + wait * 1000, (left) => left > 0 ? `in ${duration(left)}` : "now: call again")],
    status >= 400 && headers.get("X-Request-ID") && ["Request id", headers.get("X-Request-ID")],
  ].filter(Boolean);
  return [
    h("p", { class: `verdict ${kind}` }, h("strong", {}, title), " ", meaning),
    facts.length > 0 && h("dl", { class: "facts" }, facts.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
    ...limits.map(limitElement),
    limits.length > 0 && status < 400 && h("button", { type: "button", class: "small", onclick: useUp }, "Use up the limit"),
    text && h("details", { open: status < 400 }, h("summary", {}, "Body"), h("pre", { tabindex: "0" }, problem ? JSON.stringify(problem, null, 2) : text)),
  ].filter(Boolean);
}

const logInButton = (onclick) => h("p", { class: "asked" }, h("button", { type: "button", onclick }, "Log in as asked"));

function limitElement({ policy, remaining, quota, until }) {
  const meter = h("span", { class: "bar", role: "meter", "aria-label": `Rate limit ${policy}`, "aria-valuemin": 0,
    "aria-valuemax": quota, "aria-valuenow": remaining });
  const filled = h("span", {});
  filled.style.width = `${(100 * remaining) / quota}%`;
  meter.append(filled);
  const more = until && remaining < quota && countdown(until, (left) => (left > 0 ? `, more in ${duration(left)}` : ", more now"));
  return h("div", { class: `limit ${remaining ? "" : "used-up"}` }, meter, h("span", {}, `${remaining} of ${quota} left`, more || ""));
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
