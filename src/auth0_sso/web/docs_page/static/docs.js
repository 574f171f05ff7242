"use strict";
// Swagger UI with a login at Auth0: docs/decisions/0033-login-at-docs.md says why it does what it does.

const LOGIN = "auth0"; // the names of the security schemes in the OpenAPI document
const BEARER = "bearer";
const REQUIRES = "x-requires";

const { options, oauth, redirectPath } = JSON.parse(document.getElementById("configuration").textContent);

/** The claims of a JWT, not verified: to show them, and for no decision. */
function claimsOf(token) {
  try {
    const payload = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(payload), (byte) => byte.charCodeAt(0))));
  } catch {
    return {};
  }
}

/** Who is authorized, from the state of Swagger UI; undefined without a token. */
function callerIn(authorized) {
  const { [LOGIN]: login, [BEARER]: pasted } = authorized;
  const token = login?.token?.access_token ?? pasted?.value;
  if (!token) return undefined;
  const { sub, exp } = claimsOf(token);
  const { email, name } = claimsOf(login?.token?.id_token ?? "");
  return { name: email ?? name ?? sub ?? "the bearer of an access token", expiresAt: exp === undefined ? Infinity : exp * 1000 };
}

/** A time of today, or the day too. */
function timeOf(milliseconds) {
  const time = new Date(milliseconds);
  const day = time.toDateString() === new Date().toDateString() ? {} : { weekday: "long" };
  return time.toLocaleString([], { ...day, hour: "2-digit", minute: "2-digit" });
}

/** What outlives a reload, in this tab alone: sessionStorage ends with it. */
const remembered = {
  key: (what) => `auth0_sso ${what} ${location.pathname}`,

  save(authorized) {
    const kept = {};
    for (const name of [LOGIN, BEARER]) {
      if (authorized[name] === undefined) continue;
      const { schema, value, scopes, clientId, token } = authorized[name];
      const { access_token, id_token, token_type } = token ?? {};
      kept[name] = { name, schema, ...(token ? { scopes, clientId, token: { access_token, id_token, token_type } } : { value }) };
    }
    sessionStorage.setItem(this.key("authorization"), JSON.stringify(kept));
  },

  load() {
    const authorized = JSON.parse(sessionStorage.getItem(this.key("authorization")) ?? "{}");
    return (callerIn(authorized)?.expiresAt ?? 0) > Date.now() ? authorized : {};
  },

  /** Whether the next login asks who it is, instead of using the session at Auth0. */
  get asksForUser() {
    return sessionStorage.getItem(this.key("ask for user")) === "yes";
  },
  set asksForUser(asks) {
    sessionStorage.setItem(this.key("ask for user"), asks ? "yes" : "no");
  },
};

const authActions = {
  // Swagger UI keeps the code of the last login, and would send it again: swagger-api/swagger-ui#6034.
  authPopup: (open) => (url, oauth2) => {
    delete oauth2.auth.code;
    const isOurs = oauth2.auth.name === LOGIN;
    return open(isOurs && remembered.asksForUser ? `${url}&prompt=login` : url, oauth2);
  },

  authorizeOauth2: (authorize, { authActions }) => (answer) => {
    const action = authorize(answer);
    if (answer.auth.name === LOGIN) {
      remembered.asksForUser = false;
      authActions.logout([BEARER]); // one caller at a time
      authActions.showDefinitions(false);
    }
    return action;
  },

  authorize: (authorize, { authActions }) => (entered) => {
    const action = authorize(entered);
    if (entered[BEARER]?.value) {
      authActions.logout([LOGIN]);
      authActions.showDefinitions(false);
    }
    return action;
  },

  logoutWithPersistOption: (logout) => (names) => {
    if (names.includes(LOGIN)) remembered.asksForUser = true;
    return logout(names);
  },

  // Called after every change. Swagger UI's own way keeps tokens in localStorage, beyond the browser's end.
  persistAuthorizationIfNeeded: (persist, { authSelectors }) => () => {
    remembered.save(authSelectors.authorized().toJS());
    return persist();
  },
};

const authSelectors = {
  // The login stands before the field for a pasted token.
  definitionsToAuthorize: (select) => (...state) => select(...state)?.sortBy((each) => (each.has(LOGIN) ? 0 : 1)),
};

