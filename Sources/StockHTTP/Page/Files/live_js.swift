// Made by make page from Page/Web/live.js. Change that.
// swift-format-ignore-file

extension PageFiles {
  static let live_js: StaticString = ####"""
// The engine's stream of what changes, once a second (Server-Sent Events). While the page is not
// looked at it is closed; then everything is read anew.
import { byId } from "./dom.js";
import { readSession, signIn } from "./session.js";
import { tell, tellStale } from "./stock.js";

let source;
let wasOpen = false;
let timer;
const listeners = [];

/** Called each second with {now, movements, seconds: [[second, asked, refused]…]}. */
export const onSecond = (listener) => listeners.push(listener);

function show(state, text) {
  byId("live").dataset.state = state;
  if (byId("live-text").textContent !== text) byId("live-text").textContent = text;
}

function open() {
  clearTimeout(timer);
  source?.close();
  source = new EventSource("/api/v1/admin/inventory/live");
  source.addEventListener("open", () => {
    show("on", "Live");
    // What happened meanwhile, nobody tells again.
    if (wasOpen) tellStale();
    wasOpen = true;
  });
  source.addEventListener("second", (event) => {
    const second = JSON.parse(event.data);
    for (const listener of listeners) listener(second);
    if (second.changes.length) tell(second.changes);
    if (second.is_cut) tellStale();
  });
  source.addEventListener("error", () => {
    show("off", "Reconnecting");
    // Refused, not interrupted: the browser does not try again by itself.
    if (source.readyState === EventSource.CLOSED) timer = setTimeout(reopen, 2_000);
  });
}

async function reopen() {
  try {
    if (!(await readSession())) await signIn(true);
    open();
  } catch {
    timer = setTimeout(reopen, 2_000);
  }
}

export function startLive() {
  open();
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      clearTimeout(timer);
      source.close();
      show("off", "Paused");
    } else {
      reopen();
    }
  });
}

"""####
}
