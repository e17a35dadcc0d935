// Signing in and out. When a session ends in the middle of something, the form comes up above it, and
// what was under way goes on behind it.
import { connectSession } from "./api.js";
import { byId } from "./dom.js";

let waiting;

export async function readSession() {
  const response = await fetch("/admin/session", { cache: "no-store" });
  const session = await response.json();
  if (session.signed_in) take(session);
  return session.signed_in;
}

function take(session) {
  connectSession({ token: session.csrf_token });
  byId("sign-out").hidden = !session.keys;
  byId("sign-out").title = session.name ? `Signed in with the key “${session.name}”` : "";
}

/** Shows the form, unless it is there. Resolves when somebody is signed in. */
export function signIn(isAgain = false) {
  waiting ??= new Promise((done) => {
    const dialog = byId("sign-in");
    byId("sign-in-text").textContent = isAgain
      ? "Your session has ended. Nothing on the page is lost."
      : "With a key whose role is admin.";
    byId("sign-in-key").value = "";
    byId("sign-in-error").textContent = "";
    dialog.showModal();
    dialog.addEventListener("signed-in", () => done(true), { once: true });
  }).finally(() => {
    waiting = undefined;
  });
  return waiting;
}

async function submit(event) {
  event.preventDefault();
  const [field, button, message] = ["key", "button", "error"].map((name) => byId(`sign-in-${name}`));
  const key = field.value.trim();
  message.textContent = "";
  if (!/^[\x21-\x7e]+$/.test(key)) {
    message.textContent = "A key has letters, digits, - and _ only.";
    return;
  }
  button.disabled = true;
  try {
    const response = await fetch("/admin/session", {
      method: "POST",
      headers: { Authorization: `Bearer ${key}` },
    });
    const answer = await response.json();
    if (response.ok) {
      take(answer);
      field.value = "";
      byId("sign-in").close();
      byId("sign-in").dispatchEvent(new Event("signed-in"));
      return;
    }
    message.textContent = answer.detail;
    field.select();
  } catch {
    message.textContent = "The engine cannot be reached.";
  } finally {
    button.disabled = false;
  }
}

async function signOut() {
  const { csrf_token: token } = await (await fetch("/admin/session", { cache: "no-store" })).json();
  await fetch("/admin/session", { method: "DELETE", headers: { "X-CSRF-Token": token ?? "" } });
  // Nothing of what was shown stays.
  location.hash = "";
  location.reload();
}

export function prepareSession() {
  byId("sign-in-form").addEventListener("submit", submit);
  byId("sign-in").addEventListener("cancel", (event) => event.preventDefault());
  byId("sign-in").addEventListener("keydown", (event) => {
    // Chromium lets a second Escape through.
    if (event.key === "Escape") event.preventDefault();
  });
  byId("sign-out").addEventListener("click", signOut);
  connectSession({ onEnd: () => signIn(true) });
}
