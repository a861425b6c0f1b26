import Foundation
import ModelFiles
import TestSupport
import Testing

private let path = BadFile.path

/// An archive of the pickle that `write` makes and one storage of eight bytes.
private func archive(_ write: (inout PickleBuilder) -> Void) -> [UInt8] {
  var pickle = PickleBuilder()
  write(&pickle)
  return PickleBuilder.archive(pickle.bytes, storages: [[UInt8](repeating: 0, count: 8)]).bytes
}

/// A state dict of the tensor "a" that `write` makes.
private func stateDict(_ write: (inout PickleBuilder) -> Void) -> [UInt8] {
  archive {
    $0.op("}")
    $0.text("a")
    write(&$0)
    $0.op("s.")
  }
}

struct PickleLieTests {
  @Test(arguments: lies)
  func isRefused(lie: BadFile) {
    let error = lie.refusal { file throws(ModelFileError) in _ = try PyTorchArchive(file) }
    #expect(error == lie.error)
  }

  /// Python would create the file on loading; the reader names the function and creates nothing.
  @Test(arguments: [2, 4] as [UInt8])
  func nothingIsExecuted(version: UInt8) throws {
    let target = FileManager.default.temporaryDirectory.appending(path: "emend-\(UUID())").path
    var pickle = PickleBuilder(protocol: version)
    if version == 2 {
      pickle.global("builtins", "open")
    } else {
      pickle.text("builtins")
      pickle.text("open")
      pickle.bytes.append(0x93)
    }
    pickle.op("(")
    pickle.text(target)
    pickle.text("w")
    pickle.op("tR.")
    let bytes = PickleBuilder.archive(pickle.bytes).bytes
    let error = thrown { () throws(ModelFileError) in try PyTorchArchive(mapped(bytes)) }
    #expect(
      error
        == .forbiddenGlobal(path: path, name: "builtins.open", offset: version == 2 ? 2 : 24))
    #expect(error?.description.contains("builtins.open") == true)
    #expect(!FileManager.default.fileExists(atPath: target))
  }

  @Test func sharedStoragesAndOffsets() throws {
    let bytes = archive {
      $0.op("}(")
      $0.text("both")
      $0.tensor(count: 2, shape: [2, 1], strides: [1, 77])
      $0.text("second")
      $0.tensor(count: 2, offset: 1, shape: [], strides: [])
      $0.text("none")
      $0.tensor(count: 2, offset: 2, shape: [3, 0], strides: [9, 9])
      $0.text("not a tensor")
      $0.op("Nu.")
    }
    let tensors = try PyTorchArchive(mapped(bytes)).tensors
    #expect(tensors.map(\.name) == ["both", "second", "none"])
    #expect(tensors.map(\.shape) == [[2, 1], [], [3, 0]])
    #expect(tensors.map(\.byteCount) == [8, 4, 0])
    #expect(tensors[1].offset == tensors[0].offset + 4)
  }

  /// Containers nested a million deep are neither read nor freed by recursion, and cost no more
  /// than they are long.
  @Test(arguments: ["tuple", "list", "dict"])
  func deepNesting(kind: String) {
    let depth = 1_000_000
    let bytes = archive { pickle in
      switch kind {
      case "tuple":
        pickle.op(")")
        pickle.bytes += [UInt8](repeating: 0x85, count: depth)
      case "list":
        pickle.op(String(repeating: "]", count: depth) + String(repeating: "a", count: depth - 1))
      default:
        pickle.op(
          String(repeating: "}N", count: depth) + "N" + String(repeating: "s", count: depth))
      }
      pickle.op(".")
    }
    let clock = ContinuousClock()
    let time = clock.measure {
      let error = thrown { () throws(ModelFileError) in try PyTorchArchive(mapped(bytes)) }
      #expect(
        error
          == .noStateDict(
            path: path, found: kind == "dict" ? "a dict without tensors" : "a \(kind)"))
    }
    #expect(time < .seconds(10))
  }

  /// Every length of a good pickle, in an archive that is right about it.
  @Test func everyTruncationIsRefused() {
    var pickle = PickleBuilder()
    pickle.op("}")
    pickle.text("a")
    pickle.tensor(count: 2, shape: [2], strides: [1])
    pickle.op("s.")
    for length in 0..<pickle.bytes.count {
      let bytes = PickleBuilder.archive(
        Array(pickle.bytes[..<length]), storages: [[UInt8](repeating: 0, count: 8)]
      ).bytes
      let error = thrown { () throws(ModelFileError) in try PyTorchArchive(mapped(bytes)) }
      guard case .invalidPickle = error else {
        Issue.record("\(length): \(String(describing: error))")
        return
      }
    }
  }

  private static func wrong(_ what: String, at offset: Int, _ problem: String, _ ops: String)
    -> BadFile
  {
    BadFile(
      what, .invalidPickle(path: path, offset: offset, problem: problem), archive { $0.op(ops) })
  }

  private static func forbidden(_ module: String, _ name: String) -> BadFile {
    BadFile(
      "\(module).\(name)", .forbiddenGlobal(path: path, name: module + "." + name, offset: 2),
      archive {
        $0.global(module, name)
        $0.op("(tR.")
      })
  }

  private static func opcode(_ name: String, _ code: UInt8) -> BadFile {
    BadFile(
      "opcode \(name)", .unsupportedOpcode(path: path, opcode: code, offset: 2),
      archive { $0.bytes += [code, 0x2E] })
  }

  static let lies: [BadFile] = [
    forbidden("os", "system"), forbidden("posix", "system"), forbidden("builtins", "eval"),
    forbidden("builtins", "getattr"), forbidden("torch", "load"), forbidden("torch._utils", "exec"),
    forbidden("collections", "OrderedDict.update"), forbidden("torch.hub", "load"),
    forbidden("subprocess", "Popen"), forbidden("numpy.core.multiarray", "_reconstruct"),
    opcode("INST", 0x69), opcode("OBJ", 0x6F), opcode("NEWOBJ", 0x81), opcode("NEWOBJ_EX", 0x92),
    opcode("EXT1", 0x82), opcode("PERSID", 0x50), opcode("POP", 0x30), opcode("DUP", 0x32),
    opcode("INT", 0x49), opcode("NEXT_BUFFER", 0x97), opcode("zero", 0),
    wrong("an empty stack", at: 2, "its stack is empty", "."),
    wrong("an empty stack at a mark", at: 4, "its stack is empty", "N(."),
    wrong("no mark", at: 2, "there is no mark", "t"),
    wrong("an unknown memo", at: 2, "its memo has no number 65", "hA."),
    wrong("a string beyond the end", at: 2, "1094795585 bytes needed and 1 left", "XAAAA."),
    wrong("a line without end", at: 2, "a line without end", "cos.system"),
    wrong("None with items", at: 5, "None has no items", "NNNs."),
    wrong("a key without a value", at: 5, "a key without a value", "}(Nu."),
    wrong("a number that is appended to", at: 5, "a number cannot be appended to", "K\u{1}Na."),
    wrong("None that is called", at: 4, "None is called", "N)R."),
    wrong("None with attributes", at: 4, "None with attributes", "NNb."),
    wrong("a persistent id of None", at: 3, "a persistent object is not a storage", "NQ."),
    wrong(
      "a class that is called", at: 23, "a class or type is called", "ctorch\nFloatStorage\n)R."),
    wrong(
      "an OrderedDict with arguments", at: 30, "an OrderedDict with arguments",
      "ccollections\nOrderedDict\n(NtR."),
    wrong("no end", at: 3, "1 bytes needed and 0 left", "}"),
    BadFile(
      "protocol 6",
      .invalidPickle(path: path, offset: 0, problem: "protocol 6 is not known"),
      PickleBuilder.archive([0x80, 6, 0x4E, 0x2E]).bytes),
    BadFile(
      "a frame beyond the end",
      .invalidPickle(
        path: path, offset: 2, problem: "18446744073709551615 bytes needed and 1 left"),
      PickleBuilder.archive([0x80, 4, 0x95] + [UInt8](repeating: 0xFF, count: 8) + [0x2E]).bytes),
    BadFile(
      "a string of 2^64 - 1 bytes",
      .invalidPickle(
        path: path, offset: 2, problem: "18446744073709551615 bytes needed and 1 left"),
      PickleBuilder.archive([0x80, 4, 0x8D] + [UInt8](repeating: 0xFF, count: 8) + [0x2E]).bytes),
    BadFile(
      "a string that is not UTF-8",
      .invalidPickle(path: path, offset: 2, problem: "a string is not UTF-8"),
      PickleBuilder.archive([0x80, 4, 0x8C, 1, 0xFF, 0x2E]).bytes),
    BadFile(
      "a storage that is not there", .missingEntry(path: path, entry: "a/data/7"),
      stateDict { $0.tensor("7", count: 2, shape: [2], strides: [1]) }),
    BadFile(
      "a storage under a path", .missingEntry(path: path, entry: "a/data/../../etc/passwd"),
      stateDict { $0.tensor("../../etc/passwd", count: 2, shape: [2], strides: [1]) }),
    BadFile(
      "a storage of another size",
      .invalidField(
        path: path, field: "the size of the entry a/data/0", found: "8",
        wanted: "3 elements of 4 bytes, as the pickle says"),
      stateDict { $0.tensor(count: 3, shape: [2], strides: [1]) }),
    BadFile(
      // Times four, this wraps round to 8.
      "a storage of 2^62 + 2 elements",
      .invalidField(
        path: path, field: "the size of the entry a/data/0", found: "8",
        wanted: "4611686018427387906 elements of 4 bytes, as the pickle says"),
      stateDict { $0.tensor(count: (1 << 62) + 2, shape: [2], strides: [1]) }),
    BadFile(
      "a tensor larger than its storage",
      .sizeMismatch(path: path, tensor: "a", found: 8, wanted: 12),
      stateDict { $0.tensor(count: 2, shape: [3], strides: [1]) }),
    BadFile(
      "an offset beyond the storage",
      .sizeMismatch(path: path, tensor: "a", found: 4, wanted: 8),
      stateDict { $0.tensor(count: 2, offset: 1, shape: [2], strides: [1]) }),
    BadFile(
      // Times four, this wraps round to 0.
      "an offset of 2^62", .sizeMismatch(path: path, tensor: "a", found: 0, wanted: 8),
      stateDict { $0.tensor(count: 2, offset: 1 << 62, shape: [2], strides: [1]) }),
    BadFile(
      "a shape whose product wraps round",
      .invalidShape(path: path, tensor: "a", shape: [1 << 32, 1 << 32]),
      stateDict { $0.tensor(count: 2, shape: [1 << 32, 1 << 32], strides: [1 << 32, 1]) }),
    BadFile(
      "a transpose",
      .notContiguous(path: path, tensor: "a", shape: [2, 1, 2], strides: [1, 0, 2]),
      stateDict { $0.tensor(count: 2, shape: [2, 1, 2], strides: [1, 0, 2]) }),
    BadFile(
      "the same name twice", .duplicateTensor(path: path, tensor: "a"),
      archive {
        $0.op("}(")
        for _ in 0..<2 {
          $0.text("a")
          $0.tensor(count: 2, shape: [2], strides: [1])
        }
        $0.op("u.")
      }),
    BadFile(
      "an empty dict", .noStateDict(path: path, found: "a dict without tensors"),
      archive { $0.op("}.") }),
    BadFile(
      "a state dict two levels down", .noStateDict(path: path, found: "a dict without tensors"),
      archive {
        $0.op("}")
        $0.text("model")
        $0.op("}")
        $0.text("model")
        $0.op("}")
        $0.text("a")
        $0.tensor(count: 2, shape: [2], strides: [1])
        $0.op("sss.")
      }),
    BadFile(
      "a single tensor", .noStateDict(path: path, found: "a tensor"),
      archive {
        $0.tensor(count: 2, shape: [2], strides: [1])
        $0.op(".")
      }),
    description("nine dimensions", "9 dimensions, of at most 8") {
      $0.tensor(count: 2, shape: [Int](repeating: 1, count: 9), strides: [])
    },
    description("fewer strides than dimensions", "a tensor of 1 dimensions with 0 strides") {
      $0.tensor(count: 2, shape: [2], strides: [])
    },
    description("a negative dimension", "a shape or stride that is no whole number") {
      $0.tensor(count: 2, shape: [-2], strides: [1])
    },
    description("a negative stride", "a shape or stride that is no whole number") {
      $0.tensor(count: 2, shape: [2], strides: [-1])
    },
    description("a negative offset", "a tensor's storage or offset") {
      $0.tensor(count: 2, offset: -1, shape: [2], strides: [1])
    },
  ]

  /// A tensor whose description is wrong: the error is at the opcode that rebuilds it.
  private static func description(
    _ what: String, _ problem: String, _ write: (inout PickleBuilder) -> Void
  ) -> BadFile {
    var before = PickleBuilder()
    before.op("}")
    before.text("a")
    write(&before)
    return BadFile(
      what,
      .invalidPickle(path: path, offset: before.bytes.count - 1, problem: problem),
      stateDict(write))
  }
}
