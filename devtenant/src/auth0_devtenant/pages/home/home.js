const status = document.getElementById("status");
let hiding;

function say(text, failed = false) {
  status.textContent = text;
  status.className = failed ? "shown failed" : "shown";
  clearTimeout(hiding);
  hiding = setTimeout(() => { status.className = ""; }, 6000);
}

async function send(path, method, body) {
  const answer = await fetch(`/_development/${path}`, {
    method,
    headers: { "Content-Type": "application/json" },
    body: method === "DELETE" ? undefined : JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(JSON.parse(text).message ?? text);
  return text && JSON.parse(text);
}

async function act(action, done) {
  try {
    await action();
    say(done);
  } catch (error) {
    say(`That did not work: ${error.message}`, true);
  }
}

// Fetch the sections that a switch can change, and keep the focus on the same button.
async function refresh() {
  const text = await (await fetch("/")).text();
  const fresh = new DOMParser().parseFromString(text, "text/html");
  for (const id of ["people", "keys", "clock"]) {
    const [before, after] = [document.getElementById(id), fresh.getElementById(id)];
    const focused = [...before.querySelectorAll("button")].indexOf(document.activeElement);
    before.replaceWith(after);
    after.querySelectorAll("button")[focused]?.focus();
  }
}

async function copy(button, text) {
  await navigator.clipboard.writeText(text);
  const label = button.textContent;
  if (label === "Copied") return;
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = label; }, 1500);
}

document.addEventListener("click", ({ target }) => {
  const button = target.closest("button");
  if (!button) return;
  const { copy: text, tokenOf, path, method, body, done } = button.dataset;
  if (text !== undefined) act(() => copy(button, text), "Copied.");
  if (tokenOf) {
    const made = send("tokens", "POST", { user: tokenOf }).then((answer) => answer.access_token);
    act(async () => copy(button, await made), "An access token is in the clipboard.");
  }
  if (path) act(() => send(path, method, JSON.parse(body)).then(refresh), done);
});

document.querySelector("[data-faults]").addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  const fault = { path: form.path.value, times: Number(form.times.value), preset: event.submitter.value };
  const where = form.path.selectedOptions[0].text;
  act(() => send("faults", "POST", fault), `The next ${fault.times} requests of ${where} ${event.submitter.textContent}.`);
});

function row({ at, method, path, status: code }) {
  const item = document.createElement("li");
  const parts = [["span", code || "…", "status"], ["span", method], ["code", path]];
  parts.push(["time", new Date(at * 1000).toLocaleTimeString()]);
  for (const [tag, text, name] of parts) {
    const part = document.createElement(tag);
    part.textContent = text;
    if (name) part.className = name;
    item.append(part, " ");
  }
  if (code === 0 || code >= 400) item.classList.add(code >= 500 ? "broken" : "refused");
  return item;
}

async function showRequests() {
  if (!document.hidden) {
    try {
      const last = await (await fetch("/_development/requests/last")).json();
      document.getElementById("requests").replaceChildren(...last.slice(-20).reverse().map(row));
      document.getElementById("no-requests").hidden = last.length > 0;
    } catch {
      // The tenant has stopped: the next poll finds it again.
    }
  }
  setTimeout(showRequests, 2000);
}
showRequests();
