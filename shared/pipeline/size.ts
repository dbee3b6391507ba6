/** Sizes as people write them: `500MB`, `10 GB`, `1.5GiB`, or a whole number of bytes. */

/** Powers of 1,000, and with `i` of 1,024. */
const UNITS = ['', 'k', 'm', 'g', 't'];

/** 1,000TB: far above any load, and exact as a number. */
const MOST_BYTES = 1e15;

export const SIZE_PATTERN = '^[0-9]{1,15}(\\.[0-9]{1,6})? ?([KkMmGgTt][Ii]?)?[Bb]$';

/** Whole bytes, at least 1; undefined where the text is no size, or too large. */
export function parseSize(text: string): number | undefined {
  if (!new RegExp(SIZE_PATTERN).test(text) && !/^[0-9]{1,16}$/.test(text)) return undefined;
  const [, number = '', unit = '', binary = ''] = /^([0-9.]+) ?([^ib]?)(i?)b?$/i.exec(text) ?? [];
  const base = binary === '' ? 1000 : 1024;
  const bytes = Math.round(Number(number) * base ** UNITS.indexOf(unit.toLowerCase()));
  return bytes >= 1 && bytes <= MOST_BYTES ? bytes : undefined;
}

/** The shortest exact way to write so many bytes: `10GB`, `4GiB`, `1234B`. */
export function formatSize(bytes: number): string {
  const words = (base: number, letter: string): string => {
    let [power, left] = [0, bytes];
    while (power < UNITS.length - 1 && left % base === 0) [power, left] = [power + 1, left / base];
    return `${left}${(UNITS[power] ?? '').toUpperCase()}${power === 0 ? '' : letter}B`;
  };
  const [decimal, binary] = [words(1000, ''), words(1024, 'i')];
  return binary.length < decimal.length ? binary : decimal;
}
