/** Any error in, one line for the person and an exit code out. */
import { isNamed } from '../shared/errors.ts';
import { defined } from '../shared/run/defined.ts';
import { CommandError, EXIT, type ExitCode } from './exit.ts';
import { printable } from './output.ts';
import { isNotTaken, refused } from './refused.ts';

export interface Ending {
  readonly code: ExitCode;
  readonly message: string;
  readonly hint?: string;
}

interface AnyError {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly cause?: unknown;
  readonly errors?: readonly unknown[];
}

const NO_CONNECTION = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
  'TimeoutError',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_SOCKET',
]);

/** The error itself and what it was made from: connection errors hide inside others. */
function chain(error: unknown, depth = 0): AnyError[] {
  if (!(error instanceof Error) || depth > 5) return [];
  const one = error as AnyError;
  return [one, ...(one.errors ?? []).flatMap((e) => chain(e, depth + 1)), ...chain(one.cause, depth + 1)];
}

function oneLine(text: string): string {
  return printable(text)
    .trim()
    .replaceAll(/\s*\n\s*/g, ' ');
}

/** What a person may do about a refusal of AWS. */
function hintOf(error: unknown): string | undefined {
  if (isNotTaken(error))
    return 'log in again, and check that the profile and its account are those of the stage';
  const why = refused(error);
  if (why === 'not-found') return 'check that the stage exists, and --stage, AWS_REGION and the account';
  return why === 'denied'
    ? 'for the permissions of each verb see docs/deployment.md, "Policies for people"'
    : undefined;
}

/** `where`: the endpoint and the profile that were used. `local`: of the local stage. */
export function endingOf(
  error: unknown,
  where: { endpoint?: string; profile?: string; local: boolean },
): Ending {
  if (error instanceof CommandError) {
    return {
      code: error.code,
      message: error.message,
      ...defined({ hint: error.hint }),
    };
  }
  // Packaging found something wrong, one line for each problem.
  if (error instanceof Error && isNamed(error, 'TemplateError')) {
    return { code: EXIT.usage, message: printable(error.message) };
  }
  const errors = chain(error);
  const lost = errors.find((e) => NO_CONNECTION.has(e.code ?? '') || NO_CONNECTION.has(e.name));
  if (lost !== undefined) {
    return {
      code: EXIT.unreachable,
      message: `cannot connect to ${where.endpoint ?? 'AWS'}: ${oneLine(lost.code ?? lost.message)}`,
      ...(where.local && { hint: 'start the local AWS with: npm start' }),
    };
  }
  const [first] = errors;
  if (first === undefined) return { code: EXIT.unreachable, message: oneLine(String(error)) };
  if (isNamed(first, 'CredentialsProviderError', 'TokenProviderError')) {
    return {
      code: EXIT.unreachable,
      message: `no AWS credentials${where.profile === undefined ? '' : ` of profile ${where.profile}`}: ${oneLine(first.message)}`,
      hint: 'log in first, or omit --stage to use the local AWS',
    };
  }
  if (first.message.includes('Region is missing')) {
    return { code: EXIT.unreachable, message: 'no AWS Region is set', hint: 'set AWS_REGION' };
  }
  if (first.$metadata !== undefined) {
    const hint = where.local ? undefined : hintOf(first);
    return {
      code: EXIT.unreachable,
      message: `${first.name}: ${oneLine(first.message)}`,
      ...defined({ hint }),
    };
  }
  if (first.code !== undefined && /^E[A-Z]+$/.test(first.code))
    return { code: EXIT.usage, message: oneLine(first.message) };
  const taken = first.name === 'HomeInUse' || errors.some((e) => e.code === 'EADDRINUSE');
  if (taken) return { code: EXIT.usage, message: oneLine(first.message) };
  if (first.name === 'Error') return { code: EXIT.failed, message: oneLine(first.message) };
  return {
    code: EXIT.failed,
    message: oneLine(`${first.name}: ${first.message}`),
    hint: 'this looks like a bug in baton; BATON_DEBUG=1 prints the stack trace',
  };
}
