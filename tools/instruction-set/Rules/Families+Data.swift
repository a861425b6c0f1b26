extension Family {
  /// JSON objects: {"name": "Anna", "age": 34}.
  static let jsonFamilies: [Family] = [
    .found(
      "json value", [.json], "give the value of {a}",
      """
      What is the value of {a}? | Give the value of {a}. | Look up {a}. | {a}? | Read the key {a}.
      Could you tell me what {a} is, without quotes? | Return {a} as plain text. | Extract {a}.
      Find the key {a} in the object and answer with its value alone, without quotation marks.
      Only the value of {a}, please. | Which value has the key {a}? | What is stored under {a}?
      """, { m, random in [random.element(m.items).lowercased()] },
      rule: { m, p in m[p[0].capitalizedFirst] }),
    .text(
      "json keys", [.json], "list the keys",
      """
      List the keys. | Which keys does it have? | Keys only, with commas. | Give the names of the keys.
      keys? | Could you list the keys, separated by commas? | What are the keys? | The keys without the values.
      Write all the keys of the object, separated by commas and without quotation marks.
      The keys, please. | Name all keys. | Extract the keys. | Enumerate the keys of the object.
      """
    ) { $0.items.map { $0.lowercased() }.joined(separator: ", ") },
    .text(
      "json as lines", [.json], "write it as YAML",
      """
      Write it as YAML. | Convert the JSON to YAML. | YAML instead of JSON. | As YAML, please.
      yaml | Could you give this as YAML? | One key and value a line, without braces and quotes.
      Turn the object into YAML, with every key and its value on a line of their own.
      From JSON to YAML. | No braces, no quotes: YAML. | Make YAML of this. | I need YAML here.
      """
    ) { m in m.items.map { "\($0.lowercased()): \(m[$0])" }.joined(separator: "\n") },
    .found(
      "json key dropped", [.json], "remove the key {a}",
      """
      Remove the key {a}. | Drop {a}. | Delete {a} from the object. | Leave out {a}. | no {a}
      Could you take {a} out of the JSON? | Write the JSON without {a}. | Everything but {a}, as JSON.
      Write the object again without the key {a}, with all else unchanged.
      JSON without {a}, please. | Strip {a} from it. | The same object minus {a}.
      """, { m, random in [random.element(m.items).lowercased()] },
      rule: { m, p in m.json(of: m.items.filter { $0.lowercased() != p[0] }) }),
    .choice(
      "json key added", [.json], "add the key {a} with the value true",
      oneOf: ["active", "checked", "visible", "new", "urgent", "paid"],
      """
      Add the key {a} with the value true. | Add "{a}": true. | Set {a} to true. | Put {a}: true at the end.
      {a} = true | Could you add {a} as true at the end? | Append the key {a}, true.
      Write the object again with one more key at the end: {a}, whose value is true.
      {a} should be true: add it. | One more key, please: {a}, true. | Extend the JSON by {a}: true.
      Mark it as {a} (true) at the end of the object. | Include {a} as true.
      """
    ) { m, key in m.jsonObject.dropLast() + ", \"\(key)\": true}" },
    .found(
      "json key renamed", [.json], "rename the key {a} to {b}",
      """
      Rename the key {a} to {b}. | Change the key {a} to {b}. | Call {a} {b}. | {a} -> {b}
      Could you rename {a} to {b}? | The key {a} should be {b}. | Use {b} as the name of the key {a}.
      Write the object again with the key {a} renamed to {b} and every value as it is.
      Rename {a}, please: the new name is {b}. | Replace the key {a} by {b}. | New name for {a}: {b}.
      Let the key {a} be called {b}.
      """,
      { m, random in
        [
          random.element(m.items).lowercased(),
          random.element(["key", "entry", "data", "label", "field"]),
        ]
      },
      rule: { m, p in m.jsonObject.replacing("\"\(p[0])\":", with: "\"\(p[1])\":") }),
    .found(
      "json value set", [.json], "set {a} to {b}",
      """
      Set {a} to {b}. | Change {a} to {b}. | Update the key {a}: {b}. | Make {a} {b}. | {a} = {b}
      Could you change the value of {a} to {b}? | The value of {a} should be {b}. | Put {b} under {a}.
      Write the object again with {b} as the value of the key {a} and everything else unchanged.
      {a} is now {b}: write the JSON. | Correct {a} to {b}, please. | Store {b} in {a}.
      """,
      { m, random in
        Material.changedField(m, &random).map { [$0[0].lowercased(), $0[1]] }
      },
      rule: { m, p in
        var changed = m
        changed.fields[p[0].capitalizedFirst] = p[1]
        return changed.jsonObject
      }),
    .found(
      "json has a key", [.json], "say yes or no: is there a key {a}",
      """
      Is there a key {a}? Yes or no. | Does it have {a}? Answer yes or no. | {a}: yes or no?
      Yes or no: has the object a key {a}? | Could you check for the key {a}? Yes or no.
      Answer yes if the object has the key {a}, and no if it has not.
      Check whether {a} is a key; say yes or no. | Is {a} among the keys, yes or no?
      Say yes if {a} is present, otherwise no. | Look for the key {a}, please: yes or no.
      Has it got {a}? Only yes or no. | Tell me yes or no: key {a}.
      """,
      { m, random in
        let all = ["name", "age", "city", "job", "item", "price", "colour", "event", "day"]
        return [random.pick(2) == 0 ? random.element(m.items).lowercased() : random.element(all)]
      },
      rule: { m, p in m.items.contains { $0.lowercased() == p[0] } ? "yes" : "no" }),
  ]

  /// Tables of people as CSV: name, age, city.
  static let csvFamilies: [Family] = [
    .text(
      "csv header", [.csv], "give the header line",
      """
      Give the header line. | Header only. | What is the header? | Only the first line. | header
      Could you copy the line with the names of the columns? | Return the header row.
      Write down the line that names the columns, exactly as it stands.
      The header, please. | Copy the header. | Which line names the columns? Copy it. | Keep just the header.
      """
    ) { $0.items[0] },
    .text(
      "csv without header", [.csv], "remove the header line",
      """
      Remove the header line. | Rows without the header. | Drop the header. | Delete the first line. | no header
      Could you leave out the line with the names of the columns? | Only the rows with data.
      Write the data rows exactly as they stand, and leave out the line that names the columns.
      Without the header, please. | Strip the header. | Everything below the header. | Skip the header row.
      """
    ) { $0.items.dropFirst().joined(separator: "\n") },
    .text(
      "csv rows counted", [.csv], "count the rows below the header",
      """
      Count the rows below the header. | How many data rows are there? | Number of rows without the header?
      how many rows | Could you count the people in the table? | How many people are listed?
      Count the lines of data, without the header, and answer with the number alone.
      The number of rows, please, header not counted. | State how many records there are.
      Give the number of people. | How many entries follow the header? | Tell me how many rows of data it has.
      """
    ) { "\($0.items.count - 1)" },
    .choice(
      "csv column", [.csv], "list the column {a}", oneOf: ["name", "age", "city"],
      """
      List the column {a}. | Give the values of {a}, with commas. | Only the column {a}. | {a} column
      Could you list every {a}, separated by commas? | Extract the column {a}. | All values of {a}.
      Write the values of the column {a} from top to bottom, separated by commas.
      The column {a}, please. | What stands in the column {a}? | Pull out {a} from each row, with commas.
      Take the column {a} and join its values by commas.
      """
    ) { m, column in
      let index = ["name", "age", "city"].firstIndex(of: column)!
      return m.csvRows.dropFirst().map { $0[index] }.joined(separator: ", ")
    },
    .found(
      "csv cell", [.csv], "give the {a} of {b}",
      """
      What is the {a} of {b}? | Give the {a} of {b}. | {b}: {a}? | Look up the {a} of {b}.
      Could you find the {a} of {b}? | Find {b} and give the {a}. | Which {a} has {b}?
      Find the row of {b} in the table and answer with what it has in the column {a}.
      The {a} of {b}, please. | Read off the {a} for {b}. | In the row of {b}, what is the {a}?
      For {b}, return the {a}.
      """,
      { m, random in
        [random.element(["age", "city"]), random.element(m.csvRows.dropFirst().map { $0[0] })]
      },
      rule: { m, p in m.csvRows.first { $0[0] == p[1] }![p[0] == "age" ? 1 : 2] }),
    .text(
      "csv as a table", [.csv], "write it as a Markdown table",
      """
      Write it as a Markdown table. | Convert the CSV to a Markdown table. | As a table in Markdown.
      markdown table | Could you turn this CSV into a Markdown table? | Make a Markdown table of it.
      Turn the comma-separated lines into a Markdown table with a header and a line of dashes.
      A Markdown table, please. | From CSV to a Markdown table. | Table with bars, as in Markdown.
      Format the CSV as a Markdown table. | Show it as a table in Markdown.
      """
    ) { Material.markdownTable($0.csvRows) },
    .choice(
      "csv separator", [.csv], "use {a} instead of commas",
      oneOf: ["semicolons", "vertical bars", "slashes"],
      """
      Use {a} instead of commas. | Replace the commas by {a}. | Change the separator to {a}. | {a}, not commas
      Could you separate the columns with {a}? | Columns separated by {a}. | Make {a} the separator.
      Write the same lines with {a} between the columns in the place of the commas.
      With {a}, please, in place of commas. | Swap commas for {a}. | The separator should be {a}.
      Convert the commas to {a}.
      """
    ) { m, name in
      m.text.replacing(
        ",", with: ["semicolons": ";", "vertical bars": "|", "slashes": "/"][name]!)
    },
    .text(
      "csv row as json", [.csv], "write the first row of data as JSON",
      """
      Write the first row of data as JSON. | First record as JSON. | JSON of the first person.
      first row to json | Could you give the first person as a JSON object? | The first data row, in JSON.
      Turn the first line below the header into a JSON object whose keys are the names of the columns.
      JSON for the first row, please. | Make a JSON object of the row under the header.
      Convert row one to JSON. | Take the first data row and write JSON. | The first entry as a JSON object.
      """
    ) { m in
      let row = m.csvRows[1]
      return "{\"name\": \"\(row[0])\", \"age\": \(row[1]), \"city\": \"\(row[2])\"}"
    },
    .text(
      "oldest in csv", [.csv], "name the oldest person",
      """
      Name the oldest person. | Who is the oldest? | Which person has the highest age? | oldest?
      Could you tell me who is oldest? | Give the name with the highest age. | The oldest, by name.
      Compare the ages in the table and answer with the name of the oldest person.
      The name of the oldest, please. | Who has lived longest? Name only. | Find the maximum age: whose is it?
      Whose age is greatest?
      """
    ) { m in m.csvRows.dropFirst().max { Int($0[1])! < Int($1[1])! }![0] },
    .text(
      "csv sorted by age", [.csv], "sort the rows by age, youngest first",
      """
      Sort the rows by age, youngest first. | Order the rows by age, ascending. | Youngest first.
      sort by age | Could you sort the table by age? | By age from low to high, header on top.
      Write the table with the header first and the rows ordered by age, the lowest age on top.
      Sorted by age, please, the youngest on top. | Arrange the people from youngest to oldest.
      Let the ages grow from row to row. | Ascending by age, keep the header. | Put the rows in order of age.
      """
    ) { m in
      let rows = m.csvRows.dropFirst().sorted { Int($0[1])! < Int($1[1])! }
      return ([m.items[0]] + rows.map { $0.joined(separator: ",") }).joined(separator: "\n")
    },
  ]
}
