import KernelInterface

/// Where the parameters of a trainable model lie in one buffer of floats, by name.
///
/// Weights, gradients and an optimizer's moments are buffers of one layout, so that an update is one
/// pass over all of them, element by element. Every parameter begins at a multiple of 16 floats, and
/// what fills it up is zero in all of these buffers and stays so.
public struct ParameterLayout: Sendable, Equatable {
  /// What a parameter is, which decides how it lies in memory.
  public enum Shape: Sendable, Equatable {
    /// A linear layer's weight W, y = W x, with `rows` outputs and `columns` inputs: groups of 16
    /// rows, `[group][column][16]`, rows past the end zero. The layout that linear layers read
    /// (`PackedLayout`, F32), so that it is never packed again.
    case matrix(rows: Int, columns: Int)
    /// A table of vectors of `width`, one after the other: embeddings.
    case rows(count: Int, width: Int)
    /// One vector: biases and gains.
    case vector(count: Int)

    /// The dimensions, outermost first: (rows, columns), (count, width), (count).
    public var dimensions: [Int] {
      switch self {
      case .matrix(let rows, let columns): [rows, columns]
      case .rows(let count, let width): [count, width]
      case .vector(let count): [count]
      }
    }

    /// Numbers in it, without what fills up.
    public var elementCount: Int { dimensions.reduce(1, *) }

    /// Floats that it takes, a multiple of 16.
    var floatCount: Int {
      switch self {
      case .matrix(let rows, let columns):
        PackedLayout.groupCount(rows: rows) * PackedLayout.groupRows * columns
      case .rows, .vector: (elementCount + 15) / 16 * 16
      }
    }
  }

  /// What a parameter does in its model: how it begins, which rate it has and what regularizes it follow
  /// from this, not from its name.
  public enum Role: Sendable, Equatable {
    /// A table of learned vectors.
    case embedding
    /// W of a linear layer.
    case weight
    /// W of a linear layer whose outputs are added to the residual stream.
    case residualWeight
    /// b of a linear layer or of a norm.
    case bias
    /// The gain of a norm.
    case gain
    /// A of a low-rank adapter, which reads the layer's inputs.
    case adapterDown
    /// B of a low-rank adapter, which adds to the layer's outputs.
    case adapterUp
    /// W of a head, or A of a rank-k one: what writes latents.
    case head
    /// B of a rank-k head, which reads the backbone's states.
    case headDown
    /// What latents are multiplied by.
    case gate
    /// A mean that is measured and never trained by gradients.
    case mean

    /// What a parameter of that shape is where nothing else is said.
    init(_ shape: Shape) {
      self =
        switch shape {
        case .matrix: .weight
        case .rows: .embedding
        case .vector: .bias
        }
    }
  }

  /// One parameter.
  public struct Entry: Sendable, Equatable {
    /// Its name, as Hugging Face has it.
    public let name: String
    /// What it is.
    public let shape: Shape
    /// What it does.
    public let role: Role
    /// Where it begins, in floats from the start of the buffer.
    public let offset: Int
    /// Floats that it takes, a multiple of 16.
    public var floatCount: Int { shape.floatCount }
  }

  /// The parameters, in the order of the buffer.
  public private(set) var entries: [Entry] = []
  /// Floats of a buffer of this layout.
  public private(set) var floatCount = 0
  /// Numbers in all parameters, without what fills up.
  public private(set) var elementCount = 0
  private var indexOfName: [String: Int] = [:]

  /// A layout without parameters.
  public init() {}

  /// Adds a parameter after those that are there: a weight, an embedding or a bias by its shape, unless
  /// `role` says what else. Its name must be new and its dimensions positive,
  /// and the sizes must not overflow: they are the caller's, who has checked them.
  public mutating func append(_ name: String, _ shape: Shape, _ role: Role? = nil) {
    precondition(shape.dimensions.allSatisfy { $0 > 0 }, "\(name) has no elements")
    let known = indexOfName.updateValue(entries.count, forKey: name)
    precondition(known == nil, "there are two parameters \(name)")
    let entry = Entry(
      name: name, shape: shape, role: role ?? Role(shape), offset: floatCount)
    entries.append(entry)
    floatCount += entry.floatCount
    elementCount += shape.elementCount
  }

  /// The parameter called `name`, or nil.
  public func entry(named name: String) -> Entry? { indexOfName[name].map { entries[$0] } }

  /// Bytes of a buffer of this layout.
  public var byteCount: Int { floatCount * 4 }
}
