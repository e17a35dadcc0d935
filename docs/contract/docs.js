// What makes the page of the contract handier. It can be read without.

const root = document.documentElement;
const find = document.getElementById("find");

// Light and dark.
const kept = (() => {
  try {
    return localStorage.getItem("docs-theme");
  } catch {
    return null;
  }
})();
if (kept === "light" || kept === "dark") root.dataset.theme = kept;
document.getElementById("theme").addEventListener("click", () => {
  const dark = root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  try {
    localStorage.setItem("docs-theme", root.dataset.theme);
  } catch {
    // It lasts as long as the page then.
  }
});

// Copying an example.
for (const button of document.querySelectorAll(".copy")) {
  button.addEventListener("click", async () => {
    const text = button.parentElement.querySelector("code").textContent;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(button.parentElement.querySelector("code"));
      button.textContent = "Selected";
    }
    setTimeout(() => (button.textContent = "Copy"), 1500);
  });
}

// Finding a call.
const calls = [...document.querySelectorAll(".call")];
const links = new Map(
  [...document.querySelectorAll("#menu ul a")].map((link) => [link.hash.slice(1), link]),
);
find.addEventListener("input", () => {
  const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
  let found = 0;
  for (const call of calls) {
    const fits = words.every((word) => call.dataset.text.includes(word));
    call.hidden = !fits;
    const item = links.get(call.id)?.parentElement;
    if (item) item.hidden = !fits;
    if (fits) found += 1;
  }
  for (const section of document.querySelectorAll('section[id^="tag-"]')) {
    section.hidden = !section.querySelector(".call:not([hidden])");
  }
  document.getElementById("none").hidden = found > 0;
});
addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== find && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    find.focus();
  }
  if (event.key === "Escape" && document.activeElement === find) {
    find.value = "";
    find.dispatchEvent(new Event("input"));
  }
});

// The menu shows where one reads.
const seen = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      for (const link of links.values()) link.classList.remove("here");
      links.get(entry.target.id)?.classList.add("here");
    }
  },
  { rootMargin: "-10% 0px -80% 0px" },
);
for (const call of calls) seen.observe(call);
