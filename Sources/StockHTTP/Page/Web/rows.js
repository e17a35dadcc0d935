// Tables by keyboard: one row can be reached by Tab, the arrows go on from there.

/**
 * @param body the tbody, whose rows carry what they show in `row.item`
 * @param actions by key: {Enter: (item) => …, a: …}
 */
export function walkRows(body, actions) {
  const rows = () => [...body.querySelectorAll("tr[tabindex]")];

  function focus(row) {
    if (!row) return;
    for (const other of rows()) other.tabIndex = -1;
    row.tabIndex = 0;
    row.focus();
    row.scrollIntoView({ block: "nearest" });
  }

  body.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const row = event.target.closest("tr");
    // A button in a row has keys of its own.
    if (!row || event.target !== row) return;
    const all = rows();
    const at = all.indexOf(row);
    const next = {
      ArrowDown: all[at + 1], j: all[at + 1],
      ArrowUp: all[at - 1], k: all[at - 1],
      Home: all[0], End: all.at(-1),
    };
    if (event.key in next) focus(next[event.key]);
    else if (event.key in actions && row.item) actions[event.key](row.item);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  body.addEventListener("focusin", (event) => {
    const row = event.target.closest("tr[tabindex]");
    if (!row || event.target !== row) return;
    for (const other of rows()) other.tabIndex = other === row ? 0 : -1;
  });
  body.addEventListener("click", (event) => {
    const row = event.target.closest("tr[tabindex]");
    if (!row || event.target.closest("button, a, input") || String(getSelection())) return;
    actions.Enter?.(row.item);
  });
  return { focusFirst: () => focus(rows()[0]) };
}
