/** An invoice for the page on which the template is edited. */

import { InvoiceFacts, InvoiceLine, InvoiceTax } from "@deskhand/extension-sdk-as";

export function sampleFacts(): InvoiceFacts {
  const facts = new InvoiceFacts();
  facts.kind = "invoice";
  facts.currency = "EUR";
  facts.locale = "en";
  facts.invoice_date = "2026-11-02";
  facts.due_date = "2026-11-16";
  facts.client.name = "Sample Client Ltd";
  facts.client.address = ["22 Harbour Road", "4020 Sampleville"];
  facts.seller.name = "Example IT";
  facts.seller.address = ["1 Example Street", "1010 Exampletown"];
  facts.lines = [
    line("Managed care, head office", "1", 40000, 40000, "Managed care"),
    line("Remote support", "7.5", 9000, 67500, "Support by the hour"),
    line("Docking station with two displays", "2", 11500, 23000, ""),
  ];
  facts.line_count = 3;
  const vat = new InvoiceTax();
  vat.name = "VAT";
  vat.percent = "20";
  vat.base = 130500;
  vat.tax = 26100;
  facts.taxes = [vat];
  facts.net = 130500;
  facts.subtotal = 130500;
  facts.tax = 26100;
  facts.total = 156600;
  return facts;
}

function line(description: string, quantity: string, price: i64, net: i64, contract: string): InvoiceLine {
  const made = new InvoiceLine();
  made.description = description;
  made.quantity = quantity;
  made.unit_price = price;
  made.net = net;
  made.contract = contract;
  return made;
}
