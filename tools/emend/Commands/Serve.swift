#if Server
  import ArgumentParser
  import EditServer
  import EditSessions
  import Terminal
  import TextGeneration

  struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Answer requests over HTTP, each with edits of its own.",
      discussion: """
        Speaks llama-server's dialect of OpenAI's API: /v1/chat/completions, /v1/completions, \
        /completion and others, and a page in the browser. Requests say what is done to the model \
        by a member `edit`, with the names of files that the server was given.

          emend serve -m model.gguf
          emend serve -m model.gguf --editor terse.safetensors --control-vector pirate=pirate.gguf
          emend serve -m model.gguf --edit-folder edits --preset 'terse={"instruction":"Be brief."}'

          curl localhost:8080/v1/chat/completions -d '{"messages":[{"role":"user","content":"Hi"}],
            "edit":[{"instruction":"Answer in one sentence."},{"vector":"pirate","strength":0.8}]}'

        Once it listens, one line of JSON on standard output says where. SIGTERM and Ctrl-C end it when \
        running answers are done, or after --drain seconds.
        """)

    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Requests") var requests: ServeRequestOptions
    @OptionGroup(title: "Sampling, where requests do not say") var sampling: SamplingArguments
    @OptionGroup(title: "Speed") var speculation: SpeculationArguments
    @OptionGroup(title: "Address and access") var access: ServeAccessOptions
    @OptionGroup(title: "Edits") var edits: ServeEditOptions

    func run() throws {
      var settings = ServerSettings(model: model.use.settings)
      settings.sampling = sampling.options
      settings.seed = sampling.seed?.value
      settings.isVerbose = model.verbose
      settings.speculates = speculation.options != nil
      settings.version = Emend.configuration.version
      try requests.apply(to: &settings)
      try access.apply(to: &settings)
      try edits.apply(to: &settings)
      // Before the first thread, so that all block what the handler takes.
      Interrupt.installTermination()
      let log = PreparationLog(isVerbose: model.verbose)
      let served = try EditServing(settings, listener: log.receive) { Console.log($0) }
      try served.run(
        listening: { Console.print($0) }, isAsked: { Interrupt.isRequested })
    }
  }
#endif
