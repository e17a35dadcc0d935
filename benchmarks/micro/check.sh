#!/usr/bin/env bash
# Type-checks the operations that are counted and timed, and the program that counts them, against the
# modules of the last `make build`: seconds, where a build of this package takes minutes. So a change of
# the engine that breaks them is noticed with the change. Micro.swift is left out: it needs a package
# that only this one has.
#
#   benchmarks/micro/check.sh
set -euo pipefail
cd "$(dirname "$0")/../.."

built=.build/release
options=(-swift-version 6 -I "$built/Modules" -package-name micro)
for feature in ExistentialAny MemberImportVisibility InternalImportsByDefault \
  NonisolatedNonsendingByDefault; do
  options+=(-enable-upcoming-feature "$feature")
done
# The modules in C that those stand on: the package manager writes a map where the package has none.
while read -r map; do
  options+=(-Xcc "-fmodule-map-file=$map" -Xcc "-I$(dirname "$map")")
done < <(find "$built/" -maxdepth 2 -name module.modulemap
  find .build/checkouts/*/Sources -path '*/include/module.modulemap'
  find Sources benchmarks/micro/Sources -name module.modulemap)

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
swiftc "${options[@]}" -parse-as-library -module-name Operations \
  -emit-module -emit-module-path "$folder/Operations.swiftmodule" \
  benchmarks/micro/Sources/Operations/*.swift
swiftc "${options[@]}" -I "$folder" -parse-as-library -module-name StockCount -typecheck \
  benchmarks/micro/Sources/stock-count/*.swift
