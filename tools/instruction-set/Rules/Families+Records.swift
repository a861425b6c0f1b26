extension Family {
  /// Fields with values, "Name: Anna; Age: 34; City: Oslo", in other formats.
  static let recordFamilies: [Family] = [
    .text(
      "record as json", [.record], "write it as a JSON object",
      """
      Write it as a JSON object. | Convert it to JSON. | As JSON. | Make a JSON object, keys in small letters.
      json | Could you turn this into JSON? | Give me the JSON for it. | Format the fields as JSON.
      Turn the fields into one JSON object on a single line, with the keys in lower case.
      I need it as JSON, please. | JSON instead of text. | Represent it in JSON with lower-case keys.
      """
    ) { $0.jsonObject },
    .text(
      "record as yaml", [.record], "write it as YAML",
      """
      Write it as YAML. | Convert it to YAML. | As YAML. | Make YAML of it, keys in small letters.
      yaml | Could you turn this into YAML? | Give me the YAML for it. | Format the fields as YAML.
      Turn the fields into YAML, one a line, with the keys in lower case.
      I need it as YAML, please. | YAML instead of text. | Represent it in YAML with lower-case keys.
      """
    ) { m in m.items.map { "\($0.lowercased()): \(m[$0])" }.joined(separator: "\n") },
    .text(
      "record as csv", [.record], "write it as CSV with a header",
      """
      Write it as CSV with a header. | Convert it to CSV, header included. | As CSV with a header line.
      csv with header | Could you turn this into CSV with a header? | Two lines of CSV: header and values.
      Turn the fields into CSV: the first line has the names of the fields, the second their values.
      I need it as CSV with a header, please. | CSV instead of text, header first. | Make a CSV of it with headers.
      Format it as comma-separated values under a header. | Names in line one, values in line two, commas between.
      """
    ) { m in m.items.joined(separator: ",") + "\n" + m.items.map { m[$0] }.joined(separator: ",") },
    .text(
      "record as a table", [.record], "write it as a Markdown table",
      """
      Write it as a Markdown table. | Make a Markdown table of it. | As a table in Markdown.
      markdown table | Could you turn this into a Markdown table? | Table, please, in Markdown.
      Turn the fields into a Markdown table with a header, a line of dashes and one row of values.
      I need it as a Markdown table. | Format it as a table (Markdown). | A table with one row, in Markdown.
      Convert it to a table in Markdown. | Put the fields in a Markdown table.
      """
    ) { m in Material.markdownTable([m.items, m.items.map { m[$0] }]) },
    .text(
      "record as bullets", [.record], "put each field on a line with a dash",
      """
      Put each field on a line with a dash. | Bullets, one for each field. | Make a bulleted list of the fields.
      bullets | Could you list the fields with dashes? | One dash and one field a line.
      Write the fields one under the other, each with a dash and a space in front.
      A bulleted list, please. | List the fields as bullets. | Turn the fields into bullet points.
      Format the fields as a list with dashes. | Each field becomes a bullet point.
      """
    ) { m in m.items.map { "- \($0): \(m[$0])" }.joined(separator: "\n") },
    .text(
      "record as query", [.record], "write it as a query string",
      """
      Write it as a query string. | Make a URL query of it. | As in a web address: key=value&key=value.
      query string | Could you turn this into the query part of a URL? | Join the fields with = and &.
      Turn the fields into a query string, with lower-case keys, equals signs and ampersands.
      As URL parameters, please. | Encode it like the parameters of a URL. | Format: key=value joined by &.
      Convert it to URL parameters with small keys. | Use = and & as a URL does.
      """
    ) { m in m.items.map { "\($0.lowercased())=\(m[$0])" }.joined(separator: "&") },
    .text(
      "record as xml", [.record], "write each field as an XML element",
      """
      Write each field as an XML element. | Convert it to XML elements. | As XML, one element a line.
      xml | Could you turn the fields into XML? | XML, please, lower-case tags. | Make XML elements of the fields.
      Turn every field into an XML element on its own line, with the name in lower case as the tag.
      Format it as XML without a root. | I need it as XML elements, please. | Use tags for the fields. | Put the values in XML tags, one a line.
      """
    ) { m in
      m.items.map { "<\($0.lowercased())>\(m[$0])</\($0.lowercased())>" }.joined(separator: "\n")
    },
    .text(
      "record with bold keys", [.record], "put each field on a line with its name in bold Markdown",
      """
      Put each field on a line with its name in bold Markdown. | Bold names, one field a line.
      bold keys | Could you make the names of the fields bold, one field a line? | Markdown: bold names.
      Write the fields on lines of their own, with the names and colons between double asterisks.
      Use Markdown to make the field names bold, each field on its own line.
      The names in bold, please, each field on a new line. | Each field on a line, the name in **bold**.
      Format it in Markdown with bold labels, one a line. | Labels bold, values plain, one a line.
      Emphasise the labels in bold, one field per line. | One line a field, label in bold.
      """
    ) { m in m.items.map { "**\($0):** \(m[$0])" }.joined(separator: "\n") },
    .found(
      "value of a field", [.record], "give the value of the field {a}",
      """
      What is the value of {a}? | Give the field {a}. | {a}? | Look up {a}. | Which value does {a} have?
      Could you tell me what stands under {a}? | Extract {a}. | Return the value of the field {a}.
      Find the field with the name {a} and answer with its value and nothing else.
      Only what {a} is, please. | Read off {a}. | Answer with the entry for {a}.
      """, { m, random in [random.element(m.items)] },
      rule: { m, p in m[p[0]] }),
    .found(
      "field left out", [.record], "leave out the field {a}",
      """
      Leave out the field {a}. | Remove {a}. | Drop {a}. | Delete the field {a}. | no {a}
      Could you take out {a}? | Everything but {a}. | Write it without {a}. | Hide {a}.
      Write the same line again, but without the field {a} and its value.
      Without {a}, please. | Strip the field {a}. | Cut {a} and its value.
      """, { m, random in [random.element(m.items)] },
      rule: { m, p in
        m.items.filter { $0 != p[0] }.map { "\($0): \(m[$0])" }.joined(separator: "; ")
      }),
    .text(
      "names of fields", [.record], "list the names of the fields",
      """
      List the names of the fields. | Which fields are there? | Field names only. | Give the keys.
      keys | Could you list the field names, with commas? | The names without the values. | Only the labels.
      Write the names of all the fields, separated by commas, and leave out their values.
      The labels, please, with commas. | Name the fields. | Extract the labels. | What are the fields called?
      """
    ) { $0.items.joined(separator: ", ") },
    .text(
      "values only", [.record], "list the values without the names of the fields",
      """
      List the values without the names of the fields. | Values only. | Give the values. | Drop the labels.
      values | Could you list just the values, with commas? | The values without the names. | No labels.
      Write the values of all the fields, separated by commas, and leave out the names.
      Just the values, please, with commas. | Extract the values. | Strip the labels, use commas.
      What stands behind the colons? With commas.
      """
    ) { m in m.items.map { m[$0] }.joined(separator: ", ") },
    .text(
      "number of fields", [.record], "count the fields",
      """
      Count the fields. | How many fields are there? | Number of fields? | Give the number of fields.
      how many fields | Could you count the fields? | Answer with how many fields it has.
      Count the pairs of name and value and answer with the number alone.
      The number of fields, please. | How many labels does it have? | State how many fields you see.
      Tell me how many entries the record has.
      """
    ) { "\($0.items.count)" },
    .text(
      "fields reversed", [.record], "reverse the order of the fields",
      """
      Reverse the order of the fields. | Last field first. | Turn the order of the fields around.
      reverse fields | Could you write the fields from last to first? | Fields in the opposite order.
      Write the same fields with their values in the opposite order, beginning with the last.
      The other way round, please: last field first. | Put the last field first and so on.
      Start with the last field and end with the first. | Flip the fields. | Order the fields from last to first.
      """
    ) { m in m.items.reversed().map { "\($0): \(m[$0])" }.joined(separator: "; ") },
    .found(
      "field changed", [.record], "set {a} to {b}",
      """
      Set {a} to {b}. | Change {a} to {b}. | {a} is now {b}. | Update {a}: {b}. | {a} = {b}
      Could you change the value of {a} to {b}? | Make {a} {b}. | Put {b} as {a}.
      Write the same line again with the value of the field {a} replaced by {b}.
      {a} should be {b}, please. | Correct {a} to {b}. | The right value of {a} is {b}: write it.
      """, { m, random in Material.changedField(m, &random) },
      rule: { m, p in
        m.items.map { "\($0): \($0 == p[0] ? p[1] : m[$0])" }.joined(separator: "; ")
      }),
    .text(
      "names in capitals", [.record], "put the names of the fields in capitals",
      """
      Put the names of the fields in capitals. | Labels in capitals. | Field names in upper case.
      upper-case keys | Could you write the labels in capitals? | Make the labels upper case, values as they are.
      Write the same line with the names of the fields in capital letters and the values unchanged.
      Capital labels, please. | Only the labels should be in capitals. | Shout the labels.
      Convert the field names, not the values, to upper case. | Uppercase what stands before the colons.
      """
    ) { m in m.items.map { "\($0.uppercased()): \(m[$0])" }.joined(separator: "; ") },
  ]
}
