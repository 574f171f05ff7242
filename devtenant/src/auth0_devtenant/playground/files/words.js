// What a response means, and what a client does then.

const WORDS = {
  200: ["It worked.", ""],
  400: ["The API cannot read the request.", "Repeating it changes nothing: the client has to send something else."],
  401: [
    "The API does not know who is calling.",
    "The client gets a new token, silently or by a login, and repeats the request once.",
  ],
  403: [
    "The API knows who is calling, and this caller may not do it.",
    "A new login does not help. The client says so, and someone assigns the role or the permission.",
  ],
  404: ["There is no such thing here.", "The client shows that it is not found."],
  405: ["The address is right, the method is not.", "Repeating it changes nothing."],
  409: ["It is there already.", "The client fetches the current state before it tries again."],
  413: ["The body is too large.", "The client sends less."],
  422: ["Part of what was sent is missing or malformed.", "The client shows which part, and lets the user correct it."],
  429: [
    "Too many requests. This one was not carried out.",
    "The client waits as long as Retry-After says, then repeats it. Repeating it sooner is refused again.",
  ],
  500: ["The API failed.", "The operator finds the cause in the log, by the request id."],
  502: ["A server behind the API gave a wrong answer.", "The client can only try again later. The operator looks into the log."],
  503: [
    "The API cannot answer now: something it needs, such as Auth0, does not respond.",
    "The user stays logged in. The client waits as long as Retry-After says, longer each time, and repeats the request.",
  ],
};
const STEP_UP = [
  "The API knows who is calling, and asks for a stronger or more recent login.",
  "The client logs the user in again, with the parameters of the challenge, and repeats the request.",
];
const TITLES = {
  200: "OK", 201: "Created", 204: "No Content", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden",
  404: "Not Found", 405: "Method Not Allowed", 409: "Conflict", 413: "Content Too Large",
  422: "Unprocessable Content", 429: "Too Many Requests", 500: "Internal Server Error", 502: "Bad Gateway",
  503: "Service Unavailable", 504: "Gateway Timeout",
};

/** Return title, meaning and advice for a status; 0 is no response at all. `asked` is the login of a challenge, if any. */
export function words(status, api, asked = null) {
  if (status === 0) {
    return {
      title: "No response",
      meaning: `Either nothing runs at ${api}, or it does not allow pages of ${location.origin} to call it (CORS).`,
      advice: "Start the API, or add this origin to its allowed origins.",
    };
  }
  const general = status < 300 ? 200 : status < 500 ? 400 : 503;
  const [meaning, advice] = asked ? STEP_UP : WORDS[status] ?? WORDS[general];
  return { title: `${status} ${TITLES[status] ?? ""}`.trim(), meaning, advice };
}
