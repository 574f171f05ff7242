// Elements, and times that count down.

export const byId = (id) => document.getElementById(id);

/** Return a new element: h("button", { class: "primary", onclick }, "Call"). */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === undefined || value === null) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Let screen readers say something. What counts down is outside of this live region. */
export const announce = (text) => { byId("announcer").textContent = text; };

/** Rebuild what an element contains, and keep the focus on the control that had it, by its position. */
export function replaceContent(element, ...children) {
  const controls = () => [...element.querySelectorAll("button, input, select, summary")];
  const focused = controls().indexOf(document.activeElement);
  element.replaceChildren(...children);
  if (focused >= 0) controls()[Math.min(focused, controls().length - 1)]?.focus();
}

/** Return a duration in words, with its two largest units. */
export function duration(seconds) {
  const units = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
  let rest = Math.max(0, Math.round(seconds));
  const parts = [];
  for (const [name, size] of units) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count) parts.push(`${count} ${name}${count === 1 ? "" : "s"}`);
  }
  return parts.slice(0, 2).join(" ") || "0 seconds";
}

/** Return an element whose text follows the time until `moment`, in milliseconds. */
export function countdown(moment, text) {
  const element = h("span", { class: "countdown" });
  element.update = () => { element.textContent = text((moment - Date.now()) / 1000); };
  element.update();
  return element;
}

setInterval(() => {
  for (const element of document.querySelectorAll(".countdown")) element.update?.();
}, 1000);

/** Return a button that copies a text. */
export function copyButton(what, text) {
  const button = h("button", { type: "button", class: "small", "aria-label": `Copy ${what}` }, "Copy");
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
  return button;
}
