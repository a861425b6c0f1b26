import TensorKernels

extension PassMemory {
  /// The residual stream of `parts`, whose rows fit in a pass, through all blocks; their positions then count
  /// them. The states of the rows that are wanted lie at the beginning of the residual stream then, in order.
  ///
  /// Goes through `adapters` where they are given. Returns for each part why its sequence was not extended; nil
  /// where it was.
  func runBlocks(
    _ parts: [PassPart], through adapters: AdaptedBlocks? = nil
  ) -> [LanguageModelError?] {
    let c = processor.configuration
    let depth = c.layerCount
    let tokens = parts.flatMap(\.tokens)
    // Asked once, here: every thread must take the same way through the barriers.
    let visited = parts.map { part in part.visitor.map { v in (0...depth).map(v.visits) } ?? [] }
    let isVisited = (0...depth).map { point in visited.contains { !$0.isEmpty && $0[point] } }
    let values = FirstTokenValues(parts, of: c)
    let every = segments(parts) { $0.tokens.count }
    let wanted = segments(parts, wanting: \.wanted)
    every.withUnsafeBufferPointer { every in
      wanted.withUnsafeBufferPointer { wanted in
        fillAngles(every)
        let pass = forwardPass(every)
        let last = forwardPass(wanted)
        let lastPass = isVisited[depth] ? pass : last
        processor.pool.run { worker in
          let panel = workspace.thread(worker.index).panel
          for i in worker.each(tokens.count) {
            processor.embed(tokens[i], panel: panel, into: workspace.residual + i * c.hiddenSize)
          }
          worker.barrier()
          if worker.index == 0 { processor.releaseEmbeddings() }
          for layer in 0..<depth {
            if isVisited[layer] { visit(parts, every, visited, layer: layer, worker) }
            let adapted = adapters?.block(layer, worker)
            if layer < depth - 1 {
              pass.run(
                layers.blocks[layer], layer: layer, worker, adapted: adapted, values: values)
            } else {
              lastPass.run(
                layers.blocks[layer], layer: layer, worker, adapted: adapted, values: values)
            }
          }
          if isVisited[depth] { visit(parts, every, visited, layer: depth, worker) }
        }
        if isVisited[depth] { last.gatherWanted() }
      }
    }
    return parts.map { part in
      if let place = part.visitor?.overflow {
        return .streamOverflow(point: place.point, position: place.position)
      }
      part.state.position += part.tokens.count
      return nil
    }
  }

  /// The parts as a pass has them.
  private func segments(
    _ parts: [PassPart], wanting wanted: (PassPart) -> Int
  ) -> [ForwardPass.Segment] {
    var (row, wantedRow) = (0, 0)
    return parts.map { part in
      let count = wanted(part)
      defer { (row, wantedRow) = (row + part.tokens.count, wantedRow + count) }
      return part.state.segment(
        rows: part.tokens.count, from: part.state.position, firstRow: row, wanted: count,
        firstWanted: wantedRow)
    }
  }

  /// Puts the angles of the segments' positions into the workspace.
  func fillAngles(_ segments: UnsafeBufferPointer<ForwardPass.Segment>) {
    let pairs = processor.configuration.rotatedSize / 2
    for segment in segments {
      processor.rotary.fill(
        positions: segment.start..<segment.start + segment.rows,
        cosines: workspace.cosines + segment.firstRow * pairs,
        sines: workspace.sines + segment.firstRow * pairs)
    }
  }

  /// The pass over `segments`.
  func forwardPass(_ segments: UnsafeBufferPointer<ForwardPass.Segment>) -> ForwardPass {
    ForwardPass(
      configuration: processor.configuration, kernels: processor.kernels, workspace: workspace,
      segments: segments)
  }

  private func visit(
    _ parts: [PassPart], _ segments: UnsafeBufferPointer<ForwardPass.Segment>, _ visited: [[Bool]],
    layer: Int, _ worker: Worker
  ) {
    let width = processor.configuration.hiddenSize
    worker.onCaller {
      for (index, part) in parts.enumerated() {
        guard let visitor = part.visitor, visited[index][layer] else { continue }
        visitor.visit(
          ResidualRows(
            point: layer, firstPosition: segments[index].start, count: segments[index].rows,
            width: width, rows: workspace.residual + segments[index].firstRow * width))
      }
    }
    worker.barrier()
  }
}

extension ProcessorState {
  /// Rows of this sequence as a pass has them.
  func segment(
    rows: Int, from start: Int, firstRow: Int = 0, wanted: Int, firstWanted: Int = 0
  ) -> ForwardPass.Segment {
    ForwardPass.Segment(
      cache: cache.view, start: start, firstRow: firstRow, rows: rows, wanted: wanted,
      firstWanted: firstWanted)
  }
}
