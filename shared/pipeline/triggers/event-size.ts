/** How large an event may be that starts a run: it lies in the run's item, which every step writes anew. Bytes of its JSON. */
export const MOST_EVENT_BYTES = 16_000;
