/** What a slowly changing dimension must hold after some extracts: the answer, without a database. */
import { price, type Extract, type Product } from './products.ts';

export interface Version {
  readonly id: number;
  readonly name: string;
  readonly category: string;
  readonly price: string;
  readonly isCurrent: boolean;
}

function same(a: Product, b: Product): boolean {
  return a.name === b.name && a.category === b.category && a.priceCents === b.priceCents;
}

/** Every version, by product and then by age; a product that an extract leaves out stays as it is. */
export function versionsAfter(extracts: readonly Extract[]): Version[] {
  const byId = new Map<number, Product[]>();
  for (const { products } of extracts) {
    for (const product of products) {
      const versions = byId.get(product.id) ?? [];
      const current = versions.at(-1);
      if (current === undefined || !same(current, product)) versions.push(product);
      byId.set(product.id, versions);
    }
  }
  return [...byId.values()].flatMap((versions) =>
    versions.map((version, i) => ({
      id: version.id,
      name: version.name,
      category: version.category,
      price: price(version.priceCents),
      isCurrent: i === versions.length - 1,
    })),
  );
}
