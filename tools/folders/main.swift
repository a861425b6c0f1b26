// usage: folders STORE ROOT ALLOWED [--write]
//
// Which folder of a module uses which other one, from the index that the compiler keeps of a debug build:
// STORE is its folder, ROOT the package's, and ALLOWED a file with one arrow on a line, as
//
//     LanguageModels: Training -> Processor
//
// Fails where folders use each other in a circle, where an arrow is not in ALLOWED, and where ALLOWED has one
// that there is not any more. Files that lie in no folder of their module are in the folder ".". With --write
// ALLOWED is written anew.

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// A declaration used in another folder of its module.
struct Use {
  let place: String
  let name: String
}

/// One place in a file where a declaration is made or used.
struct Occurrence {
  let symbol: String
  let name: String
  let line: Int
}

/// What one source file declares and uses.
struct Source {
  var declared: [Occurrence] = []
  var used: [Occurrence] = []
}

/// A module's folders, and for each pair the first use of the second in the first.
typealias Arrows = [String: [String: Use]]

func fail(_ message: String) -> Never {
  print("error: \(message)")
  exit(1)
}

/// The benchmarks and the examples are packages of their own, and may be in the same index.
func isAnotherPackages(_ file: String, under root: String) -> Bool {
  ["/tools/benchmarks/", "/examples/"].contains { file.hasPrefix(root + $0) }
}

func text(_ reference: indexstore_string_ref_t) -> String {
  String(
    decoding: UnsafeRawBufferPointer(start: reference.data, count: reference.length), as: UTF8.self)
}

/// Gathers what a C function hands out one by one.
final class Collector<Element> {
  var elements: [Element] = []

  var pointer: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }

  static func at(_ pointer: UnsafeMutableRawPointer?) -> Collector {
    Unmanaged<Collector>.fromOpaque(pointer!).takeUnretainedValue()
  }
}

/// Records of the files under `root` by their path below it.
func records(_ store: indexstore_t, under root: String) -> [String: Set<String>] {
  let units = Collector<String>()
  _ = indexstore_store_units_apply_f(store, 0, units.pointer) { context, name in
    Collector<String>.at(context).elements.append(text(name))
    return true
  }
  var records: [String: Set<String>] = [:]
  for unit in units.elements {
    guard let reader = indexstore_unit_reader_create(store, unit, nil) else { continue }
    defer { indexstore_unit_reader_dispose(reader) }
    let file = text(indexstore_unit_reader_get_main_file(reader))
    guard file.hasPrefix(root + "/"), file.hasSuffix(".swift"),
      !isAnotherPackages(file, under: root)
    else {
      continue
    }
    let dependencies = Collector<(record: String, file: String)>()
    _ = indexstore_unit_reader_dependencies_apply_f(reader, dependencies.pointer) {
      context, dependency in
      if indexstore_unit_dependency_get_kind(dependency) == 2 {
        Collector<(record: String, file: String)>.at(context).elements.append(
          (
            text(indexstore_unit_dependency_get_name(dependency)),
            text(indexstore_unit_dependency_get_filepath(dependency))
          ))
      }
      return true
    }
    // A file that is not there any more was built once, and is in the store still.
    for (record, path) in dependencies.elements where path == file && access(file, F_OK) == 0 {
      records[String(file.dropFirst(root.count + 1)), default: []].insert(record)
    }
  }
  return records
}

/// What the file of a record declares and uses.
func source(_ store: indexstore_t, record: String) -> Source {
  guard let reader = indexstore_record_reader_create(store, record, nil) else { return Source() }
  defer { indexstore_record_reader_dispose(reader) }
  let found = Collector<(roles: UInt64, occurrence: Occurrence)>()
  _ = indexstore_record_reader_occurrences_apply_f(reader, found.pointer) { context, occurrence in
    let symbol = indexstore_occurrence_get_symbol(occurrence)
    var line: UInt32 = 0
    var column: UInt32 = 0
    indexstore_occurrence_get_line_col(occurrence, &line, &column)
    Collector<(roles: UInt64, occurrence: Occurrence)>.at(context).elements.append(
      (
        indexstore_occurrence_get_roles(occurrence),
        Occurrence(
          symbol: text(indexstore_symbol_get_usr(symbol)),
          name: text(indexstore_symbol_get_name(symbol)), line: Int(line))
      ))
    return true
  }
  var source = Source()
  for (roles, occurrence) in found.elements {
    if roles & 0b11 != 0 {  // A declaration or a definition.
      source.declared.append(occurrence)
    } else if roles & 0b100 != 0 {  // A reference.
      source.used.append(occurrence)
    }
  }
  return source
}

