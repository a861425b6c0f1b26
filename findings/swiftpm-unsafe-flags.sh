#!/bin/sh
# SwiftPM of Swift 6.3.1: unsafe build flags do not keep a package from being taken by version.
#
# The documentation of `unsafeFlags` says that they make products of the target ineligible for use by other packages, and
# SwiftPM used to refuse them in what is taken by version. A program that depends on a tagged repository
# (from: "1.0.0") whose target has unsafe flags builds, with the flags, and runs. Seen output:
#
#   Swift version 6.3.1 (swift-6.3.1-RELEASE)
#   built with -Ounchecked in a dependency by version: yes
#   2
#
# Needs the Swift 6.3.1 toolchain and git; fails where this changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
swift --version 2>/dev/null | grep -o 'Swift version.*' | head -n 1
swift --version 2>/dev/null | grep -q 'Swift version 6\.3\.1 ' || { echo "another version than 6.3.1" >&2; exit 1; }
mkdir -p "$folder/fast/Sources/Fast" "$folder/program/Sources/program"
cd "$folder/fast"
cat > Package.swift <<'SWIFT'
// swift-tools-version: 6.2
import PackageDescription
let package = Package(
  name: "fast", products: [.library(name: "Fast", targets: ["Fast"])],
  targets: [.target(name: "Fast", swiftSettings: [.unsafeFlags(["-Ounchecked"])])])
SWIFT
echo 'public func two() -> Int { 2 }' > Sources/Fast/Two.swift
git init --quiet .
git add .
git -c user.name=nobody -c user.email=nobody@localhost commit --quiet -m "Two"
git tag 1.0.0
cd "$folder/program"
cat > Package.swift <<SWIFT
// swift-tools-version: 6.2
import PackageDescription
let package = Package(
  name: "program", dependencies: [.package(url: "file://$folder/fast", from: "1.0.0")],
  targets: [.executableTarget(name: "program", dependencies: [.product(name: "Fast", package: "fast")])])
SWIFT
printf 'import Fast\nprint(two())\n' > Sources/program/main.swift
if swift build --verbose > log 2>&1 && grep -q -- -Ounchecked log; then used=yes; else used=no; fi
echo "built with -Ounchecked in a dependency by version: $used"
[ "$used" = yes ]
said=$(.build/debug/program)
echo "$said"
[ "$said" = 2 ]
