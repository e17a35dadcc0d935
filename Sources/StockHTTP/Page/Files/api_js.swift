// Made by make page from Page/Web/api.js. Change that.
// swift-format-ignore-file

extension PageFiles {
  static let api_js: StaticString = ####"""
// Calls of the engine, with the session's cookie.

/** An answer that is not what was asked for. */
export class ApiError extends Error {
  constructor(status, problem) {
    super(problem?.detail ?? problem?.title ?? "The engine did not answer.");
    this.status = status;
    this.code = problem?.code ?? "";
    this.problem = problem ?? {};
  }
}

let csrfToken = "";
let renew = async () => false;

/** Set by session.js: what changes have to show, and how to sign in again. */
export function connectSession({ token, onEnd }) {
  if (token !== undefined) csrfToken = token;
  if (onEnd) renew = onEnd;
}

function randomKey() {
  // crypto.randomUUID is there on secure addresses only.
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}

const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

async function once(method, path, body, headers, signal) {
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: { ...headers, ...(method === "GET" ? {} : { "X-CSRF-Token": csrfToken }) },
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store",
      credentials: "same-origin",
      signal,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, { detail: "The engine cannot be reached." });
  }
  if (response.status === 204) return null;
  const answer = await response.json().catch(() => null);
  if (!response.ok) throw new ApiError(response.status, answer);
  return answer;
}

/** A change is sent with a key of its own: if its answer is lost, asking again does nothing twice. */
async function call(method, path, body, { signal } = {}) {
  const headers = {};
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const isChange = method !== "GET";
  if (isChange) headers["Idempotency-Key"] = randomKey();
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await once(method, path, body, headers, signal);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 401 && (await renew())) continue;
      const mayHelp = error.status === 503 || error.status === 0 || error.code === "idempotency_running";
      if (!isChange || !mayHelp || attempt >= 4) throw error;
      await pause(300 * 2 ** attempt);
    }
  }
}

export const get = (path, options) => call("GET", path, undefined, options);
export const post = (path, body) => call("POST", path, body);
export const remove = (path) => call("DELETE", path);

/** A path with the parameters that have a value. */
export function withQuery(path, parameters) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== null && value !== "") query.set(name, value);
  }
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}

"""####
}
