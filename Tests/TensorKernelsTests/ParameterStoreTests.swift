import BlockFormats
import KernelInterface
import TensorKernels
import Testing

@Suite struct ParameterStoreTests {
  private let layout: ParameterLayout = {
    var layout = ParameterLayout()
    layout.append("table", .rows(count: 5, width: 3))
    layout.append("odd", .matrix(rows: 37, columns: 5))
    layout.append("bias", .vector(count: 37))
    layout.append("whole", .matrix(rows: 32, columns: 16))
    return layout
  }()

  @Test func sizes() {
    #expect(layout.entries.map(\.floatCount) == [16, 48 * 5, 48, 512])
    #expect(layout.entries.map(\.offset) == [0, 16, 256, 304])
    #expect(layout.floatCount == 816 && layout.byteCount == 3264)
    #expect(layout.elementCount == 15 + 185 + 37 + 512)
    #expect(layout.entry(named: "nothing") == nil)
  }

  /// What is read is what was written, in both orientations, and nothing is written elsewhere.
  @Test(arguments: ["table", "odd", "bias", "whole"], [false, true])
  func roundTrip(name: String, transposed: Bool) throws {
    let store = try ParameterStore(layout)
    let shape = layout.entry(named: name)!.shape
    let values = (1...shape.elementCount).map(Float.init)
    try store.setValues(of: name, to: values, transposed: transposed)
    #expect(try store.values(of: name, transposed: transposed) == values)
    #expect(store.floats.count { $0 != 0 } == values.count)
    #expect(store.floats(of: name).count { $0 != 0 } == values.count)
    if case .matrix(let rows, let columns) = shape {
      let turned = try store.values(of: name, transposed: !transposed)
      let (outer, inner) = transposed ? (columns, rows) : (rows, columns)
      for i in 0..<outer {
        for j in 0..<inner { #expect(turned[j * outer + i] == values[i * inner + j]) }
      }
    }
    store.clear()
    #expect(store.floats.allSatisfy { $0 == 0 })
  }

  /// A matrix lies as one that was packed from a file.
  @Test(arguments: ["odd", "whole"])
  func matricesLieAsPackedOnes(name: String) throws {
    let store = try ParameterStore(layout)
    let shape = layout.entry(named: name)!.shape
    let values = (1...shape.elementCount).map(Float.init)
    try store.setValues(of: name, to: values)
    let packed = try values.withUnsafeBytes {
      try PackedMatrix(
        .f32, rows: shape.dimensions[0], columns: shape.dimensions[1], source: $0,
        kernels: InstructionSet.best.kernels, pool: ThreadPool(threads: 1))
    }
    let view = store.matrix(name)
    #expect(view.rows == packed.rows && view.columns == packed.columns && view.format == .f32)
    for i in 0..<packed.byteCount / 4 {
      #expect(
        view.groups.load(fromByteOffset: i * 4, as: Float.self)
          == packed.view.groups.load(fromByteOffset: i * 4, as: Float.self))
    }
    withExtendedLifetime((packed, store)) {}
  }

  @Test func misuse() throws {
    let store = try ParameterStore(layout)
    #expect(throws: KernelError.noSuchParameter(name: "x")) { try store.values(of: "x") }
    #expect(throws: KernelError.noSuchParameter(name: "x")) {
      try store.setValues(of: "x", to: [])
    }
    #expect(
      throws: KernelError.wrongParameterSize(name: "odd", found: 184, wanted: [37, 5])
    ) { try store.setValues(of: "odd", to: [Float](repeating: 1, count: 184)) }
  }

  /// Moments of the normal distribution (1, 0, 3 of the second, third and fourth) and of the product
  /// of neighbours and of streams, each within five standard errors of n = 200,000 numbers.
  @Test func normalNumbers() {
    let count = 200_000
    let a = NormalGenerator(seed: 3, stream: 0)
    let b = NormalGenerator(seed: 3, stream: 1)
    func mean(_ value: (Int) -> Double) -> Double {
      (0..<count).reduce(0) { $0 + value($1) } / Double(count)
    }
    func power(_ x: Double, _ n: Int) -> Double { (0..<n).reduce(1) { y, _ in y * x } }
    let unit = 5 / Double(count).squareRoot()
    #expect(abs(mean { a[$0] }) < unit)
    #expect(abs(mean { power(a[$0], 2) } - 1) < unit * 2.0.squareRoot())
    #expect(abs(mean { power(a[$0], 3) }) < unit * 15.0.squareRoot())
    #expect(abs(mean { power(a[$0], 4) } - 3) < unit * 96.0.squareRoot())
    #expect(abs(mean { a[$0] * a[$0 + 1] }) < unit)
    #expect(abs(mean { a[$0] * b[$0] }) < unit)
  }

  /// Element k of a parameter is number k of its stream, in the order of files.
  @Test func initializationIsThatOfTheGenerator() throws {
    for threads in 1...3 {
      let store = try ParameterStore(layout)
      store.initialize(seed: 11, pool: ThreadPool(threads: threads)) {
        $0.name == "bias" ? .constant(2) : .normal(deviation: 0.5)
      }
      for (index, entry) in layout.entries.enumerated() {
        let generator = NormalGenerator(seed: 11, stream: UInt64(index))
        let wanted = (0..<entry.shape.elementCount).map {
          entry.name == "bias" ? 2 : Float(generator[$0] * 0.5)
        }
        #expect(try store.values(of: entry.name) == wanted)
      }
    }
  }
}
