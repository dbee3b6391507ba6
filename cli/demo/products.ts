/** Product extracts: generated, but always the same, with the marks that break a careless loader. */
import { createChance, pick } from './chance.ts';

export interface Product {
  readonly id: number;
  readonly name: string;
  readonly category: string;
  /** Whole cents: no rounding anywhere. */
  readonly priceCents: number;
}

const SEED = 20_260_101;

const KINDS = [
  'Kettle',
  'Lamp',
  'Chair',
  'Notebook',
  'Teapot',
  'Basket',
  'Clock',
  'Rug',
  'Mirror',
  'Vase',
] as const;
const LOOKS = ['small', 'large', 'red', 'blue', 'oak', 'steel', 'woven', 'matt', 'old', 'round'] as const;
const CATEGORIES = ['Kitchen', 'Living', 'Office', 'Garden', 'Bath, "spa"'] as const;
/** Quotes, commas, a backslash, letters beyond ASCII: all of them common in real extracts. */
const MAKERS = [
  "O'Hara",
  'Smith, Sons',
  'Groß',
  'Ñandú',
  '東京',
  String.raw`A\B`,
  '"Best"',
  'Plain',
] as const;

function makeProduct(id: number, chance: () => number): Product {
  return {
    id,
    name: `${pick(chance, LOOKS)} ${pick(chance, KINDS)} by ${pick(chance, MAKERS)}`,
    category: pick(chance, CATEGORIES),
    priceCents: 100 + Math.floor(chance() * 50_000),
  };
}

/** Always another price: a changed product differs for sure. */
function repriced(product: Product, chance: () => number): Product {
  return { ...product, priceCents: product.priceCents + 1 + Math.floor(chance() * 500) };
}

export interface Extract {
  readonly fileName: string;
  readonly products: readonly Product[];
  readonly changed: number;
  readonly added: number;
}

/** The first extract: `count` products, all new. */
export function firstExtract(count: number): Extract {
  const chance = createChance(SEED);
  const products = Array.from({ length: count }, (_, i) => makeProduct(i + 1, chance));
  return { fileName: 'products-1.csv', products, changed: 0, added: count };
}

/** The next extract, whole again: every product of the one before, some of them changed, and new ones. */
export function nextExtract(
  before: Extract,
  number: number,
  changes: { changed: number; added: number },
): Extract {
  const chance = createChance(SEED + number);
  const products = [...before.products];
  // Spread evenly, beginning at another place each time.
  const stride = Math.floor(products.length / changes.changed);
  for (let i = 0; i < changes.changed; i += 1) {
    const at = (i * stride + number) % products.length;
    const product = products[at];
    if (product !== undefined) products[at] = repriced(product, chance);
  }
  for (let i = 0; i < changes.added; i += 1) products.push(makeProduct(products.length + 1, chance));
  return { fileName: `products-${number}.csv`, products, ...changes };
}

function quoted(text: string): string {
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function price(cents: number): string {
  return `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`;
}

export function toCsv(products: readonly Product[]): string {
  const lines = products.map(({ id, name, category, priceCents }) =>
    [String(id), quoted(name), quoted(category), price(priceCents)].join(','),
  );
  return `product_id,name,category,price\n${lines.join('\n')}\n`;
}
