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
  interface Msp {
    name: string;
    zone: string;
    today: string;
    currency: string;
    locale: string;
  }
  const context: {
    current(): Invocation;
    tenant(): Msp;
  };
  export type { Trigger, Invocation, Msp };
  export default context;
}

declare module "deskhand:extension/events@1.0.0" {
  const events: {
    publish(name: string, payload: string): string;
  };
  export default events;
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

declare module "deskhand:extension/scheduler@1.0.0" {
  interface KeptSchedule {
    name: string;
    cron: string;
    zone: string;
    endpoint: string;
    enabled: boolean;
    ofManifest: boolean;
    nextRunAt: string | null;
    lastRunAt: string | null;
  }
  interface WantedSchedule {
    name: string;
    cron: string;
    zone: string | null;
    endpoint: string;
  }
  interface ScheduleChanges {
    name: string;
    cron: string | null;
    zone: string | null;
    enabled: boolean | null;
  }
  const scheduler: {
    list(): KeptSchedule[];
    get(name: string): KeptSchedule;
    create(input: WantedSchedule): KeptSchedule;
    update(input: ScheduleChanges): KeptSchedule;
    delete(name: string): void;
    listEndpoints(): string[];
  };
  export type { KeptSchedule, WantedSchedule, ScheduleChanges };
  export default scheduler;
}

declare module "deskhand:extension/secrets@1.0.0" {
  const secrets: {
    get(name: string): string | null;
    keys(): string[];
  };
  export default secrets;
}

declare module "deskhand:extension/storage@1.0.0" {
  interface StoredValue {
    key: string;
    value: string;
    revision: number;
    expiresAt: string | null;
  }
  interface NewValue {
    namespace: string;
    key: string;
    value: string;
    ttlSeconds: number | null;
    ifRevision: number | null;
  }
  interface KeptValue {
    key: string;
    revision: number;
    expiresAt: string | null;
  }
  interface NewValues {
    items: NewValue[];
  }
  interface Removal {
    namespace: string;
    key: string;
    ifRevision: number | null;
  }
  interface KeyQuery {
    namespace: string;
    prefix: string;
    limit: number;
    cursor: string | null;
  }
  interface StoredKey {
    key: string;
    bytes: number;
    revision: number;
    expiresAt: string | null;
  }
  interface KeyPage {
    items: StoredKey[];
    nextCursor: string | null;
  }
  const storage: {
    get(namespace: string, key: string): StoredValue | null;
    getMany(namespace: string, keys: string[]): StoredValue[];
    put(input: NewValue): KeptValue;
    putMany(input: NewValues): KeptValue[];
    delete(input: Removal): boolean;
    deleteMany(namespace: string, keys: string[]): number;
    list(input: KeyQuery): KeyPage;
  };
  export type { StoredValue, NewValue, KeptValue, NewValues, Removal, KeyQuery, StoredKey, KeyPage };
  export default storage;
}

declare module "deskhand:extension/user@1.0.0" {
  type PersonKind = "user" | "contact";
  interface Person {
    kind: PersonKind;
    id: string;
    name: string;
    email: string | null;
    clientId: string | null;
  }
  const user: {
    current(): Person | null;
  };
  export type { PersonKind, Person };
  export default user;
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

declare module "deskhand:extension/clients@1.0.0" {
  type ClientStatus = "active" | "inactive";
  interface ClientQuery {
    text: string | null;
    status: ClientStatus | null;
    updatedSince: string | null;
    limit: number;
    cursor: string | null;
  }
  type ClientKind = "company" | "individual";
  interface ClientRow {
    id: string;
    name: string;
    kind: ClientKind;
    status: ClientStatus;
    currency: string;
    email: string | null;
    billingEmail: string | null;
    phone: string | null;
    city: string | null;
    country: string | null;
    createdAt: string;
    updatedAt: string;
  }
  interface ClientPage {
    items: ClientRow[];
    nextCursor: string | null;
  }
  interface Client {
    id: string;
    name: string;
    kind: ClientKind;
    status: ClientStatus;
    currency: string;
    email: string | null;
    billingEmail: string | null;
    phone: string | null;
    website: string | null;
    notes: string;
    accountManagerId: string | null;
    createdAt: string;
    updatedAt: string;
  }
  const clients: {
    list(input: ClientQuery): ClientPage;
    get(clientId: string): Client;
  };
  export type { ClientStatus, ClientQuery, ClientKind, ClientRow, ClientPage, Client };
  export default clients;
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

declare module "deskhand:extension/services@1.0.0" {
  type ServiceKind = "service" | "product" | "license";
  interface ServiceQuery {
    text: string | null;
    kind: ServiceKind | null;
    active: boolean | null;
    sku: string | null;
    updatedSince: string | null;
    limit: number;
    cursor: string | null;
  }
  interface Price {
    currency: string;
    amount: number;
  }
  interface ServiceRow {
    id: string;
    name: string;
    kind: ServiceKind;
    sku: string | null;
    billingMethod: string;
    unit: string;
    category: string | null;
    taxCategory: string | null;
    active: boolean;
    prices: Price[];
    updatedAt: string;
  }
  interface ServicePage {
    items: ServiceRow[];
    nextCursor: string | null;
  }
  interface Service {
    id: string;
    name: string;
    kind: ServiceKind;
    sku: string | null;
    billingMethod: string;
    unit: string;
    category: string | null;
    taxCategory: string | null;
    vendor: string | null;
    manufacturer: string | null;
    partNumber: string | null;
    defaultQuantity: string;
    description: string;
    active: boolean;
    prices: Price[];
    updatedAt: string;
  }
  const services: {
    list(input: ServiceQuery): ServicePage;
    get(serviceId: string): Service;
  };
  export type { ServiceKind, ServiceQuery, Price, ServiceRow, ServicePage, Service };
  export default services;
}

declare module "deskhand:extension/tickets@1.0.0" {
  interface TicketQuery {
    text: string | null;
    clientId: string | null;
    assigneeId: string | null;
    isClosed: boolean | null;
    updatedSince: string | null;
    limit: number;
    cursor: string | null;
  }
  interface TicketRow {
    id: string;
    number: number;
    title: string;
    clientId: string;
    clientName: string;
    statusName: string;
    priorityName: string;
    assigneeId: string | null;
    assigneeName: string | null;
    dueOn: string | null;
    isClosed: boolean;
    createdAt: string;
    updatedAt: string;
  }
  interface TicketPage {
    items: TicketRow[];
    nextCursor: string | null;
  }
  interface Ticket {
    id: string;
    number: number;
    title: string;
    description: string;
    clientId: string;
    locationId: string | null;
    contactId: string | null;
    boardId: string;
    statusId: string;
    priorityId: string;
    assigneeId: string | null;
    dueOn: string | null;
    isClosed: boolean;
    createdAt: string;
    updatedAt: string;
    url: string;
  }
  interface TicketComment {
    id: string;
    body: string;
    internal: boolean;
    authorKind: string;
    authorName: string;
    createdAt: string;
  }
  interface NewTicket {
    clientId: string;
    title: string;
    description: string;
    boardId: string | null;
    priorityId: string | null;
    contactId: string | null;
    locationId: string | null;
    assigneeId: string | null;
    dueOn: string | null;
    idempotencyKey: string | null;
  }
  interface NewComment {
    ticketId: string;
    body: string;
    internal: boolean;
    idempotencyKey: string | null;
  }
  interface TicketStatus {
    id: string;
    name: string;
    isClosed: boolean;
  }
  interface Board {
    id: string;
    name: string;
    isDefault: boolean;
    statuses: TicketStatus[];
  }
  interface Priority {
    id: string;
    name: string;
    level: number;
  }
  const tickets: {
    list(input: TicketQuery): TicketPage;
    get(ticketId: string): Ticket;
    comments(ticketId: string): TicketComment[];
    create(input: NewTicket): Ticket;
    comment(input: NewComment): TicketComment;
    close(ticketId: string): Ticket;
    reopen(ticketId: string): Ticket;
    boards(): Board[];
    priorities(): Priority[];
  };
  export type { TicketQuery, TicketRow, TicketPage, Ticket, TicketComment, NewTicket, NewComment, TicketStatus, Board, Priority };
  export default tickets;
}

declare module "deskhand:extension/time@1.0.0" {
  interface NewTime {
    ticketId: string;
    itemId: string;
    startedAt: string;
    endedAt: string;
    minutes: number | null;
    notes: string;
    userId: string | null;
    idempotencyKey: string | null;
  }
  interface TimeEntry {
    id: string;
    userId: string;
    clientId: string;
    itemId: string;
    startedAt: string;
    endedAt: string;
    workedOn: string;
    minutes: number;
    notes: string;
    state: string;
  }
  const time: {
    log(input: NewTime): TimeEntry;
  };
  export type { NewTime, TimeEntry };
  export default time;
}