/** Who is logged in, before the button that opens the dialog. */
const AccountBar = (AuthorizeButton, { React: { Component, createElement: h } }) =>
  class extends Component {
    componentDidMount() {
      this.refreshAtExpiry();
    }

    componentDidUpdate() {
      this.refreshAtExpiry();
    }

    componentWillUnmount() {
      clearTimeout(this.timer);
    }

    caller() {
      return callerIn(this.props.authSelectors.authorized().toJS());
    }

    refreshAtExpiry() {
      clearTimeout(this.timer);
      const wait = (this.caller()?.expiresAt ?? 0) - Date.now();
      if (wait > 0 && wait < 2 ** 31) this.timer = setTimeout(() => this.forceUpdate(), wait);
    }

    switchUser = () => {
      const { authActions, authSelectors } = this.props;
      authActions.logoutWithPersistOption([LOGIN]);
      authActions.showDefinitions(authSelectors.definitionsToAuthorize());
    };

    status() {
      const caller = this.caller();
      if (!caller) return ["Not logged in. ", h("span", { className: "detail" }, "Authorize to call the guarded routes.")];
      const name = h("strong", null, caller.name);
      if (caller.expiresAt <= Date.now()) {
        return ["The access token of ", name, " has expired. ", h("span", { className: "detail" }, "Log in again.")];
      }
      if (caller.expiresAt === Infinity) return ["Authorized as ", name];
      return ["Authorized as ", name, h("span", { className: "detail" }, ` until ${timeOf(caller.expiresAt)}`)];
    }

    render() {
      const isLoggedIn = this.props.authSelectors.authorized().has(LOGIN);
      const change = h("button", { className: "btn switch-user", onClick: this.switchUser }, "Switch user");
      return h(
        "div",
        { className: "account" },
        h("p", { className: "account-status", role: "status" }, ...this.status()),
        isLoggedIn ? change : null,
        h(AuthorizeButton, this.props),
      );
    }
  };

/** The dialog, with the keyboard kept in it while it is open. */
const AuthorizeDialog = (Dialog, { React: { Component, createElement: h, createRef } }) =>
  class extends Component {
    box = createRef();
    opener = document.activeElement;

    componentDidMount() {
      const dialog = this.box.current.querySelector(".modal-ux");
      for (const [name, value] of [["role", "dialog"], ["aria-modal", "true"], ["aria-label", "Authorize"]]) {
        dialog.setAttribute(name, value);
      }
      dialog.querySelector(".close-modal").setAttribute("aria-label", "Close");
      dialog.querySelector(".login .authorize")?.focus();
    }

    componentWillUnmount() {
      this.opener?.focus();
    }

    keepInside = (event) => {
      if (event.key !== "Tab") return;
      const inside = [...this.box.current.querySelectorAll("button, input, a[href]")].filter((each) => each.checkVisibility());
      const [first, last] = [inside[0], inside.at(-1)];
      if (document.activeElement !== (event.shiftKey ? first : last)) return;
      event.preventDefault();
      (event.shiftKey ? last : first).focus();
    };

    render() {
      return h("div", { ref: this.box, onKeyDown: this.keepInside }, h(Dialog, this.props));
    }
  };

/** The login, with the choice to be asked who one is: ticked after a logout. */
const Login = (Oauth2, { React: { Component, createElement: h } }) =>
  class extends Component {
    choose = (event) => {
      remembered.asksForUser = event.target.checked;
      this.forceUpdate();
    };

    render() {
      if (this.props.name !== LOGIN) return h(Oauth2, this.props);
      const box = h("input", { type: "checkbox", checked: remembered.asksForUser, onChange: this.choose });
      const choice = h("label", { className: "ask-for-user" }, box, "Ask who to log in as, even if there is a session at Auth0");
      const className = oauth.clientId ? "login has-client" : "login";
      return h("div", { className }, this.props.authorized.has(LOGIN) ? null : choice, h(Oauth2, this.props));
    }
  };

/** The path of a route, and what its guards require. */
const PathAndRequirements = (Path, { React: { Fragment, createElement: h }, specSelectors }) => {
  const requirements = (path, method) => {
    const operation = specSelectors.specJson().getIn(["paths", path, method]);
    if (!operation) return [];
    if (operation.has(REQUIRES)) return operation.get(REQUIRES).isEmpty() ? ["token optional"] : operation.get(REQUIRES).toArray();
    return operation.get("security")?.size ? [] : ["public"];
  };
  return function PathWithRequirements(props) {
    const { path, method } = props.operationProps.toObject();
    const badges = requirements(path, method).map((text) => h("span", { key: text, className: `badge ${text.split(" ")[0]}` }, text));
    return h(Fragment, null, h(Path, props), h("span", { className: "badges" }, ...badges));
  };
};

/** The table of extensions, without the one that is shown as badges. */
const OtherExtensions = (Extensions, { React: { createElement: h } }) =>
  function ExtensionsBesideRequirements(props) {
    const extensions = props.extensions.delete(REQUIRES);
    return extensions.isEmpty() ? null : h(Extensions, { ...props, extensions });
  };

const ui = SwaggerUIBundle({
  ...options,
  oauth2RedirectUrl: location.origin + redirectPath,
  presets: [SwaggerUIBundle.presets.apis],
  plugins: [
    {
      statePlugins: { auth: { wrapActions: authActions, wrapSelectors: authSelectors } },
      wrapComponents: {
        AuthorizeBtnContainer: AccountBar,
        authorizationPopup: AuthorizeDialog,
        oauth2: Login,
        OperationSummaryPath: PathAndRequirements,
        OperationExt: OtherExtensions,
      },
    },
  ],
  onComplete: () => ui.authActions.restoreAuthorization({ authorized: remembered.load() }),
});
ui.initOAuth(oauth);
