import BlockFormats
import KernelInterface
import TestSupport

/// Packing, and panels of packed groups against the reference decoder, to the bit.
func checkPacking(_ c: Checker) {
  for format in BlockFormat.all {
    for columns in [format.wholeColumns(32), format.wholeColumns(288), format.wholeColumns(45)] {
      for valid in [1, 5, 15, 16] {
        let matrix = RandomMatrix(
          format, rows: valid, columns: columns, scales: .extreme, &c.random)
        let source = Bytes(matrix.bytes)
        let rowBytes = matrix.bytes.count / valid
        let groupBytes = PackedLayout.groupBytes(format, columns: columns)
        let group = c.same("packGroup", Bytes(groupBytes, fill: 99)) {
          _ = $0.linear.packGroup(
            PackedLayout.number(format), source.address, rowBytes, valid, columns, $1.address)
        }
        let values = matrix.values
        let k0 = format.elementsPerBlock == 256 || columns < 64 ? 0 : 32
        let count = columns - k0
        let panel = c.same("dequantizePanel", Bytes(count * 20 * 4, fill: 99)) {
          $0.linear.dequantizePanel(
            PackedLayout.number(format), group.address, columns, k0, count, $1.floats, 20)
        }
        for k in 0..<count {
          for m in 0..<valid {
            c.equal(
              "decoded", k * 20 + m, Int(panel.words[k * 20 + m]),
              Int(values[m * columns + k0 + k].bitPattern))
          }
        }
      }
    }
    // Whatever is not finite is found.
    let columns = format.wholeColumns(64)
    for row in [0, 7] {
      var matrix = RandomMatrix(format, rows: 8, columns: columns, &c.random)
      let rowBytes = matrix.bytes.count / 8
      for bits in format.nonFiniteFloats {
        matrix.put(bits, at: row * rowBytes + format.floatOffsets[0])
        let source = Bytes(matrix.bytes)
        let group = Bytes(PackedLayout.groupBytes(format, columns: columns))
        c.equal(
          "packGroup's complaint", row,
          c.kernels.linear.packGroup(
            PackedLayout.number(format), source.address, rowBytes, 8, columns, group.address),
          1 + row)
      }
    }
  }
  for format in [BlockFormat.f32, .f16, .bf16] {
    for count in [1, 15, 16, 17, 100] {
      let size = format.bytesPerBlock * count
      let values = c.floats(count, 100)
      let made = c.same("fromFloats", Bytes(size)) {
        $0.quantization.fromFloats(PackedLayout.number(format), values.input, count, $1.address)
      }
      c.same("toFloats", Bytes(4 * count)) {
        $0.quantization.toFloats(PackedLayout.number(format), made.address, count, $1.floats)
      }
    }
  }
}

/// Floats to blocks, with and without a search, and rounding with compensation.
func checkQuantizers(_ c: Checker) {
  for format in [BlockFormat.q4_0, .q4_1, .q5_0, .q5_1, .q8_0] {
    let number = PackedLayout.number(format)
    for blocks in [1, 15, 16, 35] {
      let values = c.floats(32 * blocks, 2)
      let importance = c.floats(32 * 5)
      for i in 0..<160 { importance.floats[i] = magnitudeOf(importance.floats[i]) + 0.01 }
      for best in 0..<2 where best == 1 || (format != .q5_0 && format != .q5_1) {
        for weighs in [false, true] {
          let found = c.same("quantizeBlocks", Bytes(blocks * format.bytesPerBlock)) {
            let scratch = Bytes(KernelTable.quantizeScratch * 4)
            $0.quantization.quantizeBlocks(
              number, best, values.input, weighs ? importance.input : nil, 5, blocks, $1.address,
              scratch.floats)
          }
          guard best == 0, !weighs else { continue }
          var reference = [UInt8](repeating: 0, count: blocks * format.bytesPerBlock)
          reference.withUnsafeMutableBytes {
            ReferenceBlocks.quantize(
              format, UnsafeBufferPointer(start: values.input, count: 32 * blocks), into: $0)
          }
          for i in 0..<reference.count {
            c.equal("as the reference", i, Int(found.bytes[i]), Int(reference[i]))
          }
        }
      }
    }
    for rows in [1, 7, 16] {
      let hessian = c.floats(32 * 32, 0.1)
      for i in 0..<32 {
        for j in 0..<i { hessian.floats[j * 32 + i] = hessian.floats[i * 32 + j] }
        hessian.floats[33 * i] = 4
      }
      let costs = c.floats(32)
      for i in 0..<32 { costs.floats[i] = magnitudeOf(costs.floats[i]) + 0.1 }
      let feedback = c.floats(512, 0.1)
      let rowBytes = format.bytesPerBlock + 6
      let start = Bytes(2 * 512 * 4 + 16 * rowBytes)
      for i in 0..<512 { start.floats[i] = .random(in: -2...2, using: &c.random) }
      c.same("roundCompensated and refineBlocks", start) { table, out in
        let blocks = out.address + 2 * 512 * 4
        let scratch = Bytes(KernelTable.roundScratch * 4)
        table.quantization.roundCompensated(
          number, out.floats, feedback.input, hessian.input, 32, costs.input, rows, blocks,
          rowBytes, scratch.floats)
        table.quantization.refineBlocks(
          number, out.floats, out.floats + 512, hessian.input, 32, rows, blocks, rowBytes,
          scratch.floats)
      }
    }
  }
}
