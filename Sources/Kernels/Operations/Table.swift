import KernelInterface

/// This module's instruction set.
@inline(never) public func kernelTable() -> KernelTable {
  #if KERNELS_AVX512
    let name: StaticString = "avx512"
  #elseif KERNELS_AVX2
    let name: StaticString = "avx2"
  #elseif KERNELS_I8MM
    let name: StaticString = "i8mm"
  #elseif KERNELS_NEON
    let name: StaticString = "neon"
  #else
    let name: StaticString = "portable"
  #endif
  return KernelTable(
    name: name, linear: linearKernels(), rows: rowKernels(), attention: attentionKernels(),
    linearGradients: linearGradientKernels(), quantization: quantizationKernels(),
    gradients: gradientKernels(), optimizers: optimizerKernels())
}

private func linearKernels() -> LinearKernels {
  LinearKernels(
    quantizeActivations: { quantizeActivations($0, $1, $2, $3, $4, $5, $6, $7, $8) },
    packActivationsF32: { packActivationsF32($0, $1, $2, $3, $4, $5) },
    linearInt8: {
      linearInt8(PackedLayout.format($0), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
    },
    linearF32: { format, weights, k, x, n, first, end, rows, out, stride, accumulate, scratch in
      linearF32(
        PackedLayout.format(format), weights, k, x, n, first, end, rows, out, stride,
        accumulate != 0, scratch)
    },
    packGroup: { packGroup($0, $1, $2, $3, $4, $5) },
    dequantizePanel: { format, group, k, k0, count, panel, stride in
      dequantizePanel(PackedLayout.format(format), group, k, k0, count, panel, stride)
    })
}

private func rowKernels() -> RowKernels {
  RowKernels(
    rmsNorm: { rmsNorm($0, $1, $2, $3, $4) },
    layerNorm: { layerNorm($0, $1, $2, $3, $4, $5) },
    gelu: { gelu($0, $1, $2) },
    swiGLU: { swiGLU($0, $1, $2, $3) },
    rotatePairs: { rotatePairs($0, $1, $2, $3, $4, $5) })
}

private func attentionKernels() -> AttentionKernels {
  AttentionKernels(
    storeKeyValue: { kind, key, value, position, headSize, keys, values in
      switch kind {
      case CacheKind.f32.rawValue:
        storeKeyValue(F32Cache.self, key, value, position, headSize, keys, values)
      case CacheKind.f16.rawValue:
        storeKeyValue(F16Cache.self, key, value, position, headSize, keys, values)
      default: storeKeyValue(Q8_0Cache.self, key, value, position, headSize, keys, values)
      }
    },
    loadKeyValue: { kind, keys, values, position, headSize, key, value in
      switch kind {
      case CacheKind.f32.rawValue:
        loadKeyValue(F32Cache.self, keys, values, position, headSize, key, value)
      case CacheKind.f16.rawValue:
        loadKeyValue(F16Cache.self, keys, values, position, headSize, key, value)
      default: loadKeyValue(Q8_0Cache.self, keys, values, position, headSize, key, value)
      }
    },
    attend: {
      kind, q, qStride, columns, visible, step, size, scale, keys, values, out, outStride, scratch
      in
      switch kind {
      case CacheKind.f32.rawValue:
        attend(
          F32Cache.self, q, qStride, columns, visible, step, size, scale, keys, values, out,
          outStride, scratch)
      case CacheKind.f16.rawValue:
        attend(
          F16Cache.self, q, qStride, columns, visible, step, size, scale, keys, values, out,
          outStride, scratch)
      default:
        attend(
          Q8_0Cache.self, q, qStride, columns, visible, step, size, scale, keys, values, out,
          outStride, scratch)
      }
    },
    attendBlock: {
      kind, q, qStride, columns, visible, step, size, scale, keys, values, block, partial, scratch
      in
      switch kind {
      case CacheKind.f32.rawValue:
        attendOneBlock(
          F32Cache.self, q, qStride, columns, visible, step, size, scale, keys, values, block,
          partial, scratch)
      case CacheKind.f16.rawValue:
        attendOneBlock(
          F16Cache.self, q, qStride, columns, visible, step, size, scale, keys, values, block,
          partial, scratch)
      default:
        attendOneBlock(
          Q8_0Cache.self, q, qStride, columns, visible, step, size, scale, keys, values, block,
          partial, scratch)
      }
    },
    mergeAttention: { mergeAttention($0, $1, $2, $3, $4, $5) })
}

private func linearGradientKernels() -> LinearGradientKernels {
  #if KERNELS_AVX512
    let slices: LinearGradientKernels.LinearTransposedSlices? = {
      format, weights, k, outputs, g, gStride, n, first, end, dx, stride, accumulate, scratch in
      linearTransposedSlices(
        PackedLayout.format(format), weights, k, outputs, g, gStride, n, first, end, dx, stride,
        accumulate != 0, scratch)
    }
  #else
    let slices: LinearGradientKernels.LinearTransposedSlices? = nil
  #endif
  return LinearGradientKernels(
    packGradients: { packGradients($0, $1, $2, $3, $4) },
    linearTransposedF32: {
      format, weights, k, outputs, g, n, first, end, dx, stride, accumulate, scratch in
      linearTransposedF32(
        PackedLayout.format(format), weights, k, outputs, g, n, first, end, dx, stride,
        accumulate != 0, scratch)
    },
    linearTransposedSlices: slices,
    packInputs: { packInputs($0, $1, $2, $3, $4, $5, $6) },
    linearGradientF32: {
      linearGradientF32($0, $1, $2, $3, $4, $5, $6, $7, $8, $9 != 0, $10)
    })
}

private func quantizationKernels() -> QuantizationKernels {
  QuantizationKernels(
    quantizeBlocks: {
      quantizeBlocks(PackedLayout.format($0), $1 != 0, $2, $3, $4, $5, $6, $7)
    },
    toFloats: { toFloats(PackedLayout.format($0), $1, $2, $3) },
    fromFloats: { fromFloats(PackedLayout.format($0), $1, $2, $3) },
    firstNotFinite: { firstNotFinite($0, $1) },
    roundCompensated: { format, values, feedback, factor, stride, costs, n, out, bytes, scratch in
      switch PackedLayout.format(format) {
      case .q4_0:
        roundCompensated(
          Q4_0Grid.self, values, feedback, factor, stride, costs, n, out, bytes, scratch)
      case .q4_1:
        roundCompensated(
          Q4_1Grid.self, values, feedback, factor, stride, costs, n, out, bytes, scratch)
      case .q5_0:
        roundCompensated(
          Q5_0Grid.self, values, feedback, factor, stride, costs, n, out, bytes, scratch)
      case .q5_1:
        roundCompensated(
          Q5_1Grid.self, values, feedback, factor, stride, costs, n, out, bytes, scratch)
      default:
        roundCompensated(
          Q8_0Grid.self, values, feedback, factor, stride, costs, n, out, bytes, scratch)
      }
    },
    refineBlocks: { format, errors, gradient, hessian, stride, n, out, bytes, scratch in
      switch PackedLayout.format(format) {
      case .q4_0:
        refineBlocks(Q4_0Grid.self, errors, gradient, hessian, stride, n, out, bytes, scratch)
      case .q4_1:
        refineBlocks(Q4_1Grid.self, errors, gradient, hessian, stride, n, out, bytes, scratch)
      case .q5_0:
        refineBlocks(Q5_0Grid.self, errors, gradient, hessian, stride, n, out, bytes, scratch)
      case .q5_1:
        refineBlocks(Q5_1Grid.self, errors, gradient, hessian, stride, n, out, bytes, scratch)
      default:
        refineBlocks(Q8_0Grid.self, errors, gradient, hessian, stride, n, out, bytes, scratch)
      }
    })
}

private func gradientKernels() -> GradientKernels {
  GradientKernels(
    layerNormBackward: { layerNormBackward($0, $1, $2, $3, $4, $5, $6) },
    layerNormGradients: { layerNormGradients($0, $1, $2, $3, $4, $5, $6, $7, $8) },
    addColumnSums: { addColumnSums($0, $1, $2, $3, $4, $5) },
    geluBackward: { geluBackward($0, $1, $2) },
    attendBackward: {
      attendBackward(
        $0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
    },
    rmsNormBackward: { rmsNormBackward($0, $1, $2, $3, $4, $5, $6 != 0) },
    swiGLUBackward: { swiGLUBackward($0, $1, $2, $3) },
    softmaxSums: { softmaxSums($0, $1, $2, $3) },
    softmaxScaled: { softmaxScaled($0, $1, $2, $3) },
    softmaxDifference: { softmaxDifference($0, $1, $2, $3, $4, $5, $6, $7, $8) },
    bytes: ByteGradientKernels(
      round: { roundGradients($0, $1, $2, $3, $4, $5, $6, $7) },
      linearTransposed: {
        format, weights, k, outputs, slices, g, n, first, end, dx, stride, accumulate, scratch in
        linearTransposedBytes(
          PackedLayout.format(format), weights, k, outputs, slices, g, n, first, end, dx, stride,
          accumulate != 0, scratch)
      }))
}

private func optimizerKernels() -> OptimizerKernels {
  OptimizerKernels(
    adamStep: { adamStep($0, $1, $2, $3, $4, $5) },
    adamStepBytes: { adamStepBytes($0, $1, $2, $3, $4, $5, $6, $7, $8) },
    decodeMoments: { decodeMoments($0, $1, $2, $3 != 0, $4) },
    sumOfSquares: { sumOfSquares($0, $1) })
}
