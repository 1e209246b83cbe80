// What is drafted each month, below the form, and how to end it.

import type { Page } from "@deskhand/extension-sdk/ui";

interface Order {
  id: string;
  clientName: string;
  input: { clientId: string; items: { description: string }[] };
}

/** Have an order drafted each month. Throws with the handler's words. */
export async function keepOrder(page: Page, order: object): Promise<void> {
  const answer = await page.call("/standing-orders", { body: order });
  if (answer.status !== 201) throw new Error(`Not kept for the months to come: ${answer.json<{ error: string }>().error}`);
  await showOrders(page, page.place.on?.kind === "client" ? page.place.on.id : "");
}

/** All of them, or those of a client. Nothing is shown to who may not see them. */
export async function showOrders(page: Page, clientId: string): Promise<void> {
  const answer = await page.call("/standing-orders");
  const all = answer.status === 200 ? answer.json<{ items: Order[] }>().items : [];
  const mine = all.filter(({ input }) => !clientId || input.clientId === clientId);
  document.querySelector("#orders")?.replaceChildren(...mine.map((one) => row(page, one, () => showOrders(page, clientId))));
  document.querySelector<HTMLElement>("#standing")!.hidden = mine.length === 0;
}

function row(page: Page, { id, clientName, input }: Order, ended: () => Promise<void>): HTMLElement {
  const line = document.createElement("li");
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: "End" });
  button.setAttribute("aria-label", `End the order of ${clientName}`);
  button.addEventListener("click", async () => {
    await page.call(`/standing-orders/${id}`, { method: "DELETE" });
    await ended();
  });
  line.append(`${clientName}: ${input.items.map(({ description }) => description).join(", ")}`, button);
  return line;
}
