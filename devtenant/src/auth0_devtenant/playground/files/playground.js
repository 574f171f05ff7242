// The page: it fetches the configuration, shows the four steps and keeps them in step with the token.

import { announce, byId, copyButton, countdown, duration, h, replaceContent } from "./dom.js";
import { LoginError, finishLogIn, forgetSession, hasSession, logIn, logInAsAsked, logOut, machineTokens, renewSilently, takeAnsweredRoute } from "./login.js";
import { showAnswered, showRoutes } from "./routes.js";
import { say, showSwitches } from "./switches.js";
import * as tenant from "./tenant.js";
import { checks, decode, explained, forge, isMachine } from "./token.js";

const LOGIN_PATHS = ["/authorize", "/u/login"];

let configuration;
let people = [];
let tokens = null;

const claims = () => (tokens ? decode(tokens.access_token)?.claims ?? {} : {});
const caller = () => people.find(({ user_id }) => user_id === claims().sub);

function showAddresses() {
  const link = (name, url) => h("li", {}, `${name} `, h("a", { href: url }, url));
  const addresses = [link("Tenant", configuration.issuer)];
  if (configuration.api) addresses.push(link("API", `${configuration.api}/`));
  byId("addresses").replaceChildren(...addresses);
}

function showPeople() {
  const chosen = document.querySelector("[name=person]:checked")?.value ?? caller()?.email ?? people[0]?.email;
  replaceContent(byId("people"), ...people.map(({ email, name, roles }) =>
    h("label", { class: "person" },
      h("input", { type: "radio", name: "person", value: email, checked: email === chosen }),
      h("span", {}, h("strong", {}, name), h("small", {}, email)),
      h("span", { class: "badge" }, roles.join(", ") || "no role"))));
  chooseOrganizations();
}

function chooseOrganizations() {
  const email = document.querySelector("[name=person]:checked")?.value;
  const name = people.find((person) => person.email === email)?.name;
  const [select, before] = [byId("organization"), byId("organization").value];
  const own = configuration.organizations.filter(({ members }) => members.includes(email));
  select.replaceChildren(h("option", { value: "" }, "none"), ...own.map((each) => h("option", { value: each.name }, each.title)));
  select.value = own.some((each) => each.name === before) ? before : "";
  select.disabled = own.length === 0;
  byId("log-in").textContent = name ? `Log in as ${name}` : "Log in";
}

function showCaller() {
  const element = byId("caller");
  const person = caller();
  document.title = person ? `${person.name} · Playground` : "Playground";
  if (!tokens) {
    element.replaceChildren(h("p", {}, "You are ", h("strong", {}, "anonymous"), ": calls have no token."));
    return;
  }
  const name = person?.name ?? (isMachine(claims()) ? "a machine" : claims().sub);
  const organization = claims().org_name && ` at ${claims().org_name}`;
  const buttons = tokens.id_token
    ? [h("button", { type: "button", onclick: renew }, "Renew silently"),
       h("button", { type: "button", onclick: () => logOut(configuration, tokens.id_token) }, "Log out")]
    : [h("button", { type: "button", onclick: forgetToken }, "Forget the token")];
  replaceContent(element,
    h("p", {}, "You are ", h("strong", {}, name), organization || "", "."),
    h("div", { class: "buttons" }, buttons));
}

function claimTable(caption, values) {
  const row = ([name, value, about]) =>
    h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, h("code", {}, value), about && h("small", {}, about)));
  return h("table", {}, h("caption", { class: "visually-hidden" }, caption), h("tbody", {}, explained(values).map(row)));
}

