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

export const explained: readonly Explained[] = [
  {
    file: 'cancel.ts',
    code: '{ ...run, statementId: end.statementId },',
    original: 'statementId: end.statementId',
    replacement: '',
    why: 'equivalent: the run has that statement already, recorded or just adopted; every way in here compares the two',
  },
  {
    file: 'claim.ts',
    code: 'return run.checkMarkerOf !== undefined && run.checkMarkerOf > run.cursor;',
    original: 'run.checkMarkerOf !== undefined',
    replacement: 'true',
    why: MISSING,
  },
  {
    file: 'claim.ts',
    code: 'return run.next !== undefined && run.next <= soon ? {} : { next: soon };',
    original: 'run.next !== undefined',
    replacement: 'true',
    why: MISSING,
  },
  {
    file: 'claim.ts',
    code: 'return run.next !== undefined && run.next <= soon ? {} : { next: soon };',
    original: 'run.next <= soon',
    replacement: '(run.next) < (soon)',
    why: 'equivalent: where both are the same, it is the same time that is left or set',
  },
  {
    file: 'resume.ts',
    code: 'return now?.name === step.name && now.hash === step.hash ? [] : [i];',
    original: 'now?.name',
    replacement: 'now.name',
    why: 'equivalent: as many steps were compared before, or the failed step behind them is there; the test is for the types',
  },
  {
    file: 'stop.ts',
    code: `const isBadFile = kind === 'data' && fileOf(run.trigger) !== undefined && plan.steps[run.cursor]?.usesFile;`,
    original: 'plan.steps[run.cursor]?.usesFile',
    replacement: 'plan.steps[run.cursor].usesFile',
    why: 'equivalent: a step that failed by its data is in the plan; the test is for the types',
  },
  {
    file: 'decide.ts',
    code: `return decide(run.last === undefined ? run : without(run, 'last'), event.afterwards, context);`,
    original: 'run.last === undefined',
    replacement: 'false',
    why: 'equivalent: a run without `last` taken away that has none is the same run',
  },
  {
    file: 'decide.ts',
    code: `if (run.state === 'WAITING' && run.next !== undefined && run.next > epochSeconds(context.now))`,
    original: 'run.next !== undefined',
    replacement: 'true',
    why: MISSING,
  },
  {
    file: 'decide.ts',
    code: 'return run.claimedAt !== undefined && context.now - Date.parse(run.claimedAt) < CLAIM_IS_YOUNG_MS;',
    original: 'run.claimedAt !== undefined',
    replacement: 'true',
    why: MISSING,
  },
  {
    file: 'decide.ts',
    code: `currentStep(run, context.plan).send === 'single' && event.rows !== undefined && event.rows >= 0;`,
    original: 'event.rows !== undefined',
    replacement: 'true',
    why: MISSING,
  },
  {
    file: 'decide.ts',
    code: `if (run.next !== undefined && run.next >= next - 15) return nothing(run, 'the statement is running');`,
    original: 'run.next !== undefined',
    replacement: 'true',
    why: MISSING,
  },
  {
    file: 'decide.ts',
    code: `if (run.rebuildFrom !== undefined) return { ...proceed(running, context), run: running, save: 'version' };`,
    original: 'run: running',
    replacement: '',
    why: 'equivalent: its time has just begun, so `proceed` only asks for the rebuild, with this very run',
  },
  {
    file: 'rebuild.ts',
    code: 'if (rebuild === undefined || done === undefined) throw new Error(`run ${run.id} is not rebuilding`);',
    original: 'rebuild === undefined',
    replacement: 'false',
    why: 'equivalent: without a rebuild nothing of it is left to do either, which is the second half of the test',
  },
  {
    file: 'rebuild.ts',
    code: 'return (run.rebuilds ?? 0) >= MOST_REBUILDS;',
    original: 'run.rebuilds ?? 0',
    replacement: '(run.rebuilds) as never',
    why: MISSING,
  },
  {
    file: 'rebuild.ts',
    code: 'return (run.rebuilds ?? 0) >= MOST_REBUILDS;',
    original: '0',
    replacement: '1',
    why: 'equivalent: one is less than the most, as none is',
  },
  {
    file: 'resume.ts',
    code: 'if (replayName !== undefined && (run.replays ?? []).includes(replayName)) {',
    original: 'replayName !== undefined',
    replacement: 'true',
    why: 'equivalent: no name at all is never among the names',
  },
  {
    file: 'resume.ts',
    code: 'const step = event.plan.steps[goesBack ? target : run.cursor]?.name;',
    original: 'event.plan.steps[goesBack ? target : run.cursor]?.name',
    replacement: 'event.plan.steps[goesBack ? target : run.cursor].name',
    why: PRESENT,
  },
  ...(
    [
      ["? `goes on from ${step ?? '?'} in a new session`", "step ?? '?'", '(step) as never'],
      ["? `goes on from ${step ?? '?'} in a new session`", "'?'", "''"],
      [": `resumes at ${step ?? '?'} (attempt ${attempt})`;", "step ?? '?'", '(step) as never'],
      [": `resumes at ${step ?? '?'} (attempt ${attempt})`;", "'?'", "''"],
      ['...(step === undefined ? {} : { step }),', 'step === undefined', 'false'],
      [
        "if (asked === -1) return `today's pipeline has no step ${event.from ?? ''}`;",
        "event.from ?? ''",
        '(event.from) as never',
      ],
      [
        "return `${event.from ?? ''} comes after the failed step, ${today[failedAt].name}: what lies between was not done`;",
        "event.from ?? ''",
        '(event.from) as never',
      ],
      [
        "const names = changed.map((i) => plan.steps[i]?.name ?? '').join(', ');",
        "plan.steps[i]?.name ?? ''",
        '(plan.steps[i]?.name) as never',
      ],
      [
        "const names = changed.map((i) => plan.steps[i]?.name ?? '').join(', ');",
        'plan.steps[i]?.name',
        'plan.steps[i].name',
      ],
    ] as const
  ).map(([code, original, replacement]) => ({
    file: 'resume.ts',
    code,
    original,
    replacement,
    why: PRESENT,
  })),
  {
    file: 'step-end.ts',
    code: `const ran = context.now - Date.parse(run.submittedAt ?? run.claimedAt ?? '');`,
    original: `run.submittedAt ?? run.claimedAt ?? ''`,
    replacement: '(run.submittedAt ?? run.claimedAt) as never',
    why: MISSING,
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
