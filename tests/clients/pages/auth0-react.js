// auth0-react with its default configuration, bundled by esbuild: React has no ES modules.
import { Auth0Provider, useAuth0 } from "@auth0/auth0-react";
import { createElement as h } from "react";
import { createRoot } from "react-dom/client";

const { issuer, clientId, audience } = await (await fetch("/config.json")).json();

function App() {
  const auth0 = useAuth0();
  window.auth0 = auth0;
  const status = auth0.error ? auth0.error.message : auth0.isAuthenticated ? auth0.user.email : "nobody is logged in";
  return h(
    "main",
    null,
    h("button", { onClick: () => auth0.loginWithRedirect() }, "Log in"),
    h("button", { onClick: () => auth0.logout({ logoutParams: { returnTo: location.origin } }) }, "Log out"),
    h("output", null, auth0.isLoading ? "loading" : status),
  );
}

createRoot(document.getElementById("root")).render(
  h(
    Auth0Provider,
    {
      domain: issuer.replace(/\/$/, ""),
      clientId,
      authorizationParams: { audience, redirect_uri: location.origin },
    },
    h(App),
  ),
);
