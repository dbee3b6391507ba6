/** Makes `Date` in this thread return the local clock's time. Timers keep real time, as a Lambda timeout does. */

/** Replaces the global `Date`; `offsetMs` is called whenever the time is read. */
export function followLocalClock(offsetMs: () => number): void {
  const RealDate = globalThis.Date;
  const now = (): number => RealDate.now() + offsetMs();
  const LocalDate = new Proxy(RealDate, {
    construct: (target, given, newTarget) =>
      Reflect.construct(target, given.length === 0 ? [now()] : given, newTarget) as Date,
    apply: () => new RealDate(now()).toString(),
    get: (target, key, receiver) => (key === 'now' ? now : (Reflect.get(target, key, receiver) as unknown)),
  });
  Object.defineProperty(RealDate.prototype, 'constructor', { value: LocalDate });
  globalThis.Date = LocalDate;
}