/// The module of a source file, and its folder in it; nil for what is no module's.
func place(_ file: String) -> (module: String, folder: String)? {
  var parts = file.split(separator: "/").map(String.init)
  guard parts.count >= 3 else { return nil }
  parts.removeLast()
  let isSource = parts[0] == "Sources" || parts[0] == "tools"
  guard isSource else { return nil }
  let module = parts[0] == "tools" ? "tools/\(parts[1])" : parts[1]
  let folder = parts.dropFirst(2).joined(separator: "/")
  return (module, folder.isEmpty ? "." : folder)
}

/// The arrows of every module. A symbol's name begins with its module's, so that symbols of two modules are
/// never the same; but for the kernels', which are the same files several times, each in its own module.
func arrows(_ sources: [String: Source]) -> [String: Arrows] {
  var homes: [String: [String: String]] = [:]
  for (file, source) in sources {
    guard let (module, folder) = place(file) else { continue }
    for occurrence in source.declared { homes[module, default: [:]][occurrence.symbol] = folder }
  }
  var result: [String: Arrows] = [:]
  for (file, source) in sources.sorted(by: { $0.key < $1.key }) {
    guard let (module, folder) = place(file) else { continue }
    for occurrence in source.used.sorted(by: { $0.line < $1.line }) {
      guard let home = homes[module]?[occurrence.symbol], home != folder else { continue }
      if result[module]?[folder]?[home] != nil { continue }
      result[module, default: [:]][folder, default: [:]][home] = Use(
        place: "\(file):\(occurrence.line)", name: occurrence.name)
    }
  }
  return result
}

/// Folders that can be reached from each other, by two and more.
func circles(_ arrows: Arrows) -> [[String]] {
  func reached(from folder: String) -> Set<String> {
    var seen: Set<String> = []
    var next = [folder]
    while let folder = next.popLast() {
      for target in arrows[folder, default: [:]].keys where seen.insert(target).inserted {
        next.append(target)
      }
    }
    return seen
  }
  let reach = Dictionary(uniqueKeysWithValues: arrows.keys.map { ($0, reached(from: $0)) })
  let looped = arrows.keys.filter { reach[$0]!.contains($0) }.sorted()
  var groups: [[String]] = []
  for folder in looped where !groups.contains(where: { $0.contains(folder) }) {
    groups.append(looped.filter { reach[folder]!.contains($0) && reach[$0]!.contains(folder) })
  }
  return groups
}

let arguments = CommandLine.arguments
guard arguments.count >= 4, let store = indexstore_store_create(arguments[1], nil) else {
  fail("usage: folders STORE ROOT ALLOWED [--write], and STORE must be an index of the compiler's")
}
var sources: [String: Source] = [:]
for (file, names) in records(store, under: arguments[2]) {
  var whole = Source()
  for name in names {
    let source = source(store, record: name)
    whole.declared += source.declared
    whole.used += source.used
  }
  sources[file] = whole
}
let found = arrows(sources)
guard !found.isEmpty else {
  fail("\(arguments[1]): nothing of \(arguments[2]) is in it; build first")
}

var lines: [String: Use] = [:]
for (module, arrows) in found {
  for (folder, targets) in arrows {
    for (target, use) in targets { lines["\(module): \(folder) -> \(target)"] = use }
  }
}
if arguments.count > 4 {
  let text = lines.keys.sorted().joined(separator: "\n") + "\n"
  guard let file = fopen(arguments[3], "w") else { fail("\(arguments[3]) cannot be written") }
  fputs(text, file)
  fclose(file)
}
var allowed: Set<String>?
if let list = fopen(arguments[3], "r") {
  var lines: Set<String> = []
  var buffer = [CChar](repeating: 0, count: 1024)
  while fgets(&buffer, Int32(buffer.count), list) != nil {
    let line = String(
      decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self
    ).split(separator: "\n").first.map(String.init)
    if let line, !line.hasPrefix("#") { lines.insert(line) }
  }
  fclose(list)
  allowed = lines
} else {
  print("\(arguments[3]) is not there: circles alone are looked for")
}
var isGood = true
for (module, arrows) in found.sorted(by: { $0.key < $1.key }) {
  for circle in circles(arrows) {
    isGood = false
    print("\(module): a circle of folders: \(circle.joined(separator: ", "))")
    for folder in circle {
      for (target, use) in arrows[folder, default: [:]].sorted(by: { $0.key < $1.key })
      where circle.contains(target) {
        print("  \(folder) -> \(target): \(use.place) uses \(use.name)")
      }
    }
  }
}
if let allowed {
  for (line, use) in lines.sorted(by: { $0.key < $1.key }) where !allowed.contains(line) {
    isGood = false
    print("not in \(arguments[3]): \(line), since \(use.place) uses \(use.name)")
  }
  for line in allowed.subtracting(lines.keys).sorted() {
    isGood = false
    print("in \(arguments[3]), and nothing is so any more: \(line)")
  }
}
guard isGood else { exit(1) }
print("\(found.count) modules, \(lines.count) arrows between their folders, no circle")
