// Before anything is shown, so that a dark page does not begin with a white flash.
{
  const chosen = localStorage.getItem("stock-theme");
  if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
}
