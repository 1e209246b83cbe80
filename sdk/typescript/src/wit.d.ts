// What the build puts in place beside the host's interfaces, whose declarations are generated/wit.d.ts.

interface WitPair {
  name: string;
  value: string;
}

// The author's own source file; the build puts it in place.
declare module "deskhand:authored" {
  import type { Handler } from "./http.ts";
  import type { RenderInvoice } from "./layouts.ts";
  import type { CollectCharges, OnEvent } from "./triggers.ts";
  export const handler: Handler;
  export const onEvent: OnEvent;
  export const collectCharges: CollectCharges;
  export const renderInvoice: RenderInvoice;
}

declare const console: Record<"debug" | "info" | "log" | "warn" | "error", (...parts: unknown[]) => void>;
