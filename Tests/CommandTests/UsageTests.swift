import Foundation
import TestSupport
import Testing

/// What needs no model: usage, help, and files that are not models.
@Suite struct UsageTests {
  @Test(arguments: [
    "nonsense", "studdy x", "edit complie -m x", "help studdy", "inspect", "generate",
    "generate -m x", "generate -m x -p a -f b",
    "generate -m x -p a --temp=-1", "generate -m x -p a --temp abc", "generate -m x -p a --top-p 0",
    "generate -m x -p a --min-p 2", "generate -m x -p a --repeat-penalty 0",
    "generate -m x -p a --temp -1", "generate -m x -p a -s -2",
    "generate -m x -p a --repeat-last-n -2", "generate -m x -p a -c -1", "convert x - --type q8_0",
    "generate -m x -p a --edit b --edit c", "generate -m x -p a --edit b --trace c",
    "generate -m x -p a -n -3", "generate -m x -p a -t 0",
    "generate -m x -p a --cache-type q4", "generate -m x -p a --activations f16",
    "generate -m x -p a --system b", "generate -m x -p a --chat --chat-template nonsense",
    "generate -m x -p a --memory-limit much", "generate -m x -p a --nonsense",
    "chat", "chat -m x --temp=nan", "tokenize -m x", "tokenize -m x a -f b",
    "tokenize -m x a --messages b", "tokenize -m x a --no-generation-prompt",
    "tokenize -m x a --chat-template chatml", "tokenize -m x --messages b --no-bos", "score -m x",
    "perplexity -m x", "perplexity -m x --kl-divergence", "perplexity -m x -f a --chunks 0",
    "study", "study nonsense x y", "edit explain -m x --editor y",
    "edit explain -m x --editor y --instruction z -n 1",
    "generate -m x -p a --strength-around mean",
    "bench -m x -p 0 -n 0", "bench -m x -r 0", "bench -m x -o xml", "bench -m x -d 99999999",
  ])
  func wrongUsageIsOneLineAnd64(arguments: String) throws {
    let result = try EmendProcess(arguments.split(separator: " ").map(String.init))
    #expect(result.status == 64, "\(result.errors)")
    #expect(result.isOneLineError, "\(result.errors)")
    #expect(result.errors.contains("--help"), "it says where to read on: \(result.errors)")
  }

  @Test(arguments: [
    ["inspect"], ["tokenize", "text", "-m"], ["generate", "-p", "text", "-m"], ["chat", "-m"],
    ["bench", "-m"],
  ])
  func filesThatAreNotModels(arguments: [String]) throws {
    let folder = try TemporaryFolder()
    let files = [
      "/nonexistent/model.gguf", folder.url.path, try folder.file("empty", ""),
      try folder.file("text", "GGUF it is not"),
    ]
    for file in files {
      let result = try EmendProcess(arguments + [file])
      if arguments == ["inspect"], file == folder.url.path {
        // A folder is looked at, and what is said is why it is no model.
        #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
        #expect(result.text.contains(file) && result.text.contains("\nrefused "), "\(result.text)")
        #expect(!result.text.contains("\nconverts to "), "\(result.text)")
        continue
      }
      #expect(result.status == 1, "\(file): \(result.errors)")
      #expect(result.isOneLineError, "\(file): \(result.errors)")
      #expect(result.errors.contains(file), "it names the file: \(result.errors)")
    }
  }

  @Test(arguments: [
    "", "inspect", "tokenize", "generate", "chat", "score", "perplexity", "bench", "study",
  ])
  func helpTeaches(command: String) throws {
    let result = try EmendProcess((command.isEmpty ? [] : [command]) + ["--help"])
    #expect(result.status == 0 && result.errors.isEmpty)
    #expect(result.text.contains("USAGE: emend \(command)"))
    // A real example that can be copied.
    #expect(result.text.contains("  emend \(command)"))
  }

  @Test func versionIsANumber() throws {
    let result = try EmendProcess(["--version"])
    #expect(result.status == 0 && result.text.wholeMatch(of: /\d+\.\d+\.\d+\n/) != nil)
  }
}
