// Made by make page from Page/Web/inventory.html. Change that.
// swift-format-ignore-file

extension PageFiles {
  static let inventory_html: StaticString = ####"""
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Inventory · stock</title>
<link rel="icon" href="/admin/assets/icon.svg" type="image/svg+xml">
<script src="/admin/assets/theme.js"></script>
<link rel="stylesheet" href="/admin/assets/base.css">
<link rel="stylesheet" href="/admin/assets/frame.css">
<link rel="stylesheet" href="/admin/assets/parts.css">
<link rel="stylesheet" href="/admin/assets/panel.css">
<link rel="stylesheet" href="/admin/assets/table.css">
<link rel="modulepreload" href="/admin/assets/api.js">
<link rel="modulepreload" href="/admin/assets/catalogue.js">
<link rel="modulepreload" href="/admin/assets/chart.js">
<link rel="modulepreload" href="/admin/assets/csv.js">
<link rel="modulepreload" href="/admin/assets/dialogs.js">
<link rel="modulepreload" href="/admin/assets/dom.js">
<link rel="modulepreload" href="/admin/assets/entries.js">
<link rel="modulepreload" href="/admin/assets/format.js">
<link rel="modulepreload" href="/admin/assets/live.js">
<link rel="modulepreload" href="/admin/assets/lowstock.js">
<link rel="modulepreload" href="/admin/assets/movements.js">
<link rel="modulepreload" href="/admin/assets/overview.js">
<link rel="modulepreload" href="/admin/assets/product.js">
<link rel="modulepreload" href="/admin/assets/reservations.js">
<link rel="modulepreload" href="/admin/assets/rows.js">
<link rel="modulepreload" href="/admin/assets/session.js">
<link rel="modulepreload" href="/admin/assets/shortcuts.js">
<link rel="modulepreload" href="/admin/assets/states.js">
<link rel="modulepreload" href="/admin/assets/stock.js">
<link rel="modulepreload" href="/admin/assets/toast.js">
<script type="module" src="/admin/assets/main.js"></script>
</head>
<body class="outside">
<a class="skip" href="#main">Skip to the content</a>
<header class="bar">
  <div class="bar-in">
    <a class="brand" href="#inventory" aria-label="stock, inventory">
      <img src="/admin/assets/icon.svg" alt="" width="24" height="24"><span>stock</span>
    </a>
    <nav class="tabs" aria-label="Sections">
      <a href="#inventory" data-view="inventory">Inventory</a>
      <a href="#low-stock" data-view="low-stock">Low stock</a>
      <a href="#reservations" data-view="reservations">Reservations</a>
      <a href="#movements" data-view="movements">Movements</a>
    </nav>
    <div class="bar-end">
      <span class="live" id="live" role="status"><span class="dot" aria-hidden="true"></span><span id="live-text">Connecting</span></span>
      <button class="icon-button" id="help-button" type="button" aria-label="Keyboard shortcuts" title="Keyboard shortcuts (?)"><svg viewBox="0 0 20 20" aria-hidden="true"><rect x="2.5" y="5" width="15" height="10.5" rx="2"/><path d="M5.5 8.5h.01M8.5 8.5h.01M11.5 8.5h.01M14.5 8.5h.01M6.5 12h7"/></svg></button>
      <button class="icon-button" id="theme-button" type="button" aria-label="Dark or light" title="Dark or light (t)"><svg viewBox="0 0 20 20" aria-hidden="true"><circle cx="10" cy="10" r="6.5"/><path d="M10 3.5a6.5 6.5 0 0 1 0 13z" class="filled"/></svg></button>
      <button class="button quiet" id="sign-out" type="button" hidden>Sign out</button>
    </div>
  </div>
</header>

<main id="main" tabindex="-1" hidden>
  <section id="overview" aria-labelledby="overview-title">
    <h1 id="overview-title">Inventory</h1>
    <dl class="figures" id="figures"></dl>
    <figure class="card chart" id="chart" aria-labelledby="chart-title"></figure>
  </section>
  <section class="view" id="view-inventory" aria-label="Entries"></section>
  <section class="view" id="view-low-stock" aria-label="Low stock" hidden></section>
  <section class="view" id="view-reservations" aria-label="Reservations" hidden></section>
  <section class="view" id="view-movements" aria-label="Movements" hidden></section>
</main>

<dialog id="sign-in" aria-labelledby="sign-in-title">
  <form id="sign-in-form" method="dialog" autocomplete="on">
    <img src="/admin/assets/icon.svg" alt="" width="40" height="40">
    <h2 id="sign-in-title">Sign in</h2>
    <p class="muted" id="sign-in-text">With a key whose role is admin.</p>
    <input class="away" type="text" name="username" autocomplete="username" value="stock admin" tabindex="-1" aria-hidden="true" readonly>
    <label for="sign-in-key">Admin key</label>
    <input id="sign-in-key" name="key" type="password" autofocus autocomplete="current-password" required spellcheck="false" placeholder="sk_…" aria-describedby="sign-in-error">
    <p class="error" id="sign-in-error" role="alert"></p>
    <button class="button primary wide" id="sign-in-button" type="submit">Sign in</button>
  </form>
</dialog>

<div id="panel-place"></div>
<div id="dialog-place"></div>
<div class="toasts" id="toasts" role="region" aria-label="Messages" aria-live="polite"></div>
<div class="away" id="announcer" aria-live="polite"></div>
<noscript>This page needs JavaScript.</noscript>
</body>
</html>

"""####
}
