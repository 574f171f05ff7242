import { auth0 } from "../lib/auth0.js";
import { callApi } from "../lib/api.js";

export default async function Home() {
  const session = await auth0.getSession();
  if (!session) {
    return (
      <main>
        <p role="status">Not logged in</p>
        <a href="/auth/login">Log in</a>
      </main>
    );
  }
  const [profile, data] = await Promise.all([callApi("/profile"), callApi("/api/data")]);
  return (
    <main>
      <p role="status">Logged in as {session.user.email}</p>
      <pre aria-label="Profile">{JSON.stringify(profile, null, 2)}</pre>
      <pre aria-label="Data">{JSON.stringify(data, null, 2)}</pre>
      <a href="/auth/logout">Log out</a>
    </main>
  );
}
