// Made by make page from Page/Web/format.js. Change that.
// swift-format-ignore-file

extension PageFiles {
  static let format_js: StaticString = ####"""
// How numbers and times are written.
import { h } from "./dom.js";

const whole = new Intl.NumberFormat("en");
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const full = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "medium" });
const day = new Intl.DateTimeFormat("en", { day: "numeric", month: "short" });
const dayOfYear = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", year: "numeric" });

export const number = (value) => whole.format(value);

/** Long numbers in few letters: for places that are narrow. */
export const compact = (value) => (Math.abs(value) < 100_000 ? whole.format(value) : short.format(value));

/** With its sign, and a minus that is as wide as a plus. */
export const signed = (value) =>
  value > 0 ? `+${whole.format(value)}` : value < 0 ? `−${whole.format(-value)}` : "0";

export const plural = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;

function ago(time, now = Date.now()) {
  const seconds = Math.round((now - time) / 1000);
  if (seconds < 0) return full.format(time);
  if (seconds < 45) return "just now";
  if (seconds < 3600) return `${Math.max(1, Math.round(seconds / 60))} min ago`;
  if (seconds < 86_400) return `${Math.round(seconds / 3600)} h ago`;
  return new Date(time).getFullYear() === new Date(now).getFullYear()
    ? day.format(time)
    : dayOfYear.format(time);
}

/** How long something lasts, roughly. */
export function span(milliseconds) {
  const minutes = milliseconds / 60_000;
  if (minutes < 1) return "under a minute";
  if (minutes < 90) return `${Math.round(minutes)} min`;
  const hours = minutes / 60;
  if (hours < 36) return `${Math.round(hours)} h`;
  const days = hours / 24;
  return days < 60 ? `${Math.round(days)} days` : days < 365 ? `${Math.round(days / 30)} months` : "over a year";
}

/** A moment; it grows older by itself. */
export function moment(text) {
  const time = Date.parse(text);
  return h("time", { datetime: text, title: full.format(time), "data-ago": time }, ago(time));
}

/** A moment to come. */
export function until(text) {
  const time = Date.parse(text);
  const say = (left) => (left <= 0 ? "now" : `in ${span(left)}`);
  return h("time", { datetime: text, title: full.format(time), "data-until": time }, say(time - Date.now()));
}

setInterval(() => {
  for (const element of document.querySelectorAll("time[data-ago]")) {
    element.textContent = ago(Number(element.dataset.ago));
  }
  for (const element of document.querySelectorAll("time[data-until]")) {
    const left = Number(element.dataset.until) - Date.now();
    element.textContent = left <= 0 ? "now" : `in ${span(left)}`;
  }
}, 20_000);

"""####
}