async function showToken() {
  const element = byId("token-content");
  if (!tokens) {
    element.replaceChildren(h("p", { class: "empty" }, "No token yet. Log in, or get a machine's token."));
    return;
  }
  const token = tokens.access_token;
  const list = h("ul", { class: "checks" });
  const { exp, iat } = claims();
  const bar = h("progress", { class: "countdown", max: exp - iat, "aria-label": "Time until the token expires" });
  bar.update = () => { bar.value = Math.max(0, exp - Date.now() / 1000); };
  bar.update();
  element.replaceChildren(
    h("p", { class: "lifetime" }, countdown(exp * 1000, (left) => (left > 0 ? `Expires in ${duration(left)}` : "Expired")), bar),
    h("h3", {}, "What the API checks"), list,
    h("h3", {}, "What it says"), claimTable("Claims of the access token", claims()),
    h("details", {}, h("summary", {}, "The access token as it is sent"), h("pre", { class: "raw", tabindex: "0" }, token),
      copyButton("the access token", token)),
    tokens.id_token && h("details", {}, h("summary", {}, "The ID token: for this page, never for an API"),
      claimTable("Claims of the ID token", decode(tokens.id_token).claims)) || "");
  const done = await checks(token, configuration);
  list.replaceChildren(...done.map(([passed, name, about]) =>
    h("li", { class: passed ? "passed" : "failed" }, h("span", { class: "mark", "aria-hidden": "true" }, passed ? "✓" : "✗"),
      h("span", { class: "visually-hidden" }, passed ? "passed: " : "failed: "), h("strong", {}, name), " ", about)));
}

/** Fetch what can change at the tenant, and show it. */
async function refresh() {
  people = await tenant.people();
  configuration = await (await fetch("configuration")).json();
  showPeople();
  showCaller();
  showSwitches({ roles: configuration.roles, person: caller(), pending: await tenant.faults(), changed: refresh });
  await showToken();
}

function showError(error) {
  const text = error instanceof LoginError ? `${error.message} (${error.code})` : error.message;
  byId("caller").querySelector(".error")?.remove();
  byId("caller").append(h("p", { class: "error", role: "alert" }, text));
}

/** Replace the tokens, and return whether that worked. */
async function obtain(source) {
  try {
    tokens = await source(configuration);
    await refresh();
    announce(byId("caller").firstChild.textContent);
    return true;
  } catch (error) {
    showError(error);
    return false;
  }
}

/** Leave for a login page; show an error where the tenant fails, and its pages with it. */
async function leave(start) {
  const faults = await tenant.faults();
  if (faults.some(({ path }) => LOGIN_PATHS.some((each) => each.startsWith(path)))) {
    showError(new Error("Auth0 fails now, and its login page with it. Repair it first."));
    return;
  }
  await start();
}

async function renew() {
  const before = decode(tokens.access_token).header.kid;
  if (!(await obtain(renewSilently))) return;
  const { kid } = decode(tokens.access_token).header;
  say(kid === before ? "The token is new: from the session at the tenant, without a login." : "The token is new, and signed with another key.");
}

async function forgetToken() {
  tokens = null;
  await refresh();
}

/** Return the token for a call, as chosen above the routes. */
async function tokenToSend() {
  const choice = document.querySelector("[name=send]:checked").value;
  if (choice === "none" || !tokens) return null;
  if (choice === "forged") return forge(tokens.access_token);
  if (choice === "expired") return tenant.expiredToken(claims(), claims().org_id);
  return tokens.access_token;
}

async function start() {
  configuration = await (await fetch("configuration")).json();
  tenant.connect(configuration.issuer);
  showAddresses();
  byId("machine").hidden = !configuration.machine;
  byId("people").addEventListener("change", chooseOrganizations);
  byId("machine").addEventListener("click", () => { forgetSession(); obtain(machineTokens); });
  byId("login").addEventListener("submit", (event) => {
    event.preventDefault();
    const email = document.querySelector("[name=person]:checked")?.value ?? "";
    const choice = { email, organization: byId("organization").value, multiFactor: byId("mfa").checked };
    leave(() => logIn(configuration, choice));
  });
  let failure;
  try {
    tokens = await finishLogIn(configuration) ?? (hasSession() ? await renewSilently(configuration) : null);
  } catch (error) {
    forgetSession();
    failure = error;
  }
  await refresh();
  if (failure) showError(failure);
  await showRoutes(configuration.api, {
    token: tokenToSend,
    subject: () => caller()?.user_id ?? people[0]?.user_id ?? "",
    logIn: (asked, route) => leave(() => logInAsAsked(configuration, asked, { email: caller()?.email, route })),
  });
  const answered = takeAnsweredRoute();
  if (answered) showAnswered(answered);
  byId("trouble").hidden = false; // last, since what is above it has its height now
}

start().catch((error) => {
  showError(new Error(`The tenant does not respond (${error.message}). Is it still running? Then reload this page.`));
});
