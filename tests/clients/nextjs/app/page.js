import { auth0 } from "../lib/auth0.js";

export default async function Home() {
  const session = await auth0.getSession();
  return (
    <main>
      <a href="/auth/login">Log in</a> <a href="/auth/logout">Log out</a>
      <output>{session ? session.user.email : "nobody is logged in"}</output>
    </main>
  );
}
