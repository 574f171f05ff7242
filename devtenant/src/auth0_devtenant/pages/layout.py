"""The layout of all pages: style, security headers and frame. No page loads anything from elsewhere."""

from base64 import b64encode
from hashlib import sha256
from typing import Final, Literal

from starlette.responses import HTMLResponse

from auth0_devtenant.pages.html import Html, html

STYLE: Final = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif;
  --page: #eef0f6; --card: #fff; --text: #1b1f2b; --quiet: #5a6072; --line: #cfd4e1; --accent: #3f59e4;
  --accent-text: #fff; --hover: #f2f4fb; --error: #b3261e; --note: #fff5d6; --note-text: #5c4600; }
@media (prefers-color-scheme: dark) { :root { --page: #12141c; --card: #1c1f2a; --text: #eceef5; --quiet: #a6adc0;
  --line: #3a4053; --accent: #8b9cff; --accent-text: #10131f; --hover: #262a38; --error: #ff9d94;
  --note: #3a3213; --note-text: #f3dfa2; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 1rem; min-height: 100vh; display: grid; place-items: center; background: var(--page);
  color: var(--text); }
main { width: 100%; max-width: 26rem; min-width: 0; overflow: hidden; border: 1px solid var(--line);
  border-radius: 1rem; background: var(--card); box-shadow: 0 .5rem 2rem rgb(0 0 0 / .08); overflow-wrap: anywhere; }
main.wide { max-width: 52rem; }
.content { padding: clamp(1.25rem, 5vw, 2.25rem); }
.banner { padding: .45rem 1rem; background: var(--note); color: var(--note-text); font-size: .8rem;
  text-align: center; }
h1 { font-size: 1.45rem; line-height: 1.25; margin: 0; }
h2 { font-size: .95rem; margin: 0 0 .5rem; }
p { margin: .4rem 0 0; }
.lead, .hint { color: var(--quiet); }
.hint { font-size: .85rem; }
.error { margin-top: 1rem; padding: .6rem .8rem; border: 1px solid; border-radius: .5rem; color: var(--error);
  font-weight: 600; }
.columns { display: grid; gap: 1.75rem; margin-top: 1.25rem; }
.columns > * { min-width: 0; }
.columns > .row { grid-column: 1 / -1; margin-top: 0; }
@media (min-width: 48rem) {
  .columns { grid-template-columns: 1fr 1fr; grid-template-rows: auto 1fr; gap: 1.25rem 2.5rem; }
  .columns > .beside { grid-column: 2; grid-row: 1 / span 2; } }
.stack { align-content: start; }
.columns label:first-child { margin-top: 0; }
label { display: block; margin: .9rem 0 .3rem; font-weight: 600; font-size: .9rem; }
label.check { display: flex; gap: .5rem; align-items: center; font-weight: 400; }
input:not([type=checkbox]) { width: 100%; padding: .65rem .75rem; font: inherit; color: inherit;
  background: var(--card); border: 1px solid var(--quiet); border-radius: .5rem; }
input[type=checkbox] { width: 1.1rem; height: 1.1rem; margin: 0; accent-color: var(--accent); }
button, .button { display: block; width: 100%; padding: .7rem 1rem; font: inherit; font-weight: 600;
  text-align: center; text-decoration: none; color: var(--text); background: var(--card);
  border: 1px solid var(--line); border-radius: .5rem; cursor: pointer; }
button:hover, .button:hover { background: var(--hover); }
button.primary { margin-top: 1.1rem; color: var(--accent-text); background: var(--accent);
  border-color: var(--accent); }
button.primary:hover { filter: brightness(1.08); }
button.quiet { width: auto; padding: .4rem .6rem; border-color: transparent; color: var(--quiet); font-weight: 400; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
a { color: var(--accent); }
.stack { display: grid; gap: .5rem; margin: 0; padding: 0; list-style: none; }
.person { display: grid; grid-template-columns: 1fr auto; align-items: center; gap: 0 .75rem; padding: .55rem .8rem;
  text-align: left; line-height: 1.3; }
.person span { min-width: 0; }
.person small { display: block; font-weight: 400; color: var(--quiet); }
.badge { padding: .05rem .45rem; border: 1px solid var(--line); border-radius: 1rem; font-size: .72rem;
  font-weight: 400; color: var(--quiet); }
.scroll { max-height: 27rem; overflow-y: auto; padding: 4px; margin: -4px; }
.choices { margin-top: 1.25rem; }
.row { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: center; gap: .25rem .75rem;
  margin-top: 1.25rem; padding-top: .75rem; border-top: 1px solid var(--line); font-size: .9rem; }
output { display: block; margin: 1rem 0 0; padding: .6rem; border: 1px dashed var(--quiet); border-radius: .5rem;
  font: 600 1.6rem/1.3 ui-monospace, monospace; letter-spacing: .25em; text-align: center; }
ul.plain { margin: .75rem 0 0; padding-left: 1.2rem; }
"""

_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>$style</style>
</head>
<body><main$width>
<div class="banner">Development tenant: everything here is public</div>
<div class="content">
<h1>$title</h1>
$content
</div>
</main>$script</body>
</html>
"""


def page(
    title: str,
    content: Html,
    *,
    status: int = 200,
    width: Literal["", "wide", "full"] = "",
    style: str = "",
    script: str = "",
    connects: bool = False,
    frame_ancestors: str = "'none'",
    referrer_policy: str = "same-origin",
) -> HTMLResponse:
    """Return a page; `script` is the only one that runs in it, and `frame_ancestors` the origin that may frame it.

    `style` is added to that of all pages. With `connects` the script may send requests to this origin.
    """
    style = STYLE + style
    text = html(
        _PAGE,
        title=title,
        style=Html(style),
        width=Html(f' class="{width}"' if width else ""),
        content=content,
        script=Html(f"<script>{script}</script>" if script else ""),
    )
    # No form-action: Chromium applies it to the redirect after the form too, which goes to the application.
    policy = f"default-src 'none'; base-uri 'none'; frame-ancestors {frame_ancestors}; style-src {_source(style)}"
    policy += f"; script-src {_source(script)}" if script else ""
    policy += "; connect-src 'self'" if connects else ""
    return HTMLResponse(
        text,
        status,
        {
            "Cache-Control": "no-store",
            "Content-Security-Policy": policy,
            # With no-referrer browsers send "Origin: null" even to the page's own site.
            "Referrer-Policy": referrer_policy,
            "X-Content-Type-Options": "nosniff",
        },
    )


def alert(error: str) -> Html:
    """Return the error of a form, nothing without one."""
    return html('<p class="error" role="alert">$error</p>', error=error) if error else Html("")


def _source(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
