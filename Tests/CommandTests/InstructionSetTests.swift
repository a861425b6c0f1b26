import TestSupport
import Testing

/// `EMEND_ISA`: which kernels a command runs.
@Suite(.enabled(if: OutsideFiles.smolLM2 != nil, "needs the model that tools/fetch-models brings"))
struct InstructionSetTests {
  private func generate(_ name: String) throws -> EmendProcess {
    try EmendProcess(
      [
        "generate", "-m", OutsideFiles.smolLM2?.path ?? "", "-p", "The sea is", "-n", "3", "--temp",
        "0", "-v",
      ], environment: ["EMEND_ISA": name])
  }

  @Test func theNamedOneRunsAndIsReported() throws {
    let result = try generate("portable")
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.errors.contains("portable kernels"), "\(result.errors)")
  }

  @Test func anUnknownOneIsRefused() throws {
    let result = try generate("sse9")
    #expect(result.status == 1)
    #expect(result.isOneLineError, "\(result.errors)")
    #expect(result.errors.contains("EMEND_ISA is 'sse9'"), "\(result.errors)")
    #expect(result.errors.contains("portable"), "it says what can be used: \(result.errors)")
  }
}
