/** Text as JSON has it. Last words of a guest need it before json-as has been set up, so it uses nothing of that. */
export function quoted(words: string): string {
  let text = '"';
  for (let at = 0; at < words.length; at++) {
    const code = words.charCodeAt(at);
    if (code == 0x22 || code == 0x5c) {
      text += "\\" + String.fromCharCode(code);
    } else if (code < 0x20) {
      text += "\\u00" + (code < 0x10 ? "0" : "1") + "0123456789abcdef".charAt(code & 15);
    } else {
      text += String.fromCharCode(code);
    }
  }
  return text + '"';
}
