import { auth0 } from "../../lib/auth0.js";

export async function GET() {
  const { token } = await auth0.getAccessToken();
  return Response.json({ access_token: token });
}
