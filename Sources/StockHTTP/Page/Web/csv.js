// Tables as files for spreadsheets (RFC 4180).

/** A spreadsheet would carry out a text that begins like a formula: such a text gets a quote before it. */
function cell(value) {
  if (typeof value === "number") return String(value);
  let text = String(value ?? "");
  if (/^[=+\-@\t\r\n|%]/.test(text.trimStart()) || /^[\t\r\n]/.test(text)) text = `'${text}`;
  return /[",\r\n;]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text;
}

export const csvText = (rows) => rows.map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";

/** Hands a file to the browser to keep. */
export function saveCSV(name, rows) {
  // The mark at the beginning tells Excel that it is UTF-8.
  const file = new Blob(["\ufeff", csvText(rows)], { type: "text/csv;charset=utf-8" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = `${name}-${new Date().toISOString().slice(0, 16).replaceAll(":", "")}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
