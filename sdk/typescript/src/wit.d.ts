// The host's interfaces as the component tool chain presents them to JavaScript. A test holds every function's type equal to
// sdk/wit.

interface WitPair {
  name: string;
  value: string;
}

declare module "deskhand:extension/context@1.0.0" {
  const context: {
    current(): {
      tenantId: string;
      installId: string;
      extensionName: string;
      extensionVersion: string;
      trigger: "http" | "schedule" | "event" | "hook" | "workflow";
      requestId: string;
      deadlineMs: number;
    };
  };
  export default context;
}

declare module "deskhand:extension/log@1.0.0" {
  const log: Record<"debug" | "info" | "warn" | "error", (message: string) => void>;
  export default log;
}

declare module "deskhand:extension/clock@1.0.0" {
  const clock: { nowMs(): number };
  export default clock;
}

declare module "deskhand:extension/random@1.0.0" {
  const random: { fraction(): number; uuid(): string; bytes(count: number): Uint8Array };
  export default random;
}

declare module "deskhand:extension/config@1.0.0" {
  const config: { get(key: string): string | null; keys(): string[] };
  export default config;
}

declare module "deskhand:extension/http@1.0.0" {
  interface FetchRequest {
    method: string;
    url: string;
    headers: WitPair[];
    body: string;
    base64: boolean;
    timeoutMs: number | null;
    followRedirects: boolean;
  }
  interface FetchResponse {
    status: number;
    url: string;
    headers: WitPair[];
    body: string;
    base64: boolean;
  }
  const http: { fetch(input: FetchRequest): FetchResponse };
  export default http;
}

declare module "deskhand:extension/invoicing@1.0.0" {
  interface Item {
    serviceId: string;
    quantity: string;
    description: string;
    rate: number;
    isDiscount: boolean;
    discountType: string | null;
    appliesToItemId: string | null;
    appliesToServiceId: string | null;
  }
  interface Input {
    clientId: string;
    items: Item[];
    invoiceDate: string | null;
    dueDate: string | null;
    poNumber: string | null;
    currencyCode: string | null;
    idempotencyKey: string | null;
  }
  interface Created {
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
  const invoicing: { createManualInvoice(input: Input): Created };
  export type { Input, Item, Created };
  export default invoicing;
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
  interface Kept {
    chargeId: string;
    created: boolean;
  }
  const charges: { createCharges(charges: Charge[]): Kept[] };
  export type { Charge, Kept };
  export default charges;
}

// The author's own source file; the build puts it in place.
declare module "deskhand:authored" {
  import type { Handler } from "./http.ts";
  export const handler: Handler;
}

declare const console: Record<"debug" | "info" | "log" | "warn" | "error", (...parts: unknown[]) => void>;
