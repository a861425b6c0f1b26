import EditSessions
import Foundation
import LanguageModels
import LatentEditing
import ModelFiles
import Synchronization
import TensorKernels

/// The edits that requests may ask for by name: files that the server was given, and those of a folder,
/// which is looked at again when a name is not known. Requests never say paths.
package final class EditRegistry: Sendable {
  /// What files are checked against.
  private struct Model: Sendable {
    let identity: ProcessorIdentity
    let configuration: ProcessorConfiguration
    let activations: ActivationPrecision
    let cacheType: CacheType
  }

  /// An edit that has a name of its own, as a model in `/v1/models`.
  package struct Preset: Sendable {
    /// What requests call it.
    package let name: String
    /// What it does.
    package let items: [EditItem]
  }

  private struct State {
    var entries: [EditEntry] = []
    var presets: [Preset] = []
  }

  private let model: Model
  private let folder: String?
  private let state = Mutex(State())
  /// What edits are of, beside what they are: the model and how it is run.
  let modelDigest: String

  /// The registry of `settings`, whose files are read; the presets come after, as they name files.
  init(_ settings: ServerSettings, _ opened: OpenedModel) throws {
    let identity = try opened.identity()
    model = Model(
      identity: identity, configuration: opened.configuration,
      activations: opened.settings.activations, cacheType: opened.settings.resolvedCacheType)
    folder = settings.editFolder
    modelDigest =
      "\(identity.digest) \(ProcessorIdentity.sample(of: opened.file)) "
      + "\(opened.settings.activations.rawValue) \(opened.settings.resolvedCacheType.rawValue)"
    let files: [(EditEntry.Kind, [ServerSettings.NamedFile], String)] = [
      (.editor, settings.editors, "--editor"),
      (.vector, settings.controlVectors, "--control-vector"),
      (.compiled, settings.compiled, "--compiled"),
    ]
    var entries: [EditEntry] = []
    for (kind, files, option) in files {
      for file in files {
        guard EditNames.areValid(file.name) else {
          throw ServerSettingsError.option(
            name: option,
            problem:
              "\(file.name) is no name; use at most \(EditNames.longest) letters, digits, dots, "
              + "dashes and underscores (NAME=FILE)")
        }
        if entries.contains(where: { $0.name == file.name && $0.kind == kind }) {
          throw ServerSettingsError.option(
            name: option,
            problem: "\(file.name) is the name of two files; give each its own (NAME=FILE)")
        }
        let entry = try entry(file, kind)
        // What was given by name has to work.
        if let reason = entry.reason {
          throw ServerSettingsError.option(name: option, problem: "\(file.path): \(reason)")
        }
        entries.append(entry)
      }
    }
    state.withLock { $0.entries = entries }
    try scan()
    for (name, json) in settings.presets {
      let option = "--preset \(name)"
      guard EditNames.areValid(name), !state.withLock({ $0.presets.contains { $0.name == name } })
      else {
        throw ServerSettingsError.option(
          name: option, problem: "it is no name, or twice; use letters, digits, dots, dashes")
      }
      do throws(ServerError) {
        let value: JSONValue
        do throws(JSONParser.Failure) { value = try JSONParser.value(of: Array(json.utf8)) } catch {
          throw .invalid("it is no JSON: \(error.expected) is needed at byte \(error.offset)")
        }
        let items = try EditField(registry: self).items(value)
        state.withLock { $0.presets.append(Preset(name: name, items: items)) }
      } catch {
        throw ServerSettingsError.option(name: option, problem: error.message)
      }
    }
    if let name = settings.defaultPreset, preset(name) == nil {
      throw ServerSettingsError.option(
        name: "--default-preset", problem: "there is no preset \(name); give it with --preset")
    }
  }

  /// Blocks of the model.
  var layerCount: Int { model.configuration.layerCount }

  /// All entries.
  package var entries: [EditEntry] { state.withLock { $0.entries } }
  /// All presets.
  package var presets: [Preset] { state.withLock { $0.presets } }

  /// The preset of that name.
  func preset(_ name: String) -> Preset? { presets.first { $0.name == name } }

  /// The file of that name and kind, after another look at the folder where it is not known. Throws a
  /// `ServerError` about `param` where there is none, or where it cannot be used with this model.
  func entry(
    _ name: String, _ kind: EditEntry.Kind, param: String
  ) throws(ServerError) -> EditEntry {
    func find() -> EditEntry? { entries.first { $0.name == name && $0.kind == kind } }
    var found = find()
    if found == nil {
      do { try scan() } catch {
        throw ServerError(500, .server, "the folder of edits cannot be read")
      }
      found = find()
    }
    guard let found else {
      let known = entries.filter { $0.kind == kind }.map(\.name)
      throw .invalid(
        "there is no \(kind.rawValue) called '\(name)'; "
          + (known.isEmpty
            ? "the server was given none" : "there is \(known.joined(separator: ", "))"),
        param: param, code: "edit_not_found")
    }
    if let reason = found.reason {
      throw .invalid(
        "the \(kind.rawValue) '\(name)' cannot be used: \(reason)", param: param,
        code: "edit_model_mismatch")
    }
    return found
  }

  /// The only editor, where there is one.
  var onlyEditor: EditEntry? {
    let editors = entries.filter { $0.kind == .editor && $0.reason == nil }
    return editors.count == 1 ? editors[0] : nil
  }

  /// Looks for files in the folder that are not known yet. Throws where it cannot be read.
  private func scan() throws {
    guard let folder else { return }
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    for file in names {
      let stem = EditNames.stem(of: file)
      guard EditNames.areValid(stem), !file.hasPrefix("."),
        file.hasSuffix(".gguf") || file.hasSuffix(".safetensors"),
        !entries.contains(where: { $0.path == "\(folder)/\(file)" })
      else { continue }
      let path = "\(folder)/\(file)"
      guard let entry = try? entry(.init(name: stem, path: path), kind(of: path)) else { continue }
      state.withLock { state in
        if !state.entries.contains(where: { $0.name == entry.name && $0.kind == entry.kind }) {
          state.entries.append(entry)
        }
      }
    }
  }

  private func kind(of path: String) -> EditEntry.Kind {
    if path.hasSuffix(".gguf") { return .vector }
    if (try? OpenedEditor(path: path)) != nil { return .editor }
    return (try? compiled(path)) != nil ? .compiled : .vector
  }

  private func compiled(_ path: String) throws -> CompiledEdit {
    try CompiledEdit(
      path: path, identity: model.identity, shape: model.configuration,
      activations: model.activations, cacheType: model.cacheType)
  }

  /// What is known of a file. Throws where it cannot be read at all; what makes it unusable here is the
  /// entry's `reason`.
  private func entry(
    _ file: ServerSettings.NamedFile, _ kind: EditEntry.Kind
  ) throws -> EditEntry {
    let mapped = try MappedFile(path: file.path)
    var entry = EditEntry(
      name: file.name, kind: kind, path: file.path, bytes: mapped.bytes.count,
      digest: CompiledEditCache.digest(of: mapped))
    do {
      switch kind {
      case .editor:
        let configuration = try OpenedEditor(path: file.path).configuration
        entry.layers = configuration.layers
        entry.positions = configuration.positions.description
        entry.placement = configuration.placement.rawValue
        entry.width = configuration.processor.width
        entry.modelDigest = configuration.processor.digest
        if configuration.processor != model.identity {
          entry.reason =
            "it was made for \(configuration.processor), and this is \(model.identity)"
        }
      case .vector:
        let vector = try ControlVector(
          path: file.path, width: model.configuration.hiddenSize,
          layerCount: model.configuration.layerCount)
        entry.layers = vector.directions.keys.sorted()
        entry.positions = PositionSelection.all.description
        entry.placement = Placement.after.rawValue
        entry.width = model.configuration.hiddenSize
      case .compiled:
        let edit = try compiled(file.path)
        entry.positions = PositionSelection.first.description
        entry.width = edit.processor.width
        entry.modelDigest = edit.processor.digest
      }
    } catch {
      entry.reason = "\(error)".replacing(file.path, with: file.name)
    }
    return entry
  }
}
