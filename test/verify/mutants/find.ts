/** Every small change of a source that a test should notice. */
import type { Node } from './syntax.ts';
import { allIn, at, childrenOf, isNode, listAt, nameOf, stringOf } from './syntax.ts';
import type { Vocabulary } from './vocabulary.ts';

/**
 * `text`: words for people (messages, notes, commands). `timing`: numbers of a minute, a pause, a limit.
 * `protocol`: everything else.
 */
type Concern = 'protocol' | 'text' | 'timing';

export interface Change {
  readonly start: number;
  readonly end: number;
  readonly mutator: string;
  readonly concern: Concern;
  /** How the replacement is put in: as an expression or a statement; or that of an object, or of a list, is left out. */
  readonly shape: 'expression' | 'statement' | 'property' | 'element';
  readonly replacement: string;
  /** Evaluated when the module is loaded, not when a function is called. */
  readonly atLoad: boolean;
}

interface Place {
  readonly parent: Node | undefined;
  readonly inFunction: boolean;
  readonly inText: boolean;
}

/** Numbers from here on are times and lengths; smaller ones count steps, attempts and places. */
const LEAST_TIMING = 60;

/** Attributes that only people read. */
const FOR_PEOPLE: ReadonlySet<string> = new Set(['message', 'note', 'command', 'resumeWith']);

const OPPOSITES: Readonly<Record<string, readonly string[]>> = {
  '===': ['!=='],
  '!==': ['==='],
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
  '**': ['*'],
};

const COMPARISONS: ReadonlySet<string> = new Set(['===', '!==', '<', '<=', '>', '>=', 'in']);

const METHODS: Readonly<Record<string, string>> = {
  min: 'max',
  max: 'min',
  floor: 'ceil',
  round: 'floor',
  some: 'every',
  every: 'some',
  startsWith: 'endsWith',
  padStart: 'padEnd',
};

/** Methods whose call may be left out: the list is taken as it was. */
const NARROWING: ReadonlySet<string> = new Set(['slice', 'filter']);

export function changesIn(text: string, program: Node, vocabulary: Vocabulary): Change[] {
  const found: Change[] = [];
  const visit = (node: Node, place: Place): void => {
    if (isTypeOnly(node)) return;
    const inText = place.inText || isText(node, vocabulary, place.parent);
    for (const change of changesOf(node, { ...place, inText }, text, vocabulary)) found.push(change);
    const inFunction = place.inFunction || node.type.includes('Function');
    for (const child of childrenOf(node)) visit(child, { parent: node, inFunction, inText });
  };
  visit(program, { parent: undefined, inFunction: false, inText: false });
  return unique(found);
}

function isTypeOnly(node: Node): boolean {
  if (/^(?:TS(?!AsExpression|NonNullExpression)|Import|ExportAll)/.test(node.type)) return true;
  if (node.type === 'ExportNamedDeclaration' && isNode(node['source'])) return true;
  // `return x satisfies never`: the compiler proves that nothing comes here.
  return node.type === 'SwitchCase' && node['test'] === null && listAt(node, 'consequent').some(endsInNever);
}

function endsInNever(statement: Node): boolean {
  const value = statement.type === 'ReturnStatement' ? statement['argument'] : undefined;
  return isNode(value) && value.type === 'TSSatisfiesExpression';
}

/** Is this only made to be read by a person? */
function isText(node: Node, vocabulary: Vocabulary, parent: Node | undefined): boolean {
  if (node.type === 'TemplateLiteral') return true;
  if (node.type === 'Property') return FOR_PEOPLE.has(nameOf(at(node, 'key')) ?? '');
  if (node.type === 'ConditionalExpression')
    return (
      isText(at(node, 'consequent'), vocabulary, node) && isText(at(node, 'alternate'), vocabulary, node)
    );
  if (node.type === 'BinaryExpression' && node['operator'] === '+')
    return isText(at(node, 'left'), vocabulary, node) || isText(at(node, 'right'), vocabulary, node);
  const word = stringOf(node);
  return word !== undefined && parent?.type !== 'SwitchCase' && !vocabulary.words.has(word);
}

