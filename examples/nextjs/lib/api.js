import { auth0 } from "./auth0.js";

// Runs on the server only: the access token never reaches the browser.
export async function callApi(path) {
  const { token } = await auth0.getAccessToken();
  const response = await fetch(new URL(path, process.env.API_URL), {
    headers: { Authorization: `Bearer ${token}` },
    cache: "no-store", // what one user may see is not for the next
  });
  return { status: response.status, body: await response.json() }; // a problem (RFC 9457) if it is no success
}
