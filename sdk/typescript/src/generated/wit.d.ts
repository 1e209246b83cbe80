// Made by `deskhand sdk` from the host functions that plugins register.

declare module "deskhand:extension/clock@1.0.0" {
  const clock: {
    nowMs(): number;
  };
  export default clock;
}

declare module "deskhand:extension/config@1.0.0" {
  const config: {
    get(key: string): string | null;
    keys(): string[];
  };
  export default config;
}

declare module "deskhand:extension/context@1.0.0" {
  type Trigger = "http" | "schedule" | "event" | "hook" | "workflow";
  interface Invocation {
    tenantId: string;
    installId: string;
    extensionName: string;
    extensionVersion: string;
    trigger: Trigger;
    requestId: string;
    deadlineMs: number;
  }
  const context: {
    current(): Invocation;
  };
  export type { Trigger, Invocation };
  export default context;
}

declare module "deskhand:extension/http@1.0.0" {
  interface Header {
    name: string;
    value: string;
  }
  interface FetchRequest {
    method: string;
    url: string;
    headers: Header[];
    body: string;
    base64: boolean;
    timeoutMs: number | null;
    followRedirects: boolean;
  }
  interface FetchResponse {
    status: number;
    url: string;
    headers: Header[];
    body: string;
    base64: boolean;
  }
  const http: {
    fetch(input: FetchRequest): FetchResponse;
  };
  export type { Header, FetchRequest, FetchResponse };
  export default http;
}

declare module "deskhand:extension/log@1.0.0" {
  const log: {
    debug(message: string): void;
    info(message: string): void;
    warn(message: string): void;
    error(message: string): void;
  };
  export default log;
}

declare module "deskhand:extension/random@1.0.0" {
  const random: {
    fraction(): number;
    uuid(): string;
    bytes(count: number): Uint8Array;
  };
  export default random;
}

declare module "deskhand:extension/charges@1.0.0" {
  interface Charge {
    clientId: string;
    serviceId: string | null;
    description: string;
    quantity: string;
    rate: number | null;
    currencyCode: string | null;
    chargedOn: string | null;
    idempotencyKey: string;
  }
  interface KeptCharge {
    chargeId: string;
    created: boolean;
  }
  const charges: {
    createCharges(charges: Charge[]): KeptCharge[];
  };
  export type { Charge, KeptCharge };
  export default charges;
}

declare module "deskhand:extension/invoicing@1.0.0" {
  interface InvoiceItem {
    serviceId: string;
    quantity: string;
    description: string;
    rate: number;
    isDiscount: boolean;
    discountType: string | null;
    appliesToItemId: string | null;
    appliesToServiceId: string | null;
  }
  interface ManualInvoiceInput {
    clientId: string;
    items: InvoiceItem[];
    invoiceDate: string | null;
    dueDate: string | null;
    poNumber: string | null;
    currencyCode: string | null;
    idempotencyKey: string | null;
  }
  interface CreatedInvoice {
    invoiceId: string;
    invoiceNumber: string | null;
    status: string;
    subtotal: number;
    tax: number;
    total: number;
    currencyCode: string;
    minorUnitExponent: number;
    url: string;
  }
  const invoicing: {
    createManualInvoice(input: ManualInvoiceInput): CreatedInvoice;
  };
  export type { InvoiceItem, ManualInvoiceInput, CreatedInvoice };
  export default invoicing;
}
