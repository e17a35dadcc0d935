// Made by make page from Page/Web/icon.svg. Change that.
// swift-format-ignore-file

extension PageFiles {
  static let icon_svg: StaticString = ####"""
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#3d4fc4"/><path d="M8 21.5h16M8 16h11M8 10.5h6" stroke="#fff" stroke-width="3" stroke-linecap="round"/></svg>

"""####
}
