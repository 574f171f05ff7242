import { createAuth0Client } from "@auth0/auth0-spa-js";

const { domain, clientId, audience, api } = await (await fetch("config.json")).json();
const home = location.origin; // an Allowed Callback URL, Logout URL and Web Origin of the application
const element = (selector) => document.querySelector(selector);
const show = (text) => (element("[role=status]").textContent = text);

// Logs in again in a hidden frame after a reload: tokens are kept in memory only.
const auth0 = await createAuth0Client({
  domain,
  clientId,
  authorizationParams: { audience, redirect_uri: home },
});

async function finishLogin() {
  const parameters = new URLSearchParams(location.search);
  if (!parameters.has("state")) return;
  history.replaceState({}, "", "/"); // a reload must not send the code a second time
  await auth0.handleRedirectCallback(`${home}/?${parameters}`);
}

async function showUser() {
  const user = await auth0.getUser();
  show(user ? `Logged in as ${user.email}` : "Not logged in");
  element("#log-in").hidden = Boolean(user);
  for (const id of ["#profile", "#data", "#log-out"]) element(id).hidden = !user;
}

async function call(path) {
  const token = await auth0.getTokenSilently(); // from memory, or a new one if it is about to expire
  const response = await fetch(`${api}${path}`, { headers: { Authorization: `Bearer ${token}` } });
  const body = JSON.stringify(await response.json(), null, 2); // a problem (RFC 9457) if it is no success
  element("pre").textContent = `${response.status} ${path}\n${body}`;
}

function onClick(selector, action) {
  element(selector).addEventListener("click", () => action().catch((error) => show(error.message)));
}

onClick("#log-in", () => auth0.loginWithRedirect());
onClick("#profile", () => call("/profile"));
onClick("#data", () => call("/api/data"));
onClick("#log-out", () => auth0.logout({ logoutParams: { returnTo: home } }));

let problem;
await finishLogin().catch((error) => (problem = error.message));
await showUser();
if (problem) show(problem);
