/** What can be chosen: read from lines of `name value`, which no sender can break, and kept in the extension's storage so. */

import { callHost, JSON, log } from "@deskhand/extension-sdk-as";
import { quoted } from "@deskhand/extension-sdk-as/assembly/quoting";

export const SECTIONS = ["head", "parties", "facts", "summary", "lines", "totals", "payment", "thanks", "notes"];
const GROUPS = ["none", "goods", "kind", "contract", "location", "period", "tax"];
const FIELDS = ["client.name", "seller.name", "invoice.number", "invoice.total", "invoice.due", "invoice.due_date"];
const LONGEST_THANKS = 500;
const LONGEST_LOGO = 100;

/** `sections` are those that are printed, in their order; `logo` is the name of an uploaded picture. */
@json
export class Options {
  accent: string = "#0f766e";
  paper: string = "a4";
  font_size: i32 = 9;
  group: string = "none";
  logo: string = "";
  thanks: string = "Thank you, {client.name}.";
  sections: string[] = ["head", "parties", "facts", "summary", "lines", "totals", "payment", "thanks", "notes"];
}

@json
class Kept {
  value: string = "";
}

@json
class Answer {
  success: bool = false;
  value: Kept | null = null;
  error: string = "";
}

/** Fill options from lines; answers what is wrong, nothing if all is well. Options without a line stay as they are. */
export function readOptions(lines: string, options: Options): string {
  const given = lines.split("\n");
  let thanks = "";
  let thanked = false;
  for (let at = 0; at < given.length; at++) {
    const space = given[at].indexOf(" ");
    const name = space < 0 ? given[at] : given[at].substring(0, space);
    const value = space < 0 ? "" : given[at].substring(space + 1).trim();
    if (name == "thanks") {
      thanks += thanked ? `\n${value}` : value;
      thanked = true;
    } else if (name != "") {
      const wrong = setOption(options, name, value);
      if (wrong != "") {
        return wrong;
      }
    }
  }
  if (thanked) {
    options.thanks = thanks;
  }
  return checkThanks(options.thanks);
}

function setOption(options: Options, name: string, value: string): string {
  if (name == "accent") {
    options.accent = value.toLowerCase();
    return isColour(options.accent) ? "" : "accent: a colour such as #0f766e";
  }
  if (name == "paper") {
    options.paper = value;
    return value == "a4" || value == "us-letter" ? "" : "paper: a4 or us-letter";
  }
  if (name == "font_size") {
    options.font_size = value.length <= 2 && isDigits(value) ? i32.parse(value) : 0;
    return options.font_size >= 7 && options.font_size <= 14 ? "" : "font_size: 7 to 14 points";
  }
  if (name == "group") {
    options.group = value;
    return GROUPS.includes(value) ? "" : `group: one of ${GROUPS.join(", ")}`;
  }
  if (name == "logo") {
    options.logo = value;
    return value.length <= LONGEST_LOGO ? "" : `logo: at most ${LONGEST_LOGO} characters`;
  }
  return name == "sections" ? setSections(options, value) : `there is no option ${name}`;
}

function setSections(options: Options, value: string): string {
  const chosen = value == "" ? new Array<string>() : value.split(",");
  for (let at = 0; at < chosen.length; at++) {
    if (!SECTIONS.includes(chosen[at]) || chosen.indexOf(chosen[at]) != at) {
      return `sections: each at most once, out of ${SECTIONS.join(", ")}`;
    }
  }
  options.sections = chosen;
  return "";
}

/** A field that the host does not know would make every layout a mistake. */
function checkThanks(words: string): string {
  if (words.length > LONGEST_THANKS) {
    return `thanks: at most ${LONGEST_THANKS} characters`;
  }
  for (let open = words.indexOf("{"); open >= 0; open = words.indexOf("{", open + 1)) {
    const close = words.indexOf("}", open);
    if (close < 0 || !FIELDS.includes(words.substring(open + 1, close))) {
      return `thanks: in braces only ${FIELDS.join(", ")}`;
    }
  }
  return "";
}

/** The options in force: those that were kept, else the first ones. */
export function keptOptions(): Options {
  const options = new Options();
  const answer = JSON.parse<Answer>(callHost("storage", "get", '{"namespace":"template","key":"options"}'));
  if (!answer.success) {
    log.warn(`the options cannot be read: ${answer.error}`);
  }
  const kept = answer.value;
  if (kept !== null) {
    readOptions(kept.value, options);
  }
  return options;
}

/** Keep options; answers why they were not, if so. */
export function keepOptions(options: Options): string {
  const thanks = options.thanks.split("\n").map<string>((line) => `thanks ${line}`).join("\n");
  const lines = [
    `accent ${options.accent}`,
    `paper ${options.paper}`,
    `font_size ${options.font_size}`,
    `group ${options.group}`,
    `logo ${options.logo}`,
    `sections ${options.sections.join(",")}`,
    thanks,
  ].join("\n");
  const asked = `{"input":{"namespace":"template","key":"options","value":${quoted(lines)}}}`;
  const answer = JSON.parse<Answer>(callHost("storage", "put", asked));
  return answer.success ? "" : answer.error;
}

function isColour(value: string): bool {
  return value.length == 7 && value.charAt(0) == "#" && onlyOf(value.substring(1), "0123456789abcdef");
}

function isDigits(value: string): bool {
  return value != "" && onlyOf(value, "0123456789");
}

function onlyOf(value: string, letters: string): bool {
  for (let at = 0; at < value.length; at++) {
    if (!letters.includes(value.charAt(at))) {
      return false;
    }
  }
  return true;
}
