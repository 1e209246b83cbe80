/** What a listening extension is told. */

/** Something that happened in the tenant; `payload` is JSON. The same `id` may come again: an event is told at least once. */
@json
export class Event {
  id: string = "";
  name: string = "";
  occurred_at: string = "";
  payload: string = "";
}
