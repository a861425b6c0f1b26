// What panels are: blocks of 32 columns unpacked to bytes, which many rows of activations meet before the next ones are
// made, so that unpacking is paid for once and the loop that does the work is the same for every format. How a panel
// lies differs between the instruction sets: BlockPanelNEON.swift and KernelsAVX512/BlockPanels.swift.

#if KERNELS_NEON || KERNELS_AVX512
  /// What a block's header is made of, which is all that formats differ in once they are unpacked.
  protocol PanelKind {
    static var hasHalves: Bool { get }
    static var hasMinimum: Bool { get }
    #if KERNELS_NEON
      /// Whether sums start at 1.5 * 2^23, which times a step must be finite.
      static var startsHigh: Bool { get }
    #endif
  }

  extension PanelKind {
    @inline(__always) static var startsHigh: Bool { true }
    /// Steps of a block: one, or one for each half.
    @inline(__always) static var stepCount: Int { hasHalves ? 2 : 1 }
    /// Minima of a block.
    @inline(__always) static var minimumCount: Int { hasMinimum ? stepCount : 0 }
    /// Numbers of offsets for each row of activations.
    @inline(__always) static var offsetCount: Int { stepCount }
  }

  enum ScaledPanel: PanelKind {
    @inline(__always) static var hasHalves: Bool { false }
    @inline(__always) static var hasMinimum: Bool { false }
  }
  #if KERNELS_NEON
    /// Of steps up to 2^124 (MXFP4).
    enum WidePanel: PanelKind {
      @inline(__always) static var hasHalves: Bool { false }
      @inline(__always) static var hasMinimum: Bool { false }
      @inline(__always) static var startsHigh: Bool { false }
    }
  #endif
  enum AffinePanel: PanelKind {
    @inline(__always) static var hasHalves: Bool { false }
    @inline(__always) static var hasMinimum: Bool { true }
  }
  enum HalvedPanel: PanelKind {
    @inline(__always) static var hasHalves: Bool { true }
    @inline(__always) static var hasMinimum: Bool { false }
  }
  enum AffineHalvedPanel: PanelKind {
    @inline(__always) static var hasHalves: Bool { true }
    @inline(__always) static var hasMinimum: Bool { true }
  }

  /// Where the codes, scales and offsets of a tile of activations begin.
  struct ActivationTile {
    var codes: UnsafeRawPointer
    var scales: UnsafeRawPointer
    var offsets: UnsafeRawPointer
  }

  /// Rows of activations by groups of weights, with the panel that the format has.
  @inline(__always) func panelMatrix<F: IntegerBlock>(
    _ format: F.Type, _ weights: UnsafeRawPointer, _ blocks: Int, _ codes: UnsafeRawPointer,
    _ scales: UnsafeRawPointer, _ offsets: UnsafeRawPointer, _ columns: Int, _ firstGroup: Int,
    _ endGroup: Int, _ rows: Int, _ out: UnsafeMutablePointer<Float>, _ outStride: Int,
    _ accumulate: Bool
  ) {
    @inline(__always) func run<K: PanelKind>(_ kind: K.Type) {
      runPanels(
        format, kind, weights, blocks, codes, scales, offsets, columns, firstGroup, endGroup,
        rows, out, outStride, accumulate)
    }
    if F.hasHalves {
      if F.hasZeroPoint { run(HalvedPanel.self) } else { run(AffineHalvedPanel.self) }
      return
    }
    #if KERNELS_NEON
      if F.self == MXFP4Block.self {
        run(WidePanel.self)
        return
      }
    #endif
    if F.hasZeroPoint { run(ScaledPanel.self) } else { run(AffinePanel.self) }
  }
#endif