function changesOf(node: Node, place: Place, text: string, vocabulary: Vocabulary): Change[] {
  const source = (inner: Node): string => text.slice(inner.start, inner.end);
  const concern = (usual: Concern = 'protocol'): Concern => (place.inText ? 'text' : usual);
  const change = (
    mutator: string,
    replacement: string,
    of: Partial<Change> & { readonly on?: Node } = {},
  ): Change => {
    const { on = node, ...more } = of;
    return {
      start: on.start,
      end: on.end,
      mutator,
      concern: concern(),
      shape: 'expression',
      replacement,
      atLoad: !place.inFunction,
      ...more,
    };
  };
  switch (node.type) {
    case 'IfStatement':
      return [
        change('condition', 'true', { on: at(node, 'test') }),
        change('condition', 'false', { on: at(node, 'test') }),
      ];
    case 'ConditionalExpression':
      return [
        change('condition', 'true', { on: at(node, 'test') }),
        change('condition', 'false', { on: at(node, 'test') }),
      ];
    case 'LogicalExpression':
      return logical(node, source, change);
    case 'BinaryExpression': {
      const operator = String(node['operator']);
      const [left, right] = [source(at(node, 'left')), source(at(node, 'right'))];
      const swapped = (OPPOSITES[operator] ?? []).map((other) =>
        change('operator', `(${left}) ${other} (${right})`),
      );
      const isConcatenation = isText(node, vocabulary, place.parent);
      const fixed = COMPARISONS.has(operator)
        ? [change('condition', 'true'), change('condition', 'false')]
        : [];
      return isConcatenation ? [] : [...swapped, ...fixed];
    }
    case 'UnaryExpression':
      if (node['operator'] === '!') return [change('operator', source(at(node, 'argument')))];
      if (node['operator'] === '-') return [change('operator', `+${source(at(node, 'argument'))}`)];
      return [];
    case 'Literal':
      return literal(node, place, vocabulary, change);
    case 'TemplateLiteral':
      return [change('text', '``')];
    case 'ObjectExpression':
      // One that is `undefined` is left out already.
      return listAt(node, 'properties')
        .filter(isGiven)
        .map((property) =>
          change('attribute left out', '', {
            on: property,
            shape: 'property',
            concern: place.inText || isText(property, vocabulary, node) ? 'text' : 'protocol',
          }),
        );
    case 'ArrayExpression':
      return listAt(node, 'elements').map((element) =>
        change('element left out', '', { on: element, shape: 'element' }),
      );
    case 'ChainExpression':
      return chain(node, text, change);
    case 'CallExpression':
      return call(node, place, source, vocabulary, change);
    case 'ExpressionStatement':
      return [change('statement left out', '', { shape: 'statement' })];
    case 'ThrowStatement':
      return [change('statement left out', '', { shape: 'statement', concern: 'text' })];
    case 'SwitchCase': {
      const test = node['test'];
      return isNode(test) ? [change('case', `'no such case'`, { on: test })] : [];
    }
    default:
      return [];
  }
}

type Changing = (mutator: string, replacement: string, of?: Partial<Change> & { on?: Node }) => Change;

function logical(node: Node, source: (inner: Node) => string, change: Changing): Change[] {
  const [left, right] = [at(node, 'left'), at(node, 'right')];
  if (node['operator'] === '??')
    return [change('default', source(right)), change('default', `(${source(left)}) as never`)];
  const other = node['operator'] === '&&' ? '||' : '&&';
  const neutral = node['operator'] === '&&' ? 'true' : 'false';
  return [
    change('operator', `(${source(left)}) ${other} (${source(right)})`),
    change('condition', neutral, { on: left }),
    change('condition', neutral, { on: right }),
  ];
}

function isGiven(property: Node): boolean {
  return property.type !== 'Property' || nameOf(at(property, 'value')) !== 'undefined';
}

