/** From options and an invoice's facts to its layout. What a layout cannot reckon by itself, sums for each contract, is reckoned here. */

import { block, column, columns, InvoiceFacts, InvoiceLine, layout, Values } from "@deskhand/extension-sdk-as";
import { amount } from "./money";
import { Options } from "./options";

const FACTS = ["invoice.date", "invoice.due_date", "invoice.period", "invoice.po_number", "invoice.corrects"];
const COLUMNS = ["description", "quantity", "unit_price", "net"];

/** The layout as JSON. */
export function template(options: Options, facts: InvoiceFacts): string {
  const page = new Values()
    .text("accent", options.accent)
    .text("paper", options.paper)
    .number("font_size", options.font_size);
  const blocks: Values[] = [];
  for (let at = 0; at < options.sections.length; at++) {
    addSection(blocks, options.sections[at], options, facts);
  }
  return layout(page, blocks);
}

function addSection(blocks: Values[], name: string, options: Options, facts: InvoiceFacts): void {
  if (name == "head") {
    blocks.push(head(options, facts));
    blocks.push(block("spacer").number("height", 6));
  } else if (name == "parties") {
    blocks.push(columns([column(1, [block("client")]), column(1, [block("seller")])]));
  } else if (name == "facts") {
    blocks.push(block("facts").list("rows", FACTS.map<Values>((field) => new Values().text("field", field))));
  } else if (name == "summary") {
    addSummary(blocks, facts);
  } else if (name == "lines") {
    blocks.push(lines(options));
  } else if (name == "totals") {
    blocks.push(columns([column(1, [block("taxes")]), column(1, [block("totals")])]));
  } else if (name == "payment") {
    blocks.push(block("payment").text("code", "epc"));
  } else if (name == "thanks" && options.thanks != "") {
    blocks.push(block("text").text("text", options.thanks).text("tone", "accent"));
  } else if (name == "notes") {
    blocks.push(block("notes"));
  }
}

function head(options: Options, facts: InvoiceFacts): Values {
  const letterhead = block("letterhead");
  for (let at = 0; at < facts.pictures.length; at++) {
    if (options.logo != "" && facts.pictures[at].name == options.logo) {
      return letterhead.text("image", facts.pictures[at].id).number("height", 16);
    }
  }
  return letterhead;
}

function lines(options: Options): Values {
  return block("lines")
    .list("columns", COLUMNS.map<Values>((name) => new Values().text("show", name)))
    .json("details", '["period"]')
    .text("group_by", options.group)
    .flag("group_sums", options.group != "none");
}

/** What each contract comes to before tax, where there is more than one. */
function addSummary(blocks: Values[], facts: InvoiceFacts): void {
  const names: string[] = [];
  const sums = new Map<string, i64>();
  for (let at = 0; at < facts.lines.length; at++) {
    const line = facts.lines[at];
    const name = nameOf(line);
    if (!sums.has(name)) {
      names.push(name);
      sums.set(name, 0);
    }
    sums.set(name, sums.get(name) + line.net - line.discount);
  }
  if (names.length < 2 || facts.lines.length < facts.line_count) {
    return;
  }
  let said = "";
  for (let at = 0; at < names.length; at++) {
    said += `${at > 0 ? "\n" : ""}${names[at]}: ${amount(sums.get(names[at]), facts.exponent)} ${facts.currency}`;
  }
  blocks.push(block("text").text("text", said).text("tone", "muted"));
}

/** Braces would be read as fields. */
function nameOf(line: InvoiceLine): string {
  const name = line.contract == "" ? "Other work" : line.contract;
  return name.replaceAll("{", "(").replaceAll("}", ")").substring(0, 60);
}
