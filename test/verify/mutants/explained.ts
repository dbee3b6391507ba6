/** Mutants that no test can kill, each with its reason. One that is killed after all, or is not there any more, is told. */
export interface Explained {
  readonly file: string;
  /** The line, trimmed. */
  readonly code: string;
  readonly original: string;
  readonly replacement: string;
  readonly why: string;
}

/** What a comparison gives whose one side is missing. */
const MISSING =
  'equivalent: what is missing is compared as NaN, which is false too; the test is for the types';

const PRESENT = 'equivalent: it is always there, by what was tested before; the default is for the types';

const FOR_TYPES = 'equivalent: it was tested before; the test is for the types';

export const explained: readonly Explained[] = [
  {
    file: 'files-of-batch.ts',
    code: ": `No file can be taken out of this batch: step ${kept ?? ''} has already taken effect`;",
    original: "kept ?? ''",
    replacement: '(kept) as never',
    why: PRESENT,
  },
  {
    file: 'resume.ts',
    code: "...(fewer === undefined || run.batch?.phase !== 'SEALED'",
    original: "run.batch?.phase !== 'SEALED'",
    replacement: 'false',
    why: FOR_TYPES,
  },
  {
    file: 'resume.ts',
    code: "...(fewer === undefined || run.batch?.phase !== 'SEALED'",
    original: 'run.batch?.phase',
    replacement: 'run.batch.phase',
    why: FOR_TYPES,
  },
  {
    file: 'claim.ts',
    code: 'return plan.steps[cursor]?.usesFile === true && (batch !== undefined || fileOf(trigger) !== undefined);',
    original: 'plan.steps[cursor]?.usesFile',
    replacement: 'plan.steps[cursor].usesFile',
    why: PRESENT,
  },
  {
    file: 'step-end.ts',
    code: "if (problem.status !== 'UNKNOWN' && problem.badFiles !== undefined)",
    original: "problem.status !== 'UNKNOWN'",
    replacement: 'true',
    why: 'equivalent: an unknown outcome names no files; the test is for the types',
  },
  {
    file: 'step-end.ts',
    code: "if (problem.status !== 'UNKNOWN' && problem.badFiles !== undefined)",
    original: "'UNKNOWN'",
    replacement: "'AVAILABLE'",
    why: 'equivalent: an unknown outcome names no files; the test is for the types',
  },
  {
    file: 'cancel.ts',
    code: '? settle(run, context, cancelledBy(run), { statementId, status, endedAt: at })',
    original: 'statementId',
    replacement: '',
    why: 'equivalent: the run has that very statement recorded, or has just adopted it',
  },
  {
    file: 'decide.ts',
    code: 'const [action] = isAtRest(run) ? run.life.pendingActions : [];',
    original: 'isAtRest(run)',
    replacement: 'true',
    why: 'equivalent: what is in no other life is at rest; the test is for the types',
  },
  {
    file: 'decide.ts',
    code: `const isCounted = currentStep(run, context.plan).send === 'single' && rows !== undefined && rows >= 0;`,
    original: 'rows !== undefined',
    replacement: 'true',
    why: MISSING,
  },
  {
    file: 'decide.ts',
    code: 'if (!isCounted && run.rebuild?.todo[0]?.compare === true)',
    original: 'run.rebuild?.todo[0]?.compare',
    replacement: 'run.rebuild?.todo[0].compare',
    why: PRESENT,
  },
  {
    file: 'decision.ts',
    code: `return { cursor, step: plan.steps[cursor]?.name ?? '' };`,
    original: `plan.steps[cursor]?.name ?? ''`,
    replacement: '(plan.steps[cursor]?.name) as never',
    why: 'equivalent: a step that is not there has no name in the item, one way or the other',
  },
  {
    file: 'new-session.ts',
    code: `return session.state === 'lost' && session.rebuildFrom === cursor`,
    original: `session.state === 'lost'`,
    replacement: 'true',
    why: MISSING,
  },
  {
    file: 'resume.ts',
    code: 'if (replayName !== undefined && run.replays.includes(replayName)) {',
    original: 'replayName !== undefined',
    replacement: 'true',
    why: 'equivalent: no name at all is never among the names',
  },
  {
    file: 'resume.ts',
    code: `session: session.state === 'open' ? { ...session, mustVerify: true } : session,`,
    original: `session.state === 'open'`,
    replacement: 'true',
    why: 'equivalent: what is no open session is stored without it',
  },
  {
    file: 'step-end.ts',
    code: 'if (again?.compare === true && (end.rows === undefined || end.rows !== again.rows))',
    original: 'again?.compare',
    replacement: 'again.compare',
    why: PRESENT,
  },
  {
    file: 'stop.ts',
    code: `session: session.state === 'open' ? without(session, 'mustVerify') : session,`,
    original: `session.state === 'open'`,
    replacement: 'true',
    why: 'equivalent: what is no open session has nothing to leave out',
  },
  {
    file: 'stop.ts',
    code: `return done === 'release' && run.slot !== undefined ? { ...run, slot: { ...run.slot, held: false } } : run;`,
    original: 'run.slot !== undefined',
    replacement: 'true',
    why: 'equivalent: a slot without an epoch is stored as none',
  },
  {
    file: 'stop.ts',
    code: 'plan.steps.find(({ name }) => name === step)?.usesFile === true;',
    original: 'plan.steps.find(({ name }) => name === step)?.usesFile',
    replacement: 'plan.steps.find(({ name }) => name === step).usesFile',
    why: 'equivalent: a step that failed by its data is in the plan; the test is for the types',
  },
  {
    file: 'claim.ts',
    code: 'return run.checkMarkerOf !== undefined && run.checkMarkerOf > run.cursor;',
    original: 'run.checkMarkerOf !== undefined',
    replacement: 'true',
    why: MISSING,
  },
  {
    file: 'resume.ts',
    code: 'return now?.name === name && now.hash === hash ? [] : [{ index, name }];',
    original: 'now?.name',
    replacement: 'now.name',
    why: 'equivalent: as many steps were compared before, or the failed step behind them is there; the test is for the types',
  },
  {
    file: 'input.ts',
    code: "return `${name} ${now ?? ''}, ${where} ${then ?? ''}`;",
    original: "now ?? ''",
    replacement: '(now) as never',
    why: PRESENT,
  },
  {
    file: 'input.ts',
    code: "return `${name} ${now ?? ''}, ${where} ${then ?? ''}`;",
    original: "then ?? ''",
    replacement: '(then) as never',
    why: PRESENT,
  },
  ...(
    [
      ['text.length * 3 <= mostBytes', 'false'],
      ['text.length * 3 <= mostBytes', '(text.length * 3) < (mostBytes)'],
      ['3', '4'],
    ] as const
  ).map(([original, replacement]) => ({
    file: 'text.ts',
    code: 'if (text.length * 3 <= mostBytes) return text;',
    original,
    replacement,
    why: 'equivalent: it only spares the count of a short text; what is not spared is counted, and fits as well',
  })),
  ...(
    [
      ['character.codePointAt(0) ?? 0', '(character.codePointAt(0)) as never'],
      ['0', '1'],
    ] as const
  ).map(([original, replacement]) => ({
    file: 'text.ts',
    code: 'const point = character.codePointAt(0) ?? 0;',
    original,
    replacement,
    why: 'equivalent: a character of a text is never empty; the default is for the types',
  })),
  {
    file: 'text.ts',
    code: String.raw`return /\p{Surrogate}/u.test(text) ? text.replaceAll(/\p{Surrogate}/gu, '\uFFFD') : text;`,
    original: String.raw`/\p{Surrogate}/u.test(text)`,
    replacement: 'true',
    why: 'equivalent: where there is no half of a pair, none is replaced',
  },
];
