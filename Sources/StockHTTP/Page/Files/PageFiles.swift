// Made by make page from the files in Page/Web. Change those.
// swift-format-ignore-file

/// The web page's files, by name.
enum PageFiles {
  static let all: [(name: String, text: StaticString)] = [
    ("inventory.html", inventory_html),
    ("base.css", base_css),
    ("frame.css", frame_css),
    ("panel.css", panel_css),
    ("parts.css", parts_css),
    ("table.css", table_css),
    ("api.js", api_js),
    ("catalogue.js", catalogue_js),
    ("chart.js", chart_js),
    ("csv.js", csv_js),
    ("dialogs.js", dialogs_js),
    ("dom.js", dom_js),
    ("entries.js", entries_js),
    ("format.js", format_js),
    ("live.js", live_js),
    ("lowstock.js", lowstock_js),
    ("main.js", main_js),
    ("movements.js", movements_js),
    ("overview.js", overview_js),
    ("product.js", product_js),
    ("reservations.js", reservations_js),
    ("rows.js", rows_js),
    ("session.js", session_js),
    ("shortcuts.js", shortcuts_js),
    ("states.js", states_js),
    ("stock.js", stock_js),
    ("theme.js", theme_js),
    ("toast.js", toast_js),
    ("icon.svg", icon_svg),
  ]
}