function literal(node: Node, place: Place, vocabulary: Vocabulary, change: Changing): Change[] {
  const parent = place.parent;
  const { value } = node as { value?: unknown };
  if (typeof value === 'number') {
    const timing = value >= LEAST_TIMING || !Number.isInteger(value);
    return [
      change('number', String(value + 1), place.inText ? {} : { concern: timing ? 'timing' : 'protocol' }),
    ];
  }
  if (typeof value === 'boolean') return [change('word', String(!value))];
  if (typeof value !== 'string') return [];
  if (parent?.type === 'Property' && parent['key'] === node) return [];
  // Of these the comparison or the case is changed as a whole.
  if (parent?.type === 'SwitchCase' || parent?.type === 'BinaryExpression') {
    const next = vocabulary.neighbors.get(value);
    return parent.type === 'BinaryExpression' && next !== undefined && parent['operator'] !== 'in'
      ? [change('word', `'${next}'`)]
      : [];
  }
  if (!vocabulary.words.has(value)) return value === '' ? [] : [change('text', `''`)];
  const next = vocabulary.neighbors.get(value);
  return [change('word', next === undefined ? `''` : `'${next}'`)];
}

/** `a?.b` as `a.b`. */
function chain(node: Node, text: string, change: Changing): Change[] {
  const links = allIn(node).filter(
    (inner) => inner['optional'] === true && inner.type.endsWith('Expression'),
  );
  return links.map((link) => {
    const before = isNode(link['object']) ? link['object'] : at(link, 'callee');
    const dots = text.indexOf('?.', before.end);
    const isNamed = link.type === 'MemberExpression' && link['computed'] !== true;
    const rest = text.slice(dots + 2, node.end);
    return change('optional', `${text.slice(node.start, dots)}${isNamed ? '.' : ''}${rest}`);
  });
}

/** What becomes of a decision made by one of these: saved or not, failed or put to a person. */
const DECISIONS: Readonly<Record<string, string>> = {
  store: `save: 'none'`,
  ask: `save: 'version'`,
  nothing: `save: 'version'`,
};

function call(
  node: Node,
  place: Place,
  source: (inner: Node) => string,
  vocabulary: Vocabulary,
  change: Changing,
): Change[] {
  const callee = at(node, 'callee');
  const name = nameOf(callee);
  const parameters = listAt(node, 'arguments');
  // The names in `without(run, ...SUBMISSION, 'error')`.
  const isList = name === 'without';
  const found = (isList ? parameters.slice(1) : []).map((parameter) =>
    change('element left out', '', { on: parameter, shape: 'element' }),
  );
  const decided = name === undefined ? undefined : DECISIONS[name];
  if (decided !== undefined) found.push(change('save', `{ ...${source(node)}, ${decided} }`));
  if (name === 'fail' || name === 'needDecision') {
    const state = name === 'fail' ? 'NEEDS_DECISION' : 'FAILED';
    found.push(
      change(
        'stop',
        `((d) => ({ ...d, run: { ...d.run, life: { ...d.run.life, state: '${state}' } } }))(${source(node)})`,
      ),
    );
  }
  const last = parameters.at(-1);
  if (name !== undefined && last !== undefined && vocabulary.optionalLast.get(name) === parameters.length) {
    const concern = place.inText || isText(last, vocabulary, node) ? 'text' : 'protocol';
    found.push(change('argument left out', 'undefined', { on: last, concern }));
  }
  if (place.parent?.type === 'ChainExpression' || callee.type !== 'MemberExpression') return found;
  if (place.parent?.type === 'MemberExpression' && place.parent['optional'] === true) return found;
  const method = nameOf(at(callee, 'property')) ?? '';
  const object = source(at(callee, 'object'));
  const given = parameters.map(source).join(', ');
  const other = METHODS[method];
  if (other !== undefined) found.push(change('method', `${object}.${other}(${given})`));
  if (NARROWING.has(method)) found.push(change('method', object));
  return found;
}

/** A condition may be found twice: as a test, and as a comparison. */
function unique(changes: readonly Change[]): Change[] {
  const seen = new Map(
    changes.map((change) => [`${change.start} ${change.end} ${change.replacement}`, change] as const),
  );
  return [...seen.values()].sort((a, b) => a.start - b.start || b.end - a.end);
}
