// What can be broken: keys, roles, Auth0 itself, sessions.

import { byId, h, replaceContent } from "./dom.js";
import * as tenant from "./tenant.js";

const PARTS = [
  ["/api/v2/", "the Management API", "Roles and profiles come from it."],
  ["/.well-known/jwks.json", "the signing keys", "The API has them cached: it needs them for a key that it does not know yet."],
  ["/oauth/token", "the token endpoint", "New tokens cannot be issued."],
  ["/", "all of Auth0", "A token that was issued before can still be verified, with the cached keys."],
];
const WAYS = [["fail", "answers 503"], ["hang", "does not answer"], ["slow", "takes 3 seconds"], ["rate_limit", "answers 429"], ["garbage", "answers garbage"]];

/** Show the switches; `person` is whose roles can change, if any, `pending` are the faults, `changed` is called after a change. */
export function showSwitches({ roles, person, pending, changed }) {
  const act = (action, text) => async () => {
    try {
      await action();
      say(text);
      await changed();
    } catch (error) {
      say(`That did not work: ${error.message}`);
    }
  };
  const button = (label, action, text) => h("button", { type: "button", onclick: act(action, text) }, label);
  replaceContent(byId("switches"),
    group("Keys",
      button("Rotate keys", tenant.rotateKeys,
        "New tokens are signed with another key. Yours still works: its key stays published. The API looks up the new key by its kid."),
      button("Revoke previous keys", tenant.revokeKeys,
        "The previous keys are no longer published. The API refuses their tokens as soon as its cached keys are renewed: get a new token.")),
    rolesGroup(roles, person, act),
    faultGroup(pending, changed),
    group("Sessions",
      button("End all sessions", tenant.endSessions,
        "Silent renewals are refused from now on. Your token works until it expires: the API does not ask Auth0 each time."),
      button("Reset the tenant", tenant.reset, "Users, roles, keys and sessions are as at the start.")),
  );
}

const group = (title, ...content) => h("div", { class: "group" }, h("h3", {}, title), h("div", { class: "buttons" }, content));

export const say = (text) => { byId("note").textContent = text; };

function rolesGroup(roles, person, act) {
  if (!person) return group("Roles", h("p", { class: "about" }, "Log in as someone to take a role away."));
  const boxes = roles.map((role) => {
    const box = h("input", { type: "checkbox", name: "role", value: role, checked: person.roles.includes(role) });
    const wanted = () => (box.checked ? [...person.roles, role] : person.roles.filter((each) => each !== role));
    const text = () => `${person.name} ${box.checked ? "has the role" : "no longer has the role"} ${role}. ` +
      "The API sees it once its cached roles expire. The permissions in the token change with the next token: renew it.";
    box.addEventListener("change", () => act(() => tenant.assignRoles(person.user_id, wanted()), text())());
    return h("label", { class: "check" }, box, role);
  });
  return group(`Roles of ${person.name}`, boxes);
}

function faultGroup(pending, changed) {
  const part = h("select", { "aria-label": "What fails" }, PARTS.map(([path, name]) => h("option", { value: path }, name)));
  const way = h("select", { "aria-label": "How it fails" }, WAYS.map(([preset, name]) => h("option", { value: preset }, name)));
  const start = h("button", { type: "button", onclick: async () => {
    await tenant.repair();
    await tenant.fail(part.value, way.value);
    const [, name, about] = PARTS[part.selectedIndex];
    say(`Until you repair it, ${name} ${way.selectedOptions[0].text}. ${about}`);
    await changed();
  } }, "Make Auth0 fail");
  const stop = h("button", { type: "button", onclick: async () => {
    await tenant.repair();
    say("Auth0 works again. The API may wait a few seconds before it asks again.");
    await changed();
  } }, "Repair Auth0");
  const fails = pending.length > 0;
  if (fails && PARTS.some(([path]) => path === pending[0].path) && pending[0].preset) {
    part.value = pending[0].path;
    way.value = pending[0].preset;
  }
  const badge = h("span", { class: fails ? "badge broken" : "badge passed" }, fails ? "fails" : "works");
  return group(["Auth0 ", badge], part, way, start, stop);
}
