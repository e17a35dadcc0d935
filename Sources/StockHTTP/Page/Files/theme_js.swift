// Made by make page from Page/Web/theme.js. Change that.
// swift-format-ignore-file

extension PageFiles {
  static let theme_js: StaticString = ####"""
// Before anything is shown, so that a dark page does not begin with a white flash.
{
  const chosen = localStorage.getItem("stock-theme");
  if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
}

"""####
}
