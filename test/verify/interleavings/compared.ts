/** Is a search that leaves drivers out the same as one that does not? */
import type { Configuration } from './configuration.ts';
import type { Options } from './explore.ts';
import { explore } from './explore.ts';

/**
 * A configuration, once without and once with the drivers that can have no effect any more (futile.ts): are the states in
 * which no driver is at work the same? Any driver may be killed at any time, so nothing else that is left of one is missed.
 */
export async function compared(
  configuration: Configuration,
  progress?: Options['progress'],
): Promise<{ states: number; same: number; failure?: string }> {
  const told = progress === undefined ? {} : { progress };
  const [short, whole] = [new Set<string>(), new Set<string>()];
  await explore(configuration, { worlds: short, ...told });
  const { states, violation } = await explore(configuration, { worlds: whole, keepsFutile: true, ...told });
  const missing = [...whole].filter((world) => !short.has(world)).length;
  const failure =
    violation?.rule ??
    (missing > 0 || short.size !== whole.size
      ? `${whole.size} states without a driver, ${missing} of them not reached where drivers are left out, which reaches ${short.size}`
      : undefined);
  return { states, same: whole.size, ...(failure === undefined ? {} : { failure }) };
}
