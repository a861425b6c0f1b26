extension Family {
  /// Markdown: a bold word, a link, a list, a heading.
  static let markupFamilies: [Family] = [
    .text(
      "plain text", [.boldText], "remove the Markdown",
      """
      Remove the Markdown. | Plain text. | Strip the formatting. | No asterisks. | plain
      Could you turn this into plain text? | Take out the Markdown marks. | Without formatting.
      Write the sentence as plain text, with all asterisks taken away and the words unchanged.
      As plain text, please. | Delete the marks for bold. | Unformat it. | Undo the bold type.
      """
    ) { $0.text.replacing("**", with: "") },
    .text(
      "bold as html", [.boldText], "use the HTML tag b instead of asterisks",
      """
      Use the HTML tag b instead of asterisks. | Markdown to HTML: b. | Bold by <b>. | <b> instead of **
      Could you write the bold part in HTML, with b? | Convert the bold Markdown to HTML b. | HTML, with the tag b.
      Put the opening and closing tag b in the place of the double asterisks.
      In HTML with b, please. | Change ** to b tags. | Replace the asterisks by b tags. | Mark it in HTML: b for bold.
      """
    ) { m in m.text.replacing("**\(m["bold"])**", with: "<b>\(m["bold"])</b>") },
    .part(
      "words in bold", [.boldText], "bold", "copy only what is bold",
      """
      Copy only what is bold. | Which words are bold? | Bold words only. | What stands in bold? | bold part
      Could you give me what is in bold? | Extract the bold text. | What is emphasised?
      Copy what stands between the double asterisks, without the asterisks and without the rest.
      The bold part, please, as plain text. | Return what is printed bold. | What do the asterisks enclose?
      """),
    .text(
      "italics for bold", [.boldText], "use italics instead of bold",
      """
      Use italics instead of bold. | Italic, not bold. | Change bold to italics. | One asterisk instead of two.
      * instead of ** | Could you make the bold part italic instead? | Italicise what is bold.
      Write it in Markdown with the bold part in italics, that is, between single asterisks.
      Italics, please, not bold. | Turn bold into italics. | Convert ** to *. | Weaken the bold to italics.
      """
    ) { $0.text.replacing("**", with: "*") },
    .text(
      "bold in capitals", [.boldText], "write the bold part in capitals and without asterisks",
      """
      Write the bold part in capitals and without asterisks. | Capitals instead of bold. | CAPS for bold, no asterisks.
      Could you use capitals instead of bold type? | What is bold in capitals, the rest as it is, no marks.
      Replace bold type by capital letters: no asterisks, and the part between them in upper case.
      Capitals in the place of bold, please. | Emphasise by capitals, not by asterisks. | Turn bold into upper case, plain text.
      No Markdown: shout the bold part. | Convert the bold words to capitals and drop the asterisks.
      Make the emphasis visible in plain text: capitals. | Bold becomes capitals, without marks.
      """
    ) { m in m.text.replacing("**\(m["bold"])**", with: m["bold"].uppercased()) },
    .part(
      "link address", [.link], "address", "give only the address of the link",
      """
      Give only the address of the link. | Where does the link go? | URL only. | The address. | url
      Could you extract the URL? | Just the web address. | To which page does it link? | Copy the link's target.
      Copy the web address of the Markdown link, without the text and the brackets.
      The URL, please. | Strip all but the address. | What address is behind the link? | Return the target of the link.
      """),
    .part(
      "link text", [.link], "title", "give only the text of the link",
      """
      Give only the text of the link. | What does the link say? | Link text only. | The words of the link. | text
      Could you extract the text of the link? | Just the words, no address. | What does one see of the link?
      Copy the words of the Markdown link, without the address and the brackets.
      The text, please, without the URL. | Strip the address. | What is the link called? | Drop the URL and brackets.
      """),
    .text(
      "html link", [.link], "write the link in HTML",
      """
      Write the link in HTML. | HTML link. | Convert the link to HTML. | As an a element. | <a href=...>
      Could you turn this Markdown link into an HTML link? | An anchor in HTML. | Make an HTML anchor of it.
      Write the same link as an HTML element a with the address in href and the text inside.
      In HTML, please. | From Markdown to HTML: the link. | Use <a href> for the link. | Make it an anchor tag.
      """
    ) { "<a href=\"\($0["address"])\">\($0["title"])</a>" },
    .text(
      "link in words", [.link], "write the text, and the address in round brackets behind it",
      """
      Write the text, and the address in round brackets behind it. | text (address) | Plain text: words, then (URL).
      Could you write the link as plain text, with the address in brackets? | No Markdown: text and (address).
      Write the words of the link, a space and then its address between round brackets.
      The text and then the URL in parentheses, please. | As printed in a book: text (URL).
      Spell the link out for paper: words, then the address in brackets. | Text first, address in parentheses after it.
      Make it readable without Markdown: text (address). | Words, then the URL in round brackets.
      Unlink it: words (address). | Put the URL in parentheses after the words.
      """
    ) { "\($0["title"]) (\($0["address"]))" },
    .text(
      "list in a line", [.bullets], "write the items on one line with commas",
      """
      Write the items on one line with commas. | One line, commas. | No bullets: commas. | Turn the list into one line.
      inline list | Could you write this list on a single line? | Comma-separated, please. | Commas instead of bullets.
      Write the items of the bulleted list one after the other on one line, separated by commas.
      All on one line, please. | Join the bullets by commas. | Remove the dashes and use commas.
      Flatten the list to a line with commas. | Run the items together with commas.
      """
    ) { $0.items.joined(separator: ", ") },
    .text(
      "bullets to numbers", [.bullets], "use numbers instead of bullets",
      """
      Use numbers instead of bullets. | Numbered list instead. | Numbers, not dashes. | 1. 2. 3. instead of dashes
      Could you number the items instead of the dashes? | Change bullets to numbers. | Replace the dashes by numbers.
      Write the list with 1., 2., 3. and so on in the place of the dashes.
      Numbers, please, not bullets. | Make it an ordered list. | From bullets to numbers. | Number what is bulleted.
      """
    ) { m in m.items.enumerated().map { "\($0 + 1). \($1)" }.joined(separator: "\n") },
    .text(
      "bullets with stars", [.bullets], "use asterisks instead of dashes",
      """
      Use asterisks instead of dashes. | Asterisks, not dashes. | * as the bullet. | Stars for bullets. | * not -
      Could you change the dashes to asterisks? | Replace each dash by an asterisk. | Bullets as asterisks.
      Write the list with an asterisk in the place of every dash and all else unchanged.
      Asterisks, please. | Make the bullets asterisks. | Put * where - stands. | Swap dashes for stars.
      """
    ) { m in m.items.map { "* \($0)" }.joined(separator: "\n") },
    .text(
      "bullets counted", [.bullets], "count the bullets",
      """
      Count the bullets. | How many bullets are there? | Number of bullet points? | How many points? | how many
      Could you count the bullet points? | Answer with how many items the list has. | How many lines begin with a dash?
      Count the items of the bulleted list and answer with the number alone.
      The number of bullets, please. | State how many bullet points there are. | How long is this list?
      Give the count of the points.
      """
    ) { "\($0.items.count)" },
    .text(
      "first bullet", [.bullets], "copy the first item without its dash",
      """
      Copy the first item without its dash. | First bullet, no dash. | What does the first bullet say? | first point
      Could you give me the first point, without the dash? | Only the item at the top. | The top item.
      Copy the words of the first bullet of the list and leave the dash out.
      The first point, please, without its mark. | Which item is on top? | Return the first bullet's text.
      Pick the uppermost item.
      """
    ) { $0.items[0] },
  ]
}
