#!/bin/bash
# Writes the page's files into the Swift file that makes them part of the executable. Run it after a
# change of any of them (make page); a test says when it was forgotten.
set -euo pipefail
cd "$(dirname "$0")"
folder=../Files
mkdir -p "$folder"
rm -f "$folder"/*.swift
{
  echo "// Made by make page from the files in Page/Web. Change those."
  echo "// swift-format-ignore-file"
  echo
  echo "/// The web page's files, by name."
  echo "enum PageFiles {"
  echo "  static let all: [(name: String, text: StaticString)] = ["
  for file in *.html *.css *.js *.svg; do
    echo "    (\"$file\", ${file//[^a-z0-9]/_}),"
  done
  echo "  ]"
  echo "}"
} >"$folder/PageFiles.swift"
for file in *.html *.css *.js *.svg; do
  name=${file//[^a-z0-9]/_}
  {
    echo "// Made by make page from Page/Web/$file. Change that."
    echo "// swift-format-ignore-file"
    echo
    echo "extension PageFiles {"
    echo "  static let $name: StaticString = ####\"\"\""
    cat "$file"
    # The last line break of the file is not part of such a text.
    echo
    echo "\"\"\"####"
    echo "}"
  } >"$folder/$name.swift"
done
