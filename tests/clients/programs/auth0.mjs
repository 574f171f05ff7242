// node-auth0: the Management API, and the Authentication API of its legacy entry point. The SDK it names as the successor of
// that is @auth0/auth0-auth-js.
import { AuthClient } from "@auth0/auth0-auth-js";
import { ManagementClient } from "auth0";
import { AuthenticationClient } from "auth0/legacy";

const { AUTH0_AUDIENCE, AUTH0_DOMAIN, MACHINE_CLIENT_ID, MACHINE_CLIENT_SECRET } = process.env;
const { MANAGEMENT_CLIENT_ID, MANAGEMENT_CLIENT_SECRET } = process.env;

const management = new ManagementClient({
  domain: AUTH0_DOMAIN,
  clientId: MANAGEMENT_CLIENT_ID,
  clientSecret: MANAGEMENT_CLIENT_SECRET,
});
const connection = "Username-Password-Authentication";

async function listed(page) {
  const found = [];
  for await (const each of page) {
    found.push(each);
  }
  return found;
}

async function refusal(promise) {
  try {
    await promise;
    return null;
  } catch (error) {
    return { status: error.statusCode, error: error.errorCode ?? error.error ?? error.body?.errorCode };
  }
}

const people = await listed(await management.users.list({ per_page: 2 }));
const made = await management.users.create({ email: "node@example.com", password: "Node-password-1!", connection });
const id = made.user_id;
const updated = await management.users.update(id, { user_metadata: { theme: "dark" } });
const [manager] = await listed(await management.roles.list({ name_filter: "manager" }));
await management.users.roles.assign(id, { roles: [manager.id] });
const roles = (await listed(await management.users.roles.list(id))).map((role) => role.name);
await management.users.roles.delete(id, { roles: [manager.id] });
const rolesLeft = (await listed(await management.users.roles.list(id))).length;
await management.users.delete(id);

const machine = new AuthenticationClient({
  domain: AUTH0_DOMAIN,
  clientId: MACHINE_CLIENT_ID,
  clientSecret: MACHINE_CLIENT_SECRET,
});
const wrong = new AuthenticationClient({ domain: AUTH0_DOMAIN, clientId: MACHINE_CLIENT_ID, clientSecret: "wrong" });
const granted = await machine.oauth.clientCredentialsGrant({ audience: AUTH0_AUDIENCE });
const successor = new AuthClient({
  domain: AUTH0_DOMAIN,
  clientId: MACHINE_CLIENT_ID,
  clientSecret: MACHINE_CLIENT_SECRET,
});
const grantedToSuccessor = await successor.getTokenByClientCredentials({ audience: AUTH0_AUDIENCE });

console.log(
  JSON.stringify({
    emails: people.map((user) => user.email),
    metadata: updated.user_metadata,
    roles,
    rolesLeft,
    deleted: await refusal(management.users.get(id)),
    tokens: [granted.data.access_token, grantedToSuccessor.accessToken],
    wrongSecret: await refusal(wrong.oauth.clientCredentialsGrant({ audience: AUTH0_AUDIENCE })),
  }),
);
